"""What a column holds that a statement does not name: the default of its field, in the database too.

So a process of the release before, that does not know a new column yet, goes on writing beside the
new one; and so does SQL by hand. Fields that must be given have none. A field with `db_default`
says its own, and every column that comes to a table with rows in it needs one: between `AddField`
and the end of `migrate` there is nobody else to say it.
"""

import uuid

from django.db import connection, models
from django.utils import timezone

from salon.digests import Digest
from salon.tables.from_models import our_models

NOW = "now()"
# Whose own default, where they may be left blank, is an empty text.
EMPTY = (models.CharField, models.TextField, models.FileField, Digest)
CALLED = {timezone.now: NOW, uuid.uuid4: "gen_random_uuid()"}

_THERE = """
    SELECT t.relname, a.attname, format_type(a.atttypid, NULL), pg_get_expr(d.adbin, d.adrelid)
    FROM pg_attribute a JOIN pg_class t ON t.oid = a.attrelid
        LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE t.relnamespace = 'public'::regnamespace AND t.relkind = 'r'
        AND a.attnum > 0 AND NOT a.attisdropped AND a.attidentity = '' AND a.attgenerated = ''
"""


def of(field: models.Field) -> str | None:
    """The default of the field as SQL; None where whoever writes must give the value, where nothing
    is a value, or where the field has said it to the database itself."""
    if field.null or field.primary_key or field.remote_field or field.has_db_default():
        return None
    if getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False):
        return NOW
    if field.has_default() and callable(field.default) and field.default in CALLED:
        return CALLED[field.default]
    if field.has_default() or (field.blank and isinstance(field, EMPTY)):
        return _literal(field, field.get_default())
    return None


def _literal(field, value):
    with connection.cursor() as cursor:
        given = field.get_db_prep_save(value, connection)
        return cursor.mogrify(f"(%s)::{field.db_type(connection)}", [given]).decode()


def fields() -> list[models.Field]:
    """Every column of ours whose default is said here or was."""
    return [
        field
        for model in our_models()
        for field in model._meta.local_concrete_fields
        if not (field.primary_key or field.has_db_default())
    ]


def lay_aside() -> None:
    """Take away the defaults that the models do not say any more, and those of columns that are to
    be of another type."""
    with connection.cursor() as cursor:
        there = _there(cursor)
        for field in fields():
            kind, said = there.get(_place(field), (None, None))
            if said and (of(field) is None or kind != _kind(cursor, field)):
                _alter(cursor, field, "DROP DEFAULT")


def install() -> None:
    """Have every column say the default of its field."""
    with connection.cursor() as cursor:
        there = _there(cursor)
        wanted = {
            field: default
            for field in fields()
            if _place(field) in there and (default := of(field)) is not None
        }
        for field, default in wanted.items():
            said = there[_place(field)][1]
            if said is None or not _same(cursor, said, default):
                _alter(cursor, field, f"SET DEFAULT {default}")


def _place(field):
    return field.model._meta.db_table, field.column


def _there(cursor):
    cursor.execute(_THERE)
    return {(table, column): (kind, said) for table, column, kind, said in cursor.fetchall()}


def _kind(cursor, field):
    cursor.execute("SELECT format_type(to_regtype(%s)::oid, NULL)", [field.db_type(connection)])
    return cursor.fetchone()[0]


def _same(cursor, said, default):
    if said == default:
        return True
    if "gen_random_uuid" in said + default:
        return False
    cursor.execute(f"SELECT ({said})::text = ({default})::text")
    return cursor.fetchone()[0]


def _alter(cursor, field, change):
    table, column = _place(field)
    cursor.execute(f'ALTER TABLE "{table}" ALTER COLUMN "{column}" {change}')
