"""What the room of events hears from this one: groups to count, controls for the host."""

from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from events import gate, upstairs
from events.models import AgendaItem
from workshops import exchange, judging, pains, phases, questions, stage


@upstairs.headcount.offer
def formed_groups(event):
    return {"groups": event.work_groups.filter(online=False).count()}


@upstairs.host_controls.offer
def controls_of(event, item):
    """What the host can press during this kind of item."""
    template = {
        AgendaItem.Kind.CHECK_IN: "workshops/_control_check_in.html",
        AgendaItem.Kind.TALK: "workshops/_control_talk.html",
        AgendaItem.Kind.BREAK: "workshops/_control_break.html",
        AgendaItem.Kind.WORKSHOP: "workshops/_control_workshop.html",
        AgendaItem.Kind.ROUNDTABLE: "workshops/_control_workshop.html",
    }.get(item.kind)
    if template is None:
        return ""
    context = {
        "event": event,
        "board": phases.board(event),
        "counts": questions.counts(event),
    }
    return render_to_string(template, context)


@upstairs.panels.offer
def workshop_panel(event):
    groups = stage.groups_with_plans(event)
    context = {
        "event": event,
        "groups": groups,
        "submitted": sum(group.state == "submitted_plan" for group in groups),
        "phase": stage.current_phase(phases.board(event)),
        "now": stage.clock.now(),
        "turnout": judging.turnout(event),
        "wall": pains.pain_wall(event),
        "gate": gate.counts(event),
        "matches": exchange.counts(event),
    }
    return _("共创"), render_to_string("workshops/_panel.html", context)
