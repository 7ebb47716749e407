"""Events have borders: no row of one points into another.

Every table that belongs to an event, directly or through its parents, gets a trigger that says so
about each of its foreign keys. Composite keys would say it, too, but half of these tables have no
column `event` of their own, and each of those keys wants one more index in tables that are written
a thousand times in a quarter of an hour.

It needs no lock: a row never moves to another event, so what was seen at the writing stays true.
A foreign key that may lead outside is named in its model's `beyond_its_event`, and has a rule of
its own.
"""

from collections.abc import Iterator

from django.db import models

from events.models import Event
from salon import tables


def home(model: type[models.Model]) -> models.ForeignKey | None:
    """The foreign key by which a row belongs to its event: to the event itself, or to the first
    thing that must be there and has one. None for what belongs to no event."""
    if model is Event:
        return None
    keys = foreign_keys(model)
    for key in keys:
        if key.related_model is Event and key.name == "event":
            return key
    for key in keys:
        if not key.null and key.related_model is not model and belongs(key.related_model):
            return key
    return None


def belongs(model: type[models.Model]) -> bool:
    return model is Event or home(model) is not None


def pointing(model: type[models.Model]) -> list[models.ForeignKey]:
    """The other foreign keys of a row, which may not leave its event."""
    mine = home(model)
    beyond = getattr(model, "beyond_its_event", ())
    return [
        key
        for key in foreign_keys(model)
        if mine is not None
        and key is not mine
        and key.name not in beyond
        and belongs(key.related_model)
    ]


def foreign_keys(model: type[models.Model]) -> list[models.ForeignKey]:
    return [key for key in model._meta.local_concrete_fields if isinstance(key, models.ForeignKey)]


def event_of(model: type[models.Model], key: str) -> str:
    """SQL for the event of the row of `model` whose primary key is the expression `key`."""
    if model is Event:
        return key
    steps, mine = [model], home(model)
    joins = ""
    while mine.related_model is not Event:
        there = mine.related_model
        joins += (
            f' JOIN "{there._meta.db_table}" step{len(steps)}'
            f' ON step{len(steps)}.id = step{len(steps) - 1}."{mine.column}"'
        )
        steps.append(there)
        mine = home(there)
    pk = model._meta.pk.column
    return (
        f'(SELECT step{len(steps) - 1}."{mine.column}" FROM "{model._meta.db_table}" step0{joins}'
        f' WHERE step0."{pk}" = {key})'
    )


@tables.derived
def borders(model: type[models.Model]) -> Iterator[tables.Trigger]:
    mine = home(model)
    if mine is None:
        return
    others, name = pointing(model), tables.short(model)

    def event_at(row):
        return event_of(mine.related_model, f'{row}."{mine.column}"')

    stays = f"{name}_stays_in_its_event"
    body = [
        f"IF TG_OP = 'UPDATE' THEN IF {event_at('NEW')} IS DISTINCT FROM {event_at('OLD')} THEN"
        f" {tables.refuse(stays)} END IF; END IF;"
    ]
    broken = []
    for key in others:
        there = event_of(key.related_model, f'NEW."{key.column}"')
        rule = f"{name}_{key.name}_of_its_event"
        body.append(
            f'IF NEW."{key.column}" IS NOT NULL AND {there} IS DISTINCT FROM {event_at("NEW")}'
            f" THEN {tables.refuse(rule, code='foreign_key_violation')} END IF;"
        )
        there = there.replace("NEW.", "t.")
        broken.append(
            f'SELECT FROM "{model._meta.db_table}" t WHERE t."{key.column}" IS NOT NULL'
            f" AND {there} IS DISTINCT FROM {event_at('t')}"
        )
    yield tables.Trigger(
        table=model._meta.db_table,
        name=f"{name}_inside_its_event",
        body="\n".join(body),
        on=("insert", "update") if others else ("update",),
        columns=tuple(key.column for key in (mine, *others)),
        broken=" UNION ALL ".join(broken),
    )
