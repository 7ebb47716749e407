"""Rows for a statement written by hand, where the ORM's own composing costs more than the answer."""

from collections.abc import Callable
from functools import cache
from itertools import islice

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import BigAutoField, BigIntegerField, ForeignKey, Lookup, Model


@BigAutoField.register_lookup
@ForeignKey.register_lookup
@BigIntegerField.register_lookup
class AnyOf(Lookup):
    """`pk__any_of=set_of_numbers`: as `__in`, with one parameter for all. Ten thousand of their own
    cost the ORM as much time as the statement takes."""

    lookup_name = "any_of"
    prepare_rhs = False

    def as_sql(self, compiler, connection):
        if not self.rhs:
            raise EmptyResultSet
        lhs, params = self.process_lhs(compiler, connection)
        return f"{lhs} = ANY (%s::bigint[])", [*params, sorted(self.rhs)]


def columns(*models):
    """The columns of these models for a SELECT, each with its table's name."""
    return ", ".join(
        f"{model._meta.db_table}.{field.column}"
        for model in models
        for field in model._meta.concrete_fields
    )


@cache
def _converted(models: tuple[type[Model], ...]) -> list[tuple[int, Callable]]:
    """Of the columns of these models, those that psycopg2 does not give as Python has them: the
    place in the row, and the field's own way to read it."""
    fields = [field for model in models for field in model._meta.concrete_fields]
    return [
        (place, field.from_db_value)
        for place, field in enumerate(fields)
        if hasattr(field, "from_db_value")
    ]


def instances(row, *models):
    """One instance of each model from a row selected by `columns` of the same models."""
    row = list(row)
    for place, read in _converted(models):
        row[place] = read(row[place], None, connection)
    values = iter(row)
    found = []
    for model in models:
        names = [field.attname for field in model._meta.concrete_fields]
        found.append(model.from_db(connection.alias, names, list(islice(values, len(names)))))
    return found


def first(statement, parameters, *models):
    """The instances in the first row of a statement that selects `columns`; None without a row."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        row = cursor.fetchone()
    return None if row is None else instances(row, *models)
