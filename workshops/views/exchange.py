"""The resource corner on a phone."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from participants.access import guest
from salon.errors import Refused, wants_json
from workshops import exchange
from workshops.models import Match
from workshops.taking_part import standing_of
from workshops.views.posted import done, number, unreadable


@guest
@never_cache
@require_http_methods(["GET", "POST"])
def me_exchange(request, slug):
    """My offer and need, whom to talk to, my matches, the board; POST writes offer and need."""
    refusal = None
    if request.method == "POST":
        try:
            exchange.save_listing(
                person=request.person,
                table=request.event.theme_tables.filter(pk=number(request, "table")).first(),
                offer=request.POST.get("offer"),
                need=request.POST.get("need"),
            )
        except Refused as refused:
            if wants_json(request):
                raise
            refusal = refused
        else:
            messages.success(request, _("写好了，下面是可以聊聊的人。"))
            return done(request, "me_exchange", slug)
    status = refusal.status if refusal else 200
    context = _context(request, refusal)
    return render(request, "workshops/me_exchange.html", context, status=status)


@guest
@never_cache
@require_GET
def exchange_now(request, slug):
    return render(request, "workshops/_exchange.html", _context(request))


def _context(request, refusal=None):
    listings = exchange.board(request.event)
    mine = exchange.own(request.person)
    form = {
        "table": mine and mine.table_id,
        "offer": mine.offer if mine else request.person.resource_offer[: exchange.LENGTH],
        "need": mine.need if mine else request.person.cooperation_need[: exchange.LENGTH],
    }
    if refusal:
        form = {name: request.POST.get(name, "")[:2000] for name in ("offer", "need")}
        form["table"] = number(request, "table")
    contacts = exchange.contacts_of(request.person)
    return {
        "event": request.event,
        "person": request.person,
        "tables": exchange.tables_of(request.event),
        "mine": mine,
        "form": form,
        "refusal": refusal,
        "suggestions": exchange.suggestions_for(request.person, listings),
        "asking": [each for each in contacts if each.state == "asked"],
        "contacts": [each for each in contacts if each.state != "asked"],
        "met": {pk for each in contacts for pk in (each.match.first_id, each.match.second_id)},
        "listings": [each for each in listings if each.participant_id != request.person.pk],
        "counts": exchange.counts(request.event),
        **standing_of(request.person),
        "here": "exchange",
    }


@guest
@require_POST
def sit(request, slug):
    return _done(request, exchange.sit, on=request.POST.get("on") != "0")


@guest
@require_POST
def ask(request, slug):
    """Ask the person of a listing for a match; the suggestion's reason goes along."""
    other = get_object_or_404(request.event.participants.present(), pk=number(request, "person"))
    listings = exchange.board(request.event)
    reasons = next(
        (
            each.reasons
            for each in exchange.suggestions_for(request.person, listings)
            if each.listing.participant_id == other.pk
        ),
        (),
    )
    return _done(request, exchange.request_match, other=other, reason=_("；").join(reasons))


@guest
@require_POST
def answer(request, slug, pk):
    """`act` is confirm or decline; a press without a word is neither."""
    match = get_object_or_404(Match.objects.of([request.person.pk]), pk=pk)
    verb = {"confirm": exchange.confirm, "decline": exchange.decline}.get(request.POST.get("act"))
    if verb is None:
        raise unreadable()
    return _done(request, verb, match=match)


def _done(request, verb, **given):
    try:
        verb(person=request.person, **given)
    except Refused as refused:
        if wants_json(request):
            raise
        messages.warning(request, refused.message)
    return done(request, "me_exchange", request.event.slug)
