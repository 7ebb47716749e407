"""Work groups: 150 and 5 000 people, on one core, against their proven bound."""

import time
from random import Random

from benchmarks.bench import Row
from workshops.grouping import Attendee, split
from workshops.seating import BANDS, upper_bound

SECONDS = 2.0
INDUSTRIES = ("internet", "education", "consumer", "services", "other")
SHARES = (52, 50, 35, 35, 14)


def run(_bench):
    for many in (150, 5_000):
        people = crowd(many)
        start = time.perf_counter()
        grouping = split(people, seed=1)
        seconds = time.perf_counter() - start
        bound = upper_bound([person.type for person in people])
        yield Row(
            f"grouping {many} people",
            f"{seconds:.2f} s",
            f"{SECONDS:g} s",
            seconds / SECONDS,
            at_most=1.0,
        )
        yield Row(
            f"grouping {many} people, likeness",
            f"{grouping.score:.4f}",
            f"bound {bound:.4f}",
            grouping.score / bound,
            at_least=0.97,
        )


def crowd(many):
    draw = Random(many)
    return [
        Attendee(
            number,
            draw.choices(INDUSTRIES, SHARES)[0],
            draw.choice(BANDS),
            draw.randint(0, 9),
            f"{number:06}",
        )
        for number in range(many)
    ]
