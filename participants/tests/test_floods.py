"""A flood of sign-ups under other people's addresses: every one is taken, and the letters wait."""

import uuid
from datetime import timedelta

import pytest
from django.urls import reverse

from participants import applications, contacts
from participants.models import Participant
from participants.tests import scenes
from salon import clock, floods, outbox
from salon.floods import Ceiling
from salon.models import Message

pytestmark = pytest.mark.django_db


@pytest.fixture
def low(monkeypatch):
    """Three at once for the house and two for a network, then two a minute and one a minute."""
    monkeypatch.setattr(floods, "HOUSE", Ceiling(3, 2))
    monkeypatch.setattr(floods, "NETWORK", Ceiling(2, 1))


def applies(event, number, network=""):
    taken = applications.apply(
        event=event,
        answers=scenes.answers(f"来宾{number}", number),
        client_id=uuid.uuid4(),
        network=network,
    )
    assert taken.kind == "new"
    return taken.participant


def minutes_until_each_letter(event):
    now = clock.now()
    due = Message.objects.of_event(event).of_kind("received").order_by("pk")
    return [
        round((at - now).total_seconds() / 60, 1) for at in due.values_list("due_at", flat=True)
    ]


def test_above_the_ceiling_of_a_network_letters_go_a_few_a_minute_and_nobody_is_refused(
    low, caplog
):
    event = scenes.a_salon()
    for number in range(5):
        applies(event, number, "203.0.113.9")
    assert Participant.objects.count() == 5
    assert minutes_until_each_letter(event) == [0, 0, 1, 2, 3]
    # Whoever comes by another network meanwhile does not wait for them.
    applies(event, 5, "198.51.100.7")
    assert minutes_until_each_letter(event)[-1] == 0
    assert "one network" in caplog.text
    assert "203.0.113.9" not in caplog.text


def test_above_the_ceiling_of_the_house_they_wait_wherever_they_come_from(low):
    event = scenes.a_salon()
    for number in range(6):
        applies(event, number, f"203.0.113.{number}")
    assert minutes_until_each_letter(event) == [0, 0, 0, 0.5, 1, 1.5]


def test_what_waited_goes_by_itself(low, travel):
    event = scenes.a_salon()
    for number in range(5):
        applies(event, number)
    assert outbox.deliver_due()["handed_over"] == 3
    travel(clock.now() + timedelta(minutes=2))
    assert outbox.deliver_due()["handed_over"] == 2


def test_a_full_room_signs_up_by_one_router():
    event = scenes.a_salon()
    turns = [floods.turn("203.0.113.9", now=clock.now()) for _guest in range(200)]
    assert not any(turn["context"] for turn in turns)
    assert floods.turn("203.0.113.9", now=clock.now())["context"] == {"held_back": True}
    assert event.participants.count() == 0


def test_a_known_reader_and_who_is_typed_in_by_hand_wait_for_nobody(low):
    event = scenes.a_salon()
    lin = applies(event, 0)
    for number in range(1, 5):
        applies(event, number)
    contacts.prove(participant=lin, contacts=["email"], by=lin)
    now = clock.now()
    again = applications.send_link_again(participant=lin, now=now, contact="email")
    assert again.due_at == now
    other = Participant.objects.get(name="来宾1")
    late = applications.send_link_again(participant=other, now=now, contact="email")
    assert late.due_at > now


@pytest.mark.parametrize("page", ["screening", "control"])
def test_the_organiser_sees_that_letters_wait_and_until_when(low, client, page):
    event = scenes.a_salon()
    client.force_login(scenes.an_organiser(event))
    assert "一下子来了很多报名" not in client.get(reverse(page, args=[event.slug])).text
    for number in range(5):
        applies(event, number)
    last = Message.objects.of_kind("received").order_by("due_at").last().due_at
    told = client.get(reverse(page, args=[event.slug])).text
    assert "有 2 封给新报名的信" in told
    assert f"约 {event.local(last):%H:%M} 发完" in told
