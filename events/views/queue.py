"""The queue at the gate: what waits to be looked at, what is on show, what was taken down."""

from django.contrib import messages
from django.http import JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from events import gate
from events.access import floor
from events.models import Event
from salon.errors import Refused, wants_json
from salon.text import clean_text

LISTED = 100
ON_SHOW, TAKEN_DOWN = 15, 40


@floor
@never_cache
@require_GET
def page(request, slug):
    """With `q` what is on show is searched."""
    return render(request, "events/queue.html", _context(request))


@floor
@never_cache
@require_GET
def now(request, slug):
    """The part of the page that changes."""
    return render(request, "events/_queue.html", _context(request))


def _context(request, **more):
    event = request.event
    asked = clean_text(request.GET.get("q", ""), max_length=80)
    waiting = gate.waiting(event)
    return {
        "event": event,
        "waiting": waiting[:LISTED],
        "more": len(waiting[LISTED:]),
        "clean": [entry for entry in waiting[:LISTED] if not entry.word],
        "asked": asked,
        "most": ON_SHOW,
        "on_show": gate.on_show(event, words=asked, most=ON_SHOW),
        "taken_down": gate.taken_down(event, most=TAKEN_DOWN),
        "kinds": gate.modes(event),
        "modes": Event.Moderation.choices,
        **more,
    }


@floor
@require_POST
def press(request, slug):
    """`act` is show or hide (with `ref`, and what was seen of it in `stamp`), show_clean (with every
    `seen`, "ref stamp", that hung before the presser), mode (with `kind` and `mode`) or words."""
    try:
        told = _press(request)
    except Refused as refused:
        if wants_json(request):
            raise
        messages.warning(request, refused.message)
        if request.POST.get("act") == "words":
            context = _context(request, typed_words=request.POST.get("words", ""))
            return render(request, "events/queue.html", context, status=refused.status)
    else:
        if wants_json(request):
            return JsonResponse({"ok": True})
        if told:
            messages.success(request, told)
    return redirect("gate", slug)


def _press(request):
    event, by, form = request.event, request.user, request.POST
    act = form.get("act", "")
    if act in {"show", "hide"}:
        row = gate.find(event, form.get("ref", ""))
        if row is None:
            raise Refused("gone", _("这一条已经不在了。"), status=404)
        if act == "show":
            gate.show(event=event, row=row, by=by, stamp=form.get("stamp", ""))
        else:
            gate.hide(event=event, row=row, by=by)
        return ""
    if act == "show_clean":
        seen = [tuple(each.partition(" ")[::2]) for each in form.getlist("seen")[:LISTED]]
        passed = gate.show_clean(event=event, seen=seen, by=by)
        return ngettext("放行了 %(count)d 条。", "放行了 %(count)d 条。", passed) % {
            "count": passed
        }
    if act == "mode":
        gate.switch(event=event, kinds=[form.get("kind", "")], mode=form.get("mode", ""), by=by)
        return ""
    if act == "words":
        words, was = form.get("words", ""), form.get("seen")
        caught = gate.set_words(event=event, text=words, was=was, by=by)
        return _words_told(caught)
    raise Refused("unreadable", _("没看懂这次操作，请刷新后再试。"), status=400)


def _words_told(caught):
    if not caught:
        return _("屏蔽词保存好了。")
    return ngettext(
        "屏蔽词保存好了，墙上有 %(count)d 条先收起来，等人看。",
        "屏蔽词保存好了，墙上有 %(count)d 条先收起来，等人看。",
        caught,
    ) % {"count": caught}
