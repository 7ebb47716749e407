"""How much may be sent to an address, decided before anything of it is kept or read.

An address takes MOST_BYTES, and MOST_BYTES_WITH_FILES where its view says `@takes_files`; one that
writes its upload to disk piece by piece says `@body_limit(…)`. Under WSGI the middleware goes by
Content-Length; under ASGI, where Django stores the whole body before it asks any middleware,
`bounded` stops it at the limit first, whether its length was told or not. Both answer one sentence.
"""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve
from django.utils.translation import gettext as _

from salon.errors import say

MEGABYTE = 1024 * 1024
MOST_BYTES = 6 * MEGABYTE  # filling by quota posts a choice for everybody
MOST_BYTES_WITH_FILES = 20 * MEGABYTE

View = TypeVar("View", bound=Callable)
_TOO_LARGE = "salon.too_large"


def body_limit(most: int) -> Callable[[View], View]:
    """View decorator: up to `most` bytes may be posted here, files and all."""

    def decorate(view: View) -> View:
        view.most_bytes = most
        return view

    return decorate


takes_files = body_limit(MOST_BYTES_WITH_FILES)


def keep_bodies_small(get_response: Callable) -> Callable:
    """Middleware: 413 with a sentence for a body above its address's limit, and 411 for one under
    WSGI that does not say how long it is; before the form's token is looked for in it."""

    def middleware(request: HttpRequest) -> HttpResponse:
        return get_response(request)

    def process_view(request, view, args, kwargs):
        most = limit_of(view)
        scope = getattr(request, "scope", None)
        if scope is None and "chunked" in request.headers.get("Transfer-Encoding", "").lower():
            return say(
                request,
                status=411,
                code="length_required",
                message=_("没有说明内容有多长，这里收不了。请换个网络或浏览器再传。"),
            )
        if (scope or {}).get(_TOO_LARGE) or _length(request.META.get("CONTENT_LENGTH")) > most:
            return say(
                request,
                status=413,
                code="too_large",
                message=_("内容太大了：这里一次最多收 %(most)d MB。请缩小或拆开后再传。")
                % {"most": most // MEGABYTE},
            )
        return None

    middleware.process_view = process_view
    return middleware


def limit_of(view: Callable) -> int:
    """Bytes that may be posted to this view."""
    return getattr(view, "most_bytes", MOST_BYTES)


def bounded(application: Callable[..., Awaitable]) -> Callable[..., Awaitable]:
    """The ASGI application, which is handed no more of a body than its address takes.

    What is above the limit is thrown away as it comes, and the application is given an empty body
    and told so.
    """

    async def bounded_application(scope, receive, send):
        if scope["type"] == "http":
            receive = _Body(scope, receive)
        await application(scope, receive, send)

    return bounded_application


class _Body:
    """An ASGI `receive` that ends a body where it grows too large."""

    def __init__(self, scope, receive):
        self.scope, self.receive = scope, receive
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        self.left = _limit_at(path)
        declared = dict(scope["headers"]).get(b"content-length", b"")
        self.refused = _length(declared) > self.left

    async def __call__(self):
        if not self.refused:
            message = await self.receive()
            self.left -= len(message.get("body", b""))
            if self.left >= 0:
                return message
            self.refused = True
        if _TOO_LARGE not in self.scope:
            self.scope[_TOO_LARGE] = True
            return {"type": "http.request", "body": b"", "more_body": False}
        while (message := await self.receive())["type"] == "http.request":
            pass
        return message


def _limit_at(path):
    try:
        return limit_of(resolve(path).func)
    except Resolver404:
        return MOST_BYTES


def _length(text):
    try:
        return int(text or 0)
    except ValueError:  # what no server lets through
        return 0
