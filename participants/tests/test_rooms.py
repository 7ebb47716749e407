"""Two rooms: who moves from one to the other, what they leave behind and what they find."""

import pytest

from participants import rooms, screening
from participants.models import FreedSeat, Participant
from participants.own_steps import standing_of
from participants.tests import scenes
from salon import clock, outbox
from salon.errors import Refused
from salon.models import Message

pytestmark = pytest.mark.django_db
Status = Participant.Status


def test_moving_online_frees_the_seat_on_site():
    event = scenes.a_salon()
    chen = scenes.an_organiser(event)
    lin = scenes.confirmed(event, "林知夏", 1, by=chen)
    waiting = scenes.waitlisted(event, "周晓", 2, by=chen)
    rooms.move_room(participant=lin, online=True, by=lin)
    waiting.refresh_from_db()
    assert waiting.status == "offered"
    assert FreedSeat.objects.get().online is False
    assert "线上参加" in outbox.preview(Message.objects.get(kind="room_changed")).text


def test_a_full_room_takes_nobody_from_the_other():
    event = scenes.a_salon(online_capacity=0)
    lin = scenes.confirmed(event, by=scenes.an_organiser(event))
    with pytest.raises(Refused) as refused:
        rooms.move_room(participant=lin, online=True, by=lin)
    assert refused.value.code == "room_full"


def moves_online(person, by=None):
    rooms.move_room(participant=person, online=True, by=by or person)
    person.refresh_from_db()
    return person.status


def test_who_waits_for_one_room_finds_a_free_seat_in_the_other():
    event = scenes.a_salon()
    chen = scenes.an_organiser(event)
    lin = scenes.waitlisted(event, "林知夏", 1, by=chen)
    assert moves_online(lin) == "offered"
    assert lin.online
    freed = FreedSeat.objects.get()
    assert (freed.promoted, freed.online) == (lin, True)
    assert Message.objects.get(kind="offered").person_id == lin.pk


def test_the_free_seat_goes_to_whoever_waits_there_with_more_points():
    event = scenes.a_salon()
    chen = scenes.an_organiser(event)
    best = scenes.waitlisted(event, "最好", 1, by=chen, online=True, community_size=60000)
    lin = scenes.waitlisted(event, "林知夏", 2, by=chen)
    assert moves_online(lin) == "waitlisted"
    best.refresh_from_db()
    assert best.status == "offered"


@pytest.mark.parametrize("undecided", [1, 2])
def test_seats_that_the_undecided_may_need_are_not_given_to_who_waits(undecided):
    event = scenes.a_salon(online_capacity=3)  # two of them are of the category
    chen = scenes.an_organiser(event)
    lin = scenes.waitlisted(event, "林知夏", 9, by=chen)
    scenes.applicants(event, undecided, online=True)
    assert moves_online(lin) == ("offered" if undecided == 1 else "waitlisted")
    assert FreedSeat.objects.count() == (undecided == 1)


def test_who_does_not_know_that_they_wait_hears_of_no_seat_by_moving():
    event = scenes.a_salon()
    chen = scenes.an_organiser(event)
    lin = scenes.an_applicant(event, "林知夏", 1)
    batch = screening.decide(participant=lin, to_status=Status.WAITLISTED, by=chen)
    assert moves_online(lin) == "waitlisted"
    screening.release_batch(batch=batch, by=chen)
    lin.refresh_from_db()
    assert lin.status == "offered"


def test_an_organiser_who_moves_somebody_waiting_gives_them_the_seat_as_well():
    event = scenes.a_salon()
    chen = scenes.an_organiser(event)
    lin = scenes.waitlisted(event, "林知夏", 1, by=chen)
    assert moves_online(lin, by=chen) == "offered"


def test_moving_to_a_full_room_is_waiting_there():
    event = scenes.a_salon(online_capacity=0)
    lin = scenes.waitlisted(event, "林知夏", 1, by=scenes.an_organiser(event))
    assert moves_online(lin) == "waitlisted"
    assert not FreedSeat.objects.exists()


@pytest.mark.parametrize(
    ("comes_to_be", "online", "asked"),
    [
        (scenes.confirmed, False, "改为线上参加？现场的名额会让给候补的朋友。"),
        (scenes.confirmed, True, "改到现场参加？有空位才能改。"),
        (scenes.waitlisted, False, "改为线上参加？那边有空位，就会轮到您。"),
        (scenes.waitlisted, True, "改到现场参加？那边有空位，就会轮到您。"),
    ],
)
def test_the_question_before_moving_says_what_it_costs(comes_to_be, online, asked):
    event = scenes.a_salon()
    lin = comes_to_be(event, "林知夏", 1, by=scenes.an_organiser(event), online=online)
    assert standing_of(lin, now=clock.now()).room_question == asked


@pytest.mark.parametrize("online", [True, False])
def test_who_is_not_decided_yet_is_asked_plainly(online):
    lin = scenes.an_applicant(scenes.a_salon(), online=online)
    asked = {True: "改到现场参加？", False: "改为线上参加？"}[online]
    assert standing_of(lin, now=clock.now()).room_question == asked
