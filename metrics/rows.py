"""The rows behind every figure, for organisers: who and what was counted, who was left out.

Each list is `(headers, statement)`; the last column of a statement says whether the row counts and
why not. An array holds keys of WORDS; a text is what somebody wrote and stays as it is. Figures
are frozen, these rows are as they are now.
"""

from dataclasses import dataclass

from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from metrics.contributions import (
    ATTENDEES,
    CLAIM_IS_PROVEN,
    CLAIM_IS_THEIRS,
    KINDS,
    SOLUTIONS,
    WALKED_IN,
)
from metrics.definitions import BY_KEY, DIMENSIONS
from metrics.evaluation import readable
from metrics.surveys import FEWEST_SHOWN, IN_SIGHT

PLACE = gettext_lazy("现场"), gettext_lazy("线上")

ATTENDANCE = f"""
    SELECT p.name, k.name, coalesce(ch.label, ''), c.at,
           CASE WHEN {WALKED_IN} THEN 'walk_in' WHEN c.id IS NULL THEN 'absent'
                ELSE 'counted' END
      FROM participants_participant p
      JOIN participants_category k ON k.id = p.category_id
      LEFT JOIN participants_channel ch ON ch.id = p.channel_id
      LEFT JOIN participants_checkin c ON c.participant_id = p.id AND c.voided_at IS NULL
     WHERE p.event_id = %(event)s AND NOT p.online AND p.status = 'confirmed'
     ORDER BY c.at NULLS LAST, p.pinyin, p.id
"""
WATCHING = """
    WITH stay AS (
        SELECT v.viewer, v.participant_id, count(*) AS visits, range_agg(tstzrange(
                   greatest(v.joined_at, e.starts_at), least(v.left_at, e.ends_at))) AS times
          FROM metrics_streamvisit v
          JOIN metrics_streamimport i ON i.id = v.source_id
          JOIN events_event e ON e.id = i.event_id
         WHERE i.event_id = %(event)s AND i.undone_at IS NULL
           AND v.joined_at < e.ends_at AND v.left_at > e.starts_at AND v.left_at > v.joined_at
         GROUP BY v.viewer, v.participant_id
    )
    SELECT coalesce(p.name, ''), visits,
           (SELECT round(sum(extract(epoch FROM upper(t) - lower(t))) / 60, 2)
              FROM unnest(times) t) AS minutes,
           CASE WHEN p.id IS NOT NULL THEN 'counted' WHEN %(guests)s THEN 'guest'
                ELSE 'guest_apart' END
      FROM stay LEFT JOIN participants_participant p ON p.id = stay.participant_id
     ORDER BY minutes DESC, p.pinyin, viewer
"""
ATTENDING = (
    ATTENDEES
    + """
    SELECT a.name, NOT a.in_room, coalesce(n.contributions, 0), coalesce(n.kinds, ARRAY[]::text[]),
           CASE WHEN n.kinds && %(kinds)s THEN 'counted' ELSE 'silent' END
      FROM attendee a
      LEFT JOIN (SELECT participant_id, count(*) AS contributions,
                        array_agg(DISTINCT what::text) AS kinds
                   FROM contribution GROUP BY participant_id) n ON n.participant_id = a.id
     ORDER BY 3 DESC, a.pinyin, a.id
    """
)
POSTED = f"""
    SELECT s.text, s.pain, coalesce(p.name, ''),
           (SELECT count(*) FROM workshops_solutionlike l WHERE l.solution_id = s.id),
           s.featured_at IS NOT NULL, s.created_at,
           CASE WHEN s.shown THEN 'counted' ELSE 'hidden' END
      FROM ({SOLUTIONS}) s LEFT JOIN participants_participant p ON p.id = s.participant_id
     ORDER BY s.id
"""
PLANS = """
    SELECT g.number, g.name, coalesce(n.title, ''),
           (SELECT count(*) FROM workshops_membership m WHERE m.group_id = g.id), n.submitted_at,
           CASE WHEN n.submitted_at IS NULL THEN 'not_submitted' ELSE 'counted' END
      FROM workshops_workgroup g LEFT JOIN workshops_plan n ON n.group_id = g.id
     WHERE g.event_id = %(event)s AND g.published_at IS NOT NULL ORDER BY g.number
"""
ONLINE = """
    SELECT q.created_at AS at, ARRAY['own'], ARRAY[q.kind::text], coalesce(p.name, ''), q.text,
           CASE WHEN q.gate = 'hidden' THEN 'hidden'
                WHEN 'own' = ANY(%(sources)s) THEN 'counted' ELSE 'apart' END
      FROM workshops_question q LEFT JOIN participants_participant p ON p.id = q.participant_id
     WHERE q.event_id = %(event)s AND q.online
    UNION ALL
    SELECT l.at, ARRAY['imported'], ARRAY['danmaku'], coalesce(p.name, ''), l.text,
           CASE WHEN 'imported' = ANY(%(sources)s) THEN 'counted' ELSE 'apart' END
      FROM metrics_chatline l JOIN metrics_streamimport i ON i.id = l.source_id
      LEFT JOIN participants_participant p ON p.id = l.participant_id
     WHERE i.event_id = %(event)s AND i.undone_at IS NULL AND NOT l.repeated
     ORDER BY at
"""
# By question and mark, never by sheet: a sheet with all its answers may tell who wrote it, and so
# do the marks of the first two.
SURVEY = f"""
    SELECT q.position, q.text, (a.value)::int AS mark, count(*), 'counted'
      FROM metrics_surveyresponse r
      JOIN metrics_survey s ON s.id = r.survey_id
      CROSS JOIN LATERAL jsonb_each_text(r.answers) a
      JOIN metrics_surveyquestion q ON q.id = a.key::bigint AND q.survey_id = s.id
     WHERE s.event_id = %(event)s AND q.scored
       AND {IN_SIGHT} AND (SELECT count(*) FROM metrics_surveyresponse r
            WHERE r.survey_id = s.id AND {IN_SIGHT}) >= %(fewest)s
     GROUP BY q.position, q.text, mark ORDER BY q.position, mark DESC
"""
CONVERSION = (
    ATTENDEES
    + """
    , way AS (
        SELECT a.id, a.name, NOT a.in_room AS online, a.pinyin,
               EXISTS (SELECT FROM workshops_match m WHERE a.id IN (m.first_id, m.second_id)
                          AND m.first_confirmed_at IS NOT NULL
                          AND m.second_confirmed_at IS NOT NULL) AS matched,
               EXISTS (SELECT FROM metrics_whitepaperclaim w WHERE """
    + CLAIM_IS_THEIRS
    + """) AS claimed,
               f.active_rate - a.active_rate AS uplift
          FROM attendee a LEFT JOIN metrics_followup f ON f.participant_id = a.id
    )
    SELECT name, online, matched, claimed, uplift,
           CASE WHEN matched AND 'match' = ANY(%(ways)s)
                  OR claimed AND 'whitepaper' = ANY(%(ways)s)
                  OR coalesce(uplift >= %(points)s, false) AND 'uplift' = ANY(%(ways)s)
                THEN 'counted' ELSE 'not_converted' END AS state
      FROM way ORDER BY state, pinyin, id
    """
)
MATCHES = """
    SELECT p.name, o.name, m.reason, greatest(m.first_confirmed_at, m.second_confirmed_at),
           CASE WHEN m.first_confirmed_at IS NOT NULL AND m.second_confirmed_at IS NOT NULL
                THEN 'counted' WHEN m.declined_at IS NOT NULL THEN 'declined'
                ELSE 'waiting' END
      FROM workshops_match m JOIN participants_participant p ON p.id = m.first_id
      JOIN participants_participant o ON o.id = m.second_id
     WHERE p.event_id = %(event)s AND o.event_id = p.event_id ORDER BY m.id
"""
CLAIMS = f"""
    SELECT w.at, coalesce(p.name, ''), w.email, w.wants_news,
           CASE WHEN {CLAIM_IS_PROVEN} THEN 'counted' ELSE 'not_opened' END
      FROM metrics_whitepaperclaim w
      LEFT JOIN participants_participant p ON p.id = w.participant_id
     WHERE w.event_id = %(event)s ORDER BY w.at, w.id
"""
UPLIFT = (
    ATTENDEES
    + """
    SELECT a.name, a.active_rate, f.active_rate, f.active_rate - a.active_rate,
           coalesce(f.note, ''), f.answered_at,
           CASE WHEN f.id IS NULL THEN 'no_answer' WHEN a.active_rate IS NULL THEN 'no_before'
                ELSE 'counted' END
      FROM attendee a LEFT JOIN metrics_followup f ON f.participant_id = a.id
     ORDER BY f.answered_at NULLS LAST, a.pinyin, a.id
    """
)

_NAME, _CATEGORY, _CHANNEL = gettext_lazy("姓名"), gettext_lazy("类别"), gettext_lazy("渠道")
_WHERE, _TIME = gettext_lazy("现场或线上"), gettext_lazy("时间")
LISTS = {
    "attendance_rate": ((_NAME, _CATEGORY, _CHANNEL, gettext_lazy("签到时间")), ATTENDANCE),
    "mean_watch_minutes": (
        (_NAME, gettext_lazy("进出次数"), gettext_lazy("观看分钟")),
        WATCHING,
    ),
    "interaction_rate": (
        (_NAME, _WHERE, gettext_lazy("互动次数"), gettext_lazy("互动方式")),
        ATTENDING,
    ),
    "solutions": (
        (
            *(gettext_lazy("解决方案"), gettext_lazy("痛点"), _NAME, gettext_lazy("点赞")),
            *(gettext_lazy("优质方案"), _TIME),
        ),
        POSTED,
    ),
    "plan_submission_rate": (
        (
            *(gettext_lazy("组号"), gettext_lazy("组名"), gettext_lazy("方案")),
            *(gettext_lazy("组员"), gettext_lazy("提交时间")),
        ),
        PLANS,
    ),
    "online_interactions": (
        (_TIME, gettext_lazy("来源"), gettext_lazy("类型"), _NAME, gettext_lazy("内容")),
        ONLINE,
    ),
    "survey_score": (
        (gettext_lazy("题号"), gettext_lazy("题目"), gettext_lazy("分"), gettext_lazy("份数")),
        SURVEY,
    ),
    "conversion_rate": (
        (
            *(_NAME, _WHERE, gettext_lazy("对接成功"), gettext_lazy("领取白皮书")),
            gettext_lazy("月活率变化（百分点）"),
        ),
        CONVERSION,
    ),
    "matches": (
        (
            gettext_lazy("一方"),
            gettext_lazy("另一方"),
            gettext_lazy("理由"),
            gettext_lazy("确认时间"),
        ),
        MATCHES,
    ),
    "whitepaper_claims": (
        (gettext_lazy("领取时间"), _NAME, gettext_lazy("邮箱"), gettext_lazy("要新版本提醒")),
        CLAIMS,
    ),
    "community_uplift": (
        (
            *(_NAME, gettext_lazy("报名时月活率（%）"), gettext_lazy("30 天后（%）")),
            *(gettext_lazy("变化（百分点）"), gettext_lazy("说明"), gettext_lazy("回复时间")),
        ),
        UPLIFT,
    ),
}
STATES = {
    "counted": gettext_lazy("计入"),
    "absent": gettext_lazy("未到"),
    "walk_in": gettext_lazy("现场报名，另计"),
    "guest": gettext_lazy("访客，计入"),
    "guest_apart": gettext_lazy("访客，不计"),
    "apart": gettext_lazy("按口径不计"),
    "silent": gettext_lazy("没有互动记录"),
    "hidden": gettext_lazy("已隐藏，不计"),
    "not_submitted": gettext_lazy("未提交"),
    "not_converted": gettext_lazy("没有转化"),
    "declined": gettext_lazy("已婉拒"),
    "waiting": gettext_lazy("等一方确认"),
    "not_opened": gettext_lazy("还没打开信里的链接，不计"),
    "no_answer": gettext_lazy("尚未回复，不计"),
    "no_before": gettext_lazy("报名时没有填，不计"),
}
WORDS = {
    "own": gettext_lazy("本站"),
    "imported": gettext_lazy("直播平台"),
    **KINDS,
}


@dataclass(frozen=True)
class Rows:
    """`headers` and `rows` of plain values; the last column says whether the row counts."""

    headers: list
    rows: list
    states: dict


def behind(event, key):
    """The Rows behind one metric of the event, as they are now. KeyError for another key."""
    headers, statement = LISTS[key]
    definition = _definition(event, key)
    given = {
        "event": event.pk,
        "kinds": list(definition.get("kinds", [])),
        "ways": list(definition.get("ways", [])),
        "points": definition.get("uplift_points", 10),
        "guests": "guest" in definition.get("viewers", []),
        "sources": list(definition.get("sources", [])),
        "fewest": FEWEST_SHOWN,
    }
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        found = cursor.fetchall()
    counts = {}
    for *_values, state in found:
        counts[state] = counts.get(state, 0) + 1
    place = headers.index(_WHERE) if _WHERE in headers else None
    return Rows(
        headers=[*map(str, headers), _("是否计入")],
        rows=[_shown(event, values, place) for values in found],
        states={str(STATES[state]): number for state, number in counts.items()},
    )


def _definition(event, key):
    target = event.targets.filter(key=key).first()
    return BY_KEY[key].definition(target.definition if target else {})


def _shown(event, values, place):
    *cells, state = values
    return [
        *(
            str(PLACE[bool(cell)]) if number == place else _cell(event, cell)
            for number, cell in enumerate(cells)
        ),
        str(STATES[state]),
    ]


def _cell(event, cell):
    if isinstance(cell, bool):
        return _("是") if cell else ""
    if isinstance(cell, list):
        return _("、").join(str(WORDS[word]) for word in cell)
    if hasattr(cell, "astimezone"):
        return event.local(cell)
    return cell


def sheets(event, evaluation):
    """The whole evaluation as sheets for salon.sheets.write_table: figures, then every metric's
    rows. The rows are read one metric at a time."""
    yield (
        _("指标"),
        [_("维度"), _("指标"), _("公式"), _("分子"), _("分母"), _("结果"), _("目标"), _("达标")],
        [
            [
                str(DIMENSIONS[measured["dimension"]]),
                str(BY_KEY[measured["key"]].name),
                str(BY_KEY[measured["key"]].spelled_out(measured.get("definition", {}))),
                measured["numerator"],
                measured["denominator"],
                _result(measured),
                measured["target"],
                {True: _("达标"), False: _("未达标"), None: ""}[measured["met"]],
            ]
            for measured in readable(evaluation)
        ],
        [10, 18, 44, 12, 12, 12, 10, 10],
    )
    for key in LISTS:
        found = behind(event, key)
        yield str(BY_KEY[key].name), found.headers, found.rows, [20] * len(found.headers)


def _result(measured):
    if measured.get("held_back"):
        return _("满 %(fewest)s 份再看") % {"fewest": measured["held_back"]}
    return _("没有数据") if measured["value"] is None else measured["value"]
