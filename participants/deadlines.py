"""The clock of a held seat: it starts when the letter that tells of it has been handed over.

`confirm_by` is empty until then, and again after a bounce: while a letter waits for its release, is
tried again, came back or has no channel, no deadline runs, and the seat is simply kept. Nobody is
judged by a silence that the house made.
"""

from datetime import datetime

from django.db import connection
from django.db.models import Exists, OuterRef, Q

from participants.models import Participant
from salon import clock
from salon.models import Message

Status = Participant.Status
UNCONFIRMED = (Status.ACCEPTED, Status.OFFERED)
# The letters that say until when to confirm.
ANSWERED_BY_CONFIRMING = ("accepted", "offered", "event_moved")

# The event is shared first: whoever moves it or decides has it, and the people after it.
_SET = """
    WITH event AS MATERIALIZED (
        SELECT id, starts_at, confirmation_hours, offer_hours
        FROM events_event WHERE id = %(event)s FOR SHARE
    )
    UPDATE participants_participant AS person SET confirm_by = {value}
    FROM event
    WHERE person.id = %(person)s AND person.event_id = event.id AND person.erased_at IS NULL
        AND person.status IN ('accepted', 'offered')
        AND (%(kind)s = 'event_moved' OR %(key)s = %(kind)s || ':' || person.id || ':' || (
            SELECT max(id) FROM participants_statuschange WHERE participant_id = person.id))
        AND {which}
"""
# As Event.confirmation_deadline. A seat kept until the doors open has no clock of its own yet.
_START = _SET.format(
    value="""%(now)s + least(
        make_interval(hours => CASE person.status
            WHEN 'offered' THEN event.offer_hours ELSE event.confirmation_hours END),
        greatest(event.starts_at - %(now)s, interval '0'))""",
    which="(person.confirm_by IS NULL OR person.confirm_by >= event.starts_at)",
)
_STOP = _SET.format(value="NULL", which="person.confirm_by IS NOT NULL")


def start(message: Message, now: datetime) -> None:
    """They have been told of their seat: from now on they have their hours. A letter about a
    decision that is not the last one any more starts nothing."""
    _set(_START, message, now)


def stop(message: Message, now: datetime) -> None:
    """The letter came back: they have not been told after all."""
    _set(_STOP, message, now)


def _set(statement, message, now):
    with connection.cursor() as cursor:
        cursor.execute(
            statement,
            {
                "event": message.event_id,
                "person": message.person_id,
                "kind": message.kind,
                "key": message.dedup_key,
                "now": now,
            },
        )


def held_until(person: Participant) -> datetime:
    """Until when an unconfirmed seat is theirs to confirm: to the doors, while no clock runs."""
    return person.confirm_by or person.event.starts_at


def shown(person: Participant, now: datetime) -> datetime | None:
    """The deadline that a letter to them names: theirs, or what it will be if it is handed over
    now; None for who has nothing to confirm."""
    if person.status not in UNCONFIRMED:
        return None
    event = person.event
    if person.confirm_by and person.confirm_by < event.starts_at:
        return person.confirm_by
    return event.confirmation_deadline(now, offered=person.status == Status.OFFERED)


def letters_about_seats(people):
    """Of each of the people the newest letter about an unconfirmed seat of theirs, but for what was
    called off."""
    return (
        Message.objects.filter(
            person_id__any_of={person.pk for person in people}, kind__in=ANSWERED_BY_CONFIRMING
        )
        .exclude(state=Message.State.CANCELLED)
        .order_by("person_id", "-pk")
        .distinct("person_id")
    )


def who_heard(people) -> set[int]:
    """The pks of those among the people with an unconfirmed seat who were told of it, and of the
    last move of the event. A seat older than its letters was told of otherwise."""
    people = list(people)
    if not people:
        return set()
    states = dict(letters_about_seats(people).values_list("person_id", "state"))
    told = Message.State.HANDED_OVER
    return {person.pk for person in people if states.get(person.pk, told) == told}


def overdue(now: datetime | None = None):
    """People with an unconfirmed seat whose time is over, and those whose letter still waited for
    its release when the doors opened."""
    now = now or clock.database_now()
    waits = Message.objects.held().of_kind("accepted").filter(person_id=OuterRef("pk"))
    never_told = Q(Exists(waits), confirm_by=None, event__starts_at__lte=now)
    return Participant.objects.with_status(*UNCONFIRMED).filter(Q(confirm_by__lte=now) | never_told)


def after_a_move(event, *, before):
    """No seat is held beyond the doors. Whose time the move cuts short, and who had until the old
    doors, has the usual hours from the letter about the move; until that is handed over no clock
    runs. Part of the verb: under the event's lock."""
    waiting = Participant.objects.filter(event=event).present().with_status(*UNCONFIRMED)
    until_the_doors = Q(confirm_by=before.starts_at) | Q(confirm_by__gt=event.starts_at)
    waiting.filter(until_the_doors).update(confirm_by=None)


def start_anew(event, people, *, now):
    """Those of them whose clock stands although they were told of everything: their hours begin
    now. Part of the verb: under the event's lock."""
    heard = who_heard(people)
    waiting = Participant.objects.filter(event=event, pk__any_of=heard, confirm_by=None)
    for status in UNCONFIRMED:
        deadline = event.confirmation_deadline(now, offered=status == Status.OFFERED)
        waiting.with_status(status).update(confirm_by=deadline)
