"""Who may contribute: whoever confirmed prepares, those who came are counted."""

import pytest
from django.test import Client
from django.urls import reverse

from events import announcing, gate
from participants.models import CheckIn, Participant
from salon import clock
from salon.errors import Refused
from workshops import exchange, groups, icebreaker, judging, pains, questions
from workshops.models import QuestionVote, SolutionLike, VoteTicket
from workshops.tests import scenes
from workshops.tests.scenes import new_id, why_not

pytestmark = pytest.mark.django_db


@pytest.fixture
def salon():
    return scenes.a_salon()


@pytest.fixture
def wall(salon):
    """A solution and a question of somebody who came."""
    lin = scenes.person(salon)
    card = pains.post_pain(person=lin, text="新人不说话", client_id=new_id())
    solution = pains.post_solution(person=lin, card=card, text="点名欢迎", client_id=new_id())
    question = questions.send(person=lin, kind="question", text="怎么定目标？", client_id=new_id())
    questions.show(question=question, by=None)
    question.refresh_from_db()
    return solution, question


def test_who_confirmed_prepares_from_home(salon, wall):
    solution, _question = wall
    cao = scenes.person(salon, "曹砚秋", came=False)
    pains.post_pain(person=cao, text="预算太少", client_id=new_id())
    pains.post_solution(person=cao, card=solution.card, text="先约一对一", client_id=new_id())
    questions.send(person=cao, kind="question", text="有录像吗？", client_id=new_id())
    exchange.save_listing(person=cao, table=salon.theme_tables.first(), offer="场地", need="")


# --- the answer was lost, and something was added before it was sent again --------------------


def sends_a_pain(lin, text, press):
    return pains.post_pain(person=lin, text=text, client_id=press)


def sends_a_solution(lin, text, press):
    card = lin.event.pain_cards.first()
    return pains.post_solution(person=lin, card=card, text=text, client_id=press)


def sends_a_question(lin, text, press):
    return questions.send(person=lin, kind="question", text=text, client_id=press)


def somebody_answers(card, gu):
    pains.post_solution(person=gu, card=card, text="先约一对一", client_id=new_id())


def somebody_likes_it(solution, gu):
    pains.like(person=gu, solution=solution)


def somebody_upvotes(question, gu):
    questions.show(question=question, by=None)
    question.refresh_from_db()
    questions.upvote(person=gu, question=question)


SENT = [
    (sends_a_pain, somebody_answers),
    (sends_a_solution, somebody_likes_it),
    (sends_a_question, somebody_upvotes),
]


@pytest.mark.parametrize(("sends", "_responds"), SENT)
def test_what_lin_added_after_a_lost_answer_is_in_the_row_and_there_is_one(
    salon, wall, sends, _responds
):
    lin, press = scenes.person(salon, "林知夏"), new_id()
    first = sends(lin, "没人打卡", press)
    again = sends(lin, "没人打卡，奖品也不灵", press)
    assert again == first
    again.refresh_from_db()
    assert again.text == "没人打卡，奖品也不灵"
    assert type(again).objects.filter(participant=lin).count() == 1


@pytest.mark.parametrize(("sends", "responds"), SENT)
def test_what_somebody_has_responded_to_says_what_they_read(salon, wall, sends, responds):
    lin, gu = scenes.person(salon, "林知夏"), scenes.person(salon, "顾言")
    press = new_id()
    row = sends(lin, "没人打卡", press)
    responds(row, gu)
    with pytest.raises(Refused, match="再发一次会成为新的一条") as refused:
        sends(lin, "没人打卡，奖品也不灵", press)
    assert (refused.value.code, refused.value.status) == ("answered", 422)
    row.refresh_from_db()
    assert row.text == "没人打卡"
    assert sends(lin, "没人打卡", press) == row, "the same words are still the same press"


def test_words_added_to_a_question_are_looked_at_like_any(salon):
    questions.switch_moderation(event=salon, mode="after", by=None)
    gate.set_words(event=salon, text="加微信", by=None)
    lin, press = scenes.person(salon, "林知夏"), new_id()
    lin.event.refresh_from_db()
    assert sends_a_question(lin, "怎么定目标？", press).gate == "shown"
    assert sends_a_question(lin, "怎么定目标？加微信聊", press).gate == "waiting"


def test_without_scripts_the_page_comes_back_with_the_words_and_a_new_number(client, salon, wall):
    lin, press = scenes.person(salon, "林知夏"), new_id()
    somebody_answers(sends_a_pain(lin, "没人打卡", press), scenes.person(salon, "顾言"))
    phone, url = scenes.phone_of(client, lin), reverse("me_pains", args=[salon.slug])
    added = {"text": "没人打卡，奖品也不灵", "client_id": press}
    page = phone.post(url, added)
    assert (page.status_code, "没人打卡，奖品也不灵" in page.text) == (422, True)
    assert str(press) not in page.text


def test_who_never_came_is_not_counted_and_is_told_what_to_do(salon, wall):
    solution, question = wall
    cao = scenes.person(salon, "曹砚秋", came=False)
    for act, given in (
        (pains.like, {"solution": solution}),
        (questions.upvote, {"question": question}),
        (questions.send, {"kind": "danmaku", "text": "来了", "client_id": new_id()}),
        (icebreaker.finish, {"text": "先打招呼"}),
    ):
        with pytest.raises(Refused, match="先到签到台签到") as refused:
            act(person=cao, **given)
        assert (refused.value.code, refused.value.status) == ("not_here", 403)
    assert not SolutionLike.objects.exists()
    assert not QuestionVote.objects.exists()


def test_on_the_stream_taking_part_is_coming(salon, wall):
    solution, question = wall
    hua = scenes.person(salon, "华念慈", online=True)
    assert pains.like(person=hua, solution=solution) == 1
    assert questions.upvote(person=hua, question=question) == 1
    questions.send(person=hua, kind="danmaku", text="线上也在", client_id=new_id())


def test_who_never_came_has_no_vote_until_checked_in(client, salon):
    _room, (first, _second) = scenes.two_groups(salon)
    groups.publish(event=salon, by=None)
    for kind in (scenes.DESIGN, scenes.VOTE):
        scenes.start(salon, kind)
    cao = scenes.person(salon, "曹砚秋", came=False)
    award = salon.awards.first()
    assert why_not(judging.vote, person=cao, award=award, group=first) == "not_here"
    phone = scenes.phone_of(client, cao)
    page = phone.get(reverse("me_vote", args=[salon.slug]))
    assert "您还没有签到。先到签到台签到，再回到这一页投票。" in page.text
    assert "投这一票" not in page.text
    ballot = {"award": award.pk, "group": first.pk}
    refused = phone.post(reverse("me_vote", args=[salon.slug]), ballot)
    assert refused.status_code == 403
    assert "先到签到台签到" in refused.text
    assert not VoteTicket.objects.exists()

    now = clock.now()
    came = CheckIn.objects.create(
        event=salon, participant=cao, method="code", at=now, received_at=now
    )
    assert "投这一票" in phone.get(reverse("me_vote", args=[salon.slug])).text
    came.voided_at, came.void_reason = now, "认错人"
    came.save(update_fields=["voided_at", "void_reason"])
    assert why_not(judging.vote, person=cao, award=award, group=first) == "not_here"
    CheckIn.objects.create(event=salon, participant=cao, method="code", at=now, received_at=now)
    judging.vote(person=cao, award=award, group=first)
    assert VoteTicket.objects.get().participant == cao


def test_the_phone_shows_who_has_not_come_what_can_be_done_already(client, salon, wall):
    cao = scenes.person(salon, "曹砚秋", came=False)
    phone = scenes.phone_of(client, cao)
    page = phone.get(reverse("me_pains", args=[salon.slug])).text
    assert "可以先贴痛点、提问、写供需" in page
    assert "贴上墙" in page
    assert 'name="on"' not in page, "no button that would be refused"
    page = phone.get(reverse("me_questions", args=[salon.slug])).text
    assert 'value="question"' in page
    assert 'value="danmaku"' not in page
    Participant.objects.filter(pk=cao.pk).update(online=True)
    assert 'value="danmaku"' in phone.get(reverse("me_questions", args=[salon.slug])).text


def test_of_a_salon_called_off_no_phone_is_asked_to_confirm(salon):
    cao, lin = scenes.person(salon, "曹砚秋", came=False), scenes.person(salon, "林知夏")
    announcing.call_off(event=salon, by=None)
    for who, status in ((cao, 403), (lin, 200)):  # who came may read what was written
        phone = scenes.phone_of(Client(), who)
        for name in ("me_pains", "me_questions", "me_exchange", "me_group", "me_vote"):
            page = phone.get(reverse(name, args=[salon.slug]))
            assert page.status_code == status
            assert "本场活动已取消" in page.text
            assert "确认后" not in page.text
