"""Letters of the days after: the survey, its one reminder, the question thirty days later.

The texts are content in the language of the letters, edited per event like all wordings.
"""

from django.conf import settings

from metrics import surveys
from metrics.models import FollowUp
from participants import letters, wording
from participants.access import issue_link
from participants.models import Participant
from participants.wording import Text
from salon import outbox
from salon.channels import Letter

_FOOT = "\n\n这封信由活动主办方发出,链接只属于您,请不要转发。"

TEXTS = {
    "survey": Text(
        "活动反馈",
        "花三分钟,说说这场活动:{活动}",
        "{称呼},您好:\n\n谢谢您来“{活动}”。我们准备了一份短问卷,大约三分钟。答卷不记名:"
        "我们只知道您答过了,不知道您答了什么。\n\n点这里填写:\n{个人链接}" + _FOOT,
    ),
    "survey_nag": Text(
        "活动反馈·提醒一次",
        "还差您的一份反馈:{活动}",
        "{称呼},您好:\n\n“{活动}”的问卷还开着,您的看法会直接影响下一场怎么办。"
        "只提醒这一次。\n\n点这里填写:\n{个人链接}" + _FOOT,
    ),
    "follow_up": Text(
        "30 天回访",
        "一个月过去了,社群有变化吗?({活动})",
        "{称呼},您好:\n\n“{活动}”过去一个月了。想请您花半分钟告诉我们:社群现在的月活率是多少,"
        "用上了什么。\n\n点这里填写:\n{个人链接}" + _FOOT,
    ),
}
# Which page of the person's own each letter opens.
OPENS = {"survey": "survey", "survey_nag": "survey", "follow_up": "followup"}

for _kind, _text in TEXTS.items():
    wording.DEFAULT.setdefault(_kind, _text)


def overtaken(person, kind):
    """Whether nobody needs to send this any more: it has been answered."""
    if kind == "follow_up":
        return FollowUp.objects.filter(participant=person).exists()
    return surveys.may_answer(person=person) is None


def compose(message):
    """The Letter to one who came; None when they have answered or the survey is closed."""
    person = (
        Participant.objects.present()
        .select_related("event", "category")
        .filter(pk=message.person_id)
        .first()
    )
    if person is None or overtaken(person, message.kind):
        return None
    text = wording.of_event(person.event_id, message.kind)
    values = letters.values_of(person, message)
    return Letter(
        to=person.mobile if message.channel == "sms" else person.email,
        subject=wording.fill(text.subject, values),
        text=wording.fill(text.body, values),
        secret={"link": lambda: _link(person, message.kind)},
    )


def _link(person, kind):
    return f"{settings.PUBLIC_URL}{issue_link(participant=person)}?to={OPENS[kind]}"


for _kind in TEXTS:
    outbox.letter(_kind)(compose)
