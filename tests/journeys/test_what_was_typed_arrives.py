"""What is typed or pressed on a phone when answers are lost: it arrives whole, and once, and a
refusal is read where it was pressed."""

import pytest
from playwright.sync_api import expect

from events.models import Crew
from events.tests.scenes import PASSWORD, crew
from metrics import tasks
from metrics.models import SurveyResponse
from metrics.tests.scenes import a_past_salon, came
from participants.access import issue_link
from tests.house import until
from tests.journeys.crew import log_in
from tests.journeys.test_morning_after import answer_the_survey
from workshops import exchange, pains
from workshops.models import Listing, PainCard, Question
from workshops.tests import scenes

pytestmark = pytest.mark.journey


@pytest.fixture
def salon(house):
    return scenes.a_salon()


@pytest.fixture
def lin(salon):
    return scenes.person(salon, "林知夏")


@pytest.fixture
def page(phone, lin):
    page = phone(tolerant=True, catches=True)
    page.goto(issue_link(participant=lin))
    return page


def held_back(page, address):
    """The next post to an address, before it has reached the house."""
    routes = []

    def hold(route):
        if route.request.method == "POST" and not routes:
            routes.append(route)
        else:
            route.continue_()

    page.route(address, hold)
    return lambda: until(lambda: page.wait_for_timeout(50) or routes, what="a post")[0]


def test_what_lin_changed_without_a_network_is_sent_after_a_reload_and_shown(page, lin):
    table = lin.event.theme_tables.first()
    exchange.save_listing(person=lin, table=table, offer="30 人会议室", need="")
    page.goto("/e/spring/me/exchange/")
    page.locator("summary", has_text="我的供需").click()
    post = held_back(page, "**/me/exchange/")
    page.get_by_label("我能提供").fill("30 人会议室，周末可借")
    page.get_by_role("button", name="保存").click()
    post().abort()
    page.get_by_text("没有网络，内容已留在手机里").wait_for()
    later = page.context.new_page()
    page.close()

    post = held_back(later, "**/me/exchange/")
    later.goto("/e/spring/me/exchange/")
    route = post()
    expect(later.get_by_label("我能提供")).to_have_value("30 人会议室，周末可借")
    route.continue_()
    until(lambda: later.wait_for_timeout(50) or Listing.objects.get().offer.endswith("周末可借"))


def posts_a_pain_and_hears_nothing(page):
    page.goto("/e/spring/me/pains/")
    post = held_back(page, "**/me/pains/")
    page.get_by_label("我的痛点").fill("没人打卡")
    page.get_by_role("button", name="贴上墙").click()
    post().fetch()
    return post()


def test_what_lin_adds_after_a_lost_answer_is_on_her_card_and_there_is_one(page, lin):
    posts_a_pain_and_hears_nothing(page).abort()
    page.get_by_text("没有网络，内容已留在手机里").wait_for()
    page.get_by_label("我的痛点").fill("没人打卡，奖品也不灵")
    page.get_by_role("button", name="贴上墙").click()
    page.get_by_text("已发出").wait_for()
    assert [card.text for card in PainCard.objects.all()] == ["没人打卡，奖品也不灵"]
    expect(page.get_by_label("我的痛点")).to_have_value("")


def test_what_lin_types_while_it_is_under_way_stays_and_joins_the_same_card(page, lin):
    page.goto("/e/spring/me/pains/")
    post = held_back(page, "**/me/pains/")
    page.get_by_label("我的痛点").fill("没人打卡")
    page.get_by_role("button", name="贴上墙").click()
    route = post()
    page.get_by_label("我的痛点").fill("没人打卡，奖品也不灵")
    route.continue_()
    page.locator("#pains-list").get_by_text("没人打卡").wait_for()
    expect(page.get_by_label("我的痛点")).to_have_value("没人打卡，奖品也不灵")
    page.get_by_role("button", name="贴上墙").click()
    page.get_by_text("已发出").wait_for()
    assert [card.text for card in PainCard.objects.all()] == ["没人打卡，奖品也不灵"]


def test_whoever_sends_danmaku_goes_on_sending_danmaku(page, salon, lin):
    page.goto("/e/spring/me/questions/")
    page.get_by_role("radio", name="弹幕").check()
    for number, text in enumerate(("说得好", "求模板"), start=1):
        page.get_by_label("内容").fill(text)
        page.get_by_role("button", name="发送").click()
        until(lambda n=number: page.wait_for_timeout(50) or Question.objects.count() == n)
        page.get_by_text("已发出").wait_for()
    assert {each.kind for each in Question.objects.all()} == {"danmaku"}


def test_when_somebody_has_answered_the_first_words_lins_new_ones_become_a_card(page, salon, lin):
    route = posts_a_pain_and_hears_nothing(page)
    gu = scenes.person(salon, "顾言")
    pains.post_solution(
        person=gu, card=PainCard.objects.get(), text="先约一对一", client_id=scenes.new_id()
    )
    route.abort()
    page.get_by_text("没有网络，内容已留在手机里").wait_for()
    page.get_by_label("我的痛点").fill("没人打卡，奖品也不灵")
    page.get_by_role("button", name="贴上墙").click()
    page.get_by_text("再发一次会成为新的一条").wait_for()
    expect(page.get_by_label("我的痛点")).to_have_value("没人打卡，奖品也不灵")
    page.get_by_role("button", name="贴上墙").click()
    page.get_by_text("已发出").wait_for()
    assert [card.text for card in PainCard.objects.order_by("pk")] == [
        "没人打卡",
        "没人打卡，奖品也不灵",
    ]


def test_the_host_reads_why_a_press_was_refused_and_when_it_did_not_arrive(phone, salon, lin):
    for text in ("没人打卡", "奖品不灵"):
        pains.post_pain(person=lin, text=text, client_id=scenes.new_id())
    host = phone(tolerant=True)
    log_in(host, crew(salon, "qiao", role=Crew.Role.HOST, types_password=True), PASSWORD)
    host.goto("/e/spring/host/opening/")
    host.wait_for_selector("html[data-live=on]", state="attached")
    host.get_by_role("button", name="封盒").click()
    host.get_by_role("alert").get_by_text("盒子里不到 3 张").wait_for()
    assert host.url.endswith("/host/opening/")
    host.context.set_offline(True)
    host.get_by_role("button", name="封盒").click()
    host.get_by_role("alert").get_by_text("刚才那一下没有送到").wait_for()
    host.context.set_offline(False)
    pains.post_pain(person=lin, text="数据难追", client_id=scenes.new_id())
    host.get_by_role("button", name="封盒").click()
    host.get_by_role("button", name="抽第一张").wait_for()


def test_a_survey_that_was_lost_on_its_way_is_still_filled_in(house, phone):
    autumn = a_past_salon(hours_ago=2)
    lin = came(autumn)
    tasks.run_surveys()
    page = phone(tolerant=True, catches=True)
    page.goto(issue_link(participant=lin))
    page.goto("/e/autumn/me/survey/")
    post = held_back(page, "**/me/survey/")
    answer_the_survey(page)
    post().abort("aborted")
    # The page anew, which the phone did not keep: nothing needs to be answered again.
    page.goto("/e/autumn/me/survey/")
    page.get_by_text("第 1 题").wait_for()
    expect(page.locator("fieldset input:checked")).to_have_count(10)
    for _question in range(11):
        page.get_by_role("button", name="下一题").tap()
    expect(page.locator("textarea").first).to_have_value("认识了三位同行")
    page.get_by_role("button", name="交卷").tap()
    page.get_by_text("谢谢，您答过了").wait_for()
    assert SurveyResponse.objects.count() == 1
    until(lambda: page.evaluate("sessionStorage.length") == 0, what="the copy to be gone")
