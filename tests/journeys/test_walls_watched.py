"""The projector loses its network, and the organiser sees it from the other end of the hall."""

from datetime import timedelta

import pytest

from events.tests.scenes import DAY, PASSWORD, a_salon, at, crew
from salon import clock, live
from tests.journeys.crew import log_in
from tests.journeys.pictures import keep


@pytest.mark.journey
def test_shen_sees_the_wall_that_went_dark(house, travel, desktop, projector):
    salon = a_salon(title="让沉默的用户开口", starts_at=DAY)
    shen = crew(salon, "shen", types_password=True)
    travel(at("13:42"))
    room, wall = desktop(), projector(tolerant=True)
    log_in(room, shen, PASSWORD)
    log_in(wall, shen, PASSWORD)
    room.goto("/admin/e/spring/")
    room.wait_for_selector("html[data-live=on]", state="attached")
    row = room.locator(".control-panel li")
    row.filter(has_text="签到墙").get_by_text("没有屏幕在看").wait_for()

    wall.goto("/e/spring/wall/tags/")
    row.filter(has_text="签到墙").get_by_text("1 块屏在看").wait_for()

    # From one wall to the next is no loss.
    wall.goto("/e/spring/wall/pains/")
    row.filter(has_text="痛点墙").get_by_text("1 块屏在看").wait_for()
    row.filter(has_text="签到墙").get_by_text("没有屏幕在看").wait_for()

    wall.context.set_offline(True)
    wall.wait_for_selector("html[data-live=off]", state="attached")
    travel(clock.now() + timedelta(seconds=60))
    live.publish(salon, "control")
    row.filter(has_text="痛点墙").get_by_text("断开").wait_for()
    keep(room, "control-wall-lost")

    wall.context.set_offline(False)
    row.filter(has_text="痛点墙").get_by_text("1 块屏在看").wait_for()
    wall.close(run_before_unload=False)
    row.filter(has_text="痛点墙").get_by_text("没有屏幕在看").wait_for()
