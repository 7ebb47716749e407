"""The salon's frame as a document: the default one, building an event from one, recording one.

A part is JSON-able: `{"event", "agenda", "prep_groups", "milestones", "materials", "staff_roles",
"risk_plans"}`. Agenda times are minutes after the start, registration and milestones days before
it. The organiser's own texts are content, not interface: they are stored as written.
"""

from datetime import datetime, time, timedelta

from events import preparation, timetable
from events.models import (
    AgendaItem,
    Event,
    Kind,
    Material,
    Milestone,
    PrepGroup,
    RiskPlan,
    StaffRole,
)

FRAME = (
    "theme",
    "description",
    "on_site_capacity",
    "online_capacity",
    "confirmation_hours",
    "offer_hours",
    "interactive_target_percent",
    "tag_regions",
    "self_check_in",
)
# What a plan B may have put in its place; the blueprint keeps what was planned.
CONTENT = ("kind", "title", "form", "cue", "interactive")

DEFAULT = {
    "event": {
        "timezone": "Asia/Shanghai",
        "starts": "13:30",
        "minutes": 270,
        "theme": "让用户愿意互动：从分层策略到共创方案",
        "description": (
            "一个下午，五十位一线运营者在现场，一百位在线上。听两场案例，说出自己的痛点，"
            "和同行一起写出一份回去就能用的活动方案。至少六成时间留给互动。"
        ),
        "on_site_capacity": 50,
        "online_capacity": 100,
        "confirmation_hours": 72,
        "offer_hours": 24,
        "interactive_target_percent": 60,
        "tag_regions": "industry",
        "looked_at_first": ["photo", "question", "danmaku"],
        "self_check_in": False,
        "registration": {
            "opens": {"days_before": 30, "at": "10:00"},
            "closes": {"days_before": 3, "at": "20:00"},
        },
    },
    "agenda": [
        {
            "at": 0,
            "minutes": 30,
            "kind": "check_in",
            "title": "签到入场",
            "form": "标签拼图签到墙、痛点盲盒、一分钟破冰",
            "interactive": True,
            "cue": (
                "请大家先在手机上确认标签卡，看自己飞上签到墙的哪一区。\n"
                "提醒：签到墙上能看到自己的兴趣小组，先去找组员打个招呼。\n"
                "过一刻钟打开痛点盲盒，抽 3–5 张。\n"
                "最后十分钟破冰：每组一分钟写一条小技巧，前三名得工具包。"
            ),
        },
        {
            "at": 30,
            "minutes": 20,
            "kind": "opening",
            "title": "开场致辞",
            "form": "主持人与嘉宾",
            "interactive": False,
            "cue": (
                "欢迎现场和线上的朋友；说明今天的目标和下午的节奏。\n"
                "介绍嘉宾和导师；告诉大家提问、弹幕从哪里发。\n"
                "提醒：手机静音，拍照授权以报名时的选择为准。"
            ),
        },
        {
            "at": 50,
            "minutes": 60,
            "kind": "talk",
            "title": "主题分享一：用户分层互动策略",
            "form": "案例与方法",
            "interactive": False,
            "cue": (
                "介绍讲者，一句话说清这场能带走什么。\n"
                "还剩 10 分钟时举牌；最后 10 分钟挑 2–3 个提问，现场、线上各至少一个。"
            ),
        },
        {
            "at": 110,
            "minutes": 30,
            "kind": "break",
            "title": "茶歇与资源对接",
            "form": "三张主题桌、痛点卡片墙",
            "interactive": True,
            "cue": (
                "指一下三张主题桌的位置：内容共创、用户互推、工具合作。\n"
                "请每个人写下「能提供」和「想要」各一条；手机上会推荐可以聊的人。\n"
                "邀请大家给痛点卡片贴解决方案，目标 50 条。"
            ),
        },
        {
            "at": 140,
            "minutes": 60,
            "kind": "talk",
            "title": "主题分享二：数据驱动的互动优化",
            "form": "工具演示与跟练",
            "interactive": True,
            "cue": (
                "请大家打开手机跟着做；线上朋友用弹幕报进度。\n每讲完一个工具停一分钟，挑一个提问。"
            ),
        },
        {
            "at": 200,
            "minutes": 50,
            "kind": "workshop",
            "title": "共创工作坊",
            "form": "设计 20 分钟、点评 20 分钟、投票 10 分钟",
            "interactive": True,
            "cue": (
                "请各组按手机上的分组就座，线上组进入各自的房间。\n"
                "设计开始：倒计时上墙，还剩 5 分钟时提醒写「要跟的数据」。\n"
                "点评：每组两分钟展示，导师每组给一条建议。投票：不能投自己组。"
            ),
        },
        {
            "at": 250,
            "minutes": 20,
            "kind": "roundtable",
            "title": "圆桌对话与总结",
            "form": "嘉宾对谈、颁奖",
            "interactive": True,
            "cue": (
                "公布两个奖项并颁奖。\n"
                "圆桌：从提问墙挑三题，请每位嘉宾一分钟作答。\n"
                "收尾：问卷今晚发到手机；白皮书整理好后通知大家领取。合影。"
            ),
        },
    ],
    "prep_groups": [
        {"name": "策划组", "size": 2, "duties": "定主题、请嘉宾、排流程、写主持提示"},
        {"name": "执行组", "size": 3, "duties": "筛选与联络参与者、签到、现场引导"},
        {"name": "宣传组", "size": 2, "duties": "海报与推文、报名渠道、拍摄、会后报道"},
        {"name": "物料组", "size": 2, "duties": "采购、清点、装箱、布场、回收"},
        {"name": "技术组", "size": 2, "duties": "投影音响、直播推流、网络与备用方案"},
    ],
    "milestones": [
        {"days_before": 60, "title": "确定主题", "group": "策划组"},
        {"days_before": 60, "title": "邀请嘉宾与备选嘉宾", "group": "策划组"},
        {"days_before": 60, "title": "定下场地", "group": "执行组"},
        {"days_before": 60, "title": "准备报名表", "group": "执行组"},
        {"days_before": 30, "title": "发布宣传", "group": "宣传组"},
        {"days_before": 30, "title": "开放报名", "group": "宣传组"},
        {"days_before": 30, "title": "开始筛选", "group": "执行组"},
        {"days_before": 14, "title": "与嘉宾确认内容", "group": "策划组"},
        {"days_before": 14, "title": "采购物料", "group": "物料组"},
        {"days_before": 14, "title": "测试直播", "group": "技术组"},
        {"days_before": 7, "title": "开启动会", "group": "策划组"},
        {"days_before": 7, "title": "提醒参与者", "group": "执行组"},
        {"days_before": 7, "title": "收齐痛点", "group": "执行组"},
        {"days_before": 1, "title": "布置场地", "group": "执行组"},
        {"days_before": 1, "title": "道具就位", "group": "物料组"},
        {"days_before": 1, "title": "检查技术备份", "group": "技术组"},
    ],
    "materials": [
        {
            "section": "sign_in",
            "name": "签到墙",
            "basis": "fixed",
            "factor": 1,
            "note": "3 米 × 2 米",
        },
        {"section": "sign_in", "name": "标签卡", "basis": "per_head", "factor": 1, "note": "张"},
        {"section": "sign_in", "name": "签到笔", "basis": "per_head", "factor": 1, "note": "支"},
        {"section": "interaction", "name": "痛点盲盒", "basis": "fixed", "factor": 1, "note": "个"},
        {
            "section": "interaction",
            "name": "便利贴",
            "basis": "per_group",
            "factor": 3,
            "note": "本",
        },
        {"section": "interaction", "name": "白板", "basis": "per_group", "factor": 1, "note": "块"},
        {
            "section": "interaction",
            "name": "彩色马克笔",
            "basis": "per_group",
            "factor": 6,
            "note": "支",
        },
        {"section": "gifts", "name": "活动手册", "basis": "per_head", "factor": 1, "note": "本"},
        {"section": "gifts", "name": "笔记本", "basis": "per_head", "factor": 1, "note": "本"},
        {"section": "gifts", "name": "运营工具包", "basis": "per_head", "factor": 1, "note": "份"},
        {"section": "technical", "name": "投影仪", "basis": "fixed", "factor": 1, "note": "台"},
        {"section": "technical", "name": "话筒", "basis": "fixed", "factor": 4, "note": "支"},
        {"section": "technical", "name": "直播设备", "basis": "fixed", "factor": 1, "note": "套"},
        {
            "section": "technical",
            "name": "备用 4G 路由器",
            "basis": "fixed",
            "factor": 1,
            "note": "台",
        },
    ],
    "staff_roles": [
        {"name": "主持人", "count": 1},
        {"name": "场务", "count": 2},
        {"name": "摄影", "count": 1},
        {"name": "技术", "count": 2},
    ],
    "risk_plans": [
        {
            "risk": "speaker_absent",
            "title": "嘉宾临时缺席",
            "owner": "策划组",
            "prevention": (
                "提前约好 1–2 位备选嘉宾，请他们备好 30 分钟内容。\n"
                "T-1 再与每位嘉宾确认行程，要到课件。"
            ),
            "response": (
                "在主持页启动预案：请备选嘉宾上场，或改为“圆桌与案例门诊”。\n"
                "主持人用一句话说明，不解释细节。\n"
                "案例门诊：从痛点墙挑 3 个案例，请在场嘉宾与运营者会诊。"
            ),
        },
        {
            "risk": "projector",
            "title": "投影故障",
            "owner": "技术组",
            "prevention": "T-1 全流程试投。\n备一台投影仪或大屏，一根 HDMI 线，一份打印的课件。",
            "response": (
                "检查电源和信号源，按一次切换键。\n"
                "换线、换接口，再换备用电脑。\n"
                "两分钟没好：启用备用投影或大屏。\n"
                "都不行：请大家在手机上打开流程页和痛点墙，讲者脱稿继续。"
            ),
        },
        {
            "risk": "stream",
            "title": "直播中断",
            "owner": "技术组",
            "prevention": "T-14 与 T-1 各测试一次推流。\n主备两路网络，本地同时录制。",
            "response": (
                "看推流软件的码率：为零就重新开始推流。\n"
                "切到备用 4G 路由器再推一次。\n"
                "在线上群里说一声：正在恢复，内容有录像。\n"
                "五分钟没好：换备用直播链接，在活动页更新直播链接。"
            ),
        },
        {
            "risk": "network",
            "title": "现场断网",
            "owner": "技术组",
            "prevention": (
                "签到平板提前打开签到页。\n打印一份按拼音排序的名单。\n备用 4G 路由器充满电。"
            ),
            "response": (
                "签到台照常签到：平板会先记下，恢复后自动同步，不要刷新不要关机。\n"
                "打开备用 4G 路由器，主持电脑和签到平板先连。\n"
                "墙和手机暂时不动：主持人口头推进，用纸质流程单。\n"
                "恢复后看控制室：待同步为 0 才算结束。"
            ),
        },
        {
            "risk": "too_many",
            "title": "来人过多",
            "owner": "执行组",
            "prevention": "只放名额内的人确认；现场报名以名额为限。\n加备 10 把椅子。",
            "response": (
                "已确认的人优先入座。\n"
                "未确认的人请到候补区，开场 10 分钟后有空位再进。\n"
                "坐不下的，请他们用手机看直播，一样能参与互动。"
            ),
        },
        {
            "risk": "too_few",
            "title": "来人过少",
            "owner": "执行组",
            "prevention": "T-7、T-1 和当天早上三次提醒。\n候补名单保持递补。",
            "response": (
                "撤掉后排桌椅，大家往前坐。\n"
                "按到场人数重新分组，每组 5–6 人。\n"
                "把线上小组请到大屏，圆桌时间加长。"
            ),
        },
    ],
}


def build(event, part, *, now):
    """Fill a fresh event from a part. `now` decides what of the registration window is past."""
    frame = part["event"]
    for name in FRAME:
        if name in frame:
            setattr(event, name, frame[name])
    event.looked_at_first = _looked_at_first(frame)
    event.ends_at = event.starts_at + timedelta(minutes=frame["minutes"])
    if frame.get("route") and event.venue == frame.get("venue"):
        event.route = frame["route"]
    _open_registration(event, frame.get("registration") or {}, now)
    event.save()
    _build_agenda(event, part["agenda"])
    _build_preparation(event, part)
    preparation.plan_reminders(event)


def _looked_at_first(frame):
    """An earlier document says one word for questions and danmaku together."""
    first = set(frame.get("looked_at_first", DEFAULT["event"]["looked_at_first"]))
    if "looked_at_first" not in frame and frame.get("moderation") == Event.Moderation.AFTER:
        first -= {Kind.QUESTION, Kind.DANMAKU}
    return [kind for kind in Kind.values if kind in first]


def _open_registration(event, window, now):
    def moment(edge):
        if not edge:
            return None
        day = event.date - timedelta(days=edge["days_before"])
        return datetime.combine(day, time.fromisoformat(edge["at"]), event.zone)

    opens, closes = moment(window.get("opens")), moment(window.get("closes"))
    # A salon made at the last minute takes applications until the doors open.
    if closes and closes <= max(now, opens or now):
        closes = None
    event.registration_opens_at, event.registration_closes_at = opens, closes


def _build_agenda(event, rows):
    AgendaItem.objects.bulk_create(
        AgendaItem(
            event=event,
            starts_at=event.starts_at + timedelta(minutes=row["at"]),
            ends_at=event.starts_at + timedelta(minutes=row["at"] + row["minutes"]),
            **{name: row[name] for name in CONTENT},
        )
        for row in rows
    )


def _build_preparation(event, part):
    groups = {
        group.name: group
        for group in PrepGroup.objects.bulk_create(
            PrepGroup(event=event, **row) for row in part["prep_groups"]
        )
    }
    Milestone.objects.bulk_create(
        Milestone(
            event=event,
            title=row["title"],
            days_before=row["days_before"],
            due_on=event.date - timedelta(days=row["days_before"]),
            group=groups.get(row["group"]),
        )
        for row in part["milestones"]
    )
    for model, key in (
        (Material, "materials"),
        (StaffRole, "staff_roles"),
        (RiskPlan, "risk_plans"),
    ):
        model.objects.bulk_create(model(event=event, **row) for row in part[key])


def record(event):
    """What the event set up, as a part. People stay behind: members, speakers, owners by name."""
    groups = list(event.prep_groups.order_by("pk"))
    roles = list(event.staff_roles.order_by("pk"))
    owners = {row.name for row in [*groups, *roles]}
    return {
        "event": _record_frame(event),
        "agenda": _record_agenda(event),
        "prep_groups": [_values(row, "name", "size", "duties") for row in groups],
        "milestones": [
            _values(row, "days_before", "title") | {"group": row.group.name if row.group else None}
            for row in event.milestones.select_related("group").order_by("-days_before", "pk")
        ],
        "materials": [
            _values(row, "section", "name", "basis", "factor", "note")
            for row in event.materials.order_by("pk")
        ],
        "staff_roles": [_values(row, "name", "count") for row in roles],
        "risk_plans": [
            _values(row, "risk", "title", "prevention", "response")
            | {"owner": row.owner if row.owner in owners else ""}
            for row in event.risk_plans.all()
        ],
    }


def _values(row, *names):
    return {name: getattr(row, name) for name in names}


def _record_frame(event):
    def edge(moment):
        if moment is None:
            return None
        local = event.local(moment)
        days = (event.date - local.date()).days
        return {"days_before": days, "at": f"{local:%H:%M}"}

    agenda = _record_agenda(event)
    return _values(event, *FRAME, "timezone", "venue", "route") | {
        "looked_at_first": event.looked_at_first,
        "moderation": event.mode_of(Kind.QUESTION).value,
        "starts": f"{event.local(event.starts_at):%H:%M}",
        "minutes": max(
            (row["at"] + row["minutes"] for row in agenda),
            default=(event.ends_at - event.starts_at) // timedelta(minutes=1),
        ),
        "registration": {
            "opens": edge(event.registration_opens_at),
            "closes": edge(event.registration_closes_at),
        },
    }


def _record_agenda(event):
    """As it was planned: neither the delays of the day nor a plan B belong into the next salon.

    What was put in on the day was planned by nobody: the rest makes way for it, in today's order.
    """
    replaced = {
        trigger.item_id: trigger.before
        for plan in event.risk_plans.prefetch_related("triggers")
        for trigger in plan.triggers.all()
        if trigger.undone_at is None and trigger.item_id
    }
    items = list(event.agenda.all())
    planned = [
        timetable.Slot(
            item.pk,
            item.title,
            item.planned_starts_at or item.starts_at,
            item.planned_ends_at or item.ends_at,
        )
        for item in items
    ]
    rows = []
    for item, slot in zip(items, timetable.apart(planned), strict=True):
        content = _values(item, *CONTENT)
        content.update(
            {name: value for name, value in replaced.get(item.pk, {}).items() if name in CONTENT}
        )
        at = (slot.starts_at - event.starts_at) // timedelta(minutes=1)
        rows.append({"at": at, "minutes": slot.minutes} | content)
    return rows
