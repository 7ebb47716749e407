"""People whose erasing an organiser asked for and who can still be put back."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from events.access import organiser
from participants import erasing_many, what_is_at_stake
from salon import asking, clock
from salon.errors import Refused


@organiser
@never_cache
@require_safe
def page(request, slug):
    context = {
        "event": request.event,
        "presses": erasing_many.pending(request.event),
        "now": clock.now(),
    }
    return render(request, "participants/erasing.html", context)


def _hour(request):
    """The hour of the press that is spoken of, as the page wrote it."""
    try:
        at = parse_datetime(request.POST.get("at", "")[:40])
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise Refused("unreadable", _("没看懂这次操作，请刷新后再试。"), status=400)
    return at


@organiser
@require_POST
def take_back(request, slug):
    try:
        number = erasing_many.take_back(event=request.event, at=_hour(request), by=request.user)
    except Refused as refused:
        if refused.code == "unreadable":
            raise
        messages.warning(request, str(refused))
    else:
        messages.success(request, _("恢复了 %(n)d 人，一切照旧。") % {"n": number})
    return redirect("erasing", slug)


@organiser
@require_POST
def now(request, slug):
    at = _hour(request)
    press = next((one for one in erasing_many.pending(request.event) if one.at == at), None)
    if press is not None:
        asking.sure(request, what_is_at_stake.at_once(request.event, press))
    number = erasing_many.finish_now(event=request.event, at=at, by=request.user)
    messages.success(request, _("%(n)d 人的个人信息已抹去。") % {"n": number})
    return redirect("erasing", slug)
