"""Reminders: planned rows counted back from the event's date (SALON §8).

They are written when a person confirms, move when the event moves, and go with the person.
"""

from datetime import datetime, time, timedelta

from django.db.models import Case, Count, Min, Value, When

from events.upstairs import Hatch, gather
from participants.applications import channel_of
from participants.models import Participant
from salon import clock, outbox
from salon.models import Message

# kind → (days before the event, at this hour of its own zone)
SCHEDULE = {
    "t7": (7, time(10, 0)),
    "t1": (1, time(18, 0)),
    "morning": (0, time(8, 0)),
}
# An early event still wakes nobody after it began.
MORNING_AT_LEAST_BEFORE = timedelta(hours=2)

# f(event) -> {kind: moment} of the letters that are written when it is over, to those who came;
# see events/upstairs.py for how.
when_it_is_over = Hatch()


# What a letter to many is planned with.
REACHED_BY = ("event", "status", "mobile", "email")


def due_times(event, *, starts_at=None):
    """{kind: moment} of the event's reminders, by the wall clock of its zone; or as they would be
    if it started at `starts_at`."""
    starts_at = starts_at or event.starts_at
    day = event.local(starts_at).date()
    times = {}
    for kind, (days, at) in SCHEDULE.items():
        times[kind] = datetime.combine(day - timedelta(days=days), at, event.zone)
    times["morning"] = min(times["morning"], starts_at - MORNING_AT_LEAST_BEFORE)
    return times


def plan_for_all(changes, *, now):
    """Plan the reminders of those who have just confirmed, people of one event; what is past its
    hour is left out.

    `changes` are the confirmations: confirming anew plans anew.
    """
    outbox.plan_many(
        _planned(change.participant, kind, due_at, key=change.pk)
        for kind, due_at in (due_times(changes[0].participant.event) if changes else {}).items()
        if due_at > now
        for change in changes
    )


def _planned(person, kind, due_at, *, key):
    return outbox.Planned(
        dedup_key=f"{kind}:{person.pk}:{key}",
        kind=kind,
        event_id=person.event_id,
        person_id=person.pk,
        due_at=due_at,
        channel=channel_of(person),
        batch=f"reminder:{kind}",
    )


def redate(event, *, before, now):
    """Move the event's open reminders to its new date, and plan those that have gone already.

    A reminder whose moment stays the same is left alone: gone, it does not go again.
    """
    moments = due_times(event, starts_at=before.starts_at)
    confirmed = Participant.objects.filter(event=event).confirmed().present()
    everybody = set(confirmed.values_list("pk", flat=True))
    for kind, due_at in due_times(event).items():
        if due_at == moments[kind]:
            continue
        open_rows = Message.objects.of_event(event).of_kind(kind).open()
        if due_at <= now:
            outbox.cancel(open_rows)
            continue
        outbox.redate(open_rows, due_at=due_at)
        unplanned = everybody - set(open_rows.values_list("person_id", flat=True))
        people = list(confirmed.filter(pk__any_of=unplanned).only(*REACHED_BY))
        outbox.plan_many(
            # Each move is a plan of its own: also back to a date that was called off.
            _planned(person, kind, due_at, key=f"moved{event.version}")
            for person in people
        )


def who_gets_what(event):
    """The plan of everything still to go: [(kind, moment, people), …], the next first. Letters
    whose hour has come stand under the first of their batch; 0 people are not known yet."""
    now = clock.now()
    upcoming = [
        (row["kind"], row["at"], row["people"])
        for row in Message.objects.of_event(event)
        .in_sight()
        .open()
        .order_by()
        .annotate(hour=Case(When(due_at__gt=now, then="due_at"), default=None))
        .annotate(waits_in=Case(When(due_at__gt=now, then=Value("")), default="batch"))
        .values("kind", "hour", "waits_in")
        .annotate(at=Min("due_at"), people=Count("pk"))
    ]
    planned = {kind for kind, _at, _people in upcoming}
    expected = due_times(event)
    for times in gather(when_it_is_over, event):
        expected |= times
    if event.status == event.Status.CANCELLED:
        expected = {}
    upcoming += [(kind, at, 0) for kind, at in expected.items() if at > now and kind not in planned]
    return sorted(upcoming, key=lambda row: row[1])
