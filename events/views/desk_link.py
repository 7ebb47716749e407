"""The link of a desk: its PIN opens the desk page on this tablet."""

from django.http import HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from events.access import desk_of, desks_of, find_desk_pass, open_desk, set_desk_cookie
from salon import known_browsers
from salon.access import public
from salon.errors import Refused


@public
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def desk_link(request, token):
    """GET shows the PIN form and changes nothing; POST exchanges the PIN for the desk's cookie."""
    desk_pass = find_desk_pass(token)
    refusal, who = None, desks_of(desk_pass.event)
    desk = desk_of(request, desk_pass.event.slug)
    browser = known_browsers.number_of(request, who) or (desk and f"desk {desk.pk}")
    if request.method == "POST":
        try:
            cookie = open_desk(
                desk_pass=desk_pass, pin=request.POST.get("pin", ""), browser=browser
            )
        except Refused as refused:
            refusal = refused
        else:
            response = HttpResponseRedirect(reverse("desk", args=[desk_pass.event.slug]))
            set_desk_cookie(response, desk_pass, cookie)
            known_browsers.remember(request, response, who)
            return response
    return render(
        request,
        "events/desk_link.html",
        {"desk": desk_pass, "event": desk_pass.event, "refusal": refusal},
        status=refusal.status if refusal else 200,
    )
