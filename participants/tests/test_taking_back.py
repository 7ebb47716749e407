"""A withdrawal is taken back for a day, unless the seat was passed on."""

from datetime import timedelta

import pytest

from participants import screening, taking_back
from participants.models import Participant
from participants.tests import scenes
from participants.tests.pages import address, as_person
from salon import clock
from salon.errors import Refused
from salon.models import AuditEntry, Message

Status = Participant.Status


@pytest.fixture
def event(db):
    return scenes.a_salon()


@pytest.fixture
def chen(event):
    return scenes.an_organiser(event)


def withdrawn(person):
    screening.withdraw(participant=person, by=person)
    person.refresh_from_db()
    return person


def taken_back(person, by=None):
    return taking_back.take_back_withdrawal(participant=person, by=by or person)


def letters_to_come(person):
    return sorted(Message.objects.of_person(person.pk).open().values_list("kind", flat=True))


def refusal_of(person):
    with pytest.raises(Refused) as refused:
        taken_back(person)
    return refused.value.code


def test_lin_confirmed_withdraws_by_mistake_and_takes_it_back(client, event, chen):
    lin = withdrawn(scenes.confirmed(event, by=chen))
    page = as_person(client, lin).get(address("me")).content.decode()
    assert "收回取消" in page
    assert "重新报名" not in page
    client.post(address("me_take_back"))
    lin.refresh_from_db()
    assert lin.status == "confirmed"
    assert "已确认" in client.get(address("me")).content.decode()
    # What told them that they are out has not gone and does not go; what they had been sent comes.
    assert letters_to_come(lin) == ["confirmed", "morning", "received", "t1", "t7"]
    assert AuditEntry.objects.filter(verb="take_back_withdrawal").count() == 1


@pytest.mark.parametrize(
    ("status", "letters"),
    [
        (Status.SUBMITTED, ["received"]),
        (Status.PHONE_SCREENING, ["received"]),
        (Status.WAITLISTED, ["received"]),
        (Status.ACCEPTED, ["accepted", "received"]),
    ],
)
def test_who_had_not_confirmed_stands_where_they_stood(event, chen, status, letters):
    lin = scenes.an_applicant(event)
    if status != Status.SUBMITTED:
        batch = screening.decide(participant=lin, to_status=status, by=chen)
        screening.release_batch(batch=batch, by=chen)
    lin.refresh_from_db()
    held_until = lin.confirm_by
    lin = taken_back(withdrawn(lin))
    assert (lin.status, lin.confirm_by) == (status, held_until)
    assert letters_to_come(lin) == letters


def test_withdrawing_and_coming_back_wins_no_time_to_confirm(event, chen, travel):
    lin = scenes.accepted(event, by=chen)
    held_until = lin.confirm_by
    travel(held_until - timedelta(hours=2))
    lin = withdrawn(lin)
    lin = taken_back(lin)
    assert lin.confirm_by == held_until
    lin = withdrawn(lin)
    travel(held_until + timedelta(minutes=1))
    assert refusal_of(lin) == "too_late"


def test_a_seat_that_was_passed_on_is_somebody_else_s(client, event, chen):
    """The room is full for its category: the first of the waiting list has the seat."""
    event.on_site_capacity = 1
    event.save()
    event.categories.filter(key="core").update(share_percent=100)
    event.categories.exclude(key="core").update(share_percent=0)
    lin = scenes.confirmed(event, by=chen)
    zhou = scenes.an_applicant(event, "周子昂", 1)  # full: they wait
    lin = withdrawn(lin)
    zhou.refresh_from_db()
    assert zhou.status == "offered"
    assert refusal_of(lin) == "passed_on"
    page = as_person(client, lin).get(address("me")).content.decode()
    assert "收回取消" not in page
    assert "重新报名" in page
    # 周子昂 does not come either, and nobody else waits: the seat is free, and may be lin's again.
    withdrawn(zhou)
    assert taken_back(lin).status == "confirmed"
    assert refusal_of(zhou) == "passed_on"


def test_a_seat_in_a_category_that_moved_somebody_up_is_gone_though_the_room_has_others(
    event, chen
):
    """Two seats of three are 核心运营者's; both are held, and one waits."""
    event.on_site_capacity = 3
    event.save()
    for key, share in (("core", 67), ("brand", 33), ("creator", 0)):
        event.categories.filter(key=key).update(share_percent=share)
    lin, _ma = (
        scenes.confirmed(event, name, n, by=chen) for n, name in enumerate(["林知夏", "马远"])
    )
    scenes.waitlisted(event, "周子昂", 5, by=chen)
    assert refusal_of(withdrawn(lin)) == "passed_on"


def test_who_waited_takes_the_seat_that_became_free_while_they_were_away_and_no_other(event, chen):
    lin = scenes.waitlisted(event, "林知夏", by=chen)
    assert taken_back(withdrawn(lin)).status == "waitlisted"
    ma = scenes.confirmed(event, "马远", 1, by=chen)
    lin = withdrawn(lin)
    withdrawn(ma)
    assert taken_back(lin).status == "offered"


def test_a_day_is_a_day(event, chen, travel):
    lin = withdrawn(scenes.confirmed(event, by=chen))
    travel(lin.status_changed_at + timedelta(hours=23, minutes=59))
    assert taking_back.may_take_back(lin, now=clock.now())
    travel(lin.status_changed_at + timedelta(hours=24, minutes=1))
    assert refusal_of(lin) == "too_late"


def test_a_seat_that_ran_out_unanswered_was_not_given_up_by_anybody(event, chen, travel):
    from participants import waitlist

    lin = scenes.accepted(event, by=chen)
    travel(lin.confirm_by + timedelta(minutes=1))
    waitlist.expire_event(event.pk)
    lin.refresh_from_db()
    assert lin.status == "withdrawn"
    assert refusal_of(lin) == "not_possible"


@pytest.mark.parametrize("held", [Status.ACCEPTED, Status.NOT_SELECTED])
def test_a_decision_that_was_never_released_is_not_told_by_this(event, chen, held):
    lin = scenes.an_applicant(event)
    screening.decide(participant=lin, to_status=held, by=chen, told_reason="这一场名额有限")
    assert taken_back(withdrawn(lin)).status == "submitted"


def test_an_organiser_takes_it_back_on_their_word(client, event, chen):
    lin = scenes.confirmed(event, by=chen)
    screening.withdraw(participant=lin, by=chen, reason="本人告知主办方")
    lin.refresh_from_db()
    client.force_login(chen, backend="django.contrib.auth.backends.ModelBackend")
    page = address("screening_person", lin.pk)
    assert "收回取消" in client.get(page).content.decode()
    client.post(address("screening_step", lin.pk, "take-back"))
    lin.refresh_from_db()
    assert lin.status == "confirmed"


def test_twice_is_once_and_who_did_not_withdraw_has_nothing_to_take_back(event, chen):
    lin = withdrawn(scenes.confirmed(event, by=chen))
    assert taken_back(lin).status == taken_back(lin).status == "confirmed"
    assert lin.status_changes.filter(reason="taken_back").count() == 1


def test_nobody_takes_it_back_from_a_salon_that_was_called_off_or_is_over(event, chen, travel):
    from events import announcing

    lin = withdrawn(scenes.confirmed(event, by=chen))
    travel(event.ends_at + timedelta(minutes=1))
    type(lin).objects.filter(pk=lin.pk).update(status_changed_at=clock.now())
    lin.refresh_from_db()
    assert refusal_of(lin) == "too_late"
    travel(event.starts_at - timedelta(days=1))
    announcing.call_off(event=event, by=chen)
    lin.refresh_from_db()
    assert refusal_of(lin) == "too_late"
