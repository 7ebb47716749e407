"""The opening half hour: the blind box on stage, the icebreaker on the phones."""

from django.conf import settings
from django.contrib import messages
from django.http import Http404, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from events.access import host
from participants.access import guest, in_the_house
from salon.errors import Refused, wants_json
from salon.qr import qr_svg
from workshops import blind_box, icebreaker
from workshops.models import Draw
from workshops.taking_part import standing_of
from workshops.views.posted import done, number, unreadable


@in_the_house
@never_cache
@require_GET
def wall_box(request, slug):
    context = {"event": request.event, "standing": blind_box.standing(request.event)}
    return render(request, "workshops/wall_box.html", context | _join(slug, "me_pains"))


@in_the_house
@never_cache
@require_GET
def box_proof(request, slug):
    """Seed, slips and order as JSON, once the seed is out."""
    proof = blind_box.proof(request.event)
    if proof is None:
        raise Http404
    return JsonResponse(proof)


@in_the_house
@never_cache
@require_GET
def wall_icebreaker(request, slug):
    context = {"event": request.event, "icebreaker": icebreaker.standing(request.event)}
    return render(request, "workshops/wall_icebreaker.html", context | _join(slug, "me_icebreaker"))


def _join(slug, name):
    link = settings.PUBLIC_URL + reverse(name, args=[slug])
    return {"qr": qr_svg(link), "address": link.split("://")[-1].rstrip("/")}


@guest
@never_cache
@require_http_methods(["GET", "POST"])
def me_icebreaker(request, slug):
    """The group's one tip."""
    refusal = None
    if request.method == "POST":
        try:
            tip = icebreaker.finish(person=request.person, text=request.POST.get("text"))
        except Refused as refused:
            if wants_json(request):
                raise
            refusal = refused
        else:
            messages.success(request, _("交卷了，第 %(place)d 名。") % {"place": tip.place})
            return done(request, "me_icebreaker", slug)
    context = _tip_context(request) | {
        "refusal": refusal,
        "typed": request.POST.get("text", "")[:2000],
    }
    status = refusal.status if refusal else 200
    return render(request, "workshops/me_icebreaker.html", context, status=status)


@guest
@never_cache
@require_GET
def icebreaker_now(request, slug):
    return render(request, "workshops/_my_tip.html", _tip_context(request))


def _tip_context(request):
    row = icebreaker.standing(request.event)
    group = icebreaker.group_of(request.person)
    own = row and group and next((t for t in row.placed if t.interest_group_id == group.pk), None)
    return {
        "event": request.event,
        "icebreaker": row,
        "group": group,
        "own": own,
        "person": request.person,
        **standing_of(request.person),
        "here": "me",
    }


# --- the host's hand --------------------------------------------------------------------------


@host
@never_cache
@require_GET
def opening_host(request, slug):
    return render(request, "workshops/opening_host.html", _hand(request.event))


@host
@never_cache
@require_GET
def opening_hand(request, slug):
    return render(request, "workshops/_opening_hand.html", _hand(request.event))


def _hand(event):
    return {
        "event": event,
        "standing": blind_box.standing(event),
        "topics": blind_box.topics(),
        "icebreaker": icebreaker.standing(event),
    }


@host
@require_POST
def press(request, slug):
    """`act` is seal, draw (with `drawn`), file (with `draw` and `topic`), reveal, icebreaker."""
    event, by, act = request.event, request.user, request.POST.get("act", "")
    try:
        if act == "seal":
            blind_box.seal(event=event, by=by)
        elif act == "draw":
            blind_box.draw(event=event, drawn=number(request, "drawn"), by=by)
        elif act == "file":
            row = get_object_or_404(Draw, box__event=event, pk=number(request, "draw"))
            blind_box.file_under(draw=row, topic=request.POST.get("topic"), by=by)
        elif act == "reveal":
            blind_box.reveal(event=event, by=by)
        elif act == "icebreaker":
            icebreaker.start(event=event, by=by)
        else:
            raise unreadable()
    except Refused as refused:
        if wants_json(request):
            raise
        messages.warning(request, refused.message)
    return done(request, "opening_host", slug)
