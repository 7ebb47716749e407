"""Chen ticks three guests, presses the wrong thing, and has a day to take it back."""

import pytest
from playwright.sync_api import expect

from events.tests.scenes import PASSWORD, crew
from participants.models import Participant
from participants.tests import scenes
from tests.journeys.crew import log_in

pytestmark = pytest.mark.journey


def test_three_are_put_out_of_sight_and_back(house, desktop):
    event = scenes.a_salon()
    chen = crew(event, "chen", types_password=True, is_staff=True)
    names = ("林知夏", "周明远", "马小慧")
    for number, name in enumerate(names):
        scenes.an_applicant(event, name, number)
    page = desktop()
    log_in(page, chen, PASSWORD)

    page.goto("/admin/participants/participant/")
    for box in page.locator("input.action-select").all():
        box.check()
    page.locator("select[name=action]").select_option("erase")
    page.get_by_role("button", name="执行").or_(page.locator("button[name=index]")).first.click()
    expect(page.get_by_role("heading", name="删除 3 人的个人信息？")).to_be_visible()
    page.get_by_label("确认请输入").fill("删")
    page.get_by_role("button", name="删除 3 人").click()
    expect(page.get_by_text("和要求的不一样")).to_be_visible()
    page.get_by_label("确认请输入").fill("抹去")
    page.get_by_role("button", name="删除 3 人").click()
    page.get_by_role("link", name="查看或恢复").click()

    expect(page.locator(".erasing-press")).to_contain_text("3 人")
    for name in names:
        expect(page.locator("body")).not_to_contain_text(name)
    page.get_by_role("button", name="恢复").click()
    expect(page.get_by_text("没有等待删除的人")).to_be_visible()
    assert set(Participant.objects.values_list("name", flat=True)) == set(names)
