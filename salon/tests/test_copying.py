"""Rows by COPY: the same rows as the ORM would write, under the same constraints."""

import pytest
from django.db import IntegrityError, connection, transaction

from salon import clock
from salon.copying import copy_rows, draw_ids, refresh_statistics
from salon.models import AuditEntry, Message

pytestmark = pytest.mark.django_db

ODD = ["", '"双"引号', "逗号,和;分号", "反\\斜杠", "换\n行", "\\N", "\\.", "NULL", "🐉", " 空格 "]


def letters(keys, **more):
    now = clock.now()
    copy_rows(
        Message,
        ("dedup_key", "kind", "due_at", "created_at", *more),
        ((key, "received", now, now, *more.values()) for key in keys),
    )
    return Message.objects.order_by("pk")


def test_what_is_copied_reads_as_it_was_whatever_stands_in_it():
    assert [m.dedup_key for m in letters(ODD)] == ODD


def test_a_field_not_named_takes_its_default():
    (one,) = letters(["one"])
    assert (one.state, one.channel, one.attempts, one.context) == ("planned", "email", 0, {})
    assert (one.body, one.event_id, one.handed_over_at) == ("", None, None)


def test_none_stays_none_and_a_json_value_stays_one():
    (one,) = letters(["one"], event_id=None, context={"名": ['"', None, 1.5]}, uncertain=True)
    assert (one.event_id, one.context, one.uncertain) == (None, {"名": ['"', None, 1.5]}, True)


def test_lists_are_lists():
    odd = [text for text in ODD if text]
    copy_rows(
        AuditEntry,
        ("at", "actor", "verb", "subject", "fields"),
        [(clock.now(), "system", "x", "y:1", odd), (clock.now(), "system", "x", "y:2", [])],
    )
    assert [entry.fields for entry in AuditEntry.objects.order_by("pk")] == [odd, []]


def test_constraints_hold_and_nothing_of_the_copy_stays():
    with pytest.raises(IntegrityError), transaction.atomic():
        letters(["one", "two", "one"])
    assert not Message.objects.exists()


def test_after_many_rows_the_database_knows_that_there_are_many():
    letters(f"key {number}" for number in range(500))
    refresh_statistics(Message)
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE relname = 'salon_message'")
        assert cursor.fetchone()[0] == 500


def test_ids_are_drawn_once():
    drawn = draw_ids(Message, 3) + draw_ids(Message, 2)
    assert len(set(drawn)) == 5
    assert letters(["one"]).get().pk not in drawn
