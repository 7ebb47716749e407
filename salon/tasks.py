"""The platform's doorbells."""

from celery import shared_task

from salon import heartbeat, outbox


@shared_task
def beat_of_the_worker():
    heartbeat.beat("worker")


@shared_task
def deliver_due_messages():
    outbox.deliver_due()
