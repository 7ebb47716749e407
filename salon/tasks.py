"""The platform's doorbells."""

from celery import shared_task

from salon import heartbeat, keeping, outbox


@shared_task
def beat_of_the_worker():
    heartbeat.beat("worker")


@shared_task
def deliver_due_messages():
    outbox.deliver_due()


@shared_task
def clear_what_has_expired():
    """Once a day; rung every hour so that a house that was down catches up."""
    keeping.sweep_if_due()
