"""Chen tells by hand, on her phone, those whom no letter reached; with one thumb."""

import os
import re

import pytest
from playwright.sync_api import expect

from events.tests.scenes import PASSWORD, crew
from participants import screening
from participants.models import Participant
from participants.tests import scenes
from salon.models import Message
from tests.house import until
from tests.journeys.crew import log_in

pytestmark = pytest.mark.journey


def look(page, name):
    if where := os.environ.get("LOOK"):
        page.screenshot(path=f"{where}/{name}.png", animations="allow", caret="initial")


def test_chen_tells_three_by_hand_and_gives_a_fourth_seat_away(house, phone, desktop):
    event = scenes.a_salon()
    chen = crew(event, "chen", types_password=True)
    names = ("林知夏", "周子昂", "苏晴", "何明敏")
    people = [
        scenes.an_applicant(event, name, number, email="") for number, name in enumerate(names)
    ]
    scenes.an_applicant(event, "陆一鸣", 9)
    everybody = list(Participant.objects.values_list("pk", flat=True))
    batch, _refused = screening.decide_many(
        event=event, people=everybody, to_status="accepted", by=chen
    )
    screening.release_batch(batch=batch, by=chen)
    page = phone()
    log_in(page, chen, PASSWORD)
    page.goto("/admin/e/spring/messages/by-hand/")
    page.get_by_text("没有需要手动发送的").wait_for()
    look(page, "by-hand-empty")
    house.start_worker()
    until(lambda: Message.objects.by_hand().count() == 4, what="four to be told by hand")

    page.reload()
    look(page, "by-hand-list")
    page.get_by_role("link", name="开始，一位一位来（4 人）").click()
    for number, name in enumerate(names[:3]):
        expect(page.get_by_role("heading", level=1)).to_have_text(name)
        page.wait_for_load_state()  # with its script: before, the words come back to be copied
        page.get_by_role("button", name="取个人链接并复制").click()
        page.get_by_text("已复制").or_(page.get_by_text("请长按")).wait_for()
        expect(page.locator("#words")).to_have_value(re.compile("/l/"))
        look(page, f"by-hand-one-{number}")
        page.get_by_role("button", name="已告知").click()
    told = Participant.objects.filter(pk__in=[person.pk for person in people[:3]])
    until(lambda: not told.filter(confirm_by=None).exists(), what="their clocks")

    page.goto("/admin/e/spring/messages/by-hand/")
    page.get_by_label("勾选 何明敏").check()
    page.get_by_role("button", name="收回所选名额").click()
    page.get_by_role("button", name="收回 1 个名额").click()
    until(
        lambda: Participant.objects.get(pk=people[3].pk).status == "cancelled", what="the seat back"
    )
    look(page, "by-hand-given-away")
    wide = desktop()
    log_in(wide, chen, PASSWORD)
    for name in ("messages", "screening", "control"):
        wide.goto(f"/admin/e/spring/{name}/")
        look(wide, f"wide-{name}")
