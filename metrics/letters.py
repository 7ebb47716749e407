"""Letters of the days after: the survey, its one reminder, the question thirty days later, and
news of the whitepaper.

The texts are content in the language of the letters, edited per event like all wordings.
"""

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events.models import Event
from metrics import claims, follow_ups, going_on, surveys
from metrics.models import FollowUp, WhitepaperClaim
from participants import contacts, letter_faces, letters, notices, wording
from participants.keys import issue_link
from participants.models import Participant
from participants.wording import Text
from salon import clock, news, outbox
from salon.channels import Letter
from salon.letter_face import Face
from salon.letter_kinds import Urgency

_FOOT = "\n\n这封信由活动主办方发出，链接只属于您，请不要转发。"

TEXTS = {
    "survey": Text(
        gettext_lazy("活动反馈"),
        "花三分钟，说说这场活动：{活动}",
        "{称呼}，您好：\n\n谢谢您来“{活动}”。我们准备了一份短问卷，大约三分钟。答卷不记名："
        "我们只知道您答过了，不知道您答了什么。\n\n点这里填写：\n{个人链接}" + _FOOT,
    ),
    "survey_nag": Text(
        gettext_lazy("活动反馈·提醒一次"),
        "还差您的一份反馈：{活动}",
        "{称呼}，您好：\n\n“{活动}”的问卷还开着，您的看法会直接影响下一场怎么办。"
        "只提醒这一次。\n\n点这里填写：\n{个人链接}" + _FOOT,
    ),
    "follow_up": Text(
        gettext_lazy("30 天回访"),
        "一个月过去了，社群有变化吗？（{活动}）",
        "{称呼}，您好：\n\n“{活动}”过去一个月了。想请您花半分钟告诉我们：社群现在的月活率是多少，"
        "用上了什么。\n\n点这里填写：\n{个人链接}" + _FOOT,
    ),
    "digest": Text(
        gettext_lazy("新的对接推荐"),
        "有新的人可以聊聊：{活动}",
        "{称呼}，您好：\n\n供需板上有几位可能和您对得上的同行：\n\n{变化}\n\n"
        "在这里发起对接，双方都点确认才互相看到联系方式：\n{个人链接}"
        "\n\n不想再收到，在个人页面撤回“{授权}”的授权就好。" + _FOOT,
    ),
    "review_invite": Text(
        gettext_lazy("邀请参加线上复盘"),
        "一小时，聊聊用上了什么：{活动}",
        "{称呼}，您好：\n\n您来过我们的沙龙，想请您参加“{活动}”：线上一小时，看看上个月谁用上了什么，"
        "再聊聊新的供需。\n\n时间：{日期} {星期} {时间}\n在这里报名：\n{活动页}"
        "\n\n不想再收到，在个人页面撤回“{授权}”的授权就好：\n{个人链接}" + _FOOT,
    ),
}
# Which page of the person's own each letter opens.
OPENS = {
    "survey": "survey",
    "survey_nag": "survey",
    "follow_up": "followup",
    "digest": "series",
}

BUTTONS = {
    "survey": gettext_lazy("填写问卷"),
    "survey_nag": gettext_lazy("填写问卷"),
    "follow_up": gettext_lazy("回答两个问题"),
    "digest": gettext_lazy("看看是谁"),
}
# Which sort of news each is; one click ends it.
QUESTIONS = ("survey", "survey_nag", "follow_up")
NEWS = {
    **dict.fromkeys(QUESTIONS, letter_faces.QUESTIONS),
    **dict.fromkeys(("digest", "review_invite"), letter_faces.INVITATIONS),
}

for _kind, _text in TEXTS.items():
    wording.DEFAULT.setdefault(_kind, _text)
letter_faces.BUTTONS.update(BUTTONS)
letter_faces.NEWS.update(NEWS)
letter_faces.WITH_DAY.add("review_invite")


def overtaken(person, kind):
    """Whether nobody needs to send this any more: it has been answered, or is not theirs to
    answer."""
    if kind in QUESTIONS and person.questions_stopped_at:
        return True
    if kind == "digest":
        return not going_on.wants_digest(person)
    if kind == "follow_up":
        answered = FollowUp.objects.filter(participant=person).exists()
        return answered or not follow_ups.was_asked(person)
    return surveys.may_answer(person=person) is None


def compose(message):
    """The Letter to one who came; None when they have answered or the survey is closed."""
    person = (
        Participant.objects.present()
        .select_related("event__series", "category")
        .filter(pk=message.person_id)
        .first()
    )
    if person is None or overtaken(person, message.kind):
        return None
    values = letters.values_of(person, message)
    if message.kind == "digest":
        others = _new_people(person, message.context.get("people", ()))
        if not others:
            return None
        known = contacts.is_proven(person, contacts.contact_of(message.channel))
        values["变化"] = others if known else "（写在您的个人页面上）"
    return letters.written(person, message, values, link=lambda: _link(person, message))


def _new_people(person, ids):
    """Offers and needs of those suggested who are still on the board; names by their consent."""
    lines = []
    for listing in going_on.board_of(person.event):
        if listing.participant_id in ids:
            who = listing.called or "一位同行"
            said = [("能提供", listing.offer), ("想要", listing.need)]
            lines.append(f"· {who}：" + "；".join(f"{word} {text}" for word, text in said if text))
    return "\n".join(lines)


def _link(person, message):
    path = issue_link(participant=person, message=message)
    return f"{settings.PUBLIC_URL}{path}?to={OPENS[message.kind]}"


for _kind in OPENS:
    outbox.letter(_kind, wording.DEFAULT[_kind].label)(compose)


@outbox.letter("review_invite", wording.DEFAULT["review_invite"].label)
def compose_invitation(message):
    """The Letter to somebody of an earlier salon; None once the review is off or they are in."""
    review = Event.objects.filter(pk=message.event_id).first()
    person = (
        Participant.objects.present()
        .select_related("event", "category")
        .filter(pk=message.person_id)
        .first()
    )
    if person is None or review is None or review.status == Event.Status.CANCELLED:
        return None
    if review.is_over(clock.now()) or not going_on.may_be_invited(person, review):
        return None
    # They are of another salon; the letter speaks of the review.
    person.event = review
    values = letters.values_of(person, message)
    return letters.written(
        person,
        message,
        values,
        link=lambda: settings.PUBLIC_URL + issue_link(participant=person, message=message),
    )


@outbox.letter("whitepaper_news", gettext_lazy("白皮书出了新版"))
def compose_news(message):
    """The Letter that tells a claimant of a new version; None once they want no more news."""
    claim = (
        WhitepaperClaim.objects.proven()
        .select_related("event")
        .filter(pk=message.context.get("claim"), wants_news=True)
        .exclude(email="")
        .first()
    )
    if claim is None:
        return None
    event = claim.event
    path = reverse("whitepaper_key", args=[event.slug, claims.key_of(claim)])
    stop = news.address(claims.NEWS, claim.pk)
    return Letter(
        to=claim.email,
        subject=f"白皮书出了新版本：{event.title}",
        text=(
            f"您好：\n\n您领取过“{event.title}”的白皮书，现在有了第 {message.context['version']} 版。"
            "\n\n在这里读和下载：\n{{link}}\n\n不想再收到这类通知：{{stop}}"
            f"\n个人信息怎么处理：{notices.link(event)}"
        ),
        secret={"link": settings.PUBLIC_URL + path, "stop": stop},
        reply_to=letter_faces.reply_to(event),
        face=Face(title=event.title, button=_("打开白皮书"), stop=stop),
    )


@outbox.letter("whitepaper_claim", gettext_lazy("领取白皮书的链接"), urgency=Urgency.ASKED_FOR)
def compose_claim(message):
    """The Letter to an address that somebody typed; opening its link makes the claim count."""
    claim = (
        WhitepaperClaim.objects.select_related("event")
        .filter(pk=message.context.get("claim"))
        .exclude(email="")
        .first()
    )
    if claim is None:
        return None
    event = claim.event
    path = reverse("whitepaper_key", args=[event.slug, claims.key_of(claim)])
    return Letter(
        to=claim.email,
        subject=f"您领取的白皮书：{event.title}",
        text=(
            f"您好：\n\n有人用这个邮箱领取了“{event.title}”的白皮书。打开下面的链接就能读和下载，"
            "打开过一次，领取才算数：\n\n{{link}}\n\n不是您领的，不用理会，不会再写信给您。"
        ),
        secret={"link": settings.PUBLIC_URL + path},
        reply_to=letter_faces.reply_to(event),
        face=Face(title=event.title, button=_("打开白皮书")),
    )
