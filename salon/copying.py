"""Many rows at once, by COPY: what an import writes, as fast as PostgreSQL takes it.

Constraints, foreign keys and triggers hold as for any INSERT; only the ORM is left out.
"""

import csv
import io
import json

from django.contrib.postgres.fields import ArrayField
from django.db import connection
from django.db.models import AutoField, BigAutoField, JSONField


def draw_ids(model, count):
    """`count` fresh primary keys of a model, for rows that others will point to."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)",
            [model._meta.db_table, model._meta.pk.column, count],
        )
        return [number for (number,) in cursor.fetchall()]


def copy_rows(model, names, rows):
    """Write rows of a model within the caller's transaction.

    `names`: attribute names of its fields ("participant_id"); `rows`: sequences of values in that
    order, as they would stand on an instance and already clean. Fields not named take their
    default (`auto_now_add` has none here: name it). Raises IntegrityError as an INSERT would.
    """
    fields = {field.attname: field for field in model._meta.concrete_fields}
    named = [fields[name] for name in names]
    others = [
        field
        for name, field in fields.items()
        if name not in names and not isinstance(field, AutoField | BigAutoField)
    ]
    constants = tuple(_spelled(field, field.get_default()) for field in others)
    structured = [
        (place, field)
        for place, field in enumerate(named)
        if isinstance(field, ArrayField | JSONField)
    ]
    text = io.StringIO()
    write = csv.writer(text, lineterminator="\n").writerow
    for row in rows:
        values = [*row, *constants]
        for place, field in structured:
            values[place] = _spelled(field, values[place])
        write(values)
    text.seek(0)
    quote = connection.ops.quote_name
    columns = ", ".join(quote(field.column) for field in named + others)
    # An empty cell is NULL where the column may be, and "" where it may not.
    filled = ", ".join(quote(field.column) for field in named + others if not field.null)
    statement = (
        f"COPY {quote(model._meta.db_table)} ({columns}) FROM STDIN"
        f" (FORMAT csv, FORCE_NOT_NULL ({filled}))"
    )
    with connection.cursor() as cursor, connection.wrap_database_errors:
        cursor.copy_expert(statement, text)


def refresh_statistics(*models):
    """Let PostgreSQL look at what many new rows have made of these tables.

    It would by itself within a minute or so. Until then it takes an event for a handful of people,
    and a desk that looks for one of them reads all.
    """
    with connection.cursor() as cursor:
        for model in models:
            cursor.execute(f"ANALYZE {connection.ops.quote_name(model._meta.db_table)}")


def _spelled(field, value):
    """A list or a JSON value as COPY reads it; anything else as it is."""
    if value is None:
        return None
    if isinstance(field, JSONField):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(field, ArrayField):
        quoted = (str(entry).replace("\\", "\\\\").replace('"', '\\"') for entry in value)
        return "{" + ",".join(f'"{entry}"' for entry in quoted) + "}"
    return value
