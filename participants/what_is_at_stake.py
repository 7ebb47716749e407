"""What an organiser is asked before people lose something, and told afterwards."""

from collections.abc import Sequence

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext as _

from events.models import Event
from participants import erasing_many
from participants.erasing_many import Press
from participants.models import Participant
from salon import clock
from salon.asking import Question

NAMES_SHOWN = 60
# In whatever language the page is.
TYPED = "抹去"


def _goes_and_stays() -> tuple[str, ...]:
    return (
        _("抹去：姓名、手机、邮箱、报名的回答、现场写的内容、收到的信、电话记录。"),
        _("留下：不含姓名的人数统计，和小组一起完成的方案。"),
        _("席位让给候补的人；已经到场的不变。"),
    )


def of_one(person: Participant) -> Question:
    return Question(
        title=_("删除%(name)s的个人信息？") % {"name": person.name},
        sentence=_("按下之后马上抹去，找不回来。"),
        lines=_goes_and_stays(),
        yes=_("删除，不再恢复"),
        about=[person.pk],
    )


def of_many(people: Sequence[Participant]) -> Question:
    number = len(people)
    names = tuple(person.name for person in people[:NAMES_SHOWN])
    return Question(
        title=_("删除 %(n)d 人的个人信息？") % {"n": number},
        sentence=_(
            "按下之后，他们马上从所有名单、大屏、表格和信件里消失，席位先留着。"
            "24 小时内可以恢复；过了就抹去，找不回来。"
        ),
        lines=_goes_and_stays(),
        names=names,
        more=number - len(names),
        yes=_("删除 %(n)d 人") % {"n": number},
        about=[person.pk for person in people],
        words=(TYPED, _("抹去")),
        asks_for=_("确认请输入“%(word)s”") % {"word": _("抹去")},
    )


def of_withdrawing(people: Sequence[Participant]) -> Question:
    names = tuple(person.name for person in people[:NAMES_SHOWN])
    return Question(
        title=_("替 %(n)d 人取消报名？") % {"n": len(people)},
        sentence=_("名额会马上顺延，顺延的人会收到信。"),
        names=names,
        more=len(people) - len(names),
        yes=_("取消 %(n)d 人的报名") % {"n": len(people)},
        about=[person.pk for person in people],
    )


def of_giving_away(people: Sequence[Participant]) -> Question:
    names = tuple(person.name for person in people[:NAMES_SHOWN])
    return Question(
        title=_("收回 %(n)d 个名额？") % {"n": len(people)},
        sentence=_("记为主办方取消；候补的朋友马上递补，并收到信。"),
        names=names,
        more=len(people) - len(names),
        yes=_("收回 %(n)d 个名额") % {"n": len(people)},
        about=[person.pk for person in people],
    )


def at_once(event: Event, press: Press) -> Question:
    return Question(
        title=_("现在就抹去这 %(n)d 人的个人信息？") % {"n": press.people},
        sentence=_("不再等到 %(at)s，按下之后找不回来。")
        % {"at": date_format(event.local(press.due_at), "SHORT_DATETIME_FORMAT")},
        lines=_goes_and_stays(),
        names=tuple(press.masked),
        more=press.people - len(press.masked),
        yes=_("抹去 %(n)d 人") % {"n": press.people},
        about=[press.at.isoformat()],
    )


def what_now(event: Event, number: int) -> str:
    """The sentence after the press, with the way back."""
    until = event.local(clock.now() + erasing_many.WAITS)
    return format_html(
        '{} <a href="{}">{}</a>',
        _("%(n)d 人已从所有名单上拿下，%(at)s 抹去，在那之前可以恢复。")
        % {"n": number, "at": date_format(until, "SHORT_DATETIME_FORMAT")},
        reverse("erasing", args=[event.slug]),
        _("查看或恢复"),
    )
