"""What the rooms below hear from this one: what to forget of a person, what to tell them of it, and
what a metric is measured against."""

import secrets

from metrics import whitepaper
from metrics.models import (
    ChatLine,
    FollowUp,
    StreamUpload,
    StreamVisit,
    Target,
    WhitepaperClaim,
)
from participants import erase, own_data
from workshops import upstairs


@upstairs.target.offer
def target(event, key):
    return Target.objects.filter(event=event, key=key).values_list("value", flat=True).first()


@erase.part
def forget(participant):
    """Texts and addresses go; visits, lines and claims stay as counts that name nobody."""
    StreamVisit.objects.filter(participant=participant).update(viewer=secrets.token_hex(32))
    ChatLine.objects.filter(participant=participant).update(text="", viewer="")
    FollowUp.objects.filter(participant=participant).update(note="")
    claims = WhitepaperClaim.objects.filter(event=participant.event, participant=participant)
    if participant.email:
        claims |= WhitepaperClaim.objects.filter(event=participant.event, email=participant.email)
    claims.update(email="", wants_news=False)
    whitepaper.forget(participant)
    for value in filter(None, (participant.name, participant.mobile[3:], participant.email)):
        participant.event.stream_imports.filter(filename__icontains=value).update(filename="")
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
