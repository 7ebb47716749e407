"""A letter before there is one: to an invented guest, with the event's own day, place and words.

An organiser looks at it beside the wording, or has it sent to herself first.
"""

import uuid
from dataclasses import replace
from datetime import timedelta

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events.models import Event
from participants import letters
from participants.models import Consent, Participant
from salon import audit, clock, limits, outbox
from salon.channels import Letter
from salon.errors import Refused
from salon.letter_kinds import Urgency
from salon.models import Message, User

SAMPLE = "sample"
A_DAY = {"times": 50, "seconds": 24 * 3600}


def sample(event: Event, kind: str, *, online: bool = False) -> Letter:
    """The letter of this kind as somebody would get it; its button leads to the event's page."""
    now = clock.now()
    person = Participant(
        event=event,
        category=event.categories.first(),
        name="林知夏",
        email="lin@example.com",
        email_proven_at=now,
        code="7K3MPQ",
        online=online,
        status=letters.SPEAKS_OF.get(kind, (Participant.Status.SUBMITTED,))[0],
        confirm_by=event.confirmation_deadline(now + timedelta(minutes=1)),
        submitted_at=now,
    )
    message = Message(
        kind=kind, event_id=event.pk, channel=Message.Channel.EMAIL, released_at=now, context={}
    )
    with translation.override(settings.LANGUAGE_CODE):
        values = letters.values_of(person, message)
        values |= {
            "痛点": "· 新人进群三天就不说话了\n· 活动一结束就散了",
            "理由": "（决定时写给本人的理由，会写在这里）",
            "变化": values["变化"] or "（有变化的地方，会写在这里）",
            "授权": str(Consent.Purpose.INVITE_AGAIN.label),
        }
        return letters.written(
            person, message, values, link=settings.PUBLIC_URL + event.get_absolute_url()
        )


def send_sample(*, event: Event, kind: str, by: User) -> Message:
    """Send the letter of this kind to its organiser first. Raises Refused: no_address, too_often."""
    if not by.email:
        raise Refused("no_address", _("您的账号没有留邮箱，先在“我的账号”里补上。"), status=422)
    limits.require(f"sample:{by.pk}", **A_DAY)
    message = outbox.plan(
        dedup_key=f"{SAMPLE}:{uuid.uuid4()}",
        kind=SAMPLE,
        event_id=event.pk,
        due_at=clock.now(),
        context={"kind": kind, "user": by.pk},
    )
    audit.record("send_sample", event, by=by, event_id=event.pk)
    return message


@outbox.letter(SAMPLE, gettext_lazy("发给自己看的样子"), urgency=Urgency.ASKED_FOR)
def compose(message: Message) -> Letter | None:
    """To the organiser who asked for it."""
    event = Event.objects.filter(pk=message.event_id).first()
    user = User.objects.filter(pk=message.context["user"], is_active=True).exclude(email="").first()
    if event is None or user is None:
        return None
    letter = sample(event, message.context["kind"])
    return replace(
        letter, to=user.email, subject=_("[样子] %(subject)s") % {"subject": letter.subject}
    )
