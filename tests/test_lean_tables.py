"""What the tables carry and what they say by themselves: no index that nobody asks, and a default for
whatever a statement does not name."""

import pytest
from django.db import connection, migrations, models
from django.db.migrations.loader import MigrationLoader
from django.test.utils import CaptureQueriesContext

from salon import tables
from salon.models import Message
from salon.tables import defaults, indexes

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("as_owner")]

# Django's own, of a few rows each.
DJANGOS = {
    "auth_permission",
    "auth_group_permissions",
    "salon_user_groups",
    "salon_user_user_permissions",
}
# From this one on a column that comes to a table says its default itself, in the same statement.
SINCE = {"salon": 12, "events": 8, "participants": 23, "workshops": 10, "metrics": 13}


def ask(statement, *values):
    with connection.cursor() as cursor:
        cursor.execute(statement, values or None)
        return cursor.fetchall() if cursor.description else []


def doubles():
    with connection.cursor() as cursor:
        return [found for found in indexes.doubles(cursor) if found[0] not in DJANGOS]


def test_no_index_begins_as_another_does():
    assert doubles() == []


def test_an_index_that_begins_as_another_does_is_found():
    ask("CREATE INDEX too_many ON participants_participant (event_id)")
    assert {found[:2] for found in doubles()} == {("participants_participant", "too_many")}


def test_no_index_is_there_for_like_that_no_model_names():
    with connection.cursor() as cursor:
        assert indexes.unasked(cursor) == []


def test_migrate_takes_the_index_for_like_of_a_new_unique_text_away_and_leaves_one_with_a_name(
    monkeypatch,
):
    ask("CREATE INDEX nobody_asks ON salon_message (kind varchar_pattern_ops)")
    ask("CREATE INDEX searched ON salon_message (batch varchar_pattern_ops)")
    named = models.Index(fields=["batch"], name="searched", opclasses=["varchar_pattern_ops"])
    monkeypatch.setattr(Message._meta, "indexes", [*Message._meta.indexes, named])
    tables.install()
    left = ask("SELECT relname FROM pg_class WHERE relname IN ('nobody_asks', 'searched')")
    assert left == [("searched",)]


def test_every_foreign_key_is_found_from_its_other_end():
    """An index that begins with it: else each row of the other end that goes reads the whole table."""
    led = {
        tuple(row)
        for row in ask("""
            SELECT t.relname, a.attname FROM pg_index x JOIN pg_class t ON t.oid = x.indrelid
            JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = x.indkey[0]
            WHERE x.indpred IS NULL AND t.relnamespace = 'public'::regnamespace
        """)
    }
    keys = {
        (model._meta.db_table, field.column)
        for model in tables.our_models()
        for field in model._meta.local_concrete_fields
        if isinstance(field, models.ForeignKey)
    }
    assert keys - led == set()


def of_migrations():
    """[(app, number, operation, whether it belongs to its table's first day)] of our migrations."""
    loader = MigrationLoader(None, ignore_no_migrations=True)
    ours = {model._meta.app_label for model in tables.our_models()}
    for (app, name), migration in loader.disk_migrations.items():
        if app in ours:
            made = {
                operation.name.lower()
                for operation in migration.operations
                if isinstance(operation, migrations.CreateModel)
            }
            for operation in migration.operations:
                first = migration.initial or getattr(operation, "model_name", "") in made
                yield app, int(name[:4]), operation, first


def test_a_column_is_given_by_everybody_from_its_tables_first_day_or_has_a_default():
    """Else a process of the release before could not write beside this one."""
    first = set()
    for app, _number, operation, on_its_first_day in of_migrations():
        if isinstance(operation, migrations.CreateModel):
            first |= {(app, operation.name.lower(), name) for name, _field in operation.fields}
        elif isinstance(operation, migrations.AddField) and on_its_first_day:
            first.add((app, operation.model_name, operation.name))
    silent = {
        tuple(row)
        for row in ask("""
            SELECT table_name, column_name FROM information_schema.columns
            WHERE table_schema = 'public' AND is_nullable = 'NO' AND column_default IS NULL
                AND is_identity = 'NO'
        """)
    }
    forgotten = [
        f"{model._meta.label}.{field.name}"
        for model in tables.our_models()
        for field in model._meta.local_concrete_fields
        if (model._meta.db_table, field.column) in silent
        if not field.primary_key
        if field.has_default()
        or field.has_db_default()
        or (
            (model._meta.app_label, model._meta.model_name, field.name) not in first
            and not model._meta.auto_created
        )
    ]
    assert forgotten == []


def test_a_column_that_comes_to_a_table_says_its_default_in_the_same_statement():
    late = [
        f"{app} {number:04}: {operation.model_name}.{operation.name}"
        for app, number, operation, first in of_migrations()
        if isinstance(operation, migrations.AddField) and number >= SINCE[app] and not first
        if not isinstance(operation.field, models.ManyToManyField)
        if not (operation.field.null or operation.field.has_db_default())
    ]
    assert late == []


def test_whoever_names_only_what_has_no_default_writes_what_python_would():
    ask("INSERT INTO salon_message (dedup_key, kind, due_at) VALUES ('a', 'received', now())")
    by_hand, by_python = Message.objects.get(), Message(dedup_key="a", kind="received")
    for field in Message._meta.local_concrete_fields:
        if field.name not in ("id", "due_at", "created_at"):
            assert getattr(by_hand, field.name) == getattr(by_python, field.name), field
    assert by_hand.created_at is not None


def test_a_default_that_changes_in_python_changes_in_the_table(monkeypatch):
    field = Message._meta.get_field("attempts")
    monkeypatch.setattr(field, "default", 3)
    defaults.lay_aside()
    defaults.install()
    assert default_of("salon_message", "attempts") == "(3)::smallint"
    monkeypatch.setattr(field, "default", models.NOT_PROVIDED)
    defaults.lay_aside()
    assert default_of("salon_message", "attempts") is None
    monkeypatch.undo()
    defaults.install()
    assert default_of("salon_message", "attempts") == "(0)::smallint"


def test_a_default_makes_way_for_another_type(monkeypatch):
    ask("ALTER TABLE salon_message ALTER COLUMN batch TYPE text")
    defaults.lay_aside()
    assert default_of("salon_message", "batch") is None
    assert default_of("salon_message", "subject") == "''::character varying(200)"


def default_of(table, column):
    [(found,)] = ask(
        "SELECT column_default FROM information_schema.columns"
        " WHERE table_name = %s AND column_name = %s",
        table,
        column,
    )
    return found


def test_a_second_migrate_changes_no_default():
    with CaptureQueriesContext(connection) as asked:
        defaults.lay_aside()
        defaults.install()
    assert [query["sql"] for query in asked if "ALTER" in query["sql"]] == []
