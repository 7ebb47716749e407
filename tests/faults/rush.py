"""Run as a process on another database: makes a salon and prints what eight tablets need.

python -m tests.faults.rush PEOPLE DESKS   ->   {"slug", "cookie_name", "cookies", "people"}
"""

import json
import sys

import django

django.setup()

from events.access import desk_cookie, issue_desk_pass, open_desk  # noqa: E402
from participants.models import Participant  # noqa: E402
from participants.tests.door import make_salon  # noqa: E402
from salon import clock  # noqa: E402


def main(people, desks):
    salon = make_salon("rush", on_site_capacity=people)
    now, category = clock.now(), salon.categories.first()
    guests = Participant.objects.bulk_create(
        Participant(
            event=salon,
            category=category,
            name=f"客人{n}",
            email=f"g{n}@example.com",
            industry="internet",
            status="confirmed",
            code=f"{n:06}".translate(str.maketrans("01", "XY")),
            submitted_at=now,
        )
        for n in range(people)
    )
    cookies = []
    for n in range(desks):
        desk_pass, _token, pin = issue_desk_pass(event=salon, desk=f"{n}号台", by=None)
        cookies.append(open_desk(desk_pass=desk_pass, pin=pin))
    told = {
        "slug": salon.slug,
        "cookie_name": desk_cookie(salon.slug),
        "cookies": cookies,
        "people": [guest.pk for guest in guests],
    }
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
