"""Rules that follow from the models by themselves, so that a new column has them without anybody
remembering: its choices, the range its validators give, the type of its JSON.

A room adds a kind of its own from a module that its AppConfig imports:

    @tables.derived
    def borders(model): yield tables.Trigger(…)
"""

from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from salon.tables.rules import Check, Trigger, literal

Rule = Check | Trigger
E164 = r"^\+[1-9][0-9]{6,14}$"

_kinds: list[Callable] = []


def derived(kind: Callable[[type[models.Model]], Iterator[Rule]]):
    """Register a function that is asked for the rules of every model of ours."""
    if kind not in _kinds:
        _kinds.append(kind)
    return kind


def our_models() -> list[type[models.Model]]:
    """Models of this project's apps, with the tables between two of them."""
    root = Path(settings.BASE_DIR)
    return [
        model
        for app in apps.get_app_configs()
        if Path(app.path).parent == root
        for model in app.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy
    ]


def parents_first() -> list[type[models.Model]]:
    """Our models in the one order in which their rows are locked (docs/locks.md): room by room from
    below, each after what it points to, else by name; letters and what the platform keeps last."""
    rooms = {app.label: place for place, app in enumerate(apps.get_app_configs())}
    rooms["salon"] = len(rooms)
    waiting = sorted(our_models(), key=lambda m: (rooms[m._meta.app_label], m._meta.db_table))
    ours, placed = set(waiting), {}

    def place(model, below=()):
        if model in placed or model in below:
            return
        for field in model._meta.local_concrete_fields:
            there = field.related_model
            if there in ours and there is not model and there._meta.app_label != "salon":
                place(there, (*below, model))
        placed[model] = None

    for model in waiting:
        place(model)
    return list(placed)


def rules_of(model: type[models.Model]) -> list[Rule]:
    """What the model's table keeps beside its Meta.constraints: derived, then declared."""
    found = [rule for kind in _kinds for rule in kind(model)]
    for declared in getattr(model, "table_rules", ()):
        found += declared(model)
    return found


def short(model: type[models.Model]) -> str:
    """ "check_in" of CheckIn: what names of rules begin with."""
    name = model.__name__
    return "".join(f"_{sign.lower()}" if sign.isupper() else sign for sign in name).lstrip("_")


@derived
def choices(model):
    """A column with choices holds one of them."""
    for field in model._meta.local_concrete_fields:
        inner = field.base_field if isinstance(field, ArrayField) else field
        if not inner.choices:
            continue
        values = [value for value, _label in inner.flatchoices]
        if field.blank and isinstance(inner, models.CharField | models.TextField):
            values.append("")
        listed = ", ".join(literal(value) for value in dict.fromkeys(values))
        column = f'"{field.column}"'
        yield Check(
            table=model._meta.db_table,
            name=f"{short(model)}_{field.column}_is_a_choice",
            condition=f"{column} <@ ARRAY[{listed}]::{inner.db_type(_connection())}[]"
            if inner is not field
            else f"{column} IN ({listed})",
        )


@derived
def ranges(model):
    """A number that forms keep in a range stays in it however it is written."""
    for column in model._meta.local_concrete_fields:
        if not isinstance(column, models.IntegerField | models.DecimalField | models.FloatField):
            continue
        limits = []
        for validator in column._validators:
            limit = getattr(validator, "limit_value", None)
            if not isinstance(limit, int | float | Decimal):
                continue
            if isinstance(validator, MinValueValidator):
                limits.append(f'"{column.column}" >= {limit}')
            elif isinstance(validator, MaxValueValidator):
                limits.append(f'"{column.column}" <= {limit}')
        if limits:
            yield Check(
                table=model._meta.db_table,
                name=f"{short(model)}_{column.column}_in_range",
                condition=" AND ".join(limits),
            )


@derived
def contacts(model):
    """A column called `email` is in lower case, one called `mobile` is E.164: else one person
    could be written down twice. Accounts are Django's own."""
    if issubclass(model, AbstractBaseUser):
        return
    table = model._meta.db_table
    for field in model._meta.local_concrete_fields:
        column = f'"{field.column}"'
        if not isinstance(field, models.CharField):
            continue
        if field.name == "email":
            yield Check(
                table=table,
                name=f"{short(model)}_email_in_lower_case",
                condition=f"{column} !~ '[A-Z]'",
                mend=f"UPDATE \"{table}\" SET {column} = lower({column}) WHERE {column} ~ '[A-Z]'",
            )
        elif field.name == "mobile":
            digits = f"regexp_replace({column}, '[^0-9]', '', 'g')"
            yield Check(
                table=table,
                name=f"{short(model)}_mobile_is_e164",
                condition=f"{column} = '' OR {column} ~ '{E164}'",
                mend=f"""
                    UPDATE "{table}" SET {column} = '+86' || right({digits}, 11)
                    WHERE {column} <> '' AND {column} !~ '{E164}'
                        AND {digits} ~ '^(00)?(86)?1[3-9][0-9]{{9}}$'
                """,
            )


def _connection():
    from django.db import connection

    return connection
