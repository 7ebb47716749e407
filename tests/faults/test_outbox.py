"""The worker is killed and Redis is wiped in the middle of the reminders: nobody is missed."""

import os
import random
import signal
import threading
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from salon import clock, outbox
from salon.models import Message
from tests.faults import letters  # noqa: F401  so that this process may plan them
from tests.house import Mailbox, until

pytestmark = pytest.mark.fault

GUESTS = 200
KILLS = 20
SEED = 20261219


def remind(guests):
    now = clock.now()
    for number in range(guests):
        outbox.plan(
            dedup_key=f"fault:{number}",
            kind="test_reminder",
            event_id=1,
            due_at=now,
            context={"number": number},
        )


def start_worker(house, *options):
    house.worker = house._run("-m", "tests.faults.worker", *options)


def child_of(process):
    """The pid of the process that does the work: the only child."""
    return int(Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text())


class DeadlyMailbox(Mailbox):
    """Kills the sender at chosen letters, before it keeps the letter or after, but always before
    the sender can hear the answer."""

    def __init__(self):
        self.kill = None
        self.plan = {}  # how many letters have come: "before" or "after"
        self.arrivals = 0
        self.killed = threading.Semaphore(0)
        super().__init__()

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        self.arrivals += 1
        when = self.plan.pop(self.arrivals, None)
        if when == "before":
            self.kill()
            self.killed.release()
            return "451 nobody listens"
        answer = await super().handle_DATA(server, session, envelope)
        if when == "after":
            self.kill()
            self.killed.release()
        return answer


@pytest.fixture
def deadly(house):
    """The house whose post kills."""
    usual, house.mailbox = house.mailbox, DeadlyMailbox()
    house.environment["EMAIL_PORT"] = str(house.mailbox.port)
    yield house
    house.stop_helpers()
    house.mailbox.stop()
    house.mailbox = usual
    house.environment["EMAIL_PORT"] = str(usual.port)


def test_two_hundred_reminders_survive_twenty_kills(deadly, travel):
    chance = random.Random(SEED)
    deaths = sorted(chance.sample(range(5, GUESTS - 5), KILLS))
    deadly.mailbox.plan = {number: chance.choice(["before", "after"]) for number in deaths}
    deadly.mailbox.kill = lambda: os.kill(child_of(deadly.worker), signal.SIGKILL)
    remind(GUESTS)
    start_worker(deadly, "forks")
    for number in range(KILLS):
        assert deadly.mailbox.killed.acquire(timeout=30), f"kill {number} never came"
        # Nobody waits for the dead one's claims to run out.
        travel(clock.now() + outbox.LEASE + timedelta(seconds=1))
    until(lambda: Message.objects.handed_over().count() == GUESTS, what="sending everything")

    arrived = deadly.mailbox.letters
    copies = Counter(letter["Message-ID"] for letter in arrived)
    doubled = {letter["To"] for letter in arrived if copies[letter["Message-ID"]] > 1}
    doubles = len(arrived) - len(copies)
    flagged = set(Message.objects.filter(uncertain=True).values_list("recipient", flat=True))
    missed = {f"guest{number}@example.com" for number in range(GUESTS)} - {
        letter["To"] for letter in arrived
    }
    print(f"reminders {GUESTS}, kills {KILLS}, missed {len(missed)}, doubles {doubles}")  # noqa: T201
    assert missed == set()
    assert len(copies) == GUESTS
    assert 0 < doubles <= KILLS  # none at all would mean that no kill hit what it was aimed at
    assert doubled <= flagged
    assert len(flagged) <= KILLS


def test_a_celery_worker_killed_in_the_middle_is_replaced_and_misses_nobody(deadly, travel):
    deadly.mailbox.plan = {30: "after"}
    deadly.mailbox.kill = lambda: deadly.kill(deadly.worker)
    remind(60)
    start_worker(deadly)
    assert deadly.mailbox.killed.acquire(timeout=30)
    travel(clock.now() + outbox.LEASE + timedelta(seconds=1))
    start_worker(deadly)
    deadly.start_beat()
    until(lambda: Message.objects.handed_over().count() == 60, what="sending everything")
    assert len(deadly.mailbox.letters) == 61
    assert Message.objects.filter(uncertain=True).count() == 1


def test_reminders_go_out_after_redis_was_wiped_and_stopped(house, valkey):
    start_worker(house)
    house.start_beat()
    until(lambda: "ready" in house.log.read_text(), what="the worker's start")
    valkey.kill()  # with every bell that was in it
    remind(100)
    valkey.start()
    until(lambda: Message.objects.handed_over().count() == 100, 60, "sending everything")
    assert len(house.mailbox.letters) == 100
    assert not Message.objects.filter(uncertain=True).exists()


def test_two_beats_ring_twice_and_send_once(house):
    start_worker(house)
    house.start_beat()
    second = house._run("manage.py", "beat")
    try:
        remind(100)
        until(lambda: Message.objects.handed_over().count() == 100, 60, "sending everything")
        assert second.poll() is None, "the second beat ended"
        assert house.beat.poll() is None, "the first beat ended"
    finally:
        house.kill(second)
    assert len(house.mailbox.letters) == 100
