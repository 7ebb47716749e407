"""Questions and danmaku: phones, projector, the host's queue."""

import uuid
from functools import partial

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from events import gate
from events.access import host
from events.models import Event
from participants.access import guest, in_the_house
from salon.errors import Refused, wants_json
from salon.qr import qr_svg
from workshops import questions, walls
from workshops.models import Question
from workshops.taking_part import standing_of
from workshops.views.posted import client_id, done, id_again, number, numbers, unreadable


@guest
@never_cache
@require_http_methods(["GET", "POST"])
def me_questions(request, slug):
    """Ask or let a danmaku fly, and upvote what others asked."""
    if request.method == "GET":
        return render(request, "workshops/me_questions.html", _context(request))
    try:
        row = questions.send(
            person=request.person,
            kind=request.POST.get("kind", ""),
            text=request.POST.get("text"),
            client_id=client_id(request),
        )
    except Refused as refused:
        if wants_json(request):
            raise
        context = _context(
            request,
            refusal=refused,
            typed=request.POST.get("text", "")[:2000],
            typed_kind=request.POST.get("kind", ""),
            typed_id=id_again(request, refused),
        )
        return render(request, "workshops/me_questions.html", context, status=refused.status)
    if not wants_json(request):
        messages.success(
            request, _("已上墙。") if row.is_shown else _("已收到，主持人看过后上墙。")
        )
    return done(request, "me_questions", slug)


@guest
@never_cache
@require_GET
def questions_list(request, slug):
    return render(request, "workshops/_questions_list.html", _context(request))


def _context(request, **more):
    return {
        "event": request.event,
        "person": request.person,
        "questions": _page(request, questions.asked(request.event, person=request.person)),
        "own": questions.own(request.person),
        "kinds": Question.Kind.choices,
        "form_id": uuid.uuid4(),
        **standing_of(request.person),
        "here": "questions",
        **more,
    }


def _page(request, asked):
    return Paginator(asked, questions.ASKED_LISTED).get_page(request.GET.get("page"))


@guest
@require_POST
def upvote(request, slug, pk):
    question = get_object_or_404(request.event.questions, pk=pk)
    off = request.POST.get("on") == "0"
    verb = questions.take_back_upvote if off else questions.upvote
    count = verb(person=request.person, question=question)
    return done(request, "me_questions", slug, fragment=f"question-{pk}", upvotes=count)


@in_the_house
@never_cache
@require_GET
def wall_danmaku(request, slug):
    link = settings.PUBLIC_URL + reverse("me_questions", args=[slug])
    context = {
        "event": request.event,
        **walls.questions_context(request.event),
        **walls.danmaku_context(request.event),
        "qr": qr_svg(link),
        "address": link.split("://")[-1].rstrip("/"),
    }
    return render(request, "workshops/wall_danmaku.html", context)


# --- the host's queue -------------------------------------------------------------------------


@host
@never_cache
@require_GET
def questions_host(request, slug):
    return _host_page(request)


def _host_page(request, *, status=200, **more):
    context = _queue(request) | {"words": request.event.blocked_words, **more}
    return render(request, "workshops/questions_host.html", context, status=status)


@host
@never_cache
@require_GET
def queue(request, slug):
    """The part of the host's page that changes."""
    return render(request, "workshops/_questions_queue.html", _queue(request))


def _queue(request):
    event = request.event
    all_waiting = questions.waiting(event)
    waiting = list(all_waiting[: questions.WAITING_LISTED])
    return {
        "event": event,
        "waiting": waiting,
        "all_waiting": len(waiting)
        if len(waiting) < questions.WAITING_LISTED
        else all_waiting.count(),
        "questions": _page(request, questions.asked(event)),
        "flying": questions.flying(event)[::-1],
        "hidden": questions.hidden(event),
        "picked": questions.picked(event),
        "modes": Event.Moderation.choices,
        "mode": questions.moderation(event),
    }


ONE = {
    "show": questions.show,
    "hide": questions.hide,
    "pick": questions.pick,
    "put_back": questions.put_back,
    "answered": questions.answered,
    "pin": questions.pin,
    "unpin": partial(questions.pin, on=False),
}


@host
@require_POST
def press(request, slug):
    """`act` is one of ONE (with `pk`; `on=0` takes "answered" back), show_seen (with every `pk`
    that the presser saw waiting), moderation (with `mode`) or words (with `words`)."""
    event, by, act = request.event, request.user, request.POST.get("act", "")
    try:
        if act in ONE:
            question = get_object_or_404(event.questions, pk=number(request, "pk"))
            off = {"on": False} if act == "answered" and request.POST.get("on") == "0" else {}
            ONE[act](question=question, by=by, **off)
        elif act == "show_seen":
            questions.show_seen(event=event, seen=numbers(request, "pk"), by=by)
        elif act == "moderation":
            questions.switch_moderation(event=event, mode=request.POST.get("mode"), by=by)
        elif act == "words":
            words, was = request.POST.get("words", ""), request.POST.get("seen")
            gate.set_words(event=event, text=words, was=was, by=by)
        else:
            raise unreadable()
    except Refused as refused:
        if wants_json(request):
            raise
        messages.warning(request, refused.message)
        if act == "words":
            return _host_page(request, status=refused.status, typed_words=words)
    return done(request, "questions_host", slug)
