"""What the house keeps of people, for how long, and why: one table, and one sweep a day by it.

Each room registers its rows from a module that its AppConfig.ready imports:

    keeping.keep(Kept("desk_requests", what=_("…"), why=_("…"), until=…, columns=…, …))

and says of its other tables why nobody stands in them:

    keeping.names_nobody({"events.Material": "what is bought and packed"})

A table with words in it that is in neither does not pass the tests.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from celery.exceptions import SoftTimeLimitExceeded
from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.db import models

from salon import clock
from salon.models import Sweep

log = logging.getLogger(__name__)

EVERY = timedelta(hours=20)
WORDS = (models.CharField, models.TextField, models.JSONField, ArrayField, models.BinaryField)
WORDS = (*WORDS, models.FileField, models.GenericIPAddressField)

# What a clearing did, beyond how many rows: {what: number}, JSON-able.
Done = int | dict


@dataclass(frozen=True)
class Kept:
    """One row of the table.

    `until(event)` says how long in words, of an event or (None) of any; `columns` are
    "app.Model.column", or a function that tells them; `count(event)` is how many rows hold
    something now, of an event or of the house. `clear(now)` removes what has had its time and says
    how much; without one it goes with something else, as `until` says. Of the house and no event
    are rows whose `of_events` is False.
    """

    key: str
    what: str  # lazy
    why: str  # lazy
    until: Callable[[models.Model | None], str]
    columns: Iterable[str] | Callable[[], Iterable[str]]
    count: Callable[[models.Model | None], int]
    clear: Callable[[datetime], Done] | None = None
    of_events: bool = True

    def all_columns(self) -> set[str]:
        return set(self.columns() if callable(self.columns) else self.columns)


@dataclass(frozen=True)
class Line:
    """A row of the table as a page shows it; `rows` is None where the asker may not know."""

    what: str
    until: str
    why: str
    rows: int | None


@dataclass
class _Registered:
    kept: dict[str, Kept] = field(default_factory=dict)
    nobody: dict[str, str] = field(default_factory=dict)


_registered = _Registered()


def keep(row: Kept) -> Kept:
    if row.key in _registered.kept:
        raise ValueError(f"two rows are called {row.key!r}")
    _registered.kept[row.key] = row
    return row


def names_nobody(reasons: dict[str, str]) -> None:
    """{"app.Model", or "app.Model.column": why nobody stands in it}."""
    _registered.nobody |= reasons


def table() -> list[Kept]:
    """Every row, those about an event's people first."""
    return sorted(_registered.kept.values(), key=lambda row: not row.of_events)


def lines(event=None, *, whole_house: bool) -> list[Line]:
    """The table for a page: of an event, or of the house. Without `whole_house` rows that belong to
    no event say how long and why, and not how many."""
    return [
        Line(
            what=str(row.what),
            until=str(row.until(event)),
            why=str(row.why),
            rows=row.count(event if row.of_events else None)
            if row.of_events or whole_house
            else None,
        )
        for row in table()
    ]


def words_of(model: type[models.Model]) -> list[models.Field]:
    """The columns of a table that could say something of somebody: not those of a few fixed words."""
    return [
        column
        for column in model._meta.local_concrete_fields
        if isinstance(column, WORDS) and not column.choices
    ]


def unaccounted() -> list[str]:
    """Columns with words that no row of the table names and no room says nobody stands in."""
    told = set().union(_registered.nobody, *(row.all_columns() for row in table()))
    return [
        f"{model._meta.label}.{column.name}"
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy
        if model._meta.label not in told
        for column in words_of(model)
        if f"{model._meta.label}.{column.name}" not in told
    ]


def not_so() -> list[str]:
    """What is registered and not there, or of somebody in one place and of nobody in another."""
    columns = set().union(*(row.all_columns() for row in table()))
    here = set()
    for model in apps.get_models(include_auto_created=True):
        here |= {f"{model._meta.label}.{column.name}" for column in words_of(model)}
        here.add(model._meta.label)
    whole = {label.rpartition(".")[0] for label in columns}
    nobody = set(_registered.nobody)
    return sorted((columns | nobody) - here) + sorted(nobody & (columns | whole))


# --- the sweep ------------------------------------------------------------------------------------


def sweep(*, now: datetime | None = None) -> Sweep:
    """Clear what has had its time, row by row of the table, and keep a report: counts only.

    One row that fails keeps no other from being cleared. May run twice at once, or again.
    """
    now = now or clock.now()
    done, failed = {}, []
    for row in table():
        if row.clear is None:
            continue
        try:
            if cleared := row.clear(now):
                done[row.key] = cleared
        except SoftTimeLimitExceeded:
            raise  # no report: the next ring goes on
        except Exception as error:
            # Its text may hold a person's values.
            log.error("clearing %s: %s", row.key, type(error).__name__)
            failed.append(row.key)
    return Sweep.objects.create(at=now, report={"cleared": done, "failed": failed})


def sweep_if_due() -> Sweep | None:
    """The clock's: once a day, however often it rings."""
    now = clock.now()
    if Sweep.objects.filter(at__gt=now - EVERY).exists():
        return None
    return sweep(now=now)


# --- what rooms build their rows with -------------------------------------------------------------


def counting(rows: Callable[[], models.QuerySet], path: str = "") -> Callable:
    """A `count` of the rows of a queryset; `path` leads from a row to its event's number."""

    def count(event=None) -> int:
        found = rows()
        return (found if event is None else found.filter(**{path: event.pk})).count()

    return count


def together(*counts: Callable) -> Callable:
    """A `count` of several."""
    return lambda event=None: sum(count(event) for count in counts)


def deleting(rows: Callable[[datetime], models.QuerySet]) -> Callable[[datetime], int]:
    """A `clear` that deletes the rows of a queryset."""

    def clear(now: datetime) -> int:
        number, _kinds = rows(now).delete()
        return number

    return clear
