"""Chen erases more than one: asked with a typed word, out of sight at once, gone after a day."""

import re
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.urls import reverse

from participants import erase, erasing_many, roster, seats, tasks, waitlist
from participants.access import issue_link
from participants.models import Case, ErasedContact, Participant, SetAside
from participants.tests import scenes
from salon import clock, outbox
from salon.models import AuditEntry, Message
from tests.asked import mark

pytestmark = pytest.mark.django_db
Status = Participant.Status
LIST = "admin:participants_participant_changelist"


@pytest.fixture
def salon():
    return scenes.a_salon(on_site_capacity=3)


@pytest.fixture
def chen(salon):
    return scenes.an_organiser(salon)


@pytest.fixture
def three(salon, chen):
    names = ("林知夏", "周明远", "马小慧")
    return [scenes.confirmed(salon, name, n, by=chen) for n, name in enumerate(names)]


@pytest.fixture
def desk(client, chen):
    client.force_login(chen)
    return client


def press(desk, people, **more):
    url = reverse(LIST)
    given = {"action": "erase", "_selected_action": [person.pk for person in people], **more}
    return desk.post(url, given, follow=True)


def names_in(event):
    return set(Participant.objects.filter(event=event).values_list("name", flat=True)) - {""}


def aside(event, people, by):
    erasing_many.set_aside(event=event, people=[person.pk for person in people], by=by)
    [one] = erasing_many.pending(event)
    return one.at


# ---- asking ------------------------------------------------------------------------------


def test_of_one_it_is_asked_and_then_they_are_gone_for_good(desk, salon, three):
    page = press(desk, three[:1])
    assert "删除林知夏的个人信息？" in page.content.decode()
    assert names_in(salon) == {"林知夏", "周明远", "马小慧"}
    press(desk, three[:1], sure=mark(page))
    assert names_in(salon) == {"周明远", "马小慧"}
    assert Participant.objects.get(pk=three[0].pk).blanked_at


def test_of_many_it_names_count_and_people_and_wants_a_word(desk, salon, three):
    page = press(desk, three)
    said = page.content.decode()
    assert "删除 3 人的个人信息？" in said
    assert all(name in said for name in names_in(salon))
    for wrong in ("", "3", "删", "抹去吧"):
        again = press(desk, three, sure=mark(page), word=wrong)
        assert "和要求的不一样" in again.content.decode()
        assert len(names_in(salon)) == 3
    press(desk, three, sure=mark(page), word=" 抹 去 ")
    assert names_in(salon) == set()
    assert not Participant.objects.exclude(blanked_at=None).exists()


def test_in_english_the_english_word_is_typed(settings, desk, salon, three):
    desk.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    page = press(desk, three)
    assert "3 people" in page.content.decode()
    press(desk, three, sure=mark(page), word="Erase")
    assert names_in(salon) == set()


def test_the_answer_counts_for_the_people_it_was_asked_about(desk, salon, three):
    page = press(desk, three[:2])
    again = press(desk, three, sure=mark(page), word="抹去")
    assert "删除 3 人的个人信息？" in again.content.decode()
    assert len(names_in(salon)) == 3


def test_all_of_a_list_are_counted_not_the_page_of_it(desk, salon, three):
    scenes.applicants(salon, 8, first=20)
    page = press(desk, three[:1], select_across="1")
    assert "删除 11 人的个人信息？" in page.content.decode()


# ---- out of sight ------------------------------------------------------------------------


def test_from_the_press_on_they_are_on_no_list_sheet_or_letter(desk, salon, chen, three):
    aside(salon, three[:2], chen)
    gone = ("林知夏", "周明远")
    pages = [
        reverse(LIST),
        reverse("screening", args=[salon.slug]),
        reverse("messages", args=[salon.slug]),
        reverse("calls", args=[salon.slug]),
        reverse("control", args=[salon.slug]),
        reverse("admin:salon_message_changelist"),
        reverse("admin:index"),
    ]
    for url in pages:
        said = desk.get(url).content.decode()
        assert not any(name in said for name in gone), url
    assert [row.name for row in roster.on_the_list(salon)] == ["马小慧"]
    assert not Message.objects.in_sight().filter(person_id=three[0].pk).exists()


def test_their_seats_stay_taken_and_nobody_moves_up(salon, chen, three):
    wang = scenes.an_applicant(salon, "王候补", 9)
    aside(salon, three, chen)
    taken = sum(
        n
        for (_kind, _online, status), n in seats.count_people(salon).items()
        if status == "confirmed"
    )
    assert taken == 3
    waitlist.expire_due()
    wang.refresh_from_db()
    assert wang.status == Status.WAITLISTED


def test_their_letters_rest_and_go_when_they_are_back(salon, chen, three, travel):
    letters = Message.objects.open().filter(person_id=three[0].pk)
    assert letters.exists()
    at = aside(salon, three[:1], chen)
    travel(clock.now() + timedelta(hours=20))
    outbox.deliver_due()
    letters.update(due_at=clock.now())
    assert not outbox.deliver_due()
    erasing_many.take_back(event=salon, at=at, by=chen)
    assert outbox.deliver_due()


def test_their_own_link_opens_nothing_and_opens_again(client, salon, chen, three):
    url = issue_link(participant=three[0])
    at = aside(salon, three[:1], chen)
    client.get(url)
    assert client.get(reverse("me", args=[salon.slug])).status_code in (302, 401, 403, 404)
    erasing_many.take_back(event=salon, at=at, by=chen)
    client.get(url)
    assert client.get(reverse("me", args=[salon.slug])).status_code == 200


# ---- back, or gone -----------------------------------------------------------------------


def test_taken_back_they_stand_as_they_stood(salon, chen, three):
    before = list(Participant.objects.order_by("pk").values())
    letters = list(Message.objects.order_by("pk").values())
    at = aside(salon, three, chen)
    assert erasing_many.take_back(event=salon, at=at, by=chen) == 3
    after = list(Participant.objects.order_by("pk").values())
    for was, now in zip(before, after, strict=True):
        assert {name for name in was if was[name] != now[name]} <= {"version"}
    assert list(Message.objects.order_by("pk").values()) == letters
    assert not SetAside.objects.exists()
    assert not ErasedContact.objects.exists()


def test_after_a_day_the_sweep_erases_and_passes_the_seats_on(salon, chen, three, travel):
    wang = scenes.an_applicant(salon, "王候补", 9)
    aside(salon, three, chen)
    travel(clock.now() + timedelta(hours=23, minutes=55))
    tasks.erase_set_aside()
    assert SetAside.objects.count() == 3
    travel(clock.now() + timedelta(minutes=10))
    tasks.erase_set_aside()
    assert not SetAside.objects.exists()
    assert Participant.objects.exclude(blanked_at=None).count() == 3
    wang.refresh_from_db()
    assert wang.status == Status.OFFERED
    assert AuditEntry.objects.filter(verb="erase_person").count() == 3


def test_now_asks_and_does_not_wait(desk, salon, chen, three):
    at = aside(salon, three, chen).isoformat()
    url = reverse("erasing_now", args=[salon.slug])
    page = desk.post(url, {"at": at})
    assert SetAside.objects.count() == 3
    desk.post(url, {"at": at, "sure": mark(page)})
    assert not SetAside.objects.exists()
    assert "没有等待删除的人" in desk.get(reverse("erasing", args=[salon.slug])).content.decode()


def test_the_page_says_how_many_until_when_and_takes_back(desk, salon, chen, three):
    aside(salon, three, chen)
    url = reverse("erasing", args=[salon.slug])
    said = desk.get(url).content.decode()
    assert "3 人" in said
    assert "林*夏" in said or "林**" in said or "林" in said
    assert "林知夏" not in said
    at = re.search(r'name="at" value="([^"]+)"', said)[1]
    desk.post(reverse("erasing_take_back", args=[salon.slug]), {"at": at})
    assert names_in(salon) == {"林知夏", "周明远", "马小慧"}
    too_late = desk.post(reverse("erasing_take_back", args=[salon.slug]), {"at": at}, follow=True)
    assert "恢复不了" in too_late.content.decode()


@pytest.mark.parametrize("at", ["", "yesterday", "2026-13-40", "2026-01-01T00:00:00", "9" * 90])
def test_an_hour_that_is_none_is_told_in_a_sentence(desk, salon, at):
    for name in ("erasing_take_back", "erasing_now"):
        answer = desk.post(reverse(name, args=[salon.slug]), {"at": at})
        assert answer.status_code == 400


def test_who_applied_again_meanwhile_stays_and_the_old_one_goes(salon, chen, three):
    at = aside(salon, three, chen)
    again = scenes.an_applicant(salon, "林知夏", 0)
    with pytest.raises(erasing_many.Refused) as refused:
        erasing_many.take_back(event=salon, at=at, by=chen)
    assert refused.value.code == "applied_again"
    assert names_in(salon) == {"林知夏", "周明远", "马小慧"}
    assert Participant.objects.present().filter(name="林知夏").get() == again
    assert not Case.objects.exists()


def test_who_asks_meanwhile_to_be_erased_is_found_by_their_contact(salon, chen, three):
    aside(salon, three, chen)
    call_command("erase_person", "13800000000")
    assert SetAside.objects.count() == 2
    assert Participant.objects.exclude(blanked_at=None).get().pk == three[0].pk
    call_command("erase_person", str(three[1].pk))
    assert SetAside.objects.count() == 1


def test_a_person_erases_themselves_at_once(client, salon, three):
    client.get(issue_link(participant=three[0]))
    client.post(reverse("me_erase", args=[salon.slug]), {"sure": "yes"})
    assert Participant.objects.get(pk=three[0].pk).blanked_at


def test_what_others_are_told_of_somebody_set_aside_is_struck_when_they_go(salon, chen, three):
    """周明远 is erased for good while 林知夏, whose words mention him, is set aside."""
    lin, zhou, _ma = three
    Participant.objects.filter(pk=lin.pk).update(expectation="和周明远聊聊")
    at = aside(salon, [lin], chen)
    erase.erase_person(participant=zhou, by=None)
    erasing_many.take_back(event=salon, at=at, by=chen)
    lin.refresh_from_db()
    assert lin.expectation == "和×聊聊"
