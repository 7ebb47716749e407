"""The phone-screening page of one caller."""

from datetime import datetime

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from events.access import organiser
from participants import calls, queue
from participants.models import Call
from participants.views.screening import TOLD_REASONS
from salon import clock
from salon.errors import Refused


@organiser
@never_cache
@require_GET
def page(request, slug):
    return _page(request)


def _page(request, *, refused_call=None, problem=""):
    """The page; with `refused_call` what was posted for that call is on it, in its form, or apart
    when the form now belongs to another person or to nobody."""
    event, now = request.event, clock.now()
    call = calls.open_call(event, request.user)
    context = {
        "event": event,
        "call": call,
        "person": queue.judge(call.participant) if call else None,
        "earlier": call.participant.calls.exclude(finished_at=None)[:5] if call else [],
        "ends_at": call.claimed_at + calls.TALK if call else None,
        "now": now,
        "expired": bool(call and call.claim_expires_at <= now),
        "waiting": calls.to_call(event, now).count(),
        "later": list(calls.later(event, now)[:10]),
        "in_hand": Call.objects.filter(
            participant__event=event, finished_at=None, claim_expires_at__gt=now
        )
        .exclude(caller=request.user)
        .select_related("caller"),
        "outcomes": Call.Outcome,
        "told_reasons": TOLD_REASONS,
        "categories": event.categories.all(),
        "typed": request.POST if refused_call and refused_call == call else {},
        "apart": refused_call if refused_call != call else None,
        "apart_notes": request.POST.get("notes", ""),
        "problem": problem,
    }
    return render(request, "participants/calls.html", context)


@organiser
@require_POST
def claim(request, slug):
    if calls.claim_next(event=request.event, by=request.user) is None:
        messages.info(request, _("现在没有要打的电话。"))
    return redirect("calls", slug)


@organiser
@require_POST
def give_back(request, slug, pk):
    call = _call(request, pk)
    try:
        calls.give_back(call=call, by=request.user, notes=request.POST.get("notes", ""))
    except Refused as refused:
        return _page(request, refused_call=call, problem=str(refused))
    return redirect("calls", slug)


@organiser
@require_POST
def finish(request, slug, pk):
    """End the call; what was typed stays on the page when it is refused."""
    typed, call = request.POST, _call(request, pk)
    try:
        sentence = calls.finish_call(
            call=call,
            by=request.user,
            outcome=typed.get("outcome", ""),
            notes=typed.get("notes", ""),
            told_reason=typed.get("told_reason", ""),
            reason=typed.get("reason", ""),
            reached="reached" in typed,
            call_back_at=_moment(typed.get("call_back_at", ""), request.event.zone),
        )
    except Refused as refused:
        return _page(request, refused_call=call, problem=str(refused))
    messages.success(request, sentence)
    return redirect("calls", slug)


def _call(request, pk):
    return get_object_or_404(
        Call.objects.select_related("participant"), participant__event=request.event, pk=pk
    )


def _moment(text, zone):
    """A datetime-local field in the event's zone; None when empty."""
    if not text:
        return None
    try:
        return datetime.fromisoformat(text).replace(tzinfo=zone)
    except ValueError:
        raise Refused("call_back_at", _("回电时间看不懂，请重新选。"), status=422) from None
