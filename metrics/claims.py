"""Claiming the whitepaper: an address for a copy, each address counted once, and once it is proven.

Whoever asks gets the same answer and the same pages, known or not. What a browser has then is a
card, a signed cookie: to read with; and where it came by the letter to the address, or from the own
page of the participant whose claim it is, to say yes or no to news with. Anybody may type anybody's
address: that gets a copy to read and a letter to the address, and changes nothing of theirs.
"""

from dataclasses import dataclass
from datetime import timedelta

from django.core import signing
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from metrics import whitepaper
from metrics.models import WhitepaperClaim
from participants.models import Participant
from salon import clock, floods, limits, news, outbox
from salon.errors import Refused
from salon.models import Message
from salon.text import normalize_email

_signer = signing.Signer(salt="whitepaper claim")
_cards = signing.Signer(salt="whitepaper card")
KEEP_SECONDS = 365 * 24 * 3600
# A household or an office on one machine; not a list of addresses.
PER_DEVICE = {"times": 10, "seconds": 3600}
# Whoever keeps typing somebody's address fills their mailbox, not their own.
LETTERS_A_DAY = 3
SAME_PRESS = timedelta(minutes=10)


@dataclass(frozen=True)
class Card:
    """What a browser may do: read, and with a `claim` decide about its news. `by_letter`: it came
    from the address."""

    claim: WhitepaperClaim | None = None
    by_letter: bool = False


def claim(*, event, email, wants_news, device, network="", person=None, card=None):
    """Take a claim of the event's whitepaper; the WhitepaperClaim of the address.

    `person` is whoever opened the page by a personal link, `card` what the browser has. A claim is
    the person's when they gave their own address, or had given none and nobody here has it; it
    counts when they have been reached. Everybody else's counts when the link is opened in the
    letter that goes to the address, and until then nothing of an earlier claim changes.

    Raises Refused("email" | "not_published" | "too_often").
    """
    limits.require(f"whitepaper:{event.pk}:{device}", **PER_DEVICE)
    try:
        email = normalize_email(email)
    except ValueError:
        email = ""
    if not email:
        raise Refused("email", _("请填一个能收信的邮箱。"), status=422)
    if whitepaper.published(event) is None:
        raise Refused("not_published", _("白皮书还没有发布。"), status=404)
    with transaction.atomic():
        found, made = WhitepaperClaim.objects.get_or_create(
            event=event,
            email=email,
            defaults={
                "participant": person if person and _is_own(person, email) else None,
                "wants_news": wants_news,
            },
        )
        if person and not made and found.participant_id is None and _proved(person, email):
            found.participant = person
        theirs = is_theirs(found, person=person, card=card)
        if theirs and wants_news:
            found.wants_news = True
        if theirs and not found.proven_at and (card or _is_reached(person)):
            found.proven_at = clock.now()
        found.save()
        if found.proven_at is None or not theirs:
            _write_to(found, network)
    return found


def is_theirs(claim, *, person=None, card=None):
    """Whether the asker, by the own page or by the card of the letter, is whose claim it is."""
    if card and card.claim == claim and card.by_letter:
        return True
    return person is not None and claim.participant_id == person.pk


def _is_own(person, email):
    if person.email:
        return person.email == email
    return not Participant.objects.filter(event=person.event_id, email=email).exists()


def _proved(person, email):
    return person.email == email and person.email_proven_at is not None


def _is_reached(person):
    return bool(person and (person.mobile_proven_at or person.email_proven_at))


def _write_to(claim, network):
    """The letter with the link that proves the address; at most one in ten minutes, few a day."""
    now = clock.now()
    recent = Message.objects.of_kind("whitepaper_claim").filter(
        event_id=claim.event_id, context__claim=claim.pk, created_at__gt=now - timedelta(days=1)
    )
    if recent.count() >= LETTERS_A_DAY:
        return
    window = int(now.timestamp()) // int(SAME_PRESS.total_seconds())
    turn = {"due_at": now} if claim.proven_at else floods.turn(network, now=now)
    outbox.plan(
        dedup_key=f"whitepaper_claim:{claim.pk}:{window}",
        kind="whitepaper_claim",
        event_id=claim.event_id,
        **turn | {"context": {"claim": claim.pk, **turn.get("context", {})}},
    )


def prove(claim):
    """Somebody opened the link in the letter: the address is theirs, and the claim counts. It is
    the participant's who is known to have this address."""
    with transaction.atomic():
        claim = WhitepaperClaim.objects.select_for_update().get(pk=claim.pk)
        if claim.proven_at or not claim.email:
            return
        claim.proven_at = clock.now()
        if claim.participant_id is None:
            claim.participant = (
                Participant.objects.present()
                .filter(event=claim.event_id, email=claim.email, email_proven_at__isnull=False)
                .first()
            )
        claim.save(update_fields=["proven_at", "participant"])


def counts(event):
    """`(proven, not yet)`: claims of the event that count, and those whose letter nobody opened."""
    of_event = event.whitepaper_claims
    proven = of_event.proven().count()
    return proven, of_event.count() - proven


def key_of(claim):
    """The key in a letter to the claim's address."""
    return _signer.sign(str(claim.pk))


def find(event, key):
    """The claim of the event behind a letter's key, or None."""
    try:
        pk = int(_signer.unsign(key or ""))
    except (signing.BadSignature, ValueError):
        return None
    return _living(event, pk)


def _living(event, pk):
    return WhitepaperClaim.objects.filter(event=event, pk=pk).exclude(email="").first()


def card_for(claim, *, theirs, by_letter=False):
    """The value of the cookie for whoever claimed, or came by the letter."""
    if not theirs:
        return _cards.sign(f"reader:{claim.event_id}")
    return _cards.sign(f"{'letter' if by_letter else 'own'}:{claim.pk}")


def card_of(event, value):
    """The Card in a cookie, or None. Cookies of before, which anybody got for any address, read."""
    try:
        kind, _colon, pk = _cards.unsign(value or "").partition(":")
    except signing.BadSignature:
        return Card() if find(event, value) else None
    if kind == "reader":
        return Card() if pk == str(event.pk) else None
    found = _living(event, int(pk))
    return found and Card(found, by_letter=kind == "letter")


NEWS = "whitepaper"


@news.stopped_by(NEWS, _("白皮书出新版时的提醒。"))
def stop_news_of(claim_id: int) -> None:
    WhitepaperClaim.objects.filter(pk=claim_id).update(wants_news=False)


def stop_news(claim):
    """No more letters about new versions."""
    WhitepaperClaim.objects.filter(pk=claim.pk).update(wants_news=False)


def cookie(slug):
    return f"whitepaper-{slug}"
