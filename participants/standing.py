"""Where a person stands: the one place that writes a status, with its record and its letters.

Locks are taken in one order everywhere: the event's row, then people by number.
"""

from django.db.models import Q
from django.utils.translation import gettext as _

from events.models import Event
from participants.applications import channel_of
from participants.models import Participant, StatusChange
from salon import audit, outbox
from salon.errors import Refused
from salon.models import Message

Status = Participant.Status

# Letters that answer the person and not a decision: a later decision leaves them alone.
ANSWERS = ("received", "link_again")


def lock_event(event_id):
    """The event's row; whoever decides about seats waits here. Rows that only point to the event,
    a check-in above all, are written meanwhile: no key of it is changing."""
    return Event.objects.select_for_update(no_key=True).get(pk=event_id)


def lock_people(event, pks):
    """The people still there, locked in the order of their numbers; category, its rules and
    the pain points are loaded, `event` is the locked row."""
    people = list(
        Participant.objects.select_for_update(of=("self",))
        .present()
        .filter(event=event, pk__in=pks)
        .select_related("category")
        .prefetch_related("category__criteria", "pain_points")
        .order_by("pk")
    )
    for person in people:
        person.event = event
    return people


def lock_person(participant):
    """`(event, person)`, both locked and fresh. Raises Refused("gone")."""
    event = lock_event(participant.event_id)
    people = lock_people(event, [participant.pk])
    if not people:
        raise Refused("gone", _("这份报名已经不在了。"), status=404)
    return event, people[0]


def stand(people, to_status, *, now, by, batch=None, reason="", told_reason="", confirm_by=None):
    """Write one new status for locked people; their open letters and reminders are cancelled.

    Returns the StatusChange rows in the same order. Does not check whether it may be: the verbs
    do. `confirm_by` is for accepted and offered seats.
    """
    changes = [
        StatusChange(
            participant=person,
            before=person.status,
            after=to_status,
            batch=batch,
            actor=audit.actor_name(by),
            reason=reason,
        )
        for person in people
    ]
    for person in people:
        person.status = to_status
        person.told_reason = told_reason
        person.confirm_by = confirm_by
        person.status_changed_at = now
        person.version += 1
    Participant.objects.bulk_update(
        people, ["status", "told_reason", "confirm_by", "status_changed_at", "version"]
    )
    cancel_letters([person.pk for person in people])
    return StatusChange.objects.bulk_create(changes)


def cancel_letters(person_ids):
    outbox.cancel(Message.objects.open().filter(person_id__in=person_ids).exclude(kind__in=ANSWERS))


def write_letter(change, kind, *, now, batch=None):
    """Plan the letter that tells a person of a change; in a batch it waits for its release."""
    person = change.participant
    return outbox.plan(
        dedup_key=f"{kind}:{person.pk}:{change.pk}",
        kind=kind,
        event_id=person.event_id,
        person_id=person.pk,
        due_at=now,
        channel=channel_of(person),
        batch=batch_key(batch) if batch else "",
        released=batch is None,
    )


def batch_key(batch):
    """The outbox's name for a screening batch."""
    return f"screening:{batch.pk}"


def untold(person_ids):
    """The people among them whose present status is decided but not yet released to them."""
    return set(
        StatusChange.objects.filter(
            Q(batch__released_at=None, batch__undone_at=None),
            participant__in=person_ids,
            batch__isnull=False,
            after__in=TOLD_BY_BATCH,
        ).values_list("participant_id", flat=True)
    )


TOLD_BY_BATCH = (Status.ACCEPTED, Status.WAITLISTED, Status.NOT_SELECTED, Status.CANCELLED)


def told_status(person):
    """What the person has been told so far: decisions not yet released stay in the house."""
    status = person.status
    changes = StatusChange.objects.filter(participant=person).select_related("batch")
    for change in changes.order_by("-pk")[:10]:
        waiting = change.batch and not change.batch.released_at and not change.batch.undone_at
        if not (waiting and change.after == status and status in TOLD_BY_BATCH):
            return status
        status = change.before
    return status
