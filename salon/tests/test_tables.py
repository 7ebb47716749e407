"""The rules of the tables follow the models: put, replaced, removed by `migrate`."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, models, transaction
from django.test.utils import isolate_apps

from salon import tables
from salon.models import Heartbeat, Message
from salon.tables import from_models

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("as_owner")]


def ask(statement, *values):
    with connection.cursor() as cursor:
        cursor.execute(statement, values or None)
        return cursor.fetchall() if cursor.description else []


def refused_by(statement):
    """The rule that refuses a statement; None when the table takes it."""
    try:
        with transaction.atomic():
            ask(statement)
            ask("SET CONSTRAINTS ALL IMMEDIATE")
    except IntegrityError as error:
        return error.__cause__.diag.constraint_name
    return None


@pytest.fixture
def sila(monkeypatch):
    """A model nobody thought of when the rules were written."""
    with isolate_apps("salon"):

        class Sila(models.Model):
            class Mood(models.TextChoices):
                CALM = "calm"
                LOUD = "l'oud"

            mood = models.CharField(max_length=8, choices=Mood.choices)
            perhaps = models.CharField(max_length=8, choices=Mood.choices, blank=True)
            marks = models.PositiveSmallIntegerField(
                validators=[models.fields.validators.MaxValueValidator(5)]
            )
            words = models.JSONField(default=dict)
            facts = models.JSONField(null=True)
            table_rules = (tables.HasShape("facts", [{"of": "string", "at?": "integer|null"}]),)

            class Meta:
                app_label = "salon"

    with connection.schema_editor() as editor:
        editor.create_model(Sila)
    ours = from_models.our_models()
    monkeypatch.setattr("salon.tables.installing.our_models", lambda: [*ours, Sila])
    tables.install()
    return Sila


ROW = {"mood": "'calm'", "perhaps": "''", "marks": "3", "words": "'{}'", "facts": "NULL"}


@pytest.mark.parametrize(
    ("column", "value", "rule"),
    [
        ("mood", "'calm'", None),
        ("mood", "'l''oud'", None),
        ("mood", "'vip'", "sila_mood_is_a_choice"),
        ("mood", "''", "sila_mood_is_a_choice"),
        ("perhaps", "''", None),
        ("perhaps", "'vip'", "sila_perhaps_is_a_choice"),
        ("marks", "5", None),
        ("marks", "6", "sila_marks_in_range"),
        ("words", "'[]'", "sila_words_has_its_shape"),
        ("words", "'null'", "sila_words_has_its_shape"),
        ("facts", "'[]'", None),
        ("facts", "'null'", "sila_facts_has_its_shape"),
        ("facts", """'[{"of": "x"}, {"of": "y", "at": 3}, {"of": "z", "at": null}]'""", None),
        ("facts", """'[{"of": "x"}, {"of": 3}]'""", "sila_facts_has_its_shape"),
        ("facts", """'[{"of": "x", "at": 1.5}]'""", "sila_facts_has_its_shape"),
        ("facts", """'[{"of": "x", "by": "y"}]'""", "sila_facts_has_its_shape"),
        ("facts", """'[{"at": 3}]'""", "sila_facts_has_its_shape"),
    ],
)
def test_a_new_column_has_its_rule_without_anybody_remembering(sila, column, value, rule):
    row = ROW | {column: value}
    statement = f"INSERT INTO salon_sila ({', '.join(row)}) VALUES ({', '.join(row.values())})"
    assert refused_by(statement) == rule


def test_a_choice_that_came_or_went_is_in_the_table_after_the_next_migrate(monkeypatch):
    statement = "UPDATE salon_message SET state = 'lost'"
    ask(
        "INSERT INTO salon_message (dedup_key, kind, batch, channel, context, state, due_at,"
        " attempts, uncertain, failure, recipient, subject, body, created_at)"
        " VALUES ('a', 'a', '', 'email', '{}', 'planned', now(), 0, false, '', '', '', '',"
        " now())"
    )
    assert refused_by(statement) == "message_state_is_a_choice"
    field = Message._meta.get_field("state")
    monkeypatch.setattr(field, "choices", [*field.choices, ("lost", "lost")])
    assert not tables.is_current()
    tables.install()
    assert tables.is_current()
    assert refused_by(statement) is None


def test_migrate_makes_way_and_puts_everything_back(monkeypatch):
    monkeypatch.setattr(
        Heartbeat,
        "table_rules",
        (Refusing(),),
        raising=False,
    )
    tables.install()
    assert refused_by("INSERT INTO salon_heartbeat VALUES ('x', now())") == "no_heartbeat"
    tables.lay_aside()
    assert refused_by("INSERT INTO salon_heartbeat VALUES ('x', now())") is None
    tables.install()
    assert refused_by("INSERT INTO salon_heartbeat VALUES ('y', now())") == "no_heartbeat"
    monkeypatch.undo()
    tables.install()
    assert refused_by("INSERT INTO salon_heartbeat VALUES ('y', now())") is None
    assert ask("SELECT proname FROM pg_proc WHERE proname = 'no_heartbeat'") == []
    assert tables.is_current()


class Refusing:
    broken = ""

    def __call__(self, model):
        yield tables.Trigger(
            table=model._meta.db_table,
            name="no_heartbeat",
            body=tables.refuse("no_heartbeat"),
            broken=self.broken,
        )


def test_old_rows_that_break_a_rule_stop_migrate_with_a_sentence(monkeypatch):
    ask("INSERT INTO salon_heartbeat VALUES ('x', now()), ('y', now())")
    rule = Refusing()
    rule.broken = "SELECT FROM salon_heartbeat"
    monkeypatch.setattr(Heartbeat, "table_rules", (rule,), raising=False)
    sentence = r"salon_heartbeat: 2 rows break the rule no_heartbeat"
    with pytest.raises(tables.Broken, match=sentence), transaction.atomic():
        tables.install()
    with pytest.raises(CommandError, match=sentence):
        call_command("migrate", verbosity=0, stdout=StringIO())


def test_the_database_of_the_tests_keeps_every_rule():
    assert tables.is_current()


def test_every_json_column_says_what_it_looks_like():
    named = {rule.name for rule in tables.wanted()}
    for model in tables.our_models():
        for field in model._meta.local_concrete_fields:
            if isinstance(field, models.JSONField):
                assert f"{tables.short(model)}_{field.column}_has_its_shape" in named, field


def test_what_only_grows_goes_with_nothing_else():
    """Django would delete it along with what it points to, and end in an error of the table."""
    for model in tables.our_models():
        rules = getattr(model, "table_rules", ())
        if not any(isinstance(rule, tables.OnlyGrows) for rule in rules):
            continue
        for field in model._meta.local_concrete_fields:
            if field.remote_field is not None:
                assert field.remote_field.on_delete in (models.PROTECT, models.SET_NULL), field


def test_no_two_rules_share_a_name():
    names = [(rule.name, rule.table) for rule in tables.wanted()]
    functions = [rule.name for rule in tables.wanted() if isinstance(rule, tables.Trigger)]
    assert len(set(names)) == len(names)
    assert len(set(functions)) == len(functions)
