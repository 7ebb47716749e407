"""A batch of 2 000 decisions released at once: seconds, and statements that do not grow with it."""

from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import CaptureQueriesContext

from benchmarks.bench import Row
from benchmarks.bench_screening import crowd, seconds
from benchmarks.bench_signup import open_salon
from participants import screening
from participants.models import Participant

LETTERS = 2000


def run(bench):
    event = open_salon("letters")
    by = get_user_model().objects.create_user("releases")
    crowd(event, LETTERS)
    people = list(Participant.objects.filter(event=event).values_list("pk", flat=True))
    batch, _refused = screening.decide_many(
        event=event, people=people, to_status="accepted", by=by, reason="都来"
    )
    with CaptureQueriesContext(connection) as captured:
        spent = seconds(lambda: screening.release_batch(batch=batch, by=by))
    yield Row(
        f"release a batch of {LETTERS}: seconds",
        f"{spent:.2f} s",
        "2 s",
        ratio=spent / 2,
        at_most=1,
    )
    yield Row(
        f"release a batch of {LETTERS}: statements",
        f"{len(captured)}",
        "20",
        ratio=len(captured) / 20,
        at_most=1,
    )
