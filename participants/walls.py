"""Live fragments of this room: the tag wall, how many are here, and the interest groups."""

from django.template.loader import render_to_string

from events.models import Event
from participants import interest_groups, roster, tags
from salon import live


@live.topic("tags")
def tag_wall(slug):
    event = Event.objects.get(slug=slug)
    return render_to_string("participants/_tag_wall.html", {"wall": tags.tag_wall(event)})


@live.topic("arrivals")
def arrivals(slug):
    event = Event.objects.get(slug=slug)
    return render_to_string("participants/_arrivals.html", {"counts": roster.counts(event)})


@live.topic("interest")
def interest(slug):
    event = Event.objects.get(slug=slug)
    groups = interest_groups.largest_first(interest_groups.standing(event))
    return render_to_string("participants/_interest.html", {"groups": groups})
