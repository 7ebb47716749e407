"""The evaluation: each metric one small definition, counted in SQL, frozen with its date.

A definition states where its numerator and denominator come from and who is left out; SALON §7
is the source of all of them. A denominator of nothing is "no data" (value None), never 0 or 100 %.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from metrics.models import Evaluation
from salon import audit, clock

HUNDRED = Decimal(100)


@dataclass(frozen=True)
class Count:
    """What SQL counted: `left_out` are (sentence, number) pairs of who does not count."""

    numerator: Decimal | None
    denominator: Decimal | None = None
    left_out: tuple = ()


@dataclass(frozen=True)
class Metric:
    """A definition. `unit` is "%", "min", "count", "points" (1–5) or "pp" (percentage points)."""

    key: str
    dimension: str
    name: str
    formula: str
    unit: str
    count: Callable
    is_a_count: bool = field(default=False)

    def value(self, count):
        if self.is_a_count:
            return count.numerator
        if not count.denominator:
            return None
        value = Decimal(count.numerator) / Decimal(count.denominator)
        if self.unit == "%":
            value *= HUNDRED
        return value.quantize(Decimal("0.01"), ROUND_HALF_UP)


DIMENSIONS = {
    "participation": _("参与度"),
    "interaction": _("互动率"),
    "satisfaction": _("满意度"),
    "conversion": _("转化"),
}

# One row per thing that a person contributed: (participant, what, at).
CONTRIBUTIONS = """
    SELECT s.participant_id, 'solution' AS what, s.created_at AS at
      FROM workshops_solution s JOIN workshops_paincard c ON c.id = s.card_id
     WHERE c.event_id = %(event)s AND s.hidden_at IS NULL
    UNION ALL
    SELECT l.participant_id, 'like', l.at
      FROM workshops_solutionlike l JOIN workshops_solution s ON s.id = l.solution_id
      JOIN workshops_paincard c ON c.id = s.card_id WHERE c.event_id = %(event)s
    UNION ALL
    SELECT participant_id, kind, created_at FROM workshops_question
     WHERE event_id = %(event)s AND state <> 'hidden'
    UNION ALL
    SELECT l.participant_id, 'danmaku', l.at
      FROM metrics_chatline l JOIN metrics_streamimport i ON i.id = l.source_id
     WHERE i.event_id = %(event)s AND i.undone_at IS NULL
    UNION ALL
    SELECT t.participant_id, 'tip', t.finished_at
      FROM workshops_tip t JOIN workshops_icebreaker i ON i.id = t.icebreaker_id
     WHERE i.event_id = %(event)s
    UNION ALL
    SELECT o.participant_id, 'offer', o.updated_at
      FROM workshops_listing o JOIN participants_participant p ON p.id = o.participant_id
     WHERE p.event_id = %(event)s AND o.offer <> ''
    UNION ALL
    SELECT e.participant_id, 'plan', e.at
      FROM workshops_planedit e JOIN workshops_plan n ON n.id = e.plan_id
      JOIN workshops_workgroup g ON g.id = n.group_id WHERE g.event_id = %(event)s
    UNION ALL
    SELECT v.participant_id, 'vote', NULL
      FROM workshops_voteticket v JOIN workshops_award a ON a.id = v.award_id
     WHERE a.event_id = %(event)s
"""

# Who came: checked in at the door, or an online person seen on the stream or contributing.
ATTENDEES = f"""
    WITH contribution AS ({CONTRIBUTIONS}),
    visit AS (
        SELECT v.participant_id FROM metrics_streamvisit v
          JOIN metrics_streamimport i ON i.id = v.source_id
          JOIN events_event e ON e.id = i.event_id
         WHERE i.event_id = %(event)s AND i.undone_at IS NULL
           AND v.joined_at < e.ends_at AND v.left_at > e.starts_at
    ),
    attendee AS (
        SELECT p.* FROM participants_participant p
         WHERE p.event_id = %(event)s AND (
            EXISTS (SELECT FROM participants_checkin c
                     WHERE c.participant_id = p.id AND c.voided_at IS NULL)
            OR p.online AND (p.id IN (SELECT participant_id FROM visit)
                             OR p.id IN (SELECT participant_id FROM contribution)))
    )
"""


def attendee_ids(event):
    """Ids of everyone who came, room and stream alike."""
    with connection.cursor() as cursor:
        cursor.execute(ATTENDEES + "SELECT id FROM attendee ORDER BY id", {"event": event.pk})
        return [pk for (pk,) in cursor.fetchall()]


def _row(sql, event):
    with connection.cursor() as cursor:
        cursor.execute(sql, {"event": event.pk})
        return cursor.fetchone()


def attendance_rate(event):
    came, confirmed, walk_ins = _row(
        """
        SELECT count(c.id) FILTER (WHERE p.source <> 'walk_in'),
               count(*) FILTER (WHERE p.source <> 'walk_in'),
               count(c.id) FILTER (WHERE p.source = 'walk_in')
          FROM participants_participant p
          LEFT JOIN participants_checkin c ON c.participant_id = p.id AND c.voided_at IS NULL
         WHERE p.event_id = %(event)s AND NOT p.online AND p.status = 'confirmed'
        """,
        event,
    )
    return Count(came, confirmed, ((_("现场报名的人单独计数"), walk_ins),))


def mean_watch_minutes(event):
    minutes, viewers, guests = _row(
        """
        WITH stay AS (
            SELECT v.viewer, v.participant_id, range_agg(tstzrange(
                       greatest(v.joined_at, e.starts_at), least(v.left_at, e.ends_at))) AS times
              FROM metrics_streamvisit v
              JOIN metrics_streamimport i ON i.id = v.source_id
              JOIN events_event e ON e.id = i.event_id
             WHERE i.event_id = %(event)s AND i.undone_at IS NULL
               AND v.joined_at < e.ends_at AND v.left_at > e.starts_at
             GROUP BY v.viewer, v.participant_id
        ),
        watched AS (
            SELECT viewer, participant_id,
                   (SELECT sum(extract(epoch FROM upper(t) - lower(t))) / 60
                      FROM unnest(times) t) AS minutes
              FROM stay
        )
        SELECT round(sum(minutes), 2), count(*), count(*) FILTER (WHERE participant_id IS NULL)
          FROM watched
        """,
        event,
    )
    return Count(minutes, viewers, ((_("其中未对上名单的访客,一并计入"), guests),))


def interaction_rate(event):
    active, attendees = _row(
        ATTENDEES
        + """
        SELECT count(*) FILTER (WHERE id IN (SELECT participant_id FROM contribution)), count(*)
          FROM attendee
        """,
        event,
    )
    return Count(active, attendees)


def solutions(event):
    shown, hidden = _row(
        """
        SELECT count(*) FILTER (WHERE s.hidden_at IS NULL AND c.hidden_at IS NULL),
               count(*) FILTER (WHERE s.hidden_at IS NOT NULL OR c.hidden_at IS NOT NULL)
          FROM workshops_solution s JOIN workshops_paincard c ON c.id = s.card_id
         WHERE c.event_id = %(event)s
        """,
        event,
    )
    return Count(shown, None, ((_("已隐藏的不计"), hidden),))


def plan_submission_rate(event):
    return Count(
        *_row(
            """
            SELECT count(n.submitted_at), count(*)
              FROM workshops_workgroup g LEFT JOIN workshops_plan n ON n.group_id = g.id
             WHERE g.event_id = %(event)s AND g.published_at IS NOT NULL
            """,
            event,
        )
    )


def online_interactions(event):
    own, imported, hidden = _row(
        """
        SELECT (SELECT count(*) FROM workshops_question
                 WHERE event_id = %(event)s AND online AND state <> 'hidden'),
               (SELECT count(*) FROM metrics_chatline l
                  JOIN metrics_streamimport i ON i.id = l.source_id
                 WHERE i.event_id = %(event)s AND i.undone_at IS NULL),
               (SELECT count(*) FROM workshops_question
                 WHERE event_id = %(event)s AND online AND state = 'hidden')
        """,
        event,
    )
    return Count(own + imported, None, ((_("已隐藏的不计"), hidden),))


def survey_score(event):
    total, marks = _row(
        """
        SELECT sum((a.value)::int), count(*)
          FROM metrics_surveyresponse r
          JOIN metrics_survey s ON s.id = r.survey_id
          CROSS JOIN LATERAL jsonb_each_text(r.answers) a
          JOIN metrics_surveyquestion q ON q.id = a.key::bigint AND q.survey_id = s.id
         WHERE s.event_id = %(event)s AND q.scored
        """,
        event,
    )
    return Count(total, marks)


def conversion_rate(event):
    converted, attendees = _row(
        ATTENDEES
        + """
        SELECT count(*) FILTER (WHERE
                   EXISTS (SELECT FROM workshops_match m
                            WHERE a.id IN (m.first_id, m.second_id)
                              AND m.first_confirmed_at IS NOT NULL
                              AND m.second_confirmed_at IS NOT NULL)
                OR EXISTS (SELECT FROM metrics_whitepaperclaim w WHERE w.participant_id = a.id)
                OR EXISTS (SELECT FROM metrics_followup f
                            WHERE f.participant_id = a.id AND f.active_rate - a.active_rate >= 10)
               ), count(*)
          FROM attendee a
        """,
        event,
    )
    return Count(converted, attendees)


def matches(event):
    confirmed, waiting = _row(
        """
        SELECT count(*) FILTER (WHERE m.first_confirmed_at IS NOT NULL
                                  AND m.second_confirmed_at IS NOT NULL),
               count(*) FILTER (WHERE m.declined_at IS NULL
                    AND (m.first_confirmed_at IS NULL OR m.second_confirmed_at IS NULL))
          FROM workshops_match m JOIN participants_participant p ON p.id = m.first_id
         WHERE p.event_id = %(event)s
        """,
        event,
    )
    return Count(confirmed, None, ((_("还在等一方确认"), waiting),))


def whitepaper_claims(event):
    return Count(
        *_row("SELECT count(*) FROM metrics_whitepaperclaim WHERE event_id = %(event)s", event)
    )


def community_uplift(event):
    change, answered, silent, without_before = _row(
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


METRICS = (
    Metric(
        "attendance_rate",
        "participation",
        _("现场到场率"),
        _("现场已签到 ÷ 现场已确认(现场报名另计)"),
        "%",
        attendance_rate,
    ),
    Metric(
        "mean_watch_minutes",
        "participation",
        _("线上平均观看时长"),
        _("线上观众合并后的观看分钟 ÷ 线上观众人数"),
        "min",
        mean_watch_minutes,
    ),
    Metric(
        "interaction_rate",
        "interaction",
        _("互动参与率"),
        _("至少有一次互动记录的到场者 ÷ 到场者(现场与线上)"),
        "%",
        interaction_rate,
    ),
    Metric(
        "solutions",
        "interaction",
        _("痛点墙解决方案"),
        _("痛点墙上展示的解决方案条数"),
        "count",
        solutions,
        is_a_count=True,
    ),
    Metric(
        "plan_submission_rate",
        "interaction",
        _("方案提交率"),
        _("已提交方案的小组 ÷ 全部小组"),
        "%",
        plan_submission_rate,
    ),
    Metric(
        "online_interactions",
        "interaction",
        _("线上互动"),
        _("线上的提问与弹幕条数(本站与直播平台导入)"),
        "count",
        online_interactions,
        is_a_count=True,
    ),
    Metric(
        "survey_score",
        "satisfaction",
        _("问卷满意度"),
        _("内容、流程、嘉宾三题得分合计 ÷ 得分个数"),
        "points",
        survey_score,
    ),
    Metric(
        "conversion_rate",
        "conversion",
        _("转化率"),
        _("有成功对接、领取白皮书或月活率提升 ≥ 10 个百分点的到场者 ÷ 到场者"),
        "%",
        conversion_rate,
    ),
    Metric(
        "matches",
        "conversion",
        _("资源对接成功"),
        _("双方都确认的对接数"),
        "count",
        matches,
        is_a_count=True,
    ),
    Metric(
        "whitepaper_claims",
        "conversion",
        _("白皮书领取"),
        _("领取白皮书的不同人数"),
        "count",
        whitepaper_claims,
        is_a_count=True,
    ),
    Metric(
        "community_uplift",
        "conversion",
        _("社群活跃提升"),
        _("到场者月活率变化合计(30 天后 − 报名时)÷ 回复人数"),
        "pp",
        community_uplift,
    ),
)


def measure(event):
    """Every metric of the event as JSON-able dicts, in the order of METRICS."""
    targets = dict(event.targets.values_list("key", "value"))
    return [_measured(metric, metric.count(event), targets.get(metric.key)) for metric in METRICS]


def _measured(metric, count, target):
    value = metric.value(count)
    return {
        "key": metric.key,
        "dimension": metric.dimension,
        "numerator": _number(count.numerator),
        "denominator": _number(count.denominator),
        "value": _number(value),
        "unit": metric.unit,
        "target": _number(target),
        "met": None if value is None or target is None else bool(value >= target),
        "left_out": [[str(sentence), number] for sentence, number in count.left_out if number],
    }


def _number(value):
    """A JSON number: whole where it is whole."""
    if value is None:
        return None
    return int(value) if value == int(value) else float(value)


# What an evaluation has seen, as counts: when one differs, there is late data.
FACTS = """
    SELECT jsonb_build_object(
        'participants', (SELECT jsonb_object_agg(status, n) FROM (
            SELECT status, count(*) AS n FROM participants_participant
             WHERE event_id = %(event)s GROUP BY status) s),
        'check_ins', (SELECT count(*) FROM participants_checkin
             WHERE event_id = %(event)s AND voided_at IS NULL),
        'visits', (SELECT count(*) FROM metrics_streamvisit v
             JOIN metrics_streamimport i ON i.id = v.source_id
             WHERE i.event_id = %(event)s AND i.undone_at IS NULL),
        'contributions', (SELECT count(*) FROM contribution),
        'plans', (SELECT count(n.submitted_at) FROM workshops_plan n
             JOIN workshops_workgroup g ON g.id = n.group_id WHERE g.event_id = %(event)s),
        'answers', (SELECT count(*) FROM metrics_surveyresponse r
             JOIN metrics_survey s ON s.id = r.survey_id WHERE s.event_id = %(event)s),
        'matches', (SELECT count(*) FROM workshops_match m
             JOIN participants_participant p ON p.id = m.first_id
             WHERE p.event_id = %(event)s AND m.first_confirmed_at IS NOT NULL
               AND m.second_confirmed_at IS NOT NULL),
        'claims', (SELECT count(*) FROM metrics_whitepaperclaim WHERE event_id = %(event)s),
        'follow_ups', (SELECT count(*) FROM metrics_followup f
             JOIN participants_participant p ON p.id = f.participant_id
             WHERE p.event_id = %(event)s),
        'targets', (SELECT jsonb_object_agg(key, value) FROM metrics_target
             WHERE event_id = %(event)s))
"""


def facts(event):
    (seen,) = _row(f"WITH contribution AS ({CONTRIBUTIONS})" + FACTS, event)
    return json.loads(seen) if isinstance(seen, str) else seen


def is_due(event):
    """No evaluation yet, or facts that the last one has not seen."""
    last = event.evaluations.first()
    return last is None or last.facts != facts(event)


def evaluate(*, event, by=None):
    """Compute everything now and freeze it; earlier evaluations stay as they are."""
    with transaction.atomic():
        evaluation = Evaluation.objects.create(
            event=event, computed_at=clock.now(), metrics=measure(event), facts=facts(event)
        )
        audit.record("evaluate", evaluation, by=by)
    return evaluation
