"""Fixtures for every room's tests. Servers are started by tests/servers.py.

    db, client, settings, django_assert_num_queries   pytest-django's
    transactional_db     committed rows, for tests with threads (the `race` marker)
    as_owner             a module's tests own the tables they change
    travel               moves Python's clock and the database's together
    valkey               this process's Valkey, to be stopped, killed or wiped; back afterwards
    house                the running web, live stream, worker, beat and mailbox on the test database
    house_apart          a second house on a PostgreSQL of its own, to be killed and restarted
    browser              Chromium; fails, never skips, where there is none
    phone, tablet, projector, desktop   each call opens a page for one more person or screen

A journey reads:

    @pytest.mark.journey
    def test_lin_checks_in(house, phone, tablet):
        salon = make_salon()                       # through the verbs; rows are committed at once
        lin, desk = phone(), tablet()              # two people, two cookie jars
        lin.goto("/e/spring/apply/")               # addresses are relative to the house
        …
        house.start_worker()
        house.ring("salon.tasks.deliver_due_messages")
        letter = until(lambda: house.mailbox.to("lin@example.com"))[0]    # tests.house.until
        expect(lin.locator("main")).to_contain_text("…")

A click returns while the next page is still arriving: what a page shows is told by Playwright's
`expect`, which waits, and not by `assert`, which looks once. Such a test uses the database
without `db`: `house` opens it, and empties it at the end.
"""

import contextlib
import os
import shutil
from pathlib import Path

import pytest
import time_machine
from django.conf import settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.db import DatabaseError, connection, connections, transaction
from django.db.transaction import TransactionManagementError
from django.test import TransactionTestCase

from salon import embedded, roles
from tests import servers, template
from tests.house import House, database_url

CHROMIUM_FLAGS = [
    *("--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
]
SIZES = {
    "phone": {
        "viewport": {"width": 390, "height": 844},
        "device_scale_factor": 2,
        "has_touch": True,
        "is_mobile": True,
    },
    "tablet": {"viewport": {"width": 1280, "height": 800}, "has_touch": True},
    "projector": {"viewport": {"width": 1920, "height": 1080}},
    "desktop": {"viewport": {"width": 1440, "height": 900}},
}
WITHIN_MILLISECONDS = 10_000
# A password or PIN costs half a second on purpose, and tests type hundreds.
PBKDF2PasswordHasher.iterations = 1_000

# Stands before pg_catalog on the search path of a test database, so that all its connections,
# other processes' too, read the clock that `travel` sets.
CLOCK = """
    CREATE SCHEMA travelling;
    GRANT USAGE ON SCHEMA travelling TO PUBLIC;
    CREATE TABLE travelling.clock (ahead interval NOT NULL, frozen_at timestamptz);
    GRANT SELECT, UPDATE ON travelling.clock TO PUBLIC;
    INSERT INTO travelling.clock VALUES ('0', NULL);
    CREATE FUNCTION travelling.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE AS
        'SELECT coalesce(frozen_at, pg_catalog.clock_timestamp() + ahead) FROM travelling.clock';
    CREATE FUNCTION travelling.statement_timestamp() RETURNS timestamptz LANGUAGE sql STABLE AS
        'SELECT coalesce(frozen_at, pg_catalog.statement_timestamp() + ahead)
         FROM travelling.clock';
    CREATE FUNCTION travelling.now() RETURNS timestamptz LANGUAGE sql STABLE AS
        'SELECT coalesce(frozen_at, pg_catalog.now() + ahead) FROM travelling.clock';
"""
# Removes what tests wrote, as the owner of the tables, whoever calls it. Foreign keys want an order
# and history says no: it takes both away for its transaction. What it keeps are rows that migrations
# and Django itself made, and would not make again.
EMPTY = """
    CREATE FUNCTION travelling.empty() RETURNS void LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog SET session_replication_role = replica AS $$
    DECLARE
        kept constant text[] := ARRAY['django_content_type', 'auth_permission', 'django_migrations'];
        place record;
        guard name;
        filled boolean;
    BEGIN
        FOR place IN SELECT oid, oid::regclass AS name, ARRAY(
                SELECT tgname FROM pg_trigger WHERE tgrelid = oid_of.oid AND tgenabled = 'A'
            ) AS guards FROM pg_class oid_of
            WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
                AND relname <> ALL (kept)
        LOOP
            IF place.guards = '{}' THEN
                EXECUTE format('DELETE FROM %s', place.name);
                CONTINUE;
            END IF;
            EXECUTE format('SELECT EXISTS (SELECT FROM %s)', place.name) INTO filled;
            CONTINUE WHEN NOT filled;
            FOREACH guard IN ARRAY place.guards LOOP
                EXECUTE format('ALTER TABLE %s DISABLE TRIGGER %I', place.name, guard);
            END LOOP;
            EXECUTE format('DELETE FROM %s', place.name);
            FOREACH guard IN ARRAY place.guards LOOP
                EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', place.name, guard);
            END LOOP;
        END LOOP;
        PERFORM setval(format('%I.%I', schemaname, sequencename)::regclass, 1, false)
        FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL
            AND sequencename <> ALL (SELECT unnest(kept) || '_id_seq');
        UPDATE travelling.clock SET ahead = '0', frozen_at = NULL;
    END $$;
"""


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment, django_db_blocker):
    """This process's database: a copy of one that all migrations have made, with a movable clock.

    Copying takes a fraction of a second. The template is made when a migration or a requirement
    has changed; every run and every worker has a copy of its own, dropped at the end.
    """
    name = "_".join(["test", servers.database_name(), os.environ.get("PYTEST_XDIST_WORKER", "")])
    name = name.rstrip("_")
    template.copy_to(name, with_sql=CLOCK + EMPTY)
    connections.close_all()
    for place in (connection.settings_dict, settings.DATABASES["default"]):
        place["NAME"] = name
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda test: _empty_database())
        yield
    with django_db_blocker.unblock():
        connections.close_all()
    template.drop(name)


@pytest.fixture(scope="module")
def as_owner(django_db_setup, django_db_blocker):
    """This module's tests connect as the owner of the tables, who may change them; all others as
    the application, which may not."""
    with django_db_blocker.unblock(), roles.as_owner():
        yield


@pytest.fixture
def travel(request):
    """`travel(to)`: it is `to` (an aware datetime) now, for Python and for the database.

    Time goes on from there; with `tick=False` it stands still. May be called again to go on.
    Needs a test with a database. Raw SQL has to say now() or clock_timestamp(): CURRENT_TIMESTAMP
    is grammar and cannot be moved.
    """
    if "house" in request.fixturenames:
        request.getfixturevalue("house")
    journeys = contextlib.ExitStack()

    def go(to, *, tick=True):
        journeys.close()
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE travelling.clock SET ahead = %s - pg_catalog.clock_timestamp(),"
                " frozen_at = CASE WHEN %s THEN NULL ELSE %s END",
                [to, tick, to],
            )
        journeys.enter_context(time_machine.travel(to, tick=tick))

    with journeys:
        yield go
    # A test inside a transaction is rolled back anyway, and may have broken it.
    with contextlib.suppress(DatabaseError, TransactionManagementError), connection.cursor() as c:
        c.execute("UPDATE travelling.clock SET ahead = '0', frozen_at = NULL")


@pytest.fixture
def valkey():
    """This process's Valkey: `.stop()`, `.kill()`, `.start()`; empty and running afterwards."""
    yield servers.valkey
    servers.valkey.stop()
    servers.valkey.start()


@pytest.fixture(scope="session")
def _standing_house(django_db_setup, django_db_blocker, tmp_path_factory):
    """One house for all journeys of this process; what may not outlive a test, `house` removes."""
    kept = {}

    def stand():
        # A transactional test made the content types anew: their old ids are in the house's memory.
        with connection.cursor() as cursor:
            cursor.execute("SELECT coalesce(max(id), 0) FROM django_content_type")
            mark = cursor.fetchone()
        if kept and kept["mark"] != mark:
            kept.pop("house").stop()
            kept.clear()
        if not kept:
            kept["house"] = House(
                database_url=database_url(connection.settings_dict["NAME"]),
                redis_url=os.environ["REDIS_URL"],
                directory=tmp_path_factory.mktemp("house"),
            )
            kept["mark"] = mark
        return kept["house"]

    yield stand
    if kept:
        kept["house"].stop()


@pytest.fixture
def house(_standing_house, django_db_blocker):
    """The running house (tests/house.py): web and live are up, worker and beat on demand."""
    with django_db_blocker.unblock():
        _flush_queue()
        house = _standing_house()
        house.mailbox.letters.clear()
        house.mailbox.refuse = None
        try:
            yield house
        finally:
            house.stop_helpers()
            _empty_database()
            connections.close_all()


def _flush_queue():
    import redis

    with contextlib.closing(redis.Redis.from_url(os.environ["REDIS_URL"])) as queue:
        queue.flushall()


def _empty_database():
    """Remove what tests wrote, in a tenth of the time that TRUNCATE and its signals take."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT travelling.empty()")


@pytest.fixture
def house_apart(tmp_path):
    """A house on a PostgreSQL and a Valkey of its own: `.postgres`, `.valkey`, `.database_url`.

    For tests that stop or kill a server in the middle of the work. The test's own ORM does not
    see this database: ask over HTTP, or with psycopg2 at `house_apart.database_url`.
    """
    place = embedded.elsewhere(tmp_path) if os.geteuid() == 0 else tmp_path
    postgres = embedded.Postgres(place, binaries=embedded.place_for_postgres(embedded.HOME)[1])
    (tmp_path / "valkey").mkdir()
    valkey = embedded.Valkey(tmp_path / "valkey")
    house = None
    try:
        postgres.start()
        valkey.start()
        template.pour_into(postgres.owner_url, with_sql=CLOCK + EMPTY)
        house = House(database_url=postgres.url, redis_url=valkey.url, directory=tmp_path)
        house.postgres, house.valkey, house.database_url = postgres, valkey, postgres.url
        yield house
    finally:
        if house is not None:
            house.stop()
        valkey.stop()
        postgres.stop()
        if place != tmp_path:
            shutil.rmtree(place)


@pytest.fixture(scope="session")
def browser():
    """The system's Chromium. Without it journeys fail: what is not run is not known to work."""
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chrome")
    if chromium is None:
        pytest.fail(
            "No Chromium. As root on Debian or Ubuntu: apt-get install chromium fonts-noto-cjk; "
            "elsewhere put the path of one into CHROMIUM."
        )
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=WITHIN_MILLISECONDS)
    # Playwright's loop lives in the test's thread, and Django would take the test for a coroutine.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    flags = [*CHROMIUM_FLAGS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=flags)
        yield browser
        browser.close()


def _pages(size):
    @pytest.fixture(name=size)
    def fixture(browser, house):
        contexts, faults = [], []

        def open_page(*, language="zh-CN", tolerant=False, catches=False, **options):
            context = browser.new_context(
                base_url=house.url,
                locale=language,
                timezone_id="Asia/Shanghai",
                **SIZES[size] | options,
            )
            contexts.append(context)
            context.set_default_timeout(WITHIN_MILLISECONDS)
            page = context.new_page()
            if catches:
                page.route("**/nothing-here/", lambda route: route.continue_())
            if not tolerant:
                page.on("pageerror", lambda error: faults.append(f"{page.url}: {error}"))
                page.on("console", lambda line: line.type == "error" and faults.append(line.text))
            return page

        yield open_page
        for context in contexts:
            context.close()
        assert not faults, f"the browser complained: {faults}"

    fixture.__doc__ = f"""`{size}()` opens a page with its own cookies, {SIZES[size]["viewport"]}.

    The test fails when a page reports an error (a refused script or style among them), unless it
    was opened with `tolerant=True`, as tests that cut the network do. `catches=True` is for tests
    that hold requests back: Chromium lets slip what is asked while it begins to catch. Other
    options are `language="en-GB"` and those of Playwright's `new_context`.
    """
    return fixture


phone, tablet, projector, desktop = (_pages(size) for size in SIZES)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Beside a failed journey stands what the house last said."""
    report = yield
    house = getattr(item, "funcargs", {}).get("house") or item.funcargs.get("house_apart")
    if report.failed and isinstance(house, House):
        report.sections.append(("the house's log", embedded.tail(Path(house.log), 60)))
    return report
