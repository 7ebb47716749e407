"""Letters from the outbox to a mail server on loopback: composed, noted, sent, noted again, by the
two slots of one worker."""

import os
import time

from django.conf import settings
from django.db import connections

from benchmarks.bench import Row
from benchmarks.bench_screening import crowd
from benchmarks.bench_signup import open_salon
from participants.models import Participant
from salon import clock, outbox
from salon.models import Message
from tests.difficult_post import DifficultPost

LETTERS = 1000
SLOTS = 2


def run(bench):
    event = open_salon("mail")
    crowd(event, LETTERS)
    people = Participant.objects.filter(event=event)
    for number, pk in enumerate(people.values_list("pk", flat=True)):
        people.filter(pk=pk).update(email=f"guest{number}@example.com")
    Message.objects.all().delete()
    outbox.plan_many(
        outbox.Planned(
            dedup_key=f"bench:{pk}",
            kind="received",
            event_id=event.pk,
            due_at=clock.now(),
            person_id=pk,
        )
        for pk in people.values_list("pk", flat=True)
    )
    post = DifficultPost()
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", post.port
    settings.EMAIL_IS_CONFIGURED = True
    connections.close_all()
    start = time.perf_counter()
    for slot in [deliver() for _ in range(SLOTS)]:
        os.waitpid(slot, 0)
    spent = time.perf_counter() - start
    post.stop()
    yield Row(
        f"letters to a local server, {len(post.letters)} of {LETTERS}",
        f"{len(post.letters) / spent:.0f} a second, {post.connections} connections",
        "50 a second",
        ratio=len(post.letters) / spent / 50,
        at_least=1,
    )


def deliver():
    """The pid of a process that works off the outbox."""
    pid = os.fork()
    if pid == 0:
        try:
            outbox.deliver_due()
        finally:
            os._exit(0)
    return pid
