"""Erasing a person: every value goes, the rows that are counted stay.

A room above that keeps texts of people hands in its part from AppConfig.ready:

    @erase.part
    def forget_texts(participant): …

It runs inside the transaction, before the person's own row is blanked.
"""

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import transaction

from participants import cases, contact_changes
from participants.held import let_erasing_through
from participants.models import (
    CheckIn,
    Consent,
    ImportFile,
    Participant,
    PersonalLink,
    TagCard,
)
from participants.standing import Status, lock_person
from participants.waitlist import seat_freed
from salon import audit, clock, live, outbox
from salon.meeting import goes_again

_parts = []

BLANK = {
    **dict.fromkeys(
        ("name", "pinyin", "mobile", "email", "organisation", "job_title", "creator_field"), ""
    ),
    **dict.fromkeys(("name_before", "gate_word"), ""),
    **dict.fromkeys(("can_bring", "cooperation_need", "resource_offer", "expectation"), ""),
    # Not the source_key: it names a row of a file and nobody, and keeps that file, imported once
    # more, from bringing them back.
    **dict.fromkeys(("told_reason", "note"), ""),
    "expertise": [],
}


def part(forget):
    """Register `forget(participant)`: blank what a room above keeps of the person."""
    if forget not in _parts:
        _parts.append(forget)
    return forget


@goes_again
def erase_person(*, participant, by):
    """Take the person's name, mobile, e-mail and every text of theirs out of the house.

    A seat they held passes on. Category, status, size and times stay: they are counted and name
    nobody. Erasing an erased person changes nothing. Cannot be undone.
    """
    if Participant.objects.filter(pk=participant.pk, erased_at__isnull=False).exists():
        return
    with transaction.atomic():
        let_erasing_through()
        event, person = lock_person(participant)
        now = clock.now()
        hoped = person.status not in (
            *(Status.WITHDRAWN, Status.CANCELLED, Status.NOT_SELECTED),
            Status.CONFIRMED if event.is_over(now) else None,
        )
        seated = hoped and person.status in Participant.SEATED
        for forget in _parts:
            forget(person)
        _blank_rows(person, now)
        for field, value in BLANK.items():
            setattr(person, field, value)
        if hoped:
            person.status, person.confirm_by = Status.WITHDRAWN, None
        person.erased_at = now
        person.version += 1
        person.save()
        outbox.forget(person.pk)
        audit.record("erase_person", person, by=by, event_id=event.pk)
        # The stream keeps the newest state of each wall, their name and words with it.
        live.publish_all(event)
        if seated:
            seat_freed(event=event, category=person.category, online=person.online, now=now)


def _blank_rows(person, now):
    person.pain_points.update(text="")
    person.status_changes.update(reason="")
    person.calls.update(notes="")
    cases.forget(person)
    contact_changes.forget(person)
    PersonalLink.objects.filter(participant=person).delete()
    Consent.objects.filter(participant=person, withdrawn_at=None).update(withdrawn_at=now)
    TagCard.objects.filter(participant=person).update(expertise="", pain="", topic="", gate_word="")
    CheckIn.objects.filter(participant=person).update(void_reason="")
    # A sheet that waits for its import may hold them; whoever wants it uploads it again.
    ImportFile.objects.filter(event=person.event).exclude(content=b"").update(content=b"")
    LogEntry.objects.filter(
        content_type=ContentType.objects.get_for_model(Participant), object_id=str(person.pk)
    ).update(object_repr=f"#{person.pk}", change_message="")
