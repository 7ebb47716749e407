"""An agenda that goes on after midnight: lane and server read the clock alike."""

import pytest
from playwright.sync_api import expect

from events.tests.scenes import PASSWORD, a_salon, at, crew, times
from tests.journeys.crew import log_in


@pytest.mark.journey
def test_a_long_day_with_a_party_at_half_past_midnight(house, travel, desktop):
    travel(at("09:00"))
    salon = a_salon(starts_at=at("10:00"))
    page = desktop()
    log_in(page, crew(salon, "shen", types_password=True), PASSWORD)
    page.goto("/admin/e/spring/agenda/")
    page.locator("[name=line-6-start]").fill("23:00")
    page.locator("[name=line-6-start]").press("Tab")
    first = page.locator(".day-block").first
    expect(first, "thirteen hours before the last, and still the morning").to_contain_text("10:00")
    page.locator("[name=line-6-start]").fill("00:30")
    page.locator("[name=line-6-start]").press("Tab")
    expect(page.locator(".day-block").last).to_contain_text("00:30")
    page.get_by_role("button", name="保存流程").click()
    page.get_by_text("流程已保存").wait_for()
    salon.refresh_from_db()
    assert salon.starts_at == at("10:00")
    assert times(salon)[-1] == ("圆桌对话与总结", "00:30", "00:50")
