"""Erasing a person: every value goes, the rows that are counted stay.

What goes is found in the models (personal.py). A room above that keeps words of people elsewhere,
in files, in texts of others, hands in its part from AppConfig.ready:

    @erase.part
    def forget_texts(participant): …

It runs inside the transaction, with the person's values still on `participant`.
"""

from django.db import transaction
from django.db.models import F

from events.models import Event
from participants import blanking, cases, contact_changes, personal
from participants.held import let_erasing_through
from participants.models import Consent, ImportFile, Participant, PersonalLink, SetAside
from participants.standing import Status, lock_event, stand
from participants.waitlist import seat_freed
from salon import audit, clock, live, outbox
from salon.meeting import goes_again
from salon.models import Message

_parts = []

personal.also(Message, key="person_id", event="event_id")


def part(forget):
    """Register `forget(participant)`: blank what a room above keeps of the person."""
    if forget not in _parts:
        _parts.append(forget)
    return forget


@goes_again
def erase_person(*, participant, by):
    """Take the person's name, mobile, e-mail and every text of theirs out of the house, at once and
    for good; also of somebody who was set aside.

    A seat they held passes on, but for those who are inside. Category, status, size and times stay:
    they are counted and name nobody. Erasing an erased person changes nothing.
    """
    with transaction.atomic():
        event = lock_event(participant.event_id)
        person = lock_for_good(event, participant.pk)
        if person is not None:
            forget(event, person, by=by)


def lock_for_good(event: Event, pk: int) -> Participant | None:
    """The person, present or set aside, locked; None when nothing of them is left to take."""
    person = (
        Participant.objects.select_for_update(of=("self",))
        .not_gone()
        .select_related("category")
        .filter(event=event, pk=pk)
        .first()
    )
    if person is not None:
        person.event = event
    return person


def forget(event, person, *, by) -> None:
    """Erase a locked person for good, within a transaction that holds the event: first where people
    stand, then what they wrote, as everybody locks it."""
    let_erasing_through()
    now, row = clock.now(), Participant.objects.filter(pk=person.pk)
    words = blanking.remember(person)
    row.update(erased_at=person.erased_at or now, version=F("version") + 1)
    if _hopes(event, person, now):
        seated = person.status in Participant.SEATED
        stand([person], Status.WITHDRAWN, now=now, by=by)
        if seated:
            seat_freed(event=event, category=person.category, online=person.online, now=now)
    blanking.take(event, person, words)
    for forget_part in _parts:
        forget_part(person)
    cases.forget(person)
    contact_changes.forget(person)
    # A sheet that waits for its import may hold them; whoever wants it uploads it again.
    ImportFile.objects.filter(event=event).exclude(content=b"").update(content=b"")
    outbox.forget(person.pk)
    PersonalLink.objects.filter(participant=person).delete()
    Consent.objects.filter(participant=person, withdrawn_at=None).update(withdrawn_at=now)
    SetAside.objects.filter(participant=person).delete()
    row.update(blanked_at=now)
    audit.record("erase_person", person, by=by, event_id=event.pk)
    # The stream keeps the newest state of each wall, their name and words with it.
    live.publish_all(event)


def _hopes(event, person, now) -> bool:
    """Whether they still wait for something, or hold a seat that another may have: not once they
    came or could have come."""
    if person.status in (Status.WITHDRAWN, Status.CANCELLED, Status.NOT_SELECTED):
        return False
    inside = event.is_over(now) or person.check_ins.in_force().exists()
    return not (person.status == Status.CONFIRMED and inside)
