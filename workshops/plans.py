"""Task card and plan of a group: six elements, rows, marks; one writes, all read. SALON §6.

The server's clock decides. What arrives after 0:00 is refused politely and kept as a draft.
"""

from dataclasses import dataclass
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from events.gate import BELL, pass_gate
from events.models import Gate, Kind
from participants.standing import hold
from salon import audit, clock, live
from salon.errors import Refused
from salon.meeting import goes_again
from salon.text import clean_text
from workshops import phases
from workshops.models import LateDraft, Membership, Phase, Plan, PlanEdit, PlanRow

WRITER_HOLDS = timedelta(seconds=45)
TITLE_LENGTH, ELEMENT_LENGTH = 80, 600
NODE_LENGTH, OWNER_LENGTH, RESOURCES_LENGTH = 60, 60, 200
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


def read(group):
    """The group's plan for looking at; an empty one while nobody has touched it."""
    plan = Plan.objects.select_related("writer").filter(group=group).first() or Plan(group=group)
    plan.group = group
    return plan


def rows_of(plan):
    """The plan's rows as (time node, owner, resources)."""
    if plan.pk is None:
        return []
    return [(row.time_node, row.owner, row.resources) for row in plan.rows.all()]


def texts_of(plan, *, rows=None):
    """Everything that is written in a plan; `rows` as `rows_of` gives them, if they are at hand."""
    fields = [field for row in (rows_of(plan) if rows is None else rows) for field in row]
    return tuple(filter(None, (plan.title, *plan.elements.values(), *fields)))


def texts_of_draft(draft):
    text = draft.text
    rows = [field for row in text.get("rows", []) for field in row]
    return tuple(filter(None, (text.get("title"), *text.get("elements", {}).values(), *rows)))


def rows_as_written(plan):
    """Rows as in `rows_of`, with the empty ones that the author left between them."""
    if plan.pk is None:
        return []
    written = {}
    for position, *row in plan.rows.values_list("position", "time_node", "owner", "resources"):
        written[position] = tuple(row)
    return [written.get(place, ("", "", "")) for place in range(1, max(written, default=0) + 1)]


@dataclass(frozen=True)
class Desk:
    """Where a plan stands for one member: may they write, who does, until when.

    `state` is "waiting" (design has not begun), "writing", "locked" (0:00 passed) or
    "submitted"; `writer` somebody else who holds the pen now, or None.
    """

    state: str
    ends_at: object
    now: object
    writer: object
    mine: bool

    @property
    def may_write(self):
        return self.state == "writing" and self.writer is None


def desk_of(plan, person, *, now=None):
    now = now or clock.now()
    design = phases.phase_of(plan.group.event, Phase.Kind.DESIGN)
    if plan.submitted_at:
        state = "submitted"
    elif design is None or design.started_at is None:
        state = "waiting"
    else:
        state = "writing" if design.ends_at > now else "locked"
    held = plan.writer_until is not None and plan.writer_until > now
    mine = held and plan.writer_id == person.pk
    return Desk(
        state,
        design and design.ends_at,
        now,
        plan.writer if held and not mine else None,
        mine,
    )


# --- one writer, many readers -----------------------------------------------------------------


def take_pen(*, group, person, by_force=False):
    """Become the group's writer for the next 45 seconds; saving holds the pen longer.

    Raises Refused("foreign"), or Refused("pen_taken") while another member writes; `by_force`
    takes it over, visibly for both.
    """
    with transaction.atomic():
        plan = _lock_plan(group, person)
        before = plan.writer_id
        _hold_pen(plan, person, by_force=by_force)
        plan.save(update_fields=["writer", "writer_until"])
        if before != person.pk:
            live.publish(group.event, "workshop")
    return plan


def lay_down_pen(*, group, person):
    """Let somebody else write; nothing happens when the pen is not in this hand."""
    with transaction.atomic():
        plan = _lock_plan(group, person)
        if plan.writer_id == person.pk:
            plan.writer, plan.writer_until = None, None
            plan.save(update_fields=["writer", "writer_until"])
            live.publish(group.event, "workshop")
    return plan


@goes_again
def save_plan(*, group, person, version, title=None, elements=None, rows=None, marks=None):
    """Autosave what is given; returns the plan with its new version.

    `elements` is {key: text}, `rows` a list of (time_node, owner, resources), `marks` {name: 1–5}.
    Empty rows are not kept, only the places of the others, so that none moves under its author.
    Raises Refused: "foreign", "pen_taken", "stale" (saved by somebody else since `version`),
    "mark", "not_begun", "closed" (after 0:00 or submitted; what was typed is kept as the person's
    late draft).
    """
    given = {"title": title, "elements": elements, "rows": rows, "marks": marks}
    text = {
        "title": clean_text(title or "", max_length=TITLE_LENGTH),
        "elements": _clean_elements(group.event, elements or {}),
        "rows": list(map(_clean_row, (rows or [])[:MOST_ROWS])),
        "marks": _clean_marks(marks or {}),
    }
    with transaction.atomic():
        plan = _lock_plan(group, person)
        refusal = _why_closed(plan, group.event)
        if refusal is None:
            _write(plan, person, version, text, given=given)
            _count_as_writer(plan, person)
            rung = ("plans", "workshop") if plan.is_shown else ("plans", "workshop", BELL)
            live.publish(group.event, *rung)
        elif refusal.code == "closed":
            late = text | {"rows": list(filter(any, text["rows"]))}
            _keep_late(plan, person, {name: late[name] for name in given if given[name]})
    if refusal:
        raise refusal
    return plan


def _keep_late(plan, person, late):
    """Keep what came too late and says something that the plan does not; the person's own words
    of before stay beside it, nobody else's are touched. The plan is locked."""
    draft = LateDraft.objects.filter(plan=plan, participant=person).first()
    draft = draft or LateDraft(plan=plan, participant=person)
    elements = {**draft.text.get("elements", {}), **late.get("elements", {})}
    draft.text = {**draft.text, **late} | ({"elements": elements} if elements else {})
    elements = list(plan.group.event.task_elements.all())
    if not parts_of(draft, plan, elements, rows_of(plan)):
        return
    draft.at = clock.now()
    stand = pass_gate(plan.group.event, Kind.PLAN, *texts_of_draft(draft), was=draft, now=draft.at)
    for name, value in stand.items():
        setattr(draft, name, value)
    draft.save()
    live.publish(plan.group.event, "workshop", BELL)


def parts_of(draft, plan, elements, rows):
    """What a late draft says and the plan does not, as [(words, text)]."""
    text = draft.text
    kept = text.get("elements", {})
    parts = [(Plan._meta.get_field("title").verbose_name, text.get("title"), plan.title)]
    parts += [(each.name, kept.get(each.key), plan.elements.get(each.key, "")) for each in elements]
    parts.append((_("活动方案表"), _as_lines(text.get("rows", [])), _as_lines(rows)))
    parts += [(words, text.get("marks", {}).get(name), now) for name, words, now in marks_of(plan)]
    return [(words, late) for words, late, now in parts if late and late != now]


def _as_lines(rows):
    return "\n".join(" · ".join(filter(None, row)) for row in rows)


@dataclass(frozen=True)
class Late:
    """One person's late draft, to be read by the crew, or by the group as far as it is on show:
    `author` is how its author is called, "" for not at all."""

    author: str
    at: object
    parts: list


def late_drafts(plan, elements, rows, *, person):
    """The drafts of one plan that a member may read, the oldest first; `rows` as `rows_of` gives
    them."""
    if plan.pk is None:
        return []
    drafts = plan.late_drafts.filter(Q(gate=Gate.SHOWN) | Q(participant=person))
    return [
        _late(draft, plan, elements, rows, draft.participant and draft.participant.shown_name)
        for draft in drafts.select_related("participant")
    ]


def late_drafts_of(event, groups):
    """The same for all plans of an event, one query: {group id: [Late]}; `groups` as
    `stage.groups_with_plans` gives them, with their `.card`."""
    by_plan = {group.written.pk: group for group in groups if group.written}
    found = {}
    for draft in LateDraft.objects.filter(plan__group__event=event).select_related("participant"):
        if group := by_plan.get(draft.plan_id):
            elements = [element for element, _text in group.card]
            author = draft.participant and draft.participant.name
            late = _late(draft, group.written, elements, group.rows, author)
            found.setdefault(group.pk, []).append(late)
    return found


def _late(draft, plan, elements, rows, author):
    return Late(author or "", draft.at, parts_of(draft, plan, elements, rows))


def submit(*, group, person):
    """Hand the plan in; it is read-only from now on. Again is harmless."""
    with transaction.atomic():
        plan = _lock_plan(group, person)
        if plan.submitted_at is None:
            if refusal := _why_closed(plan, group.event):
                raise refusal
            if not any(plan.elements.values()):
                raise Refused("empty", _("任务卡还是空的，先写一项再提交。"), status=400)
            plan.submitted_at = clock.now()
            plan.writer, plan.writer_until = None, None
            plan.save(update_fields=["submitted_at", "writer", "writer_until"])
            _count_as_writer(plan, person)
            audit.record("submit_plan", plan, by=person, event_id=group.event_id)
            live.publish(group.event, "plans", "workshop", "control")
    return plan


def take_back(*, group, person):
    """Open a submitted plan again while there is time. Raises Refused("closed") after 0:00."""
    with transaction.atomic():
        plan = _lock_plan(group, person)
        if plan.submitted_at is not None:
            if not phases.is_open(group.event, Phase.Kind.DESIGN):
                raise Refused("closed", _("时间到，方案已经锁定。"))
            plan.submitted_at = None
            plan.save(update_fields=["submitted_at"])
            audit.record("take_back_plan", plan, by=person, event_id=group.event_id)
            live.publish(group.event, "plans", "workshop", "control")
    return plan


def _why_closed(plan, event):
    """The refusal that keeps anybody from writing now, or None."""
    if plan.submitted_at is not None:
        return Refused("closed", _("方案已提交。您刚写的内容留作草稿，不计入方案。"))
    if phases.is_open(event, Phase.Kind.DESIGN):
        return None
    design = phases.phase_of(event, Phase.Kind.DESIGN)
    if design is None or design.started_at is None:
        return Refused("not_begun", _("设计还没开始，等主持人宣布后再填。"))
    return Refused("closed", _("时间到，方案已锁定。您刚写的内容留作草稿，不计入方案。"))


def _lock_plan(group, person):
    hold(person)  # before what they write, as whoever erases them
    plan = Plan.objects.select_for_update().filter(group=group).first()
    if plan is None:
        plan = Plan.objects.select_for_update().get(pk=plan_of(group).pk)
    plan.group = group
    # Asked under the lock: the organiser may be moving people.
    require_member(group, person)
    return plan


def _count_as_writer(plan, person):
    PlanEdit.objects.bulk_create(
        [PlanEdit(plan=plan, participant=person)],
        update_conflicts=True,
        unique_fields=["plan", "participant"],
        update_fields=["at"],
    )


def require_member(group, person):
    if not Membership.objects.filter(group=group, participant=person).exists():
        raise Refused("foreign", _("这不是您的小组。"), status=404)


def _hold_pen(plan, person, *, by_force=False):
    now = clock.now()
    held = plan.writer_id not in (None, person.pk) and plan.writer_until and plan.writer_until > now
    if held and not by_force:
        raise Refused(
            "pen_taken",
            _("%(name)s 正在填写，您可以看，也可以接过笔。您写的字还在输入框里。")
            % {"name": plan.writer.shown_name or _("组员")},
        )
    plan.writer, plan.writer_until = person, now + WRITER_HOLDS


def _write(plan, person, version, text, *, given):
    _hold_pen(plan, person)
    if version != plan.version:
        raise Refused("stale", _("刚才有人改过，请看最新内容再继续。您写的字没有丢。"))
    kept = list(plan.rows.values_list("position", "time_node", "owner", "resources"))
    rows = kept
    if given["rows"] is not None:
        rows = [(place, *row) for place, row in enumerate(text["rows"], 1) if any(row)]
    before = texts_of(plan, rows=[row[1:] for row in kept])
    if given["title"] is not None:
        plan.title = text["title"]
    plan.elements = {**plan.elements, **text["elements"]}
    for name, value in text["marks"].items():
        setattr(plan, name, value)
    plan.version += 1
    _come_to_the_gate(plan, before, texts_of(plan, rows=[row[1:] for row in rows]))
    plan.save()
    if rows != kept:
        _write_rows(plan, rows)


def _come_to_the_gate(plan, before, after):
    """Only what is new is judged as long as the plan is on show: what somebody has let pass once
    does not wait again with every word that is added to it."""
    new = set(after) - set(before)
    if not new and plan.gate != Gate.WAITING:
        return
    asked = new if plan.is_shown else after
    stand = pass_gate(plan.group.event, Kind.PLAN, *asked, was=plan)
    for name, value in stand.items():
        setattr(plan, name, value)


def _write_rows(plan, rows):
    plan.rows.all().delete()
    PlanRow.objects.bulk_create(
        PlanRow(plan=plan, position=place, time_node=node, owner=owner, resources=resources)
        for place, node, owner, resources in rows
    )


def _clean_elements(event, elements):
    known = set(event.task_elements.values_list("key", flat=True))
    return {
        key: clean_text(value, multiline=True, max_length=ELEMENT_LENGTH)
        for key, value in elements.items()
        if key in known
    }


def _clean_row(row):
    node, owner, resources = row
    return (
        clean_text(node, max_length=NODE_LENGTH),
        clean_text(owner, max_length=OWNER_LENGTH),
        clean_text(resources, max_length=RESOURCES_LENGTH),
    )


def _clean_marks(marks):
    marks = {name: value for name, value in marks.items() if name in MARKS}
    if not all(value in range(1, 6) for value in marks.values()):
        raise Refused("mark", _("每一项请打 1 到 5 分。"), status=400)
    return marks


def marks_of(plan):
    """The four marks of the effect helper as `[(field, words, value)]`."""
    return [(name, Plan._meta.get_field(name).verbose_name, getattr(plan, name)) for name in MARKS]
