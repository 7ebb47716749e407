"""A personal link has a life: it goes a way, is switched off, made new, given back, grows old."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from participants import applications, contacts, keys, letters
from participants.access import issue_link
from participants.models import Participant, PersonalLink
from participants.tests import scenes
from participants.tests.pages import address, as_it_stands, as_person
from salon import clock
from salon.channels import NotDelivered
from salon.errors import Refused
from salon.models import AuditEntry, Message

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


# ---- made new ----------------------------------------------------------------------------


def page_text(answer):
    return answer.content.decode()


def test_a_new_key_switches_off_all_others_and_keeps_the_browser_that_asked(client, lin):
    old = issue_link(participant=lin, message=letter_to(lin))
    elsewhere = as_person(Client(), lin)
    client.get(old)
    assert "以前的链接都停用了" in page_text(client.post(address("me_key_renew"), follow=True))
    assert client.get(address("me")).status_code == 200
    assert elsewhere.get(address("me")).status_code == 403
    assert Client().get(old).status_code == 404
    # Whoever had the key of the letter has the new one: it dies with the address as that would.
    new = PersonalLink.objects.living().get(participant=lin)
    assert (new.channel, new.message_id) == ("email", letter_to(lin).pk)
    assert AuditEntry.objects.filter(verb="renew_link", actor=f"participant:{lin.pk}").count() == 1


def test_what_was_switched_off_says_so_and_leads_to_a_new_one(client, lin):
    link = issue_link(participant=lin)
    opened = as_person(Client(), lin)
    keys.revoke_links(participant=lin)
    for answer, status in ((client.get(link), 404), (opened.get(address("me")), 403)):
        assert answer.status_code == status
        assert "这个链接已经停用" in page_text(answer)
        assert address("apply") in page_text(answer)
        assert "林知夏" not in page_text(answer)
    assert client.get("/l/never-was").status_code == 404


def test_the_second_of_two_presses_at_once_does_not_switch_off_what_the_first_gave(lin):
    lin.link = keys.link_at(issue_link(participant=lin))
    given = keys.renew_link(participant=lin, by=lin)
    with pytest.raises(Refused) as refused:
        keys.renew_link(participant=lin, by=lin)
    assert refused.value.code == "link_switched_off"
    assert keys.link_at(given).participant == lin


def test_an_organiser_makes_a_new_key_to_pass_on(client, event, lin):
    phone = as_person(Client(), lin)
    chen = event.crew.get(role="organiser").user
    client.force_login(chen, backend="django.contrib.auth.backends.ModelBackend")
    url = reverse("screening_step", args=["spring", lin.pk, "renew"])
    page = page_text(client.post(url, follow=True))
    link = re.search(r"/l/[\w-]+", page)[0]
    assert phone.get(address("me")).status_code == 403
    assert phone.get(link).status_code == 302
    assert PersonalLink.objects.living().get(participant=lin).channel == "handed_over"
    assert "有效的个人链接 1 条" in page
    assert AuditEntry.objects.filter(verb="renew_link", actor=f"user:{chen.pk}").exists()


# ---- given back --------------------------------------------------------------------------


def test_leaving_the_phone_forgets_the_person_and_nothing_else(client, lin):
    link = issue_link(participant=lin)
    client.get(link)
    page = client.post(address("me_leave"))
    assert "这部手机不再认得您" in page_text(page)
    assert client.get(address("me")).status_code == 403
    assert client.get(link).status_code == 302


@pytest.mark.parametrize(
    ("way", "contact"), [("email", "email_doubted_at"), ("sms", "mobile_doubted_at")]
)
def test_a_link_that_was_missent_is_given_back_and_the_organiser_told(
    client, event, lin, way, contact
):
    link, other = (issue_link(participant=lin, channel=way) for _again in range(2))
    client.get(link)
    assert "主办方会核对" in page_text(client.post(address("me_not_me")))
    assert client.get(address("me")).status_code == 403
    assert client.get(link).status_code == 404
    assert client.get(other).status_code == 302
    lin.refresh_from_db()
    assert getattr(lin, contact) is not None
    chen = event.crew.get(role="organiser").user
    client.force_login(chen, backend="django.contrib.auth.backends.ModelBackend")
    assert "联系方式待核对" in page_text(client.get(address("screening") + "?status=confirmed"))
    page = reverse("screening_person", args=["spring", lin.pk])
    assert "联系方式可能不对" in page_text(client.get(page))
    client.post(reverse("screening_step", args=["spring", lin.pk, "contacts-are-right"]))
    assert "联系方式可能不对" not in page_text(client.get(page))


def test_what_a_stranger_proved_by_opening_a_letter_is_proven_no_longer(client, event, lin):
    Participant.objects.update(mobile_proven_at=clock.now(), email_proven_at=None)
    strangers, later = (issue_link(participant=lin, channel=way) for way in ("email", "email"))
    client.get(strangers)
    client.post(address("me_opened"))
    lin.refresh_from_db()
    assert lin.email_proven_at
    client.post(address("me_not_me"))
    # Nor by the next letter that reaches them, until somebody of the crew has looked.
    client.get(later)
    client.post(address("me_opened"))
    lin.refresh_from_db()
    assert lin.email_proven_at is None
    assert lin.mobile_proven_at
    assert lin.email_doubted_at


def test_a_link_that_was_handed_over_casts_no_doubt_on_a_contact(client, lin):
    link = issue_link(participant=lin, channel=Way.HANDED_OVER)
    client.get(link)
    client.post(address("me_not_me"))
    assert client.get(address("me")).status_code == 403
    assert client.get(link).status_code == 302
    assert not Participant.objects.in_doubt().exists()


# ---- somebody else's ---------------------------------------------------------------------


@pytest.fixture
def yuan(event):
    return scenes.an_applicant(event, "袁海燕", 7)


def test_another_s_link_asks_before_it_swaps_and_only_a_press_swaps(client, lin, yuan):
    as_person(client, lin)
    theirs = issue_link(participant=yuan)
    asked = client.get(theirs, follow=True)
    assert asked.redirect_chain == [(address("me_swap"), 302)]
    assert "您现在是 林知夏" in page_text(asked)
    assert "袁＊燕" in page_text(asked)
    assert "袁海燕" not in page_text(asked)
    assert "林知夏" in page_text(client.get(address("me")))
    client.get(address("me_swap"))
    assert "林知夏" in page_text(client.get(address("me")))
    assert client.post(address("me_swap")).url == address("me")
    assert "袁海燕" in page_text(client.get(address("me")))


def test_the_same_person_goes_on_silently_and_where_the_letter_leads(client, lin, yuan):
    as_person(client, lin)
    assert client.get(issue_link(participant=lin) + "?to=edit").url == address("me_edit")
    asked = client.get(issue_link(participant=yuan) + "?to=edit", follow=True)
    assert 'name="to" value="edit"' in page_text(asked)
    assert client.post(address("me_swap"), {"to": "edit"}).url == address("me_edit")


def test_a_browser_whose_own_key_is_dead_is_nobody_s_and_not_asked(client, lin, yuan):
    as_person(client, lin)
    keys.revoke_links(participant=lin)
    assert client.get(issue_link(participant=yuan)).url == address("me")


def test_a_question_left_open_swaps_to_nobody_once_that_key_is_dead_or_the_time_over(
    client, lin, yuan, travel
):
    as_person(client, lin)
    client.get(issue_link(participant=yuan))
    keys.revoke_links(participant=yuan)
    client.post(address("me_swap"))
    assert "林知夏" in page_text(client.get(address("me")))
    client.get(issue_link(participant=yuan))
    travel(clock.now() + timedelta(minutes=11))
    client.post(address("me_swap"))
    assert "林知夏" in page_text(client.get(address("me")))


@pytest.mark.parametrize(
    ("name", "masked"),
    [("林知夏", "林＊夏"), ("马远", "马＊"), ("李", "李＊"), ("买买提·吐尔逊", "买＊逊")],
)
def test_a_masked_name_tells_its_owner_and_few_others(name, masked):
    assert keys.masked_name(name) == masked


# ---- old ---------------------------------------------------------------------------------


@pytest.fixture
def by_an_old_key(client, lin):
    """林知夏's browser, by a link of thirty-one days ago."""
    as_person(client, lin)
    PersonalLink.objects.update(created_at=clock.now() - timedelta(days=31))
    return client


@pytest.mark.parametrize(
    "typed",
    ["0000", "００００", " 13800000000 ", "+86 138 0000 0000", "p0@example.com", "P0@Example.com"],
)
def test_an_old_key_withdraws_with_the_digits_or_the_address(by_an_old_key, lin, typed):
    assert "手机后四位" in page_text(by_an_old_key.get(address("me")))
    by_an_old_key.post(address("me_withdraw"), {"answer": typed})
    lin.refresh_from_db()
    assert lin.status == "withdrawn"


@pytest.mark.parametrize(
    "typed", ["", "1111", "000", "p1@example.com", "138", "０００", "@", "0" * 9999]
)
def test_and_not_without(by_an_old_key, lin, typed):
    for address_of_loss in (address("me_withdraw"), address("me_erase"), address("me_key_renew")):
        by_an_old_key.post(address_of_loss, {"answer": typed, "sure": "yes"})
    lin.refresh_from_db()
    assert (lin.status, lin.erased_at) == ("confirmed", None)
    assert PersonalLink.objects.living().count() == 1


def test_an_old_key_erases_with_the_answer_and_keeps_the_page_without(by_an_old_key, lin):
    page = by_an_old_key.post(address("me_erase"), {"sure": "yes", "answer": "9999"})
    assert page.status_code == 403
    assert "对不上" in page_text(page)
    by_an_old_key.post(address("me_erase"), {"sure": "yes", "answer": "0000"})
    lin.refresh_from_db()
    assert lin.erased_at


def test_nobody_guesses_four_digits(by_an_old_key, lin):
    for guess in range(1, 9):
        by_an_old_key.post(address("me_withdraw"), {"answer": f"{guess:04}"})
    page = by_an_old_key.post(address("me_withdraw"), {"answer": "0000"}, follow=True)
    assert "试的次数太多了" in page_text(page)
    lin.refresh_from_db()
    assert lin.status == "confirmed"


def test_an_old_key_shows_no_page_what_it_is_asked_for(by_an_old_key, lin):
    """Nor does the file of everything, wherever it stands there."""
    lin.pain_points.create(position=5, text="写信到 p0@example.com 或打 13800000000")
    text = page_text(by_an_old_key.get(address("me_data")))
    assert "林知夏" in text
    assert "13800000000" not in text
    assert "p0@example.com" not in text


def test_by_an_old_key_answers_are_edited_and_contacts_stay(by_an_old_key, lin):
    page = by_an_old_key.get(address("me_edit"))
    sent = as_it_stands(page, job_title="群主", mobile="13911112222", email="else@example.com")
    assert by_an_old_key.post(address("me_edit"), sent).status_code == 302
    lin.refresh_from_db()
    assert (lin.job_title, lin.mobile, lin.email) == ("群主", "+8613800000000", "p0@example.com")


def test_who_answers_once_has_a_fresh_key_and_the_letter_s_link_stays_good(by_an_old_key, lin):
    assert "对不上" in page_text(by_an_old_key.post(address("me_key"), {"answer": "1234"}))
    assert by_an_old_key.post(address("me_key"), {"answer": "0000"}).url == address("me_edit")
    assert "13800000000" in page_text(by_an_old_key.get(address("me_edit")))
    assert PersonalLink.objects.living().filter(participant=lin).count() == 2
    by_an_old_key.post(address("me_withdraw"))
    lin.refresh_from_db()
    assert lin.status == "withdrawn"


def test_a_new_key_is_asked_nothing(client, lin, travel):
    as_person(client, lin)
    travel(clock.now() + timedelta(days=29))
    assert "手机后四位" not in page_text(client.get(address("me")))
    assert client.get(address("me_key")).url == address("me")
    client.post(address("me_withdraw"))
    lin.refresh_from_db()
    assert lin.status == "withdrawn"


def test_a_walk_in_without_contacts_has_nothing_to_be_asked_for(by_an_old_key, lin):
    Participant.objects.filter(pk=lin.pk).update(mobile="", email="", source="walk_in")
    by_an_old_key.post(address("me_erase"), {"sure": "yes"})
    lin.refresh_from_db()
    assert lin.erased_at


# ---- the contact it went to is replaced --------------------------------------------------


def changed_contact(person, by, **contact):
    own = ("name", "mobile", "email", "industry", "expertise", "expectation")
    numbers = (*applications.TEXT_FIELDS, *applications.NUMBER_FIELDS)
    answers = {name: getattr(person, name) for name in (*own, *numbers)}
    pains = [point.text for point in person.pain_points.all()]
    applications.edit(
        participant=person,
        answers=answers | {"pain_points": pains} | contact,
        version=person.version,
        by=by,
    )
    person.refresh_from_db()


def test_a_link_mailed_to_the_wrong_address_and_then_corrected_opens_nothing(client, event, lin):
    """Nor do the keys that were made new by it."""
    link = issue_link(participant=lin, message=letter_to(lin))
    client.get(link)
    client.post(address("me_key_renew"))
    changed_contact(lin, event.crew.get().user, email="right@example.com")
    assert client.get(address("me")).status_code == 403
    assert client.get(link).status_code == 404


@pytest.mark.parametrize("way", [Way.EMAIL, Way.HANDED_OVER, Way.TYPED])
def test_a_key_from_before_proves_nothing_of_a_new_contact_nor_does_what_is_made_by_it(
    client, lin, way
):
    client.get(issue_link(participant=lin, channel=way))
    link = PersonalLink.objects.latest("pk")
    Participant.objects.filter(pk=lin.pk).update(mobile="", mobile_proven_at=None, email="n@a.cn")
    contacts.switch_off_keys(lin, {"email", "mobile"}, keep=link)
    Participant.objects.filter(pk=lin.pk).update(email_proven_at=None)
    for step in ("me_opened", "me_key_renew", "me_opened"):
        assert client.post(address(step)).status_code < 400
    lin.refresh_from_db()
    assert lin.email_proven_at is None
