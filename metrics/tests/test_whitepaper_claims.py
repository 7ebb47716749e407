"""Who reads the whitepaper: claims, the crew's drafts, letters of new versions, erasing."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.test import Client

from metrics import claims, whitepaper
from metrics.models import Whitepaper, WhitepaperClaim
from metrics.tests.papers import a_salon_to_write_of, agrees, drafted, published, text_of
from metrics.tests.scenes import a_past_salon, came
from participants.erase import erase_person
from participants.tests.scenes import an_organiser
from salon import outbox
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
    assert [each.participant for each in (his, hers, colleague)] == [event.he, event.lin, None]
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
    assert WhitepaperClaim.objects.get(email=event.lin.email).participant == event.lin


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
    published(event, organiser)
    letters = Message.objects.of_kind("whitepaper_news")
    assert letters.count() == 2
    claims.stop_news(stopped)
    sent = [outbox._compose(message) for message in letters.order_by("pk")]
    assert [letter and letter.to for letter in sent] == ["a@example.com", None]
    link = sent[0].as_sent().split("下载：\n")[1].split("\n")[0]
    path = "/" + link.split("/", 3)[3]
    assert client.get(path, follow=True).status_code == 200
    client.post(f"/e/{event.slug}/whitepaper/no-news/")
    asked.refresh_from_db()
    assert asked.wants_news is False


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
