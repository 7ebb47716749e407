"""The whitepaper: written in the admin, claimed and read by everybody."""

import mimetypes

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from events.access import event_page, organiser, roles_of
from metrics import claims, whitepaper
from metrics.forms import ClaimForm, sections_posted
from metrics.models import Whitepaper
from participants import contacts, guests, keys
from participants.access import person_of
from salon import asking, clock
from salon.errors import Refused
from salon.signing_in import address_of

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


# --- for organisers -------------------------------------------------------------------------------


@organiser
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request, slug):
    event, refusal = request.event, None
    paper = whitepaper.newest(event)
    if request.method == "POST":
        if paper is None:
            raise Http404
        title, sections, version = sections_posted(request.POST)
        try:
            whitepaper.save(
                paper=paper, edit_version=version, title=title, sections=sections, by=request.user
            )
        except Refused as refused:
            refusal = refused
            # What was typed stays on the page, over the version it was typed on.
            paper.title, paper.sections, paper.edit_version = title, sections, version
        else:
            messages.success(request, _("草稿已保存。"))
            return redirect("whitepaper_edit", slug)
    return render(
        request,
        "metrics/whitepaper_edit.html",
        {
            "event": event,
            "paper": paper,
            "refusal": refusal,
            "versions": event.whitepapers.all(),
            "modules": whitepaper.MODULES.items(),
            "sections": (sections := whitepaper.for_editor(paper) if paper else []),
            "unwritten": [
                (place, section)
                for place, section in enumerate(sections)
                if section["to_be_written"]
            ],
            "claims": claims.counts(event),
        },
        status=refusal.status if refusal else 200,
    )


@organiser
@require_POST
def draft(request, slug):
    paper, gone, come = whitepaper.draft(
        event=request.event, by=request.user, put_back=bool(request.POST.get("put_back"))
    )
    messages.success(
        request, _("第 %(version)d 版草稿已按现在的授权和内容整理好。") % {"version": paper.version}
    )
    if gone:
        messages.warning(request, _("不再收入：%(titles)s") % {"titles": _("、").join(gone)})
    if come:
        messages.info(request, _("新收入：%(titles)s") % {"titles": _("、").join(come)})
    return redirect("whitepaper_edit", slug)


@organiser
@require_POST
def preview(request, slug):
    """The Markdown of one section as it will be read."""
    text = next((value for name, value in request.POST.items() if name.startswith("text-")), "")
    return HttpResponse(whitepaper.as_html(whitepaper.clean_markdown(text)))


@organiser
@require_POST
def publish(request, slug):
    paper = whitepaper.newest(request.event)
    if paper is None:
        raise Http404
    asking.many_letters(request, whitepaper.who_hears(request.event).count())
    try:
        whitepaper.publish(paper=paper, by=request.user)
    except Refused as refused:
        messages.error(request, str(refused))
        if refused.code == "unfinished":
            return redirect(f"{reverse('whitepaper_edit', args=[slug])}#unwritten")
    else:
        messages.success(request, _("已发布；想要新版本提醒的人会收到邮件。"))
    return redirect("whitepaper_edit", slug)


@organiser
@require_safe
def compare(request, slug):
    versions = {paper.version: paper for paper in request.event.whitepapers.all()}
    later = versions.get(
        _number(request.GET.get("to")), max(versions.values(), key=_version, default=None)
    )
    if later is None:
        raise Http404
    earlier = versions.get(_number(request.GET.get("from")), versions.get(later.version - 1))
    return render(
        request,
        "metrics/whitepaper_compare.html",
        {
            "event": request.event,
            "earlier": earlier,
            "later": later,
            "changes": whitepaper.differences(earlier, later) if earlier else [],
        },
    )


def _version(paper):
    return paper.version


def _number(text):
    return int(text) if text and text.isdecimal() and len(text) < 5 else None


# --- for everybody --------------------------------------------------------------------------------


def _reader(request):
    """Who may read: the crew, a guest of the event by their link, or a claimant."""
    event = request.event
    person = person_of(request, event.slug)
    return (
        roles_of(request.user, event)
        or (person is not None and guests.is_guest(person))
        or _card(request)
    )


def _card(request):
    event = request.event
    return claims.card_of(event, request.COOKIES.get(claims.cookie(event.slug)))


def _paper_to_read(request):
    """(version, claim or None) that the asker may read; Http404 or a way to the claim page."""
    event = request.event
    is_crew = bool(roles_of(request.user, event))
    wanted = _number(request.GET.get("v")) if is_crew else None
    paper = (
        get_object_or_404(Whitepaper, event=event, version=wanted)
        if wanted
        else whitepaper.published(event)
    )
    if paper is None:
        raise Http404
    return paper if _reader(request) else None


def _with_card(response, event, card):
    response.set_cookie(
        claims.cookie(event.slug),
        card,
        max_age=claims.KEEP_SECONDS,
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )
    return response


def _shown_email(person):
    """An old key may have passed through many hands, and this address is what it is asked for."""
    if person is None or keys.must_answer(person, now=clock.now()):
        return ""
    return person.email


@event_page
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def claim(request, slug):
    event = request.event
    person = person_of(request, slug)
    paper = whitepaper.published(event)
    form = ClaimForm(request.POST or None, initial={"email": _shown_email(person)})
    if request.method == "POST" and form.is_valid():
        if form.cleaned_data["website"]:  # filled by a machine: the same answer, nothing counted
            return redirect("whitepaper", slug)
        if person:
            contacts.prove_by_key(person)
        card = _card(request)
        try:
            found = claims.claim(
                event=event,
                email=form.cleaned_data["email"],
                wants_news=form.cleaned_data["wants_news"],
                device=request.META.get("CSRF_COOKIE", ""),
                network=address_of(request),
                person=person,
                card=card,
            )
        except Refused as refused:
            if refused.code != "email":
                raise
            form.add_error("email", str(refused))
        else:
            return _claimed(request, found, person, card)
    get_token(request)  # the browser's own number, for the limit per device
    return render(
        request,
        "metrics/whitepaper.html",
        {
            "event": event,
            "paper": paper,
            "outline": whitepaper.modules_of(paper) if paper else [],
            "claims": claims.counts(event),
            "form": form,
            "may_read": bool(paper and _reader(request)),
        },
        status=422 if form.errors else 200,
    )


def _claimed(request, found, person, card):
    theirs = claims.is_theirs(found, person=person, card=card)
    if theirs and found.proven_at:
        messages.success(request, _("领取好了。"))
    else:
        messages.success(
            request, _("可以读了。我们往这个邮箱发了一封带链接的信，打开过一次，领取才算数。")
        )
    answer = redirect("whitepaper_read", request.event.slug)
    if card and card.claim and not theirs:
        return answer  # somebody else was asked for as well; the own card stays
    by_letter = bool(card and card.by_letter)
    value = claims.card_for(found, theirs=theirs, by_letter=by_letter)
    return _with_card(answer, request.event, value)


@event_page
@never_cache
@require_safe
def key(request, slug, key):
    """The link in a letter: its key goes into a cookie and out of the address."""
    found = claims.find(request.event, key)
    if found is None:
        return redirect("whitepaper", slug)
    card = claims.card_for(found, theirs=True, by_letter=True)
    return _with_card(redirect("whitepaper_read", slug), request.event, card)


@event_page
@require_POST
def opened(request, slug):
    """The page says by itself that the reader of the letter has it before them."""
    card = _card(request)
    if card and card.by_letter:
        claims.prove(card.claim)
    return HttpResponse(status=204)


@event_page
@never_cache
@require_safe
def read(request, slug):
    paper = _paper_to_read(request)
    if paper is None:
        return redirect("whitepaper", slug)
    return render(
        request,
        "metrics/whitepaper_read.html",
        {
            "event": request.event,
            "paper": paper,
            "modules": whitepaper.modules_of(paper),
            "credits": whitepaper.credits_of(paper),
            "is_current": paper == whitepaper.published(request.event),
            "card": _card(request),
        },
    )


@event_page
@never_cache
@require_safe
def download(request, slug):
    paper = _paper_to_read(request)
    if paper is None:
        return redirect("whitepaper", slug)
    # python-docx takes a quarter of a second to load, and is needed only here.
    from metrics import whitepaper_docx

    content = whitepaper_docx.build(
        paper,
        url=settings.PUBLIC_URL + reverse("whitepaper", args=[slug]),
        photo_file=lambda photo: photo.image.open("rb"),
    )
    name = f"{slug}-whitepaper-v{paper.version}.docx"
    return HttpResponse(
        content,
        content_type=DOCX,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@event_page
@never_cache
@require_safe
def photo(request, slug, pk):
    paper = _paper_to_read(request)
    found = whitepaper.photo_of(paper, pk) if paper else None
    if found is None:
        raise Http404
    try:
        with found.image.open("rb") as file:
            content = file.read()
    except OSError:
        raise Http404 from None
    kind, _encoding = mimetypes.guess_type(found.image.name)
    return HttpResponse(content, content_type=kind or "application/octet-stream")


@event_page
@require_POST
def stop_news(request, slug):
    card = _card(request)
    if card and card.claim:
        claims.stop_news(card.claim)
    messages.success(request, _("不会再写信提醒新版本了。"))
    return redirect("whitepaper_read", slug)
