"""What every phone form of this room has in common: a client id, and an answer for two askers.

With scripts the page posts by itself and reads JSON; without, the browser posts and is sent on.
"""

from uuid import UUID

from django.http import JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from salon.errors import Refused, wants_json


def client_id(request):
    """The form's own number: the same one again has no second effect."""
    try:
        return UUID(request.POST.get("client_id", ""))
    except ValueError:
        raise Refused("client_id", _("表单不完整，请刷新页面再发。"), status=400) from None


def id_again(request, refused):
    """The number of the form that comes back: the same, unless that one is used up."""
    return "" if refused.status == 422 else request.POST.get("client_id", "")


def number(request, name):
    """A whole number from the form. Raises Refused("unreadable", 400)."""
    return _whole(request.POST.get(name, ""))


def numbers(request, name):
    """All whole numbers of one name. Raises Refused("unreadable", 400)."""
    return [_whole(text) for text in request.POST.getlist(name)]


def _whole(text):
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise unreadable()
    return int(text)


def unreadable():
    """The Refused for a press that says nothing this page knows; raise it."""
    return Refused("unreadable", _("没看懂这次操作，请刷新后再试。"), status=400)


def done(request, where, *args, query=None, fragment="", **answer):
    """JSON `{"ok": true, …}` for scripts, a redirect for everybody else."""
    if wants_json(request):
        return JsonResponse({"ok": True, **answer})
    response = redirect(reverse(where, args=args, query=query))
    if fragment:
        response["Location"] += f"#{fragment}"
    return response
