"""Grouping: 5 000 people on one core within the budget, and how near the bound it comes."""

import time
from random import Random

from workshops.grouping import Attendee, split
from workshops.seating import BANDS, upper_bound

INDUSTRIES = ("internet", "education", "consumer", "services", "other")
SHARES = (52, 50, 35, 35, 14)


def crowd(many: int) -> list[Attendee]:
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


def run() -> list[tuple[str, float, float, str]]:
    """(name, value, budget, note): seconds to stay under, shares of the bound to reach."""
    rows = []
    for many in (150, 5_000):
        people = crowd(many)
        start = time.perf_counter()
        grouping = split(people, seed=1)
        seconds = time.perf_counter() - start
        rows.append((f"grouping {many} people, seconds", seconds, 2.0, "at most"))
        share = grouping.score / upper_bound([person.type for person in people])
        rows.append((f"grouping {many} people, score ÷ bound", share, 0.97, "at least"))
    return rows


if __name__ == "__main__":
    for name, value, budget, note in run():
        print(f"{name:42} {value:8.3f}   {note} {budget}")
