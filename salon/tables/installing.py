"""Bringing the tables' rules to what the models say, by comparing with the catalogue.

`migrate` does both halves: before, what is no longer so goes, and the triggers stand aside, since
a migration may have to do what nobody else may; after, what should be stands.
"""

from django.db import connection, transaction

from salon.tables import defaults, indexes, privileges, reporting
from salon.tables.from_models import our_models, rules_of
from salon.tables.rules import SCHEMA, Check, Trigger
from salon.tables.shapes import FUNCTIONS

_INSTALLED = """
    SELECT 'check', rel.relname, con.conname, obj_description(con.oid, 'pg_constraint')
    FROM pg_constraint con JOIN pg_class rel ON rel.oid = con.conrelid
    WHERE con.contype = 'c' AND rel.relnamespace = 'public'::regnamespace
    UNION ALL
    SELECT 'trigger', rel.relname, tg.tgname, obj_description(tg.oid, 'pg_trigger')
    FROM pg_trigger tg JOIN pg_class rel ON rel.oid = tg.tgrelid
    WHERE NOT tg.tgisinternal AND rel.relnamespace = 'public'::regnamespace
"""
_COLUMNS = """
    SELECT rel.relname, array_agg(att.attname::text)
    FROM pg_class rel JOIN pg_attribute att ON att.attrelid = rel.oid
    WHERE rel.relkind = 'r' AND rel.relnamespace = 'public'::regnamespace
        AND att.attnum > 0 AND NOT att.attisdropped
    GROUP BY rel.relname
"""


class Broken(Exception):
    """Rows of a table break a rule that it is to get; the message says which, in one sentence."""


def wanted() -> list[Check | Trigger]:
    """Every rule that the models give."""
    return [rule for model in our_models() for rule in rules_of(model)]


def is_current() -> bool:
    """Whether the database keeps exactly the rules that the models give."""
    with connection.cursor() as cursor:
        return _installed(cursor) == _marks(wanted())


def lay_aside() -> None:
    """Take away what the models do not say any more, and every trigger."""
    with connection.cursor() as cursor:
        keep = _marks(wanted())
        for (kind, table, name), mark in _installed(cursor).items():
            if kind == "trigger" or keep.get((kind, table, name)) != mark:
                _drop(cursor, kind, table, name)
        reporting.lay_aside(cursor)
    defaults.lay_aside()


def install() -> None:
    """Have the database keep the rules of the models, as far as their tables are there.

    Raises Broken for the first rule that old rows break and that cannot be mended safely.
    """
    with connection.cursor() as cursor:
        for schema in (SCHEMA, reporting.SCHEMA):
            cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
        for function in FUNCTIONS:
            cursor.execute(function)
        cursor.execute(_COLUMNS)
        columns = dict(cursor.fetchall())
        rules = [rule for rule in wanted() if rule.table in columns]
        there, marks = _installed(cursor), _marks(rules)
        for (kind, table, name), mark in there.items():
            if marks.get((kind, table, name)) != mark:
                _drop(cursor, kind, table, name)
        for rule in rules:
            _put(cursor, rule, there, marks)
        _drop_functions(cursor, rules)
        indexes.drop_unasked(cursor)
        reporting.install(cursor)
    defaults.install()
    privileges.grant()


def _put(cursor, rule, there, marks):
    if isinstance(rule, Check):
        key = ("check", rule.table, rule.name)
        if there.get(key) != marks[key]:
            _require_kept(cursor, rule, f'SELECT FROM "{rule.table}" WHERE NOT ({rule.condition})')
            for statement in rule.statements():
                cursor.execute(statement)
        return
    missing = [
        part
        for part in rule.parts()
        if there.get(("trigger", rule.table, part)) != marks["trigger", rule.table, part]
    ]
    if missing:
        _require_kept(cursor, rule, rule.broken)
        with transaction.atomic():
            cursor.execute(rule.function_statement())
            for part in missing:
                for statement in rule.statements(part):
                    cursor.execute(statement)


def _require_kept(cursor, rule, broken):
    """Mend what can be, then say so if rows are left that break the rule."""
    if rule.mend:
        cursor.execute(rule.mend)
    if not broken:
        return
    cursor.execute(f"SELECT count(*) FROM ({broken}) AS broken")
    if count := cursor.fetchone()[0]:
        raise Broken(
            f"{rule.table}: {count} rows break the rule {rule.name}, and nothing safe can be done "
            "about them by itself. Put them right, then run migrate again."
        )


def _drop(cursor, kind, table, name):
    if kind == "trigger":
        cursor.execute(f'DROP TRIGGER "{name}" ON "{table}"')
    else:
        cursor.execute(f'ALTER TABLE "{table}" DROP CONSTRAINT "{name}"')


def _drop_functions(cursor, rules):
    cursor.execute(
        "SELECT proname FROM pg_proc WHERE pronamespace = %s::regnamespace"
        " AND prorettype = 'trigger'::regtype",
        [SCHEMA],
    )
    kept = {rule.name for rule in rules if isinstance(rule, Trigger)}
    for name in {name for (name,) in cursor.fetchall()} - kept:
        cursor.execute(f'DROP FUNCTION {SCHEMA}."{name}"()')


def _installed(cursor):
    """{(kind, table, name): mark} of what stands here because of a rule."""
    cursor.execute(_INSTALLED)
    return {
        (kind, table, name): mark
        for kind, table, name, mark in cursor.fetchall()
        if mark and mark.startswith("rule ")
    }


def _marks(rules):
    marks = {}
    for rule in rules:
        if isinstance(rule, Check):
            marks["check", rule.table, rule.name] = rule.mark
        else:
            for part in rule.parts():
                marks["trigger", rule.table, part] = rule.mark(part)
    return marks
