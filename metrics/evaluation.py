"""The evaluation: every metric of an event counted now, frozen with its date, and explained."""

import json
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db.models import Q
from django.utils import translation
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events.models import Event
from metrics import charts
from metrics.contributions import (
    ATTENDEES,
    CLAIM_IS_PROVEN,
    CONTRIBUTIONS,
    SOLUTIONS,
    attendee_ids,
    row,
)
from metrics.definitions import BY_KEY, DIMENSIONS, METRICS, UNITS
from metrics.models import Evaluation, Goal
from metrics.surveys import FEWEST_SHOWN, IN_SIGHT, STEP
from salon import audit, clock
from salon.meeting import goes_again, one_instant

__all__ = ["DIMENSIONS", "METRICS", "attendee_ids", "evaluate", "evaluate_if_due", "measure"]

# Late data is looked for this long; afterwards the organiser asks for a new evaluation.
LOOK_FOR = timedelta(days=120)


def measure(event):
    """Every metric of the event as JSON-able dicts, in the order of METRICS."""
    targets = {target.key: target for target in event.targets.all()}
    return [_measured(metric, event, targets.get(metric.key)) for metric in METRICS]


def _measured(metric, event, target):
    definition = metric.definition(target.definition if target else {})
    count = metric.count(event, definition)
    value = metric.value(count)
    wanted = target.value if target else None
    return {
        "key": metric.key,
        "dimension": metric.dimension,
        "numerator": _number(count.numerator),
        "denominator": _number(count.denominator),
        "value": _number(value),
        "unit": metric.unit,
        "target": _number(wanted),
        "met": None if value is None or wanted is None else bool(value >= wanted),
        "definition": definition,
        "left_out": [[_frozen(sentence), number] for sentence, number in count.left_out if number],
    }


def _frozen(sentence):
    """A sentence to be kept: in the house's language, which is its key in every other."""
    with translation.override(settings.LANGUAGE_CODE):
        return str(sentence)


def _number(value):
    """A JSON number: whole where it is whole."""
    if value is None:
        return None
    return int(value) if value == int(value) else float(value)


def readable(evaluation):
    """The evaluation's metrics as pages and files show them: a score of fewer than FEWEST_SHOWN
    sheets would tell whose marks they are, and is held back; `held_back` is the number that is
    waited for."""
    seen, out_of_sight = (evaluation.facts.get(key) or 0 for key in ("answers", "out_of_sight"))
    if seen >= FEWEST_SHOWN or not (seen or out_of_sight):
        return evaluation.metrics
    held_back = dict.fromkeys(("numerator", "denominator", "value", "met"))
    held_back["held_back"] = STEP if out_of_sight else FEWEST_SHOWN
    return [
        measured | held_back if measured["key"] == "survey_score" else measured
        for measured in evaluation.metrics
    ]


# --- what an evaluation has seen ------------------------------------------------------------------

# Counts and sums: when one differs, there is late data. A digest where one comes for another, as
# when a check-in was undone for the right person's, and the count stays.
FACTS = f"""
    WITH contribution AS ({CONTRIBUTIONS})
    SELECT jsonb_build_object(
        'window', (SELECT jsonb_build_array(starts_at, ends_at) FROM events_event
             WHERE id = %(event)s),
        'participants', (SELECT jsonb_object_agg(concat_ws(' ', status, room, source), seen) FROM (
            SELECT status, CASE WHEN online THEN 'online' ELSE 'on_site' END AS room, source,
                   jsonb_build_array(count(*), sum(active_rate)) AS seen
              FROM participants_participant
             WHERE event_id = %(event)s GROUP BY status, online, source) s),
        'check_ins', (SELECT count(*) FROM participants_checkin
             WHERE event_id = %(event)s AND voided_at IS NULL),
        'checked_in', (SELECT md5(string_agg(participant_id::text, ' ' ORDER BY participant_id))
             FROM participants_checkin WHERE event_id = %(event)s AND voided_at IS NULL),
        'visits', (SELECT count(*) FROM metrics_streamvisit v
             JOIN metrics_streamimport i ON i.id = v.source_id
             WHERE i.event_id = %(event)s AND i.undone_at IS NULL),
        'watched_minutes', (SELECT round(coalesce(sum(extract(epoch FROM left_at - joined_at)), 0)
                                         / 60)
             FROM metrics_streamvisit v JOIN metrics_streamimport i ON i.id = v.source_id
             WHERE i.event_id = %(event)s AND i.undone_at IS NULL),
        'chat_lines', (SELECT count(*) FROM metrics_chatline l
             JOIN metrics_streamimport i ON i.id = l.source_id
             WHERE i.event_id = %(event)s AND i.undone_at IS NULL AND NOT l.repeated),
        'contributions', (SELECT count(*) FROM contribution),
        'solutions', (SELECT count(*) FROM ({SOLUTIONS}) s WHERE shown),
        'questions', (SELECT count(*) FROM workshops_question
             WHERE event_id = %(event)s AND online AND gate <> 'hidden'),
        'groups', (SELECT count(*) FROM workshops_workgroup
             WHERE event_id = %(event)s AND published_at IS NOT NULL),
        'plans', (SELECT count(n.submitted_at) FROM workshops_plan n
             JOIN workshops_workgroup g ON g.id = n.group_id WHERE g.event_id = %(event)s),
        'answers', (SELECT count(*) FROM metrics_surveyresponse r
             JOIN metrics_survey s ON s.id = r.survey_id
             WHERE s.event_id = %(event)s AND {IN_SIGHT}),
        'matches', (SELECT count(*) FROM workshops_match m
             JOIN participants_participant p ON p.id = m.first_id
             JOIN participants_participant o ON o.id = m.second_id
             WHERE %(event)s IN (p.event_id, o.event_id) AND m.first_confirmed_at IS NOT NULL
               AND m.second_confirmed_at IS NOT NULL),
        'claims', (SELECT count(*) FROM metrics_whitepaperclaim w
             WHERE w.event_id = %(event)s AND {CLAIM_IS_PROVEN}),
        'follow_ups', (SELECT count(*) FROM metrics_followup f
             JOIN participants_participant p ON p.id = f.participant_id
             WHERE p.event_id = %(event)s),
        'follow_up_sum', (SELECT coalesce(sum(f.active_rate), 0) FROM metrics_followup f
             JOIN participants_participant p ON p.id = f.participant_id
             WHERE p.event_id = %(event)s),
        'targets', (SELECT jsonb_object_agg(key, jsonb_build_array(value, definition))
             FROM metrics_target WHERE event_id = %(event)s),
        'goals', (SELECT jsonb_agg(jsonb_build_array(id, text, target, result, source) ORDER BY id)
             FROM metrics_goal WHERE event_id = %(event)s))
        || jsonb_strip_nulls(jsonb_build_object(
            'out_of_sight', (SELECT nullif(bool_and(NOT {IN_SIGHT}), false)
             FROM metrics_surveyresponse r JOIN metrics_survey s ON s.id = r.survey_id
             WHERE s.event_id = %(event)s)))
"""


def facts(event):
    """What there is to see of the event now, as counts."""
    (seen,) = row(FACTS, event)
    return json.loads(seen) if isinstance(seen, str) else seen


def is_due(event):
    """No evaluation yet, or facts that the last one has not seen."""
    last = event.evaluations.first()
    return last is None or last.facts != facts(event)


def events_to_look_at(now):
    """Ended events that late data may still come to, and those never evaluated."""
    return Event.objects.ended(now).filter(
        Q(ends_at__gt=now - LOOK_FOR) | Q(evaluations__isnull=True)
    )


@goes_again
def evaluate(*, event, by=None):
    """Compute everything now and freeze it, all of one instant; earlier evaluations stay as they
    are."""
    with one_instant():
        seen = facts(event)
        evaluation = Evaluation.objects.create(
            event=event,
            computed_at=clock.now(),
            facts=seen,
            metrics=measure(event),
            charts=charts.draw_up(event),
            goals=goals_of(event),
        )
        audit.record("evaluate", evaluation, by=by)
    return evaluation


@goes_again
def evaluate_if_due(*, event):
    """The clock's evaluation; two workers at once make one. None when nothing is new."""
    with one_instant():
        event = Event.objects.select_for_update(no_key=True).get(pk=event.pk)
        return evaluate(event=event) if is_due(event) else None


# --- the event's own goals ------------------------------------------------------------------------

_GOALS = {
    Goal.Source.OPERATORS: ATTENDEES
    + """
        SELECT count(*) FROM attendee a JOIN participants_category k ON k.id = a.category_id
         WHERE k.key = 'core' AND a.id IN (SELECT participant_id FROM contribution)
    """,
    Goal.Source.MATCHES: """
        SELECT count(*) FROM workshops_match m
          JOIN participants_participant p ON p.id = m.first_id
          JOIN participants_participant o ON o.id = m.second_id AND o.event_id = p.event_id
         WHERE p.event_id = %(event)s AND m.first_confirmed_at IS NOT NULL
           AND m.second_confirmed_at IS NOT NULL
    """,
    Goal.Source.WHITEPAPERS: """
        SELECT count(*) FROM metrics_whitepaper
         WHERE event_id = %(event)s AND published_at IS NOT NULL
    """,
    Goal.Source.PLANS: """
        SELECT count(*) FROM workshops_plan n JOIN workshops_workgroup g ON g.id = n.group_id
         WHERE g.event_id = %(event)s AND n.submitted_at IS NOT NULL
    """,
}


def goals_of(event):
    """The event's goals with their results now: dicts of text, target, result, met."""
    found = []
    for goal in event.goals.all():
        result = row(_GOALS[goal.source], event)[0] if goal.source in _GOALS else goal.result
        found.append(
            {
                "text": goal.text,
                "target": goal.target,
                "result": result,
                "met": None if result is None else result >= goal.target,
            }
        )
    return found


# --- the difference between two evaluations -------------------------------------------------------

# fact → (sentence when there is more of it, when there is less)
_SAID = {
    "participants": (gettext_lazy("名单变了"), gettext_lazy("名单变了")),
    "check_ins": (gettext_lazy("多了 {n} 次签到"), gettext_lazy("撤销了 {n} 次签到")),
    "visits": (gettext_lazy("多了 {n} 条进出记录"), gettext_lazy("少了 {n} 条进出记录")),
    "watched_minutes": (
        gettext_lazy("进出记录多了 {n} 分钟"),
        gettext_lazy("进出记录少了 {n} 分钟"),
    ),
    "chat_lines": (gettext_lazy("导入了 {n} 条聊天"), gettext_lazy("撤回了 {n} 条聊天")),
    "contributions": (gettext_lazy("多了 {n} 次互动"), gettext_lazy("少了 {n} 次互动")),
    "solutions": (gettext_lazy("多了 {n} 条解决方案"), gettext_lazy("隐藏了 {n} 条解决方案")),
    "questions": (
        gettext_lazy("多了 {n} 条线上提问与弹幕"),
        gettext_lazy("隐藏了 {n} 条线上提问与弹幕"),
    ),
    "groups": (gettext_lazy("多了 {n} 个小组"), gettext_lazy("少了 {n} 个小组")),
    "plans": (gettext_lazy("多交了 {n} 份方案"), gettext_lazy("撤回了 {n} 份方案")),
    "answers": (gettext_lazy("多了 {n} 份答卷"), gettext_lazy("少了 {n} 份答卷")),
    "matches": (gettext_lazy("多了 {n} 对对接"), gettext_lazy("少了 {n} 对对接")),
    "claims": (gettext_lazy("多了 {n} 次领取"), gettext_lazy("少了 {n} 次领取")),
    "follow_ups": (gettext_lazy("多了 {n} 份回访"), gettext_lazy("少了 {n} 份回访")),
}


@dataclass(frozen=True)
class Difference:
    """One metric that came out otherwise: `because` are sentences of what was different, `unit`
    stands behind both values."""

    key: str
    name: str
    unit: str
    before: float | None
    after: float | None
    because: list


def differences(earlier, later):
    """What changed from one frozen evaluation to another, each with its reasons."""
    before = {measured["key"]: measured for measured in readable(earlier)}
    return [
        Difference(
            key=after["key"],
            name=BY_KEY[after["key"]].name,
            unit=UNITS[after["unit"]],
            before=before[after["key"]]["value"],
            after=after["value"],
            because=_reasons(before[after["key"]], after, earlier.facts, later.facts),
        )
        for after in readable(later)
        if after["key"] in before and _counted(before[after["key"]]) != _counted(after)
    ]


def _counted(measured):
    return [measured.get(name) for name in ("numerator", "denominator", "value", "target")]


def _reasons(before, after, facts_before, facts_after):
    reasons = []
    if before.get("definition", {}) != after.get("definition", {}):
        reasons.append(_("口径改了"))
    if before["target"] != after["target"]:
        reasons.append(_("目标改了"))
    for fact in BY_KEY[after["key"]].feeds:
        if sentence := _more_or_less(fact, facts_before.get(fact), facts_after.get(fact)):
            reasons.append(sentence)
    changed = facts_before.get("follow_up_sum") != facts_after.get("follow_up_sum")
    if not reasons and changed and "follow_ups" in BY_KEY[after["key"]].feeds:
        reasons.append(_("有人改了回访"))
    return reasons or [_("数据更新了")]


def _more_or_less(fact, before, after):
    if before == after:
        return None
    more, less = _SAID[fact]
    if isinstance(after, dict) or isinstance(before, dict):
        return str(more)
    delta = (after or 0) - (before or 0)
    return str(format_lazy(more if delta > 0 else less, n=abs(delta)))
