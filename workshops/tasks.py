"""The room's doorbells."""

from celery import shared_task

from workshops import groups


@shared_task
def place_latecomers():
    groups.place_everywhere()
