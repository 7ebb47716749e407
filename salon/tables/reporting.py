"""The schema `reporting`: views for whoever counts, of rows and numbers, with nobody's name in them.

A room adds its own from a module that its AppConfig imports:

    tables.view("attendance", says=…, columns={"event_id": …, …}, sql="SELECT …")

`migrate` takes the views away before anything changes below them and makes them anew; it also says
on every table and column, as a COMMENT, what the models call it.
"""

from dataclasses import dataclass

from django.conf import settings
from django.db import connection
from django.utils.translation import override

from salon.tables.from_models import our_models
from salon.tables.rules import literal

SCHEMA = "reporting"

_COMMENTS = """
    SELECT t.relname, coalesce(a.attname, ''), d.description
    FROM pg_description d JOIN pg_class t ON t.oid = d.objoid AND d.classoid = 'pg_class'::regclass
        LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.objsubid AND d.objsubid > 0
    WHERE t.relnamespace = 'public'::regnamespace AND t.relkind = 'r'
"""
_COLUMNS = """
    SELECT t.relname, a.attname FROM pg_class t JOIN pg_attribute a ON a.attrelid = t.oid
    WHERE t.relnamespace = 'public'::regnamespace AND t.relkind = 'r' AND a.attnum > 0
        AND NOT a.attisdropped
"""


@dataclass(frozen=True)
class View:
    """`columns` says of each what it holds; they stand in the order of `sql`."""

    name: str
    says: str
    columns: dict
    sql: str

    def statements(self) -> list[str]:
        at = f'"{SCHEMA}"."{self.name}"'
        named = ", ".join(f'"{column}"' for column in self.columns)
        return [
            f"CREATE VIEW {at} ({named}) AS {self.sql}",
            f"COMMENT ON VIEW {at} IS {literal(self.says)}",
            *(
                f'COMMENT ON COLUMN {at}."{column}" IS {literal(says)}'
                for column, says in self.columns.items()
            ),
        ]


_views: dict[str, View] = {}


def view(name: str, *, says: str, columns: dict, sql: str) -> View:
    """Add a view; see View."""
    _views[name] = View(name, says, columns, sql)
    return _views[name]


def views() -> list[View]:
    return list(_views.values())


def lay_aside(cursor) -> None:
    """Take the views away: a column that a view reads can be neither changed nor removed."""
    cursor.execute("SELECT viewname FROM pg_views WHERE schemaname = %s", [SCHEMA])
    for (name,) in cursor.fetchall():
        cursor.execute(f'DROP VIEW IF EXISTS "{SCHEMA}"."{name}" CASCADE')


def install(cursor) -> None:
    """Make the views anew, and say of every table and column what it is."""
    lay_aside(cursor)
    for view in views():
        for statement in view.statements():
            cursor.execute(statement)
    _comment(cursor)


def called() -> dict[tuple[str, str], str]:
    """{(table, column, or "" for the table itself): what the models call it, in Chinese and, where
    there is a word of its own, in English}."""
    found = {}
    for model in our_models():
        if model._meta.auto_created:
            continue
        table = model._meta.db_table
        found[table, ""] = _in_both(model._meta, "verbose_name")
        for field in model._meta.local_concrete_fields:
            found[table, field.column] = _in_both(field, "verbose_name")
    return found


def _in_both(named, attribute):
    words = []
    for language in (settings.LANGUAGE_CODE, "en"):
        with override(language):
            word = str(getattr(named, attribute))
        if word not in words:
            words.append(word)
    return " · ".join(words)


def _comment(cursor):
    cursor.execute(_COLUMNS)
    columns = set(cursor.fetchall())
    tables = {table for table, _column in columns}
    cursor.execute(_COMMENTS)
    said = {(table, column): text for table, column, text in cursor.fetchall()}
    for (table, column), text in called().items():
        there = (table, column) in columns if column else table in tables
        if there and said.get((table, column)) != text:
            what = f'COLUMN "{table}"."{column}"' if column else f'TABLE "{table}"'
            cursor.execute(f"COMMENT ON {what} IS {literal(text)}")


def is_current() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT viewname FROM pg_views WHERE schemaname = %s", [SCHEMA])
        return {name for (name,) in cursor.fetchall()} == set(_views)
