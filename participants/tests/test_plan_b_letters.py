"""Plan B, undone and done again: who hears what, and never a letter that is no longer so."""

import threading

import pytest
from django.db import connection, transaction

from events import plan_b
from events.models import Speaker
from participants.tests import scenes
from salon import channels, clock, letter_kinds, outbox
from salon.models import Message
from tests.house import somebody_waits_for_us, until

pytestmark = pytest.mark.django_db
CLINIC = "”改为“圆桌与案例门诊”，时间不变。"
BACK = "“圆桌与案例门诊”改回“"


@pytest.fixture
def salon():
    return scenes.a_salon()


@pytest.fixture
def guests(salon):
    """Lin and Su, both confirmed, with nothing in the outbox."""
    chen = scenes.an_organiser(salon)
    people = [
        scenes.confirmed(salon, name, number, by=chen)
        for number, name in enumerate(("林知夏", "苏禾"))
    ]
    Message.objects.all().delete()
    return people


def talk(salon):
    return salon.agenda.get(title__startswith="主题分享一")


def switch(salon, instead="clinic", **more):
    return plan_b.replace_speaker(
        event=salon,
        plan_id=salon.risk_plans.get(risk="speaker_absent").pk,
        item_id=talk(salon).pk if salon.agenda.filter(title__startswith="主题分享一") else None,
        instead=instead,
        by=None,
        **more,
    )


def undo(salon, trigger):
    return plan_b.undo(event=salon, trigger_id=trigger.pk, by=None)


def deliver_to(person):
    """The worker comes to this one person's letters and no further."""
    others = Message.objects.exclude(person_id=person.pk).filter(released_at__isnull=False)
    kept = list(others.values_list("pk", flat=True))
    Message.objects.filter(pk__in=kept).update(released_at=None)
    outbox.deliver_due()
    Message.objects.filter(pk__in=kept).update(released_at=clock.now())


def heard(person):
    """What arrived, oldest first."""
    letters = Message.objects.of_person(person.pk).handed_over().order_by("handed_over_at")
    return [letter.context["change"] for letter in letters]


def waiting():
    return Message.objects.open().count()


def test_a_switch_undone_before_the_worker_came_reaches_nobody(salon, guests):
    trigger = switch(salon)
    assert waiting() == 2
    undo(salon, trigger)
    assert waiting() == 0
    outbox.deliver_due()
    assert [heard(guest) for guest in guests] == [[], []]
    assert Message.objects.filter(state="cancelled").count() == 2


def test_only_who_heard_the_first_hears_the_second(salon, guests):
    lin, su = guests
    trigger = switch(salon)
    deliver_to(lin)
    undo(salon, trigger)
    outbox.deliver_due()
    first, second = heard(lin)
    assert first.endswith(CLINIC)
    assert second.startswith(BACK)
    assert heard(su) == []


def test_undone_twice_is_told_once(salon, guests):
    trigger = switch(salon)
    outbox.deliver_due()
    undo(salon, trigger)
    undo(salon, trigger)
    outbox.deliver_due()
    assert [len(heard(guest)) for guest in guests] == [2, 2]


def test_switch_undo_switch_leaves_everybody_with_one_letter(salon, guests):
    lin, su = guests
    trigger = switch(salon)
    deliver_to(lin)
    undo(salon, trigger)  # Lin's second letter waits …
    switch(salon)  # … and is called back: she knows already
    outbox.deliver_due()
    assert len(heard(lin)) == len(heard(su)) == 1
    assert heard(lin) == heard(su)


def test_after_an_undoing_that_arrived_the_next_switch_is_news_again(salon, guests):
    trigger = switch(salon)
    outbox.deliver_due()
    undo(salon, trigger)
    outbox.deliver_due()
    switch(salon)
    outbox.deliver_due()
    for guest in guests:
        first, second, third = heard(guest)
        assert second.startswith(BACK)
        assert first == third


def test_another_replacement_is_news_to_all(salon, guests):
    lin, su = guests
    backup = Speaker.objects.create(event=salon, name="沈确", is_backup=True)
    trigger = switch(salon)
    deliver_to(lin)
    undo(salon, trigger)
    switch(salon, "backup", backup_id=backup.pk)
    outbox.deliver_due()
    assert len(heard(lin)) == 2
    assert len(heard(su)) == 1
    assert (
        heard(lin)[-1]
        == heard(su)[-1]
        == "“主题分享一：用户分层互动策略”改由备选嘉宾分享，时间不变。"
    )


def test_a_failed_letter_that_is_tried_again_after_the_undoing_does_not_go(salon, guests):
    trigger = switch(salon)
    Message.objects.update(state="not_delivered", failure="452 mailbox full")
    undo(salon, trigger)
    assert outbox.try_again(Message.objects.all(), by=None) == 2
    outbox.deliver_due()
    assert [heard(guest) for guest in guests] == [[], []]


def test_a_killed_workers_letter_does_not_come_up_after_the_undoing(salon, guests):
    trigger = switch(salon)
    now = clock.now()
    Message.objects.update(
        state="claimed", lease_until=now - outbox.LEASE, on_the_wire_at=now - outbox.LEASE
    )
    undo(salon, trigger)
    outbox.deliver_due()
    # It may have arrived before the worker died, so they hear that all is as it was; not the rest.
    assert all(letter.startswith(BACK) for guest in guests for letter in heard(guest))
    assert [len(heard(guest)) for guest in guests] == [1, 1]


def test_another_talks_letters_are_left_alone(salon, guests):
    other = salon.agenda.get(title__startswith="主题分享二")
    plan = salon.risk_plans.get(risk="speaker_absent")
    plan_b.replace_speaker(
        event=salon, plan_id=plan.pk, item_id=other.pk, instead="clinic", by=None
    )
    undo(salon, switch(salon))
    outbox.deliver_due()
    assert [len(heard(guest)) for guest in guests] == [1, 1]
    assert "主题分享二" in heard(guests[0])[0]


# --- the worker is at it --------------------------------------------------------------------------


def in_thread(work):
    def run():
        try:
            work()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def composed(letters):
    return [(letter, letter_kinds.compose(letter)) for letter in letters]


def hand_over(letter, draft):
    return outbox._put_on_the_wire(letter, channels.Email(), draft)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_a_letter_on_its_way_to_the_wire_is_waited_for_and_contradicted(salon, guests):
    lin, su = guests
    trigger = switch(salon)
    of_lin, draft = next(pair for pair in composed(outbox.claim()) if pair[0].person_id == lin.pk)
    with transaction.atomic():
        assert hand_over(of_lin, draft)
        undoing = in_thread(lambda: undo(salon, trigger))
        until(somebody_waits_for_us, what="the undoing's waiting for the worker")
    undoing.join(30)
    outbox._note(of_lin, "handed_over", handed_over_at=clock.now())
    outbox.deliver_due()
    assert len(heard(lin)) == 2
    assert heard(su) == []


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_a_worker_that_comes_second_finds_its_letter_called_back(salon, guests):
    trigger = switch(salon)
    claimed = composed(outbox.claim())
    outcomes = []
    with transaction.atomic():
        undo(salon, trigger)
        worker = in_thread(lambda: outcomes.extend(hand_over(*pair) for pair in claimed))
        until(somebody_waits_for_us, what="the worker's waiting for the undoing")
    worker.join(30)
    assert outcomes == [0, 0]
    assert waiting() == 0


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_asked_before_the_calling_back_somebody_is_left_with_what_is_not_so(
    salon, guests, monkeypatch
):
    """The twin: who has heard is looked up first, without waiting for the worker."""
    lin, _su = guests
    trigger = switch(salon)
    of_lin, draft = next(pair for pair in composed(outbox.claim()) if pair[0].person_id == lin.pk)
    looked = set(Message.objects.perhaps_arrived().values_list("person_id", flat=True))
    assert hand_over(of_lin, draft)
    outbox._note(of_lin, "handed_over", handed_over_at=clock.now())
    monkeypatch.setattr(
        type(Message.objects.all()),
        "perhaps_arrived",
        lambda letters: letters.filter(person_id__in=looked),
    )
    undo(salon, trigger)
    outbox.deliver_due()
    assert len(heard(lin)) == 1
    assert plan_b.stands(talk(salon).pk) == plan_b.AS_PLANNED
