"""Running the agenda: start, finish, extend, undo; editing it; moving the whole event.

Every verb locks the event's row first, so two hosts are one after the other. A press carries
`seen`, the number of the newest step its page knew (0 for none): if another step has come in
between, the press is refused with "already_done" and nothing happens twice.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

from events import preparation, timetable, upstairs
from events.models import AgendaItem, AgendaStep, Event
from salon import audit, clock, live
from salon.errors import Refused
from salon.seen import LOOK_AGAIN, require_unchanged

ITEM_TIMES = (
    "starts_at",
    "ends_at",
    "planned_starts_at",
    "planned_ends_at",
    "started_at",
    "finished_at",
)
EVENT_TIMES = ("ends_at", "ended_at")
# What taking a step back may touch: the day's marks stand beside a schedule that somebody may have
# edited since; an extension owns the schedule until somebody edits it, see _outdate_extensions.
MARKS = ("planned_starts_at", "planned_ends_at", "started_at", "finished_at", "ended_at")
SCHEDULE = ("starts_at", "ends_at", "planned_starts_at", "planned_ends_at")
TAKES_BACK = {
    AgendaStep.Verb.START: MARKS,
    AgendaStep.Verb.FINISH: MARKS,
    AgendaStep.Verb.EXTEND: SCHEDULE,
}


@dataclass(frozen=True)
class Span:
    """When the event was, before it changed."""

    starts_at: datetime
    ends_at: datetime


# --- reading ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Programme:
    """The agenda as a page shows it: `items` in order (each with `.state`: past, now, next,
    coming, skipped), the `current` and the `following` one or None, the interactive share."""

    event: Event
    items: list
    current: AgendaItem | None
    following: AgendaItem | None
    share: timetable.Share
    gaps: list
    over: bool

    @property
    def begun(self):
        return any(item.started_at for item in self.items)

    @property
    def strip(self):
        """The items end to end as parts of one bar, in minutes: `{"kind", "start", "size"}`."""
        start, parts = 0, []
        for item in self.items:
            kind = "interactive" if item.interactive else "plain"
            parts.append({"kind": kind, "start": start, "size": item.minutes})
            start += item.minutes
        return parts


def slot_of(item):
    return timetable.Slot(
        id=item.pk,
        title=item.title,
        starts_at=item.starts_at,
        ends_at=item.ends_at,
        kind=item.kind,
        interactive=item.interactive,
    )


def programme(event):
    """The event's agenda and where it stands; one query."""
    items = list(event.agenda.select_related("speaker"))
    slots = [slot_of(item) for item in items]
    current, following = _place(items)
    reached = max((index for index, item in enumerate(items) if item.started_at), default=-1)
    for index, item in enumerate(items):
        if item is current:
            item.state = "now"
        elif item.finished_at:
            item.state = "past"
        elif index < reached:
            item.state = "skipped"
        else:
            item.state = "next" if item is following else "coming"
    return Programme(
        event=event,
        items=items,
        current=current,
        following=following,
        share=timetable.interactive_share(slots, target_percent=event.interactive_target_percent),
        gaps=timetable.gaps(slots),
        over=event.ended_at is not None,
    )


def _place(items):
    """The running item and the one to come: the first unstarted after the last started."""
    current = next((item for item in items if item.started_at and not item.finished_at), None)
    reached = max((index for index, item in enumerate(items) if item.started_at), default=-1)
    following = next((item for item in items[reached + 1 :] if not item.started_at), None)
    return current, following


def is_rehearsal(event, *, now):
    """Whether a press now is practice: on a day before the event's own."""
    return now.astimezone(event.zone).date() < event.date


def has_begun(event, *, now):
    """Whether it is on, or has been: its hour has come, or an item was started shortly before."""
    if event.starts_at <= now:
        return True
    return not is_rehearsal(event, now=now) and event.agenda.begun().exists()


def last_step(event):
    return event.agenda_steps.in_force().first()


def seen_of(event):
    """What a page hands back as `seen` with the next press."""
    step = last_step(event)
    return step.pk if step else 0


# --- running it ---------------------------------------------------------------------------------


def start(*, event, item_id, seen, by):
    """Start an item; the running one is finished at the same moment. Returns the AgendaStep."""
    with transaction.atomic():
        event, items = _take(event, seen)
        item = _item(items, item_id)
        if item.started_at:
            raise Refused("started", _("“%(title)s”已经开始过了。") % {"title": item.title})
        return _start(event, items, item, by)


def finish(*, event, seen, by):
    """Finish the running item. After the last one the event has ended. Returns the AgendaStep."""
    with transaction.atomic():
        event, items = _take(event, seen)
        current, _following = _place(items)
        if current is None:
            raise Refused("nothing_runs", _("现在没有进行中的环节。"))
        return _finish(event, items, current, by)


def advance(*, event, seen, by):
    """The host's one button: finish what runs and start what comes next. Returns the AgendaStep."""
    with transaction.atomic():
        event, items = _take(event, seen)
        current, following = _place(items)
        if following is not None:
            return _start(event, items, following, by)
        if current is not None:
            return _finish(event, items, current, by)
        raise Refused("over", _("流程已经全部走完了。"))


def _take(event, seen):
    """Lock the event, refuse a press that comes too late, and read the items afresh."""
    event = Event.objects.select_for_update(no_key=True).get(pk=event.pk)
    if event.status == Event.Status.CANCELLED:
        raise Refused("cancelled", _("活动已取消。"))
    if seen != seen_of(event):
        raise Refused("already_done", _("刚才已有人操作过，页面已更新，请看一眼再按。"))
    return event, list(event.agenda.all())


def _item(items, item_id):
    for item in items:
        if item.pk == item_id:
            return item
    raise Refused("no_item", _("流程里没有这个环节，它可能刚被删掉。"), status=404)


def _start(event, items, item, by):
    before = _snapshot(event, items)
    now = clock.now()
    _announce_plan(items)
    for other in items:
        # The one that runs goes first: the table allows only one at a time.
        if other.started_at and not other.finished_at:
            other.finished_at = now
            other.save(update_fields=["finished_at"])
    item.started_at = now
    item.save(update_fields=["started_at"])
    event.ended_at = None
    event.save(update_fields=["ended_at"])
    return _note(event, AgendaStep.Verb.START, item, by=by, at=now, before=before)


def _finish(event, items, item, by):
    before = _snapshot(event, items)
    now = clock.now()
    item.finished_at = now
    item.save(update_fields=["finished_at"])
    if _place(items) == (None, None):
        event.ended_at = now
        event.save(update_fields=["ended_at"])
    return _note(event, AgendaStep.Verb.FINISH, item, by=by, at=now, before=before)


def _announce_plan(items):
    """Keep the schedule as it stood when the day began, for "planned against real"."""
    for item in items:
        if item.planned_starts_at is None:
            item.planned_starts_at, item.planned_ends_at = item.starts_at, item.ends_at
            item.save(update_fields=["planned_starts_at", "planned_ends_at"])


def _snapshot(event, items):
    return {
        "items": {str(item.pk): _times(item, ITEM_TIMES) for item in items},
        "event": _times(event, EVENT_TIMES),
    }


def _times(row, fields):
    moments = {name: getattr(row, name) for name in fields}
    return {name: moment and moment.isoformat() for name, moment in moments.items()}


def _note(event, verb, item, *, by, **details):
    step = AgendaStep.objects.create(event=event, verb=verb, item=item, by=by, **details)
    audit.record(f"agenda_{verb}", item, by=by, event_id=event.pk)
    changed(event)
    return step


def changed(event):
    """The end of each verb that changed the agenda of a locked event: every face follows.

    An editor opened before must not overwrite this; a calendar file fetched after is newer.
    """
    event.version += 1
    event.save(update_fields=["version"])
    _show(event)


def _show(event):
    live.publish(event, "agenda", "control")


# --- extending ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Shift:
    """One item before and after an extension, for the preview."""

    title: str
    was: timetable.Slot
    becomes: timetable.Slot

    @property
    def shortened(self):
        return self.becomes.length < self.was.length


def preview_extend(*, event, item_id, minutes, how):
    """What extending would change, as a list of `Shift`. Raises Refused like `extend`."""
    return _shifts(list(event.agenda.all()), item_id, minutes, how)


def extend(*, event, item_id, minutes, how, seen, by):
    """Give an item `minutes` (1–120) more; `how` is a timetable.How. Returns the AgendaStep."""
    with transaction.atomic():
        event, items = _take(event, seen)
        shifts = _shifts(items, item_id, minutes, how)
        before = _snapshot(event, items)
        _announce_plan(items)
        by_id = {item.pk: item for item in items}
        for shift in shifts:
            item = by_id[shift.becomes.id]
            item.starts_at, item.ends_at = shift.becomes.starts_at, shift.becomes.ends_at
            item.save(update_fields=["starts_at", "ends_at"])
        _stretch(event, items, by)
        details = {"at": clock.now(), "minutes": minutes, "before": before}
        return _note(event, AgendaStep.Verb.EXTEND, by_id[item_id], by=by, **details)


def _shifts(items, item_id, minutes, how):
    item = _item(items, item_id)
    if item.finished_at:
        raise Refused("finished", _("“%(title)s”已经结束，不能再延长。") % {"title": item.title})
    if not 1 <= minutes <= 120:
        raise Refused("minutes", _("一次可以延长 1 到 120 分钟。"))
    was = {slot.id: slot for slot in map(slot_of, items)}
    becomes = timetable.extend(was.values(), which=item_id, minutes=minutes, how=how)
    return [Shift(slot.title, was[slot.id], slot) for slot in becomes if slot != was[slot.id]]


def _stretch(event, items, by):
    """The event lasts as long as its agenda does; what hangs on its end is re-dated."""
    end = max(item.ends_at for item in items)
    if end > event.ends_at:
        before = Span(event.starts_at, event.ends_at)
        event.ends_at = end
        event.save(update_fields=["ends_at"])
        _tell_rooms_above(event, before, by)


def _tell_rooms_above(event, before, by):
    for redate in upstairs.when_moved:
        redate(event, before=before, by=by)


# --- undoing ------------------------------------------------------------------------------------


def undo(*, event, seen, by):
    """Take back the newest step; the one before it can be taken back next. Returns the step."""
    with transaction.atomic():
        event, items = _take(event, seen)
        step = last_step(event)
        if step is None:
            raise Refused("nothing_to_undo", _("没有可以撤销的操作。"))
        before = Span(event.starts_at, event.ends_at)
        fields = TAKES_BACK[step.verb]
        _put_back(step.before["event"], event, fields)
        # What runs now may have to stop before what ran then runs again.
        items.sort(key=lambda item: item.started_at is None or item.finished_at is not None)
        for item in items:
            if str(item.pk) in step.before["items"]:
                _put_back(step.before["items"][str(item.pk)], item, fields)
        step.undone_at = clock.now()
        step.save(update_fields=["undone_at"])
        audit.record("agenda_undo", step, by=by, event_id=event.pk)
        if event.ends_at != before.ends_at:
            _tell_rooms_above(event, before, by)
        changed(event)
        return step


def _put_back(times, row, fields):
    names = [name for name in times if name in fields]
    for name in names:
        setattr(row, name, times[name] and parse_datetime(times[name]))
    row.save(update_fields=names)


def _outdate_extensions(event):
    """The schedule has been laid anew by hand: the times from before are nobody's wish any more."""
    event.agenda_steps.in_force().filter(verb=AgendaStep.Verb.EXTEND).update(undone_at=clock.now())


# --- editing ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Draft:
    """One line of the editor. `id` is None for a new item; times are aware datetimes."""

    id: int | None
    kind: str
    title: str
    starts_at: datetime
    ends_at: datetime
    form: str = ""
    cue: str = ""
    interactive: bool = False
    speaker_id: int | None = None

    FIELDS = ("kind", "title", "starts_at", "ends_at", "form", "cue", "interactive", "speaker_id")


def save_agenda(*, event, drafts, version, by):
    """Make the agenda what the editor shows: change, add and remove items. Returns the event.

    `version` is the event's when the editor was opened. Raises Refused: "stale" when somebody
    else saved in between, "overlap" naming both items, "started" when an item that has begun
    would be removed. The event's own times follow the agenda.
    """
    with transaction.atomic():
        event = Event.objects.select_for_update(no_key=True).get(pk=event.pk)
        if event.version != version:
            raise Refused("stale", _("您编辑时，另一位同事刚保存过流程。请打开最新版再改一次。"))
        _refuse_bad_times(drafts)
        known = {item.pk: item for item in event.agenda.all()}
        was = _schedule(known.values())
        kept = {draft.id for draft in drafts if draft.id}
        if not kept <= known.keys():
            raise Refused("no_item", _("流程里没有这个环节，它可能刚被删掉。"), status=404)
        gone = [item for pk, item in known.items() if pk not in kept]
        if any(item.started_at for item in gone):
            raise Refused("started", _("已经开始的环节不能删除。"))
        event.agenda.filter(pk__in=[item.pk for item in gone]).delete()
        for draft in drafts:
            item = known.get(draft.id) or AgendaItem(event=event)
            for name in Draft.FIELDS:
                setattr(item, name, getattr(draft, name))
            item.save()
        if _schedule(event.agenda.all()) != was:
            _outdate_extensions(event)
        _follow_agenda(event, drafts, by)
        audit.record("save_agenda", event, by=by, event_id=event.pk, fields=["agenda"])
        _show(event)
        return event


def _schedule(items):
    return {(item.pk, item.starts_at, item.ends_at) for item in items}


def _refuse_bad_times(drafts):
    slots = [
        timetable.Slot(index, draft.title, draft.starts_at, draft.ends_at)
        for index, draft in enumerate(drafts)
    ]
    for slot in slots:
        if slot.ends_at <= slot.starts_at:
            raise Refused("length", _("“%(title)s”至少要有 1 分钟。") % {"title": slot.title})
    for first, second in timetable.overlaps(slots):
        raise Refused(
            "overlap",
            _("“%(first)s”和“%(second)s”的时间重叠了，请错开。")
            % {"first": first.title, "second": second.title},
        )


def _follow_agenda(event, drafts, by):
    before = Span(event.starts_at, event.ends_at)
    event.version += 1
    if drafts:
        event.starts_at = min(draft.starts_at for draft in drafts)
        event.ends_at = max(draft.ends_at for draft in drafts)
    event.save(update_fields=["version", "starts_at", "ends_at"])
    if before != Span(event.starts_at, event.ends_at):
        _tell_rooms_above(event, before, by)


# --- moving the whole event ---------------------------------------------------------------------


def require_day_of_ours(day):
    """An event's day or start. Raises Refused("date") where what belongs to it, the milestone sixty
    days before and the letter thirty days after, would leave the calendar."""
    if not 2000 <= day.year <= 2200:
        raise Refused("date", _("日期要在 2000 年到 2200 年之间。"), status=400)


def move_event(*, event, starts_at, by, was: str | None = None):
    """Move the event to a new start: agenda, open milestones, registration and reminders go along.

    Clock times stay what they are on the wall (13:30 is 13:30 after a change to summer time).
    Milestones that are done stay where they were done; a registration that has opened stays open.
    Raises Refused once an item has started, when the new start is not in the future or beyond
    the calendar, or "stale" when `was` is not the stamp of the start that stands.
    """
    require_day_of_ours(starts_at)
    with transaction.atomic():
        event = Event.objects.select_for_update(no_key=True).get(pk=event.pk)
        require_unchanged(was, event.starts_at, told=LOOK_AGAIN)
        now = clock.now()
        items = list(event.agenda.all())
        if any(item.started_at for item in items):
            raise Refused(
                "started", _("活动已经开始，不能再改期。要从头来，请先撤销已开始的环节。")
            )
        if starts_at <= now:
            raise Refused("past", _("新的开始时间要在现在之后。"))
        before = Span(event.starts_at, event.ends_at)
        days = _Days(event, starts_at)
        _move_registration(event, days, now)
        event.starts_at, event.ends_at = starts_at, days.later(event.ends_at)
        event.version += 1
        event.save()
        for item in items:
            item.starts_at, item.ends_at = days.later(item.starts_at), days.later(item.ends_at)
            item.planned_starts_at = item.planned_ends_at = None
            item.save()
        _outdate_extensions(event)
        preparation.follow_the_day(event)
        audit.record("move_event", event, by=by, event_id=event.pk, fields=["starts_at"])
        _tell_rooms_above(event, before, by)
        _show(event)
        return event


class _Days:
    """Moves moments by the wall clock of the event's zone."""

    def __init__(self, event, starts_at):
        self.zone = event.zone
        self.by = self._wall(starts_at) - self._wall(event.starts_at)

    def _wall(self, moment):
        return moment.astimezone(self.zone).replace(tzinfo=None)

    def later(self, moment):
        return (self._wall(moment) + self.by).replace(tzinfo=self.zone)


def _move_registration(event, days, now):
    if event.registration_opens_at and event.registration_opens_at > now:
        event.registration_opens_at = days.later(event.registration_opens_at)
    if event.registration_closes_at:
        event.registration_closes_at = days.later(event.registration_closes_at)
        # Pulled forward to a day before it opens: then it stays open until the doors do.
        opens = max(event.registration_opens_at or now, now)
        if event.registration_closes_at <= opens:
            event.registration_closes_at = None
            if event.registration_opens_at and event.registration_opens_at > now:
                event.registration_opens_at = now
