"""Sixty days of preparation: who does what by when, who is reminded, and whether one is ready.

Dates follow the event's day: a milestone of T-14 is due fourteen days before, wherever that is.
One that is done keeps the day it had. Reminders are rows of the outbox that follow the dates:
`plan_reminders` brings them in line whenever a milestone or the event has changed.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from events.models import Event, Milestone, PrepGroup, PrepMember
from salon import audit, clock, live, outbox, seen
from salon.errors import Refused
from salon.models import Message

REMIND_DAYS_BEFORE = 2
REMIND_AT = time(9, 0)
SOON = timedelta(days=7)


# --- reading ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Board:
    """The milestones by urgency on the event's own calendar day `today`."""

    today: date
    overdue: list = field(default_factory=list)
    soon: list = field(default_factory=list)  # today and the next seven days
    later: list = field(default_factory=list)
    done: list = field(default_factory=list)

    @property
    def total(self):
        return sum(len(part) for part in (self.overdue, self.soon, self.later, self.done))


def sort_board(milestones, *, today):
    """Pure: put each milestone where it belongs; order within a part is kept."""
    board = Board(today)
    for milestone in milestones:
        if milestone.done_at:
            board.done.append(milestone)
        elif milestone.due_on < today:
            board.overdue.append(milestone)
        elif milestone.due_on <= today + SOON:
            board.soon.append(milestone)
        else:
            board.later.append(milestone)
    return board


def board(event, *, now):
    milestones = event.milestones.select_related("group", "owner", "done_by")
    return sort_board(milestones, today=event.local(now).date())


# --- milestones ---------------------------------------------------------------------------------


def _lock(event):
    return Event.objects.select_for_update(no_key=True).get(pk=event.pk)


def _of(event, rows, pk):
    """The row of this event, or a refusal that tells nothing of other events."""
    row = rows.filter(pk=pk).first()
    if row is None:
        raise Refused("gone", _("这一条已经不在了，请刷新后再看。"), status=404)
    return row


def set_done(*, event, milestone_id, done, by):
    """Tick a milestone, or take the tick away; what is done already stays as it was done."""
    with transaction.atomic():
        event = _lock(event)
        milestone = _of(event, event.milestones, milestone_id)
        if (milestone.done_at is not None) == done:
            return milestone
        milestone.done_at = clock.now() if done else None
        milestone.done_by = by if done else None
        if not done:
            milestone.due_on = event.date - timedelta(days=milestone.days_before)
        milestone.save(update_fields=["done_at", "done_by", "due_on"])
        _note("finish_milestone" if done else "reopen_milestone", event, milestone, by, ["done_at"])
        return milestone


def assign(*, event, milestone_id, owner_id, by, was: str | None = None):
    """Give a milestone to a member (None: to nobody); the member's group takes it along.

    `was` is the stamp of the owner that the page showed. Raises Refused("gone" | "stale").
    """
    with transaction.atomic():
        event = _lock(event)
        milestone = _of(event, event.milestones, milestone_id)
        seen.require_unchanged(was, milestone.owner_id, told=seen.LOOK_AGAIN)
        owner = owner_id and _of(event, members(event), owner_id)
        milestone.owner = owner or None
        if owner:
            milestone.group = owner.group
        milestone.save(update_fields=["owner", "group"])
        _note("assign_milestone", event, milestone, by, ["owner"])
        return milestone


def add_milestone(*, event, title, days_before, group_id=None, by):
    with transaction.atomic():
        event = _lock(event)
        milestone = Milestone.objects.create(
            event=event,
            title=title,
            days_before=days_before,
            due_on=event.date - timedelta(days=days_before),
            group=_of(event, event.prep_groups, group_id) if group_id else None,
        )
        _note("add_milestone", event, milestone, by, ["title", "days_before"])
        return milestone


def _note(verb, event, row, by, fields):
    audit.record(verb, row, by=by, event_id=event.pk, fields=fields)
    plan_reminders(event)
    live.publish(event, "control")


def follow_the_day(event):
    """Open milestones move with the event; part of the verb that moved it."""
    for milestone in event.milestones.not_done():
        milestone.due_on = event.date - timedelta(days=milestone.days_before)
        milestone.save(update_fields=["due_on"])
    plan_reminders(event)


# --- groups -------------------------------------------------------------------------------------


def members(event):
    return PrepMember.objects.filter(group__event=event).select_related("group")


def add_member(*, event, group_id, name, email="", is_lead=False, by):
    """Add somebody to a group. Raises Refused("lead") when the group has a lead already."""
    with transaction.atomic():
        event = _lock(event)
        group = _of(event, event.prep_groups, group_id)
        if is_lead and group.members.filter(is_lead=True).exists():
            raise Refused("lead", _("“%(group)s”已经有组长了。") % {"group": group.name})
        member = PrepMember.objects.create(
            group=group, name=name, email=email.lower(), is_lead=is_lead
        )
        audit.record("add_member", member, by=by, event_id=event.pk)
        return member


def remove_member(*, event, member_id, by):
    """Take somebody out of a group; their milestones stay with the group, without an owner."""
    with transaction.atomic():
        event = _lock(event)
        member = _of(event, members(event), member_id)
        audit.record("remove_member", member, by=by, event_id=event.pk)
        member.delete()


def make_lead(*, event, member_id, by):
    with transaction.atomic():
        event = _lock(event)
        member = _of(event, members(event), member_id)
        member.group.members.filter(is_lead=True).update(is_lead=False)
        member.is_lead = True
        member.save(update_fields=["is_lead"])
        audit.record("make_lead", member, by=by, event_id=event.pk, fields=["is_lead"])
        return member


def fill_role(*, event, role_id, people, by, was: str | None = None):
    """Note who fills a role on the day, as free text. Returns the StaffRole.

    `was` is the stamp of the text that the page showed. Raises Refused("gone" | "stale").
    """
    with transaction.atomic():
        role = _of(event, event.staff_roles.select_for_update(), role_id)
        seen.require_unchanged(was, role.people)
        role.people = people
        role.save(update_fields=["people"])
        audit.record("fill_role", role, by=by, event_id=event.pk, fields=["people"])
        return role


def answerable(milestone):
    """Who is reminded: the owner, else the lead of the group, else None."""
    if milestone.owner or milestone.group is None:
        return milestone.owner
    return milestone.group.members.filter(is_lead=True).first()


# --- reminders ----------------------------------------------------------------------------------

OWNER, DAY = "milestone_due", "milestones_of_day"


def plan_reminders(event):
    """Bring the planned reminders in line with the milestones, within the verb's transaction.

    Each owner hears by e-mail two days before, the crew's group in the morning of the day. What
    has gone stays gone; what is planned moves, or is called off when nobody needs it.
    """
    now = clock.now()
    wanted = {}
    if event.status != Event.Status.CANCELLED:
        for milestone in event.milestones.not_done():
            day = milestone.due_on - timedelta(days=REMIND_DAYS_BEFORE)
            wanted[OWNER, str(milestone.pk)] = _morning(event, day)
            wanted[DAY, f"{milestone.due_on}"] = _morning(event, milestone.due_on)
    planned = Message.objects.of_event(event).open().filter(kind__in=(OWNER, DAY))
    for message in planned:
        kind = message.kind
        moment = wanted.pop((kind, message.context["about"]), None)
        this = Message.objects.filter(pk=message.pk)
        if moment is None or moment <= now:
            outbox.cancel(this)
        elif moment != message.due_at:
            outbox.redate(this, due_at=moment, until=_until(event, kind, moment))
    for (kind, about), moment in wanted.items():
        if moment > now:
            _plan(event, kind, about, moment)


def _morning(event, day):
    return datetime.combine(day, REMIND_AT, event.zone)


def _until(event, kind, moment):
    """A reminder says what is still to come: to the end of the day by which it has to be done."""
    days = REMIND_DAYS_BEFORE if kind == OWNER else 0
    return datetime.combine(
        event.local(moment).date() + timedelta(days=days + 1), time(), event.zone
    )


def _plan(event, kind, about, moment):
    prefix = f"{kind}:{event.pk}:{about}:"
    # One that went before is history: a new date is a new reminder.
    number = Message.objects.filter(dedup_key__startswith=prefix).count()
    outbox.plan(
        dedup_key=f"{prefix}{number}",
        kind=kind,
        event_id=event.pk,
        due_at=moment,
        until=_until(event, kind, moment),
        channel=Message.Channel.EMAIL if kind == OWNER else Message.Channel.GROUP_BOT,
        batch="preparation",
        context={"about": about},
    )


def groups_with_members(event):
    return PrepGroup.objects.filter(event=event).order_by("pk").prefetch_related("members")
