"""Refusals: raised deep in a verb, answered once, in the way the asker asked."""

import codecs
import logging

from django.db import DatabaseError, InterfaceError, OperationalError
from django.http import HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.defaults import bad_request

log = logging.getLogger(__name__)

FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


class Refused(Exception):
    """A rule said no.

    `code` is stable and for machines, `message` one sentence for the person (lazy or plain str),
    `status` the HTTP status a face answers with. A view that shows a form catches it and puts the
    sentence beside the field; everyone else lets it rise to `answer_refusals`.
    """

    def __init__(self, code, message, *, status=409):
        super().__init__(code)
        self.code = code
        self.message = message
        self.status = status

    def __str__(self):
        return str(self.message)


def wants_json(request):
    return (
        request.content_type == "application/json"
        or "/api/" in request.path
        or request.headers.get("Accept", "").startswith("application/json")
    )


def say(request, *, status, code, message):
    """One sentence in the asker's format: JSON `{"error": code, "message": …}` or a page."""
    if wants_json(request):
        return JsonResponse({"error": code, "message": str(message)}, status=status)
    page = render_to_string("refused.html", {"code": code, "message": message}, request=request)
    return HttpResponse(page, status=status)


def answer_refusals(get_response):
    """Middleware: `Refused` becomes its sentence; a lost database becomes 503 with Retry-After.

    A phone or tablet repeats a 503 with the same client id, so an honest 503 loses nothing.
    """

    def middleware(request):
        return get_response(request)

    def process_exception(request, exception):
        if isinstance(exception, Refused):
            return say(
                request,
                status=exception.status,
                code=exception.code,
                message=exception.message,
            )
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


def unavailable(request):
    response = say(
        request,
        status=503,
        code="unavailable",
        message=_("系统正忙，请稍等几秒再试。您填的内容不会丢。"),
    )
    response["Retry-After"] = "2"
    return response
