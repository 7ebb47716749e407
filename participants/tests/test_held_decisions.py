"""Decided and not yet told: what the house knows and the person does not."""

from datetime import timedelta

import pytest
from django.urls import reverse

from events import agenda, announcing
from events.models import Event
from participants import applications, mailings, rooms, screening
from participants.access import issue_link
from participants.models import FreedSeat, Participant
from participants.standing import told_status
from participants.tests import scenes
from salon import clock
from salon.errors import Refused
from salon.models import Message

pytestmark = pytest.mark.django_db
Status = Participant.Status


@pytest.fixture
def event():
    return scenes.a_salon()


@pytest.fixture
def chen(event):
    return scenes.an_organiser(event)


def decide(person, to_status, by, told_reason=""):
    return screening.decide(participant=person, to_status=to_status, by=by, told_reason=told_reason)


def stands(person):
    return Participant.objects.get(pk=person.pk).status


def told(person):
    return told_status(Participant.objects.get(pk=person.pk))


def a_waiting(event, chen, name="周晓", number=2):
    person = scenes.an_applicant(event, name, number)
    screening.release_batch(batch=decide(person, Status.WAITLISTED, chen), by=chen)
    return person


def edit_expectation(person, **changed):
    person.refresh_from_db()
    answers = scenes.answers(person.name, 0, **changed)
    applications.edit(participant=person, answers=answers, version=person.version, by=person)


def page_of(client, person, page="me"):
    client.get(issue_link(participant=person))
    answer = client.get(reverse(page, args=[person.event.slug]))
    assert answer.status_code == 200
    return answer


def says(client, person, page="me"):
    return page_of(client, person, page).content.decode()


# --- undoing --------------------------------------------------------------------------------------


def test_undo_leaves_a_seat_that_was_told_by_a_later_batch(event, chen):
    lin = scenes.an_applicant(event, "林知夏")
    decide(lin, Status.ACCEPTED, chen)
    edit_expectation(lin, community_size=30000)  # back to review, before anybody was told
    decide(lin, Status.ACCEPTED, chen)
    assert mailings.release_all(event=event, by=chen) == 1
    assert screening.last_batch(event, chen) is None
    for batch in event.screening_batches.filter(released_at=None):
        assert screening.undo_batch(batch=batch, by=chen) == (0, 1)
    assert stands(lin) == told(lin) == "accepted"


def test_undo_after_undo_goes_back_step_by_step(event, chen):
    lin = scenes.an_applicant(event, "林知夏")
    decide(lin, Status.WAITLISTED, chen)
    decide(lin, Status.ACCEPTED, chen)
    seen = []
    while batch := screening.last_batch(event, chen):
        assert screening.undo_batch(batch=batch, by=chen) == (1, 0)
        seen.append((stands(lin), told(lin)))
    assert seen == [("waitlisted", "submitted"), ("submitted", "submitted")]
    assert not Message.objects.held().exists()


# --- released, held, released -------------------------------------------------------------------


def test_the_held_half_of_a_batch_has_its_own_72_hours(event, chen, travel):
    lin, zhou = scenes.applicants(event, 2)
    screening.decide_many(event=event, people=[lin.pk, zhou.pk], to_status=Status.ACCEPTED, by=chen)
    [name] = {letter.batch for letter in Message.objects.of_kind("accepted")}
    mailings.release(event=event, batch=name, by=chen)
    now = clock.now()
    scenes.hears(lin)
    assert mailings.hold(event=event, batch=name, by=chen) == 1
    assert (told(lin), told(zhou)) == ("accepted", "submitted")
    travel(now + timedelta(days=1))
    assert mailings.release(event=event, batch=name, by=chen) == 1
    scenes.hears(zhou)
    assert round((lin.confirm_by - now) / timedelta(hours=1)) == 72
    assert round((zhou.confirm_by - now) / timedelta(hours=1)) == 96
    with pytest.raises(Refused) as refused:
        mailings.release(event=event, batch=name, by=chen)
    assert refused.value.code == "released"


# --- what the person has been told ----------------------------------------------------------------


def test_a_second_thought_of_a_released_batch_was_never_told(event, chen):
    """Lin and Zhou are accepted together; Lin's turns into a place on the list, and the batch,
    released afterwards, speaks to Zhou alone."""
    lin, zhou = scenes.applicants(event, 2)
    both, _refused = screening.decide_many(
        event=event, people=[lin.pk, zhou.pk], to_status=Status.ACCEPTED, by=chen
    )
    second = decide(lin, Status.WAITLISTED, chen)
    assert screening.release_batch(batch=both, by=chen) == 1
    assert (told(lin), told(zhou)) == ("submitted", "accepted")
    screening.undo_batch(batch=second, by=chen)
    assert (stands(lin), told(lin)) == ("accepted", "submitted")
    assert Message.objects.held().get().person_id == lin.pk


def accepted_on_second_thought(event, chen):
    """First on the list, then accepted after all; only the second decision was ever released."""
    lin = scenes.an_applicant(event, "林知夏", 1)
    decide(lin, Status.WAITLISTED, chen)
    decide(lin, Status.ACCEPTED, chen)
    mailings.release_all(event=event, by=chen)
    assert told(lin) == "accepted"
    return lin


def test_who_was_told_on_second_thought_hears_that_the_event_moves(event, chen):
    lin = accepted_on_second_thought(event, chen)
    agenda.move_event(event=event, starts_at=event.starts_at + timedelta(days=7), by=chen)
    assert Message.objects.get(kind="event_moved").person_id == lin.pk


def test_a_seat_told_on_second_thought_passes_on_when_it_is_taken_away(event, chen):
    lin, zhou = accepted_on_second_thought(event, chen), a_waiting(event, chen)
    decide(lin, Status.CANCELLED, chen, told_reason="这一场改为内部交流")
    assert (FreedSeat.objects.get().promoted, stands(zhou)) == (zhou, "offered")


def test_a_seat_told_on_second_thought_passes_on_when_its_owner_goes_online(event, chen):
    lin, zhou = accepted_on_second_thought(event, chen), a_waiting(event, chen)
    rooms.move_room(participant=lin, online=True, by=lin)
    assert stands(zhou) == "offered"


def test_a_told_seat_that_is_given_back_before_the_release_was_known_all_along(event, chen):
    lin = scenes.accepted(event, "林知夏", 1, by=chen)
    decide(lin, Status.WAITLISTED, chen)
    decide(lin, Status.ACCEPTED, chen)
    agenda.move_event(event=event, starts_at=event.starts_at + timedelta(days=7), by=chen)
    assert Message.objects.get(kind="event_moved").person_id == lin.pk


def test_who_loses_a_seat_to_the_waiting_list_is_not_the_next_to_move_up(event, chen):
    lin = scenes.accepted(event, "林知夏", 1, by=chen, community_size=90000)
    zhou = a_waiting(event, chen)
    decide(lin, Status.WAITLISTED, chen)
    assert (stands(lin), stands(zhou)) == ("waitlisted", "offered")


def test_who_is_refused_and_does_not_know_it_hears_that_the_event_is_off(event, chen):
    lin, zhou = scenes.applicants(event, 2)
    for person in (lin, zhou):
        batch = decide(person, Status.NOT_SELECTED, chen, told_reason="名额有限")
    screening.release_batch(batch=batch, by=chen)
    announcing.call_off(event=event, by=chen)
    assert (stands(lin), stands(zhou)) == ("cancelled", "not_selected")
    assert Message.objects.of_kind("cancelled").get().person_id == lin.pk
    assert not Message.objects.held().exists()


# --- the person's own page ------------------------------------------------------------------------


@pytest.mark.parametrize("to_status", [Status.WAITLISTED, Status.NOT_SELECTED, Status.CANCELLED])
def test_a_told_seat_taken_away_in_the_house_is_neither_promised_nor_denied(
    client, event, chen, to_status
):
    lin = scenes.accepted(event, "林知夏", 1, by=chen)
    assert "确认参加" in says(client, lin)
    batch = decide(lin, to_status, chen, told_reason="这一场改为内部交流")
    page = says(client, lin)
    assert "主办方正在重新核对名额" in page
    assert "已通过·待确认" in page
    for unsaid in (
        "确认参加",
        "最迟",
        "您来确认",
        "改为线上参加",
        "内部交流",
        str(Status(to_status).label),
    ):
        assert unsaid not in page
    screening.release_batch(batch=batch, by=chen)
    assert str(Status(to_status).label) in says(client, lin)


def test_an_offered_seat_taken_away_in_the_house_leaves_the_page_standing(client, event, chen):
    lin, zhou = scenes.confirmed(event, "林知夏", 1, by=chen), a_waiting(event, chen)
    screening.withdraw(participant=lin, by=lin)
    assert stands(zhou) == "offered"
    decide(zhou, Status.NOT_SELECTED, chen, told_reason="名额有限")
    page = says(client, zhou)
    assert "主办方正在重新核对名额" in page
    assert "名额有限" not in page


def test_a_confirmed_guest_cancelled_in_the_house_may_still_say_that_they_do_not_come(
    client, event, chen
):
    lin = scenes.confirmed(event, "林知夏", 1, by=chen)
    decide(lin, Status.CANCELLED, chen, told_reason="这一场改为内部交流")
    page = says(client, lin)
    assert "主办方正在重新核对名额" in page
    assert lin.code not in page
    client.post(reverse("me_withdraw", args=["spring"]))
    assert stands(lin) == told(lin) == "withdrawn"
    assert not Message.objects.held().exists()


def test_a_held_acceptance_does_not_show_when_lin_edits_her_answers(client, event, chen):
    lin = scenes.an_applicant(event, "林知夏", 1)
    batch = decide(lin, Status.ACCEPTED, chen)
    assert "名额暂时不保留" not in says(client, lin, "me_edit")
    screening.release_batch(batch=batch, by=chen)
    assert "名额暂时不保留" in says(client, lin, "me_edit")


def test_a_full_room_tells_lin_nothing_of_a_seat_that_is_not_released(client, event, chen):
    Event.objects.update(online_capacity=1)
    scenes.confirmed(event, "何敏", 2, by=chen, online=True)
    lin = scenes.an_applicant(event, "林知夏", 1)
    batch = decide(lin, Status.ACCEPTED, chen)
    says(client, lin)
    page = client.post(reverse("me_room", args=["spring"]), {"to": "online"}, follow=True)
    assert "参加方式改好了" in page.content.decode()
    lin.refresh_from_db()
    assert (lin.online, stands(lin), told(lin)) == (True, "submitted", "submitted")
    assert screening.undo_batch(batch=batch, by=chen) == (0, 1)


def test_her_own_data_tell_lin_nothing_that_is_not_released(client, event, chen):
    lin = scenes.an_applicant(event, "林知夏", 1)
    first = decide(lin, Status.ACCEPTED, chen)
    screening.undo_batch(batch=first, by=chen)
    batch = decide(lin, Status.NOT_SELECTED, chen, told_reason="名额有限")
    text = says(client, lin, "me_data")
    for unsaid in ("accepted", "not_selected", "名额有限"):
        assert unsaid not in text
    data = page_of(client, lin, "me_data").json()
    assert data["answers"]["status"] == "submitted"
    assert data["status_changes"] == []
    assert [letter["kind"] for letter in data["letters"]] == ["received"]
    screening.release_batch(batch=batch, by=chen)
    data = page_of(client, lin, "me_data").json()
    assert (data["answers"]["status"], data["answers"]["told_reason"]) == (
        "not_selected",
        "名额有限",
    )
    [change] = data["status_changes"]
    assert (change["before"], change["after"]) == ("submitted", "not_selected")
    assert [letter["kind"] for letter in data["letters"]] == ["received", "not_selected"]
