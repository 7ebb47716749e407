"""On the messages page: when the last letter will be out, and an event that goes slower."""

import pytest

from participants.tests import scenes
from participants.tests.pages import address
from salon import pace
from salon.models import EventPace, Message

pytestmark = pytest.mark.django_db


@pytest.fixture
def chen(client, settings):
    settings.MAIL_PER_MINUTE = {"qq.com": 20}
    event = scenes.a_salon()
    user = scenes.an_organiser(event)
    client.force_login(user)
    scenes.applicants(event, 3)
    return user


def test_the_page_says_when_the_last_one_will_be_out(client, chen):
    assert "最后一封大约" not in client.get(address("messages")).content.decode()
    Message.objects.update(domain="qq.com")
    assert pace.take_turn("qq.com", None)
    assert "最后一封大约" in client.get(address("messages")).content.decode()


def test_an_organiser_lets_her_letters_go_slower_and_as_fast_as_the_house_again(client, chen):
    answer = client.post(address("messages_pace"), {"per_minute": "5"}, follow=True)
    assert "发送速度改好了。" in answer.content.decode()
    assert EventPace.objects.get().per_minute == 5
    assert 'value="5"' in answer.content.decode()
    client.post(address("messages_pace"), {"per_minute": ""})
    assert not EventPace.objects.exists()


@pytest.mark.parametrize("typed", ["0", "-1", "abc", "1.5", "601", "9" * 5000, "５", "²"])
def test_what_is_no_pace_is_a_sentence(client, chen, typed):
    answer = client.post(address("messages_pace"), {"per_minute": typed}, follow=True)
    assert answer.status_code == 200
    row = EventPace.objects.first()
    assert ("1 到 600 的整数" in answer.content.decode()) == (row is None)
    assert typed == "５" or row is None  # full-width digits are digits
