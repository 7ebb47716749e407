"""The control room: one page that says how the day goes; announcing the event, calling it off."""

from django.contrib import messages
from django.http import HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from events import announcing, headcount, plan_b, preparation, upstairs
from events.access import organiser
from events.control import figures
from events.walls import agenda_context
from salon import asking
from salon.errors import Refused


@organiser
@require_safe
def control(request, slug):
    return render(request, "events/control.html", _context(request.event))


@organiser
@require_safe
def control_panels(request, slug):
    """The part that changes; the page asks for it whenever the bell "control" rings."""
    return render(request, "events/_control_panels.html", _context(request.event))


def _context(event):
    context = agenda_context(event)
    return {
        "event": event,
        **context,
        **figures(event),
        "headcount": headcount.of(event),
        "panels": upstairs.gather(upstairs.panels, event),
        "in_force": plan_b.in_force(event),
        "board": preparation.board(event, now=context["now"]),
    }


@organiser
@require_POST
def announce(request, slug):
    """Publish the event, or call it off."""
    try:
        if request.POST.get("act") == "publish":
            announcing.publish(event=request.event, by=request.user)
            messages.success(request, _("活动页已公开，报名按设定的时间开放。"))
        elif request.POST.get("act") == "call_off":
            asking.sure(request, _calling_off(request.event))
            announcing.call_off(event=request.event, by=request.user)
            messages.success(request, _("活动已取消，通知已排入发件箱。"))
    except Refused as refused:
        messages.error(request, refused.message)
    return HttpResponseRedirect(reverse("control", args=[slug]))


def _calling_off(event):
    number = sum(hears(event) for hears in upstairs.who_hears_of_calling_off)
    return asking.Question(
        title=_("取消这场活动，写信告诉 %(n)d 人？") % {"n": number},
        sentence=_(
            "没发出的提醒会撤下，所有报名的人都会收到取消通知。取消后不能恢复，只能照它再办一场。"
        ),
        yes=_("确定取消活动"),
        back=reverse("control", args=[event.slug]),
    )
