"""What projector and phones show of the workshop: phases, plans, the plan on stage, awards."""

import hashlib

from django.contrib.postgres.aggregates import ArrayAgg
from django.db import transaction
from django.db.models import Count, Max, Prefetch, Q

from events.models import Event, Gate
from participants.models import Consent, Participant
from salon import audit, clock, live
from workshops import judging, phases, plans
from workshops.models import Membership, Phase, PlanRow, VoteTicket, WorkGroup


def groups_with_plans(event, *, for_crew=False):
    """Published groups, each with `.plan` or None in `.written`, and what may be read of it:
    `.title`, `.rows`, `.photos` and, with `with_elements`, its `.card`. The crew reads all, others
    what is on show."""
    groups = list(
        event.work_groups.filter(published_at__isnull=False)
        .select_related("plan")
        .prefetch_related(
            Prefetch("plan__rows", queryset=PlanRow.objects.order_by("position")),
            "plan__photos",
        )
        .order_by("number")
    )
    for group in groups:
        plan = group.written = getattr(group, "plan", None)
        group.state = _state(plan)
        group.readable = plan if plan and (for_crew or plan.is_shown) else None
        group.title = group.readable.title if group.readable else ""
        group.rows = plans.rows_of(group.readable) if group.readable else []
        photos = plan.photos.all() if plan else []
        group.photos = [photo for photo in photos if for_crew or photo.is_shown]
    return groups


def _state(plan):
    if plan is None or not (plan.version or plan.submitted_at):
        return "todo"
    return "submitted_plan" if plan.submitted_at else "doing"


def with_elements(plan, elements):
    """The task card as `[(TaskElement, text)]`, in the order of the card."""
    return [(element, plan.elements.get(element.key, "") if plan else "") for element in elements]


def current_phases(board):
    """The running phases, the one started last first; without one the last that ran; or []."""
    running = [phase for phase in board if phase.state == "running"]
    if running:
        return sorted(running, key=lambda phase: phase.started_at, reverse=True)
    over = [phase for phase in board if phase.state == "over"]
    return [max(over, key=lambda phase: phase.ends_at)] if over else []


def current_phase(board):
    """What has one place only shows this one, or None."""
    return next(iter(current_phases(board)), None)


def context(event, *, for_crew=False):
    """For `_wall_plans.html`: awards once they are out, else the plan on stage, else all plans.

    Each group with `.leader_named`: how the wall may call its leader, or ""."""
    groups = groups_with_plans(event, for_crew=for_crew)
    elements = list(event.task_elements.all())
    nameable = Participant.objects.consenting(Consent.Purpose.WALL_NAME).in_bulk(
        [group.leader_id for group in groups if group.leader_id]
    )
    for group in groups:
        leader = nameable.get(group.leader_id)
        group.leader_named = leader.shown_name if leader else ""
        group.card = with_elements(group.readable, elements)
        group.filled = sum(bool(text) for _element, text in group.card)
    board = phases.board(event)
    shown = next((group for group in groups if group.on_stage), None)
    if shown:
        _fit_the_projector(shown)
    return {
        "event": event,
        "groups": groups,
        "shown": shown,
        "phase": current_phase(board),
        "awards": judging.results(event),
        "submitted": sum(group.state == "submitted_plan" for group in groups),
        "now": clock.now(),
    }


# What the projector has room for: characters of an element in large and in middle letters; rows
# of the plan, and rows below a photo.
LARGE, MIDDLE = 36, 54
ROWS, ROWS_BELOW_PHOTO = 6, 4


def _fit_the_projector(group):
    """`.density` of the plan on stage, `.shown_rows`, and how many `.more_rows` there are."""
    longest = max((len(text) for _element, text in group.card), default=0)
    group.density = "roomy" if longest <= LARGE else "full" if longest <= MIDDLE else "dense"
    room = ROWS_BELOW_PHOTO if group.photos else ROWS
    # The line that says how many more there are needs room, too.
    many = len(group.rows) if len(group.rows) <= room else room - 1
    group.shown_rows, group.more_rows = group.rows[:many], len(group.rows) - many


def workshop_context(event):
    """For `_workshop.html`. `mark` of a group changes whenever its plan, its pen or its people
    do; `groups_mark` when groups are published or anybody comes, goes or changes places."""
    board = phases.board(event)
    groups = list(
        event.work_groups.filter(published_at__isnull=False)
        .select_related("plan")
        .annotate(
            # With distinct they come in order.
            people=ArrayAgg("memberships__participant", distinct=True),
            photo_count=Count("plan__photos", distinct=True),
            shown_photos=Count(
                "plan__photos", filter=Q(plan__photos__gate=Gate.SHOWN), distinct=True
            ),
            late_at=Max("plan__late_drafts__at"),
            late_seen_at=Max("plan__late_drafts__gate_seen_at"),
        )
    )
    called = _names_in(groups)
    for group in groups:
        plan = getattr(group, "plan", None)
        pen = plan and plan.writer_until and plan.writer_until > board_time(board)
        said = (group.name, group.leader_id, group.recorder_id, called.get(group.pk))
        wrote = plan and (
            *(plan.version, plan.gate, plan.submitted_at, plan.writer_id if pen else None),
        )
        photos = group.photo_count, group.shown_photos
        group.mark = _digest(said, wrote, photos, group.late_at, group.late_seen_at)
    return {
        "event": event,
        "board": board,
        "current": current_phases(board),
        "groups": groups,
        "groups_mark": _digest([(group.pk, group.people) for group in groups]),
        "turnout": VoteTicket.objects.filter(award__event=event).count(),
        "awards_out": event.awards.filter(closed_at__isnull=False).exists(),
        "now": board_time(board),
    }


def _names_in(groups):
    """{group id: [(person's id, name as the others read it)]}"""
    names = {}
    members = Membership.objects.filter(group__in=groups).select_related("participant")
    for member in members.order_by("pk"):
        person = member.participant
        names.setdefault(member.group_id, []).append((person.pk, person.shown_name))
    return names


def board_time(board):
    return board[0].now if board else clock.now()


def _digest(*state):
    return hashlib.sha256(repr(state).encode()).hexdigest()[:12]


def show(*, event, group, by):
    """Put one group's plan on the projector, or with `group` None all plans again."""
    with transaction.atomic():
        # One place on the projector: of two presses the later one has it.
        Event.objects.select_for_update(no_key=True).get(pk=event.pk)
        WorkGroup.objects.filter(event=event, on_stage=True).update(on_stage=False)
        if group is not None:
            WorkGroup.objects.filter(event=event, pk=group.pk).update(on_stage=True)
        audit.record("show_plan", group or event, by=by, event_id=event.pk, fields=["on_stage"])
        live.publish(event, "plans")


def vote_is_open(event):
    return phases.is_open(event, Phase.Kind.VOTE)
