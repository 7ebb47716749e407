"""How long one organiser's click holds the event: the verbs that touch everybody.

A confirmation, a walk-in or a withdrawal waits meanwhile; a second session says so.
"""

import os
import threading
import time
from contextlib import closing
from datetime import timedelta
from functools import partial

import psycopg2

from benchmarks.bench import Row
from benchmarks.bench_screening import crowd
from benchmarks.bench_signup import open_salon
from events import agenda, announcing
from events.models import Event
from participants import fill, reminders, screening
from participants.models import Participant
from participants.standing import stand
from salon import clock
from salon.models import User

Status = Participant.Status
SIZES = ((2_000, 0.5), (20_000, 2.0))  # people, seconds


def run(bench):
    by = User.objects.create_superuser("locks", password=None)
    for people, seconds in SIZES:
        for name, spent in held(people, by):
            yield Row(
                f"{name}, {people} people",
                f"another waits {spent:.2f} s",
                f"{seconds} s",
                ratio=spent / seconds,
                at_most=1,
            )


def held(people, by):
    """`(verb, seconds)` one after the other on an event with room for half of the people."""
    event = open_salon(f"locks-{people}")
    Event.objects.filter(pk=event.pk).update(on_site_capacity=people // 2)
    crowd(event, people)
    event.refresh_from_db()
    everybody = list(event.participants.order_by("pk").values_list("pk", flat=True))
    some, rest = everybody[: people // 2], everybody[people // 2 :]
    hold = partial(longest_wait, event)
    decide = partial(screening.decide_many, event=event, by=by, told_reason="抱歉", reason="都来")

    (batch, _refused), spent = hold(lambda: decide(people=some, to_status=Status.ACCEPTED))
    yield "accept half", spent
    _found, spent = hold(lambda: screening.undo_batch(batch=batch, by=by))
    yield "undo", spent
    why = dict.fromkeys(some, "都来")
    (batch, _refused), spent = hold(
        lambda: fill.apply(event=event, accept=some, waitlist=rest, by=by, reasons=why)
    )
    yield "fill", spent
    _found, spent = hold(lambda: screening.release_batch(batch=batch, by=by))
    yield "release", spent
    _found, spent = hold(lambda: decide(people=some[: people // 10], to_status=Status.CANCELLED))
    yield "cancel a tenth, the waiting move up", spent
    everybody_confirms(event)
    later = event.starts_at + timedelta(days=7)
    _found, spent = hold(lambda: agenda.move_event(event=event, starts_at=later, by=by))
    yield "move by a week", spent
    _found, spent = hold(lambda: announcing.call_off(event=event, by=by))
    yield "call off", spent


def everybody_confirms(event):
    accepted = event.participants.filter(status=Status.ACCEPTED).select_related("event")
    changes = stand(list(accepted), Status.CONFIRMED, now=clock.now(), by=None)
    reminders.plan_for_all(changes, now=clock.now())


def longest_wait(event, verb):
    """What the verb returns, and how long a second session waited for the event's row at most."""
    waits, over = [0.0], threading.Event()

    def knock():
        with closing(psycopg2.connect(os.environ["DATABASE_URL"])) as connection:
            while not over.is_set():
                began = time.perf_counter()
                with connection, connection.cursor() as cursor:
                    cursor.execute(
                        "SELECT 1 FROM events_event WHERE id = %s FOR NO KEY UPDATE", [event.pk]
                    )
                waits.append(time.perf_counter() - began)
                time.sleep(0.01)

    knocking = threading.Thread(target=knock)
    knocking.start()
    try:
        found = verb()
    finally:
        over.set()
        knocking.join()
    return found, max(waits)
