"""A log line names nobody and opens no door, whoever writes it, at whatever level."""

import io
import logging
import smtplib
import time
from types import SimpleNamespace

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import IntegrityError, connection, transaction
from django.http import HttpResponse
from django.test import Client, override_settings
from django.urls import path

from salon import access, celery, logs
from salon.models import User
from salon.tests.test_settings import start

TOKEN = "RG9YTwhZ_rAHYXuzrzHakOKS0XY"
NAME, MOBILE, EMAIL = "林知夏", "+8613800001111", "lin@example.com"
log = logging.getLogger("test of the logs")


@pytest.fixture
def lines():
    """`lines()`: what a handler at the root has written, at DEBUG."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(logs.Line())
    loggers = [logging.getLogger(), logging.getLogger("django")]
    levels = [logger.level for logger in loggers]
    loggers[0].addHandler(handler)
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
    yield written.getvalue
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)
    loggers[0].removeHandler(handler)


# --- keys in addresses ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "written"),
    [
        (f"Forbidden: /d/{TOKEN}", "Forbidden: /d/…"),
        (f"Not Found: /l/{TOKEN}?to=survey", "Not Found: /l/…?…"),
        (f"https://salon.example/l/{TOKEN}, please", "https://salon.example/l/… please"),
        (f"/e/spring/whitepaper/key/{TOKEN}/", "/e/spring/whitepaper/key/…/"),
        ('"GET /crew/?next=%2Fl%2Fabc&q=x HTTP/1.1" 200', '"GET /crew/?… HTTP/1.1" 200'),
        (f"from {EMAIL} and {MOBILE}, 138 0000 1111", "from … and …, …"),
        ("3 of 5? yes: /static/css/salon.4f2a91c3b7d1.css", None),
        ("worker celery@box: 2026-12-19 13:31, message 1700000000000", None),
    ],
)
def test_what_opens_a_door_or_names_somebody_is_masked(said, written):
    assert logs.mask(said) == (written or said)


def test_a_new_address_with_a_key_is_masked_by_its_argument_alone():
    class Later:
        urlpatterns = [
            path("m/<str:token>", HttpResponse),
            path("s/<slug:series>/in/<uuid:key>/", HttpResponse),
        ]

    with override_settings(ROOT_URLCONF=Later):
        assert logs.mask("/m/abc") == "/m/…"
        assert logs.mask("/s/all/in/123/more") == "/s/all/in/…/more"
        assert logs.mask("/l/abc") == "/l/abc"


def test_every_argument_that_takes_any_text_is_called_like_a_key():
    """Who adds an address with a secret in it under another name is told here."""
    texts = [
        (route, part)
        for route, _namespaces, _view in access.views_of()
        for part in route.split("<")[1:]
        if part.startswith(("str:", "path:")) or ":" not in part.partition(">")[0]
    ]
    names = {part.partition(">")[0].rpartition(":")[2] for route, part in texts if route[0] != "^"}
    assert names <= {*logs.SECRET_ARGUMENTS, "uidb64"} | ADMIN_S_OWN, names


# Of Django's admin site, by number of row or name of app.
ADMIN_S_OWN = {"id", "object_id", "content_type_id", "app_label", "url"}


def test_as_long_as_the_addresses_are_not_known_what_looks_like_a_key_is_masked():
    class Broken:
        pass

    with override_settings(ROOT_URLCONF=Broken):
        assert logs.mask(f"/anywhere/{TOKEN}") == "/anywhere/…"


@pytest.mark.parametrize("piece", ["/", "/l/", "?a", "'", "a@b.", "1", "Key (", "/e/x/", "\\"])
def test_masking_costs_no_more_than_the_length(piece):
    def seconds(number):
        text = piece * (number // len(piece))
        record = ("django.db.backends", logging.DEBUG, "", 0, text, (), None)
        best = []
        for _try in range(5):
            begun = time.process_time()
            logs.Record(*record)
            best.append(time.process_time() - begun)
        return min(best)

    assert seconds(logs.LONGEST) < 6 * max(seconds(logs.LONGEST // 4), 0.0005)


# --- exceptions -----------------------------------------------------------------------------------


def says(error):
    try:
        raise error
    except type(error):
        log.exception("it happened: %s", error)
        log.error(f"and again: {error}")
        log.error(error)
        log.error("in a list: %s", [error])


@pytest.mark.parametrize(
    "error",
    [
        ValueError(f"invalid literal for int() with base 10: {NAME!r}"),
        KeyError(NAME),
        Exception(NAME, {"mobile": MOBILE}),
        smtplib.SMTPRecipientsRefused({EMAIL: (550, b"no such user")}),
        UnicodeEncodeError("ascii", NAME, 0, 1, "ordinal not in range"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_an_exception_quotes_stays_out(lines, error):
    says(error)
    assert type(error).__name__ in lines()
    assert "test_logs.py" in lines()
    for value in (NAME, MOBILE, EMAIL, repr(NAME)[1:-1]):
        assert value not in lines()


@pytest.mark.parametrize(
    "error",
    [
        AttributeError("'NoneType' object has no attribute 'hostname'"),
        ImproperlyConfigured("SECRET_KEY is not set."),
        ConnectionRefusedError(111, "Connection refused"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_a_program_says_of_itself_is_told(lines, error):
    says(error)
    assert f"{type(error).__name__}: {error}" in lines()


def test_the_reason_behind_an_exception_is_told_as_carefully(lines):
    try:
        try:
            raise KeyError(NAME)
        except KeyError as error:
            raise RuntimeError("no such person") from error
    except RuntimeError:
        log.exception("oh")
    assert "KeyError (…)" in lines()
    assert "RuntimeError: no such person" in lines()
    assert NAME not in lines()


@pytest.mark.django_db
def test_a_database_s_complaint_is_told_by_rule_and_table_without_the_row(lines):
    User.objects.create_user(NAME)
    try:
        with transaction.atomic():
            User.objects.create_user(NAME)
    except IntegrityError as error:
        log.exception("oh: %s", error)
        log.error(f"oh: {error}")
        log.error("oh: %(exc)s", {"exc": repr(error)})
    assert "IntegrityError 23505 salon_user salon_user_username_key (…)" in lines()
    assert NAME not in lines()
    assert "already exists" not in lines()


@access.public
def breaks(request):
    User.objects.create_user(NAME)
    User.objects.create_user(NAME)


class Breaking:
    urlpatterns = [path("breaks/", breaks), path("api/breaks/", breaks)]
    from salon.urls import handler500


@pytest.mark.django_db
def test_a_page_that_breaks_gives_its_id_to_guest_and_log(lines):
    for address in ("/breaks/", "/api/breaks/"):
        with override_settings(ROOT_URLCONF=Breaking), transaction.atomic():
            answer = Client(raise_request_exception=False).get(address)
            transaction.set_rollback(True)
        assert answer.status_code == 500
        assert answer["X-Request-ID"] in answer.text
        assert f"[{answer['X-Request-ID']}] Internal Server Error: {address}" in lines()
    assert answer.json()["error"] == "broken"
    assert "IntegrityError 23505 salon_user" in lines()
    assert NAME not in lines()


@pytest.mark.django_db
def test_statements_are_logged_without_their_values(lines):
    connection.force_debug_cursor = True
    try:
        User.objects.filter(username=NAME, email="o'brien\\'@example.com", pk=7).exists()
        with connection.cursor() as cursor:
            cursor.execute("SELECT %s::bytea, %s::text[]", [b"secret", [NAME, 'double "quoted"']])
    finally:
        connection.force_debug_cursor = False
    assert "\"username\" = '…'" in lines()
    assert '"id" = 7' in lines()
    for value in (NAME, "brien", "quoted", "736563726574"):
        assert value not in lines()


def test_a_mistake_in_a_log_call_stops_nothing(lines):
    log.info("%s and %s", *[NAME])
    log.info("%d", NAME)
    log.info(None)
    logging.makeLogRecord({"msg": "from elsewhere"})
    assert NAME not in lines()


# --- lines ----------------------------------------------------------------------------------------


def test_a_line_begins_with_the_time_and_its_zone_and_cannot_be_forged(lines):
    logs.begin("4be1c07a93")
    log.warning("one\n2026-12-19T13:31:07.042+08:00 ERROR salon [-] two\r\nthree\x85four")
    first, *others = lines().splitlines()
    time_of, rest = first.split(" ", 1)
    assert time_of[10] == "T"
    assert time_of.endswith("+08:00")
    assert rest == "WARNING test of the logs [4be1c07a93] one"
    assert [line[:5] for line in others] == ["    2", "    t", "    f"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("behind_proxy", "given", "taken"),
    [
        (False, "0123456789abcdef", False),
        (True, "0123456789abcdef", True),
        (True, "short", False),
        (True, f"{NAME * 4}", False),
        (True, "x" * 65, False),
        (True, "a b c d e f", False),
    ],
)
def test_an_id_is_taken_from_a_proxy_only(client, settings, behind_proxy, given, taken):
    settings.BEHIND_PROXY = behind_proxy
    answer = client.get("/", headers={"X-Request-ID": given.encode().decode("latin-1")})
    assert (answer["X-Request-ID"] == given) == taken
    assert client.get("/")["X-Request-ID"] != answer["X-Request-ID"]


def test_a_task_is_told_from_others_and_with_the_request_that_rang(lines):
    logs.begin("4be1c07a93")
    headers = {}
    celery.say_who_rings(headers=headers)
    celery.begin_a_task("0f9a8b7c-6d5e", SimpleNamespace(request=SimpleNamespace(**headers)))
    log.info("working")
    celery.end_a_task()
    log.info("waiting")
    assert "[4be1c07a93/0f9a8b7c-6] working" in lines()
    assert "[-] waiting" in lines()


# --- every process --------------------------------------------------------------------------------

CRASH = f"raise ValueError({NAME!r})"


@pytest.mark.parametrize(
    "crash",
    [CRASH, f"import threading; threading.Thread(target=lambda: int({NAME!r})).start()"],
    ids=["program", "thread"],
)
def test_a_program_or_thread_that_dies_says_so_in_a_line(crash):
    answer = start("-c", f"import django; django.setup(); {crash}")
    assert "CRITICAL salon.logs [-] nobody caught this" in answer.stderr
    assert "ValueError (…)" in answer.stderr
    assert NAME not in answer.stderr


def test_servers_keep_their_handlers_and_write_our_lines():
    said = (
        "import logging, uvicorn; uvicorn.Config('salon.asgi:application');"
        "own = logging.getLogger('gunicorn.error'); own.propagate = False;"
        "own.addHandler(logging.StreamHandler());"
        "import django; django.setup();"
        f"own.error('{EMAIL}'); logging.getLogger('uvicorn.error').error('/l/{TOKEN}');"
        f"logging.getLogger('uvicorn.access').info('%s %s', 'GET', '/d/{TOKEN}')"
    )
    answer = start("-c", said)
    told = answer.stderr + answer.stdout
    assert "ERROR gunicorn.error [-] …" in told
    assert "ERROR uvicorn.error [-] /l/…" in told
    assert "INFO uvicorn.access [-] GET /d/…" in told
    assert told.count("\n") == 3
    assert TOKEN not in told


def test_a_wrong_level_stops_with_a_sentence():
    answer = start("manage.py", "check", LOG_LEVEL="loud")
    assert answer.returncode == 1
    assert answer.stderr == "LOG_LEVEL must be DEBUG, INFO, WARNING or ERROR, not 'LOUD'.\n"
