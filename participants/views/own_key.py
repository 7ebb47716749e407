"""The key to one's own page: opened, swapped for another's, made new, given back, asked about."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from events.access import require_in_sight
from participants import keys
from participants.access import (
    person,
    person_cookie,
    person_of,
    set_person_cookie,
    set_swap_cookie,
    swap_cookie,
    swap_link,
)
from salon import clock
from salon.access import public
from salon.errors import Refused


@public
@never_cache
@require_GET
def open_link(request, token):
    """The personal link: its key goes into a cookie and out of the address. Changes no row.

    `?to=survey` goes on to the person's own page `me_survey`, wherever a room above has one. A
    browser that is somebody else's at this event is asked first.
    """
    link = keys.find_link(token)
    require_in_sight(request, link.participant.event)
    slug = link.participant.event.slug
    to = request.GET.get("to", "")
    here = person_of(request, slug)
    if here is not None and here.pk != link.participant_id:
        response = redirect(reverse("me_swap", args=[slug], query={"to": to} if to else None))
        set_swap_cookie(response, link)
        return response
    return _let_in(link, to)


def _let_in(link, to):
    slug = link.participant.event.slug
    try:
        response = redirect(reverse(f"me_{to}", args=[slug]))
    except NoReverseMatch:
        response = redirect("me", slug)
    set_person_cookie(response, link)
    return response


@person
@never_cache
@require_http_methods(["GET", "POST"])
def swap(request, slug):
    """Whose link was opened in this browser, and whose it is now; only a press changes that."""
    link = swap_link(request, slug)
    if link is None:
        messages.info(request, _("要换成别人的页面，请再点一次那条链接。"))
        return redirect("me", slug)
    if request.method == "POST":
        response = _let_in(link, request.POST.get("to", ""))
        response.delete_cookie(swap_cookie(slug), path=reverse("me_swap", args=[slug]))
        return response
    context = {
        "event": request.event,
        "person": request.person,
        "other": keys.masked_name(link.participant.name),
        "to": request.GET.get("to", ""),
    }
    return render(request, "participants/me_swap.html", context)


@person
@never_cache
@require_http_methods(["GET", "POST"])
def answer(request, slug):
    """By an old key: the one question, and a fresh key for who answers it."""
    problem, status = "", 200
    if not keys.must_answer(request.person, now=clock.now()):
        return redirect("me", slug)
    if request.method == "POST":
        try:
            path = keys.refresh_link(
                participant=request.person, answer=request.POST.get("answer", "")
            )
        except Refused as refused:
            problem, status = str(refused), refused.status
        else:
            return _with_key(redirect("me_edit", slug), path)
    context = {"event": request.event, "person": request.person, "problem": problem}
    return render(request, "participants/me_key.html", context, status=status)


def _with_key(response, path):
    set_person_cookie(response, keys.link_at(path))
    return response


@person
@never_cache
@require_POST
def renew(request, slug):
    """A new key for this browser, and every other one switched off."""
    try:
        keys.require_owner(person=request.person, answer=request.POST.get("answer", ""))
        path = keys.renew_link(participant=request.person, by=request.person)
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("me", slug)
    messages.success(
        request, _("换好了：以前的链接都停用了，这部手机照常能用。以后的信里会带上新链接。")
    )
    return _with_key(redirect("me", slug), path)


def _left(request, slug, sentence):
    context = {"event": request.event, "sentence": sentence}
    response = render(request, "participants/left.html", context)
    response.delete_cookie(person_cookie(slug))
    return response


@person
@never_cache
@require_POST
def leave(request, slug):
    return _left(request, slug, _("这部手机不再认得您。要再进来，点信里的链接就好。"))


@person
@never_cache
@require_POST
def not_me(request, slug):
    """A link that reached the wrong one: this browser forgets it, and the organiser is told."""
    sent = request.person.link.channel in keys.SENT_TO.values()
    keys.disown_link(participant=request.person)
    if sent:
        return _left(
            request, slug, _("谢谢您告诉我们。这个链接停用了，主办方会核对是不是发错了人。")
        )
    return _left(request, slug, _("谢谢您告诉我们。这部手机上已经没有 TA 的页面了。"))
