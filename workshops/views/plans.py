"""My group on a phone: members, task card, plan; one writes, all read."""

import uuid

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from events.access import roles_of
from participants.access import guest, in_the_house
from salon.bodies import takes_files
from salon.errors import Refused, wants_json
from workshops import groups, photos, plans, stage
from workshops.models import PlanPhoto
from workshops.taking_part import standing_of
from workshops.views.posted import client_id, done, number

SPARE_ROWS = 3
ELEMENT = "element-"


@guest
@never_cache
@require_GET
def me_group(request, slug):
    return render(request, "workshops/me_group.html", _context(request))


@guest
@never_cache
@require_GET
def group_now(request, slug):
    """The part of the page that changes; fetched when the group's mark has."""
    return render(request, "workshops/_my_group.html", _context(request))


def _context(request, **more):
    group = groups.group_of(request.person)
    context = {
        "event": request.event,
        "person": request.person,
        "group": group,
        **standing_of(request.person),
        "here": "group",
        **stage.workshop_context(request.event),
    }
    if group:
        plan = plans.read(group)
        elements = list(request.event.task_elements.all())
        card, written = stage.with_elements(plan, elements), plans.rows_as_written(plan)
        rows = list(filter(any, written))
        kept = list(plan.photos.order_by("pk")) if plan.pk else []
        context |= {
            "plan": plan,
            "desk": plans.desk_of(plan, request.person),
            "members": group.memberships.select_related("participant").order_by("late", "pk"),
            "leader": group.leader and group.leader.shown_name,
            "card": card,
            "rows": rows,
            "form": {
                "group": group.pk,
                "version": plan.version,
                "title": plan.title,
                "card": card,
                "rows": written + [("", "", "")] * SPARE_ROWS,
                "marks": plans.marks_of(plan),
            },
            "effect": plans.effect(plan),
            "reviews": group.reviews.all(),
            "late_drafts": plans.late_drafts(plan, elements, rows, person=request.person),
            "photos": kept,
            "photo_room": photos.MOST_PHOTOS - len(kept),
            "photo_most": photos.MOST_BYTES,
            "photo_id": uuid.uuid4(),
        }
    return context | more


def _my_group(request):
    group = groups.group_of(request.person)
    if group is None:
        raise Refused("no_group", _("您还没有小组，或者分组还没有公布。"), status=404)
    return group


def _group_written_for(request):
    """The person's group, if it is still the one that the form was written for."""
    group = _my_group(request)
    if number(request, "group") != group.pk:
        raise Refused(
            "moved", _("您已经换到“%(name)s”，这份内容没有写进这一组。") % {"name": group.name}
        )
    return group


@guest
@require_POST
def save(request, slug):
    """Save what the form or the autosaving script sends; with `act=submit` hand it in, too.

    Whoever comes too late, or second, gets the sentence and keeps every word in the fields, with
    the version they were written on: pressed again, they overwrite nobody.
    """
    version = request.POST.get("version", "")
    submits = request.POST.get("act") == "submit"
    try:
        group = _group_written_for(request)
        plan = plans.save_plan(group=group, person=request.person, **_typed(request))
        version = plan.version
        if submits:
            plan = plans.submit(group=group, person=request.person)
    except Refused as refused:
        if wants_json(request):
            raise
        context = _context(request, refusal=refused)
        if context["group"]:
            context["form"] = _as_typed(request, version, context["form"])
        return render(request, "workshops/me_group.html", context, status=refused.status)
    if submits and not wants_json(request):
        messages.success(request, _("方案已提交。时间到之前还可以撤回修改。"))
    return done(request, "me_group", slug, version=plan.version, effect=_effect(plan))


def _typed(request):
    form = request.POST
    try:
        version = int(form.get("version", ""))
        marks = {name: int(form[name]) for name in plans.MARKS if name in form}
    except ValueError:
        raise Refused("unreadable", _("没看懂这次提交，请刷新后再试。"), status=400) from None
    return {
        "version": version,
        "title": form.get("title"),
        "elements": {
            name.removeprefix(ELEMENT): form[name] for name in form if name.startswith(ELEMENT)
        },
        "rows": _typed_rows(form) if "node" in form else None,
        "marks": marks,
    }


def _typed_rows(form):
    columns = (form.getlist(name) for name in ("node", "owner", "resources"))
    return list(zip(*columns, strict=False))


def _as_typed(request, version, form):
    """The form as it came, so that a refusal loses nothing."""
    typed = request.POST
    return {
        "group": typed.get("group", "")[:20],
        "version": str(version)[:20],
        "title": typed.get("title", "")[:500],
        "card": [
            (element, typed.get(ELEMENT + element.key, "")[:5000])
            for element, _text in form["card"]
        ],
        "rows": _typed_rows(typed)[: plans.MOST_ROWS],
        "marks": [(name, words, typed.get(name, now)) for name, words, now in form["marks"]],
    }


def _effect(plan):
    effect = plans.effect(plan)
    return {"now": str(effect.now), "easier": effect.easier and str(effect.easier)}


@guest
@require_POST
def pen(request, slug):
    """`act` is take, take_over, or lay_down."""
    group, act = _my_group(request), request.POST.get("act", "take")
    if act == "lay_down":
        plan = plans.lay_down_pen(group=group, person=request.person)
    else:
        plan = plans.take_pen(group=group, person=request.person, by_force=act == "take_over")
    return done(request, "me_group", slug, version=plan.version)


@guest
@require_POST
def take_back(request, slug):
    plans.take_back(group=_my_group(request), person=request.person)
    return redirect("me_group", slug)


@guest
@require_POST
@takes_files
def add_photo(request, slug):
    upload, refused = request.FILES.get("photo"), None
    try:
        if upload is None:
            raise Refused("empty", _("先选一张照片。"), status=400)
        # One byte more than allowed is enough to see that it is too much.
        photos.add_photo(
            group=_group_written_for(request),
            person=request.person,
            data=upload.read(photos.MOST_BYTES + 1),
            client_id=client_id(request),
        )
    except Refused as sentence:
        if wants_json(request):
            raise
        refused = sentence
        messages.warning(request, refused.message)
    # The sentence stands at the top of the page.
    return done(request, "me_group", slug, fragment="" if refused else "photos")


@guest
@require_POST
def remove_photo(request, slug, pk):
    photo = get_object_or_404(PlanPhoto, pk=pk, plan__group__event=request.event)
    photos.remove_photo(photo=photo, person=request.person)
    return done(request, "me_group", slug, fragment="photos")


@in_the_house
@require_GET
def photo(request, slug, pk):
    """The picture, for people of the event only; its address never changes what it shows."""
    row = get_object_or_404(PlanPhoto, pk=pk, plan__group__event=request.event)
    roles = roles_of(request.user, request.event)
    if not photos.may_see(row, person=request.person, roles=roles):
        raise Http404
    try:
        with row.image.open() as file:
            # Read at once: photos are small, and a stream would block the event loop.
            response = HttpResponse(file.read(), content_type="image/jpeg")
    except FileNotFoundError:
        raise Http404 from None
    response["Cache-Control"] = "private, max-age=86400, immutable"
    return response
