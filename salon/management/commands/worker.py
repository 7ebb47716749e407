"""The Celery worker of this project, as production and `make run` start it."""

import gc
import logging
import warnings

from celery import signals
from django.core.management.base import BaseCommand
from django.db import connection

from salon import heartbeat
from salon.celery import app


def spare_the_collector(**_):
    # What is loaded now lives as long as the worker: never looked through, never copied in a fork.
    gc.collect()
    gc.freeze()


def say_that_we_live(**_):
    heartbeat.beat("worker")
    connection.close()  # a child forked later must not share it


class Command(BaseCommand):
    help = "启动后台任务进程 / Runs the background worker."

    def add_arguments(self, parser):
        parser.add_argument("--concurrency", type=int, default=2)

    def handle(self, *, concurrency, **options):
        # A bell that was heard and answered is not worth two lines; one that failed is an error.
        for name in ("celery.worker.strategy", "celery.worker.request", "celery.app.trace"):
            logging.getLogger(name).setLevel(logging.WARNING)
        # It knows no pickle, and a container has no other user.
        warnings.filterwarnings("ignore", "You're running the worker with superuser privileges")
        signals.worker_before_create_process.connect(spare_the_collector)
        signals.worker_ready.connect(say_that_we_live)
        app.worker_main(
            [
                *("--quiet", "worker", "--pool", "prefork"),
                *("--concurrency", str(concurrency), "--prefetch-multiplier", "1"),
                *("--without-gossip", "--without-mingle"),
            ]
        )
