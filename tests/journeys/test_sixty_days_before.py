"""Sixty days of preparation, from the empty blueprint to the packed boxes."""

from datetime import date, timedelta

import pytest
from playwright.sync_api import expect

from events.models import Material
from events.tests.scenes import DAY, PASSWORD, at, somebody, times
from salon import blueprint
from tests.house import until
from tests.journeys.crew import log_in
from tests.journeys.pictures import keep


def days_before(days, clock_time="09:30"):
    return at(clock_time, DAY - timedelta(days=days))


def carry(page, block, down):
    """The mouse takes a block of the day by its title and lets it go `down` pixels further."""
    block.scroll_into_view_if_needed()
    place = block.bounding_box()
    page.mouse.move(place["x"] + 40, place["y"] + 12)
    page.mouse.down()
    page.mouse.move(place["x"] + 40, place["y"] + 12 + down, steps=5)
    page.mouse.up()


@pytest.mark.journey
def test_shen_prepares_a_salon(house, travel, desktop, phone):
    travel(days_before(66))
    shen = somebody("shen", types_password=True, is_staff=True)
    salon = blueprint.new_salon(
        slug="spring", title="用户互动沙龙", date=DAY.date(), venue="西岸艺术中心", by=shen
    )
    page = desktop()
    log_in(page, shen, PASSWORD)

    # T-66: she announces it and finds people for the materials.
    page.get_by_role("link", name="控制室").click()
    page.get_by_role("button", name="公开活动页").click()
    page.get_by_text("活动页已公开").wait_for()
    page.get_by_role("link", name="人员分工").click()
    group = page.locator(".prep-group", has_text="物料组")
    group.get_by_placeholder("姓名").fill("周予安")
    group.get_by_placeholder("邮箱").fill("zhou@example.com")
    group.get_by_role("button", name="加入").click()
    page.locator(".prep-group", has_text="物料组").get_by_role("button", name="设为组长").click()
    page.locator(".prep-group .tag", has_text="组长").wait_for()

    # The agenda: the opening is stretched with the mouse, the rest makes room, she saves.
    page.get_by_role("link", name="流程", exact=True).click()
    opening = page.locator(".day-block", has_text="开场致辞")
    opening.wait_for()
    page.wait_for_load_state()  # the day's script too
    grip = opening.locator(".day-grip").bounding_box()
    page.mouse.move(grip["x"] + 20, grip["y"] + 5)
    page.mouse.down()
    page.mouse.move(grip["x"] + 20, grip["y"] + 5 + 10 * 2.4, steps=5)
    page.mouse.up()
    expect(page.locator("[name=line-1-minutes]")).to_have_value("30")
    expect(page.locator("[name=line-2-start]")).to_have_value("14:30")
    # The roundtable is carried ten minutes down, which leaves a gap, and back again.
    for by, start in ((10, "18:00"), (-10, "17:50")):
        carry(page, page.locator(".day-block", has_text="圆桌对话"), by * 2.4)
        expect(page.locator("[name=line-6-start]")).to_have_value(start)
        expect(page.locator("[name=line-6-minutes]")).to_have_value("20")
    keep(page, "agenda-editor")
    page.locator(".day-block", has_text="茶歇").press("Shift+ArrowUp")
    page.locator(".day-block", has_text="茶歇").press("Shift+ArrowUp")
    expect(page.locator("[name=line-3-minutes]")).to_have_value("20")
    page.locator(".day-gap").get_by_role("button", name="收起空档").click()
    page.get_by_role("button", name="保存流程").click()
    page.get_by_text("流程已保存").wait_for()
    assert times(salon)[1:4] == [
        ("开场致辞", "14:00", "14:30"),
        ("主题分享一：用户分层互动策略", "14:30", "15:30"),
        ("茶歇与资源对接", "15:30", "15:50"),
    ]

    # T-60 passes: what is not done is overdue, and says so.
    travel(days_before(59))
    page.get_by_role("link", name="筹备进度").click()
    expect(page.locator("[data-urgency=overdue] .board-card")).to_have_count(4)
    keep(page, "preparation-board")
    for title in ("确定主题", "邀请嘉宾与备选嘉宾", "定下场地", "准备报名表"):
        card = page.locator(".board-card", has_text=title)
        card.get_by_role("button", name="完成").click()
        page.locator("[data-urgency=done] .board-card", has_text=title).wait_for()

    # The venue cancels: the salon moves a week; what is done stays done.
    page.get_by_role("link", name="改期").click()
    page.get_by_label("新的开始时间").fill("2026-12-26T13:30")
    page.get_by_role("button", name="改到这个时间").click()
    page.get_by_text("活动已改到 2026-12-26 13:30").wait_for()
    due = dict(salon.milestones.values_list("title", "due_on"))
    assert due["确定主题"] == date(2026, 10, 20)
    assert due["采购物料"] == date(2026, 12, 12)

    # T-14 of the new date: two days before, the lead of the materials is reminded.
    house.start_worker()
    travel(at("08:59") - timedelta(days=9))
    house.ring("salon.tasks.deliver_due_messages")
    assert house.mailbox.to("zhou@example.com") == []
    travel(at("09:01") - timedelta(days=9))

    def reminded():
        house.ring("salon.tasks.deliver_due_messages")
        return house.mailbox.to("zhou@example.com")

    letter = until(reminded, what="the reminder")[0]
    assert letter["Subject"] == "T-14 采购物料，2026-12-12 前完成"

    # T-7: ready? Not quite, and the page does not pretend.
    travel(at("10:00"))
    page.get_by_role("link", name="准备好了吗", exact=True).click()
    short = page.locator(".ready-list li", has_text="物料备齐")
    expect(short).to_contain_text("标签卡还差 50")
    keep(page, "readiness")

    # T-1: packing with the thumb, in the storeroom.
    travel(at("16:00") + timedelta(days=6))
    thumb = phone()
    log_in(thumb, shen, PASSWORD)
    thumb.goto("/admin/e/spring/materials/packing/")
    count = Material.objects.filter(event=salon).count()
    for number in range(1, count + 1):
        thumb.locator(".pack-tick[aria-pressed=false]").first.tap()
        thumb.locator("#packed", has_text=str(number)).wait_for()
    expect(thumb.locator(".pack-tick[aria-pressed=true]")).to_have_count(count)
    keep(thumb, "packing")
    page.get_by_role("link", name="准备好了吗", exact=True).click()
    page.locator(".ready-list li", has_text="物料备齐").get_by_text("好了").wait_for()
