"""Reminders: planned rows counted back from the event's date (SALON §8).

They are written when a person confirms, move when the event moves, go with the person, and are not
sent any more once they are not true.
"""

from datetime import datetime, time, timedelta

from django.db import transaction
from django.db.models import Case, Count, Min, Value, When
from django.utils.translation import gettext as _

from events.upstairs import Hatch, gather
from participants.applications import channel_of
from participants.models import Participant, ReminderDays
from participants.models.reminders import FARTHEST
from participants.standing import lock_event
from salon import audit, clock, outbox
from salon.errors import Refused
from salon.models import Message
from salon.seen import LOOK_AGAIN, require_unchanged

# At this hour of the event's own zone. How many days before is the event's: ReminderDays.
SCHEDULE = {
    "t7": time(10, 0),
    "t1": time(18, 0),
    "morning": time(8, 0),
}
# An early event still wakes nobody after it began.
MORNING_AT_LEAST_BEFORE = timedelta(hours=2)

# f(event) -> {kind: moment} of the letters that are written when it is over, to those who came;
# see events/upstairs.py for how.
when_it_is_over = Hatch()


# What a letter to many is planned with.
REACHED_BY = ("event", "status", "mobile", "email")


def days_of(event):
    """The event's ReminderDays, or what is so where nobody has said otherwise."""
    try:
        return event.reminder_days
    except ReminderDays.DoesNotExist:
        return ReminderDays(event=event)


def times_of(event, *, starts_at=None):
    """{kind: (due, until)} of the event's reminders, by the wall clock of its zone; or as they
    would be if it started at `starts_at`.

    Each is true until the next one's day: so many days before, until half of them are over; the
    day before, until the day itself; that of the day goes on the day and is true until it begins.
    """
    starts_at = starts_at or event.starts_at
    day, days = event.local(starts_at).date(), days_of(event)
    before = {"t7": days.first, "t1": days.second}
    times = {}
    for kind, number in before.items():
        if number:
            due = datetime.combine(day - timedelta(days=number), SCHEDULE[kind], event.zone)
            times[kind] = due, _midnight(event, day - timedelta(days=number // 2))
    if days.on_the_day:
        early = min(
            datetime.combine(day, SCHEDULE["morning"], event.zone),
            starts_at - MORNING_AT_LEAST_BEFORE,
        )
        times["morning"] = max(early, _midnight(event, day)), starts_at
    if {"t7", "t1"} <= times.keys():
        due, until = times["t7"]
        times["t7"] = due, min(until, times["t1"][0])
    return times


def _midnight(event, day):
    return datetime.combine(day, time(), event.zone)


def due_times(event, *, starts_at=None):
    """{kind: moment}, as `times_of`."""
    return {kind: due for kind, (due, _until) in times_of(event, starts_at=starts_at).items()}


def plan_for_all(changes, *, now):
    """Plan the reminders of those who have just confirmed, people of one event; what is past its
    hour is left out.

    `changes` are the confirmations: confirming anew plans anew.
    """
    outbox.plan_many(
        _planned(change.participant, kind, times, key=change.pk)
        for kind, times in (times_of(changes[0].participant.event) if changes else {}).items()
        if times[0] > now
        for change in changes
    )


def _planned(person, kind, times, *, key):
    due_at, until = times
    return outbox.Planned(
        dedup_key=f"{kind}:{person.pk}:{key}",
        kind=kind,
        event_id=person.event_id,
        person_id=person.pk,
        due_at=due_at,
        until=until,
        channel=channel_of(person),
        batch=f"reminder:{kind}",
    )


def redate(event, *, before, now):
    """Move the event's open reminders to its new date, and plan those that have gone already.

    A reminder whose moment stays the same is left alone: gone, it does not go again.
    """
    was, key = due_times(event, starts_at=before.starts_at), f"moved{event.version}"
    _bring_in_line(event, was, key=key, now=now)


def _bring_in_line(event, was, *, key, now):
    times = times_of(event)
    confirmed = Participant.objects.filter(event=event).confirmed().present()
    everybody = set(confirmed.values_list("pk", flat=True))
    for kind in SCHEDULE:
        open_rows = Message.objects.of_event(event).of_kind(kind).open()
        if kind not in times:
            outbox.cancel(open_rows)
            continue
        due_at, until = times[kind]
        if due_at == was.get(kind):
            # The hour may be the same, and what is true until then another.
            open_rows.exclude(until=until).update(until=until)
            continue
        if due_at <= now:
            outbox.cancel(open_rows)
            continue
        outbox.redate(open_rows, due_at=due_at, until=until)
        unplanned = everybody - set(open_rows.values_list("person_id", flat=True))
        people = list(confirmed.filter(pk__any_of=unplanned).only(*REACHED_BY))
        outbox.plan_many(
            # Each move is a plan of its own: also back to a date that was called off.
            _planned(person, kind, times[kind], key=key)
            for person in people
        )


def set_days(*, event, first, second, on_the_day, by, was: str | None = None):
    """Say how many days before the event its guests are reminded (None: not at all), and move what
    is planned. Raises Refused: "days" with a sentence; "stale" when `was` is not the stamp of the
    three as they stand."""
    days = ReminderDays(event=event, first=first, second=second, on_the_day=on_the_day)
    farthest = [number for number in (first, second) if number is not None]
    if any(not 1 <= number <= FARTHEST for number in farthest):
        raise Refused(
            "days", _("提前的天数写 1 到 %(most)s，不提醒就空着。") % {"most": FARTHEST}, status=422
        )
    if len(farthest) > 1 and first <= second:
        raise Refused("days", _("第一次提醒要比第二次早。"), status=422)
    with transaction.atomic():
        event = lock_event(event.pk)
        there = days_of(event)
        require_unchanged(was, there.first, there.second, there.on_the_day, told=LOOK_AGAIN)
        moments, now = due_times(event), clock.now()
        ReminderDays.objects.update_or_create(
            event=event, defaults={"first": first, "second": second, "on_the_day": on_the_day}
        )
        event.refresh_from_db()
        audit.record("set_reminder_days", event, by=by, event_id=event.pk, fields=["reminder_days"])
        _bring_in_line(event, moments, key=f"days{now.timestamp():.0f}", now=now)
    return days


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
