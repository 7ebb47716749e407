"""Letters about another contact: to the new one, which it has to prove, and to the one before.

They are the house's own, and no organiser words them: what they say has to be so. Neither says who
the person is.
"""

from functools import partial

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from participants import contact_changes
from participants.models import ContactChange
from salon import clock, outbox
from salon.channels import Letter
from salon.letter_face import Face
from salon.letter_kinds import Urgency


def _change(message):
    return (
        ContactChange.objects.select_related("participant__event")
        .filter(pk=message.context.get("change"), participant__erased_at=None)
        .first()
    )


def _link(change, kind):
    return settings.PUBLIC_URL + contact_changes.path_of(change, kind)


@outbox.letter("contact_change", gettext_lazy("核实新的联系方式"), urgency=Urgency.ASKED_FOR)
def compose_proof(message):
    """To the new contact; None once it is in force, or another was asked for."""
    change = _change(message)
    if change is None or change.effective_at or change.ended_at:
        return None
    title = change.participant.event.title
    word = change.get_contact_display()
    return Letter(
        to=change.new,
        subject=f"确认一下，这是您的{word}吗：{title}",
        text=(
            f"您好：\n\n有人想把“{title}”报名的联系方式换成这个{word}。是您换的，请在七天内打开下面的"
            "链接，点一下确认，以后的消息就发到这里：\n\n{{link}}\n\n不是您，不用理会，什么都不会变。"
        ),
        values={"活动": title, "个人链接": "{{link}}"},
        secret={"link": partial(_link, change, contact_changes.PROOF)},
        face=Face(title=title, button=_("确认这是我的")),
    )


@outbox.letter("contact_changed", gettext_lazy("联系方式换了"), urgency=Urgency.SEAT)
def compose_told(message):
    """To the contact before; None once it cannot be put back any more."""
    change = _change(message)
    if change is None:
        return None
    still = ContactChange.objects.filter(pk=change.pk).may_be_put_back(clock.now())
    if not still.exists():
        return None
    title = change.participant.event.title
    return Letter(
        to=change.told_to,
        subject=f"联系方式换了：{title}",
        text=(
            f"您好：\n\n“{title}”报名的{change.get_contact_display()}刚刚换了。是您换的，不用理会。"
            "\n\n不是您换的？七天之内打开下面的链接，就能改回来，别处的链接同时停用：\n\n{{link}}"
        ),
        values={"活动": title, "个人链接": "{{link}}"},
        secret={"link": partial(_link, change, contact_changes.BACK)},
        face=Face(title=title, button=_("改回来")),
    )
