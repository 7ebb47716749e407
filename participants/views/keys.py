"""For the floor: a desk of one's own without PIN, and a key for a guest who has none at hand."""

from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from events import access
from events.forms import whole_number
from participants import notes, queue
from participants.models import PersonalLink
from salon.qr import qr_svg
from salon.text import clean_text

FOUND = 12
Way = PersonalLink.Channel


@access.keys
@require_POST
def open_desk(request, slug):
    """This browser becomes a desk under the name of who is signed in."""
    desk_pass, cookie = access.open_desk_as_crew(event=request.event, by=request.user)
    response = redirect("desk", slug)
    access.set_desk_cookie(response, desk_pass, cookie)
    return response


@access.keys
@never_cache
@require_http_methods(["GET", "POST"])
def page(request, slug):
    """`q` looks for somebody; POST shows a fresh key of `person`, in this one answer: with `way`
    "shown" as a code to be scanned on the spot, else as a link to be sent."""
    asked = clean_text(request.GET.get("q", ""), max_length=80)
    context = {"event": request.event, "asked": asked, "found": _found(request.event, asked)}
    if request.method == "POST":
        people = _guests(request.event)
        person = get_object_or_404(people, pk=whole_number(request.POST.get("person")))
        way = Way.SHOWN if request.POST.get("way") == Way.SHOWN else Way.HANDED_OVER
        link = notes.hand_out_link(participant=person, by=request.user, channel=way)
        context |= {"person": person, "link": link}
        context["qr"] = qr_svg(link) if way == Way.SHOWN else None
    return render(request, "participants/keys.html", context)


def _guests(event):
    """Whoever may be in the room or on the stream; applications are not the floor's business."""
    people = event.participants.present()
    return (people.holding_a_seat() | people.checked_in()).distinct().select_related("category")


def _found(event, asked):
    if not asked:
        return []
    people = _guests(event)
    for word in asked.split():
        people = people.filter(queue.matching(word))
    return people.order_by("pinyin", "pk")[:FOUND]
