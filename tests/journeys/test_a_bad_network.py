"""A group's phone in a hall with a bad network: photos, and what was typed too late."""

import io

import pytest
from PIL import Image
from playwright.sync_api import expect

from participants.access import issue_link
from tests.house import until
from workshops import photos
from workshops.models import Plan, PlanPhoto
from workshops.tests import scenes


def file(data):
    return {"name": "board.jpg", "mimeType": "image/jpeg", "buffer": data}


def board():
    out = io.BytesIO()
    Image.new("RGB", (1200, 900), "#e8dcc8").save(out, "JPEG")
    return out.getvalue()


@pytest.mark.journey
def test_what_lin_typed_without_a_network_past_zero_is_kept_for_all_to_see(house, phone):
    salon = scenes.a_salon()
    _room, (first, _second) = scenes.two_groups(salon)
    scenes.start(salon, scenes.DESIGN)
    lin, zhou = scenes.members(first)[:2]
    page, other = phone(tolerant=True), phone()
    for each, person in ((page, lin), (other, zhou)):
        each.goto(issue_link(participant=person))
        each.goto("/e/spring/me/group/")
    page.get_by_label("核心目标").fill("次周留存到 30%")
    page.locator("[data-plan-mark][data-state=saved]").wait_for()
    page.context.set_offline(True)
    page.get_by_label("核心目标").fill("次周留存到 45%")
    page.get_by_text("没网，内容留在手机里").wait_for()
    scenes.end(salon, scenes.DESIGN)
    other.get_by_text("时间到，已锁定").wait_for()
    page.context.set_offline(False)

    for each in (page, other):
        each.get_by_text("1 份迟到的草稿").click()
        each.locator(".ws-late").get_by_text("次周留存到 45%").wait_for()
        each.locator(".ws-late").get_by_text(lin.name).wait_for()
        each.locator(".ws-card-list").get_by_text("次周留存到 30%").wait_for()
    assert Plan.objects.get(group=first).elements["core_goal"] == "次周留存到 30%"


@pytest.mark.journey
def test_what_was_typed_in_the_last_second_becomes_a_late_draft(house, phone):
    salon = scenes.a_salon()
    _room, (first, _second) = scenes.two_groups(salon)
    scenes.start(salon, scenes.DESIGN)
    lin = scenes.members(first)[0]
    page = phone(tolerant=True)
    page.goto(issue_link(participant=lin))
    page.goto("/e/spring/me/group/")
    page.locator("form[data-plan]").wait_for()
    page.wait_for_selector("html[data-live=on]", state="attached")
    page.get_by_label("核心目标").fill("最后一秒的目标")
    scenes.end(salon, scenes.DESIGN)
    page.get_by_text("1 份迟到的草稿").click()
    page.locator(".ws-late").get_by_text("最后一秒的目标").wait_for()
    [draft] = Plan.objects.get(group=first).late_drafts.all()
    assert (draft.participant, draft.text["elements"]["core_goal"]) == (lin, "最后一秒的目标")


@pytest.mark.journey
def test_while_lin_is_offline_zhou_takes_the_pen_and_nobodys_words_are_lost(house, phone):
    salon = scenes.a_salon()
    _room, (first, _second) = scenes.two_groups(salon)
    scenes.start(salon, scenes.DESIGN)
    lin, zhou = scenes.members(first)[:2]
    page, other = phone(tolerant=True), phone()
    other.on("dialog", lambda dialog: dialog.accept())
    for each, person in ((page, lin), (other, zhou)):
        each.goto(issue_link(participant=person))
        each.goto("/e/spring/me/group/")
    page.get_by_label("方案名称").fill("七天点名")
    page.locator("[data-plan-mark][data-state=saved]").wait_for()
    page.context.set_offline(True)
    page.get_by_label("核心目标").fill("林的目标")
    page.get_by_text("没网，内容留在手机里").wait_for()

    other.get_by_role("button", name="接过笔").click()
    other.get_by_label("核心目标").fill("周的目标")
    other.locator("[data-plan-mark][data-state=saved]").wait_for()
    page.context.set_offline(False)
    page.get_by_text("您写过、还没进方案的字").wait_for()
    page.locator("[data-plan-aside] li", has_text="林的目标").wait_for()
    page.locator(".ws-card-list").get_by_text("周的目标").wait_for()
    assert Plan.objects.get(group=first).elements["core_goal"] == "周的目标"
    page.get_by_role("button", name="不要了").click()
    page.locator("[data-plan-aside]").wait_for(state="hidden")


@pytest.mark.journey
def test_lin_sends_a_photo_and_loses_no_word_over_it(house, phone, tmp_path):
    salon = scenes.a_salon()
    _room, (first, _second) = scenes.two_groups(salon)
    scenes.start(salon, scenes.DESIGN)
    lin, zhou = scenes.members(first)[:2]
    page, other = phone(tolerant=True), phone()
    for each, person in ((page, lin), (other, zhou)):
        each.goto(issue_link(participant=person))
        each.goto("/e/spring/me/group/")
    pick, said = page.locator("#photo"), page.locator("[data-photo-said]")

    # Not a picture, and too large: a sentence beside the button, and the page stays.
    page.get_by_label("方案名称").fill("七天点名")
    pick.set_input_files(file(b"not a picture at all"))
    said.get_by_text("不是能打开的照片").wait_for()
    (tmp_path / "large.jpg").write_bytes(b"\xff" * (photos.MOST_BYTES + 1))
    pick.set_input_files(tmp_path / "large.jpg")
    said.get_by_text("照片太大了").wait_for()
    until(lambda: Plan.objects.filter(group=first, title="七天点名").exists())

    # The network goes while the photo is on its way, and comes back: it arrives once.
    page.context.set_offline(True)
    page.get_by_label("核心目标").fill("次周留存到 30%")
    pick.set_input_files(file(board()))
    said.get_by_text("恢复后自动上传").wait_for()
    assert not PlanPhoto.objects.exists()
    page.context.set_offline(False)
    page.locator("#photos img").wait_for()
    until(lambda: Plan.objects.get(group=first).elements.get("core_goal") == "次周留存到 30%")
    other.locator("#photos img").wait_for()
    assert PlanPhoto.objects.count() == 1
    expect(page.get_by_label("方案名称")).to_have_value("七天点名")
