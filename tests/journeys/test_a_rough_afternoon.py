"""A late start, an absent speaker and a dead projector; the salon goes on."""

import pytest
from playwright.sync_api import expect

from events.models import Crew, Event, Speaker
from events.tests.scenes import DAY, PASSWORD, a_salon, at, crew
from tests.house import until
from tests.journeys.crew import log_in
from tests.journeys.pictures import keep


@pytest.mark.journey
def test_he_hosts_a_rough_afternoon(house, travel, desktop, phone, projector):
    salon = a_salon(title="让沉默的用户开口", starts_at=DAY)
    he = crew(salon, "hejing", Crew.Role.HOST, types_password=True)
    lu = crew(salon, "luyining", Crew.Role.HOST, types_password=True)
    absent = Speaker.objects.create(event=salon, name="陆以宁")
    salon.agenda.filter(kind="talk").update(speaker=absent)
    travel(at("13:42"))
    stage, pocket, wall, guest = desktop(), phone(), projector(), phone()
    log_in(stage, he, PASSWORD)
    log_in(pocket, lu, PASSWORD)
    stage.goto("/e/spring/host/")
    pocket.goto("/e/spring/host/")
    wall.goto("/e/spring/wall/agenda/")
    guest.goto("/e/spring/")
    for page in (stage, pocket, wall, guest):
        page.wait_for_selector("html[data-live=on]", state="attached")

    # Twelve minutes late: one key moves the hosts' pages, the wall and the guests' phones.
    stage.keyboard.press("ArrowRight")
    stage.get_by_role("heading", name="签到入场", level=1).wait_for()
    stage.get_by_text("晚了 12 分钟").wait_for()
    pocket.get_by_role("heading", name="签到入场", level=1).wait_for()
    wall.locator(".agenda-now h2", has_text="签到入场").wait_for()
    guest.locator(".timeline .is-now", has_text="签到入场").wait_for()

    # The break gives the minutes back; the preview says how before anything moves.
    stage.get_by_label("缩短下一次茶歇").check()
    stage.get_by_role("button", name="先看看会怎样").click()
    stage.locator("#preview", has_text="剩 18 分钟").wait_for()
    keep(stage, "host-preview")
    stage.get_by_role("button", name="就这样").click()
    stage.locator(".stage-list li", has_text="开场致辞").get_by_text("14:12").wait_for()
    wall.locator(".timeline li", has_text="茶歇").get_by_text("15:32").wait_for()
    wall.locator(".timeline li", has_text="主题分享二").get_by_text("15:50").wait_for()
    keep(stage, "host")
    keep(wall, "wall-agenda")

    # Both hosts press: the one who was quicker moves the agenda, once.
    travel(at("14:12"))
    behind = pocket.locator(".stage-act input[name=seen]").input_value()
    stage.keyboard.press("ArrowRight")
    stage.get_by_role("heading", name="开场致辞", level=1).wait_for()
    pocket.get_by_role("heading", name="开场致辞", level=1).wait_for()
    pocket.eval_on_selector(".stage-act input[name=seen]", f"input => {{ input.value = {behind} }}")
    pocket.locator("[data-host-next]").tap()
    pocket.get_by_text("刚才已有人操作过").wait_for()
    pocket.get_by_role("heading", name="开场致辞", level=1).wait_for()

    # The speaker's train stands still, and there is no backup: one tap, everybody sees it.
    pocket.get_by_role("link", name="打开预案").tap()
    pocket.get_by_label("主题分享一").check()
    keep(pocket, "plan-b")
    pocket.get_by_role("button", name="改为圆桌与案例门诊").tap()
    pocket.get_by_text("已切换").wait_for()
    wall.locator(".timeline li", has_text="圆桌与案例门诊").wait_for()
    guest.locator(".timeline li", has_text="圆桌与案例门诊").wait_for()
    stage.get_by_role("button", name="开始：圆桌与案例门诊").wait_for()

    # The train moves again: one tap brings the talk back, at the time it has now.
    pocket.get_by_role("button", name="撤销，恢复原样").tap()
    wall.locator(".timeline li", has_text="主题分享一").get_by_text("14:32").wait_for()

    # The projector dies, and then the network: the checklist is in the pocket.
    pocket.locator(".plan-b", has_text="投影故障").get_by_role("button", name="启动").tap()
    pocket.get_by_text("预案已启动").wait_for()
    helper = phone(tolerant=True)
    log_in(helper, lu, PASSWORD)
    helper.goto("/e/spring/host/checklists/")
    helper.get_by_text("断网也能打开").wait_for()
    helper.get_by_label("换线、换接口，再换备用电脑。").check()
    helper.context.set_offline(True)
    helper.reload()
    helper.get_by_text("两分钟没好：启用备用投影或大屏。").wait_for()
    expect(helper.get_by_label("换线、换接口，再换备用电脑。")).to_be_checked()
    keep(helper, "checklist-offline")
    helper.context.set_offline(False)

    # The rest runs; the last press ends the salon everywhere.
    for title in ("主题分享一", "茶歇", "主题分享二", "共创工作坊", "圆桌对话"):
        stage.keyboard.press("ArrowRight")
        stage.locator(".stage-now h1", has_text=title).wait_for()
    stage.keyboard.press("ArrowRight")
    stage.get_by_text("全部流程走完了").wait_for()
    wall.get_by_text("谢谢每一位的参与").wait_for()
    until(lambda: Event.objects.get(pk=salon.pk).ended_at, what="the end")
