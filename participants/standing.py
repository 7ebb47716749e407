"""Where a person stands: every decision writes its status here, with its record and its letters.

Others are nobody's decision and are written where they come about: the first one with the person
(applications, import_runs, walkins), back to review with the answer that was judged (applications),
withdrawn with the erasing (erase).

Locks are taken in one order everywhere: the event's row, then people by number.
"""

from typing import NamedTuple

from django.db import connection
from django.utils.translation import gettext as _

from events.models import Event
from participants.applications import cancel_letters, channel_of
from participants.models import Participant, StatusChange
from salon import audit, live, outbox
from salon.errors import Refused
from salon.models import Message

Status = Participant.Status

# What a batch tells people by letter; every other change they see at once.
LETTERS = {
    Status.ACCEPTED: "accepted",
    Status.WAITLISTED: "waitlisted",
    Status.NOT_SELECTED: "not_selected",
    Status.CANCELLED: "cancelled",
}


# The reason in the record of a seat that was given away so.
UNREACHED = "unreached"


def lock_event(event_id):
    """The event's row; whoever decides about seats waits here. Rows that only point to the event,
    a check-in above all, are written meanwhile: no key of it is changing."""
    return Event.objects.select_for_update(no_key=True).get(pk=event_id)


def lock_people(event, pks):
    """The people still there, locked in the order of their numbers; the category with its rules
    is loaded, `event` is the locked row."""
    people = list(
        Participant.objects.select_for_update(of=("self",))
        .present()
        .filter(event=event, pk__any_of=set(pks))
        .order_by("pk")
    )
    kinds = {one.pk: one for one in event.categories.prefetch_related("criteria")} if people else {}
    for person in people:
        person.event, person.category = event, kinds[person.category_id]
    return people


def lock_person(participant):
    """`(event, person)`, both locked and fresh. Raises Refused("gone")."""
    event = lock_event(participant.event_id)
    people = lock_people(event, [participant.pk])
    if not people:
        raise gone()
    return event, people[0]


_HOLD = """
    SELECT status FROM participants_participant WHERE id = %s AND erased_at IS NULL FOR SHARE
"""


def hold(participant) -> str:
    """Keep the person as they are until the end of the transaction; returns their status.

    For whoever writes something of the person's: decisions about them and their erasing wait for
    it, or it for them; others who write share. Raises Refused("gone") for somebody erased.
    """
    with connection.cursor() as cursor:
        cursor.execute(_HOLD, [participant.pk])
        row = cursor.fetchone()
    if row is None:
        raise gone()
    return row[0]


def gone() -> Refused:
    return Refused("gone", _("这份报名已经不在了。"), status=404)


class Stood(NamedTuple):
    """A StatusChange that `stand` wrote, as far as the verbs go on with it."""

    pk: int
    participant: Participant
    before: str
    after: str
    batch_id: int | None

    @property
    def participant_id(self) -> int:
        return self.participant.pk


# One statement, whether they are one or ten thousand: the whole event waits meanwhile.
_STAND = """
    WITH moved AS (
        UPDATE participants_participant
        SET status = %(after)s, told_reason = %(told_reason)s, confirm_by = %(confirm_by)s,
            status_changed_at = %(now)s, version = version + 1,
            gate = CASE WHEN %(seen)s AND gate <> 'hidden' THEN 'shown' ELSE gate END,
            gate_word = CASE WHEN %(seen)s THEN '' ELSE gate_word END,
            gate_seen_at = CASE WHEN %(seen)s THEN %(now)s ELSE gate_seen_at END,
            name_before = CASE WHEN %(seen)s THEN '' ELSE name_before END
        WHERE id = ANY (%(people)s)
    )
    INSERT INTO participants_statuschange
        (participant_id, before, after, batch_id, actor, reason, told_reason, at)
    SELECT id, before, %(after)s, %(batch)s, %(actor)s, %(reason)s, %(told_reason)s,
        clock_timestamp()
    FROM unnest(%(people)s::bigint[], %(befores)s::text[]) WITH ORDINALITY AS people (id, before, n)
    ORDER BY n
    RETURNING id
"""


def stand(
    people,
    to_status,
    *,
    now,
    by,
    batch=None,
    reason="",
    told_reason="",
    confirm_by=None,
    seen=False,
):
    """Write one new status for locked people; their open letters and reminders are cancelled.

    Returns what was written (Stood) in the same order. Does not check whether it may be: the verbs
    do. `confirm_by` is what a seat keeps that is given up or taken back; for one that is told of by a
    letter it begins with that (deadlines.py). `seen`:
    somebody of the crew has looked at these people and their answers, so they pass the gate
    (known_as.py), but for who was taken down.
    """
    if not people:
        return []
    pks, befores = [person.pk for person in people], [str(person.status) for person in people]
    with connection.cursor() as cursor:
        cursor.execute(
            _STAND,
            {
                "people": pks,
                "befores": befores,
                "after": str(to_status),
                "batch": batch and batch.pk,
                "actor": audit.actor_name(by),
                "reason": str(reason),
                "told_reason": str(told_reason),
                "confirm_by": confirm_by,
                "now": now,
                "seen": seen,
            },
        )
        written = [pk for (pk,) in cursor.fetchall()]
    for person in people:
        person.status = to_status
        person.told_reason = told_reason
        person.confirm_by = confirm_by
        person.status_changed_at = now
        person.version += 1
    cancel_letters(pks)
    live.publish(people[0].event, "arrivals")  # the walls say how many are expected, too
    return [
        Stood(pk, person, before, to_status, batch and batch.pk)
        for pk, person, before in zip(written, people, befores, strict=True)
    ]


def write_letter(change, kind, *, now, batch=None):
    """Plan the letter that tells a person of a change; in a batch it waits for its release."""
    person = change.participant
    return outbox.plan(
        dedup_key=_letter_key(change, kind),
        kind=kind,
        event_id=person.event_id,
        person_id=person.pk,
        due_at=now,
        channel=channel_of(person),
        batch=batch_key(batch) if batch else "",
        released=batch is None,
    )


def write_letters(changes, kind, *, now, batch=None):
    """`write_letter` for the changes of many people of one event, in one statement."""
    outbox.plan_many(
        outbox.Planned(
            dedup_key=_letter_key(change, kind),
            kind=kind,
            event_id=change.participant.event_id,
            person_id=change.participant_id,
            due_at=now,
            channel=channel_of(change.participant),
            batch=batch_key(batch) if batch else "",
            released=batch is None,
        )
        for change in changes
    )


def _letter_key(change, kind):
    return f"{kind}:{change.participant_id}:{change.pk}"


def batch_key(batch):
    """The outbox's name for a screening batch."""
    return f"screening:{batch.pk}"


def unheard(changes):
    """The pks of those StatusChanges their people do not know of: decided in a batch, and the
    letter about it was never released, be it held still or overtaken by the next decision."""
    keys = {
        _letter_key(change, LETTERS[change.after]): change.pk
        for change in changes
        if change.batch_id and change.after in LETTERS
    }
    kept_back = Message.objects.filter(dedup_key__in=keys, released_at=None)
    return {keys[key] for key in kept_back.values_list("dedup_key", flat=True)}


def heard_of(changes):
    """The pks of those StatusChanges whose people have been told, by a letter that was handed over
    or otherwise: `unheard` says what was not let go, this what did not arrive either."""
    kinds = LETTERS | {Status.OFFERED: "offered"}
    keys = {
        _letter_key(change, kinds[change.after]): change.pk
        for change in changes
        if change.after in kinds
    }
    astray = Message.objects.filter(dedup_key__in=keys).exclude(state=Message.State.HANDED_OVER)
    missed = {keys[key] for key in astray.values_list("dedup_key", flat=True)}
    return {change.pk for change in changes} - missed


def told_statuses(people):
    """{pk: what each of the people has been told so far}: decisions not yet released stay in the
    house. Two statements."""
    told = {person.pk: person.status for person in people}
    changes = list(
        StatusChange.objects.filter(participant__any_of=set(told))
        .order_by("participant", "-pk")
        .values_list("pk", "participant_id", "before", "after", "batch_id", named=True)
    )
    kept_back, settled = unheard(changes), set()
    for change in changes:
        pk = change.participant_id
        if pk in settled:
            continue
        if change.pk in kept_back and change.after == told[pk]:
            told[pk] = change.before
        else:
            settled.add(pk)
    return told


def told_status(person):
    """What this person has been told so far."""
    return told_statuses([person])[person.pk]


def may_come_back(person):
    """Whether the person may apply again by themselves: they withdrew, or their seat was given away
    because nobody reached them."""
    if person.status == Status.WITHDRAWN:
        return True
    last = person.status_changes.order_by("-pk").first()
    return person.status == Status.CANCELLED and last is not None and last.reason == UNREACHED


def told_of_a_seat(people):
    """The pks of those among the people who know of a seat of theirs."""
    told = told_statuses(people)
    return {pk for pk, status in told.items() if status in Participant.SEATED}
