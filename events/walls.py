"""Live parts of this room: what the stream sends when the agenda moves."""

from django.template.loader import render_to_string

from events import agenda, gate
from events.access import find_event
from salon import clock, live


@live.topic("agenda", public=True)
def agenda_wall(slug):
    """The fragment that event page, phones and projector include."""
    return render_to_string("events/_agenda.html", agenda_context(find_event(slug)))


def agenda_context(event):
    return {"programme": agenda.programme(event), "now": clock.now()}


@live.topic(gate.BELL)
def gate_bell(slug):
    """Only a bell, as the control room's: what waits is for those who look at it."""
    return _bell_of_the_hour()


@live.topic("control")
def control_bell(slug):
    """Only a bell. The figures of the control room are for organisers, and everybody in the house
    may listen to the stream: so the room's page hears that something changed and asks for itself.
    """
    return _bell_of_the_hour()


def _bell_of_the_hour():
    return f'<data value="{clock.now():%H%M%S.%f}"></data>'
