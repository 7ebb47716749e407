"""The evaluation's part of a blueprint: survey, targets, the event's own goals."""

from metrics.models import Goal, Survey, SurveyQuestion, Target
from participants import notices
from participants.models import PrivacyTerms

SCALE, CHOICE, OPEN = "scale", "choice", "open"

DEFAULT = {
    "survey": {
        "title": "活动反馈问卷",
        "intro": "一共 12 题，大约 3 分钟。答卷不记名，我们只知道您答过了，不知道您答了什么。",
        "questions": [
            {"kind": SCALE, "text": "今天的内容对您的工作有用吗？", "scored": True},
            {"kind": SCALE, "text": "活动流程安排得顺畅吗？", "scored": True},
            {"kind": SCALE, "text": "嘉宾的分享质量如何？", "scored": True},
            {
                "kind": CHOICE,
                "text": "哪个环节收获最大？",
                "options": ["主题分享", "资源对接", "共创工作坊", "圆桌对话", "签到与破冰"],
            },
            {
                "kind": CHOICE,
                "text": "互动环节的时间安排？",
                "options": ["太短", "刚好", "太长"],
            },
            {
                "kind": CHOICE,
                "text": "共创工作坊的方案，您回去会用吗？",
                "options": ["马上用", "改一改再用", "暂时用不上"],
            },
            {
                "kind": CHOICE,
                "text": "今天认识了几位以后会联系的同行？",
                "options": ["没有", "1–2 位", "3–5 位", "5 位以上"],
            },
            {
                "kind": CHOICE,
                "text": "场地与设备？",
                "options": ["满意", "一般", "不满意", "我在线上参加"],
            },
            {
                "kind": CHOICE,
                "text": "下次希望的时长？",
                "options": ["2 小时", "半天", "一天"],
            },
            {
                "kind": CHOICE,
                "text": "会推荐朋友来下一场吗？",
                "options": ["一定会", "可能会", "不会"],
            },
            {"kind": OPEN, "text": "最有收获的一点是什么？", "required": False},
            {"kind": OPEN, "text": "哪里可以做得更好？", "required": False},
        ],
    },
    # SALON §7, in each metric's own unit.
    "targets": {
        "attendance_rate": "90",
        "mean_watch_minutes": "45",
        "interaction_rate": "80",
        "solutions": "50",
        "plan_submission_rate": "100",
        "online_interactions": "200",
        "survey_score": "4.5",
        "conversion_rate": "30",
        "matches": "5",
        "whitepaper_claims": "200",
        "community_uplift": "10",
    },
    "goals": [
        {"text": "沉淀可复用的互动模板", "target": 2},
        {"text": "参与交流的社群运营者", "target": 20, "source": "operators"},
        {"text": "达成合作意向", "target": 5, "source": "matches"},
        {"text": "发布一份白皮书", "target": 1, "source": "whitepapers"},
    ],
}


def build(event, part, *, now):
    """Create the room's rows of a fresh event from `part` (the shape of DEFAULT)."""
    sheet = part["survey"]
    survey = Survey.objects.create(event=event, title=sheet["title"], intro=sheet["intro"])
    SurveyQuestion.objects.bulk_create(
        SurveyQuestion(survey=survey, position=position, **question)
        for position, question in enumerate(sheet["questions"], start=1)
    )
    definitions = part.get("definitions", {})
    Target.objects.bulk_create(
        Target(event=event, key=key, value=value, definition=definitions.get(key, {}))
        for key, value in part["targets"].items()
    )
    Goal.objects.bulk_create(Goal(event=event, **goal) for goal in part["goals"])
    if days := part.get("retention"):  # in older documents, whose people's part has no terms
        PrivacyTerms.objects.get_or_create(event=event, defaults=_terms(days))


def _terms(days):
    longest = days["others_days"]
    return {
        "not_selected_days": min(days["not_selected_days"], longest),
        **dict.fromkeys(("texts_days", "answers_days", "contact_days"), longest),
    }


def record(event):
    """The inverse of `build`: questions and targets, without answers and results."""
    survey, terms = event.survey, notices.terms_of(event)
    return {
        "survey": {
            "title": survey.title,
            "intro": survey.intro,
            "questions": list(
                survey.questions.values("kind", "text", "options", "scored", "required")
            ),
        },
        "targets": {
            target.key: None if target.value is None else str(target.value)
            for target in event.targets.all()
        },
        "definitions": {
            target.key: target.definition for target in event.targets.all() if target.definition
        },
        "goals": list(event.goals.values("text", "target", "source")),
        # Once more as it stood here before: a file may be read by a house that knows no terms.
        "retention": {
            "not_selected_days": terms.not_selected_days,
            "others_days": terms.contact_days,
        },
    }
