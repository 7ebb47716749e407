"""The evaluation's doorbells."""

from celery import shared_task

from metrics import evaluation, going_on, surveys
from salon import clock


@shared_task
def run_surveys():
    """Open the survey of every event that has ended, and ask whoever turned out to have come; of
    whom it was that had to be reminded, keep nothing."""
    for event in surveys.events_to_ask(clock.now()):
        surveys.open_survey(event=event)
    surveys.forget_who_was_reminded()


@shared_task
def evaluate_due():
    """Evaluate ended events that have no evaluation yet or have new facts since their last."""
    for event in evaluation.events_to_look_at(clock.now()):
        evaluation.evaluate_if_due(event=event)


@shared_task
def plan_digests():
    """Letters of new suggestions for those on the board; at most one a fortnight each."""
    going_on.plan_digests()
