"""The room's doorbells."""

from celery import shared_task

from participants import import_runs, waitlist


@shared_task
def expire_deadlines():
    waitlist.expire_due()
    import_runs.sweep()


@shared_task
def import_file(file_id):
    import_runs.run(file_id)
