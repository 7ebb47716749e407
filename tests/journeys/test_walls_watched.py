"""The projector loses its network, and the organiser sees it from the other end of the hall; a
phone loses its guest, and says why it shows the wall no more."""

from datetime import timedelta

import pytest

from events.tests.scenes import DAY, PASSWORD, a_salon, at, crew
from participants import screening
from participants.access import issue_link
from participants.tests.door import make_person, make_salon
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


@pytest.mark.journey
def test_cao_who_withdraws_is_told_why_the_wall_is_gone(house, phone):
    salon = make_salon(starts_at=clock.now() + timedelta(hours=2))
    cao = make_person(salon, "曹砚秋")
    make_person(salon, "林知夏")
    screen = phone(tolerant=True)
    screen.goto(issue_link(participant=cao))
    screen.goto("/e/spring/me/pains/")
    screen.wait_for_selector("html[data-live=on]", state="attached")
    screening.withdraw(participant=cao, by=cao)
    screen.context.set_offline(True)
    screen.wait_for_selector("html[data-live=off]", state="attached")
    screen.context.set_offline(False)
    screen.get_by_text("现场大屏和互动只给参加的朋友看").wait_for()
    keep(screen, "not-a-guest-phone")
    screen.get_by_role("link", name="去我的页面").click()
    screen.get_by_role("button", name="收回取消，我还是来").wait_for()
