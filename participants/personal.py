"""Where a person's words stand: every text-like column of every row with a key to them, from the
models, so that a new column is erased with them without anybody remembering.

What others wrote about them stays, without their name, mobile and e-mail: those are struck out of
every text of the event.

A model may say otherwise:

    erase_keeps = {"code": "six random signs"}    why it stays as it is; a text is for all columns
    erase_strikes = ("title",)                    somebody else's: mentions go, the rest stays
    erase_own = ("name",)                         taken, but another's is not searched for mentions
    erase_as = {"text": "〔已删除〕"}              stands there instead of nothing; may be f(old), and
                                                  of any column, not only of words
    erase_with = {"leader_reason": "leader"}      goes with this key only
    erase_last = ("seated",)                      stays as long as the erasing can be taken back
    erase_empties = ("reason",)                   a mention takes the whole text, not itself alone
    erase_counts = ("version",)                   counted on, so that an open page hears of it
    erase_waits = True                            a mention that is being saved is waited for
    erase_events = ("first__event", …)            to which events it belongs, where it is several

A table that names people by number and has no such key is given by `also`.
"""

from dataclasses import dataclass

from django.contrib.postgres.fields import ArrayField
from django.db import models

from events import borders
from events.models import Event
from participants.models import Participant
from salon import tables

WORDS = (
    *(models.CharField, models.TextField, models.JSONField, ArrayField, models.FileField),
    *(models.BinaryField, models.UUIDField, models.GenericIPAddressField),
)
# Of these nobody reads a name.
_UNREAD = (models.BinaryField, models.UUIDField, models.FileField)


@dataclass(frozen=True, eq=False)
class Holding:
    """Columns of one table that hold words of those whom `key` names; `blank` says what stands
    there afterwards, {column: value or f(old)}."""

    key: str
    blank: dict[str, object]


@dataclass(frozen=True)
class Place:
    """One table in which words of or about people stand. `events` are the lookups of its events,
    none where it has none; `struck` are the columns that are searched for mentions."""

    model: type[models.Model]
    holdings: tuple[Holding, ...]
    events: tuple[str, ...]
    struck: tuple[models.Field, ...]


@dataclass(frozen=True)
class _ByNumber:
    key: str
    event: str


_also: dict[type[models.Model], _ByNumber] = {}


def also(model: type[models.Model], *, key: str, event: str) -> None:
    """Register a table without foreign keys: in which columns people and event stand."""
    _also[model] = _ByNumber(key, event)


def places() -> list[Place]:
    """Every one in the house, in the order in which rows are locked (docs/locks.md)."""
    found = []
    for model in tables.parents_first():
        struck = tuple(struck_columns(model))
        place = Place(model, tuple(_holdings(model)), events_of(model) if struck else (), struck)
        if place.holdings or place.events:
            found.append(place)
    return found


def _holdings(model):
    if model is Participant:
        yield Holding("pk", _blanks(model))
    if model in _also:
        yield Holding(_also[model].key, _blanks(model))
    for key in keys_to_people(model):
        if columns := _blanks(model, key.name):
            yield Holding(key.attname, columns)


def keys_to_people(model) -> list[models.ForeignKey]:
    return [
        column
        for column in model._meta.local_concrete_fields
        if column.is_relation and column.related_model is Participant
    ]


def words_of(model) -> list[models.Field]:
    """The columns of a model that could hold anybody's words: not those of a few fixed ones."""
    return [
        column
        for column in model._meta.local_concrete_fields
        if isinstance(column, WORDS) and not column.choices
    ]


def keeps(model) -> dict[str, str]:
    """{column: why it stays as it is}."""
    said = getattr(model, "erase_keeps", {})
    return {column.name: said for column in words_of(model)} if isinstance(said, str) else said


def stays_till_the_end(model) -> set[str]:
    """Columns that are taken only once nobody can take the erasing back any more."""
    return set(getattr(model, "erase_last", ()))


def _blanks(model, key=None) -> dict[str, object]:
    stay = {*keeps(model), *getattr(model, "erase_strikes", ())}
    instead, only_with = getattr(model, "erase_as", {}), getattr(model, "erase_with", {})
    names = [column.name for column in words_of(model) if column.name not in stay]
    return {
        name: instead[name] if name in instead else nothing(model._meta.get_field(name))
        for name in dict.fromkeys([*names, *instead])
        if only_with.get(name, key) == key
    }


def nothing(column: models.Field) -> object:
    """What an empty column of this kind holds."""
    if column.null:
        return None
    if isinstance(column, ArrayField):
        return []
    if isinstance(column, models.JSONField):
        return column.get_default()
    return column.get_default() if isinstance(column, models.BinaryField) else ""


def events_of(model) -> tuple[str, ...]:
    """The lookups that lead from a row to its events."""
    if model in _also:
        return (_also[model].event,)
    if model is Event or not borders.belongs(model):
        return ()
    if hasattr(model, "erase_events"):
        return model.erase_events
    steps = []
    while model is not Event:
        key = borders.home(model)
        steps.append(key.name)
        model = key.related_model
    return ("__".join(steps),)


def struck_columns(model) -> list[models.Field]:
    """The columns in which mentions are looked for."""
    stay = {*keeps(model), *getattr(model, "erase_own", ())}
    return [
        column
        for column in words_of(model)
        if column.name not in stay and not isinstance(column, _UNREAD)
    ]
