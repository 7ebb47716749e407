"""Photos of a whiteboard, from a phone in a hall with a bad network."""

import io

import pytest
from PIL import Image

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
def test_lin_sends_a_photo_and_loses_no_word_over_it(house, phone):
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
    pick.set_input_files(file(b"\xff" * (photos.MOST_BYTES + 1)))
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
    assert page.get_by_label("方案名称").input_value() == "七天点名"
