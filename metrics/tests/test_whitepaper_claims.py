"""Who reads the whitepaper: claims, the crew's drafts, letters of new versions, erasing."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client

from metrics import claims, whitepaper
from metrics.evaluation import measure
from metrics.models import Whitepaper, WhitepaperClaim
from metrics.tests.papers import a_salon_to_write_of, agrees, drafted, published, text_of
from metrics.tests.scenes import a_past_salon, came
from participants import contacts
from participants.access import issue_link
from participants.erase import erase_person
from participants.models import Participant
from participants.tests.scenes import an_organiser
from salon import clock, floods, letter_kinds
from salon.errors import Refused
from salon.models import Message
from workshops.models import (
    PlanRow,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def event():
    return a_salon_to_write_of()


@pytest.fixture
def organiser(event):
    return an_organiser(event)


def test_before_publishing_the_page_says_so_and_takes_no_claim(event, organiser, client):
    drafted(event, organiser)
    page = client.get(f"/e/{event.slug}/whitepaper/")
    assert (page.status_code, "正在编写" in page.content.decode()) == (200, True)
    assert "写信" not in page.content.decode()  # the first version is announced to nobody
    client.post(f"/e/{event.slug}/whitepaper/", {"email": "reader@example.com"})
    assert not WhitepaperClaim.objects.exists()
    assert client.get(f"/e/{event.slug}/whitepaper/read/").status_code == 404


def test_a_flood_of_claims_is_taken_and_its_letters_wait(event, organiser, monkeypatch):
    published(event, organiser)
    monkeypatch.setattr(floods, "HOUSE", floods.Ceiling(3, 2))
    for number in range(4):
        claims.claim(
            event=event, email=f"r{number}@example.com", wants_news=False, device=str(number)
        )
    letters = Message.objects.of_kind("whitepaper_claim").order_by("pk")
    assert [letter.context.get("held_back", False) for letter in letters] == [False] * 3 + [True]
    assert all("claim" in letter.context for letter in letters)


def test_lin_who_gave_a_mobile_only_claims_as_herself(event, organiser):
    published(event, organiser)
    event.lin.email = ""
    event.lin.save()
    his = claims.claim(
        event=event, email=event.he.email, wants_news=False, device="1", person=event.lin
    )
    hers = claims.claim(
        event=event, email="lin@qq.com", wants_news=True, device="1", person=event.lin
    )
    colleague = claims.claim(
        event=event, email="somebody@qq.com", wants_news=False, device="2", person=event.wu
    )
    # His address, typed by her, is nobody's until the letter there is opened.
    assert [each.participant for each in (his, hers, colleague)] == [None, event.lin, None]
    claims.prove(his)
    his.refresh_from_db()
    assert his.participant == event.he
    erase_person(participant=event.lin, by=None)
    hers.refresh_from_db()
    assert (hers.email, hers.wants_news) == ("", False)


def test_each_address_counts_once_and_gets_the_same_answer(event, organiser):
    published(event, organiser)
    answers = []
    for email in ("reader@example.com", " Reader@Example.com ", event.lin.email):
        client = Client()
        answer = client.post(f"/e/{event.slug}/whitepaper/", {"email": email})
        answers.append((answer.status_code, answer.url))
        assert client.get(answer.url).status_code == 200
        assert client.get(f"/e/{event.slug}/whitepaper/whitepaper.docx").content[:2] == b"PK"
    assert len(set(answers)) == 1
    assert WhitepaperClaim.objects.count() == 2
    assert claims.counts(event) == (0, 2)


@pytest.mark.parametrize("email", ["", "nobody", "a@b", "x" * 300 + "@example.com", "\x00@x.cn"])
def test_a_wrong_address_is_told_beside_its_field(event, organiser, client, email):
    published(event, organiser)
    answer = client.post(f"/e/{event.slug}/whitepaper/", {"email": email})
    assert answer.status_code == 422
    assert not WhitepaperClaim.objects.exists()


def test_a_machine_that_fills_the_hidden_field_counts_nothing(event, organiser, client):
    published(event, organiser)
    client.post(f"/e/{event.slug}/whitepaper/", {"email": "bot@example.com", "website": "x"})
    assert not WhitepaperClaim.objects.exists()


def test_one_device_claims_for_a_few_and_not_for_a_list(event, organiser):
    published(event, organiser)
    for number in range(10):
        claims.claim(event=event, email=f"r{number}@example.com", wants_news=False, device="phone")
    with pytest.raises(Refused) as refused:
        claims.claim(event=event, email="r11@example.com", wants_news=False, device="phone")
    assert refused.value.code == "too_often"


def test_without_a_claim_nobody_reads(event, organiser, client):
    published(event, organiser)
    for page in ("read/", "whitepaper.docx"):
        answer = client.get(f"/e/{event.slug}/whitepaper/{page}")
        assert (answer.status_code, answer.url) == (302, f"/e/{event.slug}/whitepaper/")


def test_a_draft_is_the_crews_only(event, organiser, client):
    published(event, organiser)
    draft = drafted(event, organiser)
    client.post(f"/e/{event.slug}/whitepaper/", {"email": "reader@example.com"})
    address = f"/e/{event.slug}/whitepaper/read/?v={draft.version}"
    assert "第 1 版" in client.get(address).content.decode()
    client.force_login(organiser)
    assert "草稿" in client.get(address).content.decode()


def test_a_new_version_is_told_to_those_who_asked(event, organiser, client):
    published(event, organiser)
    asked = claims.claim(event=event, email="a@example.com", wants_news=True, device="1")
    claims.claim(event=event, email="b@example.com", wants_news=False, device="2")
    stopped = claims.claim(event=event, email="c@example.com", wants_news=True, device="3")
    claims.claim(event=event, email="typed@example.com", wants_news=True, device="4")
    for each in (asked, stopped):
        claims.prove(each)
    published(event, organiser)
    letters = Message.objects.of_kind("whitepaper_news")
    assert letters.count() == 2
    claims.stop_news(stopped)
    sent = [letter_kinds.compose(message) for message in letters.order_by("pk")]
    assert [letter and letter.to for letter in sent] == ["a@example.com", None]
    link = sent[0].as_sent().split("下载：\n")[1].split("\n")[0]
    path = "/" + link.split("/", 3)[3]
    assert client.get(path, follow=True).status_code == 200
    client.post(f"/e/{event.slug}/whitepaper/no-news/")
    asked.refresh_from_db()
    assert asked.wants_news is False


def measured(event):
    return next(one for one in measure(event) if one["key"] == "whitepaper_claims")


def letter_of(email):
    message = next(
        message
        for message in Message.objects.of_kind("whitepaper_claim").order_by("-pk")
        if letter_kinds.compose(message).to == email
    )
    text = letter_kinds.compose(message).as_sent()
    return "/" + re.search(r"https?://[^/]+/(\S+)", text)[1]


def test_a_claim_counts_once_the_link_in_its_letter_was_opened(event, organiser, client):
    published(event, organiser)
    page = f"/e/{event.slug}/whitepaper/"
    client.post(page, {"email": "reader@example.com", "wants_news": "on"})
    assert claims.counts(event) == (0, 1)
    assert "另有 1 人还没打开信里的链接" in client.get(page).content.decode()
    client.post(f"{page}opened/")  # the one who typed it is not the one who was written to
    assert claims.counts(event) == (0, 1)
    reader = Client()
    opened = reader.get(letter_of("reader@example.com"), follow=True)
    assert "data-opened" in opened.content.decode()
    assert claims.counts(event) == (0, 1)  # mail scanners open links
    reader.post(f"{page}opened/")
    assert claims.counts(event) == (1, 0)
    assert "data-opened" not in reader.get(f"{page}read/").content.decode()
    reader.post(f"{page}no-news/")
    assert not WhitepaperClaim.objects.get().wants_news


def test_nobody_switches_anothers_news_off_or_on_by_typing_the_address(event, organiser):
    published(event, organiser)
    on, off = (
        claims.claim(event=event, email=email, wants_news=wants, device="1")
        for email, wants in (("on@example.com", True), ("off@example.com", False))
    )
    for each in (on, off):
        claims.prove(each)
    stranger = Client()
    page = f"/e/{event.slug}/whitepaper/"
    for each in (on, off):
        stranger.post(page, {"email": each.email, "wants_news": "on"})
        assert "不再提醒" not in stranger.get(f"{page}read/").content.decode()
        stranger.post(f"{page}no-news/")
    assert list(WhitepaperClaim.objects.order_by("pk").values_list("wants_news", flat=True)) == [
        True,
        False,
    ]


def test_lins_own_claim_counts_because_she_was_reached(event, organiser, client):
    published(event, organiser)
    client.get(issue_link(participant=event.lin))
    client.post(f"/e/{event.slug}/whitepaper/", {"email": event.lin.email, "wants_news": "on"})
    claim = WhitepaperClaim.objects.get()
    assert (claim.participant, bool(claim.proven_at)) == (event.lin, True)
    assert not Message.objects.of_kind("whitepaper_claim").exists()
    client.post(f"/e/{event.slug}/whitepaper/no-news/")
    claim.refresh_from_db()
    assert not claim.wants_news


def test_who_proves_the_own_contact_later_counts_from_then_on(event, organiser):
    published(event, organiser)
    Participant.objects.filter(pk=event.lin.pk).update(email_proven_at=None, mobile_proven_at=None)
    event.lin.refresh_from_db()
    claims.claim(event=event, email=event.lin.email, wants_news=False, device="1", person=event.lin)
    assert claims.counts(event) == (0, 1)
    contacts.prove(participant=event.lin, contacts=["mobile"], by=event.lin)
    assert claims.counts(event) == (1, 0)


def test_a_hundred_claims_of_typed_addresses_count_for_nothing(event, organiser):
    published(event, organiser)
    before = measured(event)
    for number in range(100):
        claims.claim(
            event=event, email=f"r{number}@example.com", wants_news=True, device=f"d{number}"
        )
    after = measured(event)
    assert (before["numerator"], after["numerator"]) == (0, 0)
    assert [number for _sentence, number in after["left_out"]] == [100]


def test_typing_an_address_again_and_again_fills_nobodys_mailbox(event, organiser, travel):
    published(event, organiser)
    for number in range(12):
        travel(clock.now() + timedelta(hours=1))
        claims.claim(event=event, email="reader@example.com", wants_news=False, device=f"d{number}")
    assert Message.objects.of_kind("whitepaper_claim").count() == claims.LETTERS_A_DAY


def test_a_cookie_of_before_reads_and_decides_nothing(event, organiser, client):
    published(event, organiser)
    claim = claims.claim(event=event, email="r@example.com", wants_news=True, device="1")
    client.cookies[claims.cookie(event.slug)] = claims.key_of(claim)
    assert client.get(f"/e/{event.slug}/whitepaper/read/").status_code == 200
    client.post(f"/e/{event.slug}/whitepaper/no-news/")
    claim.refresh_from_db()
    assert claim.wants_news


def test_a_made_up_key_opens_nothing(event, organiser, client):
    published(event, organiser)
    answer = client.get(f"/e/{event.slug}/whitepaper/key/1:made-up/")
    assert answer.url == f"/e/{event.slug}/whitepaper/"
    assert not answer.cookies


def test_erasing_wu_takes_her_out_of_every_version(event, organiser):
    paper = published(event, organiser)
    claims.claim(event=event, email=event.wu.email, wants_news=True, device="1", person=event.wu)
    Whitepaper.objects.update(
        sections=[*paper.sections, {"module": "cases", "title": "手写", "text": "问吴桐雨要模板"}]
    )
    erase_person(participant=event.wu, by=None)
    paper.refresh_from_db()
    assert "吴桐雨" not in text_of(paper)
    assert "三位" not in text_of(paper)
    assert whitepaper.credits_of(paper) == ["林知夏"]
    assert list(WhitepaperClaim.objects.values_list("email", "wants_news")) == [("", False)]


def test_erasing_li_finds_her_address_as_markdown_writes_it(event, organiser):
    li = came(event, "Li_Na", 7, email="li_na@qq.com")
    agrees(li)
    PlanRow.objects.filter(position=1).update(owner="Li_Na", resources="问 li_na@qq.com 要模板")
    paper = published(event, organiser)
    assert r"li\_na@qq.com" in text_of(paper)
    erase_person(participant=li, by=None)
    paper.refresh_from_db()
    for left in ("li_na", r"li\_na", "Li_Na", r"Li\_Na"):
        assert left not in text_of(paper)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_eighty_claims_of_one_address_at_once_count_once():
    event = a_past_salon()
    organiser = an_organiser(event)
    whitepaper.publish(paper=drafted(event, organiser), by=organiser)

    def press(number):
        try:
            claims.claim(event=event, email="one@example.com", wants_news=True, device=f"d{number}")
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(press, range(80)))
    assert WhitepaperClaim.objects.count() == 1


def test_a_line_broken_in_chinese_goes_on_without_a_gap():
    assert whitepaper.as_html("前一行，\n后一行。\nOne\ntwo") == (
        "<p>前一行，后一行。One\ntwo</p>\n"
    )
