"""What is known of a contact: since when it is proven that it reaches the person, and by what.

Proven is a contact when the link that went there was opened, when somebody of the crew noted that
they were reached there, or when a link that a crew member handed over was opened. Opening is the
POST that follows: a mail scanner opens every link by GET.
"""

from django.db import transaction
from django.utils.translation import gettext as _

from participants.keys import SENT_TO, revoke_links
from participants.models import Participant, PersonalLink
from participants.same_person import CONTACTS
from salon import audit, clock
from salon.errors import Refused

Way = PersonalLink.Channel
CHANNEL_TO = {"email": "email", "mobile": "sms"}


def contact_of(channel: str) -> str:
    """Which contact a message of this channel goes to: "mobile" or "email"."""
    return "mobile" if channel == "sms" else "email"


def is_proven(person, contact: str) -> bool:
    return getattr(person, f"{contact}_proven_at") is not None


def shown_by(person, channel: str) -> str:
    """The contact that a key which went this way shows to be theirs; "" when none."""
    if channel in (Way.EMAIL, Way.SMS):
        return contact_of(channel)
    if channel == Way.HANDED_OVER:
        # By telephone, in a chat, at the door: crew deal with people by their mobile.
        return "mobile" if person.mobile else "email"
    if channel == Way.TYPED:
        # The code they typed was in a letter.
        return "email" if person.email else "mobile"
    return ""


def to_prove(person) -> str:
    """The contact that the key behind this request (`person.link`) would prove; "" when nothing
    new, and when somebody else was reached there: that is settled by the crew."""
    if person.link.contact_gone_at:
        return ""
    contact = shown_by(person, person.link.channel)
    if not contact or not getattr(person, contact) or is_proven(person, contact):
        return ""
    if getattr(person, f"{contact}_doubted_at"):
        return ""
    return contact


def prove_by_key(person) -> None:
    """Note that the key of this request was opened by its reader. Costs nothing once it is noted."""
    if contact := to_prove(person):
        prove(participant=person, contacts=[contact], by=person)


def note_reached(*, participant, by) -> None:
    """A caller or organiser reached the person at their mobile. Raises Refused("no_mobile")."""
    if not participant.mobile:
        raise Refused("no_mobile", _("没有留手机。"))
    prove(participant=participant, contacts=["mobile"], by=by)


def unprove(person, changed) -> None:
    """Of a locked person, before it is saved: these contacts have another value, of which nothing
    is known."""
    for contact in CONTACTS:
        if contact in changed:
            setattr(person, f"{contact}_proven_at", None)
            setattr(person, f"{contact}_doubted_at", None)


def switch_off_keys(person, changed, *, keep=None) -> None:
    """Of a locked person, after it was saved: what went to a contact that was replaced opens
    nothing any more, and no older key proves what came in its place. `keep` is the link of the
    browser that made the change; it stays in, and shows nothing of the contact that came in place
    of the one it went to."""
    ways = [SENT_TO[contact] for contact in CONTACTS if contact in changed]
    revoke_links(participant=person, channels=ways, keep=keep)
    if keep is not None and keep.channel in ways:
        PersonalLink.objects.filter(pk=keep.pk).update(channel=Way.OWN_PAGE)
    older = PersonalLink.objects.living().filter(participant=person)
    older.update(contact_gone_at=clock.database_now())


def prove(*, participant, contacts, by) -> set[str]:
    """Note that these contacts ("mobile", "email"), as they stand on `participant`, reach the
    person; returns those that were not proven before. A contact that was changed meanwhile is
    another contact, and stays as it is."""
    with transaction.atomic():
        now, proven = clock.now(), set()
        for contact in CONTACTS:
            value, since = getattr(participant, contact), f"{contact}_proven_at"
            if contact not in contacts or not value:
                continue
            rows = Participant.objects.present().filter(
                pk=participant.pk, **{contact: value, since: None}
            )
            if rows.update(**{since: now, f"{contact}_doubted_at": None}):
                setattr(participant, since, now)
                proven.add(contact)
        if proven:
            audit.record("prove_contact", participant, by=by, fields=sorted(proven))
    return proven
