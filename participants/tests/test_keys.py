"""A personal link has a life: it goes a way, is switched off, made new, given back, grows old."""

import pytest

from participants import keys, letters
from participants.access import issue_link
from participants.models import Participant, PersonalLink
from participants.tests import scenes
from participants.tests.pages import address, as_person
from salon.channels import NotDelivered
from salon.models import Message

Way = PersonalLink.Channel


@pytest.fixture
def event(db):
    return scenes.a_salon()


@pytest.fixture
def lin(event):
    return scenes.confirmed(event, by=scenes.an_organiser(event))


def letter_to(person):
    return Message.objects.of_person(person.pk).order_by("-pk").first()


def test_the_door_knows_by_which_way_its_key_went(client, lin, rf):
    message = letter_to(lin)
    client.get(issue_link(participant=lin, message=message))
    request = client.get(address("me")).wsgi_request
    assert (request.person.link.channel, request.person.link.message_id) == ("email", message.pk)


def test_keys_that_went_one_way_are_switched_off_and_their_cookies_with_them(client, lin):
    for way in Way.values:
        issue_link(participant=lin, channel=way)
    as_person(client, lin)
    mine = PersonalLink.objects.latest("pk")
    assert keys.revoke_links(participant=lin, channels=[Way.EMAIL, Way.OWN_PAGE], keep=mine) == 2
    assert client.get(address("me")).status_code == 200
    assert set(PersonalLink.objects.living().values_list("channel", flat=True)) == {
        *("sms", "handed_over", "shown", "typed", "own_page")
    }
    assert keys.revoke_links(participant=lin) == 5
    assert client.get(address("me")).status_code == 403


def test_a_letter_composed_for_the_old_address_makes_no_key_once_it_is_replaced(lin):
    message = letter_to(lin)
    draft = letters.compose(message)
    Participant.objects.filter(pk=lin.pk).update(email="xia@example.com")
    keys.revoke_links(participant=lin, channels=[Way.EMAIL])
    with pytest.raises(NotDelivered):
        draft.as_sent()
    assert not PersonalLink.objects.living().filter(participant=lin).exists()
    assert "/l/" in letters.compose(message).as_sent()
