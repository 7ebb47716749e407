"""The platform's doorbells."""

import logging

from celery import shared_task
from django.conf import settings

from salon import bounce_mailbox, heartbeat, keeping, outbox, pace

log = logging.getLogger(__name__)


@shared_task
def beat_of_the_worker():
    heartbeat.beat("worker")


@shared_task
def deliver_due_messages():
    outbox.deliver_due(
        within_seconds=60, waiting=True
    )  # a worker that is told to stop waits for it


@shared_task
def read_bounces():
    if not settings.BOUNCES_URL:
        return
    try:
        bounce_mailbox.process(settings.BOUNCES_URL)
    except bounce_mailbox.Unreachable as error:
        log.warning("the mailbox of bounces cannot be read: %s", error)


@shared_task
def clear_what_has_expired():
    """Once a day; rung every hour so that a house that was down catches up."""
    keeping.sweep_if_due()
    pace.forget_the_idle()
