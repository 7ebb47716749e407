"""Claiming the whitepaper: an address for a copy, each address counted once.

Whoever asks gets the same answer and the same pages, known or not. The key to the pages is a
signed cookie; letters carry it as a link.
"""

from django.core import signing
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from metrics import whitepaper
from metrics.models import WhitepaperClaim
from participants.models import Participant
from salon import limits
from salon.errors import Refused
from salon.text import normalize_email

_signer = signing.Signer(salt="whitepaper claim")
KEEP_SECONDS = 365 * 24 * 3600
# A household or an office on one machine; not a list of addresses.
PER_DEVICE = {"times": 10, "seconds": 3600}


def claim(*, event, email, wants_news, device, person=None):
    """Count a claimant of the event's whitepaper; the same address again only sets its wish for
    news. `person` is whoever opened the page by a personal link: the claim is theirs unless the
    address is another participant's, or not the one they gave themselves.

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
        owner = Participant.objects.filter(event=event, email=email).present().first()
        if owner or (person and person.email):
            person = owner
        found, made = WhitepaperClaim.objects.get_or_create(
            event=event, email=email, defaults={"participant": person, "wants_news": wants_news}
        )
        if not made and wants_news and not found.wants_news:
            found.wants_news = True
            found.save(update_fields=["wants_news"])
    return found


def key_of(claim):
    return _signer.sign(str(claim.pk))


def find(event, key):
    """The claim of the event behind a key, or None."""
    try:
        pk = int(_signer.unsign(key or ""))
    except (signing.BadSignature, ValueError):
        return None
    return WhitepaperClaim.objects.filter(event=event, pk=pk).exclude(email="").first()


def stop_news(claim):
    """No more letters about new versions."""
    WhitepaperClaim.objects.filter(pk=claim.pk).update(wants_news=False)


def cookie(slug):
    return f"whitepaper-{slug}"
