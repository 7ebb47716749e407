"""The room's doorbells."""

from celery import shared_task

from participants import (
    called_off,
    erasing_many,
    import_runs,
    interest_groups,
    waiting_steps,
    waitlist,
)


@shared_task
def expire_deadlines():
    called_off.go_on_everywhere()
    waitlist.expire_due()
    waiting_steps.sweep()
    import_runs.sweep()


@shared_task
def tell_called_off(event_id):
    called_off.go_on(event_id)


@shared_task
def import_file(file_id):
    import_runs.run(file_id)


@shared_task
def erase_set_aside():
    erasing_many.finish_due()


@shared_task
def place_arrivals():
    interest_groups.place_everywhere()
