"""Two who meet at the same rows: what PostgreSQL then says, and what we make of it.

Whoever locks in the one order (docs/locks.md) never meets anybody head-on. Where it happens all the
same, one of the two was rolled back whole and nothing of it is left: it may simply go again.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import DatabaseError, connection, transaction

DEADLOCK, SERIALIZATION, LOCK_TIMEOUT = "40P01", "40001", "55P03"
# What a row points to was deleted between its being read and the commit, where keys are looked up.
POINTS_TO_NOTHING = "23503"
AGAIN = (DEADLOCK, SERIALIZATION, POINTS_TO_NOTHING)
REPEATS = 2

P = ParamSpec("P")
R = TypeVar("R")


def sqlstate(error: BaseException) -> str | None:
    """PostgreSQL's code of a database error, five characters; None for any other error."""
    return getattr(error.__cause__, "pgcode", None)


def met_somebody(error: BaseException) -> bool:
    """Whether a database error says only that somebody else was at the same rows just then."""
    return sqlstate(error) in (*AGAIN, LOCK_TIMEOUT)


def goes_again(verb: Callable[P, R]) -> Callable[P, R]:
    """Call a verb, which is one transaction, up to two times more when a deadlock or another's
    change or deletion ended it. Inside somebody's transaction the whole of that would have to go again: then
    the error rises to who began it."""

    @wraps(verb)
    def repeated(*args: P.args, **kwargs: P.kwargs) -> R:
        for _repeat in range(REPEATS):
            try:
                return verb(*args, **kwargs)
            except DatabaseError as error:
                if connection.in_atomic_block or sqlstate(error) not in AGAIN:
                    raise
        return verb(*args, **kwargs)

    return repeated


@contextmanager
def one_instant() -> Iterator[None]:
    """A transaction in which every statement sees the house as it was at the first: for reports
    whose figures have to agree with each other. What it writes may meet a newer change, see
    `goes_again`. Inside another transaction it sees what that one sees."""
    outermost = not connection.in_atomic_block
    with transaction.atomic():
        if outermost:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        yield
