"""Ten minutes at the door: two tablets, a phone, the host's laptop and the wall at once."""

import re

import pytest
import segno
from playwright.sync_api import expect

from events.models import Crew
from participants.access import issue_link
from participants.letters import qr_text
from participants.models import CheckIn, TagCard
from participants.tests.door import make_person, make_salon
from salon.embedded import CHECKOUT
from salon.models import User
from tests.house import until
from tests.journeys.door import open_desk, result, scan, waiting

pytestmark = pytest.mark.journey

SILENT = "新人进群三天就沉默"


def slips(wall):
    """The names on the wall by region."""
    regions = wall.locator(".wall-region").all()
    return {
        re.sub(r"\s*\d+$", "", region.locator("h2").inner_text()): region.locator(
            "b"
        ).all_inner_texts()
        for region in regions
    }


def test_lin_comes_in_and_the_whole_house_knows(house, tablet, phone, projector, desktop):
    salon = make_salon()
    lin = make_person(
        salon, "林知夏", pains=[SILENT], community_size=12_000, consents=["wall_name"]
    )
    wu = make_person(salon, "吴越", pains=[SILENT], consents=["wall_name"])
    shy = make_person(salon, "陈一诺", pains=[SILENT])
    one, other, wall, lins_phone, laptop = tablet(), tablet(), projector(), phone(), desktop()
    open_desk(one, salon, "一号台")
    open_desk(other, salon, "二号台", mode="careful")
    open_desk(wall, salon, "投影")
    wall.goto("/e/spring/wall/tags/")
    wall.get_by_text("请先签到").wait_for()

    # Her QR opens her own page in any camera; the desk takes the code out of it.
    lins_phone.goto(issue_link(participant=lin))
    lins_phone.goto(qr_text(lin).replace("http://127.0.0.1:8000", house.url))
    assert CheckIn.objects.count() == 0
    scan(one, qr_text(lin))
    assert "一号台" in result(one, "checked_in", "林知夏")
    wall.locator(".wall-slip", has_text="林知夏").wait_for(timeout=5_000)
    assert slips(wall) == {"教育": ["林知夏"]}

    # The second desk is told when, where and by whom, and goes on with the next.
    other.locator(".desk-people li", has_text="林知夏").get_by_text("已签到").wait_for()
    scan(other, lin.code)
    assert "一号台" in result(other, "already", "林知夏")
    scan(other, wu.code)
    result(other, "ask", "吴越")
    other.keyboard.press("Enter")
    result(other, "checked_in", "吴越")
    scan(one, shy.code)
    result(one, "checked_in", "陈一诺")
    until(lambda: slips(wall) == {"教育": ["林知夏", "吴越", "一位同行"]}, what="three slips")
    until(lambda: "3" in one.locator(".desk-counts b").first.inner_text(), what="the counter")

    # Three of one trade with one pain: the phone says which group and where.
    house.start_worker()
    house.ring("participants.tasks.place_arrivals")
    until(lambda: TagCard.objects.filter(interest_group__isnull=False).count() == 3)
    User.objects.create_superuser("host", password="ein-langes-wort-12")
    Crew.objects.create(event=salon, user=User.objects.get(), role=Crew.Role.HOST)
    laptop.goto("/login/?next=/e/spring/host/tags/")
    laptop.locator("[name=username]").fill("host")
    laptop.locator("[name=password]").fill("ein-langes-wort-12")
    laptop.locator("[name=password]").press("Enter")
    laptop.get_by_text("改名、位置、合并").click()
    laptop.get_by_label("集合位置").fill("三号桌")
    laptop.get_by_role("button", name="保存").click()
    lins_phone.goto("/e/spring/me/card/")
    lins_phone.locator("[data-group] b", has_text="三号桌").wait_for()
    wall.locator(".wall-groups", has_text="三号桌").wait_for()

    # A tap on the phone, a press by the host: the wall follows both.
    lins_phone.get_by_label("消费").check()
    lins_phone.get_by_role("button", name="保存").click()
    lins_phone.get_by_text("标签卡已更新").wait_for()
    until(lambda: slips(wall).get("消费") == ["林知夏"], what="the changed card")
    laptop.get_by_role("button", name="按社群规模").click()
    until(lambda: slips(wall).get("1–5 万") == ["林知夏"], what="the other regions")

    # Undo beside the result, with a reason, and the wall lets go.
    one.keyboard.press("Escape")
    one.keyboard.press("u")
    one.get_by_role("button", name="扫错人").click()
    result(one, "undone", "陈一诺")
    until(lambda: "一位同行" not in str(slips(wall)), what="the slip taken down")


def test_the_wall_comes_back_from_a_dead_network(house, tablet, projector):
    salon = make_salon()
    people = [make_person(salon, name, consents=["wall_name"]) for name in ("林知夏", "吴越")]
    desk, wall = tablet(), projector(tolerant=True)
    open_desk(desk, salon)
    open_desk(wall, salon, "投影")
    wall.goto("/e/spring/wall/tags/")
    scan(desk, people[0].code)
    wall.locator(".wall-slip", has_text="林知夏").wait_for()
    wall.context.set_offline(True)
    wall.wait_for_selector("html[data-live=off]", state="attached", timeout=20_000)
    scan(desk, people[1].code)
    result(desk, "checked_in", "吴越")
    assert "吴越" not in str(slips(wall))
    wall.context.set_offline(False)
    wall.locator(".wall-slip", has_text="吴越").wait_for(timeout=20_000)


def test_the_same_code_is_one_scan_and_a_wrong_code_blocks_nobody(house, tablet):
    salon = make_salon()
    lin, wu = make_person(salon, "林知夏"), make_person(salon, "吴越")
    page = tablet()
    open_desk(page, salon)
    asked = []
    page.on("request", lambda r: r.method == "POST" and asked.append(r.post_data_json))
    for _ in range(5):
        scan(page, lin.code)
    result(page, "checked_in", "林知夏")
    scan(page, "HTTPS://EXAMPLE.COM/WIFI")
    result(page, "unknown")
    scan(page, "222222")
    result(page, "unknown")
    scan(page, wu.code.lower())
    result(page, "checked_in", "吴越")
    assert len([body for body in asked if body.get("participant") == lin.pk]) == 1
    assert CheckIn.objects.count() == 2


def test_the_scanner_takes_nothing_from_who_types_and_says_when_it_is_deaf(house, tablet):
    salon = make_salon()
    lin, wu = make_person(salon, "林知夏", code="UUUUUU"), make_person(salon, "吴越")
    page = tablet()
    open_desk(page, salon)
    page.get_by_role("button", name="现场报名").first.click()
    name = page.get_by_label("姓名", exact=True)
    name.type("UUUUUU")
    expect(name).to_have_value("UUUUUU")
    page.keyboard.press("Escape")
    assert CheckIn.objects.count() == 0
    scan(page, lin.code)  # begins with the key of undo: a scanner is told from a hand
    result(page, "checked_in", "林知夏")
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    search = page.get_by_role("searchbox")
    until(lambda: search.evaluate("field => field === document.activeElement"), what="the focus")
    scan(page, wu.code)  # a scanner with the search field in focus
    result(page, "checked_in", "吴越")
    page.evaluate("document.hasFocus = () => false; window.dispatchEvent(new Event('blur'))")
    deaf = page.get_by_role("button", name="这一页没在最前面")
    page.keyboard.press("Escape")
    deaf.wait_for()
    page.evaluate("delete document.hasFocus; window.dispatchEvent(new Event('focus'))")
    deaf.wait_for(state="hidden")


def test_the_camera_reads_a_phone(house, tablet):
    salon = make_salon()
    lin = make_person(salon, "林知夏")
    page = tablet()
    open_desk(page, salon)
    # The camera shows a phone with her QR; the vendored reader does the reading.
    page.evaluate(
        """async picture => {
            const image = new Image();
            image.src = picture;
            await image.decode();
            const canvas = document.createElement('canvas');
            canvas.width = 640; canvas.height = 480;
            const paper = canvas.getContext('2d');
            const paint = () => {
                paper.fillStyle = '#777'; paper.fillRect(0, 0, 640, 480);
                paper.drawImage(image, 170, 90, 300, 300);
            };
            paint();
            setInterval(paint, 50);
            navigator.mediaDevices.getUserMedia = async () => canvas.captureStream(20);
        }""",
        segno.make(qr_text(lin), error="m").png_data_uri(scale=8, border=4),
    )
    page.get_by_role("button", name="扫码").click()
    result(page, "checked_in", "林知夏")


def test_a_camera_that_may_not_look_says_so_in_words(house, tablet):
    salon = make_salon()
    make_person(salon, "林知夏")
    page = tablet()
    open_desk(page, salon)
    page.evaluate(
        "void (navigator.mediaDevices.getUserMedia = () => Promise.reject(new Error('no')))"
    )
    page.get_by_role("button", name="扫码").click()
    page.get_by_text("摄像头打不开").wait_for()


def test_a_name_is_found_whichever_dot_or_apostrophe_a_keyboard_makes(house, tablet):
    salon = make_salon()
    make_person(salon, "阿卜杜拉·买买提")
    make_person(salon, "古丽•热合曼")  # as another platform exports it
    make_person(salon, "Alice O'Neill")
    make_person(salon, "José Núñez")
    page = tablet()
    open_desk(page, salon)
    search = page.get_by_role("searchbox")
    rows = page.locator(".desk-people li")
    for typed, name in (
        ("阿卜杜拉•买", "阿卜杜拉·买买提"),
        ("阿卜杜拉.买", "阿卜杜拉·买买提"),
        ("古丽·热", "古丽•热合曼"),
        ("古丽热", "古丽•热合曼"),
        ("O’Neill", "Alice O'Neill"),  # what a tablet makes of an apostrophe
        ("nunez", "José Núñez"),
        ("núñ", "José Núñez"),
    ):
        search.fill(typed)
        expect(rows, typed).to_have_count(1)
        expect(rows.first).to_contain_text(name)


def test_a_walk_in_is_a_name_a_nod_and_enter(house, tablet):
    salon = make_salon(on_site_capacity=2)
    make_person(salon, "林知夏")
    page = tablet()
    open_desk(page, salon)
    page.get_by_role("searchbox").fill("周末")
    page.locator("[data-part=nobody]").get_by_role("button", name="现场报名").click()
    sheet = page.locator("[data-part=walk-in-sheet]")
    sheet.get_by_text("还剩 1 个").wait_for()
    expect(sheet.get_by_label("姓名", exact=True)).to_have_value("周末")
    sheet.get_by_label("处理个人信息").check()
    sheet.get_by_label("姓名", exact=True).press("Enter")
    result(page, "checked_in", "周末")
    page.get_by_role("button", name="标签卡").click()
    card = page.locator("[data-part=card-sheet]")
    card.get_by_label("消费").check()
    card.get_by_label("痛点").fill(SILENT)
    card.get_by_role("button", name="贴到墙上").click()
    result(page, "saved", "周末")
    assert TagCard.objects.get().industry == "consumer"
    page.keyboard.press("Escape")
    page.get_by_role("button", name="现场报名").first.click()
    sheet.get_by_label("姓名", exact=True).fill("吴越")
    sheet.get_by_label("处理个人信息").check()
    sheet.get_by_role("button", name="报名并签到").click()
    result(page, "full")
    assert waiting(page) == 0


def test_somebody_unconfirmed_is_let_in_on_the_desks_word(house, tablet):
    salon = make_salon()
    chen = make_person(salon, "陈一诺", status="accepted")
    page = tablet()
    open_desk(page, salon)
    scan(page, chen.code)
    assert "已通过·待确认" in result(page, "not_confirmed", "陈一诺")
    page.get_by_role("button", name="当面放行").click()
    result(page, "checked_in", "陈一诺")
    chen.refresh_from_db()
    assert chen.status == "confirmed"


def test_what_the_desk_prefers_stays_on_its_tablet(house, tablet):
    salon = make_salon()
    lin = make_person(salon, "林知夏")
    page = tablet()
    open_desk(page, salon)
    page.get_by_label("声音").uncheck()
    page.get_by_label("今天谁在这张台子").fill("小王")
    page.get_by_label("今天谁在这张台子").press("Tab")
    page.reload()
    page.wait_for_selector("html[data-desk=ready]", state="attached")
    expect(page.get_by_label("声音")).not_to_be_checked()
    expect(page.get_by_role("radio", name="快速")).to_be_checked()
    page.locator("h2").first.click()
    scan(page, lin.code)
    result(page, "checked_in", "林知夏")
    assert CheckIn.objects.get().operator == "小王"


@pytest.mark.parametrize("size", ["desk", "portrait"])
def test_the_desk_has_no_barrier(house, tablet, size):
    salon = make_salon()
    make_person(salon, "林知夏")
    options = {"viewport": {"width": 800, "height": 1280}} if size == "portrait" else {}
    page = tablet(**options)
    open_desk(page, salon)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    axe = (CHECKOUT / "tests/vendor/axe-core-4.14.1/axe.min.js").read_text()
    page.evaluate(axe)
    for opened in (None, "现场报名"):
        if opened:
            page.get_by_role("button", name=opened).first.click()
        found = page.evaluate("axe.run().then(answer => answer.violations)")
        assert [(v["id"], [n["html"] for n in v["nodes"]]) for v in found] == []
