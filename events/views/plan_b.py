"""When something goes wrong: plans, the switch, checklists without a network, the printed sheet."""

from django.contrib import messages
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import staticfiles_storage
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from events import agenda, plan_b
from events.access import host, organiser
from events.forms import whole_number
from events.models import RiskPlan
from salon import clock
from salon.errors import Refused
from salon.text import clean_text


def _plans(event):
    """Every plan, with `.running`: its trigger in force, or None."""
    running = {}
    for trigger in plan_b.in_force(event):
        running.setdefault(trigger.plan_id, trigger)
    plans = list(event.risk_plans.all())
    for plan in plans:
        plan.running = running.get(plan.pk)
        plan.steps = [line for line in plan.response.splitlines() if line.strip()]
    return plans


@host
@require_safe
def host_plan_b(request, slug):
    event = request.event
    return render(
        request,
        "events/host_plan_b.html",
        {
            "event": event,
            "plans": _plans(event),
            "in_force": plan_b.in_force(event),
            "items": plan_b.replaceable(event).select_related("speaker"),
            "current": agenda.programme(event).current,
            "backups": event.speakers.filter(is_backup=True),
            "absent": RiskPlan.Risk.SPEAKER_ABSENT,
            "instead": plan_b.Instead,
        },
    )


def _answer(request, done):
    messages.success(request, done)
    return HttpResponseRedirect(reverse("host_plan_b", args=[request.event.slug]))


@host
@require_POST
def plan_b_change(request, slug, pk):
    """Put a plan into force."""
    event, given = request.event, {"plan_id": pk, "by": request.user}
    given["note"] = clean_text(request.POST.get("note", ""), max_length=200)
    try:
        if "instead" not in request.POST:
            plan_b.put_in_force(event=event, **given)
            return _answer(request, _("预案已启动，照下面的清单一步步来。"))
        if request.POST["instead"] not in plan_b.Instead:
            raise Refused("choose", _("请先选环节，再选谁来顶上。"))
        plan_b.replace_speaker(
            event=event,
            item_id=whole_number(request.POST.get("item")),
            instead=request.POST["instead"],
            backup_id=whole_number(request.POST.get("backup")),
            **given,
        )
    except Refused as refused:
        messages.error(request, refused.message)
        return HttpResponseRedirect(reverse("host_plan_b", args=[slug]))
    return _answer(request, _("已切换：主持页、流程墙和手机都更新了，通知已排入发件箱。"))


@host
@require_POST
def plan_b_undo(request, slug, pk):
    try:
        trigger = plan_b.undo(event=request.event, trigger_id=pk, by=request.user)
    except Refused as refused:
        messages.error(request, refused.message)
        return HttpResponseRedirect(reverse("host_plan_b", args=[slug]))
    if trigger.item_id:
        return _answer(
            request, _("流程已恢复原样。没发出的通知已撤回，收到过的人会再收到一封更正。")
        )
    return _answer(request, _("“%(plan)s”已解除。") % {"plan": trigger.plan.title})


@organiser
@require_safe
def risks(request, slug):
    return render(
        request,
        "events/risks.html",
        {
            "event": request.event,
            "plans": _plans(request.event),
            "log": plan_b.log_of(request.event),
            "in_force": set(plan_b.in_force(request.event)),
            "backups": request.event.speakers.filter(is_backup=True),
        },
    )


# --- without a network --------------------------------------------------------------------------


@host
@require_safe
def checklists(request, slug):
    """What to do step by step; the page keeps itself on the device for the hour it is needed."""
    return render(
        request,
        "events/checklists.html",
        {"event": request.event, "plans": _plans(request.event)},
    )


@host
@require_safe
def checklists_worker(request, slug):
    """The service worker, at an address whose scope is this event's checklists and no more."""
    name = "js/checklists-worker.js"
    path = finders.find(name) or staticfiles_storage.path(name)
    with open(path, "rb") as file:
        return HttpResponse(
            file.read(),
            content_type="text/javascript; charset=utf-8",
            headers={"Cache-Control": "no-cache"},
        )


@organiser
@require_safe
def run_sheet(request, slug):
    """Everything about the day on paper."""
    event = request.event
    return render(
        request,
        "events/run_sheet.html",
        {
            "event": event,
            "programme": agenda.programme(event),
            "roles": event.staff_roles.order_by("pk"),
            "plans": _plans(event),
            "speakers": event.speakers.order_by("is_backup", "pk"),
            "now": clock.now(),
        },
    )
