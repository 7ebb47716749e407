"""One phone and the links of two: nobody becomes somebody else unasked, and what one typed is not
the other's."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from participants import keys
from participants.access import issue_link
from participants.models import PersonalLink
from participants.tests import scenes
from salon import clock
from tests.house import until

pytestmark = pytest.mark.journey


@pytest.fixture
def salon(house):
    return scenes.a_salon()


@pytest.fixture
def lin(salon):
    return scenes.confirmed(salon, by=scenes.an_organiser(salon))


@pytest.fixture
def yuan(salon, lin):
    return scenes.confirmed(salon, "袁海燕", 7, by=salon.crew.get().user)


def drafts(page):
    return page.evaluate("Object.keys(localStorage).filter((key) => key.includes('spring'))")


def test_yuans_link_asks_on_lins_phone_and_what_lin_typed_goes_with_her(phone, lin, yuan):
    page = phone()
    page.goto(issue_link(participant=lin))
    page.goto("/e/spring/me/edit/")
    page.get_by_label("机构").fill("林知夏还没存的机构")
    until(lambda: page.wait_for_timeout(50) or drafts(page), what="a draft")
    page.goto(issue_link(participant=yuan))
    expect(page.get_by_role("heading", name="您现在是 林知夏")).to_be_visible()
    page.get_by_role("link", name="不换，我是 林知夏").click()
    expect(page.locator(".eyebrow", has_text="林知夏")).to_be_visible()
    assert drafts(page)

    page.goto(issue_link(participant=yuan))
    page.get_by_role("button", name="换成 袁＊燕").click()
    expect(page.locator(".eyebrow", has_text="袁海燕")).to_be_visible()
    assert drafts(page) == []


def test_lin_leaves_a_borrowed_phone_and_gives_back_a_link_that_was_not_hers(phone, lin, yuan):
    page = phone()
    page.goto(issue_link(participant=lin))
    page.evaluate("localStorage.setItem('edit:spring:1', 'x')")
    page.get_by_role("button", name="离开这部手机").click()
    expect(page.get_by_text("这部手机不再认得您")).to_be_visible()
    assert drafts(page) == []

    page.goto(issue_link(participant=yuan, channel="email"))
    page.get_by_role("button", name="我不是 袁海燕").click()
    page.get_by_role("button", name="不是我").click()
    expect(page.get_by_text("主办方会核对")).to_be_visible()
    yuan.refresh_from_db()
    assert yuan.email_doubted_at


def test_by_a_link_of_last_month_lin_answers_renews_and_takes_her_withdrawal_back(phone, lin):
    page = phone()
    page.goto(issue_link(participant=lin))
    PersonalLink.objects.update(created_at=clock.now() - timedelta(days=31))
    page.reload()
    page.get_by_role("button", name="取消报名").click()
    page.get_by_label("手机后四位，或完整邮箱").locator("visible=true").fill("0000")
    page.get_by_role("button", name="确定取消").click()
    page.get_by_role("button", name="收回取消，我还是来").click()
    expect(page.get_by_text("取消收回了")).to_be_visible()
    page.get_by_role("button", name="换一把新钥匙").click()
    page.get_by_label("手机后四位，或完整邮箱").locator("visible=true").fill("p0@example.com")
    page.get_by_role("button", name="换新的").click()
    expect(page.get_by_text("以前的链接都停用了")).to_be_visible()
    assert keys.keys_of(lin).living == 1
    lin.refresh_from_db()
    assert lin.status == "confirmed"
