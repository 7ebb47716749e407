"""What organisers do for one person: the note of the house, the right category, a link to pass on."""

from django.conf import settings
from django.db import transaction

from participants.applications import judge_person
from participants.keys import issue_link
from participants.models import PersonalLink
from participants.standing import lock_person, told_of_a_seat
from participants.waitlist import seat_freed
from salon import audit, clock, seen
from salon.text import clean_text


def save_note(*, participant, note, by, was: str | None = None):
    """Keep the house's note; the person may read it in their own data.

    `was` is the stamp of the note that the page showed. Raises Refused("gone" | "stale").
    """
    with transaction.atomic():
        event, person = lock_person(participant)
        seen.require_unchanged(was, person.note)
        person.note = clean_text(note, multiline=True, max_length=2000)
        person.save(update_fields=["note"])
        audit.record("save_note", person, by=by, event_id=event.pk, fields=["note"])


def recategorise(*, participant, category, by, was: str | None = None):
    """Put somebody into another category of the event; the score follows its criteria.

    A seat they know of is left to the category they leave. `was` is the stamp of the category that
    the page showed. Raises Refused("gone" | "stale").
    """
    with transaction.atomic():
        event, person = lock_person(participant)
        if person.category_id == category.pk:
            return
        seen.require_unchanged(was, person.category_id, told=seen.LOOK_AGAIN)
        left = person.category
        seated = person.status in person.SEATED and told_of_a_seat([person])
        person.category = category
        person.score = judge_person(person).score
        person.version += 1
        person.save(update_fields=["category", "score", "version"])
        audit.record("recategorise", person, by=by, event_id=event.pk, fields=["category"])
        if seated:
            seat_freed(event=event, category=left, online=person.online, now=clock.now(), by=by)


def hand_out_link(*, participant, by, channel=PersonalLink.Channel.HANDED_OVER):
    """A fresh personal link for somebody of the crew to pass on: the whole address. It opens the
    person's own page, so who asked for it is on record."""
    with transaction.atomic():
        path = issue_link(participant=participant, channel=channel)
        audit.record("hand_out_link", participant, by=by)
    return settings.PUBLIC_URL + path
