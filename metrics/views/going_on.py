"""The community of a series: everybody sees its salons, those who took part its common board."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from events.models import Series
from metrics import going_on
from participants.access import person, person_of
from salon.access import door, public
from salon.errors import Refused
from workshops.models import Match
from workshops.views.posted import number


def _salons(request, series):
    return going_on.salons_of(series, person_of=lambda event: person_of(request, event.slug))


def _alumni(request, slug, **kwargs):
    """Confirmed at a public salon of the series; sets request.series and request.people."""
    request.series = get_object_or_404(Series, slug=slug)
    request.people = going_on.alumni_in(_salons(request, request.series))
    if not request.people:
        raise Refused(
            "no_personal_link",
            _("这里给来过的人用。请先用您的个人链接打开一次自己的页面。"),
            status=403,
        )


alumni = door("alumni", _alumni)


@public
@never_cache
@require_safe
def series(request, slug):
    found = get_object_or_404(Series, slug=slug)
    salons = _salons(request, found)
    people = going_on.alumni_in(salons)
    community = going_on.community_of(found, people) if people else None
    context = {"series": found, "salons": salons, "community": community}
    return render(request, "metrics/series.html", context)


@person
@never_cache
@require_safe
def me_series(request, slug):
    """Where letters of new people lead: the series' board, or the event's own without a series."""
    series = request.event.series
    return redirect("series", series.slug) if series else redirect("me_exchange", slug)


@alumni
@require_POST
def ask(request, slug):
    """Ask the person of a listing on the common board."""
    return _done(
        request,
        _("问过了，等对方确认。双方都确认后互相看到联系方式。"),
        going_on.ask,
        series=request.series,
        people=request.people,
        other=number(request, "person"),
    )


@alumni
@require_POST
def answer(request, slug, pk):
    """`act` is confirm or decline; a press without a word is neither."""
    mine = Match.objects.of([each.pk for each in request.people])
    match = get_object_or_404(mine, pk=pk)
    yes = {"confirm": True, "decline": False}.get(request.POST.get("act"))
    if yes is None:
        raise Refused("unreadable", _("没看懂这次操作，请刷新后再试。"), status=400)
    said = _("双方都确认了，联系方式在下面。") if yes else _("好的，这次不对接。")
    return _done(request, said, going_on.answer, people=request.people, match=match, yes=yes)


def _done(request, said, verb, **given):
    try:
        verb(**given)
    except Refused as refused:
        if refused.status == 404:
            raise
        messages.warning(request, refused.message)
    else:
        messages.success(request, said)
    return redirect("series", request.series.slug)
