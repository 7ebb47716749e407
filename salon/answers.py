"""What every answer carries or leaves out, whichever view wrote it."""

import functools
from collections.abc import Callable

from csp.middleware import CSPMiddleware
from django.http import HttpRequest, HttpResponse
from django.middleware.clickjacking import XFrameOptionsMiddleware
from django.middleware.security import SecurityMiddleware

Answer = Callable[[HttpRequest], HttpResponse]

# What a page here may ask the browser for: nothing. The desk's pages read codes with the camera.
_FEATURES = ("camera", "microphone", "geolocation", "payment", "usb", "midi", "display-capture")
NO_FEATURES = ", ".join(f"{feature}=()" for feature in _FEATURES)
ONLY_THE_CAMERA = NO_FEATURES.replace("camera=()", "camera=(self)")


def answer_head(get_response: Answer) -> Answer:
    """Middleware: HEAD is answered like GET, without the text.

    Mail scanners, previews and monitors ask so, of personal links too: no view has to think of
    them, and none of them is a warning in the log.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.method != "HEAD":
            return get_response(request)
        request.method = "GET"
        response = get_response(request)
        request.method = "HEAD"
        if response.streaming:
            response.streaming_content = ()
        else:
            response.content = b""
        return response

    return middleware


def limit_features(get_response: Answer) -> Answer:
    """Middleware: the browser's camera, microphone and the like stay shut."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Permissions-Policy", NO_FEATURES)
        return response

    return middleware


def keep_no_copy(response: HttpResponse) -> None:
    """No browser or proxy keeps this page, unless its view has said what may be kept of it."""
    response.headers.setdefault("Cache-Control", "no-store, private")


@functools.lru_cache(maxsize=2)
def headers_of_every_answer(*, secure: bool) -> tuple[tuple[bytes, bytes], ...]:
    """The headers that a page gets on its way out, for an answer that passes no middleware."""
    request, response = HttpRequest(), HttpResponse()
    request._get_scheme = lambda: "https" if secure else "http"
    for middleware in (CSPMiddleware, XFrameOptionsMiddleware, SecurityMiddleware):
        middleware(lambda request: response).process_response(request, response)
    limit_features(lambda request: response)(request)
    del response["Content-Type"]
    return tuple((name.lower().encode(), value.encode()) for name, value in response.items())
