"""Tag cards on phones, the tag wall on the projector, and the host's hand on both."""

from django.conf import settings
from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from events.access import host
from events.forms import whole_number
from events.models import Event
from participants import interest_groups, roster, tags
from participants.access import guest, in_the_house
from participants.card_form import CardForm
from salon.errors import Refused
from salon.qr import qr_svg


@guest
@never_cache
@require_http_methods(["GET", "POST"])
def card(request, slug):
    """The person's own tag card, and the interest group it led to."""
    own = tags.card_of(request.person)
    form = CardForm.of(own, request.POST or None)
    if request.method == "POST" and form.is_valid():
        saved = tags.save_card(person=request.person, by=request.person, **form.cleaned_data)
        messages.success(request, _told(saved))
        return redirect("me_card", slug)
    context = {
        "event": request.event,
        "person": request.person,
        "form": form,
        "group": interest_groups.group_of(request.person),
        "named": tags.is_named(request.person),
        "own": own,
    }
    return render(request, "participants/card.html", context)


def _told(card):
    if card.is_shown:
        return _("标签卡已更新，签到墙会跟着变。")
    return _("标签卡存好了，里面的话等主持人看过再上墙。")


@in_the_house
@never_cache
@require_GET
def wall(request, slug):
    link = settings.PUBLIC_URL + reverse("me_card", args=[slug])
    context = {
        "event": request.event,
        "wall": tags.tag_wall(request.event),
        "counts": roster.counts(request.event),
        "groups": interest_groups.largest_first(interest_groups.standing(request.event)),
        "qr": qr_svg(link),
        "address": link.split("://")[-1].rstrip("/"),
    }
    return render(request, "participants/wall_tags.html", context)


@host
@never_cache
@require_GET
def host_page(request, slug):
    context = {
        "event": request.event,
        "regions": Event.TagRegions.choices,
        "groups": interest_groups.standing(request.event),
    }
    return render(request, "participants/tags_host.html", context)


@host
@require_POST
def regions(request, slug):
    tags.switch_regions(event=request.event, regions=request.POST.get("regions"), by=request.user)
    return redirect("tags_host", slug)


@host
@require_POST
def settle(request, slug):
    if not interest_groups.settle(event=request.event, by=request.user):
        messages.info(request, _("没有需要并组的人。"))
    return redirect("tags_host", slug)


@host
@require_POST
def change_group(request, slug, pk):
    """`act` is rename, pin, unpin or merge."""
    groups = request.event.interest_groups.filter(merged_into=None)
    group = get_object_or_404(groups, pk=pk)
    act = request.POST.get("act")
    try:
        if act == "rename":
            interest_groups.rename(
                group=group,
                name=request.POST.get("name"),
                place=request.POST.get("place"),
                was=request.POST.get("seen"),
                by=request.user,
            )
        elif act in {"pin", "unpin"}:
            interest_groups.pin(group=group, pinned=act == "pin", by=request.user)
        elif act == "merge":
            target = get_object_or_404(groups, pk=whole_number(request.POST.get("target")))
            interest_groups.merge(source=group, target=target, by=request.user)
    except Refused as refused:
        messages.error(request, refused.message)
    return redirect("tags_host", slug)
