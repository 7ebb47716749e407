"""The list of those who have to be told by hand: words, link, done, next; or the seat is given away."""

import re

import pytest
from django.urls import reverse

from participants import screening
from participants.models import Participant, PersonalLink
from participants.tests import scenes
from salon import outbox
from salon.models import Message
from tests.asked import press_and_say_yes

pytestmark = pytest.mark.django_db


@pytest.fixture
def event():
    return scenes.a_salon()


@pytest.fixture
def chen(event, client):
    chen = scenes.an_organiser(event)
    client.force_login(chen)
    return chen


@pytest.fixture
def three(event, chen):
    """Three who left a mobile only, accepted; there is no SMS provider."""
    people = [
        scenes.an_applicant(event, name, number, email="")
        for number, name in enumerate(("林知夏", "周子昂", "苏晴"), start=1)
    ]
    batch, _refused = screening.decide_many(
        event=event, people=[person.pk for person in people], to_status="accepted", by=chen
    )
    screening.release_batch(batch=batch, by=chen)
    outbox.deliver_due()
    return people


def address(name, *args):
    return reverse(name, args=["spring", *args])


def letter_of(person):
    return Message.objects.of_person(person.pk).get(kind="accepted")


def test_the_list_says_who_and_why_and_how_to_call_them(client, three):
    page = client.get(address("by_hand")).content.decode()
    assert all(person.name in page for person in three)
    assert f"tel:{three[0].mobile}" in page
    assert "开始，一位一位来（3 人）" in page
    assert page.count('data-status="by_hand"') == 3


def test_looking_makes_no_key_and_fetching_the_words_makes_one(client, three, chen):
    letter = letter_of(three[0])
    looked = client.get(address("by_hand_one", letter.pk)).content.decode()
    assert "（个人链接）" in looked
    assert not PersonalLink.objects.exists()
    fetched = client.post(address("by_hand_words", letter.pk)).content.decode()
    token = re.search(r"/l/([\w-]+)", fetched)[1]
    link = PersonalLink.objects.get()
    assert (link.channel, link.message_id) == ("handed_over", letter.pk)
    assert client.post(f"/l/{token}").status_code in (302, 405)
    by_script = client.post(
        address("by_hand_words", letter.pk), headers={"Accept": "application/json"}
    )
    assert "/l/" in by_script.json()["text"]
    assert letter_of(three[0]).state == "by_hand"


def test_done_leads_to_the_next_and_the_last_to_the_list(client, three, chen):
    at = address("by_hand_done", letter_of(three[0]).pk)
    for following in (*three[1:], None):
        answer = client.post(at)
        if following is None:
            assert answer.url == address("by_hand")
            break
        assert answer.url == address("by_hand_one", letter_of(following).pk)
        at = address("by_hand_done", letter_of(following).pk)
    assert {letter_of(person).state for person in three} == {"handed_over"}
    assert {letter_of(person).done_by_id for person in three} == {chen.pk}
    assert not event_has_somebody_to_tell(client)
    assert all(Participant.objects.values_list("confirm_by", flat=True))


def event_has_somebody_to_tell(client):
    return "需要手动发送的" not in client.get(address("by_hand")).content.decode()


def test_seats_of_those_chosen_are_taken_back_and_history_names_who_and_why(client, three, chen):
    chosen = {"people": [p.pk for p in three[:2]]}
    gone = press_and_say_yes(client, address("by_hand_give_away"), chosen, follow=True)
    assert "收回了 2 个名额。" in gone.content.decode()
    assert sorted(Participant.objects.values_list("status", flat=True)) == [
        *("accepted", "cancelled", "cancelled"),
    ]
    history = client.get(address("screening_person", three[0].pk)).content.decode()
    assert "没能联系上" in history
    assert f"主办方取消 · {chen}" in history
    none = client.post(address("by_hand_give_away"), {}, follow=True).content.decode()
    assert "请先选人。" in none


def test_screening_counts_and_lists_whom_nothing_reached(
    client, three, django_assert_max_num_queries
):
    page = client.get(address("screening")).content.decode()
    assert re.search(r'没送到 <span class="count">3</span>', page)
    with django_assert_max_num_queries(12):
        listed = client.get(address("screening") + "?status=unreached").content.decode()
    assert all(person.name in listed for person in three)
    assert address("by_hand") in listed


def test_the_messages_page_and_the_control_room_count_them_apart(client, three):
    page = client.get(address("messages")).content.decode()
    assert "手动告知 3 人" in page
    assert "需手动发送 3" in page
    room = client.get(address("control")).content.decode()
    assert 'data-status="by_hand"' in room


@pytest.mark.parametrize("step", ["words", "done"])
def test_what_is_not_to_be_told_any_more_says_so(client, three, chen, step):
    letter = letter_of(three[0])
    screening.decide(participant=three[0], to_status="waitlisted", by=chen)
    answer = client.post(address(f"by_hand_{step}", letter.pk), follow=True).content.decode()
    assert "不用" in answer
    assert letter_of(three[0]).state == "cancelled"


def test_a_batch_says_which_kinds_of_letters_are_in_it(client, event, chen):
    lin, zhou = (scenes.an_applicant(event, name, n) for n, name in enumerate(("林知夏", "周子昂")))
    batch, _refused = screening.decide_many(
        event=event, people=[lin.pk], to_status="accepted", by=chen
    )
    screening.decide(participant=zhou, to_status="waitlisted", by=chen)
    Message.objects.of_kind("waitlisted").update(batch=f"screening:{batch.pk}")
    page = client.get(address("messages_batch") + f"?batch=screening:{batch.pk}").content.decode()
    for label in ("通过，请确认", "进入候补"):
        assert re.search(rf"{label} <span class=\"count count-quiet\">1</span>", page)
