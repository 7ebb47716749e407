"""The desk's roster: the least that a tablet needs to know a person without a network.

Id, name, pinyin, category, status, code and the last four digits of the mobile; no more is ever
put on a device. The tablet wipes it when its pass ends.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC
from itertools import groupby

from django.db.models import F, FilteredRelation, Q
from django.db.models.functions import Right

from participants.models import CheckIn, Participant
from salon import clock

# Who may turn up and be found: confirmed, or on the way to it. Others are "not on the list"
# without a network; with one the server knows better.
EXPECTED = (
    *Participant.SEATED,
    Participant.Status.SUBMITTED,
    Participant.Status.PHONE_SCREENING,
    Participant.Status.WAITLISTED,
)


def on_the_list(event):
    return event.participants.present().on_site().with_status(*EXPECTED)


def _rows(event):
    """One query: each person with the check-in in force and the database's hour."""
    return (
        on_the_list(event)
        .alias(came=FilteredRelation("check_ins", condition=Q(check_ins__voided_at=None)))
        .annotate(
            came_at=F("came__at"),
            came_desk=F("came__desk_name"),
            tail=Right("mobile", 4),
            looked_at=clock.database_now(),
        )
        .order_by("pinyin", "pk")
    )


def for_desk(desk):
    """The roster as JSON: {"event", "desk", "expires_at", "server_now", "categories",
    "participants"}; times are ISO in UTC."""
    event = desk.event
    rows = list(
        _rows(event).values_list(
            *("pk", "name", "pinyin", "category__key", "category__name", "category__position"),
            *("status", "code", "tail", "came_at", "came_desk", "looked_at"),
        )
    )
    names = {row[3]: (row[5], row[4]) for row in rows}
    people = [
        {
            "id": pk,
            "name": name,
            "pinyin": pinyin,
            "category": category,
            "status": status,
            "code": code,
            "tail": tail,
            "checked_in_at": at and at.astimezone(UTC).isoformat(),
            "desk": came_desk or "",
        }
        for pk, name, pinyin, category, _n, _p, status, code, tail, at, came_desk, _now in rows
    ]
    now = rows[0][-1] if rows else clock.now()
    return {
        "event": event.slug,
        "desk": desk.desk,
        "expires_at": desk.expires_at.isoformat(),
        "server_now": now.astimezone(UTC).isoformat(),
        "starts_at": event.starts_at.astimezone(UTC).isoformat(),
        "capacity": event.on_site_capacity,
        "categories": [{"key": key, "name": name} for key, (_p, name) in _in_order(names)],
        "participants": people,
    }


def _in_order(names):
    return sorted(names.items(), key=lambda item: (item[1][0], item[0]))


def printed(event):
    """Context of the printed list: `blocks` of rows under one letter, `counts`, `now`."""
    rows = list(
        _rows(event)
        .select_related("category")
        .only("name", "pinyin", "code", "status", "event_id", "category__key", "category__name")
    )
    blocks = [
        (letter, list(people))
        for letter, people in groupby(rows, key=lambda row: (row.pinyin[:1] or "#").upper())
    ]
    return {
        "event": event,
        "blocks": blocks,
        "total": len(rows),
        "now": rows[0].looked_at if rows else clock.now(),
    }


@dataclass(frozen=True)
class Count:
    """Arrivals of one category: who came, and who was confirmed; walk-ins are in both."""

    key: str
    name: str
    came: int
    confirmed: int


@dataclass(frozen=True)
class Counts:
    rows: tuple

    @property
    def came(self):
        return sum(row.came for row in self.rows)

    @property
    def confirmed(self):
        return sum(row.confirmed for row in self.rows)


def counts(event):
    """Arrivals per category in their order, in one query."""
    came, confirmed, names = Counter(), Counter(), {}
    people = _rows(event).values_list(
        "category__position", "category__key", "category__name", "status", "came_at"
    )
    for position, key, name, status, came_at in people:
        names[key] = (position, name)
        came[key] += came_at is not None
        confirmed[key] += status == Participant.Status.CONFIRMED
    return Counts(
        tuple(Count(key, name, came[key], confirmed[key]) for key, (_p, name) in _in_order(names))
    )


def desks(event, now):
    """Desk passes with `.scans` (check-ins in force) and `.open`, the newest first."""
    passes = list(event.desks.order_by("-pk"))
    scans = Counter(
        CheckIn.objects.filter(event=event, voided_at=None).values_list("desk_id", flat=True)
    )
    for desk in passes:
        desk.scans = scans[desk.pk]
        desk.open = desk.revoked_at is None and desk.expires_at > now
    return passes
