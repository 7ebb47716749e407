"""Doors: every view declares who may enter, and a system check finds the one that does not.

The platform knows three doors: `public`, `staff` (an account in the admin) and `signed_in`.
The rooms build theirs with `door`: events/access.py crew and desk, participants/access.py the
personal link.
"""

import hashlib
import secrets
from functools import wraps

from django.contrib.auth.views import redirect_to_login
from django.core.checks import Error, register
from django.core.exceptions import PermissionDenied
from django.urls import URLPattern, get_resolver

from salon import answers

TOKEN_BYTES = 20  # 160 bits


def new_token():
    """A fresh secret for a link, and the digest under which it is kept: `(token, digest)`."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    return token, digest(token)


def digest(token):
    """Tokens are random, so a plain hash suffices: nothing to guess, nothing to salt."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def door(name, enter, *, for_anybody=False, camera=False):
    """Build a view decorator.

    `enter(request, **url_kwargs)` returns None to let the asker in (and may put what it found on
    the request), or a response that is sent instead; it may raise Http404, PermissionDenied or
    Refused. A foreign thing answers like an absent one.

    What lies behind a door names people, so no browser keeps it; unless the door is open
    `for_anybody`, or the view says itself what may be kept. `camera`: its pages may use one.
    """

    def decorate(view):
        @wraps(view)
        def guarded(request, *args, **kwargs):
            answer = enter(request, **kwargs)
            if answer is None:
                answer = view(request, *args, **kwargs)
            if not for_anybody:
                answers.keep_no_copy(answer)
            if camera:
                answer["Permissions-Policy"] = answers.ONLY_THE_CAMERA
            return answer

        guarded.door = name
        return guarded

    return decorate


public = door("public", lambda request, **kwargs: None, for_anybody=True)


def _signed_in(request, **kwargs):
    return None if request.user.is_authenticated else redirect_to_login(request.get_full_path())


signed_in = door("signed_in", _signed_in)


def _staff(request, **kwargs):
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    if not (request.user.is_active and request.user.is_staff):
        raise PermissionDenied
    return None


staff = door("staff", _staff)


def views_of(patterns=None, prefix="", namespaces=()):
    """Every view of the URLconf as `(route, namespaces, callback)`."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield route, namespaces, pattern.callback
        else:
            inner = (*namespaces, pattern.namespace) if pattern.namespace else namespaces
            yield from views_of(pattern.url_patterns, route, inner)


@register()
def every_view_has_a_door(app_configs, **kwargs):
    return [
        Error(
            f"The view at /{route} declares no door.",
            hint="Put one of the doors of salon.access, events.access or participants.access on it.",
            id="salon.E001",
        )
        for route, namespaces, callback in views_of()
        # The admin site is itself a door: every page of it passes AdminSite.has_permission.
        if "admin" not in namespaces and not hasattr(callback, "door")
    ]
