"""Task card and plan of a group: six elements, rows, marks; one writes, all read. SALON §6.

The server's clock decides. What arrives after 0:00 is refused politely and kept as a draft.
"""

from dataclasses import dataclass
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from salon import audit, clock, live
from salon.errors import Refused
from salon.text import clean_text
from workshops.models import Phase, Plan, PlanEdit, PlanRow

WRITER_HOLDS = timedelta(seconds=45)
ELEMENT_LENGTH = 600
MOST_ROWS = 30
MARKS = ("need_fit", "appeal", "ease", "cost")


@dataclass(frozen=True)
class Effect:
    """effect = need fit × appeal × ease ÷ cost, each 1–5; `easier` is the effect with the
    threshold lowered by one step (ease + 1), None when it cannot get easier."""

    now: Decimal
    easier: Decimal | None


def effect(plan):
    def of(ease):
        value = Decimal(plan.need_fit * plan.appeal * ease) / plan.cost
        return value.quantize(Decimal("0.1"), ROUND_HALF_UP)

    return Effect(of(plan.ease), of(plan.ease + 1) if plan.ease < 5 else None)


def plan_of(group):
    plan, _created = Plan.objects.get_or_create(group=group)
    return plan


# --- phases -----------------------------------------------------------------------------------


def start_phase(*, phase, by, minutes=None):
    """Start the countdown of a phase; one that runs already goes on unchanged."""
    with transaction.atomic():
        phase = Phase.objects.select_for_update().select_related("event").get(pk=phase.pk)
        now = clock.now()
        if phase.started_at and phase.ends_at > now:
            return phase
        phase.started_at = now
        phase.ends_at = now + timedelta(minutes=minutes or phase.minutes)
        phase.save(update_fields=["started_at", "ends_at"])
        audit.record("start_phase", phase, by=by, fields=["started_at", "ends_at"])
        live.publish(phase.event, "workshop", "plans")
    return phase


def end_phase(*, phase, by):
    with transaction.atomic():
        phase = Phase.objects.select_for_update().select_related("event").get(pk=phase.pk)
        now = clock.now()
        if phase.started_at and phase.ends_at > now:
            phase.ends_at = now
            phase.save(update_fields=["ends_at"])
            audit.record("end_phase", phase, by=by, fields=["ends_at"])
            live.publish(phase.event, "workshop", "plans")
    return phase


def design_is_open(event):
    """By the database's clock."""
    return event.phases.filter(
        kind=Phase.Kind.DESIGN,
        started_at__lte=clock.database_now(),
        ends_at__gt=clock.database_now(),
    ).exists()


# --- one writer, many readers -----------------------------------------------------------------


def take_pen(*, group, person, by_force=False):
    """Become the group's writer for the next 45 seconds; saving holds the pen longer.

    Raises Refused("foreign"), or Refused("pen_taken") while another member writes; `by_force`
    takes it over, visibly for both.
    """
    _require_member(group, person)
    with transaction.atomic():
        plan = Plan.objects.select_for_update().get(pk=plan_of(group).pk)
        _hold_pen(plan, person, by_force=by_force)
        plan.save(update_fields=["writer", "writer_until"])
        live.publish(group.event, "plans")
    return plan


def save_plan(*, group, person, version, title=None, elements=None, rows=None, marks=None):
    """Autosave what is given; returns the plan with its new version.

    `elements` is {key: text}, `rows` a list of (time_node, owner, resources), `marks` {name: 1–5}.
    Raises Refused: "foreign", "pen_taken", "stale" (saved by somebody else since `version`),
    "closed" (after 0:00 or submitted; what was typed is kept as the late draft).
    """
    _require_member(group, person)
    text = {
        "title": clean_text(title or "")[:80],
        "elements": _clean_elements(group.event, elements or {}),
        "rows": [_clean_row(row) for row in (rows or [])][:MOST_ROWS],
        "marks": {name: value for name, value in (marks or {}).items() if name in MARKS},
    }
    with transaction.atomic():
        plan = Plan.objects.select_for_update().get(pk=plan_of(group).pk)
        late = plan.submitted_at is not None or not design_is_open(group.event)
        if late:
            plan.late_draft = text
            plan.save(update_fields=["late_draft"])
        else:
            _write(plan, person, version, text, given={"title": title, "rows": rows})
            PlanEdit.objects.update_or_create(plan=plan, participant=person)
            live.publish(group.event, "plans")
    if late:
        raise Refused(
            "closed", _("时间到,方案已锁定。您刚写的内容留作草稿,不计入方案。"), status=409
        )
    return plan


def submit(*, group, person):
    """Hand the plan in; it is read-only from now on."""
    _require_member(group, person)
    with transaction.atomic():
        plan = Plan.objects.select_for_update().get(pk=plan_of(group).pk)
        if plan.submitted_at is None:
            if not any(plan.elements.values()):
                raise Refused("empty", _("任务卡还是空的,先写一项再提交。"), status=400)
            if not design_is_open(group.event):
                raise Refused("closed", _("时间到,方案已锁定,不能再提交。"))
            plan.submitted_at = clock.now()
            plan.save(update_fields=["submitted_at"])
            audit.record("submit_plan", plan, by=person, event_id=group.event_id)
            live.publish(group.event, "plans")
    return plan


def _require_member(group, person):
    if not group.memberships.filter(participant=person).exists():
        raise Refused("foreign", _("这不是您的小组。"), status=404)


def _hold_pen(plan, person, *, by_force=False):
    now = clock.now()
    held = plan.writer_id not in (None, person.pk) and plan.writer_until and plan.writer_until > now
    if held and not by_force:
        raise Refused("pen_taken", _("%(name)s 正在填写,您可以看,也可以接过笔。") % {"name": plan.writer.name})
    plan.writer, plan.writer_until = person, now + WRITER_HOLDS


def _write(plan, person, version, text, *, given):
    _hold_pen(plan, person)
    if version != plan.version:
        raise Refused("stale", _("刚才有人改过,请看最新内容再继续。您写的字还在输入框里。"))
    if given["title"] is not None:
        plan.title = text["title"]
    plan.elements = {**plan.elements, **text["elements"]}
    for name, value in text["marks"].items():
        setattr(plan, name, min(5, max(1, int(value))))
    plan.version += 1
    plan.save()
    if given["rows"] is not None:
        plan.rows.all().delete()
        PlanRow.objects.bulk_create(
            PlanRow(plan=plan, position=position, time_node=node, owner=owner, resources=resources)
            for position, (node, owner, resources) in enumerate(text["rows"], start=1)
        )


def _clean_elements(event, elements):
    known = set(event.task_elements.values_list("key", flat=True))
    return {
        key: clean_text(str(value), multiline=True)[:ELEMENT_LENGTH]
        for key, value in elements.items()
        if key in known
    }


def _clean_row(row):
    node, owner, resources = (clean_text(str(part)) for part in row)
    return node[:60], owner[:60], resources[:200]
