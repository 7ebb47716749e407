"""A contact that was put right: what went to the one before goes to the new one at once.

Part of applications.edit, which holds the person.
"""

from datetime import datetime

from participants import contacts
from participants.models import Participant
from salon import letter_kinds, outbox
from salon.models import Message

Status = Participant.Status
ASKS = {Status.ACCEPTED: "accepted", Status.OFFERED: "offered"}


def send_again(
    person: Participant, was: Participant, changed: set[str], *, channel: str, by, now: datetime
) -> None:
    """What a seat hangs on and did not arrive is tried anew; what was handed over to a contact that
    nobody had shown to be theirs is said once more. What has been overtaken cancels itself when it
    comes to go."""
    theirs = Message.objects.of_person(person.pk)
    outbox.try_again(theirs.of_kind(*letter_kinds.about_a_seat()), by=by)
    kind = ASKS.get(person.status)
    gone_to = [name for name in changed & contacts.CHANNEL_TO.keys() if getattr(was, name)]
    unheard = [contacts.CHANNEL_TO[n] for n in gone_to if not contacts.is_proven(was, n)]
    if kind is None or not unheard:
        return
    told = theirs.of_kind(kind).handed_over().filter(channel__in=unheard).order_by("-pk").first()
    if told is not None:
        outbox.plan(
            dedup_key=f"{told.dedup_key}:{person.version}",
            kind=kind,
            event_id=person.event_id,
            person_id=person.pk,
            due_at=now,
            channel=channel,
            context=told.context,
        )
