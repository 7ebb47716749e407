"""Whose letters rest: they are neither sent nor listed until their people are back.

The platform knows people by number only; a room says who they are:

    @resting.people
    def those_set_aside(): return a QuerySet of person ids
"""

from collections.abc import Callable

from django.db.models import QuerySet

_whose: list[Callable[[], QuerySet]] = []


def people(who: Callable[[], QuerySet]):
    """Register a query for the numbers of such people."""
    if who not in _whose:
        _whose.append(who)
    return who


def queries() -> list[QuerySet]:
    return [who() for who in _whose]


def is_resting(person_id: int | None) -> bool:
    return person_id is not None and any(who.filter(pk=person_id).exists() for who in queries())
