"""Pages of the door: desk, its offline shell, the printed list, and the venue's QR."""

from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from events.access import desk
from participants import checkin, consents, desk_app, roster
from participants.access import guest
from participants.models import Participant, TagCard
from salon import clock
from salon.access import public


@require_GET
@desk
def page(request, slug):
    """The tablet's page. It holds no personal value: the service worker keeps it for ever."""
    event = request.event
    context = {
        "event": event,
        "desk": request.desk,
        "words": desk_app.words(),
        "setup": desk_app.settings_of(request.desk),
        "categories": event.categories.all(),
        "industries": Participant.Industry.choices,
        "sizes": TagCard.SizeBand.choices,
        "consents": consents.asked(),
    }
    response = render(request, "participants/desk.html", context)
    patch_cache_control(response, no_cache=True, private=True)
    return response


@public
@require_GET
def service_worker(request, slug):
    """The script that keeps the desk's page for the hour without a network.

    Served below /e/<slug>/desk/, so that its scope is this desk and nothing else of the house.
    """
    response = HttpResponse(desk_app.service_worker(), content_type="text/javascript")
    patch_cache_control(response, no_cache=True)
    return response


@public
@require_GET
def manifest(request, slug):
    return JsonResponse(
        desk_app.manifest(start=reverse("desk", args=[slug])),
        content_type="application/manifest+json",
    )


@require_GET
@desk
def printed_list(request, slug):
    """The last resort on paper, A4, by pinyin."""
    return render(request, "participants/roster_print.html", roster.printed(request.event))


@guest
@never_cache
@require_http_methods(["GET", "POST"])
def here(request, slug):
    """Behind the venue's QR: "I am here", said by a confirmed participant from their own phone.

    Looking changes nothing; only the button checks in.
    """
    came = None
    if request.method == "POST":
        came = checkin.check_in_self(person=request.person)
    context = {
        "event": request.event,
        "person": request.person,
        "came": came or checkin.came(request.person),
        "open": checkin.can_check_in_self(request.event, clock.now()),
    }
    return render(request, "participants/here.html", context)
