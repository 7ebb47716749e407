"""Log lines that name nobody and open no door, at any level, whoever wrote them.

A record is cleaned while it is made, before any logger, handler or formatter sees it: ours,
Django's, Celery's, a server's. What cannot be in it then:

- the key in an address: each argument of the URLconf that is called like SECRET_ARGUMENTS;
- query strings, e-mail addresses, mobile numbers, the values of SQL statements;
- what an exception says, unless its text comes from a program alone. A database's complaint quotes
  the row; a ValueError the value.

Each line begins with the time and its zone, and carries the id of the request or task that was
being worked on: the one that stands on the error page.
"""

import functools
import logging
import logging.config
import re
import secrets
import smtplib
import sys
import threading
import traceback
from collections.abc import Callable
from contextvars import ContextVar
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.exceptions import DisallowedHost, ImproperlyConfigured
from django.db import Error as DatabaseProblem
from django.http import HttpRequest, HttpResponse
from django.template import TemplateDoesNotExist
from kombu.exceptions import OperationalError as QueueProblem
from redis import RedisError

SECRET_ARGUMENTS = ("token", "key")
LEFT_OUT = "…"
LONGEST = 20_000

# Their texts are about the program, the machine or the settings.
_TELLABLE = (OSError, ImportError, AttributeError, NameError, TypeError, RuntimeError, MemoryError)
_TELLABLE += (ImproperlyConfigured, TemplateDoesNotExist, DisallowedHost, QueueProblem, RedisError)
_NOT_TELLABLE = (smtplib.SMTPException,)  # an OSError that quotes the recipient


# --- what is masked in a text ---------------------------------------------------------------------

# None of these starts again at every character: a log line may be as long as what a guest sends.
_PERSONAL = re.compile(
    r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}"
    r"|(?<!\d)(?:\+?86[ -]?)?1[3-9]\d[ -]?\d{4}[ -]?\d{4}(?!\d)"
    r"|\+\d{8,15}(?!\d)"
)
_QUERY = re.compile(r"\?[\w%.~-]{1,64}=[^\s\"'<>]*")
_OF_A_ROW = re.compile(r"DETAIL:.*|Key \([^()]{0,200}\)=\(.*|Failing row contains.*", re.DOTALL)
_VALUES = re.compile(r"(?<!\w)E'(?:[^'\\]|\\.|'')*(?:'|$)|'(?:[^']|'')*(?:'|$)", re.DOTALL)
_PARAMETERS = re.compile(r"(; args=|\(params ).*", re.DOTALL)
# What a key looks like, as long as nobody can say which addresses hold one.
_LIKE_A_KEY = re.compile(r"(/)[\w-]{20,}(?![\w.-])")

_loading = threading.local()


def _addresses_with_keys() -> re.Pattern:
    """What stands before the keys in this house's addresses, with the key."""
    from django.apps import apps

    if apps.ready and not getattr(_loading, "now", False):
        _loading.now = True  # what is written while the addresses load cannot wait for them
        try:
            return _pattern_of(settings.ROOT_URLCONF)
        except Exception:
            return _LIKE_A_KEY  # addresses that do not load are told by whoever needs them
        finally:
            _loading.now = False
    return _LIKE_A_KEY


@functools.lru_cache(maxsize=4)
def _pattern_of(_urlconf: str) -> re.Pattern:
    from salon.access import views_of

    named, before = "|".join(SECRET_ARGUMENTS), set()
    for route, _namespaces, _view in views_of():
        for secret in re.finditer(rf"<(?:\w+:)?(?:{named})>", route):
            steps = re.split(r"<[^<>]+>", route[: secret.start()])
            before.add("/" + r"[^/\s]{1,200}".join(re.escape(step) for step in steps))
    longest_first = "|".join(sorted(before, key=len, reverse=True))
    return re.compile(rf"({longest_first})[^/\s?#\"'<>]+") if before else _LIKE_A_KEY


def mask(text: str) -> str:
    """The text without keys, query strings, addresses and numbers of people."""
    if len(text) > LONGEST:
        text = text[:LONGEST] + LEFT_OUT
    text = _addresses_with_keys().sub(rf"\1{LEFT_OUT}", text)
    text = _QUERY.sub(f"?{LEFT_OUT}", text)
    text = _OF_A_ROW.sub(LEFT_OUT, text)
    return _PERSONAL.sub(LEFT_OUT, text)


# --- what is told of an exception -----------------------------------------------------------------


def _is_tellable(error: BaseException) -> bool:
    return isinstance(error, _TELLABLE) and not isinstance(error, _NOT_TELLABLE)


def _chain(error: BaseException | None) -> list[BaseException]:
    """The exception, and what it came from, the last first."""
    found: list[BaseException] = []
    while error is not None and error not in found:
        found.append(error)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return found


def told(error: BaseException) -> str:
    """One line: the kind of exception, and its text if that names nobody."""
    name = type(error).__qualname__
    if _is_tellable(error):
        return mask(f"{name}: {error}".removesuffix(": "))
    if isinstance(error, DatabaseProblem):
        # The names of a rule and of its table are ours.
        diagnosis = getattr(error.__cause__, "diag", None)
        parts = [getattr(error.__cause__, "pgcode", None)]
        parts += [getattr(diagnosis, which, None) for which in ("table_name", "constraint_name")]
        name = " ".join([name, *filter(None, parts)])
    return f"{name} ({LEFT_OUT})" if error.args else name


def _traceback(error: BaseException) -> str:
    parts = []
    for one in reversed(_chain(error)):
        frames = "".join(traceback.format_tb(one.__traceback__))
        parts.append(f"Traceback (most recent call last):\n{frames}{told(one)}")
    return "\n\n".join(parts)


def _untold(error: BaseException | None) -> set[str]:
    """Texts of this exception and its reasons that may not stand in a message either."""
    texts: set[str] = set()
    for one in _chain(error):
        if not _is_tellable(one):
            texts |= {str(one), repr(one), repr(str(one)), *map(str, one.args)}
    return {text for text in texts if len(text) > 2}  # shorter ones are everywhere


# --- records and lines ----------------------------------------------------------------------------

_id: ContextVar[str] = ContextVar("what a log line belongs to", default="-")


class Record(logging.LogRecord):
    """A log record whose message and traceback are clean from the start."""

    def __init__(self, *arguments, **more):
        super().__init__(*arguments, **more)
        self.about = _id.get()
        error = self.exc_info[1] if self.exc_info else None
        text = self._message()
        for untold in sorted(_untold(error or sys.exc_info()[1]), key=len, reverse=True):
            text = text.replace(untold, LEFT_OUT)
        if (self.name or "").startswith("django.db"):
            text = _VALUES.sub(f"'{LEFT_OUT}'", _PARAMETERS.sub(LEFT_OUT, text))
        self.msg, self.args = mask(text), ()
        if error is not None:
            self.exc_text, self.exc_info = _traceback(error), None

    def _message(self) -> str:
        if isinstance(self.msg, BaseException):
            return told(self.msg)
        if isinstance(self.args, tuple):
            self.args = tuple(
                told(one) if isinstance(one, BaseException) else one for one in self.args
            )
        try:
            return self.getMessage()
        except (TypeError, ValueError, KeyError):  # a mistake in a log call must not stop the work
            return f"{type(self.msg).__name__} whose arguments do not fit"


class Line(logging.Formatter):
    """`2026-12-19T13:31:07.042+08:00 WARNING salon.errors [4be1c07a93] message`.

    What goes on in further lines is indented, so that no text can begin a line of its own.
    """

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, ZoneInfo(settings.TIME_ZONE))
        record.message = record.getMessage()
        text = "\n".join(filter(None, [record.message, record.exc_text, record.stack_info]))
        about = getattr(record, "about", "-")
        head = f"{at.isoformat(timespec='milliseconds')} {record.levelname} {record.name} [{about}]"
        return f"{head} " + "\n    ".join(text.splitlines())


def configure(config: dict) -> None:
    """Django's LOGGING_CONFIG: every record of this process is clean, every handler writes lines.

    A server that loaded us has handlers of its own. They keep their files and levels.
    """
    logging.setLogRecordFactory(Record)
    logging.config.dictConfig(config)
    for logger in list(logging.root.manager.loggerDict.values()):
        for handler in getattr(logger, "handlers", ()):
            handler.setFormatter(Line())
    threading.excepthook = lambda unhandled: _unhandled(*unhandled[:3])
    if not sys.stderr.isatty():  # where somebody sits before it, Python's own may be read
        sys.excepthook = _unhandled


def _unhandled(kind, error, frames) -> None:
    if not issubclass(kind, Exception):
        sys.__excepthook__(kind, error, frames)
        return
    logging.getLogger(__name__).critical("nobody caught this", exc_info=(kind, error, frames))


# --- what a line belongs to -----------------------------------------------------------------------

_FROM_A_PROXY = re.compile(r"[\w.-]{8,64}", re.ASCII)


def current_id() -> str:
    return _id.get()


def begin(about: str | None = None) -> str:
    """From here on lines of this thread or task belong to `about`, or to a new id. Returns it."""
    about = about or secrets.token_hex(5)
    _id.set(about)
    return about


def give_an_id(get_response: Callable[[HttpRequest], HttpResponse]):
    """Middleware: `request.id`, in every log line and on the page about an error.

    A proxy may have given one already (X-Request-ID); anybody else's is nobody's.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "") if settings.BEHIND_PROXY else ""
        # Not taken back at the end: Django writes its line about a refusal after all middleware.
        request.id = begin(given if _FROM_A_PROXY.fullmatch(given) else None)
        response = get_response(request)
        response.headers.setdefault("X-Request-ID", request.id)
        return response

    return middleware
