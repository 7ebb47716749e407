"""The host holds a clicker and looks at the room: each press counts, and counts once."""

import pytest
from playwright.sync_api import expect

from events.models import Crew
from events.tests.scenes import DAY, PASSWORD, a_salon, crew
from tests.house import until
from tests.journeys.crew import log_in
from workshops.models import Phase

pytestmark = pytest.mark.journey
HOST, STAGE, PRESS = "/e/spring/host/", "**/e/spring/host/stage/", "**/e/spring/host/press/"


@pytest.fixture
def salon(house, travel):
    salon = a_salon(starts_at=DAY)
    travel(DAY)
    return salon


@pytest.fixture
def stage(salon, desktop):
    page = desktop(catches=True)
    log_in(page, crew(salon, "hejing", Crew.Role.HOST, types_password=True), PASSWORD)
    page.goto(HOST)
    page.wait_for_selector("html[data-live=on]", state="attached")
    return page


def presses(salon):
    return salon.agenda_steps.in_force().count()


def running(page, title):
    page.locator(".stage-now", has_text="正在进行").get_by_role("heading", name=title).wait_for()


def holding(page, address):
    """Keep answers from `address` back. Returns the list of them; release one by calling it."""
    held = []

    def hold(route):
        answer = route.fetch()
        held.append(lambda: route.fulfill(response=answer))

    page.route(address, hold)
    return held


def test_a_press_counts_in_the_very_moment_the_new_stage_appears(stage, salon):
    stage.evaluate("""() => {
        window.never_left = true;
        const press = () => document.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight" }));
        new MutationObserver((_changes, watching) => {
            if (!document.querySelector(".stage-now").textContent.includes("正在进行")) return;
            watching.disconnect();
            press();
        }).observe(document.getElementById("stage"), { childList: true, subtree: true });
    }""")
    stage.keyboard.press("ArrowRight")
    running(stage, "开场致辞")
    assert presses(salon) == 2
    assert stage.evaluate("window.never_left"), "the page came anew, and keys go missing meanwhile"


def test_a_press_counts_while_the_page_is_still_loading(stage, salon):
    stage.route("**/htmx*.js", lambda _route: None)
    stage.goto(HOST, wait_until="commit")
    stage.locator("[data-host-next]").wait_for()
    stage.keyboard.press("ArrowRight")
    stage.keyboard.press("ArrowRight")
    running(stage, "签到入场")
    assert presses(salon) == 1
    expect(stage.get_by_text("刚才已有人操作过")).to_be_hidden()
    stage.unroute_all(behavior="ignoreErrors")


def test_an_answer_that_was_overtaken_does_not_bring_the_old_stage_back(stage, salon):
    late = holding(stage, STAGE)
    stage.evaluate("window.htmx.trigger('#stage', 'refresh')")
    stage.wait_for_function("document.querySelector('#stage.htmx-request')")
    until(lambda: stage.wait_for_timeout(20) or late, what="the refresh")
    stage.keyboard.press("ArrowRight")
    running(stage, "签到入场")
    with stage.expect_response(STAGE):
        late.pop()()
    stage.wait_for_function("!document.querySelector('.htmx-request')")
    running(stage, "签到入场")
    stage.keyboard.press("ArrowRight")
    running(stage, "开场致辞")
    assert presses(salon) == 2


@pytest.mark.parametrize("key", ["ArrowRight", "ArrowLeft"])
def test_pressing_again_because_nothing_seems_to_happen_is_one_press(stage, salon, key):
    for title in ("签到入场", "开场致辞"):
        stage.keyboard.press("ArrowRight")
        running(stage, title)
    slow = holding(stage, PRESS)
    stage.keyboard.press(key)
    until(lambda: stage.wait_for_timeout(20) or slow, what="the press")
    stage.keyboard.press(key)
    stage.keyboard.press(key)
    slow.pop()()
    running(stage, {"ArrowRight": "主题分享一", "ArrowLeft": "签到入场"}[key])
    assert not slow, "one press was sent"
    assert presses(salon) == {"ArrowRight": 3, "ArrowLeft": 1}[key]
    expect(stage.get_by_text("刚才已有人操作过")).to_be_hidden()


def test_the_space_bar_opens_the_items_own_page_and_starts_its_timer(stage, salon):
    start = salon.agenda.get(kind="workshop")
    design = Phase.objects.create(event=salon, kind=Phase.Kind.DESIGN, minutes=20)
    salon.agenda.filter(starts_at__lt=start.starts_at).update(started_at=DAY, finished_at=DAY)
    stage.goto(HOST)
    stage.wait_for_selector("html[data-live=on]", state="attached")
    stage.keyboard.press("ArrowRight")
    running(stage, start.title)
    stage.keyboard.press(" ")
    stage.wait_for_url("**/host/workshop/")
    button = stage.get_by_role("button", name="开始设计")
    button.wait_for()
    assert not design.started_at
    stage.keyboard.press(" ")
    until(lambda: salon.phases.get(pk=design.pk).started_at, what="the timer")
    stage.locator(".ws-phases time.countdown").wait_for()
    expect(stage.locator("[data-hotkey]")).to_have_count(0)
