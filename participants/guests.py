"""Who is at the evening: whoever confirmed, and whoever came. Walls, boards, photos and ballots are
for them; everybody else is told in one sentence why not yet, and what comes next."""

from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from participants.models import CheckIn, Participant
from participants.standing import told_status
from salon.errors import Refused

Status = Participant.Status

WHY_NOT_YET = {
    Status.SUBMITTED: _("主办方还在看您的报名。通过并确认参加后，就能看到现场大屏和互动。"),
    Status.PHONE_SCREENING: _("我们会先给您打个电话。通过并确认参加后，就能看到现场大屏和互动。"),
    Status.ACCEPTED: _("您的名额还没有确认。确认参加后，就能看到现场大屏和互动。"),
    Status.OFFERED: _("轮到您了，名额还没有确认。确认参加后，就能看到现场大屏和互动。"),
    Status.WAITLISTED: _("您还在候补。轮到您并确认参加后，就能看到现场大屏和互动。"),
    Status.NOT_SELECTED: _("这一场没能为您留出名额，希望下一场见到您。"),
    Status.WITHDRAWN: _(
        "您的名额取消或顺延了，现场大屏和互动只给参加的朋友看。还想来，请看您的页面。"
    ),
    Status.CANCELLED: _("您的报名由主办方取消了，现场大屏和互动只给参加的朋友看。"),
}
IN_QUESTION = _("主办方正在重新核对名额，有结果马上写信告诉您。")
CALLED_OFF = _("本场活动已取消。报名和后续安排请看您的页面。")


def guests(people):
    """Of these people those who are guests."""
    came = CheckIn.objects.in_force().filter(participant=OuterRef("pk"))
    return people.present().filter(Q(status=Status.CONFIRMED) | Exists(came))


def is_guest(person):
    """No statement for the many who have confirmed."""
    return person.status == Status.CONFIRMED or person.check_ins.in_force().exists()


def turned_away(person):
    """The Refused for somebody who is no guest, by what they have been told so far."""
    called_off = person.event.status == person.event.Status.CANCELLED
    return Refused(
        "not_a_guest",
        CALLED_OFF if called_off else WHY_NOT_YET.get(told_status(person), IN_QUESTION),
        status=403,
        title=_("这一页给参加的朋友看"),
        onward=(_("去我的页面"), reverse("me", args=[person.event.slug])),
    )
