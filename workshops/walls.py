"""Live parts of this room: what the projector and the phones hear of.

A phone's page shows personal things and asks for them itself. What it hears is a bell: a digest
that changes when the wall has changed, and only then.
"""

import hashlib

from django.template.loader import render_to_string

from events.access import find_event
from salon import live
from workshops import blind_box, hanging, icebreaker, pains, questions, stage
from workshops.models import Listing, Match

# So many of the questions nobody has picked yet stand on the wall.
MOST_WANTED = 3


@live.topic("pains")
def pain_wall(slug):
    return render_to_string("workshops/_wall_pains.html", pain_context(find_event(slug)))


def pain_context(event):
    wall = pains.pain_wall(event)
    return {"wall": wall, "hung": hanging.hang(wall.cards)}


@live.topic("pains-bell")
def pains_bell(slug):
    """More than the projector has room for rings the phones, too."""
    wall = pains.pain_wall(find_event(slug))
    hanging_now = [
        (card.pk, card.text, card.same, [(s.pk, s.like_count, s.featured_at) for s in card.shown])
        for card in wall.cards
    ]
    return _bell(hanging_now)


def _bell(state):
    return f'<data value="{hashlib.sha256(repr(state).encode()).hexdigest()[:16]}"></data>'


@live.topic("plans")
def plan_wall(slug):
    return render_to_string("workshops/_wall_plans.html", stage.context(find_event(slug)))


@live.topic("workshop")
def workshop(slug):
    """The phase with its countdown, and for each group a mark that changes with its plan: so a
    phone fetches its own group's page only when there is something new."""
    return render_to_string("workshops/_workshop.html", stage.workshop_context(find_event(slug)))


@live.topic("questions")
def question_wall(slug):
    return render_to_string("workshops/_wall_questions.html", questions_context(find_event(slug)))


def questions_context(event):
    asked = questions.asked(event)[:MOST_WANTED]
    return {"event": event, "picked": questions.picked(event), "asked": asked}


@live.topic("danmaku")
def danmaku(slug):
    return render_to_string("workshops/_danmaku.html", danmaku_context(find_event(slug)))


def danmaku_context(event):
    return {"flying": questions.flying(event), "taken_off": questions.taken_off(event)}


@live.topic("questions-bell")
def questions_bell(slug):
    event = find_event(slug)
    rows = event.questions.order_by("pk").values_list("pk", "gate", "picked_at", "answered_at")
    votes = [(q.pk, q.upvotes, q.pinned_at) for q in questions.asked(event)]
    return _bell([event.looked_at_first, list(rows), votes])


@live.topic("exchange")
def exchange_bell(slug):
    """Only a bell: what stands on the board is fetched by each phone for itself."""
    event = find_event(slug)
    listings = Listing.objects.filter(participant__event=event).order_by("pk")
    matches = Match.objects.touching(event).order_by("pk")
    return _bell(
        [
            list(
                listings.values_list(
                    *("pk", "table", "offer", "need", "seated", "gate"),
                    *("participant__gate", "participant__name", "participant__name_before"),
                )
            ),
            list(
                matches.values_list(
                    "pk", "first_confirmed_at", "second_confirmed_at", "declined_at"
                )
            ),
        ]
    )


@live.topic("box")
def box(slug):
    return render_to_string(
        "workshops/_box.html", {"standing": blind_box.standing(find_event(slug))}
    )


@live.topic("box-bell")
def box_bell(slug):
    return _bell(box(slug))


@live.topic("icebreaker")
def ice(slug):
    context = {"icebreaker": icebreaker.standing(find_event(slug))}
    return render_to_string("workshops/_icebreaker.html", context)


@live.topic("icebreaker-bell")
def ice_bell(slug):
    row = icebreaker.standing(find_event(slug))
    return _bell(row and [row.started_at, row.running, [(tip.pk, tip.said) for tip in row.placed]])
