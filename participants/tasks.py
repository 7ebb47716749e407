"""The room's doorbells."""

from celery import shared_task

from participants import waitlist


@shared_task
def expire_deadlines():
    waitlist.expire_due()
