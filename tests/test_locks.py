"""The lock graph: circles are found, statements are read as PostgreSQL takes them, the order is told."""

import re

import pytest
from django.db import connection, transaction

from events.models import Event
from participants import screening
from participants.models import Participant
from participants.tests import scenes
from salon import tables
from salon.embedded import CHECKOUT
from tests.lock_graph import Edge, Lock, Recorder, circles, locks_of

KS, S, NKU, U = "KEY SHARE", "SHARE", "NO KEY UPDATE", "UPDATE"


def edge(held, held_mode, wanted, wanted_mode, *, gated=False):
    return Edge(held, held_mode, wanted, wanted_mode, gated)


def test_two_who_hold_what_the_other_wants_are_a_circle():
    [circle] = circles([edge("plan", U, "person", S), edge("person", U, "plan", NKU)])
    assert {(one.held, one.wanted) for one in circle} == {("plan", "person"), ("person", "plan")}


def test_a_circle_of_three_is_found_too():
    chain = [edge("a", U, "b", U), edge("b", U, "c", U), edge("c", U, "a", U)]
    assert len(circles(chain)) == 1
    assert circles(chain[:2]) == []


def test_one_behind_the_event_may_meet_somebody_who_is_not():
    ways = [edge("plan", U, "person", S), edge("person", U, "plan", NKU, gated=True)]
    assert len(circles(ways)) == 1


def test_two_behind_the_same_event_never_meet():
    ways = [edge("a", U, "b", U, gated=True), edge("b", U, "a", U, gated=True)]
    assert circles(ways) == []


def test_who_shares_waits_for_nobody_who_shares():
    assert circles([edge("a", S, "b", S), edge("b", S, "a", S)]) == []
    assert circles([edge("a", NKU, "b", KS), edge("b", NKU, "a", KS)]) == []
    assert len(circles([edge("a", U, "b", KS), edge("b", U, "a", KS)])) == 1


@pytest.mark.parametrize(
    ("sql", "locks"),
    [
        (
            'SELECT "a"."id" FROM "a" INNER JOIN "b" ON ("a"."x" = "b"."id") FOR UPDATE OF "a"',
            [("select", Lock("a", U))],
        ),
        (
            'SELECT 1 FROM "a" INNER JOIN "b" ON ("a"."x" = "b"."id") WHERE x FOR NO KEY UPDATE',
            [("select", Lock("a", NKU)), ("select", Lock("b", NKU))],
        ),
        ("SELECT 1 FROM a FOR UPDATE SKIP LOCKED", [("select", Lock("a", U, waits=False))]),
        ("SELECT status FROM a p WHERE id = 1 FOR SHARE OF p", [("select", Lock("a", S))]),
        ('UPDATE "a" SET "x" = 1 WHERE "id" = 2', [("update", Lock("a", NKU))]),
        ('DELETE FROM "a" WHERE "id" IN (1)', [("delete", Lock("a", U))]),
        ('INSERT INTO "a" ("x") VALUES (1)', [("insert", Lock("a", ""))]),
        (
            'INSERT INTO "a" ("x") VALUES (1) ON CONFLICT ("x") DO UPDATE SET "y" = 1',
            [("insert", Lock("a", NKU))],
        ),
        (
            "WITH m AS (UPDATE a SET x = 1 WHERE id = 2) INSERT INTO b (y) SELECT 1 FROM c",
            [("update", Lock("a", NKU)), ("insert", Lock("b", ""))],
        ),
    ],
)
def test_a_statement_locks_what_it_says(sql, locks):
    assert list(locks_of(sql)) == locks


def taken_by_postgresql():
    """Tables of which this transaction locked rows, as the server tells it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT relname FROM pg_locks JOIN pg_class ON pg_class.oid = relation"
            " WHERE pid = pg_backend_pid() AND relkind = 'r' AND locktype = 'relation'"
            " AND mode IN ('RowShareLock', 'RowExclusiveLock')"
        )
        return {name for (name,) in cursor.fetchall()}


@pytest.fixture
def recorder(request):
    """One of its own, for this test."""
    own = Recorder()
    own.test = request.node.nodeid
    connection.execute_wrappers.append(own.note)
    yield own
    connection.execute_wrappers.remove(own.note)


@pytest.mark.django_db(transaction=True)
def test_what_the_recorder_says_postgresql_did(recorder):
    event = scenes.a_salon()
    lin = scenes.confirmed(event, by=scenes.an_organiser(event))
    recorder.edges.clear()
    with transaction.atomic():
        screening.withdraw(participant=lin, by=lin)
        [open_one] = recorder._open.values()
        held = dict(open_one.held)
        taken = taken_by_postgresql()
    assert set(held) <= taken
    assert held[Event._meta.db_table] == NKU
    assert held[Participant._meta.db_table] == U
    # Beside them the rows that are new, and what every transaction counts.
    new = {"participants_statuschange", "salon_auditentry", "participants_freedseat"}
    assert taken - set(held) <= new | {"salon_message"}
    drawn = {(one.held, one.wanted) for one in recorder.edges}
    assert ("events_event", "participants_participant") in drawn
    assert ("participants_participant", "events_event") not in drawn


def test_the_order_in_the_docs_is_that_of_the_models():
    told = (CHECKOUT / "docs/locks.md").read_text().split("```")[1]
    names = []
    for line in re.sub(r"→\s+", "→ ", told).strip().splitlines():
        room, _gap, listed = line.partition("  ")
        names += [f"{room}_{name.strip()}" for name in listed.split("→")]
    order = [model._meta.db_table for model in tables.parents_first()]
    assert names == [name for name in order if name in names]
