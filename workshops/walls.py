"""Live parts of this room: what the projector and the phones hear of.

A phone's page shows personal things and asks for them itself. What it hears is a bell: a digest
that changes when the wall has changed, and only then.
"""

import hashlib

from django.template.loader import render_to_string

from events.access import find_event
from salon import live
from workshops import pains, stage


@live.topic("pains")
def pain_wall(slug):
    return render_to_string(
        "workshops/_wall_pains.html", {"wall": pains.pain_wall(find_event(slug))}
    )


@live.topic("pains-bell")
def pains_bell(slug):
    return _bell(pain_wall(slug))


def _bell(state):
    return f'<data value="{hashlib.sha256(state.encode()).hexdigest()[:16]}"></data>'


@live.topic("plans")
def plan_wall(slug):
    return render_to_string("workshops/_wall_plans.html", stage.context(find_event(slug)))


@live.topic("workshop")
def workshop(slug):
    """The phase with its countdown, and for each group a mark that changes with its plan: so a
    phone fetches its own group's page only when there is something new."""
    return render_to_string("workshops/_workshop.html", stage.workshop_context(find_event(slug)))
