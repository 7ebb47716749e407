"""What the rooms below hear from this one: what to forget of a person, what to tell them of it, what
waits for them afterwards, and what a metric is measured against."""

from django.utils.translation import gettext as _

from events import upstairs as events_upstairs
from metrics import surveys, whitepaper
from metrics.models import (
    FollowUp,
    StreamUpload,
    Survey,
    Target,
    WhitepaperClaim,
)
from participants import erase, own_data, reminders
from salon import outbox
from salon.models import Message
from workshops import upstairs
from workshops.now import Door


@events_upstairs.when_called_off.offer
def call_back_invitations(event, *, by):
    """Nobody is asked to come to a review that is off; also not by a release of what was held."""
    outbox.cancel(Message.objects.of_event(event).of_kind("review_invite"), by=by)


@reminders.when_it_is_over.offer
def letters_to_those_who_came(event):
    return surveys.due_times(event) if Survey.objects.filter(event=event).exists() else {}


@upstairs.afterwards.offer
def what_waits_for(person):
    """The survey until it is answered or closed, then the whitepaper once it is out."""
    event = person.event
    if not (surveys.has_answered(person=person) or surveys.is_closed(event=event)):
        return Door("me_survey", _("问卷"))
    return Door("whitepaper", _("白皮书")) if whitepaper.published(event) else None


@upstairs.target.offer
def target(event, key):
    return Target.objects.filter(event=event, key=key).values_list("value", flat=True).first()


@erase.part
def forget(participant):
    """What is theirs by the address alone, the whitepaper's parts, and files that wait."""
    if participant.email:
        claims = WhitepaperClaim.objects.filter(event=participant.event, email=participant.email)
        claims.update(email="", wants_news=False)
    whitepaper.forget(participant)
    # A file that waits for its import may hold them; whoever wants it uploads it again.
    StreamUpload.objects.filter(event=participant.event).delete()


@own_data.part("stream_visits")
def visits_of(participant):
    return list(participant.stream_visits.order_by("joined_at").values("joined_at", "left_at"))


@own_data.part("stream_chat")
def chat_of(participant):
    return list(participant.chat_lines.filter(repeated=False).order_by("at").values("at", "text"))


@own_data.part("follow_up")
def follow_up_of(participant):
    return (
        FollowUp.objects.filter(participant=participant)
        .values("active_rate", "note", "answered_at")
        .first()
    )


@own_data.part("whitepaper_claim")
def claim_of(participant):
    return list(
        WhitepaperClaim.objects.filter(participant=participant).values("email", "wants_news", "at")
    )
