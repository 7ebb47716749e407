"""Whom an import may not bring back: erased people, remembered by keyed digests of their contacts.

A sheet that was uploaded before is uploaded again, corrected, by somebody who cannot know who has
asked to be removed meanwhile. The form stays open to the person themselves.
"""

from collections.abc import Iterable
from datetime import timedelta

from events.models import Event
from participants import erase
from participants.models import ErasedContact, Participant
from salon import clock, identity

# After the event nobody imports its applications any more; until then one may, however often.
KEPT = timedelta(days=90)


def _purpose(event_id: int) -> str:
    return f"erased:{event_id}"


# What a digest was made of is what may not be kept: under an older key it is found until it goes.
identity.keep(
    "participants.ErasedContact",
    "digest",
    purpose=lambda row: _purpose(row.event_id),
    until="kept_until",
)


@erase.part
def remember(person: Participant) -> None:
    """Called while the person is erased, before their values go."""
    until = max(person.event.ends_at, clock.now()) + KEPT
    ErasedContact.objects.bulk_create(
        [
            ErasedContact(
                event_id=person.event_id,
                digest=identity.contact_digest(contact, _purpose(person.event_id)),
                kept_until=until,
            )
            for contact in (person.mobile, person.email)
            if contact
        ],
        ignore_conflicts=True,
    )


def let_in_again(person: Participant) -> None:
    """Their erasing was taken back."""
    purpose = _purpose(person.event_id)
    digests = [
        digest
        for contact in filter(None, (person.mobile, person.email))
        for digest in identity.contact_digests(contact, purpose)
    ]
    ErasedContact.objects.filter(event=person.event_id, digest__in=digests).delete()


def among(event: Event, contacts: Iterable[str]) -> set[str]:
    """Those of these mobiles and e-mails that somebody had who was erased from this event."""
    known = set(ErasedContact.objects.filter(event=event).values_list("digest", flat=True))
    if not known:
        return set()
    purpose = _purpose(event.pk)
    return {
        contact
        for contact in contacts
        if contact and not known.isdisjoint(identity.contact_digests(contact, purpose))
    }
