"""What people agree to: each purpose a sentence of its own, kept word for word as it was shown."""

from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from participants import notices
from participants.models import Consent, Notice, Participant
from salon import audit, clock, live
from salon.errors import Refused

Purpose = Consent.Purpose

# The walls that say names: the tag wall, and the plans their leaders'.
NAMED_ON = ("tags", "plans")

SENTENCES = {
    Purpose.PROCESSING: gettext_lazy("只用于这次活动：审核、通知、现场服务，和会后的问卷与回访。"),
    Purpose.WALL_NAME: gettext_lazy(
        "姓名会出现在签到墙、方案墙和供需板上，本场的人看得到；不同意，那里只有一张不具名的卡。"
        "同组的人要一起讨论，在小组页上总能看到彼此的姓名和机构。"
    ),
    Purpose.PHOTO: gettext_lazy("不同意请在现场告诉摄影师，我们会避开您。"),
    Purpose.SHARE_CONTACT: gettext_lazy("只有您和对方都点了确认，才会看到彼此的联系方式。"),
    Purpose.WHITEPAPER_CREDIT: gettext_lazy("您的方案被收录时，写上您的姓名和机构。"),
    Purpose.INVITE_AGAIN: gettext_lazy(
        "有新一期活动、线上复盘，或者供需板上来了可能聊得来的人，写信告诉您。随时能关。"
    ),
}


@dataclass(frozen=True)
class Asked:
    """One purpose as it is asked for: `label` is the line to tick, `sentence` what it means."""

    purpose: str
    label: str
    sentence: str
    required: bool


def asked() -> list[Asked]:
    """Every purpose in the language of the page, in the order in which it is asked."""
    return [
        Asked(
            purpose.value, str(purpose.label), str(sentence), required=purpose == Purpose.PROCESSING
        )
        for purpose, sentence in SENTENCES.items()
    ]


def wording(purpose: str, notice: Notice) -> str:
    """The whole of what is agreed to, in the language of the page."""
    purpose = Purpose(purpose)
    version = _("个人信息说明第 %(version)d 版") % {"version": notice.version}
    return f"{purpose.label}\n{SENTENCES[purpose]}\n{version}"


def new_consents(person: Participant, purposes, *, notice: Notice, now) -> list[Consent]:
    """Unsaved Consent rows for what somebody ticks now on a page that links to `notice`."""
    return [
        Consent(
            participant=person,
            purpose=purpose,
            wording=wording(purpose, notice),
            notice=notice,
            given_at=now,
        )
        for purpose in SENTENCES
        if purpose in purposes
    ]


def invited_under(person: Participant) -> str:
    """The label of the consent under which letters that invite go to the person: what to withdraw
    for an end of them."""
    return str(purpose_of_invitations(person).label)


def purpose_of_invitations(person: Participant) -> Purpose:
    own = person.consents.filter(purpose=Purpose.INVITE_AGAIN, withdrawn_at=None)
    return Purpose.INVITE_AGAIN if own.exists() else Purpose.SHARE_CONTACT


def set_consent(*, participant: Participant, purpose: str, given: bool, by) -> None:
    """Give or withdraw one consent; as easy one way as the other. Processing is withdrawn by
    withdrawing or erasing, not here."""
    with transaction.atomic():
        here = Participant.objects.present().select_for_update(no_key=True)
        if not here.filter(pk=participant.pk).first():
            raise Refused("gone", _("这份报名已经不在了。"), status=404)
        in_force = Consent.objects.filter(
            participant=participant, purpose=purpose, withdrawn_at=None
        )
        now = clock.now()
        if given and not in_force.exists():
            notice = notices.agreed_to(participant.event)
            Consent.objects.bulk_create(
                new_consents(participant, {purpose}, notice=notice, now=now)
            )
        elif not given and purpose != Purpose.PROCESSING:
            in_force.update(withdrawn_at=now)
        audit.record("set_consent", participant, by=by, fields=[purpose])
        if purpose == Purpose.WALL_NAME:
            live.publish(participant.event, *NAMED_ON)
