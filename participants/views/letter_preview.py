"""Letters as mail readers show them: pages of their own, framed beside their text."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from events.access import organiser
from participants import letter_samples, wording
from salon import outbox
from salon.channels import Letter
from salon.errors import Refused
from salon.letter_face import as_data, page_of
from salon.models import Message

# A letter has its style in itself and its pictures too; nothing else is loaded, nothing runs.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"


def _page(letter: Letter | None) -> HttpResponse:
    if letter is None:
        said = _("这个人的情况后来变了，这条通知不会再发。")
        letter = Letter(to="", subject=said, text="")
    letter = letter.packed()
    html = page_of(letter, secrets=letter.secret, picture=as_data(letter))
    return HttpResponse(
        html,
        headers={
            "Content-Security-Policy": f"{POLICY}; sandbox",
            "X-Frame-Options": "SAMEORIGIN",
        },
    )


@organiser
@never_cache
@require_safe
def face(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """One letter; its links open nothing."""
    message = get_object_or_404(Message.objects.of_event(request.event).in_sight(), pk=pk)
    return _page(outbox.preview(message))


@organiser
@never_cache
@require_safe
def sample(request: HttpRequest, slug: str, kind: str) -> HttpResponse:
    """What somebody would get of this kind, before anybody has; `?room=online` for the stream."""
    if kind not in wording.DEFAULT:
        raise Http404
    online = request.GET.get("room") == "online"
    return _page(letter_samples.sample(request.event, kind, online=online))


@organiser
@require_POST
def send_to_me(request: HttpRequest, slug: str, kind: str) -> HttpResponse:
    if kind not in wording.DEFAULT:
        raise Http404
    try:
        letter_samples.send_sample(event=request.event, kind=kind, by=request.user)
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(
            request,
            _("马上寄到 %(email)s，看看在您的邮箱里是什么样子。") % {"email": request.user.email},
        )
    return redirect("messages_wording", slug, kind)
