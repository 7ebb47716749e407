"""The organiser's page of the door: desks with link and PIN, self check-in, conflicts, the list."""

from django.conf import settings
from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from events.access import issue_desk_pass, organiser, revoke_desk_pass
from participants import checkin, roster, walkins
from salon import clock
from salon.qr import qr_svg
from salon.text import clean_text


@organiser
@never_cache
@require_http_methods(["GET", "POST"])
def page(request, slug):
    """POST issues a pass; its link and PIN are shown in this one answer and never again."""
    event = request.event
    issued = None
    if request.method == "POST":
        desk = clean_text(request.POST.get("desk"), max_length=40) or _("签到台")
        _pass, token, pin = issue_desk_pass(event=event, desk=desk, by=request.user)
        link = settings.PUBLIC_URL + reverse("desk_link", args=[token])
        issued = {"desk": desk, "link": link, "pin": pin, "qr": qr_svg(link)}
    now = clock.now()
    context = {
        "event": event,
        "issued": issued,
        "desks": roster.desks(event, now),
        "counts": roster.counts(event),
        "seats": walkins.seats_on_site(event),
        "conflicts": checkin.conflicts(event),
        "self_open": checkin.can_check_in_self(event, now),
    }
    return render(request, "participants/desks.html", context)


@organiser
@require_POST
def revoke(request, slug, pk):
    desk_pass = get_object_or_404(request.event.desks, pk=pk, revoked_at=None)
    revoke_desk_pass(desk_pass=desk_pass, by=request.user)
    messages.success(request, _("%(desk)s 已停用。") % {"desk": desk_pass.desk})
    return redirect("desks", slug)


@organiser
@require_POST
def switch_self_check_in(request, slug):
    checkin.switch_self(event=request.event, on=request.POST.get("on") == "1", by=request.user)
    return redirect("desks", slug)


@organiser
@require_GET
def poster(request, slug):
    """The venue's QR on one sheet of paper."""
    link = settings.PUBLIC_URL + reverse("here", args=[slug])
    context = {"event": request.event, "link": link, "qr": qr_svg(link)}
    return render(request, "participants/here_poster.html", context)


@organiser
@require_GET
def printed_list(request, slug):
    return render(request, "participants/roster_print.html", roster.printed(request.event))
