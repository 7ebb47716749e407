"""The plan's form on the phone of the one who writes, while others write, move her, and answers
are lost: nobody's words take the place of another's, and every word stays where it can be seen."""

import pytest
from playwright.sync_api import expect

from participants.access import issue_link
from tests.house import until
from tests.journeys.test_a_bad_network import board, file
from workshops import groups, plans
from workshops.models import Plan, PlanPhoto
from workshops.tests import scenes

pytestmark = pytest.mark.journey

SAVE, PHOTOS = "**/me/group/save/", "**/me/group/photos/"


@pytest.fixture
def salon(house):
    salon = scenes.a_salon()
    scenes.two_groups(salon)
    scenes.start(salon, scenes.DESIGN)
    return salon


@pytest.fixture
def group(salon):
    return salon.work_groups.first()


@pytest.fixture
def lin(group):
    return scenes.members(group)[0]


@pytest.fixture
def page(phone, lin):
    """Lin's phone with the form before her."""
    page = phone(tolerant=True, catches=True)
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(issue_link(participant=lin))
    page.goto("/e/spring/me/group/")
    page.wait_for_selector("html[data-live=on]", state="attached")
    return page


def plan_of(group):
    return Plan.objects.get(group=group)


def saves(page, label, text):
    page.get_by_label(label).fill(text)
    page.locator("[data-plan-mark][data-state=saved]").wait_for()


def shows(page, label, text):
    until(lambda: page.get_by_label(label).input_value() == text, what=f"{label}: {text}")


def zhou_writes(group, **elements):
    """Zhou takes the pen, writes, and lays it down again."""
    zhou = scenes.members(group)[-1]
    plans.take_pen(group=group, person=zhou, by_force=True)
    plans.save_plan(group=group, person=zhou, version=plan_of(group).version, elements=elements)
    plans.lay_down_pen(group=group, person=zhou)


def kept(page):
    return page.evaluate("Object.keys(localStorage).filter(key => key.startsWith('plan:'))")


def test_lin_moved_to_another_group_takes_her_words_along_and_writes_over_nothing(
    page, salon, group, lin
):
    second = salon.work_groups.last()
    saves(page, "方案名称", "第一组的方案")
    # Both plans stand at version 1: the number alone would not tell them apart.
    zhou_writes(second, core_goal="第二组的目标")
    page.context.set_offline(True)
    page.get_by_label("核心目标").fill("林为第一组写的目标")
    page.get_by_text("没网，内容留在手机里").wait_for()
    groups.move(event=salon, person=lin, group=second, by=None)
    page.context.set_offline(False)

    page.get_by_role("heading", name=second.name).wait_for()
    shows(page, "核心目标", "第二组的目标")
    shows(page, "方案名称", "")
    aside = page.locator("[data-plan-aside] li")
    aside.get_by_text("林为第一组写的目标").wait_for()
    expect(aside, "what had been saved is not told again").to_have_count(1)
    saves(page, "内容设计", "林为第二组写的内容")
    until(lambda: plan_of(second).elements.get("content") == "林为第二组写的内容")
    assert plan_of(second).elements["core_goal"] == "第二组的目标"
    assert plan_of(second).title == ""
    assert plan_of(group).title == "第一组的方案"


def test_what_zhou_wrote_meanwhile_stands_in_lins_fields_and_her_words_beside_it(page, group):
    """One field she had saved, one she had not: the next key takes neither back."""
    saves(page, "核心目标", "林的目标")
    page.context.set_offline(True)
    page.get_by_label("内容设计").fill("林的内容")
    page.get_by_text("没网，内容留在手机里").wait_for()
    zhou_writes(group, core_goal="周的目标", content="周的内容")
    page.context.set_offline(False)

    shows(page, "核心目标", "周的目标")
    shows(page, "内容设计", "周的内容")
    page.locator("[data-plan-aside] li", has_text="林的内容").wait_for()
    page.get_by_label("方案名称").press_sequentially("七天")
    until(lambda: plan_of(group).title == "七天")
    elements = plan_of(group).elements
    assert (elements["core_goal"], elements["content"]) == ("周的目标", "周的内容")
    page.get_by_role("button", name="不要了").click()
    page.reload()
    page.get_by_label("方案名称").wait_for()
    expect(page.locator("[data-plan-aside]")).to_be_hidden()


def held_back(page):
    """The next save that leaves the phone, before it has reached the house."""
    routes = []

    def hold(route):
        routes.append(route)

    page.route(SAVE, hold, times=1)
    return lambda: until(lambda: page.wait_for_timeout(50) or routes, what="a save")[0]


def test_a_saved_plan_whose_answer_was_lost_is_written_on_and_not_laid_aside(page, group):
    saves(page, "方案名称", "七天点名")
    save = held_back(page)
    page.get_by_label("核心目标").fill("次周留存")
    save().fetch()
    assert plan_of(group).elements["core_goal"] == "次周留存"
    page.get_by_label("核心目标").fill("次周留存到 30%")
    save().abort()
    until(lambda: page.wait_for_timeout(50) or plan_of(group).version == 3)
    assert plan_of(group).elements["core_goal"] == "次周留存到 30%"
    page.locator("[data-plan-mark][data-state=saved]").wait_for()
    shows(page, "核心目标", "次周留存到 30%")
    expect(page.locator("[data-plan-aside]")).to_be_hidden()
    assert kept(page) == []


def test_what_is_typed_while_a_save_is_under_way_is_saved_next(page, group):
    saves(page, "方案名称", "七天点名")
    save = held_back(page)
    page.get_by_label("核心目标").fill("次周留存")
    route = save()
    page.get_by_label("核心目标").fill("次周留存到 30%")
    # The page hears of the save, and fetches itself anew, before the save's own answer is there.
    with page.expect_response("**/me/group/now/"):
        answer = route.fetch()
    route.fulfill(response=answer)
    until(lambda: page.wait_for_timeout(50) or plan_of(group).version == 3)
    assert plan_of(group).elements["core_goal"] == "次周留存到 30%"
    saves(page, "核心目标", "次周留存到 45%")
    expect(page.locator("[data-plan-aside]"), "nobody else wrote").to_be_hidden()
    assert kept(page) == []


def test_one_press_adds_one_row_however_often_the_page_has_saved(page, group):
    for number in range(4):
        with page.expect_response("**/me/group/now/"):
            saves(page, "方案名称", f"方案 {number}")
    rows = page.locator(".ws-row")
    before = rows.count()
    page.get_by_role("button", name="加一行").click()
    expect(rows).to_have_count(before + 1)


def rows_of(group):
    return list(plan_of(group).rows.values_list("position", "time_node"))


def test_a_row_added_and_written_while_the_page_catches_up_stays(page, group):
    held = []
    page.route("**/me/group/now/", lambda route: held.append((route, route.fetch())), times=1)
    saves(page, "方案名称", "七天点名")
    until(lambda: page.wait_for_timeout(50) or held, what="the page's own look")
    rows = page.locator(".ws-row")
    before = rows.count()
    page.get_by_role("button", name="加一行").click()
    rows.nth(before).locator("[name=node]").fill("第 7 天")
    [(route, answer)] = held
    with page.expect_response("**/me/group/now/"):
        route.fulfill(response=answer)
    until(lambda: page.wait_for_timeout(50) or rows_of(group) == [(before + 1, "第 7 天")])
    expect(rows.nth(before).locator("[name=node]")).to_have_value("第 7 天")


def test_a_row_written_below_an_empty_one_stays_there_and_is_one(page, group):
    rows = page.locator(".ws-row")
    with page.expect_response("**/me/group/now/"):
        rows.nth(1).locator("[name=node]").fill("第 3 天")
    saves(page, "方案名称", "七天点名")
    assert rows_of(group) == [(2, "第 3 天")]
    page.reload()
    expect(rows.nth(0).locator("[name=node]")).to_have_value("")
    expect(rows.nth(1).locator("[name=node]")).to_have_value("第 3 天")


def test_a_plan_handed_in_without_a_network_is_kept_and_handed_in_later(page, group):
    page.get_by_label("核心目标").fill("次周留存到 30%")
    page.context.set_offline(True)
    page.get_by_role("button", name="提交方案").click()
    page.get_by_text("还没提交成").wait_for()
    assert kept(page)
    page.context.set_offline(False)
    page.locator("[data-plan-mark][data-state=saved]").wait_for()
    assert plan_of(group).submitted_at is None, "what was pressed then is not done later by itself"
    assert plan_of(group).elements["core_goal"] == "次周留存到 30%"
    page.get_by_role("button", name="提交方案").click()
    page.get_by_role("button", name="撤回，再改改").wait_for()
    assert plan_of(group).submitted_at
    assert kept(page) == []


def test_a_photo_the_house_breaks_over_is_given_up_and_another_one_goes(page, group):
    pick, said = page.locator("#photo"), page.locator("[data-photo-said]")
    page.route(PHOTOS, lambda route: route.fulfill(status=500, body="broken"))
    pick.set_input_files(file(board()))
    said.get_by_text("请换一张再试").wait_for()
    page.unroute(PHOTOS)

    # A house that is busy is asked again; one that waits may be given up, or changed for another.
    page.route(PHOTOS, lambda route: route.fulfill(status=503, body="busy"))
    pick.set_input_files(file(board()))
    said.get_by_text("系统正忙").wait_for()
    page.get_by_role("button", name="不传了").click()
    expect(said).to_have_text("")
    pick.set_input_files(file(board()))
    said.get_by_text("系统正忙").wait_for()
    pick.set_input_files(file(board()))
    page.unroute(PHOTOS)
    page.locator("#photos img").wait_for()
    page.get_by_role("button", name="不传了").wait_for(state="hidden")
    assert PlanPhoto.objects.count() == 1
