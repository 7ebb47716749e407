"""/healthz, as a monitor outside reads it."""

import os
import signal
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client

from salon import heartbeat, outbox
from salon.models import Heartbeat, Message

NOON = datetime(2026, 12, 19, 4, 0, tzinfo=UTC)
KEYS = {"database", "redis", "worker", "beat_age", "outbox_age"}


@outbox.letter("test_health")
def unwanted(message):
    return None


@pytest.fixture
def well(db, travel):
    """Noon, with worker and beat alive."""
    travel(NOON, tick=False)
    heartbeat.beat("worker")
    heartbeat.beat("beat")
    return travel


def ask():
    answer = Client().get("/healthz")
    assert answer["Content-Type"] == "application/json"
    assert "no-store" in answer["Cache-Control"]
    report = answer.json()
    assert report.keys() == KEYS
    return answer.status_code, report


def test_all_is_well(well):
    assert ask() == (
        200,
        {"database": True, "redis": True, "worker": True, "beat_age": 0.0, "outbox_age": 0.0},
    )


def test_a_house_that_has_just_been_built_is_not_well_yet(db):
    status, report = ask()
    assert (status, report["database"], report["worker"]) == (503, True, False)
    assert report["beat_age"] is None


@pytest.mark.parametrize(
    ("seconds", "status"), [(179, 200), (180, 503), (3600, 503)], ids=["fresh", "stale", "gone"]
)
@pytest.mark.parametrize("who", ["worker", "beat"])
def test_a_worker_or_beat_without_a_sign_for_three_minutes(well, who, seconds, status):
    Heartbeat.objects.filter(name=who).update(at=NOON - timedelta(seconds=seconds))
    answered, report = ask()
    assert answered == status
    assert report["worker"] is (who != "worker" or seconds < 180)
    assert report["beat_age"] == (seconds if who == "beat" else 0)


def test_the_oldest_letter_that_should_have_gone(well):
    for minutes in (2, 4):
        outbox.plan(
            dedup_key=f"late:{minutes}",
            kind="test_health",
            event_id=1,
            due_at=NOON - timedelta(minutes=minutes),
        )
    outbox.plan(
        dedup_key="held", kind="test_health", event_id=1, due_at=NOON - timedelta(days=1),
        released=False,
    )  # fmt: skip
    status, report = ask()
    assert (status, report["outbox_age"]) == (503, 240)
    Message.objects.filter(dedup_key="late:4").update(state="cancelled")
    assert ask()[0] == 200


def test_redis_stopped(well, valkey):
    valkey.stop()
    status, report = ask()
    assert (status, report["redis"], report["database"]) == (503, False, True)


def test_redis_silent(well, valkey):
    os.kill(valkey.process.pid, signal.SIGSTOP)
    try:
        status, report = ask()
    finally:
        os.kill(valkey.process.pid, signal.SIGCONT)
    assert (status, report["redis"]) == (503, False)


@pytest.mark.django_db(transaction=True)
def test_the_database_gone_and_back(monkeypatch):
    heartbeat.beat("worker")
    heartbeat.beat("beat")
    connection.close()
    with monkeypatch.context() as away:
        away.setitem(connection.settings_dict, "NAME", "no_such_database")
        assert ask() == (
            503,
            {
                "database": False,
                "redis": True,
                "worker": False,
                "beat_age": None,
                "outbox_age": None,
            },
        )
        connection.close()
    assert ask()[0] == 200


@pytest.mark.django_db(transaction=True)
def test_a_database_connection_that_broke_is_an_answer_too():
    connection.ensure_connection()
    connection.connection.close()  # as after a restart of the server
    assert ask()[1]["database"] is False
    assert ask()[1]["database"] is True


def test_a_letter_that_is_tried_again_and_again_is_late_between_its_tries_too(well):
    """A mail server that is down all night is told all night, not in the seconds of each try."""
    outbox.plan(dedup_key="late", kind="test_health", event_id=1, due_at=NOON - timedelta(hours=5))
    for attempts in (0, 3):
        Message.objects.update(attempts=attempts, next_try_at=NOON + timedelta(hours=3))
        assert ask()[0] == 503
        assert ask()[1]["outbox_age"] == 5 * 3600
