"""Questions and danmaku: nothing disguised goes up unseen, everything good comes on stage."""

import pytest
from django.test import Client
from django.urls import reverse

from events import gate
from events.models import Event
from salon import clock
from salon.errors import Refused
from workshops import questions, walls
from workshops.models import Question, QuestionVote
from workshops.tests import scenes
from workshops.tests.scenes import new_id
from workshops.tests.test_pains import at_once

# --- sending ----------------------------------------------------------------------------------

pytestmark = pytest.mark.django_db


@pytest.fixture
def salon():
    return scenes.a_salon()


@pytest.fixture
def lin(salon):
    return scenes.person(salon, "林知夏")


@pytest.fixture
def zhou(salon):
    return scenes.person(salon, "周明远", online=True)


def send(person, text="数据怎么跟？", kind="question"):
    return questions.send(person=person, kind=kind, text=text, client_id=new_id())


def after(salon):
    questions.switch_moderation(event=salon, mode=Event.Moderation.AFTER, by=None)


def test_before_the_host_has_looked_nobody_sees_it(salon, lin):
    question = send(lin)
    assert not questions.asked(salon)
    assert [row.pk for row in questions.own(lin)] == [question.pk]
    questions.show(question=question, by=scenes.host(salon))
    assert [row.text for row in questions.asked(salon)] == ["数据怎么跟？"]


def test_looked_at_afterwards_it_flies_at_once_unless_it_says_a_word(salon, lin, zhou):
    after(salon)
    zhou.event.refresh_from_db()
    lin.event = zhou.event
    send(zhou, "冲冲冲", "danmaku")
    send(lin, "加 薇 信领资料", "danmaku")
    assert [row.text for row in questions.flying(salon)] == ["冲冲冲"]
    (kept,) = questions.waiting(salon)
    assert kept.gate_word == "加微信"


def test_online_people_are_counted_as_online(salon, zhou, lin):
    send(zhou)
    send(lin)
    assert questions.counts(salon)["online"] == 1


def test_the_same_press_twice_is_one_question(lin):
    press = new_id()
    for _twice in range(2):
        questions.send(person=lin, kind="question", text="怎么破冰？", client_id=press)
    assert Question.objects.count() == 1


def test_danmaku_is_short_and_paced(lin):
    with pytest.raises(Refused) as refused:
        send(lin, "长" * 41, "danmaku")
    assert refused.value.code == "too_long"
    for number in range(10):
        send(lin, f"第 {number} 条", "danmaku")
    with pytest.raises(Refused) as refused:
        send(lin, "第十一条", "danmaku")
    assert refused.value.code == "too_often"


def test_the_most_wanted_comes_first_pinned_ones_before_answered_ones_last(salon, lin, zhou):
    host = scenes.host(salon)
    wanted, pinned, answered, plain = (send(lin, text) for text in ("甲", "乙", "丙", "丁"))
    for row in (wanted, pinned, answered, plain):
        questions.show(question=row, by=host)
        row.refresh_from_db()
    questions.upvote(person=zhou, question=wanted)
    questions.upvote(person=zhou, question=wanted)
    questions.pin(question=pinned, by=host)
    questions.answered(question=answered, by=host)
    assert [row.text for row in questions.asked(salon)] == ["乙", "甲", "丁", "丙"]
    assert QuestionVote.objects.count() == 1


def test_one_question_is_on_stage_and_leaves_it_answered(salon, lin):
    host = scenes.host(salon)
    first, second = send(lin, "甲"), send(lin, "乙")
    questions.pick(question=first, by=host)
    questions.pick(question=second, by=host)
    assert questions.picked(salon).text == "乙"
    questions.answered(question=second, by=host)
    assert questions.picked(salon) is None


def test_nobody_upvotes_what_is_not_shown_or_not_here(salon, lin):
    hidden = send(lin)
    with pytest.raises(Refused):
        questions.upvote(person=lin, question=hidden)
    stranger = scenes.person(scenes.a_salon("autumn"), "外场的何俊杰")
    questions.show(question=hidden, by=None)
    hidden.refresh_from_db()
    with pytest.raises(Refused):
        questions.upvote(person=stranger, question=hidden)


# --- faces ------------------------------------------------------------------------------------


def test_from_the_phone_through_the_queue_to_the_projector(client, salon, lin):
    phone = scenes.phone_of(client, lin)
    url = reverse("me_questions", args=[salon.slug])
    form = {"client_id": str(new_id()), "kind": "question", "text": "<b>怎么跟数据？</b>"}
    assert phone.post(url, form).status_code == 302
    assert "等主持人看" in phone.get(url).text
    question = Question.objects.get()
    client.force_login(scenes.host(salon))
    press = reverse("questions_press", args=[salon.slug])
    assert "&lt;b&gt;" in client.get(reverse("questions_host", args=[salon.slug])).text
    client.post(press, {"act": "pick", "pk": question.pk})
    wall = client.get(reverse("wall_danmaku", args=[salon.slug])).text
    assert "请嘉宾回答" in wall
    assert "&lt;b&gt;怎么跟数据？&lt;/b&gt;" in wall
    client.post(press, {"act": "answered", "pk": question.pk})
    client.post(press, {"act": "answered", "pk": question.pk, "on": "0"})
    client.post(press, {"act": "moderation", "mode": "after"})
    salon.refresh_from_db()
    assert questions.moderation(salon) == "after"


def test_what_is_hidden_by_a_slip_of_the_thumb_is_put_back_up(client, salon, lin):
    question = send(lin)
    client.force_login(scenes.host(salon))
    press = reverse("questions_press", args=[salon.slug])
    client.post(press, {"act": "hide", "pk": question.pk})
    page = client.get(reverse("questions_host", args=[salon.slug]))
    assert [row.pk for row in page.context["hidden"]] == [question.pk]
    client.post(press, {"act": "show", "pk": question.pk})
    assert [row.pk for row in questions.asked(salon)] == [question.pk]
    assert questions.hidden(salon) == []


def test_the_host_takes_a_danmaku_off_that_nobody_had_looked_at(client, salon, lin):
    after(salon)
    lin.event.refresh_from_db()
    rude, kind = send(lin, "讲得真烂", "danmaku"), send(lin, "冲冲冲", "danmaku")
    client.force_login(scenes.host(salon))
    page = client.get(reverse("questions_host", args=[salon.slug]))
    assert [row.text for row in page.context["flying"]] == ["冲冲冲", "讲得真烂"]
    client.post(reverse("questions_press", args=[salon.slug]), {"act": "hide", "pk": rude.pk})
    assert [row.pk for row in questions.flying(salon)] == [kind.pk]
    wall = walls.danmaku(salon.slug)
    assert "讲得真烂" not in wall
    assert f'data-off value="d{rude.pk} "' in wall, "a line under way vanishes"


def test_all_at_once_puts_up_what_the_host_saw_and_nothing_that_came_since(client, salon, lin):
    seen = [send(lin, text) for text in ("预算多少？", "怎么拉新？", "加微信领资料")]
    gate.set_words(event=salon, text="加微信", by=None)
    client.force_login(scenes.host(salon))
    page = client.get(reverse("questions_host", args=[salon.slug])).text
    for row in seen:
        assert f'name="pk" value="{row.pk}"' in page
    send(lin, "这时才来的")
    form = {"act": "show_seen", "pk": [row.pk for row in seen]}
    client.post(reverse("questions_press", args=[salon.slug]), form)
    assert {row.text for row in questions.asked(salon)} == {"预算多少？", "怎么拉新？"}
    assert [row.text for row in questions.waiting(salon)] == ["加微信领资料", "这时才来的"]


def test_the_danmaku_fragment_holds_the_youngest(salon, lin):
    after(salon)
    lin.event.refresh_from_db()
    send(lin, "冲冲冲", "danmaku")
    assert ">冲冲冲</q>" in walls.danmaku(salon.slug)


def test_the_queue_costs_the_same_for_many(client, salon, lin, django_assert_max_num_queries):
    Question.objects.bulk_create(
        Question(event=salon, participant=lin, kind="question", text=f"问 {n}", client_id=new_id())
        for n in range(60)
    )
    client.force_login(scenes.host(salon))
    with django_assert_max_num_queries(10):
        client.get(reverse("questions_host", args=[salon.slug]))


def many(salon, lin, number, **fields):
    now = clock.now()
    Question.objects.bulk_create(
        [
            Question(
                event=salon,
                participant=lin,
                kind="question",
                text=f"{n}，{'怎么让群里的人愿意先开口说话' * 3}？",
                client_id=new_id(),
                gate_at=now,
                **fields,
            )
            for n in range(number)
        ],
        batch_size=5000,
    )


def test_of_twenty_thousand_questions_a_page_is_sent_and_the_rest_by_the_page(client, salon, lin):
    """Over the one network of a full hall: what a phone and the host's laptop read stays small."""
    many(salon, lin, 20_000, gate="shown")
    many(salon, lin, 500, gate="waiting")
    many(salon, lin, 500, gate="hidden")
    phone, laptop = scenes.phone_of(client, lin), Client()
    laptop.force_login(scenes.host(salon))
    for browser, name in (
        *((phone, name) for name in ("me_questions", "me_questions_list")),
        *((laptop, name) for name in ("questions_host", "questions_queue")),
    ):
        page = browser.get(reverse(name, args=[salon.slug]))
        assert len(page.content) <= 300_000, name
        assert "1 / 200" in page.text
    last = phone.get(reverse("me_questions", args=[salon.slug]), {"page": "200"}).text
    assert "19999，" in last
    assert f'{reverse("me_questions_list", args=[salon.slug])}?page=200"' in last
    waiting = laptop.get(reverse("questions_queue", args=[salon.slug])).text
    assert '<span class="count">500</span>' in waiting
    assert "这 60 条上墙" in waiting


def test_a_page_that_is_not_there_is_the_nearest_one(client, salon, lin):
    many(salon, lin, 101, gate="shown")
    phone = scenes.phone_of(client, lin)
    for asked, told in (("0", "2 / 2"), ("999", "2 / 2"), ("x", "1 / 2"), ("2", "2 / 2")):
        page = phone.get(reverse("me_questions", args=[salon.slug]), {"page": asked})
        assert told in page.text, asked


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_two_hosts_who_pick_at_once_leave_one_on_stage():
    salon = scenes.a_salon()
    lin = scenes.person(salon, "林知夏")
    rows = [send(lin, f"问 {n}") for n in range(4)]
    acts = [lambda row=row: questions.pick(question=row, by=None) for row in rows]
    assert at_once(*acts) == [None] * 4
    assert Question.objects.filter(picked_at__isnull=False).count() == 1
