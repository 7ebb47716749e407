"""The demo's accounts and their passwords: printed by `make run`, and random once others can come in.

On this machine alone everybody may know them. As soon as the house has been open to a network, each
account has a password of its own, which `.dev/demo_passwords` keeps for the next start.
"""

import json
import secrets

from events.models import Crew
from salon import embedded
from salon.models import User

PASSWORD = "salon-demo"  # noqa: S105  for a house that nobody else can reach
CREW = (
    ("organiser", "顾景行", Crew.Role.ORGANISER),
    ("host", "沈以南", Crew.Role.HOST),
    ("mentor", "陆清和", Crew.Role.MENTOR),
)
NAMES = ("admin", *(username for username, _name, _role in CREW))
_KEPT = "demo_passwords"
_EASY_TO_TYPE = "abcdefghjkmnpqrstuvwxyz23456789"


def account(username: str, name: str, **flags) -> User:
    user, created = User.objects.get_or_create(
        username=username,
        defaults={"first_name": name, "email": f"{username}@example.com", **flags},
    )
    if created:
        user.set_password(PASSWORD)
        user.save()
    return user


def crew(event) -> None:
    for username, name, role in CREW:
        user = account(username, name, is_staff=role == Crew.Role.ORGANISER)
        Crew.objects.get_or_create(event=event, user=user, role=role)


def make_random() -> dict[str, str]:
    """Give each of the demo's accounts that still has the well-known password one of its own.

    Returns what they are called and which password they have: `{"admin": "7kq2-mw9x-…"}`.
    """
    passwords = {}
    for user in User.objects.filter(username__in=NAMES).order_by("pk"):
        if user.check_password(PASSWORD):
            passwords[user.username] = _random()
            user.set_password(passwords[user.username])
            user.save(update_fields=["password"])
    return passwords


def close_to_strangers() -> None:
    """Before the house opens to a network: no account that anybody knows the password of."""
    path = embedded.HOME / _KEPT
    known = kept()
    if not known or User.objects.filter(username__in=set(NAMES) - known.keys()).exists():
        embedded.write(path, json.dumps(known | make_random()), mode=0o600)


def kept() -> dict[str, str]:
    """The random passwords of this checkout's demo; empty as long as it was never open."""
    try:
        return json.loads((embedded.HOME / _KEPT).read_text())
    except (OSError, ValueError):
        return {}


def lines() -> list[str]:
    """`["admin / salon-demo", …]`, of those accounts that are there."""
    known = kept()
    there = set(User.objects.filter(username__in=NAMES).values_list("username", flat=True))
    return [f"{name} / {known.get(name, PASSWORD)}" for name in NAMES if name in there]


def _random() -> str:
    groups = ["".join(secrets.choice(_EASY_TO_TYPE) for _ in range(4)) for _ in range(3)]
    return "-".join(groups)
