"""At the door: check-ins over HTTP against the bare view, and the roster of two thousand."""

import json
import time
import uuid
from datetime import UTC, datetime, timedelta

from django.test import Client

from benchmarks.bench import Row
from benchmarks.load import request
from events.access import desk_cookie, issue_desk_pass, open_desk
from participants.models import CheckIn, PainPoint, Participant, TagCard
from participants.roster import for_desk
from salon import clock
from salon.blueprint import new_salon
from salon.copying import refresh_statistics

SCANS, ROSTER = 12_000, 2_000
LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


def run(bench):
    yield check_ins(bench)
    yield roster()


def open_doors(slug, guests):
    """A salon with confirmed guests, each with a pain; its desk pass and the desk's cookie."""
    event = new_salon(slug=slug, title="用户互动沙龙", date=clock.now().date())
    now = clock.now()
    event.starts_at, event.ends_at = now - timedelta(hours=1), now + timedelta(hours=4)
    event.status, event.on_site_capacity = "published", guests
    event.save()
    category = event.categories.first()
    people = Participant.objects.bulk_create(
        [
            Participant(
                event=event,
                category=category,
                name=f"客人{number}",
                pinyin=f"keren{number} kr{number}",
                mobile=f"+86138{number:08}",
                industry="education",
                status="confirmed",
                code=code(number),
                submitted_at=now,
            )
            for number in range(guests)
        ],
        batch_size=2000,
    )
    PainPoint.objects.bulk_create(
        [PainPoint(participant=p, position=1, text="新人进群三天就不说话了") for p in people],
        batch_size=2000,
    )
    refresh_statistics(Participant, PainPoint)
    desk_pass, _token, pin = issue_desk_pass(event=event, desk="一号台", by=None)
    cookie = f"{desk_cookie(slug)}={open_desk(desk_pass=desk_pass, pin=pin)}"
    return event, desk_pass, cookie, [person.code for person in people]


def code(number):
    letters = ""
    for _ in range(6):
        number, place = divmod(number, len(LETTERS))
        letters += LETTERS[place]
    return letters


def check_ins(bench):
    event, _desk, cookie, codes = open_doors("door", SCANS)
    headers = {"Cookie": cookie, "Content-Type": "application/json"}

    def scans():
        for one in codes:
            body = {
                "client_id": str(uuid.uuid4()),
                "code": one,
                "scanned_at": datetime.now(UTC).isoformat(),
                "method": "qr",
            }
            yield request(
                "POST",
                f"/e/{event.slug}/desk/api/check-ins",
                headers=headers,
                body=json.dumps(body).encode(),
            )

    measured, bare = bench.beside_bare(scans())
    came = CheckIn.objects.filter(event=event, voided_at=None).count()
    if set(measured.statuses) != {200} or came < measured.requests:
        raise RuntimeError(f"scans answered {dict(measured.statuses)}, {came} came")
    if TagCard.objects.filter(participant__event=event).count() != came:
        raise RuntimeError("somebody came without a card")
    return Row(
        "check-in with tag card",
        f"{measured.per_second:.0f}/s, p95 {measured.p95_ms:.1f} ms",
        f"bare view {bare.per_second:.0f}/s",
        ratio=measured.per_second / bare.per_second,
        at_least=0.6,
    )


def roster():
    event, desk_pass, cookie, _codes = open_doors("door-roster", ROSTER)
    client = Client()
    name, _, value = cookie.partition("=")
    client.cookies[name] = value
    times = []
    for _ in range(5):
        start = time.perf_counter()
        answer = client.get(f"/e/{event.slug}/desk/api/roster")
        times.append(time.perf_counter() - start)
    if len(answer.json()["participants"]) != len(for_desk(desk_pass)["participants"]) != ROSTER:
        raise RuntimeError("the roster is not whole")
    milliseconds = 1000 * sorted(times)[len(times) // 2]
    return Row(
        f"roster of {ROSTER}",
        f"{milliseconds:.0f} ms, {len(answer.content) / 1000:.0f} kB",
        "150 ms",
        ratio=milliseconds / 150,
        at_most=1,
    )
