"""Preparation as organisers see it: milestones, groups, readiness, materials, packing."""

from io import BytesIO

from django.contrib import messages
from django.http import FileResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from events import crew, materials, preparation, readiness
from events.access import organiser
from events.forms import InviteForm, MemberForm, MilestoneForm, RoleForm, whole_number
from events.models import Crew
from salon import clock
from salon.errors import Refused


def _back(request, name, *, form=None, done=None):
    """Redirect to a page of the event, with one sentence about what happened."""
    if form is not None and form.errors:
        for sentences in form.errors.values():
            messages.error(request, sentences[0])
    elif done:
        messages.success(request, done)
    return HttpResponseRedirect(reverse(name, args=[request.event.slug]))


def _try(request, verb, **given):
    """Call a verb; its refusal becomes a message on the next page."""
    try:
        return verb(event=request.event, by=request.user, **given)
    except Refused as refused:
        messages.error(request, refused.message)
        return None


@organiser
@require_safe
def preparation_page(request, slug):
    event = request.event
    view = "list" if request.GET.get("view") == "list" else "board"
    return render(
        request,
        "events/preparation.html",
        {
            "event": event,
            "board": preparation.board(event, now=clock.now()),
            "milestones": event.milestones.select_related("group", "owner"),
            "members": preparation.members(event).order_by("group", "-is_lead", "pk"),
            "view": view,
            "form": MilestoneForm(event=event),
        },
    )


@organiser
@require_POST
def milestone_change(request, slug, pk):
    """Tick, untick or assign one milestone."""
    act = request.POST.get("act")
    if act == "assign":
        owner_id = whole_number(request.POST.get("owner")) or None
        was = request.POST.get("seen")
        _try(request, preparation.assign, milestone_id=pk, owner_id=owner_id, was=was)
    elif act in {"done", "reopen"}:
        _try(request, preparation.set_done, milestone_id=pk, done=act == "done")
    page = reverse("preparation", args=[slug])
    view = "?view=list" if request.POST.get("view") == "list" else ""
    return HttpResponseRedirect(f"{page}{view}#milestone-{pk}")


@organiser
@require_POST
def milestone_add(request, slug):
    form = MilestoneForm(request.POST, event=request.event)
    if form.is_valid():
        group = form.cleaned_data["group"]
        _try(
            request,
            preparation.add_milestone,
            title=form.cleaned_data["title"],
            days_before=form.cleaned_data["days_before"],
            group_id=group and group.pk,
        )
    return _back(request, "preparation", form=form, done=_("已加入。"))


@organiser
@require_safe
def readiness_page(request, slug):
    checks = readiness.checks(request.event)
    return render(
        request,
        "events/readiness.html",
        {
            "event": request.event,
            "checks": checks,
            "missing": sum(not check.ok for check in checks),
            "today": request.event.local(clock.now()).date(),
        },
    )


# --- groups and roles ---------------------------------------------------------------------------


@organiser
@require_safe
def groups_edit(request, slug):
    return _groups_page(request)


def _groups_page(request, *, status=200, typed=(None, ""), **more):
    """The page; `typed` is a role's number and what was typed for it and could not be kept."""
    event = request.event
    roles = list(event.staff_roles.order_by("pk"))
    for role in roles:
        role.is_unsaved = role.pk == typed[0]
        role.shown = typed[1] if role.is_unsaved else role.people
    return render(
        request,
        "events/groups_edit.html",
        {
            **more,
            "event": event,
            "prep_groups": preparation.groups_with_members(event),
            "member_form": MemberForm(),
            "roles": roles,
            "crew": event.crew.select_related("user").order_by("role", "pk"),
            "speakers": event.speakers.order_by("is_backup", "pk"),
            "crew_roles": Crew.Role,
        },
        status=status,
    )


@organiser
@require_POST
def crew_invite(request, slug):
    form = InviteForm(request.POST)
    if form.is_valid():
        invited = _try(request, crew.invite, **form.cleaned_data)
        if invited and invited.link:
            return _groups_page(request, invited=invited)  # the link is shown this once
        if invited:
            messages.success(request, _("已加入，邀请信这就寄出。"))
    return _back(request, "groups_edit", form=form)


@organiser
@require_POST
def member_add(request, slug, group_pk):
    form = MemberForm(request.POST)
    if form.is_valid():
        _try(request, preparation.add_member, group_id=group_pk, **form.cleaned_data)
    return _back(request, "groups_edit", form=form)


@organiser
@require_POST
def member_change(request, slug, pk):
    if request.POST.get("act") == "lead":
        _try(request, preparation.make_lead, member_id=pk)
    elif request.POST.get("act") == "remove":
        _try(request, preparation.remove_member, member_id=pk)
    return _back(request, "groups_edit")


@organiser
@require_POST
def role_change(request, slug, pk):
    form = RoleForm(request.POST)
    if form.is_valid():
        people, was = form.cleaned_data["people"], request.POST.get("seen")
        try:
            preparation.fill_role(
                event=request.event, role_id=pk, people=people, was=was, by=request.user
            )
        except Refused as refused:
            messages.error(request, refused.message)
            return _groups_page(request, status=refused.status, typed=(pk, people))
    return _back(request, "groups_edit", form=form, done=_("已保存。"))


# --- materials ----------------------------------------------------------------------------------


@organiser
@require_safe
def materials_page(request, slug):
    counted, supplies = materials.supplies(request.event)
    return render(
        request,
        "events/materials.html",
        {"event": request.event, "headcount": counted, "supplies": supplies},
    )


@organiser
@require_safe
def packing(request, slug):
    counted, supplies = materials.supplies(request.event)
    packed = sum(not supply.to_pack for supply in supplies)
    return render(
        request,
        "events/packing.html",
        {"event": request.event, "headcount": counted, "supplies": supplies, "packed": packed},
    )


@organiser
@require_POST
def material_count(request, slug, pk):
    """New counts for one material; htmx gets the row back, a plain form the page."""
    counts = {
        name: whole_number(request.POST[name])
        for name in ("procured", "packed")
        if name in request.POST
    }
    page = "packing" if request.POST.get("page") == "packing" else "materials"
    refusal = None
    try:
        if None in counts.values():
            raise Refused("count", _("数量写整数。"))
        was = request.POST.get("seen")
        materials.count(event=request.event, material_id=pk, by=request.user, was=was, **counts)
    except Refused as refused:
        refusal = refused.message
    if not request.headers.get("HX-Request"):
        if refusal:
            messages.error(request, refusal)
        return HttpResponseRedirect(f"{reverse(page, args=[slug])}#material-{pk}")
    _counted, supplies = materials.supplies(request.event)
    return render(
        request,
        f"events/_{page}_row.html",
        {
            "event": request.event,
            "supply": next((s for s in supplies if s.material.pk == pk), None),
            "refusal": refusal,
            "packed": sum(not supply.to_pack for supply in supplies),
            "total": len(supplies),
        },
    )


@organiser
@require_safe
def materials_xlsx(request, slug):
    stream = BytesIO()
    materials.write_list(stream, request.event)
    stream.seek(0)
    return FileResponse(
        stream,
        as_attachment=True,
        filename=f"{request.event.slug}-materials.xlsx",
        content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    )
