"""Where a person stands, told to themselves: the word, what comes next, what they may do now."""

from dataclasses import dataclass, field

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from participants import consents, deadlines, taking_back
from participants.models import Participant
from participants.standing import may_come_back, told_status

Status = Participant.Status


@dataclass(frozen=True)
class Step:
    """One step of the way: `state` is done, now or ahead."""

    title: str
    note: str
    state: str


@dataclass(frozen=True)
class OwnStanding:
    """`status` is what the person has been told; `may` names the steps open to them."""

    status: str
    word: str
    what_next: str
    tone: str  # of the notice: ok, wait, warn, stop
    may: frozenset
    steps: list = field(default_factory=list)
    confirm_by: object = None
    in_question: bool = False  # a seat they know of that a decision not yet released takes away
    came: bool = False  # checked in
    is_inside: bool = False  # came, or online since it began: what is on comes before all

    room_question: str = ""  # before moving to the other room

    @property
    def shows_code(self):
        return self.status == Status.CONFIRMED and not self.in_question


def consents_of(person):
    """[(consents.Asked, given)] of what may be given and withdrawn here."""
    given = set(person.consents.filter(withdrawn_at=None).values_list("purpose", flat=True))
    return [(asked, asked.purpose in given) for asked in consents.asked() if not asked.required]


def standing_of(person, *, now):
    """The OwnStanding by what has been released to the person so far."""
    event, status = person.event, told_status(person)
    in_question = status in Participant.SEATED and person.status not in Participant.SEATED
    to_confirm = status in (Status.ACCEPTED, Status.OFFERED) and not in_question
    late = to_confirm and deadlines.held_until(person) <= now
    over = event.is_over(now)
    confirmed = status == Status.CONFIRMED
    came = confirmed and person.check_ins.in_force().exists()
    what_next = (
        _("主办方正在重新核对名额，有结果马上写信告诉您。现在不用做什么。")
        if in_question and not over
        else _what_next(person, status, late, over, came)
    )
    may = _may(event, status, late, over, now)
    if in_question:
        may -= {"confirm", "change_room"}
    if came:
        may -= {"withdraw", "change_room"}
    is_open = event.status == event.Status.PUBLISHED and event.starts_at > now
    if status == Status.CANCELLED and is_open and may_come_back(person):
        may = may | {"come_back"}
    if status == Status.WITHDRAWN and taking_back.may_take_back(person, now=now):
        may = may - {"come_back"} | {"take_back"}
        what_next = _("您已取消，不会再收到提醒。点错了？%(until)s 前可以收回。") % {
            "until": _when(person, person.status_changed_at + taking_back.WITHIN)
        }
    return OwnStanding(
        status=status,
        word=_("已签到") if came else _word(person, status, late),
        what_next=what_next,
        tone="wait" if in_question else _tone(status, late),
        may=may,
        steps=[] if in_question else _steps(person, status, came),
        confirm_by=person.confirm_by if to_confirm else None,
        in_question=in_question,
        came=came,
        is_inside=came or (confirmed and person.online and event.starts_at <= now),
        room_question=_room_question(person, status),
    )


def _word(person, status, late):
    if late:
        return _("确认时间已过")
    if status == Status.WITHDRAWN and person.told_reason:
        return _("名额已顺延")
    return str(Status(status).label)


def _when(person, moment):
    return date_format(person.event.local(moment), "SHORT_DATETIME_FORMAT")


def _what_next(person, status, late, over, came):
    if status == Status.CONFIRMED:
        return _until_the_end(person, over, came)
    if late and person.confirm_by is None:
        return _("活动开始前没能联系上您，很抱歉。来了现场，请找签到台。")
    if late:
        return _("没能在 %(at)s 前确认，名额正在顺延。还想来，稍后可以重新报名排候补。") % {
            "at": _when(person, person.confirm_by)
        }
    if status in (Status.ACCEPTED, Status.OFFERED) and person.confirm_by is None:
        return _("名额为您留着，请点“确认参加”。来不了也请点一下“取消”，好让别人补上。")
    if status in (Status.ACCEPTED, Status.OFFERED):
        return _("请在 %(at)s 前点“确认参加”。逾期名额会让给候补的朋友。") % {
            "at": _when(person, person.confirm_by)
        }
    reason = person.told_reason if status == person.status else ""
    sentences = {
        Status.SUBMITTED: _("我们正在看您的资料，有结果马上写信告诉您。现在不用做什么。"),
        Status.PHONE_SCREENING: _("我们会给您打个电话，聊十分钟左右。请留意来电。"),
        Status.WAITLISTED: _("同类别有人让出名额时会自动轮到您，我们马上写信告诉您。"),
        Status.NOT_SELECTED: reason or _("这一次没能为您留出名额，希望下一场见到您。"),
        Status.WITHDRAWN: reason or _("您已取消，不会再收到提醒。改主意了可以重新报名。"),
        Status.CANCELLED: reason or _("您的报名由主办方取消了，很抱歉。"),
    }
    return str(sentences[status])


def _until_the_end(person, over, came):
    event = person.event
    if over and (came or person.online):
        return _("活动结束了，谢谢您来。问卷和白皮书会写信告诉您。")
    if over:
        return _("活动结束了，这次没能见到您，希望下一场见。")
    if came:
        return _("欢迎到场。轮到做什么，上面都会告诉您。")
    if person.online:
        return _("%(at)s 在线上见。直播入口在这一页，开始前会再提醒您。") % {
            "at": _when(person, event.starts_at)
        }
    return _("%(at)s 现场见。进门时出示下面的二维码，或念六位签到码。") % {
        "at": _when(person, event.starts_at)
    }


def _tone(status, late):
    if late or status in (Status.NOT_SELECTED, Status.CANCELLED):
        return "stop"
    if status == Status.CONFIRMED:
        return "ok"
    return "warn" if status in (Status.ACCEPTED, Status.OFFERED) else "wait"


def _may(event, status, late, over, now):
    may = set()
    closed = over or event.status == event.Status.CANCELLED
    if closed:
        return frozenset()
    started = event.starts_at <= now
    if status in (Status.ACCEPTED, Status.OFFERED) and not late:
        may.add("confirm")
    if status not in (Status.WITHDRAWN, Status.CANCELLED, Status.NOT_SELECTED):
        may |= {"edit", "withdraw"}
        if not started:
            may.add("change_room")
    if status == Status.WITHDRAWN and not started:
        may.add("come_back")
    return frozenset(may)


def _room_question(person, status):
    if person.online:
        if status in Participant.SEATED:
            return _("改到现场参加？有空位才能改。")
        if status == Status.WAITLISTED:
            return _("改到现场参加？那边有空位，就会轮到您。")
        return _("改到现场参加？")
    if status in Participant.SEATED:
        return _("改为线上参加？现场的名额会让给候补的朋友。")
    if status == Status.WAITLISTED:
        return _("改为线上参加？那边有空位，就会轮到您。")
    return _("改为线上参加？")


STANDS_AT = {
    Status.SUBMITTED: 1,
    Status.PHONE_SCREENING: 1,
    Status.WAITLISTED: 1,
    Status.ACCEPTED: 2,
    Status.OFFERED: 2,
    Status.CONFIRMED: 3,
}


def _steps(person, status, came):
    """The way from the form to the door; nothing for those who have left it."""
    if status not in STANDS_AT:
        return []
    at = STANDS_AT[status] + came
    event = person.event
    arrive = (
        _("打开直播间") if person.online else _("到场签到"),
        _when(person, event.starts_at),
    )
    titles = [
        (_("报名"), _when(person, person.submitted_at)),
        (_("审核"), _("候补中") if status == Status.WAITLISTED else ""),
        (
            _("您来确认"),
            _("最迟 %(at)s") % {"at": _when(person, person.confirm_by)}
            if at == 2 and person.confirm_by
            else "",
        ),
        arrive,
    ]
    return [
        Step(title, note, "done" if place < at else "now" if place == at else "ahead")
        for place, (title, note) in enumerate(titles)
    ]
