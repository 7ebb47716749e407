"""Indexes that nobody asks: written with every row, and read by no statement.

Two kinds come by themselves. Django gives a foreign key an index where a longer one begins with the
same column already: its field says `db_index=False`. And it gives a unique text a second one for
LIKE: `migrate` takes those away again (`drop_unasked`), since a room that searches the beginnings
of texts names its index in Meta. Both are looked for in the catalogue by the tests (`doubles`).
"""

from django.apps import apps
from django.db.migrations.operations import AlterField

_INDEXES = """
    SELECT t.relname, i.relname, x.indisunique, x.indpred IS NULL AND x.indexprs IS NULL, x.indkey::text,
        EXISTS (SELECT FROM unnest(x.indclass::oid[]) AS used (oid) JOIN pg_opclass USING (oid)
                WHERE opcname LIKE '%%\\_pattern\\_ops')
    FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
        JOIN pg_am am ON am.oid = i.relam
    WHERE t.relnamespace = 'public'::regnamespace AND am.amname = 'btree'
    ORDER BY 1, 2
"""


def _asked_for() -> set[str]:
    """Names of the indexes that models name."""
    return {
        index.name
        for model in apps.get_models(include_auto_created=True)
        for index in model._meta.indexes
    }


def unasked(cursor) -> list[str]:
    """Indexes for LIKE that no model names."""
    cursor.execute(_INDEXES)
    named = _asked_for()
    return [
        name
        for _table, name, _unique, _whole, _columns, for_like in cursor.fetchall()
        if for_like and name not in named
    ]


def drop_unasked(cursor) -> None:
    for name in unasked(cursor):
        cursor.execute(f'DROP INDEX "{name}"')


def doubles(cursor) -> list[tuple[str, str, str]]:
    """[(table, index, index that begins with the same columns)] of indexes that serve no statement
    which the other would not."""
    cursor.execute(_INDEXES)
    tables: dict[str, list] = {}
    for table, name, unique, whole, columns, for_like in cursor.fetchall():
        if whole and not for_like:
            tables.setdefault(table, []).append((name, unique, columns.split()))
    return [
        (table, name, other)
        for table, found in tables.items()
        for name, unique, columns in found
        if not unique
        for other, _unique, longer in found
        if other != name and longer[: len(columns)] == columns
    ]


class WithoutIndex(AlterField):
    """The field says `db_index=False` from here on. Django's own way would take its foreign key
    away and check every row of it anew."""

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        model = to_state.apps.get_model(app_label, self.model_name)
        column = model._meta.get_field(self.name).column
        named = {index.name for index in model._meta.indexes}
        for name in schema_editor._constraint_names(
            model, [column], index=True, unique=False, exclude=named
        ):
            schema_editor.execute(schema_editor._delete_index_sql(model, name))

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        model = to_state.apps.get_model(app_label, self.model_name)
        field = model._meta.get_field(self.name)
        schema_editor.execute(schema_editor._create_index_sql(model, fields=[field]))
