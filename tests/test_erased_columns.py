"""Every column of every table is filled with somebody's name, and they are erased: nothing is left but
what a model says it keeps, and why. A new column is filled as well, whoever adds it."""

import pytest
import redis
from django.conf import settings
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.postgres.fields import ArrayField
from django.core.files.base import ContentFile
from django.db import connection, models

from events.models import Event
from participants import erase, erasing_many, personal
from participants.models import Participant, SetAside
from salon import tables
from salon.digests import Digest
from salon.models import Message, User
from tests import filled
from workshops.models import Match, PainCard, PlanPhoto

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("as_owner")]

CANARY = "金丝雀"
# JSON that code reads while it erases.
SHAPED = {
    "participants.Case.answers": {"name": CANARY, "mobile": CANARY, "email": CANARY},
    "participants.SetAside.words": {"participants.Call": {"1": {"notes": f"找{CANARY}"}}},
    "metrics.Whitepaper.sections": [
        {"authors": [], "title": f"说到{CANARY}", "text": f"{CANARY}说"},
    ],
}


@pytest.fixture
def world():
    """A row in every table, of one event; about 金丝雀 every row that may be about anybody."""
    rows = filled.World("here").rows
    _lift_the_rules()
    for model, row in rows.items():
        model._base_manager.filter(pk=row.pk).update(**_canaries(model))
    person = rows[Participant]
    Message.objects.update(person_id=person.pk, event_id=person.event_id)
    # Their mention is struck there, too, while the other is out of sight.
    SetAside.objects.update(participant=Match.objects.get().second)
    photo = PlanPhoto.objects.get()
    photo.image.save("canary.jpg", ContentFile(CANARY.encode()))
    for about in (rows[Participant], rows[PainCard], rows[Event]):
        LogEntry.objects.create(
            user=rows[User],
            content_type=ContentType.objects.get_for_model(about),
            object_id=str(about.pk),
            object_repr=f"{CANARY}的",
            action_flag=CHANGE,
            change_message=f"[{CANARY}]",
        )
    return rows


def _lift_the_rules():
    """Columns that a rule keeps words out of today are filled, too."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(
            "SELECT conrelid::regclass::text, conname FROM pg_constraint"
            " WHERE contype = 'c' AND connamespace = 'public'::regnamespace"
        )
        for table, name in cursor.fetchall():
            cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
        for model in tables.our_models():
            cursor.execute(f'ALTER TABLE "{model._meta.db_table}" DISABLE TRIGGER USER')


def _canaries(model):
    return {
        column.name: canary
        for column in model._meta.local_concrete_fields
        if not column.choices and (canary := _canary(column)) is not None
    }


def _canary(column):
    """The name, as this kind of column holds it; None where it does not fit in."""
    said = f"{column.model._meta.label}.{column.name}"
    if said in SHAPED:
        return SHAPED[said]
    if isinstance(column, models.JSONField):
        shape = column.get_default()
        return [{"text": f"找{CANARY}"}] if isinstance(shape, list) else {CANARY: [f"找{CANARY}"]}
    if isinstance(column, ArrayField):
        inner = _canary_of(column.base_field)
        return None if inner is None else [inner]
    if isinstance(column, Digest):
        return CANARY.encode().hex()
    if isinstance(column, models.BinaryField):
        return CANARY.encode()
    return _canary_of(column)


def _canary_of(column):
    if not isinstance(column, models.CharField | models.TextField | models.FileField):
        return None
    return CANARY if (column.max_length or 99) >= len(CANARY) else None


def left():
    """{table.column} of all tables, also Django's own, that hold the name."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name, data_type FROM information_schema.columns"
            " JOIN pg_tables ON schemaname = table_schema AND tablename = table_name"
            " WHERE table_schema = 'public'"
        )
        found = set()
        for table, column, kind in cursor.fetchall():
            looked_for = CANARY.encode() if kind == "bytea" else f"%{CANARY}%"
            how = "position(%s in {0}) > 0" if kind == "bytea" else "{0}::text LIKE %s"
            cursor.execute(
                f'SELECT FROM "{table}" WHERE {how.format(connection.ops.quote_name(column))}',
                [looked_for],
            )
            if cursor.fetchall():
                found.add(f"{table}.{column}")
    return found


def said_to_stay():
    """{table.column: why} of what the models keep."""
    return {
        f"{model._meta.db_table}.{model._meta.get_field(name).column}": why
        for model in tables.our_models()
        for name, why in personal.keeps(model).items()
    }


def in_the_broker():
    client = redis.from_url(settings.REDIS_URL)
    return [key for key in client.scan_iter() if CANARY.encode() in (client.dump(key) or b"")]


def test_erased_nobody_finds_them_in_any_column_of_any_table(
    world, django_capture_on_commit_callbacks
):
    before = left()
    assert len(before) > 150
    [photo] = PlanPhoto.objects.all()
    with django_capture_on_commit_callbacks(execute=True):
        erase.erase_person(participant=world[Participant], by=None)
    whys = said_to_stay()
    assert left() - set(whys) == set()
    assert all(len(why) > 3 for why in whys.values())
    assert not photo.image.storage.exists(photo.image.name)
    assert in_the_broker() == []


def test_a_table_that_is_forgotten_shows(world, monkeypatch):
    """The twin: one that nobody looks at keeps what it says."""
    places = [place for place in personal.places() if place.model is not PainCard]
    monkeypatch.setattr(personal, "places", lambda: places)
    erase.erase_person(participant=world[Participant], by=None)
    assert "workshops_paincard.text" in left() - set(said_to_stay())


def test_every_word_that_a_model_says_about_erasing_names_a_column():
    for model in tables.our_models():
        said = [
            *personal.keeps(model),
            *getattr(model, "erase_strikes", ()),
            *getattr(model, "erase_own", ()),
            *getattr(model, "erase_as", {}),
            *getattr(model, "erase_with", {}),
            *getattr(model, "erase_last", ()),
            *getattr(model, "erase_empties", ()),
            *getattr(model, "erase_counts", ()),
        ]
        columns = {column.name for column in model._meta.local_concrete_fields}
        assert set(said) <= columns, model


def everything():
    """{model: its rows, as they are}."""
    return {
        model: list(model._base_manager.order_by("pk").values())
        for model in [*tables.our_models(), LogEntry]
    }


def test_set_aside_their_own_words_are_nowhere_else_and_come_back_where_they_were(world):
    before = everything()
    person = world[Participant]
    erasing_many.set_aside(event=person.event, people=[person.pk], by=world[User])
    own = {
        f"{place.model._meta.db_table}.{place.model._meta.get_field(name).column}"
        for place in personal.places()
        for holding in place.holdings
        for name in holding.blank
        if name not in personal.stays_till_the_end(place.model)
    }
    assert len(own) > 40
    assert left() & own == set()
    [at] = [press.at for press in erasing_many.pending(person.event)]
    erasing_many.take_back(event=person.event, at=at, by=world[User])
    after = everything()
    counted = {"Participant": {"version", "confirm_by"}}
    for model, rows in after.items():
        if model._meta.model_name == "auditentry":
            continue
        for was, now in zip(before[model], rows, strict=True):
            changed = {name for name in was if was[name] != now[name]}
            assert changed <= counted.get(model.__name__, set()), model
