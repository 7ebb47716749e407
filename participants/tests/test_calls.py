import threading
from datetime import timedelta

import pytest
from django.db import IntegrityError

from participants import calls, screening
from participants.models import Call, Participant
from participants.tests import scenes
from participants.tests.test_applications import at_once
from salon import clock
from salon.errors import Refused
from tests.house import somebody_waits_for_us, until

pytestmark = pytest.mark.django_db
Status = Participant.Status


def to_be_called(event, by, count=1):
    people = scenes.applicants(event, count)
    screening.decide_many(
        event=event, people=[p.pk for p in people], to_status=Status.PHONE_SCREENING, by=by
    )
    return people


def test_two_callers_never_hold_one_person():
    event = scenes.a_salon()
    chen, zhou = scenes.an_organiser(event), scenes.an_organiser(event, "zhou")
    first, second = to_be_called(event, chen, 2)
    assert calls.claim_next(event=event, by=chen).participant == first
    assert calls.claim_next(event=event, by=zhou).participant == second
    assert calls.claim_next(event=event, by=chen).participant == first


def test_a_claim_runs_out_after_a_quarter_of_an_hour(travel):
    event = scenes.a_salon()
    chen, zhou = scenes.an_organiser(event), scenes.an_organiser(event, "zhou")
    to_be_called(event, chen)
    call = calls.claim_next(event=event, by=chen)
    assert calls.claim_next(event=event, by=zhou) is None
    travel(clock.now() + timedelta(minutes=15, seconds=1))
    assert calls.claim_next(event=event, by=zhou).caller == zhou
    with pytest.raises(Refused) as refused:
        calls.finish_call(call=call, by=chen, outcome="pass")
    assert refused.value.code == "claim_lost"


def test_who_talks_too_long_may_still_write_it_down_while_nobody_took_over(travel):
    event = scenes.a_salon()
    chen = scenes.an_organiser(event)
    [lin] = to_be_called(event, chen)
    call = calls.claim_next(event=event, by=chen)
    travel(clock.now() + timedelta(minutes=20))
    calls.finish_call(call=call, by=chen, outcome="hold", notes="人在路上")
    lin.refresh_from_db()
    assert lin.status == "submitted"


@pytest.mark.parametrize(
    ("outcome", "status"),
    [("pass", "accepted"), ("hold", "submitted"), ("not_a_fit", "not_selected")],
)
def test_an_outcome_is_a_decision(outcome, status):
    event = scenes.a_salon()
    chen = scenes.an_organiser(event)
    [lin] = to_be_called(event, chen)
    call = calls.claim_next(event=event, by=chen)
    calls.finish_call(call=call, by=chen, outcome=outcome, told_reason="方向不同", notes="聊过")
    lin.refresh_from_db()
    assert lin.status == status
    assert Call.objects.get().notes == "聊过"


def test_who_passes_while_the_category_is_full_waits():
    event = scenes.a_salon(on_site_capacity=2)  # one seat for operators by largest remainder
    chen = scenes.an_organiser(event)
    event.categories.filter(key="core").update(share_percent=0)
    event.categories.filter(key="creator").update(share_percent=90)
    [lin] = to_be_called(event, chen)
    call = calls.claim_next(event=event, by=chen)
    assert "候补" in calls.finish_call(call=call, by=chen, outcome="pass")
    lin.refresh_from_db()
    assert lin.status == "waitlisted"


def test_nobody_answered_so_lin_is_called_again_at_the_hour(travel):
    event = scenes.a_salon()
    chen = scenes.an_organiser(event)
    [lin] = to_be_called(event, chen)
    call = calls.claim_next(event=event, by=chen)
    at = clock.now() + timedelta(hours=3)
    calls.finish_call(call=call, by=chen, outcome="no_answer", call_back_at=at)
    assert calls.claim_next(event=event, by=chen) is None
    assert list(calls.later(event, clock.now())) == [lin]
    travel(at + timedelta(seconds=1))
    assert calls.claim_next(event=event, by=chen).participant == lin


@pytest.mark.parametrize(("days", "code"), [(-1, "past"), (400, "too_late")])
def test_nobody_is_called_back_yesterday_or_after_the_salon(days, code):
    event = scenes.a_salon()
    chen = scenes.an_organiser(event)
    to_be_called(event, chen)
    call = calls.claim_next(event=event, by=chen)
    at = clock.now() + timedelta(days=days)
    with pytest.raises(Refused) as refused:
        calls.finish_call(call=call, by=chen, outcome="no_answer", call_back_at=at)
    assert refused.value.code == code
    assert Call.objects.get().finished_at is None


def test_a_refused_outcome_leaves_the_call_open():
    event = scenes.a_salon()
    chen = scenes.an_organiser(event)
    to_be_called(event, chen)
    call = calls.claim_next(event=event, by=chen)
    with pytest.raises(Refused):
        calls.finish_call(call=call, by=chen, outcome="not_a_fit", told_reason="")
    assert Call.objects.get().finished_at is None


def test_a_call_given_back_goes_to_the_next_caller_with_what_was_noted():
    event = scenes.a_salon()
    chen, zhou = scenes.an_organiser(event), scenes.an_organiser(event, "zhou")
    [lin] = to_be_called(event, chen)
    calls.give_back(call=calls.claim_next(event=event, by=chen), by=chen, notes="下午三点后方便")
    assert calls.claim_next(event=event, by=zhou).participant == lin
    assert lin.calls.exclude(finished_at=None).get().notes == "下午三点后方便"


def test_who_presses_again_because_no_answer_came_is_told_it_is_done():
    event = scenes.a_salon()
    chen = scenes.an_organiser(event)
    [lin] = to_be_called(event, chen)
    call = calls.claim_next(event=event, by=chen)
    calls.finish_call(call=call, by=chen, outcome="pass", notes="聊过")
    assert "记下" in calls.finish_call(call=call, by=chen, outcome="pass", notes="聊过，想带助理")
    assert Call.objects.get().notes == "聊过，想带助理"
    assert lin.status_changes.count() == 2  # to the phone, and accepted once


def test_another_outcome_for_a_finished_call_is_refused_and_says_which_stands():
    event = scenes.a_salon()
    chen = scenes.an_organiser(event)
    [lin] = to_be_called(event, chen)
    call = calls.claim_next(event=event, by=chen)
    calls.finish_call(call=call, by=chen, outcome="pass")
    with pytest.raises(Refused) as refused:
        calls.finish_call(call=call, by=chen, outcome="hold")
    assert refused.value.code == "finished"
    assert "通过" in str(refused.value)
    lin.refresh_from_db()
    assert lin.status == "accepted"


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_eight_callers_at_once_get_eight_people():
    event = scenes.a_salon()
    callers = [scenes.an_organiser(event, f"caller{n}") for n in range(8)]
    to_be_called(event, callers[0], 8)
    claimed = at_once(8, lambda n: calls.claim_next(event=event, by=callers[n]))
    assert len({call.participant_id for call in claimed}) == 8
    # Nobody's claim was closed to make way for another.
    assert Call.objects.filter(finished_at=None).count() == 8


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_eight_callers_at_once_for_one_person_leave_seven_without():
    event = scenes.a_salon()
    callers = [scenes.an_organiser(event, f"caller{n}") for n in range(8)]
    to_be_called(event, callers[0])
    claimed = at_once(8, lambda n: calls.claim_next(event=event, by=callers[n]))
    assert Call.objects.get() in claimed
    assert claimed.count(None) == 7


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_chen_presses_next_twice_at_once_and_holds_one_person():
    event = scenes.a_salon()
    chen = scenes.an_organiser(event)
    to_be_called(event, chen, 4)
    claimed = at_once(4, lambda _n: calls.claim_next(event=event, by=chen))
    assert {call.pk for call in claimed} == {Call.objects.get().pk}


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_a_late_outcome_and_the_next_caller_wait_for_each_other(travel, monkeypatch):
    """Chen writes down a call that ran out while Zhou takes the person over: one of them wins,
    and the database never has to break a knot."""
    event = scenes.a_salon()
    chen, zhou = scenes.an_organiser(event), scenes.an_organiser(event, "zhou")
    [lin] = to_be_called(event, chen)
    call = calls.claim_next(event=event, by=chen)
    travel(clock.now() + timedelta(minutes=16))
    carry_out, taking = calls._carry_out, threading.Event()

    def slowly(*args):
        taking.set()
        until(somebody_waits_for_us, what="Zhou at a lock of ours")
        return carry_out(*args)

    monkeypatch.setattr(calls, "_carry_out", slowly)

    def step(number):
        if number == 0:
            return calls.finish_call(call=call, by=chen, outcome="hold", notes="人在路上")
        taking.wait(10)
        return calls.claim_next(event=event, by=zhou)

    assert at_once(2, step) == ["放回待审核。", None]
    lin.refresh_from_db()
    assert lin.status == "submitted"


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_without_the_events_lock_callers_collide(monkeypatch):
    """The twin: everybody looks before anybody takes, and the constraint has to say no."""
    event = scenes.a_salon()
    callers = [scenes.an_organiser(event, f"caller{n}") for n in range(4)]
    to_be_called(event, callers[0], 4)
    looked = threading.Barrier(4)
    monkeypatch.setattr(calls, "lock_event", lambda pk: event)
    to_call = calls.to_call

    def look(event, now):
        people = list(to_call(event, now)[:1])
        looked.wait()
        return Participant.objects.filter(pk__in=[person.pk for person in people])

    monkeypatch.setattr(calls, "to_call", look)

    def claim(number):
        try:
            return calls.claim_next(event=event, by=callers[number])
        except IntegrityError:
            return "collided"

    assert at_once(4, claim).count("collided") == 3
