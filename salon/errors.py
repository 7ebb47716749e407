"""Refusals: raised deep in a verb, answered once, in the way the asker asked."""

import codecs
import logging
from collections.abc import Callable

from django.conf import settings
from django.db import DatabaseError, IntegrityError, InterfaceError, OperationalError
from django.http import Http404, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.defaults import bad_request, page_not_found

from salon import asking
from salon.meeting import met_somebody

log = logging.getLogger(__name__)

BUSY = gettext_lazy("别人正好在改同一处，请稍等一下再按一次。您填的内容不会丢。")
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


class Refused(Exception):
    """A rule said no.

    `code` is stable and for machines, `message` one sentence for the person (lazy or plain str),
    `status` the HTTP status a face answers with. A view that shows a form catches it and puts the
    sentence beside the field; everyone else lets it rise to `answer_refusals`. `title` stands above
    the sentence on a page of its own, `onward` is the `(label, address)` that leads on from it.
    """

    def __init__(self, code, message, *, status=409, title=None, onward=None):
        super().__init__(code)
        self.code = code
        self.message = message
        self.status = status
        self.title = title
        self.onward = onward

    def __str__(self):
        return str(self.message)


_told: dict[str, Callable[[], Refused]] = {}


def told_as(rule: str, refusal: Callable[[], Refused]) -> None:
    """Answer rules of the tables whose names end in `rule` with this refusal."""
    _told[rule] = refusal


def refusal_of(exception: Exception) -> Refused | None:
    """What a statement that a table refused is told as; None for what nobody expects."""
    name = getattr(getattr(exception.__cause__, "diag", None), "constraint_name", None) or ""
    return next((refusal() for rule, refusal in _told.items() if name.endswith(rule)), None)


def wants_json(request):
    return (
        request.content_type == "application/json"
        or "/api/" in request.path
        or request.headers.get("Accept", "").startswith("application/json")
    )


def say(request, *, status, code, message, title=None, onward=None):
    """One sentence in the asker's format: JSON `{"error": code, "message": …}` or a page."""
    if wants_json(request):
        return JsonResponse({"error": code, "message": str(message)}, status=status)
    context = {"code": code, "message": message, "title": title, "onward": onward}
    page = render_to_string("refused.html", context, request=request)
    return HttpResponse(page, status=status)


def answer_refusals(get_response):
    """Middleware: `Refused` becomes its sentence; a lost database becomes 503 with Retry-After.

    A phone or tablet repeats a 503 with the same client id, so an honest 503 loses nothing. What is
    not there looks under DEBUG as it does in production: `make run` is shown to guests.
    """

    def middleware(request):
        response = get_response(request)
        if isinstance(response, HttpResponseNotAllowed) and request.method == "GET":
            return pressed_nothing(request, allowed=response["Allow"])
        if settings.DEBUG and response.status_code == 404 and request.resolver_match is None:
            return page_not_found(request, Http404())
        return response

    def process_exception(request, exception):
        if settings.DEBUG and isinstance(exception, Http404):
            return page_not_found(request, exception)
        if isinstance(exception, IntegrityError):
            exception = refusal_of(exception) or exception
        if isinstance(exception, Refused):
            return say(
                request,
                status=exception.status,
                code=exception.code,
                message=exception.message,
                title=exception.title,
                onward=exception.onward,
            )
        if isinstance(exception, asking.Asked):
            return asking.answer(request, exception, as_json=wants_json(request))
        if isinstance(exception, DatabaseError) and met_somebody(exception):
            log.info("met somebody at %s", request.resolver_match.view_name)
            # A tablet takes 409 for the last word and repeats a 503.
            again = say(
                request, status=503 if "/api/" in request.path else 409, code="busy", message=BUSY
            )
            again["Retry-After"] = "1"
            return again
        # A server that dies in the middle of an answer is told as a bare DatabaseError.
        if isinstance(exception, OperationalError | InterfaceError) or (
            type(exception) is DatabaseError
        ):
            log.warning("database unavailable at %s", request.resolver_match.view_name)
            return unavailable(request)
        return None

    middleware.process_exception = process_exception
    return middleware


def read_utf8(get_response):
    """Middleware: addresses and forms are UTF-8, whatever a Content-Type names.

    A form in another encoding is refused here: read later, it would be an error in the middle of a
    view or of the page about that error. Before everything that reads the request.
    """

    def middleware(request):
        if request.encoding is not None:
            named, request.encoding = request.encoding, "utf-8"
            if codecs.lookup(named).name != "utf-8" and request.content_type in FORMS:
                return bad_request(request, None)
        return get_response(request)

    return middleware


def pressed_nothing(request, *, allowed):
    """A phone opens a tab again by GET where a button had answered with its sentence."""
    response = say(
        request,
        status=405,
        code="post_only",
        message=_("这一页要按按钮才会出现。请返回上一页，再按一次。"),
    )
    response["Allow"] = allowed
    return response


def unavailable(request):
    response = say(
        request,
        status=503,
        code="unavailable",
        message=_("系统正忙，请稍等几秒再试。您填的内容不会丢。"),
    )
    response["Retry-After"] = "2"
    return response
