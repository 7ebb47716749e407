"""News that one may do without: one click in any mail reader ends it (RFC 8058).

A room says which sorts of news it sends and how each is stopped; the letter carries the address in
its List-Unsubscribe header and in its last line. The page behind it asks for one press, since mail
scanners open every link by GET; the mail reader's own button posts.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from salon.access import public

_signer = signing.Signer(salt="news")


@dataclass(frozen=True)
class News:
    """`name` stands in addresses and never changes; `what` (lazy) says what ends. `stop` takes the
    number of whoever gets it, again and for somebody gone, too."""

    name: str
    what: Any
    stop: Callable[[int], None]


_known: dict[str, News] = {}


def stopped_by(name: str, what: Any):
    """Register the decorated `stop(pk)` for a sort of news."""

    def register(stop):
        if name in _known:
            raise ValueError(f"two sorts of news are called {name!r}")
        _known[name] = News(name, what, stop)
        return stop

    return register


def address(name: str, pk: int) -> str:
    """The whole address that ends this sort of news for one reader."""
    token = _signer.sign(f"{_known[name].name}-{pk}").replace(":", ".")
    return settings.PUBLIC_URL + reverse("news", args=[token])


def _find(token: str) -> tuple[News, int]:
    try:
        name, _dash, pk = _signer.unsign(token.replace(".", ":")).rpartition("-")
    except signing.BadSignature:
        raise Http404 from None
    if name not in _known:
        raise Http404
    return _known[name], int(pk)


# Whoever has the address has the letter; the mail reader that posts for them has no cookie of ours.
@csrf_exempt
@public
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def one_click(request: HttpRequest, token: str) -> HttpResponse:
    found, pk = _find(token)
    if request.method == "POST":
        found.stop(pk)
    context = {"what": found.what, "done": request.method == "POST"}
    return render(request, "salon/news.html", context)
