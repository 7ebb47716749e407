"""The background worker of this project, as production and `make run` start it.

One process that watches two Celery workers: one for everything, and one for what goes out, whose
slots a mail server may hold up for as long as it likes. Whichever ends without being told is
started again, whatever its exit code.
"""

import gc
import logging
import os
import signal
import time
import warnings

from celery import signals
from django.core.management.base import BaseCommand
from django.db import connection, connections

from salon import embedded, heartbeat
from salon.celery import MAIL, app

log = logging.getLogger(__name__)

SIGNS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT)
LOOK_SECONDS = 0.2
# One that dies as it is born is not tried more often than this.
LONGEST_PAUSE_SECONDS = 30
STEADY_SECONDS = 60


def spare_the_collector(**_):
    # What is loaded now lives as long as the worker: never looked through, never copied in a fork.
    gc.collect()
    gc.freeze()


def say_that_we_live(**_):
    heartbeat.beat("worker")
    connection.close()  # a child forked later must not share it


class Slots:
    """A Celery worker in a process of its own, for one queue."""

    def __init__(self, queue, concurrency):
        self.queue, self.concurrency = queue, concurrency
        self.pid, self.born, self.pause, self.not_before = None, 0.0, 0.0, 0.0

    def start(self):
        # Until the child has let go of our handlers, signals wait.
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNS)
        self.pid, self.born = os.fork(), time.monotonic()
        if self.pid == 0:
            code = 1
            try:
                for sign in SIGNS:
                    signal.signal(sign, signal.SIG_DFL)
                signal.signal(signal.SIGINT, signal.default_int_handler)
                embedded.end_with_parent()()
                signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNS)
                code = self.work()
            finally:
                os._exit(code)  # what the parent has to tidy up is not ours
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNS)

    def work(self):
        try:
            app.worker_main(
                [
                    *("--quiet", "worker", "--pool", "prefork", "--queues", self.queue),
                    *("--hostname", f"{self.queue}@%h", "--concurrency", str(self.concurrency)),
                    *("--prefetch-multiplier", "1", "--without-gossip", "--without-mingle"),
                ]
            )
        except SystemExit as end:
            return end.code if isinstance(end.code, int) else 1
        return 0

    def tell(self, sign):
        if self.pid:
            os.kill(self.pid, sign)

    def has_ended(self):
        """True once, when the process has ended; its code is logged."""
        if not self.pid or os.waitpid(self.pid, os.WNOHANG) == (0, 0):
            return False
        lived = time.monotonic() - self.born
        self.pause = (
            0.0 if lived > STEADY_SECONDS else min(self.pause * 2 + 0.5, LONGEST_PAUSE_SECONDS)
        )
        self.pid, self.not_before = None, time.monotonic() + self.pause
        return True


class Command(BaseCommand):
    help = "启动后台任务进程 / Runs the background worker."
    ending = False

    def add_arguments(self, parser):
        parser.add_argument("--concurrency", type=int, default=2, help="slots for everything")
        parser.add_argument("--mail", type=int, default=2, help="slots for what goes out")

    def handle(self, *, concurrency, mail, **options):
        # A bell that was heard and answered is not worth two lines; one that failed is an error.
        for name in ("celery.worker.strategy", "celery.worker.request", "celery.app.trace"):
            logging.getLogger(name).setLevel(logging.WARNING)
        # It knows no pickle, and a container has no other user.
        warnings.filterwarnings("ignore", "You're running the worker with superuser privileges")
        # What runs while Redis goes away runs to its end; cancelled, it would leave letters uncertain.
        warnings.filterwarnings("ignore", r"\s*In Celery 5.1 we introduced")
        signals.worker_before_create_process.connect(spare_the_collector)
        signals.worker_ready.connect(say_that_we_live)
        self.slots = [
            Slots(queue, number)
            for queue, number in [("celery", concurrency), (MAIL, mail)]
            if number > 0
        ]
        for sign in SIGNS:
            signal.signal(sign, self.pass_on)
        app.loader.import_default_modules()  # once for all, before the first fork
        connections.close_all()
        for slots in self.slots:
            slots.start()
        while any(slots.pid for slots in self.slots) or not self.ending:
            time.sleep(LOOK_SECONDS)
            self.look_after()

    def pass_on(self, sign, _frame):
        self.ending = True
        for slots in self.slots:
            # A terminal's Ctrl-C has reached them already, and twice means at once.
            slots.tell(signal.SIGTERM if sign in (signal.SIGINT, signal.SIGHUP) else sign)

    def look_after(self):
        for slots in self.slots:
            if slots.has_ended() and not self.ending:
                log.error(
                    "the worker of queue %r ended by itself; another one follows", slots.queue
                )
            if not slots.pid and not self.ending and time.monotonic() >= slots.not_before:
                slots.start()
