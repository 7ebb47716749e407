"""Telling people by hand, for one thumb: the words and the link, WeChat or a call, back, done."""

import re

from django.contrib import messages
from django.http import JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from events.access import organiser
from participants import out_of_reach, what_is_at_stake
from participants.deadlines import UNCONFIRMED
from participants.models import Participant
from salon import asking, outbox
from salon.errors import Refused
from salon.models import Message
from salon.text import national_mobile


@organiser
@never_cache
@require_GET
def page(request, slug):
    """Everybody who has to be told, those with a seat to confirm first."""
    people = out_of_reach.to_tell(request.event)
    context = {
        "event": request.event,
        "people": [_told_of(person) for person in people],
        "seats": sum(person.status in UNCONFIRMED for person in people),
    }
    return render(request, "participants/by_hand/page.html", context)


def _told_of(person):
    person.what = outbox.label_of(person.letter.kind)
    person.shown_mobile = national_mobile(person.mobile)
    person.may_lose = person.status in UNCONFIRMED
    return person


@organiser
@never_cache
@require_GET
def one(request, slug, pk):
    """One letter to tell, its link still hidden: fetching it makes a key, and takes a press."""
    return _one(request, _message(request, pk))


def _message(request, pk):
    return get_object_or_404(Message.objects.of_event(request.event).exclude(person_id=None), pk=pk)


def _one(request, message, words=None):
    person = get_object_or_404(
        Participant.objects.present(), event=request.event, pk=message.person_id
    )
    try:
        shown, problem = words or outbox.preview(message), ""
    except Refused as refused:
        shown, problem = None, str(refused)
    person.letter = message
    context = {
        "event": request.event,
        "person": _told_of(person),
        "message": message,
        "letter": shown,
        "with_link": words is not None,
        "problem": problem,
        "left": out_of_reach.of_event(request.event).exclude(pk=person.pk).count(),
    }
    return render(request, "participants/by_hand/one.html", context)


@organiser
@never_cache
@require_POST
def words(request, slug, pk):
    """The words with the personal link in them; to a script as {"text"}."""
    message = _message(request, pk)
    by_script = request.headers.get("Accept") == "application/json"
    try:
        found = out_of_reach.words_for(message=message, by=request.user)
    except Refused as refused:
        if by_script:
            return JsonResponse({"message": str(refused)}, status=409)
        messages.error(request, str(refused))
        return redirect("by_hand", slug)
    if by_script:
        return JsonResponse({"text": found.text})
    return _one(request, message, found)


@organiser
@require_POST
def done(request, slug, pk):
    """They have been told; on to the next."""
    message = _message(request, pk)
    try:
        out_of_reach.told(message=message, by=request.user)
    except Refused as refused:
        messages.error(request, str(refused))
    after = out_of_reach.of_event(request.event).exclude(pk=message.person_id)
    following = after.filter(pk__gt=message.person_id).first() or after.first()
    if following is None:
        messages.success(request, _("都告诉到了。"))
        return redirect("by_hand", slug)
    return redirect("by_hand_one", slug, following.letter_id)


@organiser
@require_POST
def give_away(request, slug):
    """The seats of those chosen who could not be reached go to the next."""
    people = [int(pk) for pk in request.POST.getlist("people") if re.fullmatch(r"\d{1,15}", pk)]
    chosen = out_of_reach.of_event(request.event).filter(pk__in=people).order_by("pk")
    if chosen:
        asking.sure(request, what_is_at_stake.of_giving_away(list(chosen)))
    number, refused = out_of_reach.give_away(event=request.event, people=people, by=request.user)
    for refusal in list(refused.values())[:5]:
        messages.error(request, str(refusal))
    if number:
        sentence = ngettext("收回了 %(n)s 个名额。", "收回了 %(n)s 个名额。", number)
        messages.success(request, sentence % {"n": number})
    elif not refused:
        messages.error(request, _("请先选人。"))
    return redirect("by_hand", slug)
