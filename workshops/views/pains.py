"""The pain wall: phones, projector, the host's hand, the spreadsheet."""

import io
import uuid

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from events.access import host, organiser
from participants.access import guest, in_the_house
from salon.errors import Refused, wants_json
from salon.qr import qr_svg
from salon.sheets import write_table
from salon.text import clean_text
from workshops import blind_box, pains, pains_sheet, walls
from workshops.models import PainCard, Solution
from workshops.taking_part import standing_of
from workshops.views.posted import client_id, done, id_again, number, numbers, unreadable

# A phone shows one's own cards and the liveliest; all of them on request.
AT_FIRST = 40


@guest
@never_cache
@require_http_methods(["GET", "POST"])
def me_pains(request, slug):
    """The wall on a phone; POST hangs up a pain card."""
    if request.method == "GET":
        return _page(request)
    try:
        pains.post_pain(
            person=request.person, text=request.POST.get("text"), client_id=client_id(request)
        )
    except Refused as refused:
        return _again(request, refused, "pain")
    return done(request, "me_pains", slug)


@guest
@require_POST
def solve(request, slug, pk):
    """Hang a solution below a card."""
    try:
        pains.post_solution(
            person=request.person,
            card=pains.card_of(request.event, pk),
            text=request.POST.get("text"),
            client_id=client_id(request),
        )
    except Refused as refused:
        return _again(request, refused, f"card-{pk}")
    return done(request, "me_pains", slug, fragment=f"card-{pk}")


@guest
@require_POST
def like(request, slug, pk):
    """One like, or with `on=0` none."""
    solution = pains.solution_of(request.event, pk)
    verb = pains.unlike if request.POST.get("on") == "0" else pains.like
    count = verb(person=request.person, solution=solution)
    return done(request, "me_pains", slug, fragment=f"card-{solution.card_id}", likes=count)


@guest
@never_cache
@require_GET
def pains_list(request, slug):
    """The part of the phone's page that changes; fetched when the wall has."""
    return render(request, "workshops/_pains_list.html", _context(request))


def _context(request, **more):
    wall = pains.pain_wall(request.event, person=request.person)
    own = request.person.pk
    cards = sorted(wall.cards, key=lambda card: card.participant_id != own)
    shown = cards if "all" in request.GET else cards[:AT_FIRST]
    for card in shown:
        card.form_id = uuid.uuid4()
    return {
        "cards": shown,
        "more": len(cards) - len(shown),
        "query": "?all" if "all" in request.GET else "",
        "event": request.event,
        "person": request.person,
        "wall": wall,
        "form_id": uuid.uuid4(),
        **standing_of(request.person),
        "here": "pains",
        **more,
    }


def _page(request, status=200, **more):
    return render(request, "workshops/me_pains.html", _context(request, **more), status=status)


def _again(request, refused, form):
    """The page with the sentence beside the field and everything that was typed."""
    if wants_json(request):
        raise refused
    typed = request.POST.get("text", "")[:2000]
    return _page(
        request,
        status=refused.status,
        refusal=refused,
        refused_form=form,
        typed=typed,
        typed_id=id_again(request, refused),
    )


@in_the_house
@never_cache
@require_GET
def wall_pains(request, slug):
    link = settings.PUBLIC_URL + reverse("me_pains", args=[slug])
    context = {
        "event": request.event,
        **walls.pain_context(request.event),
        "qr": qr_svg(link),
        "address": link.split("://")[-1].rstrip("/"),
    }
    return render(request, "workshops/wall_pains.html", context)


# --- the host's hand --------------------------------------------------------------------------


@host
@never_cache
@require_GET
def pains_host(request, slug):
    """The liveliest cards, or those asked for with `q` and `topic`; all of them with `all`. What
    is ticked (`card`) stays ticked and on top while somebody looks for more."""
    wall = pains.pain_wall(request.event)
    asked = _asked(request.GET)
    ticked = set(request.GET.getlist("card"))
    for card in wall.cards:
        card.ticked = card.pk_text in ticked
    on_top = [card for card in wall.cards if card.ticked]
    found = [card for card in pains.look_for(wall.cards, **asked) if not card.ticked]
    shown = found if "all" in request.GET else found[:AT_FIRST]
    context = {
        "event": request.event,
        "wall": wall,
        "asked": asked,
        "topics": [topic for _key, topic in blind_box.topics()],
        "cards": on_top + shown,
        "found": len(found),
        "more": len(found) - len(shown),
        "last_merge": pains.last_merge(request.event),
        "hidden": pains.hidden_of(request.event),
    }
    return render(request, "workshops/pains_host.html", context)


def _asked(given):
    """What the host looks for, from the address or from a form that keeps it."""
    words = clean_text(given.get("q", ""), max_length=pains.TEXT_LENGTH)
    return {"words": words, "topic": given.get("topic", "")[:30]}


@host
@require_POST
def pains_press(request, slug):
    """`act` is feature, unfeature, hide_card, hide_solution, show_card, show_solution, merge or
    undo; what was looked for (`q`, `topic`) is looked for again."""
    try:
        _press(request)
    except Refused as refused:
        if wants_json(request):
            raise
        messages.warning(request, refused.message)
    asked = _asked(request.POST)
    kept = {"q": asked["words"], "topic": asked["topic"]} if any(asked.values()) else None
    return done(request, "pains_host", slug, query=kept)


def _press(request):
    event, by, act = request.event, request.user, request.POST.get("act", "")
    if act == "merge":
        cards = event.pain_cards.filter(pk__in=numbers(request, "card"))
        kept = cards.on_show().filter(merged_into=None).order_by("pk").first()
        if kept is None:
            raise Refused("nothing", _("请先勾选要合并的卡片。"), status=400)
        pains.merge(event=event, kept=kept, cards=cards, by=by)
    elif act == "undo":
        pains.undo_merge(event=event, by=by)
    elif act in {"feature", "unfeature"}:
        solution = pains.solution_of(event, number(request, "pk"))
        pains.feature(solution=solution, by=by, featured=act == "feature")
    elif act in {"hide_card", "show_card", "hide_solution", "show_solution"}:
        verb, _under, what = act.partition("_")
        rows = (
            PainCard.objects.filter(event=event)
            if what == "card"
            else Solution.objects.filter(card__event=event)
        )
        row = rows.filter(pk=number(request, "pk")).first()
        if row is None:
            raise Refused("gone", _("这一条已经不在了。"), status=404)
        pains.hide(event=event, row=row, by=by, hidden=verb == "hide")
    else:
        raise unreadable()


@organiser
@require_GET
def pains_export(request, slug):
    """All cards and solutions as XLSX."""
    stream = io.BytesIO()
    write_table(stream, sheets=pains_sheet.sheets(request.event))
    response = HttpResponse(
        stream.getvalue(),
        content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    )
    response["Content-Disposition"] = f'attachment; filename="pains-{slug}.xlsx"'
    return response
