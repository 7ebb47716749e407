"""Forming groups: what-if runs, dragging by hand, publishing, printed table cards."""

import secrets

from django.contrib import messages
from django.http import JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from events.access import organiser
from salon import asking
from salon.errors import Refused, wants_json
from workshops import groups
from workshops.views.posted import number

RUNS = 4


@organiser
@never_cache
@require_GET
def page(request, slug):
    """The groups as they are kept; without any, or with `?seed=`, what-if runs to choose from,
    which the page fetches when it stands: a hundred people take a while to try."""
    event = request.event
    kept = groups.standing(event)
    published = any(group.published_at for group in kept)
    unplaced = groups.without_group(event)
    context = {
        "event": event,
        "groups": kept,
        "published": published,
        "note": groups.note_of(kept),
        "unplaced": unplaced,
        "trying": not published and ("seed" in request.GET if kept else unplaced),
        "seed": _seed(request.GET.get("seed", "")),
        "next_seed": secrets.randbelow(10**6),
    }
    return render(request, "workshops/groups.html", context)


@organiser
@never_cache
@require_GET
def what_ifs(request, slug):
    """A few runs from `?seed=` on."""
    first = _seed(request.GET.get("seed", ""))
    runs = groups.propose_several(request.event, seeds=range(first, first + RUNS))
    context = {
        "event": request.event,
        "groups": request.event.work_groups.exists(),
        "runs": [run for run in runs if run.people],
    }
    return render(request, "workshops/_what_ifs.html", context)


def _seed(text):
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


@organiser
@require_POST
def press(request, slug):
    """`act` is form (with `seed`), publish, unpublish or place_late."""
    event, by, act = request.event, request.user, request.POST.get("act", "")
    try:
        if act == "form":
            if number_of_groups := event.work_groups.count():
                asking.sure(request, _replacing(number_of_groups))
            # The sentence on sizes stands above the groups.
            groups.form(event=event, by=by, seed=_seed(request.POST.get("seed", "")))
        elif act == "publish":
            groups.publish(event=event, by=by)
            messages.success(request, _("分组已公布，每个人的手机上都能看到。"))
        elif act == "unpublish":
            groups.unpublish(event=event, by=by)
        elif act == "place_late":
            placed = groups.place_all_late(event=event, by=by)
            messages.info(
                request, _("补进 %(count)d 人，其他人没有移动。") % {"count": len(placed)}
            )
    except Refused as refused:
        messages.warning(request, refused.message)
    return redirect("groups", slug)


def _replacing(number_of_groups):
    return asking.Question(
        title=_("换掉现在的 %(n)d 组？") % {"n": number_of_groups},
        sentence=_("大家会重新分组，手动调整过的会丢掉。"),
        yes=_("重新分组"),
    )


@organiser
@require_POST
def move(request, slug):
    """Move somebody to a group (`group` empty: out of all), from a drag or a form; `seen_in` is
    the group where the page showed them, 0 for none."""
    event = request.event
    try:
        person = event.participants.filter(pk=number(request, "person")).first()
        home = None
        if request.POST.get("group"):
            home = event.work_groups.filter(pk=number(request, "group")).first()
        if person is None or (home is None and request.POST.get("group")):
            raise Refused("gone", _("分组刚被重排，没有再移动。请看最新的分组。"))
        seen_in = number(request, "seen_in") if request.POST.get("seen_in") else None
        groups.move(event=event, person=person, group=home, by=request.user, seen_in=seen_in)
    except Refused as refused:
        if wants_json(request):
            raise
        messages.warning(request, refused.message)
    if wants_json(request):
        return JsonResponse({"ok": True})
    return redirect("groups", slug)


@organiser
@require_POST
def change(request, slug, pk):
    """`act` is leader or recorder (with `person`), rename (with `name`) or dissolve."""
    event, act = request.event, request.POST.get("act", "")
    group = get_object_or_404(event.work_groups, pk=pk)
    try:
        if act in {"leader", "recorder"}:
            person = get_object_or_404(event.participants, pk=number(request, "person"))
            groups.appoint(group=group, role=act, person=person, by=request.user)
        elif act == "rename":
            name, was = request.POST.get("name"), request.POST.get("seen")
            groups.rename(group=group, name=name, was=was, by=request.user)
        elif act == "dissolve":
            groups.dissolve(group=group, by=request.user)
            messages.success(request, _("已解散“%(name)s”。") % {"name": group.name})
    except Refused as refused:
        messages.warning(request, refused.message)
    return redirect("groups", slug)


@organiser
@never_cache
@require_GET
def board(request, slug):
    """The part of the page that a drag changes."""
    kept = groups.standing(request.event)
    context = {
        "event": request.event,
        "groups": kept,
        "published": any(group.published_at for group in kept),
        "note": groups.note_of(kept),
        "unplaced": groups.without_group(request.event),
    }
    return render(request, "workshops/_groups_board.html", context)


@organiser
@never_cache
@require_GET
def table_cards(request, slug):
    """One printed card a table: name of the group, members, leader, recorder."""
    context = {"event": request.event, "groups": groups.standing(request.event)}
    return render(request, "workshops/table_cards.html", context)
