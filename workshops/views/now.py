"""The top of a participant's own page, and what they have given."""

from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from participants.access import guest, person
from workshops import contributions, now
from workshops.taking_part import standing_of


@guest
@never_cache
@require_GET
def me_now(request, slug):
    """What is on now, one tap away: a part of the page `me`, fetched when something changes."""
    context = {"event": request.event, "now": now.now_for(request.person)}
    return render(request, "workshops/_now.html", context)


@person
@never_cache
@require_GET
def me_given(request, slug):
    """Everything the person contributed, to be read."""
    context = {
        "event": request.event,
        "given": contributions.of(request.person),
        **standing_of(request.person),
        "here": "me",
    }
    return render(request, "workshops/me_given.html", context)
