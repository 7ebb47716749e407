"""The metrics: each a small named definition, counted in SQL (SALON §7 is the source of all).

A definition states where its numerator and denominator come from and who is left out. A
denominator of nothing is "no data" (value None), never 0 or 100 %. What may differ per event is an
`Option`; its chosen value stands in Target.definition and is frozen with every evaluation.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from metrics.contributions import (
    ATTENDEES,
    CLAIM_IS_PROVEN,
    CLAIM_IS_THEIRS,
    KINDS,
    SOLUTIONS,
    WALKED_IN,
    row,
)
from metrics.surveys import IN_SIGHT

HUNDRED = Decimal(100)
# As they stand behind a number; English sets a space before them.
UNITS = {
    "%": "%",
    "min": pgettext_lazy("unit", "分钟"),
    "count": "",
    "points": pgettext_lazy("unit", "分"),
    "pp": pgettext_lazy("unit", "个百分点"),
}


@dataclass(frozen=True)
class Count:
    """What SQL counted: `left_out` are (sentence, number) pairs of who does not count."""

    numerator: Decimal | None
    denominator: Decimal | None = None
    left_out: tuple = ()


@dataclass(frozen=True)
class Option:
    """What an organiser may set in a definition: some of `choices`, or without them a number that
    stands in the formula as {key}."""

    key: str
    label: str
    default: object
    choices: dict | None = None

    def read(self, definition):
        return definition.get(self.key, self.default)


@dataclass(frozen=True)
class Metric:
    """A definition. `unit` is "%", "min", "count", "points" (1–5) or "pp" (percentage points);
    `count(event, definition)` returns a Count; `feeds` are the facts that it depends on."""

    key: str
    dimension: str
    name: str
    formula: str
    unit: str
    count: Callable
    feeds: tuple
    is_a_count: bool = False
    options: tuple = ()

    def value(self, count):
        if self.is_a_count:
            return count.numerator
        if not count.denominator:
            return None
        value = Decimal(count.numerator) / Decimal(count.denominator)
        if self.unit == "%":
            value *= HUNDRED
        return value.quantize(Decimal("0.01"), ROUND_HALF_UP)

    def definition(self, own):
        """The definition in force: the event's own settings over the defaults."""
        return {option.key: option.read(own) for option in self.options}

    def spelled_out(self, definition):
        """The formula with the numbers in force, and which choices differ at this event."""
        own = {option.key: option.read(definition) for option in self.options}
        changed = [
            option
            for option in self.options
            if option.choices is not None and own[option.key] != option.default
        ]
        formula = format_lazy(self.formula, **own)
        return _joined(_("；"), [formula, *(_said(option, own[option.key]) for option in changed)])


def _joined(mark, parts):
    places = "{mark}".join(f"{{{number}}}" for number in range(len(parts)))
    return format_lazy(places, *parts, mark=mark)


def _said(option, value):
    names = [option.choices[key] for key in value if key in option.choices]
    return format_lazy("{label} {value}", label=option.label, value=_joined(_("、"), names))


DIMENSIONS = {
    "participation": _("参与度"),
    "interaction": _("互动率"),
    "satisfaction": _("满意度"),
    "conversion": _("转化"),
}


def attendance_rate(event, definition):
    came, confirmed, walk_ins = row(
        f"""
        SELECT count(c.id) FILTER (WHERE NOT {WALKED_IN}),
               count(*) FILTER (WHERE NOT {WALKED_IN}),
               count(c.id) FILTER (WHERE {WALKED_IN})
          FROM participants_participant p
          LEFT JOIN participants_checkin c ON c.participant_id = p.id AND c.voided_at IS NULL
         WHERE p.event_id = %(event)s AND NOT p.online AND p.status = 'confirmed'
        """,
        event,
    )
    return Count(came, confirmed, ((_("现场报名的人单独计数"), walk_ins),))


def mean_watch_minutes(event, definition):
    minutes, viewers, guests = row(
        """
        WITH stay AS (
            SELECT v.viewer, v.participant_id, range_agg(tstzrange(
                       greatest(v.joined_at, e.starts_at), least(v.left_at, e.ends_at))) AS times
              FROM metrics_streamvisit v
              JOIN metrics_streamimport i ON i.id = v.source_id
              JOIN events_event e ON e.id = i.event_id
             WHERE i.event_id = %(event)s AND i.undone_at IS NULL
               AND v.joined_at < e.ends_at AND v.left_at > e.starts_at AND v.left_at > v.joined_at
             GROUP BY v.viewer, v.participant_id
        ),
        watched AS (
            SELECT viewer, participant_id,
                   (SELECT sum(extract(epoch FROM upper(t) - lower(t))) / 60
                      FROM unnest(times) t) AS minutes
              FROM stay
        )
        SELECT round(sum(minutes) FILTER (WHERE counts), 2), count(*) FILTER (WHERE counts),
               count(*) FILTER (WHERE participant_id IS NULL)
          FROM (SELECT *, participant_id IS NOT NULL OR %(guests)s AS counts FROM watched) w
        """,
        event,
        guests="guest" in definition["viewers"],
    )
    counted = "guest" in definition["viewers"]
    sentence = _("其中未对上名单的访客，一并计入") if counted else _("未对上名单的访客不计")
    return Count(minutes, viewers, ((sentence, guests),))


def interaction_rate(event, definition):
    active, attendees = row(
        ATTENDEES
        + """
        SELECT count(*) FILTER (WHERE id IN (
                   SELECT participant_id FROM contribution WHERE what = ANY(%(kinds)s))),
               count(*)
          FROM attendee
        """,
        event,
        kinds=list(definition["kinds"]),
    )
    return Count(active, attendees)


def solutions(event, definition):
    shown, hidden = row(
        f"""
        SELECT count(*) FILTER (WHERE shown), count(*) FILTER (WHERE NOT shown)
          FROM ({SOLUTIONS}) s
        """,
        event,
    )
    return Count(shown, None, ((_("已隐藏的不计"), hidden),))


def plan_submission_rate(event, definition):
    return Count(
        *row(
            """
            SELECT count(n.submitted_at), count(*)
              FROM workshops_workgroup g LEFT JOIN workshops_plan n ON n.group_id = g.id
             WHERE g.event_id = %(event)s AND g.published_at IS NOT NULL
            """,
            event,
        )
    )


def online_interactions(event, definition):
    own, imported, hidden = row(
        """
        SELECT (SELECT count(*) FROM workshops_question
                 WHERE event_id = %(event)s AND online AND gate <> 'hidden'),
               (SELECT count(*) FROM metrics_chatline l
                  JOIN metrics_streamimport i ON i.id = l.source_id
                 WHERE i.event_id = %(event)s AND i.undone_at IS NULL AND NOT l.repeated),
               (SELECT count(*) FROM workshops_question
                 WHERE event_id = %(event)s AND online AND gate = 'hidden')
        """,
        event,
    )
    sources = definition["sources"]
    total = own * ("own" in sources) + imported * ("imported" in sources)
    return Count(total, None, ((_("已隐藏的不计"), hidden),))


def survey_score(event, definition):
    total, marks = row(
        """
        SELECT sum((a.value)::int), count(*)
          FROM metrics_surveyresponse r
          JOIN metrics_survey s ON s.id = r.survey_id
          CROSS JOIN LATERAL jsonb_each_text(r.answers) a
          JOIN metrics_surveyquestion q ON q.id = a.key::bigint AND q.survey_id = s.id
         WHERE s.event_id = %(event)s AND q.scored AND """
        + IN_SIGHT,
        event,
    )
    return Count(total, marks)


def conversion_rate(event, definition):
    converted, attendees = row(
        ATTENDEES
        + """
        SELECT count(*) FILTER (WHERE
                   'match' = ANY(%(ways)s) AND EXISTS (SELECT FROM workshops_match m
                            WHERE a.id IN (m.first_id, m.second_id)
                              AND m.first_confirmed_at IS NOT NULL
                              AND m.second_confirmed_at IS NOT NULL)
                OR 'whitepaper' = ANY(%(ways)s) AND EXISTS (
                       SELECT FROM metrics_whitepaperclaim w WHERE """
        + CLAIM_IS_THEIRS
        + """)
                OR 'uplift' = ANY(%(ways)s) AND EXISTS (SELECT FROM metrics_followup f
                            WHERE f.participant_id = a.id
                              AND f.active_rate - a.active_rate >= %(points)s)
               ), count(*)
          FROM attendee a
        """,
        event,
        ways=list(definition["ways"]),
        points=definition["uplift_points"],
    )
    return Count(converted, attendees)


def matches(event, definition):
    """Between two of this event's people; with those of other salons of its series the community
    matches, not the day."""
    confirmed, waiting, across = row(
        """
        SELECT count(*) FILTER (WHERE p.event_id = o.event_id
                                  AND m.first_confirmed_at IS NOT NULL
                                  AND m.second_confirmed_at IS NOT NULL),
               count(*) FILTER (WHERE p.event_id = o.event_id AND m.declined_at IS NULL
                    AND (m.first_confirmed_at IS NULL OR m.second_confirmed_at IS NULL)),
               count(*) FILTER (WHERE p.event_id <> o.event_id
                                  AND m.first_confirmed_at IS NOT NULL
                                  AND m.second_confirmed_at IS NOT NULL)
          FROM workshops_match m JOIN participants_participant p ON p.id = m.first_id
          JOIN participants_participant o ON o.id = m.second_id
         WHERE %(event)s IN (p.event_id, o.event_id)
        """,
        event,
    )
    left_out = ((_("还在等一方确认"), waiting), (_("和系列里其他场次的人达成"), across))
    return Count(confirmed, None, left_out)


def whitepaper_claims(event, definition):
    proven, not_opened = row(
        f"""
        SELECT count(DISTINCT coalesce('p' || w.participant_id, nullif(w.email, ''), 'c' || w.id))
                   FILTER (WHERE {CLAIM_IS_PROVEN}),
               count(*) FILTER (WHERE NOT {CLAIM_IS_PROVEN})
          FROM metrics_whitepaperclaim w WHERE w.event_id = %(event)s
        """,
        event,
    )
    return Count(proven, None, ((_("还没打开信里的链接"), not_opened),))


def community_uplift(event, definition):
    change, answered, silent, without_before = row(
        ATTENDEES
        + """
        SELECT sum(f.active_rate - a.active_rate),
               count(*) FILTER (WHERE f.active_rate IS NOT NULL AND a.active_rate IS NOT NULL),
               count(*) FILTER (WHERE f.active_rate IS NULL),
               count(*) FILTER (WHERE f.active_rate IS NOT NULL AND a.active_rate IS NULL)
          FROM attendee a LEFT JOIN metrics_followup f ON f.participant_id = a.id
        """,
        event,
    )
    return Count(
        change,
        answered,
        ((_("尚未回复回访"), silent), (_("报名时没有填月活率"), without_before)),
    )


VIEWERS = {"known": _("对上名单的观众"), "guest": _("访客")}
SOURCES = {"own": _("本站的提问与弹幕"), "imported": _("直播平台导入的聊天")}
WAYS = {
    "match": _("双方确认的对接"),
    "whitepaper": _("领取白皮书"),
    "uplift": _("月活率提升"),
}

METRICS = (
    Metric(
        "attendance_rate",
        "participation",
        _("现场到场率"),
        _("现场已签到 ÷ 现场已确认（现场报名另计）"),
        "%",
        attendance_rate,
        ("participants", "check_ins"),
    ),
    Metric(
        "mean_watch_minutes",
        "participation",
        _("线上平均观看时长"),
        _("线上观众合并后的观看分钟 ÷ 线上观众人数"),
        "min",
        mean_watch_minutes,
        ("visits", "watched_minutes"),
        options=(Option("viewers", _("计入"), ["known", "guest"], VIEWERS),),
    ),
    Metric(
        "interaction_rate",
        "interaction",
        _("互动参与率"),
        _("至少有一次互动记录的到场者 ÷ 到场者（现场与线上）"),
        "%",
        interaction_rate,
        ("check_ins", "visits", "contributions"),
        options=(Option("kinds", _("算作互动"), list(KINDS), KINDS),),
    ),
    Metric(
        "solutions",
        "interaction",
        _("痛点墙解决方案"),
        _("痛点墙上展示的解决方案条数"),
        "count",
        solutions,
        ("solutions",),
        is_a_count=True,
    ),
    Metric(
        "plan_submission_rate",
        "interaction",
        _("方案提交率"),
        _("已提交方案的小组 ÷ 全部小组"),
        "%",
        plan_submission_rate,
        ("groups", "plans"),
    ),
    Metric(
        "online_interactions",
        "interaction",
        _("线上互动"),
        _("线上的提问与弹幕条数（本站与直播平台导入）"),
        "count",
        online_interactions,
        ("questions", "chat_lines"),
        is_a_count=True,
        options=(Option("sources", _("计入"), ["own", "imported"], SOURCES),),
    ),
    Metric(
        "survey_score",
        "satisfaction",
        _("问卷满意度"),
        _("内容、流程、嘉宾三题得分合计 ÷ 得分个数"),
        "points",
        survey_score,
        ("answers",),
    ),
    Metric(
        "conversion_rate",
        "conversion",
        _("转化率"),
        _("有成功对接、领取白皮书或月活率提升 ≥ {uplift_points} 个百分点的到场者 ÷ 到场者"),
        "%",
        conversion_rate,
        ("check_ins", "visits", "contributions", "matches", "claims", "follow_ups"),
        options=(
            Option("ways", _("算作转化"), list(WAYS), WAYS),
            Option("uplift_points", _("月活率提升不少于（百分点）"), 10),
        ),
    ),
    Metric(
        "matches",
        "conversion",
        _("资源对接成功"),
        _("双方都确认的对接数"),
        "count",
        matches,
        ("matches",),
        is_a_count=True,
    ),
    Metric(
        "whitepaper_claims",
        "conversion",
        _("白皮书领取"),
        _("领取白皮书的不同人数"),
        "count",
        whitepaper_claims,
        ("claims",),
        is_a_count=True,
    ),
    Metric(
        "community_uplift",
        "conversion",
        _("社群活跃提升"),
        _("到场者月活率变化合计（30 天后 − 报名时）÷ 回复人数"),
        "pp",
        community_uplift,
        ("check_ins", "visits", "follow_ups"),
    ),
)

BY_KEY = {metric.key: metric for metric in METRICS}
