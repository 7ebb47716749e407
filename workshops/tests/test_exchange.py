"""The resource corner: who offers what another needs, and nobody's number before both said yes."""

import threading

import pytest
from django.db import connection, transaction
from django.urls import reverse

from participants import erase, screening
from participants.models import Consent
from salon import clock
from salon.errors import Refused
from tests.house import somebody_waits_for_us, until
from workshops import exchange
from workshops.models import Listing, Match
from workshops.tests import scenes
from workshops.tests.test_pains import at_once

pytestmark = pytest.mark.django_db


def consent(person, *purposes):
    for purpose in purposes:
        Consent.objects.create(
            participant=person, purpose=purpose, wording="同意", given_at=clock.now()
        )


@pytest.fixture
def salon():
    return scenes.a_salon()


@pytest.fixture
def lin(salon):
    lin = scenes.person(salon, "林知夏")
    consent(lin, "share_contact", "wall_name")
    return lin


@pytest.fixture
def zhou(salon):
    zhou = scenes.person(salon, "周明远", online=True)
    consent(zhou, "share_contact")
    return zhou


def list_(person, offer, need, table="content"):
    return exchange.save_listing(
        person=person, table=person.event.theme_tables.get(key=table), offer=offer, need=need
    )


@pytest.fixture
def listed(lin, zhou):
    list_(lin, "30 人会议室，周末可借", "会剪短视频的搭档")
    list_(zhou, "短视频拍摄和剪辑", "线下场地")
    return lin, zhou


def contact(person):
    (only,) = exchange.contacts_of(person)
    return only


def test_whoever_offers_what_the_other_needs_is_suggested_with_the_reason(salon, listed):
    lin, zhou = listed
    (suggested,) = exchange.suggestions_for(lin, exchange.board(salon))
    assert suggested.listing.participant == zhou
    assert suggested.reasons


def test_contact_is_shown_after_both_said_yes_and_only_then(listed):
    lin, zhou = listed
    match = exchange.request_match(person=lin, other=zhou)
    for person in listed:
        assert (contact(person).mobile, contact(person).email) == ("", "")
    assert contact(zhou).state == "asked"
    exchange.confirm(match=match, person=zhou)
    assert contact(lin).mobile == "13800000001"
    assert contact(zhou).email == lin.email
    assert exchange.counts(lin.event)["confirmed"] == 1


def test_without_consent_the_number_stays_hidden_even_then(listed):
    lin, zhou = listed
    zhou.consents.filter(purpose="share_contact").update(withdrawn_at=clock.now())
    exchange.confirm(match=exchange.request_match(person=lin, other=zhou), person=zhou)
    assert (contact(lin).state, contact(lin).mobile, contact(lin).shares) == (
        "confirmed",
        "",
        False,
    )
    assert contact(zhou).mobile, "the one who consented is still shown"


def test_whoever_did_not_want_to_be_named_is_named_only_after_both_said_yes(listed):
    lin, zhou = listed
    match = exchange.request_match(person=lin, other=zhou)
    assert contact(lin).name == ""
    exchange.confirm(match=match, person=zhou)
    assert contact(lin).name == "周明远"


def test_two_who_ask_each_other_have_both_said_yes(listed):
    lin, zhou = listed
    exchange.request_match(person=lin, other=zhou)
    exchange.request_match(person=zhou, other=lin)
    assert Match.objects.count() == 1
    assert contact(lin).state == "confirmed"


def test_a_no_stands_and_a_confirmed_match_too(listed):
    lin, zhou = listed
    match = exchange.request_match(person=lin, other=zhou)
    exchange.decline(match=match, person=zhou)
    for act in (
        lambda: exchange.request_match(person=lin, other=zhou),
        lambda: exchange.confirm(match=match, person=lin),
    ):
        with pytest.raises(Refused) as refused:
            act()
        assert refused.value.code == "declined"


def test_a_no_is_asked_for_and_whoever_said_it_is_not_told_that_the_other_did(client, listed):
    lin, zhou = listed
    match = exchange.request_match(person=lin, other=zhou)
    phone = scenes.phone_of(client, zhou)
    url = reverse("me_exchange", args=[lin.event.slug])
    assert 'value="decline" data-confirm="' in phone.get(url).text
    phone.post(reverse("me_match", args=[lin.event.slug, match.pk]), {"act": "decline"})
    ask = reverse("me_ask", args=[lin.event.slug])
    answer = phone.post(ask, {"person": lin.pk}, follow=True).text
    assert "这次没有对接成" in answer
    assert "对方这次没有" not in answer


def test_nobody_confirms_for_others_or_meets_themselves(salon, listed):
    lin, zhou = listed
    match = exchange.request_match(person=lin, other=zhou)
    nosy = scenes.person(salon, "路过的何俊杰")
    with pytest.raises(Refused) as refused:
        exchange.confirm(match=match, person=nosy)
    assert refused.value.status == 404
    with pytest.raises(Refused):
        exchange.request_match(person=lin, other=lin)
    with pytest.raises(Refused) as refused:
        exchange.request_match(person=lin, other=nosy)
    assert refused.value.code == "no_listing"


def test_a_table_has_so_many_seats_and_changing_it_gives_the_seat_up(salon, lin, zhou):
    salon.theme_tables.update(seats=1)
    for person in (lin, zhou):
        list_(person, "场地", "")
    exchange.sit(person=lin)
    with pytest.raises(Refused) as refused:
        exchange.sit(person=zhou)
    assert refused.value.code == "full"
    list_(lin, "场地", "", table="tools")
    assert not Listing.objects.get(participant=lin).seated
    exchange.sit(person=zhou)


@pytest.mark.parametrize("left", ["withdraws", "is erased"])
def test_whoever_left_gives_up_their_chair_and_is_counted_no_more(salon, zhou, left):
    lin = scenes.person(salon, "林知夏", came=False)
    salon.theme_tables.update(seats=1)
    for person in (lin, zhou):
        list_(person, "场地", "")
    exchange.sit(person=lin)
    if left == "withdraws":
        screening.withdraw(participant=lin, by=lin)
    else:
        erase.erase_person(participant=lin, by=None)
    assert exchange.counts(salon)["listings"] == len(exchange.board(salon)) == 1
    assert exchange.tables_of(salon).get(key="content").taken == 0
    exchange.sit(person=zhou)
    assert exchange.tables_of(salon).get(key="content").taken == 1


def test_an_empty_listing_is_refused(lin):
    with pytest.raises(Refused):
        list_(lin, " ", "\u3000")


# --- faces ------------------------------------------------------------------------------------


def test_two_phones_find_each_other(client, salon, listed):
    lin, zhou = listed
    url = reverse("me_exchange", args=[salon.slug])
    phone = scenes.phone_of(client, lin)
    page = phone.get(url).text
    assert "推荐聊聊" in page
    assert zhou.mobile.removeprefix("+86") not in page
    phone.post(reverse("me_ask", args=[salon.slug]), {"person": zhou.pk})
    match = Match.objects.get()
    assert match.reason
    client.cookies.clear()
    other = scenes.phone_of(client, zhou)
    assert "想和您对接" in other.get(url).text
    other.post(reverse("me_match", args=[salon.slug, match.pk]), {"act": "confirm"})
    assert "13800000000" in other.get(url).text


def test_a_press_that_says_neither_yes_nor_no_gives_nobodys_number_away(client, salon, listed):
    lin, zhou = listed
    match = exchange.request_match(person=lin, other=zhou)
    phone = scenes.phone_of(client, zhou)
    for said in ({}, {"act": ""}, {"act": "perhaps"}):
        answer = phone.post(reverse("me_match", args=[salon.slug, match.pk]), said)
        assert (answer.status_code, "没看懂这次操作" in answer.text) == (400, True)
    match.refresh_from_db()
    assert match.second_confirmed_at is None
    assert contact(zhou).state == "asked"


def test_without_scripts_a_listing_is_written_and_a_wrong_one_comes_back(client, salon, lin):
    phone = scenes.phone_of(client, lin)
    url = reverse("me_exchange", args=[salon.slug])
    table = salon.theme_tables.first().pk
    assert phone.post(url, {"table": table, "offer": "", "need": ""}).status_code == 400
    assert phone.post(url, {"table": table, "offer": "场地", "need": ""}).status_code == 302
    assert phone.post(reverse("me_sit", args=[salon.slug])).status_code == 302
    assert Listing.objects.get().seated


def test_the_board_lives_on_after_the_event(client, salon, listed, travel):
    lin, zhou = listed
    phone = scenes.phone_of(client, lin)
    travel(
        salon.ends_at.replace(year=salon.ends_at.year + 0) + 20 * (salon.ends_at - salon.starts_at)
    )
    exchange.confirm(match=exchange.request_match(person=lin, other=zhou), person=zhou)
    assert "双方已确认" in phone.get(reverse("me_exchange", args=[salon.slug])).text


def test_a_full_board_costs_a_constant_number_of_queries(
    client, salon, lin, django_assert_max_num_queries
):
    table = salon.theme_tables.first()
    for person in scenes.people(salon, 40):
        Listing.objects.create(participant=person, table=table, offer="场地", need="短视频")
    list_(lin, "短视频", "场地")
    phone = scenes.phone_of(client, lin)
    with django_assert_max_num_queries(14):
        phone.get(reverse("me_exchange", args=[salon.slug]))


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_the_last_chair_is_for_one():
    salon = scenes.a_salon()
    salon.theme_tables.update(seats=3)
    people = scenes.people(salon, 10)
    for person in people:
        list_(person, "场地", "")
    raised = at_once(*[lambda p=p: exchange.sit(person=p) for p in people])
    assert (
        sorted(str(getattr(error, "code", None)) for error in raised) == ["None"] * 3 + ["full"] * 7
    )
    assert Listing.objects.filter(seated=True).count() == 3


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_lin_sits_down_while_her_other_phone_moves_her_to_a_full_table():
    salon = scenes.a_salon()
    salon.theme_tables.update(seats=1)
    lin, zhou = scenes.person(salon, "林知夏"), scenes.person(salon, "周明远")
    list_(lin, "会议室", "")
    list_(zhou, "剪辑", "", table="users")
    exchange.sit(person=zhou)
    answers = []

    def sit():
        try:
            exchange.sit(person=lin)
        except Refused as refused:
            answers.append(refused.code)
        else:
            answers.append("seated")
        finally:
            connection.close()

    other = threading.Thread(target=sit)
    with transaction.atomic():
        list_(lin, "会议室", "", table="users")
        other.start()
        until(lambda: answers or somebody_waits_for_us(), what="the second phone's press")
    other.join()
    assert answers == ["full"]
    assert list(Listing.objects.filter(seated=True)) == [zhou.listing]
