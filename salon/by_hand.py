"""Rows for a statement written by hand, where the ORM's own composing costs more than the answer.

Columns come as psycopg2 gives them: a JSON column is text.
"""

from itertools import islice

from django.db import connection


def columns(*models):
    """The columns of these models for a SELECT, each with its table's name."""
    return ", ".join(
        f"{model._meta.db_table}.{field.column}"
        for model in models
        for field in model._meta.concrete_fields
    )


def instances(row, *models):
    """One instance of each model from a row selected by `columns` of the same models."""
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
