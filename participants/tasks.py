"""The room's doorbells."""

from celery import shared_task

from participants import import_runs, interest_groups, waitlist


@shared_task
def expire_deadlines():
    waitlist.expire_due()
    import_runs.sweep()


@shared_task
def import_file(file_id):
    import_runs.run(file_id)


@shared_task
def place_arrivals():
    interest_groups.place_everywhere()
