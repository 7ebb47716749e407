"""The outbox: planned once, released by an organiser, composed as the person will read it."""

import contextlib
import json
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.core import mail
from django.db import transaction
from django.utils import translation
from redis import Redis

from salon import broker, clock, letter_kinds, outbox
from salon.errors import Refused
from salon.models import AuditEntry, Message
from salon.tests.letters import LINK, NOON, plain, planned

pytestmark = pytest.mark.django_db


# --- planning -------------------------------------------------------------------------------------


def test_planning_twice_gives_the_row_that_is_there(noon):
    first = planned(key="t-7:12", person_id=12, batch="round 1", context={"item": 3})
    assert (first.state, first.released_at, first.context) == ("planned", NOON, {"item": 3})
    again = planned(key="t-7:12", due_at=NOON + timedelta(days=1))
    assert (again.pk, again.due_at, again.person_id) == (first.pk, NOON, 12)
    outbox.cancel(Message.objects.all())
    assert planned(key="t-7:12").state == "cancelled"


def test_planning_is_one_statement(django_assert_num_queries):
    with django_assert_num_queries(1):
        planned(key="t-7:12")


def test_a_kind_that_nobody_composes_is_a_mistake_found_at_once():
    with pytest.raises(LookupError, match="test_unknown"):
        planned("test_unknown")


def test_two_composers_for_one_kind_are_a_mistake():
    with pytest.raises(ValueError, match="test_plain"):
        outbox.letter("test_plain")(plain)


def test_a_hundred_plans_ring_once_and_only_for_what_may_go(
    django_capture_on_commit_callbacks, noon
):
    with django_capture_on_commit_callbacks() as rings:
        for _ in range(100):
            planned()
    assert len(rings) == 1
    with django_capture_on_commit_callbacks() as rings:
        planned(due_at=NOON + timedelta(days=7))
        planned(released=False)
    assert rings == []


def test_a_burst_of_verbs_rings_at_once_and_once_more_at_its_end(valkey, monkeypatch):
    clock = SimpleNamespace(monotonic=lambda: 100.0)
    monkeypatch.setattr(outbox, "time", clock)
    monkeypatch.setattr(outbox, "_quiet_until", 0.0)
    monkeypatch.setattr(outbox, "_rings_again", False)
    with contextlib.closing(Redis.from_url(valkey.url)) as redis:
        for _ in range(50):
            outbox._ring()
        etas = [json.loads(task)["headers"]["eta"] for task in redis.lrange("mail", 0, -1)]
        assert len(etas) == 2
        assert etas.count(None) == 1
        clock.monotonic = lambda: 100.0 + outbox.RING_SECONDS
        outbox._ring()
        assert redis.llen("mail") == 3


def test_a_ring_into_a_dead_redis_harms_nobody(
    django_capture_on_commit_callbacks, settings, monkeypatch, noon
):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    monkeypatch.setattr(broker, "_left_alone_until", 0)
    monkeypatch.setattr(outbox, "_quiet_until", 0.0)
    with django_capture_on_commit_callbacks(execute=True):
        planned()
    assert broker._left_alone_until > 0


def raise_after_planning():
    planned(due_at=clock.now())
    raise Refused("full", "没有名额了。")


def test_a_rolled_back_verb_leaves_no_letter_and_no_ring(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks() as rings:
        with pytest.raises(Refused), transaction.atomic():
            raise_after_planning()
        assert not Message.objects.exists()
    assert rings == []


# --- what organisers do ---------------------------------------------------------------------------


def test_held_letters_wait_for_their_release(noon, organiser):
    planned(released=False, batch="round 1")
    assert outbox.deliver_due() == {}
    assert outbox.release(Message.objects.in_batch("round 1"), by=organiser) == 1
    assert outbox.release(Message.objects.in_batch("round 1"), by=organiser) == 0
    assert outbox.deliver_due() == {"handed_over": 1}
    entry = AuditEntry.objects.get(verb="release_message")
    assert (entry.actor, entry.event_id) == (f"user:{organiser.pk}", 1)


def test_holding_stops_even_what_a_worker_has_claimed_but_not_handed_over(noon, organiser):
    planned()
    claimed = outbox.claim()
    assert outbox.hold(Message.objects.all(), by=organiser) == 1
    assert list(outbox._deliver(claimed)) == [None]
    message = Message.objects.get()
    assert (message.state, message.attempts, message.recipient) == ("planned", 0, "")
    assert mail.outbox == []


def test_cancelling_stops_what_is_planned_and_nothing_that_went(noon):
    planned()
    assert outbox.deliver_due() == {"handed_over": 1}
    planned(due_at=NOON + timedelta(days=7))
    assert outbox.cancel(Message.objects.all()) == 1
    assert sorted(Message.objects.values_list("state", flat=True)) == ["cancelled", "handed_over"]


def test_moving_the_event_moves_what_has_not_gone(noon):
    planned()
    outbox.deliver_due()
    week = planned(due_at=NOON + timedelta(days=7))
    assert outbox.redate(Message.objects.all(), delta=timedelta(days=2)) == 1
    week.refresh_from_db()
    assert week.due_at == NOON + timedelta(days=9)
    outbox.redate(Message.objects.filter(pk=week.pk), due_at=NOON + timedelta(days=3))
    week.refresh_from_db()
    assert week.due_at == NOON + timedelta(days=3)
    with pytest.raises(TypeError):
        outbox.redate(Message.objects.all())


def test_a_change_of_many_costs_the_same_as_of_one(noon, organiser, django_assert_num_queries):
    for _ in range(30):
        planned(released=False)
    with django_assert_num_queries(5):  # savepoint, lock, write, audit, release
        assert outbox.release(Message.objects.all(), by=organiser) == 30


def test_what_went_astray_is_tried_again_when_somebody_says_so(noon, organiser):
    planned("test_refused")
    assert outbox.deliver_due() == {"not_delivered": 1}
    assert outbox.try_again(Message.objects.all(), by=organiser) == 1
    message = Message.objects.get()
    assert (message.state, message.failure, message.attempts) == ("planned", "", 0)


def test_batches_are_counted_in_one_query(noon, django_assert_num_queries):
    planned(batch="round 1")
    outbox.deliver_due()
    planned(batch="round 1", released=False)
    planned("test_refused", batch="round 1")
    outbox.deliver_due()
    planned(batch="round 2", due_at=NOON + timedelta(days=1))
    with django_assert_num_queries(1):
        first, second, third = Message.objects.batches()
    assert {first["kind"], second["kind"]} == {"test_plain", "test_refused"}
    both = first if first["kind"] == "test_plain" else second
    assert (both["messages"], both["handed_over"], both["held"], both["waiting"]) == (2, 1, 1, 0)
    assert (third["batch"], third["waiting"]) == ("round 2", 1)


# --- composing ------------------------------------------------------------------------------------


def test_the_copy_and_the_preview_hide_the_personal_link(noon):
    message = planned("test_invitation")
    shown = outbox.preview(message)
    assert "（个人链接）" in shown.text
    assert shown.to == "lin@example.com"
    assert [name for name, _content, _type in shown.attachments] == ["event.ics"]
    outbox.deliver_due()
    message.refresh_from_db()
    assert message.body == shown.text
    assert outbox.preview(message).text == shown.text
    assert LINK not in message.body


def test_what_nobody_needs_any_more_is_called_off(noon):
    message = planned("test_answered")
    assert outbox.preview(message) is None
    assert outbox.deliver_due() == {"cancelled": 1}


def test_a_refused_letter_fails_with_its_reason_and_is_not_tried_again(noon):
    message = planned("test_refused")
    assert outbox.deliver_due() == {"not_delivered": 1}
    message.refresh_from_db()
    assert message.failure == "这位报名者没有留下邮箱。"
    assert outbox.deliver_due() == {}


def test_a_broken_letter_keeps_back_nobody_and_logs_no_name(noon, caplog):
    planned("test_faulty", context={"name": "林晓"})
    planned()
    assert outbox.deliver_due() == {"planned": 1, "handed_over": 1}
    assert "KeyError" in caplog.text
    assert "林晓" not in caplog.text
    broken = Message.objects.open().get()
    assert (broken.attempts, broken.next_try_at) == (1, NOON + timedelta(minutes=1))


def test_a_kind_that_is_no_longer_composed_fails_with_a_sentence(noon, monkeypatch):
    message = planned()
    monkeypatch.delitem(letter_kinds.KINDS, "test_plain")
    assert outbox.deliver_due() == {"not_delivered": 1}
    message.refresh_from_db()
    assert message.failure == "这类消息已不再使用。"


def test_letters_are_chinese_whoever_looks(noon):
    message = planned("test_invitation")
    with translation.override("en"):
        assert "（个人链接）" in outbox.preview(message).text
