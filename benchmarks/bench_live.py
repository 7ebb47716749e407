"""The live stream: how soon the last of 5 000 viewers has a change, against a bare broadcaster.

Both hear the same Valkey and send the same bytes to the same viewers; ours also passes a door,
asks PostgreSQL, renders, and speaks HTTP. Everything is on loopback, on the cores of this machine.
"""

import contextlib
import os
import resource
import signal
import statistics
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

from benchmarks.bench import Row
from benchmarks.live import SLUG
from salon import embedded

VIEWERS = 5_000
ROUNDS = 7
WITHIN_SECONDS = 120


def run(bench):
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    viewers = min(VIEWERS, hard - 500)
    make_event()
    with serving("bare") as (bare, _), serving("ours") as (ours, server):
        empty = resident(server)
        with watching(bare, viewers) as bare_viewers, watching(ours, viewers) as our_viewers:
            await_round(bare_viewers, 0)
            await_round(our_viewers, 0)
            grown = (resident(server) - empty) / viewers
            time.sleep(4)  # the second look after the subscription is not what is measured
            took = {"bare": [], "ours": []}
            # By turns, so that whatever else this machine does weighs on both.
            for number in range(1, ROUNDS + 1):
                took["bare"].append(await_round(bare_viewers, number, ring_bare(number)))
                took["ours"].append(await_round(our_viewers, number, ring_ours(number)))
                time.sleep(0.3)
    bare, ours = (statistics.median(took[which]) for which in ("bare", "ours"))
    yield Row(
        f"live: the last of {viewers} viewers served",
        f"{ours * 1000:.0f} ms",
        f"bare asyncio {bare * 1000:.0f} ms",
        ours / bare,
        at_most=2,
    )
    yield Row("live: memory of one viewer", f"{grown:.1f} kB", "13 kB", grown / 13)


@contextlib.contextmanager
def serving(which):
    port = embedded.free_port()
    command = {
        "bare": ("benchmarks.live", "bare", str(port)),
        "ours": (
            *("uvicorn", "benchmarks.live:application", "--port", str(port)),
            *("--log-level", "warning", "--no-access-log", "--timeout-graceful-shutdown", "1"),
        ),
    }[which]
    process = start(*command)
    try:
        end = time.monotonic() + 30
        while embedded.is_free(port):
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"{which} did not start")
            time.sleep(0.05)
        yield port, process
    finally:
        process.kill()
        process.wait()


def start(*command, **options):
    return subprocess.Popen(
        [sys.executable, "-m", *command],
        cwd=embedded.CHECKOUT,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "salon.settings"},
        preexec_fn=embedded.end_with_parent(signal.SIGKILL),
        **options,
    )


@contextlib.contextmanager
def watching(port, viewers):
    process = start("benchmarks.live", "watch", str(port), str(viewers), stdout=subprocess.PIPE)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def await_round(viewers, number, since=0):
    """Seconds from `since` (monotonic) until the last viewer has seen the round."""
    watchdog = signal.signal(signal.SIGALRM, too_long)
    signal.alarm(WITHIN_SECONDS)
    try:
        while True:
            seen, at = viewers.stdout.readline().split()
            if int(seen) == number:
                return float(at) - since
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, watchdog)


def too_long(*_):
    raise RuntimeError(f"not every viewer was served within {WITHIN_SECONDS} s")


def make_event():
    from django.utils import timezone

    from events.models import Event

    Event.objects.update_or_create(
        slug=SLUG,
        defaults={
            "title": "Live",
            "theme": "0",
            "starts_at": timezone.now(),
            "ends_at": timezone.now() + timedelta(hours=4),
            "status": Event.Status.PUBLISHED,
        },
    )


def ring_ours(number):
    from django.db import transaction

    from events.models import Event
    from salon import live

    rung = []
    with transaction.atomic():
        event = Event.objects.get(slug=SLUG)
        event.theme = str(number)
        event.save(update_fields=["theme"])
        transaction.on_commit(lambda: rung.append(time.monotonic()))  # just before the bell
        live.publish(event, "bench")
    return rung[0]


def ring_bare(number):
    from salon import broker

    at = time.monotonic()
    broker.attempt(lambda redis: redis.publish("bench:bare", number))
    return at


def resident(process):
    """Kilobytes of the process in memory."""
    if process is None:
        return 0
    statm = Path(f"/proc/{process.pid}/statm").read_text().split()
    return int(statm[1]) * resource.getpagesize() / 1024
