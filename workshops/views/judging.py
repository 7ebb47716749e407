"""Mentors' reviews, the vote, and the hand that opens and closes them."""

from django.conf import settings
from django.contrib import messages
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from events.access import host, mentor, organiser
from participants.access import guest, in_the_house
from salon.errors import Refused, wants_json
from salon.qr import qr_svg
from workshops import judging, phases, plans, stage
from workshops.taking_part import standing_of
from workshops.views.posted import done, number, unreadable


@mentor
@never_cache
@require_http_methods(["GET", "POST"])
def review(request, slug):
    """Three marks and a suggestion for each group, on a mentor's phone."""
    refusal = None
    if request.method == "POST":
        group = get_object_or_404(
            request.event.work_groups.filter(published_at__isnull=False),
            pk=number(request, "group"),
        )
        try:
            judging.review(
                group=group,
                mentor=request.user,
                suggestion=request.POST.get("suggestion"),
                **{name: number(request, name) for name in judging.MARKS},
            )
        except Refused as refused:
            if wants_json(request):
                raise
            refusal = refused
        else:
            messages.success(request, _("已记下对%(name)s的点评。") % {"name": group.name})
            return done(request, "review", slug)
    context = _review_context(request, refusal)
    return render(
        request, "workshops/review.html", context, status=refusal.status if refusal else 200
    )


def _review_context(request, refusal):
    context = stage.context(request.event, for_crew=True)
    said = {row.group_id: row for row in judging.reviews_by(request.event, request.user)}
    for group in context["groups"]:
        mine = said.get(group.pk)
        group.reviewed = mine is not None
        group.marks = [
            (name, label, getattr(mine, name, None)) for name, label in judging.mark_labels()
        ]
        group.suggestion = mine.suggestion if mine else ""
        if refusal and request.POST.get("group") == str(group.pk):
            group.refusal = refusal
            group.suggestion = request.POST.get("suggestion", "")[:2000]
            group.marks = [
                (name, label, _mark(request.POST.get(name))) for name, label, _old in group.marks
            ]
    return context | {"done": len(said)}


def _mark(text):
    return int(text) if text in {"1", "2", "3", "4", "5"} else None


# --- the vote ---------------------------------------------------------------------------------


@guest
@never_cache
@require_http_methods(["GET", "POST"])
def me_vote(request, slug):
    """Two awards, one vote each; POST casts one."""
    refusal = None
    if request.method == "POST":
        try:
            judging.vote(
                person=request.person,
                award=get_object_or_404(request.event.awards, pk=number(request, "award")),
                group=get_object_or_404(request.event.work_groups, pk=number(request, "group")),
            )
        except Refused as refused:
            if wants_json(request):
                raise
            refusal = refused
        else:
            messages.success(request, _("已投出。投给谁只有您自己知道，系统里没有记录。"))
            return done(request, "me_vote", slug)
    context = _vote_context(request) | {"refusal": refusal}
    return render(
        request, "workshops/me_vote.html", context, status=refusal.status if refusal else 200
    )


@guest
@never_cache
@require_GET
def vote_now(request, slug):
    return render(request, "workshops/_vote.html", _vote_context(request))


def _vote_context(request):
    return {
        **stage.workshop_context(request.event),
        "person": request.person,
        "ballots": judging.ballots(request.person),
        "candidates": judging.candidates(request.person),
        "vote_phase": phases.phase_of(request.event, "vote"),
        "vote_open": stage.vote_is_open(request.event),
        "awards": judging.results(request.event),
        **standing_of(request.person),
        "here": "group",
    }


# --- the hand that opens and closes -----------------------------------------------------------


@organiser
@never_cache
@require_GET
def judging_page(request, slug):
    """Phases, plans, reviews and the vote for the organiser, on a laptop."""
    context = _hand_context(request.event) | {"back": "judging"}
    return render(request, "workshops/judging.html", context)


@host
@never_cache
@require_GET
def workshop_host(request, slug):
    """The same for the host, on a phone."""
    context = _hand_context(request.event) | {"back": "workshop_host"}
    return render(request, "workshops/workshop_host.html", context)


@host
@never_cache
@require_GET
def hand_now(request, slug):
    back = "judging" if request.GET.get("back") == "judging" else "workshop_host"
    context = _hand_context(request.event) | {"back": back}
    return render(request, "workshops/_hand.html", context)


def _hand_context(event):
    context = stage.context(event, for_crew=True)
    reviewed = judging.reviewed(event)
    late = plans.late_drafts_of(event, context["groups"])
    for group in context["groups"]:
        group.late_drafts = late.get(group.pk, [])
        if group.pk in reviewed:
            reviews, mean = reviewed[group.pk]
            words = {"reviews": reviews, "mean": mean}
            group.reviews_told = (
                ngettext(
                    "%(reviews)d 位导师点评，均分 %(mean)s",
                    "%(reviews)d 位导师点评，均分 %(mean)s",
                    reviews,
                )
                % words
            )
    board = phases.board(event)
    any_running = any(phase.state == "running" for phase in board)
    return {
        **context,
        "board": board,
        "any_running": any_running,
        "up_next": None
        if any_running
        else next((phase for phase in board if phase.state == "todo"), None),
        "vote_phase": phases.phase_of(event, "vote"),
        "turnout": judging.turnout(event),
    }


@host
@require_POST
def press(request, slug):
    """`act` is start, extend, end (with `phase`), close_vote, show (with `group`) or show_all."""
    try:
        _press(request)
    except Refused as refused:
        if wants_json(request):
            raise
        messages.warning(request, refused.message)
    from_judging = request.POST.get("back") == "judging" and "organiser" in request.roles
    return done(request, "judging" if from_judging else "workshop_host", slug)


def _press(request):
    event, by, act = request.event, request.user, request.POST.get("act", "")
    if act in {"start", "extend", "end"}:
        phase = get_object_or_404(event.phases, pk=number(request, "phase"))
        if act == "start":
            minutes = number(request, "minutes") if request.POST.get("minutes") else None
            phases.start_phase(phase=phase, by=by, minutes=minutes)
        elif act == "extend":
            phases.extend_phase(phase=phase, minutes=number(request, "minutes"), by=by)
        else:
            phases.end_phase(phase=phase, by=by)
    elif act == "close_vote":
        judging.close_vote(event=event, by=by)
    elif act == "show":
        group = get_object_or_404(event.work_groups, pk=number(request, "group"))
        stage.show(event=event, group=group, by=by)
    elif act == "show_all":
        stage.show(event=event, group=None, by=by)
    else:
        raise unreadable()


@in_the_house
@never_cache
@require_GET
def wall_plans(request, slug):
    link = settings.PUBLIC_URL + reverse("me_group", args=[slug])
    context = stage.context(request.event) | {
        "qr": qr_svg(link),
        "address": link.split("://")[-1].rstrip("/"),
    }
    return render(request, "workshops/wall_plans.html", context)
