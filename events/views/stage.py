"""On the day: the projector's agenda and the host's page."""

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST, require_safe

from events import agenda, gate, headcount, screens, upstairs
from events.access import event_page, host
from events.timetable import How
from events.walls import agenda_context
from salon.errors import Refused
from salon.qr import qr_svg

CHOICES_OF_MINUTES = (5, 10, 15)


@event_page
@require_safe
def wall_agenda(request, slug):
    address = settings.PUBLIC_URL + request.event.get_absolute_url()
    return render(
        request,
        "events/wall_agenda.html",
        {
            "event": request.event,
            "address": address.partition("://")[2],
            "qr": qr_svg(address),
            **agenda_context(request.event),
        },
    )


@event_page
@require_POST
def screen(request, slug):
    """A wall's page says that it is on a screen, or takes its leave. Nothing to read in return."""
    verb = screens.gone if request.POST.get("act") == "gone" else screens.here
    verb(
        request.event,
        screen=request.POST.get("screen", ""),
        pass_=request.POST.get("pass", ""),
    )
    return HttpResponse(status=204)


@host
@require_safe
def host_page(request, slug):
    return render(request, "events/host.html", _stage_context(request))


@host
@require_safe
def host_stage(request, slug):
    """The part of the host's page that changes; fetched whenever the agenda has moved."""
    return render(request, "events/_stage.html", _stage_context(request))


def _stage_context(request, **more):
    event = request.event
    # Read first: whoever presses on a page that is already outdated is told so.
    last_step = agenda.last_step(event)
    context = agenda_context(event)
    programme, now = context["programme"], context["now"]
    item = programme.current or programme.following
    return {
        "event": event,
        **context,
        "item": item,
        "lateness": lateness(programme, now),
        "controls": upstairs.gather(upstairs.host_controls, event, item) if item else [],
        "headcount": headcount.of(event),
        "gate": gate.counts(event),
        "last_step": last_step,
        "seen": last_step.pk if last_step else 0,
        "minutes_to_add": CHOICES_OF_MINUTES,
        "hows": How,
        "risk_plans": event.risk_plans.all(),
        "rehearsal": agenda.is_rehearsal(event, now=now),
        **more,
    }


def lateness(programme, now):
    """Whole minutes by which the running item began late; 0 when it was on time or early."""
    current = programme.current
    if current is None:
        return 0
    return max(0, (current.started_at - current.starts_at) // timedelta(minutes=1))


@dataclass(frozen=True)
class Press:
    """What the host pressed, read from the form; wrong numbers are refused with a sentence."""

    act: str
    seen: int
    item_id: int
    minutes: int
    how: str

    @classmethod
    def of(cls, form):
        try:
            return cls(
                act=form.get("act", ""),
                seen=int(form.get("seen", 0)),
                item_id=int(form.get("item") or 0),
                minutes=int(form.get("minutes") or 0),
                how=How(form.get("how", How.ALONG)),
            )
        except (ValueError, OverflowError):
            raise Refused("unreadable", _("没看懂这次操作，请刷新后再试。"), status=400) from None


def _do(press, event, by):
    verbs = {
        "advance": (agenda.advance, {}),
        "finish": (agenda.finish, {}),
        "undo": (agenda.undo, {}),
        "start": (agenda.start, {"item_id": press.item_id}),
        "extend": (
            agenda.extend,
            {"item_id": press.item_id, "minutes": press.minutes, "how": press.how},
        ),
    }
    if press.act not in verbs:
        raise Refused("unreadable", _("没看懂这次操作，请刷新后再试。"), status=400)
    verb, given = verbs[press.act]
    return verb(event=event, seen=press.seen, by=by, **given)


@host
@require_POST
def host_press(request, slug):
    """One press of the host. Answers with the stage as it is then, to htmx or by redirecting."""
    notice = None
    try:
        _do(Press.of(request.POST), request.event, request.user)
    except Refused as refused:
        notice = refused.message
    if request.headers.get("HX-Request"):
        request.event.refresh_from_db()
        return render(request, "events/_stage.html", _stage_context(request, notice=notice))
    if notice:
        messages.warning(request, notice)
    return HttpResponseRedirect(reverse("host", args=[slug]))


@host
@require_GET
def host_preview(request, slug):
    """What an extension would change; changes nothing."""
    context = {"event": request.event}
    try:
        press = Press.of(request.GET)
        context |= {"press": press, "seen": press.seen}
        context["shifts"] = agenda.preview_extend(
            event=request.event, item_id=press.item_id, minutes=press.minutes, how=press.how
        )
    except Refused as refused:
        context["notice"] = refused.message
    return render(request, "events/host_preview.html", context)
