"""What letters say: the house's wording of each kind, the organiser's own, and its named fields.

A wording is plain text with fields in braces, `{姓名}`. A name that does not exist is refused
when it is written, not found out when the letter goes. The texts below are content, like an
agenda's titles: they are in the language of the letters.
"""

import re
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events.models import Event
from participants.models import Wording
from salon import audit, seen
from salon.errors import Refused
from salon.text import clean_text

# Fields of every letter; what each holds is in letters.values_of.
FIELDS = (
    "姓名",
    "称呼",
    "活动",
    "日期",
    "时间",
    "星期",
    "倒计时",
    "地点",
    "路线",
    "参加方式",
    "怎么参加",
    "流程",
    "痛点",
    "签到码",
    "入场",
    "现状",
    "截止时间",
    "理由",
    "变化",
    "个人链接",
    "活动页",
    "授权",
)
LONGEST_SUBJECT, LONGEST_BODY = 200, 5000
_FIELD = re.compile(r"\{([^{}]*)\}")
# Whom a letter speaks to before it is known who they are; "您，您好" is nobody's greeting.
YOU = "您"
_YOU_ARE_GREETED = re.compile("您[，,、 ]*(?=(?:您|你|早上|上午|中午|下午|晚上)好)")


@dataclass(frozen=True)
class Text:
    """One kind of letter: `label` for the organiser, `subject` and `body` with fields."""

    label: str  # lazy
    subject: str
    body: str


_FOOT = (
    "\n\n您的个人页面（看进度、改资料、取消都在这里）：\n{个人链接}"
    "\n\n这封信由活动主办方发出，链接只属于您，请不要转发。"
)

DEFAULT = {
    "received": Text(
        gettext_lazy("收到报名"),
        "收到您的报名：{活动}",
        "{称呼}，您好：\n\n您报名的“{活动}”（{日期} {星期} {时间}，{参加方式}）我们收到了。"
        "\n\n{理由}" + _FOOT,
    ),
    "link_again": Text(
        gettext_lazy("重发个人链接"),
        "您的个人链接：{活动}",
        "{称呼}，您好：\n\n有人用您的手机或邮箱又填了一次“{活动}”的报名表。如果是您：{现状}"
        "\n\n如果不是您，不用理会，什么都没有变。" + _FOOT,
    ),
    "address_changed": Text(
        gettext_lazy("换成这个联系方式"),
        "您的个人链接：{活动}",
        "{称呼}，您好：\n\n“{活动}”的报名换成了这个联系方式，以后的消息都发到这里。" + _FOOT,
    ),
    "accepted": Text(
        gettext_lazy("通过，请确认"),
        "您已通过，请确认参加：{活动}",
        "{称呼}，您好：\n\n您报名的“{活动}”已经通过。\n\n请在 {截止时间} 前打开个人页面点“确认参加”，"
        "逾期名额会让给候补的朋友。来不了也请点一下“取消”，好让别人补上。\n\n"
        "时间：{日期} {星期} {时间}\n{怎么参加}" + _FOOT,
    ),
    "waitlisted": Text(
        gettext_lazy("进入候补"),
        "您在候补名单上：{活动}",
        "{称呼}，您好：\n\n“{活动}”报名的人比名额多，您现在在候补名单上。"
        "同类别有人让出名额时会自动轮到您，我们马上写信告诉您；不用重新报名。" + _FOOT,
    ),
    "not_selected": Text(
        gettext_lazy("未入选"),
        "关于您的报名：{活动}",
        "{称呼}，您好：\n\n谢谢您报名“{活动}”。这一次没能为您留出名额：\n\n{理由}\n\n"
        "希望下一场能见到您。" + _FOOT,
    ),
    "offered": Text(
        gettext_lazy("候补递补，请确认"),
        "轮到您了，请确认参加：{活动}",
        "{称呼}，您好：\n\n“{活动}”有人让出了名额，轮到您了。\n\n请在 {截止时间} 前打开个人页面点"
        "“确认参加”，过时会轮到下一位。\n\n时间：{日期} {星期} {时间}\n{怎么参加}" + _FOOT,
    ),
    "confirmed": Text(
        gettext_lazy("已确认"),
        "已确认，到时见：{活动}",
        "{称呼}，您好：\n\n您已确认参加“{活动}”。\n\n时间：{日期} {星期} {时间}\n{怎么参加}\n\n"
        "{入场}\n\n"
        "流程：\n{流程}" + _FOOT,
    ),
    "seat_passed_on": Text(
        gettext_lazy("逾期顺延"),
        "名额已顺延：{活动}",
        "{称呼}，您好：\n\n到截止时间我们没有收到您的确认，“{活动}”的名额已经让给候补的朋友。\n\n"
        "还想来的话，打开个人页面点“重新报名”，有空位会再轮到您。" + _FOOT,
    ),
    "withdrawn": Text(
        gettext_lazy("本人取消"),
        "已为您取消：{活动}",
        "{称呼}，您好：\n\n您已取消“{活动}”的报名，后面的提醒不会再发。改主意了，"
        "可以在个人页面重新报名。" + _FOOT,
    ),
    "cancelled": Text(
        gettext_lazy("主办方取消"),
        "取消通知：{活动}",
        "{称呼}，您好：\n\n很抱歉，您在“{活动}”（{日期} {时间}）的报名由主办方取消了：\n\n{理由}\n\n"
        "给您添麻烦了。" + _FOOT,
    ),
    "unreached": Text(
        gettext_lazy("没能联系上"),
        "没能联系上您：{活动}",
        "{称呼}，您好：\n\n您报名的“{活动}”为您留了名额，可是我们一直没能联系上您，名额先让给了候补的"
        "朋友，很抱歉。\n\n看到这条消息还想来的话，请在个人页面点“重新报名”，有空位会再轮到您。"
        + _FOOT,
    ),
    "room_changed": Text(
        gettext_lazy("换到现场或线上"),
        "参加方式改为{参加方式}：{活动}",
        "{称呼}，您好：\n\n您参加“{活动}”的方式已改为{参加方式}。\n\n"
        "时间：{日期} {星期} {时间}\n{怎么参加}" + _FOOT,
    ),
    "t7": Text(
        gettext_lazy("活动前第一次提醒"),
        "{倒计时}：{活动}",
        "{称呼}，您好：\n\n“{活动}”{倒计时}开始。\n\n时间：{日期} {星期} {时间}\n{怎么参加}\n\n"
        "流程：\n{流程}\n\n您报名时写下的痛点：\n{痛点}\n\n现场和线上都会用到它们，"
        "想改可以在个人页面改。" + _FOOT,
    ),
    "t1": Text(
        gettext_lazy("活动前第二次提醒"),
        "{倒计时}见：{活动}",
        "{称呼}，您好：\n\n“{活动}”{倒计时}开始。\n\n时间：{日期} {星期} {时间}\n{怎么参加}\n{路线}\n\n"
        "{入场}" + _FOOT,
    ),
    "morning": Text(
        gettext_lazy("活动当天早上"),
        "今天 {时间} 见：{活动}",
        "{称呼}，您好：\n\n“{活动}”今天 {时间} 开始。\n{怎么参加}\n\n{入场}" + _FOOT,
    ),
    "agenda_changed": Text(
        gettext_lazy("流程有变"),
        "流程有变：{活动}",
        "{称呼}，您好：\n\n“{活动}”的流程有一处变化：\n\n{变化}\n\n现在的流程：\n{流程}" + _FOOT,
    ),
    "event_moved": Text(
        gettext_lazy("活动改期"),
        "改期通知：{活动}",
        "{称呼}，您好：\n\n“{活动}”改期了。\n\n{变化}\n\n您的名额照旧，日历里请改成新的时间；"
        "新的时间来不了，请在个人页面点“取消”。\n\n{怎么参加}" + _FOOT,
    ),
}


def unknown_fields(text):
    """Names in braces that no letter knows, and stray braces, in order."""
    unknown = [name.strip() or "{ }" for name in _FIELD.findall(text) if name not in FIELDS]
    if re.search("[{}]", _FIELD.sub("", text)):
        unknown.append("{ }")
    return list(dict.fromkeys(unknown))


def fill(text, values):
    """Put values into their fields; a callable is asked, a field without a value stays empty."""

    def value_of(found):
        value = values.get(found[1], "")
        return str(value() if callable(value) else value)

    filled = _FIELD.sub(value_of, text)
    return _YOU_ARE_GREETED.sub("", filled) if values.get("称呼") == YOU else filled


def of_event(event_id, kind):
    """The wording in force: the organiser's own, else the house's."""
    own = Wording.objects.filter(event_id=event_id, kind=kind).first()
    return Text(DEFAULT[kind].label, own.subject, own.body) if own else DEFAULT[kind]


def check(subject, body):
    """Clean an organiser's wording; Refused when empty, too long or a field name does not exist."""
    subject, body = clean_text(subject), clean_text(body, multiline=True)
    if not subject or not body:
        raise Refused("empty", _("标题和正文都要写。"), status=422)
    for text, longest in ((subject, LONGEST_SUBJECT), (body, LONGEST_BODY)):
        if len(text) > longest:  # said, not cut: the personal link stands at the end
            raise Refused(
                "too_long",
                _("最多 %(limit_value)d 字，现在有 %(show_value)d 字。")
                % {"limit_value": longest, "show_value": len(text)},
                status=422,
            )
    if unknown := unknown_fields(f"{subject}\n{body}"):
        raise Refused(
            "unknown_field",
            _("没有这个字段：%(names)s。可用的字段列在旁边。") % {"names": _("、").join(unknown)},
            status=422,
        )
    return subject, body


def save_wording(*, event, kind, subject, body, by, was: str | None = None):
    """Keep the organiser's own wording of one kind. `was` is the stamp of the subject and body
    that the page showed. Raises Refused: empty, too_long, unknown_field, stale."""
    subject, body = check(subject, body)
    with transaction.atomic():
        _require_as_shown(event, kind, was)
        row, _made = Wording.objects.update_or_create(
            event=event, kind=kind, defaults={"subject": subject, "body": body}
        )
        audit.record("save_wording", row, by=by, event_id=event.pk, fields=["subject", "body"])
    return row


def _require_as_shown(event, kind, was):
    Event.objects.select_for_update(no_key=True).get(pk=event.pk)
    text = of_event(event.pk, kind)
    seen.require_unchanged(was, text.subject, text.body)


def drop_wording(*, event, kind, by, was: str | None = None):
    """Back to the house's wording. Raises Refused("stale") as `save_wording` does."""
    with transaction.atomic():
        _require_as_shown(event, kind, was)
        for row in Wording.objects.select_for_update().filter(event=event, kind=kind):
            audit.record("drop_wording", row, by=by, event_id=event.pk)
            row.delete()
