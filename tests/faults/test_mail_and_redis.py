"""A mail server that hangs, a Redis that goes away, a worker that is killed between two turns."""

import os
import time
from collections import Counter
from datetime import timedelta

import pytest

from salon import clock, outbox
from salon.models import Heartbeat, Message
from tests.difficult_post import SILENCE, DifficultPost
from tests.faults import letters  # noqa: F401  so that this process may plan them
from tests.faults.test_outbox import remind, start_worker
from tests.house import until

pytestmark = pytest.mark.fault


@pytest.fixture
def world(house):
    """`world(**answers)`: the house's letters go to this server instead."""
    before, posts = dict(house.environment), []

    def build(**answers):
        post = DifficultPost(**answers)
        posts.append(post)
        house.environment["EMAIL_PORT"] = str(post.port)
        return post

    yield build
    house.stop_helpers()
    house.environment = before
    for post in posts:
        post.stop()


def arrived(post):
    return [letter["To"] for letter in post.letters]


def all_handed_over(number):
    return lambda: Message.objects.handed_over().count() == number


def test_a_mail_server_that_hangs_delays_nothing_but_mail(house, world, travel):
    post = world(greeting=SILENCE)
    remind(60)
    start_worker(house, "2")
    for _ in range(6):  # the bells of two minutes
        house.ring("salon.tasks.deliver_due_messages")
    until(lambda: post.connections, what="the first try")
    for _ in range(4):
        asked = clock.now()
        house.ring("salon.tasks.beat_of_the_worker")
        until(
            lambda asked=asked: Heartbeat.objects.filter(name="worker", at__gte=asked).exists(),
            within=5,
            what="something else",
        )
        time.sleep(0.5)
    assert post.connections <= 2, "each slot asks once, and leaves it alone"
    assert Message.objects.handed_over().count() == 0
    post.answers.clear()
    post.quiet.set()
    until(lambda: not Message.objects.filter(state="claimed").exists(), what="giving it up")
    travel(clock.now() + timedelta(minutes=5))
    house.ring("salon.tasks.deliver_due_messages")
    until(all_handed_over(60), what="sending everything")
    assert len(set(arrived(post))) == len(post.letters) == 60
    assert not Message.objects.filter(uncertain=True).exists()


def test_redis_cut_again_and_again_in_the_middle_of_a_sending(house, valkey, world):
    post = world()
    start_worker(house, "2")
    house.start_beat()
    house.ring("salon.tasks.deliver_due_messages")
    number = 0
    for cut in range(20):
        for _ in range(10):
            outbox.plan(
                dedup_key=f"cut:{number}",
                kind="test_reminder",
                event_id=1,
                due_at=clock.now(),
                context={"number": number},
            )
            number += 1
        until(lambda few=cut * 3: len(post.letters) >= few, 60, "sending some")
        valkey.kill() if cut % 2 else valkey.stop()
        time.sleep(0.1 * (cut % 4))
        valkey.start()
        house.ring("salon.tasks.deliver_due_messages")
        assert house.worker.poll() is None, "the worker ended"
    until(all_handed_over(number), 60, "sending everything")
    assert len(set(arrived(post))) == number
    assert len(post.letters) == number
    said = house.log.read_text()
    assert "Unrecoverable error" not in said
    assert "ended by itself" not in said


def test_a_worker_killed_between_two_turns_loses_nobody_and_none_goes_too_fast(
    house, world, travel
):
    post = world()
    house.environment["MAIL_PER_MINUTE"] = "example.com=600"
    remind(60)
    began = time.monotonic()
    for kill_at in (10, 25, 40):
        start_worker(house, "2")
        house.ring("salon.tasks.deliver_due_messages")
        until(lambda kill_at=kill_at: len(post.letters) >= kill_at, 60, "its turn")
        house.kill(house.worker)
        # Nobody waits for the dead one's claims to run out.
        travel(clock.now() + outbox.LEASE + timedelta(seconds=1))
    start_worker(house, "2")
    house.ring("salon.tasks.deliver_due_messages")
    until(all_handed_over(60), 60, "sending everything")
    assert time.monotonic() - began > 59 * 0.1 - 3 * 0.1, "no faster than ten a second"
    copies = Counter(arrived(post))
    doubled = {to for to, number in copies.items() if number > 1}
    flagged = set(Message.objects.filter(uncertain=True).values_list("recipient", flat=True))
    assert len(copies) == 60
    assert len(post.letters) - 60 <= 3
    assert doubled <= flagged


def test_a_worker_that_ends_by_itself_is_followed_by_another_and_one_that_is_told_is_not(
    house, world
):
    post = world()
    start_worker(house, "2")
    house.ring("salon.tasks.beat_of_the_worker")
    until(lambda: Heartbeat.objects.filter(name="worker").exists(), what="its start")
    for child in children_of(house.worker.pid):
        os.kill(child, 15)  # as kombu's own fault ended it: in order, with exit code 0
    remind(10)
    until(lambda: "ended by itself" in house.log.read_text(), what="its end")
    house.ring("salon.tasks.deliver_due_messages")
    until(all_handed_over(10), 60, "sending everything")
    assert len(post.letters) == 10
    house.worker.terminate()
    assert house.worker.wait(30) == 0


def children_of(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return [int(child) for child in file.read().split()]
