"""For whoever works with the data: views of rows and numbers, without anybody in them, and a role that
reads them and nothing else."""

import pytest
from django.contrib.postgres.fields import ArrayField
from django.db import DatabaseError, connection, models, transaction

from salon import keeping, tables
from salon.digests import Digest
from salon.embedded import CHECKOUT
from salon.tables import reporting
from tests import filled

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("as_owner")]

CANARY = "金丝雀"
VIEWS = [
    "event",
    "person_event",
    "status_history",
    "attendance",
    "contribution",
    "message_funnel",
]
# Whatever a column of these names might hold, it would be somebody's.
NOBODYS = (
    *("name", "pinyin", "mobile", "email", "organisation", "job_title", "text", "note", "reason"),
    *("wording", "recipient", "subject", "body", "token", "digest", "code", "answer", "actor"),
)


def ask(statement, *values):
    with connection.cursor() as cursor:
        cursor.execute(statement, values or None)
        return cursor.fetchall() if cursor.description else []


@pytest.fixture
def as_reader(db):
    ask("SET LOCAL ROLE salon_read")
    yield
    ask("RESET ROLE")


def refused(statement):
    try:
        with transaction.atomic():
            ask(statement)
    except DatabaseError as error:
        return any(why in str(error.__cause__) for why in ("permission denied", "cannot delete"))
    return False


def test_these_views_are_there_and_every_one_is_told_of():
    assert sorted(ask("SELECT viewname::text FROM pg_views WHERE schemaname = 'reporting'")) == (
        sorted((name,) for name in VIEWS)
    )
    told = (CHECKOUT / "docs" / "reporting.md").read_text()
    for view in tables.views():
        assert f"`{view.name}`" in told
        for column in view.columns:
            assert f"`{column}`" in told, (view.name, column)


@pytest.mark.usefixtures("as_reader")
def test_the_reader_reads_every_view():
    for view in tables.views():
        ask(f"SELECT * FROM reporting.{view.name}")


@pytest.mark.usefixtures("as_reader")
def test_the_reader_reads_no_table_writes_nothing_and_makes_nothing():
    relations = ask("""
        SELECT format('%I.%I', nspname, relname), relkind::text FROM pg_class c
        JOIN pg_namespace n ON n.oid = relnamespace
        WHERE nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast', 'travelling')
            AND relkind IN ('r', 'v', 'm', 'p', 'S', 'f')
    """)
    assert len(relations) > 150
    readable = [
        name
        for name, kind in relations
        if not name.startswith("reporting.") and not refused(f"SELECT * FROM {name}")
    ]
    assert readable == []
    for view in tables.views():
        assert refused(f"DELETE FROM reporting.{view.name}"), view.name
    for statement in (
        "CREATE TABLE public.mine (a int)",
        "CREATE TABLE reporting.mine (a int)",
        "CREATE VIEW reporting.mine AS SELECT 1",
        "INSERT INTO salon_sweep (at) VALUES (now())",
        "SELECT rules.has_shape('1', '\"any\"')",
    ):
        assert refused(statement), statement


def test_no_view_has_a_column_of_somebodys():
    for view in tables.views():
        if view.name != "event":
            assert not set(view.columns) & set(NOBODYS), view.name


def test_no_view_shows_a_word_that_anybody_wrote():
    """Every column that could hold one holds the canary."""
    world, written = filled.World("here"), 0
    nobodys = keeping._registered.nobody
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
    for model, row in world.rows.items():
        for field in keeping.words_of(model):
            label = f"{model._meta.label}.{field.name}"
            if field.primary_key or {label, model._meta.label} & nobodys.keys():
                continue
            written += sings(model, row, field)
    assert written > 60
    for view in tables.views():
        rows = ask(f"SELECT t::text FROM reporting.{view.name} t")
        assert rows, view.name
        if view.name != "event":
            assert not [row for (row,) in rows if CANARY in row], view.name


def sings(model, row, field):
    """Whether the column took the canary; a rule of the table may want another form."""
    if isinstance(field, models.JSONField):
        said = {"x": CANARY}
    else:
        said = [CANARY] if isinstance(field, ArrayField) else CANARY
    if isinstance(field, models.BinaryField):
        said = CANARY.encode().hex() if isinstance(field, Digest) else CANARY.encode()
    try:
        with transaction.atomic():
            return model._base_manager.filter(pk=row.pk).update(**{field.name: said})
    except (DatabaseError, ValueError):
        return False


def test_what_a_view_says_of_a_column_stands_in_the_database():
    for view in tables.views():
        said = dict(
            ask(
                """
                SELECT a.attname::text, col_description(a.attrelid, a.attnum) FROM pg_attribute a
                WHERE a.attrelid = %s::regclass AND a.attnum > 0 AND NOT a.attisdropped
                """,
                f"reporting.{view.name}",
            )
        )
        assert said == view.columns


def test_every_table_and_column_of_ours_says_what_it_is():
    called = reporting.called()
    assert called["participants_participant", ""] == "参与者 · participant"
    for (table, column), word in called.items():
        if column:
            [(said,)] = ask(
                "SELECT col_description(attrelid, attnum) FROM pg_attribute"
                " WHERE attrelid = %s::regclass AND attname = %s",
                table,
                column,
            )
        else:
            [(said,)] = ask("SELECT obj_description(%s::regclass, 'pg_class')", table)
        assert said == word, (table, column)
