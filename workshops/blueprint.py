"""The workshop's part of a blueprint: task-card elements, phases, theme tables, awards, words."""

from workshops.models import Award, Phase, TaskElement, ThemeTable

DEFAULT = {
    "task_elements": [
        {"key": "target_users", "name": "目标用户", "hint": "为谁做？他们现在卡在哪一步？"},
        {"key": "core_goal", "name": "核心目标", "hint": "做完之后，哪个数字会变？"},
        {
            "key": "interaction",
            "name": "互动形式",
            "hint": "打卡、接龙、投票、闯关……选一种说清楚。",
        },
        {"key": "content", "name": "内容设计", "hint": "第一天发什么，第七天发什么？"},
        {"key": "threshold", "name": "参与门槛", "hint": "一个新人要几步、几分钟才能参与？"},
        {"key": "follow_up_data", "name": "数据跟进", "hint": "每天看哪几个数，谁来看？"},
    ],
    "phases": [
        {"kind": "design", "minutes": 20},
        {"kind": "review", "minutes": 20},
        {"kind": "vote", "minutes": 10},
    ],
    "theme_tables": [
        {"key": "content", "name": "内容共创", "seats": 8},
        {"key": "users", "name": "用户互推", "seats": 8},
        {"key": "tools", "name": "工具合作", "seats": 8},
    ],
    "awards": [
        {"key": "best", "name": "最佳互动方案"},
        {"key": "creative", "name": "最具创意方案"},
    ],
    "blocked_words": ["加微信", "代刷", "博彩", "色情", "傻逼"],
}


def build(event, part, *, now):
    """Create the room's rows of a fresh event from `part` (the shape of DEFAULT)."""
    TaskElement.objects.bulk_create(
        TaskElement(event=event, position=position, **element)
        for position, element in enumerate(part["task_elements"], start=1)
    )
    Phase.objects.bulk_create(Phase(event=event, **phase) for phase in part["phases"])
    ThemeTable.objects.bulk_create(
        ThemeTable(event=event, **table) for table in part["theme_tables"]
    )
    Award.objects.bulk_create(Award(event=event, **award) for award in part["awards"])
    event.blocked_words = list(dict.fromkeys(part["blocked_words"]))
    event.save(update_fields=["blocked_words"])


def record(event):
    """The inverse of `build`: what was set up, without what people made."""
    return {
        "task_elements": list(event.task_elements.values("key", "name", "hint")),
        "phases": list(event.phases.values("kind", "minutes")),
        "theme_tables": list(event.theme_tables.values("key", "name", "seats")),
        "awards": list(event.awards.values("key", "name")),
        "blocked_words": event.blocked_words,
    }
