"""The control room: one page that says how the day goes."""

from django.shortcuts import render
from django.views.decorators.http import require_safe

from events import agenda, headcount, upstairs
from events.access import organiser
from events.walls import agenda_context


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
    return {
        "event": event,
        **agenda_context(event),
        "seen": agenda.seen_of(event),
        "headcount": headcount.of(event),
        "panels": upstairs.gather(upstairs.panels, event),
    }
