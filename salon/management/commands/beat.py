"""Celery's beat for this project; two of them at once do no harm, only ring twice."""

import logging
import os
import tempfile
from pathlib import Path

from django.core.management.base import BaseCommand

from salon import embedded
from salon.celery import app


class Command(BaseCommand):
    help = "启动定时器进程 / Runs the clock that rings for what is due."

    def handle(self, **options):
        # When what rang last; losing it costs one interval.
        here = embedded.HOME if os.access(embedded.HOME, os.W_OK) else Path(tempfile.gettempdir())
        # That it rings every few seconds is not worth a line.
        logging.getLogger("celery.beat").setLevel(logging.WARNING)
        app.start(
            [
                *("--quiet", "beat", "--pidfile="),
                *("--schedule", str(here / "beat-schedule")),
            ]
        )
