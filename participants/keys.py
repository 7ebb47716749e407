"""The life of a key to somebody's own page: made, made new, switched off, given back, grown old.

Only its digest is kept. What it opens, and the cookie it is exchanged for: participants/access.py.
"""

import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, Max
from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext as _

from participants.models import Participant, PersonalLink
from salon import audit, clock, limits
from salon.access import digest, new_token
from salon.channels import NotDelivered
from salon.errors import Refused
from salon.models import Message
from salon.text import normalize_email, normalize_mobile

Way = PersonalLink.Channel

# The keys that went to a contact; they die with it.
SENT_TO = {"email": Way.EMAIL, "mobile": Way.SMS}
OLD_AFTER = timedelta(days=30)
# Four digits are ten thousand guesses.
ANSWERS = {"times": 6, "seconds": 24 * 3600}


def issue_link(*, participant, channel=Way.OWN_PAGE, message=None, after=None):
    """A fresh key to the person's page; its path is `/l/<token>`. Older keys stay good.

    `channel` is the way it goes; a key in a letter (`message`) goes the letter's way. `after` is
    the PersonalLink whose place it takes: whoever came by that one has this one, so it counts as
    having gone the same way.
    """
    if message is not None:
        by_hand = message.channel == Message.Channel.HAND
        way = {"channel": Way.HANDED_OVER if by_hand else message.channel, "message_id": message.pk}
    elif after is not None:
        names = ("channel", "message_id", "contact_gone_at")
        way = {name: getattr(after, name) for name in names}
    else:
        way = {"channel": channel}
    token, token_digest = new_token()
    with transaction.atomic():
        if message is not None:
            _still_theirs(participant)
        PersonalLink.objects.create(participant=participant, token_digest=token_digest, **way)
    return f"/l/{token}"


def _still_theirs(person):
    """Who changes a contact holds the person's row and switches off the keys that went there; a
    letter composed before that would carry a fresh one to the old address."""
    contact = ("mobile", "email")
    rows = Participant.objects.present().select_for_update(no_key=True).filter(pk=person.pk)
    if rows.values_list(*contact).first() != tuple(getattr(person, name) for name in contact):
        raise NotDelivered(_("联系方式刚刚改过，稍后寄到新的。"))


def find_link(token):
    """The living link behind a token, its participant and event loaded. Http404 for a token that
    never was, Refused("link_switched_off") for one that is no longer good."""
    try:
        link = PersonalLink.objects.select_related("participant__event").get(
            token_digest=digest(token), participant__erased_at=None
        )
    except PersonalLink.DoesNotExist:
        raise Http404 from None
    if link.revoked_at:
        raise switched_off(link.participant.event.slug, status=404)
    return link


def switched_off(slug, *, status):
    return Refused(
        "link_switched_off",
        _(
            "后来换过新链接，或者联系方式改过，这一个就不能再用了。请用最近一封信里的链接；"
            "找不到的话，在报名页用同样的手机或邮箱再填一次，我们重新发给您。报名页关了，请向主办方要一个。"
        ),
        status=status,
        title=_("这个链接已经停用"),
        onward=(_("重新要一个链接"), reverse("apply", args=[slug])),
    )


# ---- switched off, made new ---------------------------------------------------------------


def lock_owner(participant):
    """The person's row, locked and fresh, for what concerns their keys and no seat.
    Raises Refused("gone")."""
    rows = Participant.objects.present().select_for_update(no_key=True).filter(pk=participant.pk)
    person = rows.first()
    if person is None:
        raise Refused("gone", _("这份报名已经不在了。"), status=404)
    return person


def revoke_links(*, participant, channels=Way.values, keep=None):
    """Switch off the person's keys that went these ways, and the cookies they were exchanged for;
    returns how many.

    `keep` is the PersonalLink of the browser that stays in. Part of a verb: call it in its
    transaction, under the lock of the person's row, with what is written there already: a letter
    on its way makes no key to a contact that has been replaced.
    """
    links = PersonalLink.objects.living().filter(participant=participant, channel__in=channels)
    if keep is not None:
        links = links.exclude(pk=keep.pk)
    return links.update(revoked_at=clock.database_now())


def renew_link(*, participant, by):
    """A new key to the person's page, and every other one switched off; its path, as `issue_link`.

    The person's own takes the place of the key they came with. An organiser's is handed over.
    Raises Refused: gone, link_switched_off.
    """
    own = by == participant
    with transaction.atomic():
        person = lock_owner(participant)
        if own:
            _require_living(participant.link)
        revoke_links(participant=person)
        path = issue_link(
            participant=person,
            channel=Way.HANDED_OVER,
            after=participant.link if own else None,
        )
        audit.record("renew_link", person, by=by)
    return path


def _require_living(link):
    """The second press of two at once would switch off what the first has just been given."""
    if not PersonalLink.objects.living().filter(pk=link.pk).exists():
        raise Refused("link_switched_off", _("这个链接刚刚换过了。"), status=409)


# ---- not me ------------------------------------------------------------------------------


def disown_link(*, participant):
    """Whoever came by this key is not the person: a key that was sent is switched off, and the
    contact it was sent to is in question until an organiser has looked or it is replaced. What
    was proven since the key went there may have been proven by them."""
    link, now = participant.link, clock.now()
    with transaction.atomic():
        person = lock_owner(participant)
        audit.record("disown_link", person, by=participant)
        for contact in (name for name, channel in SENT_TO.items() if channel == link.channel):
            proven_at, doubted_at = f"{contact}_proven_at", f"{contact}_doubted_at"
            setattr(person, doubted_at, now)
            since = getattr(person, proven_at)
            if since and since >= link.created_at:
                setattr(person, proven_at, None)
            person.save(update_fields=[proven_at, doubted_at])
            PersonalLink.objects.filter(pk=link.pk).update(revoked_at=now)


def settle_doubt(*, participant, by):
    """An organiser has looked: the contacts are right as they are."""
    with transaction.atomic():
        person = lock_owner(participant)
        person.email_doubted_at = person.mobile_doubted_at = None
        person.save(update_fields=["email_doubted_at", "mobile_doubted_at"])
        audit.record("settle_doubt", person, by=by)


# ---- old ---------------------------------------------------------------------------------


def is_old(link, *, now):
    """Whether so much time has passed that whoever holds the key is asked before a loss."""
    return now - link.created_at > OLD_AFTER


def must_answer(person, *, now):
    """Whether the asker has to show that they are the person: by an old key, and where there is
    something to show it by."""
    return is_old(person.link, now=now) and bool(person.mobile or person.email)


def require_owner(*, person, answer):
    """Before a loss: whoever came by an old key answers with the last four digits of the mobile,
    or with the e-mail address. Raises Refused: old_key, wrong_answer, too_often.

    Not inside a transaction: what is refused has to be counted.
    """
    if not must_answer(person, now=clock.now()):
        return
    answer = unicodedata.normalize("NFKC", answer[:254]).strip()
    if not answer:
        raise Refused(
            "old_key",
            _("这条链接发出一个多月了，先核对一下是您本人：请填手机后四位，或完整的邮箱地址。"),
            status=403,
        )
    if not limits.allow(f"old-key:{person.pk}", **ANSWERS):
        raise Refused(
            "too_often",
            _("试的次数太多了。请用最近一封信里的新链接打开，或者明天再试。"),
            status=429,
        )
    if not _is_theirs(person, answer):
        raise Refused("wrong_answer", _("和报名时填的对不上，请再看一眼。"), status=403)


def _is_theirs(person, answer):
    if answer.isdecimal() and len(answer) == 4:
        return bool(person.mobile) and person.mobile.endswith(answer)
    read = normalize_email if "@" in answer else normalize_mobile
    try:
        return read(answer) in filter(None, (person.mobile, person.email))
    except ValueError:
        return False


def masked_name(name):
    """As much of a name as tells its owner that it is theirs: 林＊夏, 林＊."""
    return f"{name[:1]}＊{name[-1:] if len(name) > 2 else ''}"


def refresh_link(*, participant, answer):
    """Whoever answers gets a fresh key in place of the old one, which stays good: the link in the
    letter may be how they come next time. Its path. Raises as `require_owner`, and gone."""
    require_owner(person=participant, answer=answer)
    with transaction.atomic():
        person = lock_owner(participant)
        _require_living(participant.link)
        path = issue_link(participant=person, after=participant.link)
        audit.record("refresh_link", person, by=participant)
    return path


# ---- for the eyes of the organiser -------------------------------------------------------


@dataclass(frozen=True)
class Keys:
    """How many keys open somebody's page, and when and how the last one went out."""

    living: int
    last_at: datetime | None
    last_way: str


def keys_of(participant):
    links = participant.links.living()
    counted = links.aggregate(living=Count("pk"), last_at=Max("created_at"))
    last = links.order_by("-created_at", "-pk").first()
    return Keys(last_way=last.get_channel_display() if last else "", **counted)


def link_at(path):
    """The PersonalLink of a path that `issue_link` gave."""
    return find_link(path.removeprefix("/l/"))
