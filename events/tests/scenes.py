"""People and salons that the tests of this room speak of."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.contrib.auth import get_user_model

from events import blueprint
from events.models import Crew, Event

SHANGHAI = ZoneInfo("Asia/Shanghai")
DAY = datetime(2026, 12, 19, 13, 30, tzinfo=SHANGHAI)


def a_salon(slug="spring", *, starts_at=DAY, title="用户互动沙龙", status="published", **fields):
    """A salon as the default blueprint makes it, made sixty-five days before."""
    event = Event.objects.create(
        slug=slug,
        title=title,
        venue="徐汇滨江 · 西岸艺术中心",
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=270),
        status=status,
        **fields,
    )
    blueprint.build(event, blueprint.DEFAULT, now=starts_at - timedelta(days=65))
    return event


PASSWORD = "kept-in-a-drawer"


def somebody(username, *, types_password=False, **fields):
    """An account. Hashing a password is slow, so only who types one has one: PASSWORD."""
    return get_user_model().objects.create_user(
        username,
        email=f"{username}@example.com",
        password=PASSWORD if types_password else None,
        **fields,
    )


def crew(event, username, role=Crew.Role.ORGANISER, **fields):
    """An account that works at the event in the given role."""
    user = get_user_model().objects.filter(username=username).first() or somebody(
        username, **fields
    )
    Crew.objects.create(event=event, user=user, role=role)
    return user


def at(clock_time, day=DAY):
    """`at("14:20")`: that time on the day of the salon, in Shanghai."""
    hour, minute = map(int, clock_time.split(":"))
    return day.replace(hour=hour, minute=minute)


def times(event):
    """`[("签到入场", "13:30", "14:00"), …]` in the event's own zone."""
    return [
        (
            item.title,
            f"{event.local(item.starts_at):%H:%M}",
            f"{event.local(item.ends_at):%H:%M}",
        )
        for item in event.agenda.all()
    ]
