"""The pain wall: whoever has a pain says so, and everybody answers below it."""

import io
import threading

import openpyxl
import pytest
from django.db import connection, transaction
from django.urls import reverse

from salon.errors import Refused
from tests.unguarded import without
from workshops import pains
from workshops.models import PainCard, Solution, SolutionLike
from workshops.tests import scenes
from workshops.tests.scenes import new_id

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


def a_card(person, text="新人进群三天就不说话了"):
    return pains.post_pain(person=person, text=text, client_id=new_id())


def a_solution(person, card, text="进群当天让老成员点名欢迎"):
    return pains.post_solution(person=person, card=card, text=text, client_id=new_id())


def test_lin_posts_a_pain_and_zhou_on_the_stream_answers_below_it(salon, lin, zhou):
    card = a_card(lin)
    a_solution(zhou, card)

    wall = pains.pain_wall(salon)

    assert [(c.text, [s.text for s in c.shown]) for c in wall.cards] == [
        ("新人进群三天就不说话了", ["进群当天让老成员点名欢迎"])
    ]
    assert card.topic == "new_user_activation"
    assert wall.solutions == 1


def test_the_same_press_sent_twice_is_one_card(lin):
    press = new_id()
    first = pains.post_pain(person=lin, text="没人打卡", client_id=press)
    again = pains.post_pain(person=lin, text="没人打卡", client_id=press)
    assert first == again
    assert PainCard.objects.count() == 1


def test_nobody_gets_somebody_elses_card_by_its_number(lin, zhou):
    press = new_id()
    pains.post_pain(person=lin, text="没人打卡", client_id=press)
    with pytest.raises(Refused) as refused:
        pains.post_pain(person=zhou, text="我也来", client_id=press)
    assert refused.value.code == "foreign"


@pytest.mark.parametrize(
    ("text", "code"), [("", "empty"), (" \u200b\x00 ", "empty"), ("痛" * 201, "too_long")]
)
def test_an_empty_or_endless_pain_is_refused_with_a_sentence(lin, text, code):
    with pytest.raises(Refused) as refused:
        a_card(lin, text)
    assert refused.value.code == code
    assert PainCard.objects.count() == 0


def test_only_confirmed_people_write(salon):
    waiting = scenes.person(salon, "秦念真", came=False)
    waiting.status = "waitlisted"
    with pytest.raises(Refused) as refused:
        a_card(waiting)
    assert refused.value.code == "not_taking_part"


def test_nobody_floods_the_wall(lin):
    for number in range(20):
        a_card(lin, f"痛点 {number}")
    with pytest.raises(Refused) as refused:
        a_card(lin, "第二十一张")
    assert refused.value.status == 429


def test_a_second_tap_likes_nothing_twice(lin, zhou):
    solution = a_solution(zhou, a_card(lin))
    assert pains.like(person=lin, solution=solution) == 1
    assert pains.like(person=lin, solution=solution) == 1
    assert pains.unlike(person=lin, solution=solution) == 0


def test_good_ones_come_first_then_the_liked(salon, lin, zhou):
    card = a_card(lin)
    plain, liked, good = (a_solution(zhou, card, text) for text in ("甲", "乙", "丙"))
    pains.like(person=lin, solution=liked)
    pains.feature(solution=good, by=scenes.host(salon))
    assert [s.pk for s in pains.pain_wall(salon).cards[0].shown] == [good.pk, liked.pk, plain.pk]


def test_the_liveliest_card_hangs_first(salon, lin, zhou):
    a_card(lin, "安静的一张")
    loud = a_card(lin, "热闹的一张")
    a_solution(zhou, loud)
    assert [c.text for c in pains.pain_wall(salon).cards] == ["热闹的一张", "安静的一张"]


# --- same pains hung together -----------------------------------------------------------------


def test_same_pains_hang_as_one_with_all_their_solutions(salon, lin, zhou):
    first, second, third = (a_card(lin, text) for text in ("没人说话", "大家都潜水", "群里很冷"))
    a_solution(zhou, second, "破冰")
    pains.merge(event=salon, kept=first, cards=[first, second, third], by=scenes.host(salon))

    (card,) = pains.pain_wall(salon).cards

    assert (card.pk, card.under, [s.text for s in card.shown]) == (
        first.pk,
        [second, third],
        ["破冰"],
    )


def test_a_wall_counts_people_who_have_the_pain_and_not_their_cards(salon, lin, zhou):
    first, second = (a_card(lin, text) for text in ("没人说话", "大家都潜水"))
    host = scenes.host(salon)
    pains.merge(event=salon, kept=first, cards=[second], by=host)
    assert pains.pain_wall(salon).cards[0].same == 1
    nobodys = [PainCard.objects.create(event=salon, text=f"群里很冷 {n}") for n in (1, 2)]
    pains.merge(event=salon, kept=first, cards=[a_card(zhou, "冷场"), *nobodys], by=host)
    assert pains.pain_wall(salon).cards[0].same == 4


def test_undo_takes_exactly_the_last_merge_apart(salon, lin):
    host = scenes.host(salon)
    first, second, third = (a_card(lin, text) for text in ("甲", "乙", "丙"))
    pains.merge(event=salon, kept=second, cards=[third], by=host)
    pains.merge(event=salon, kept=first, cards=[second], by=host)
    assert len(pains.pain_wall(salon).cards) == 1

    pains.undo_merge(event=salon, by=host)

    hanging = {c.text: [each.text for each in c.under] for c in pains.pain_wall(salon).cards}
    assert hanging == {"甲": [], "乙": ["丙"]}
    pains.undo_merge(event=salon, by=host)
    assert {c.text for c in pains.pain_wall(salon).cards} == {"甲", "乙", "丙"}
    with pytest.raises(Refused):
        pains.undo_merge(event=salon, by=host)


def test_an_answer_to_a_merged_card_shows_below_the_one_that_stays(salon, lin, zhou):
    first, second = a_card(lin, "甲"), a_card(lin, "乙")
    pains.merge(event=salon, kept=first, cards=[second], by=scenes.host(salon))
    a_solution(zhou, PainCard.objects.get(pk=second.pk), "办法")
    assert [s.text for s in pains.pain_wall(salon).cards[0].shown] == ["办法"]


def test_a_hidden_card_is_off_the_wall_and_comes_back(salon, lin, zhou):
    host, card = scenes.host(salon), a_card(lin)
    a_solution(zhou, card)
    pains.hide(event=salon, row=card, by=host)
    wall = pains.pain_wall(salon)
    assert (wall.cards, wall.solutions) == ([], 0)
    pains.hide(event=salon, row=card, by=host, hidden=False)
    assert pains.pain_wall(salon).solutions == 1


def test_under_a_hidden_card_nothing_hangs_and_nothing_is_answered(salon, lin, zhou):
    host = scenes.host(salon)
    first, second = a_card(lin, "甲"), a_card(lin, "乙")
    solution = a_solution(zhou, second)
    pains.merge(event=salon, kept=first, cards=[second], by=host)
    pains.hide(event=salon, row=first, by=host)
    assert (pains.pain_wall(salon).solutions, pains.shown_solutions(salon).count()) == (0, 0)
    assert scenes.why_not(pains.card_of, event=salon, pk=second.pk) == "gone"
    assert scenes.why_not(pains.solution_of, event=salon, pk=solution.pk) == "gone"
    pains.hide(event=salon, row=first, by=host, hidden=False)
    assert (pains.pain_wall(salon).solutions, pains.shown_solutions(salon).count()) == (1, 1)


# --- faces ------------------------------------------------------------------------------------


def test_posting_from_a_phone_without_scripts(client, salon, lin):
    phone = scenes.phone_of(client, lin)
    page = phone.get(reverse("me_pains", args=[salon.slug]))
    press = str(page.context["form_id"])
    for _twice in range(2):
        answer = phone.post(
            reverse("me_pains", args=[salon.slug]), {"client_id": press, "text": "没人打卡"}
        )
        assert answer.status_code == 302
    card = PainCard.objects.get()
    phone.post(
        reverse("me_solve", args=[salon.slug, card.pk]),
        {"client_id": str(new_id()), "text": "每周换一个打卡题"},
    )
    solution = Solution.objects.get()
    phone.post(reverse("me_like", args=[salon.slug, solution.pk]))
    assert solution.likes.count() == 1
    assert "每周换一个打卡题" in phone.get(reverse("me_pains", args=[salon.slug])).text


def test_a_refused_post_keeps_what_was_typed(client, salon, lin):
    phone = scenes.phone_of(client, lin)
    long = "长" * 201
    answer = phone.post(
        reverse("me_pains", args=[salon.slug]), {"client_id": str(new_id()), "text": long}
    )
    assert answer.status_code == 400
    assert long in answer.text
    assert "最多 200 个字" in answer.text


def test_the_wall_is_for_the_house_and_shows_text_as_text(client, salon, lin):
    a_card(lin, "<script>alert(1)</script>")
    url = reverse("wall_pains", args=[salon.slug])
    assert client.get(url).status_code == 403
    page = scenes.phone_of(client, lin).get(url)
    assert "&lt;script&gt;" in page.text
    assert "<script>alert" not in page.text


def test_the_phone_page_costs_the_same_for_many_cards(
    client, salon, lin, zhou, django_assert_max_num_queries
):
    phone = scenes.phone_of(client, lin)
    for number in range(15):
        a_solution(zhou, a_card(lin, f"痛点 {number}"))
    with django_assert_max_num_queries(6):
        phone.get(reverse("me_pains", args=[salon.slug]))


def test_a_phone_shows_ones_own_and_the_liveliest_first_and_all_on_request(
    client, salon, lin, zhou
):
    PainCard.objects.bulk_create(
        PainCard(event=salon, participant=zhou, text=f"痛点 {n}", client_id=new_id())
        for n in range(60)
    )
    a_card(lin, "林知夏自己的")
    phone = scenes.phone_of(client, lin)
    url = reverse("me_pains", args=[salon.slug])
    page = phone.get(url)
    assert page.context["cards"][0].text == "林知夏自己的"
    assert "还有 21 张" in page.text
    assert len(phone.get(url + "?all").context["cards"]) == 61


def test_the_host_merges_features_and_hides_on_a_phone(client, salon, lin, zhou):
    client.force_login(scenes.host(salon))
    first, second = a_card(lin, "甲"), a_card(lin, "乙")
    solution = a_solution(zhou, first)
    url = reverse("pains_press", args=[salon.slug])
    client.post(url, {"act": "merge", "card": [first.pk, second.pk]})
    client.post(url, {"act": "feature", "pk": solution.pk})
    page = client.get(reverse("pains_host", args=[salon.slug]))
    assert "2 张合并" in page.text
    client.post(url, {"act": "undo"})
    client.post(url, {"act": "hide_card", "pk": second.pk})
    wall = pains.pain_wall(salon)
    assert [(c.text, c.featured) for c in wall.cards] == [("甲", True)]


def test_of_a_full_wall_the_host_looks_for_what_belongs_together(client, salon, lin, zhou):
    PainCard.objects.bulk_create(
        PainCard(event=salon, participant=zhou, text=f"没人打卡 {n}", topic="new_user_activation")
        for n in range(283)
    )
    quiet, cold = a_card(lin, "群里太冷清"), a_card(zhou, "大家都潜水")
    solution = a_solution(zhou, cold, "每天一个冷笑话")
    client.force_login(scenes.host(salon))
    url, press = (reverse(name, args=[salon.slug]) for name in ("pains_host", "pains_press"))
    page = client.get(url)
    assert (len(page.context["cards"]), page.context["more"]) == (40, 245)
    assert len(client.get(url, {"all": 1}).context["cards"]) == 285

    def found(**asked):
        return [card.pk for card in client.get(url, asked).context["cards"]]

    assert found(q="冷") == [cold.pk, quiet.pk], "in a solution, too"
    assert quiet.pk not in found(topic="new_user_activation", all=1)
    assert found(q="没有的字") == []
    assert found(q="潜水", card=[quiet.pk]) == [quiet.pk, cold.pk], "what was ticked stays on top"
    answer = client.post(press, {"act": "merge", "card": [quiet.pk, cold.pk], "q": "潜水"})
    assert answer.url == url + "?q=%E6%BD%9C%E6%B0%B4&topic="
    page = client.get(answer.url)
    assert [card.pk for card in page.context["cards"]] == [quiet.pk], "found by what hangs below"
    assert "2 张合并" in page.text
    answer = client.post(press, {"act": "feature", "pk": solution.pk, "q": "潜水"})
    assert "q=" in answer.url


def test_the_hosts_page_costs_the_same_for_many_cards(
    client, salon, lin, zhou, django_assert_max_num_queries
):
    for number in range(15):
        a_solution(zhou, a_card(lin, f"痛点 {number}"))
    client.force_login(scenes.host(salon))
    with django_assert_max_num_queries(12):
        client.get(reverse("pains_host", args=[salon.slug]))


@pytest.mark.parametrize("odd", ["²", "一", "-1", "9" * 30, ""])
def test_a_card_that_is_no_number_is_told_in_a_sentence(client, salon, lin, odd):
    client.force_login(scenes.host(salon))
    form = {"act": "merge", "card": [a_card(lin).pk, odd]}
    answer = client.post(reverse("pains_press", args=[salon.slug]), form, follow=True)
    assert (answer.status_code, "没看懂这次操作" in answer.text) == (200, True)


def test_the_spreadsheet_holds_cards_and_solutions(client, salon, lin, zhou):
    card = a_card(lin, "=1+1")
    pains.like(person=lin, solution=a_solution(zhou, card))
    client.force_login(scenes.an_organiser(salon))
    answer = client.get(reverse("pains_export", args=[salon.slug]))
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    cards, solutions = (list(sheet.values) for sheet in book)
    assert cards[1][1] == "=1+1"
    assert book.worksheets[0]["B2"].data_type == "s"
    assert solutions[1][2:6] == ("进群当天让老成员点名欢迎", "周明远", "是", 1)


# --- twenty at once ---------------------------------------------------------------------------


def at_once(*acts):
    """Run the acts in threads that start together; what each raised or None."""
    gate, raised = threading.Barrier(len(acts)), [None] * len(acts)

    def run(number, act):
        gate.wait()
        try:
            act()
        except Exception as error:
            raised[number] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_twenty_taps_at_once_are_one_like():
    salon = scenes.a_salon()
    lin = scenes.person(salon, "林知夏")
    solution = a_solution(lin, a_card(lin))
    raised = at_once(*[lambda: pains.like(person=lin, solution=solution)] * 20)
    assert raised == [None] * 20
    assert SolutionLike.objects.count() == 1


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_twenty_taps_at_once_are_more_when_one_only_looks_before():
    """The unlocked twin: looking and then writing, without the unique constraint."""
    salon = scenes.a_salon()
    lin = scenes.person(salon, "林知夏")
    solution = a_solution(lin, a_card(lin))
    looked = threading.Barrier(2)

    def look_then_like():
        with transaction.atomic():
            seen = SolutionLike.objects.filter(solution=solution, participant=lin).exists()
            looked.wait()
            if not seen:
                SolutionLike.objects.create(solution=solution, participant=lin)

    with without("one_like_per_person"):
        at_once(look_then_like, look_then_like)
        assert SolutionLike.objects.count() == 2


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_one_press_sent_twenty_times_at_once_is_one_card():
    lin = scenes.person(scenes.a_salon(), "林知夏")
    press = new_id()
    act = lambda: pains.post_pain(person=lin, text="没人打卡", client_id=press)  # noqa: E731
    assert at_once(*[act] * 20) == [None] * 20
    assert PainCard.objects.count() == 1
