"""Chen turns 186 answers from the survey platform into a full room, in one evening."""

import pytest
from playwright.sync_api import expect

from events.tests.scenes import PASSWORD, crew
from participants.models import Participant
from participants.tests import scenes
from salon.embedded import CHECKOUT
from salon.models import Message
from tests.house import until
from tests.journeys.crew import log_in
from tests.journeys.pictures import keep

pytestmark = pytest.mark.journey
SHEET = CHECKOUT / "tests/data/applications-wjx.xlsx"
Status = Participant.Status


def test_chen_screens_the_sheet_to_a_full_room_and_lets_the_letters_go(house, desktop):
    event = scenes.a_salon()
    chen = crew(event, "chen", types_password=True)
    page = desktop()
    page.on("dialog", lambda dialog: dialog.accept())
    log_in(page, chen, PASSWORD)

    # The sheet: looked at first, every bad row with its reason, then imported by the worker.
    page.goto("/admin/e/spring/import/")
    page.get_by_label("选一个 .xlsx 或 .csv 文件").set_input_files(SHEET)
    page.get_by_role("button", name="先检查").click()
    page.get_by_role("button", name="导入这 175 行").wait_for()
    expect(page.locator("table tbody tr")).to_have_count(11)
    house.start_worker()
    page.get_by_role("button", name="导入这 175 行").click()
    page.get_by_text("导入了 175 人").wait_for(timeout=30_000)

    # By keyboard: down the list, three to the phone, one is not selected, and that is undone.
    page.get_by_role("link", name="去筛选").first.click()
    page.locator("[data-row].is-current").wait_for()
    page.locator("#detail .person").wait_for()
    keep(page, "03-screening-desktop")
    for left in (174, 173, 172):
        page.keyboard.press("j")
        page.keyboard.press("p")
        page.locator(".tabs [aria-current] .count", has_text=str(left)).wait_for()
    page.keyboard.press("n")
    page.get_by_role("button", name="确定未入选").click()
    page.locator(".tabs [aria-current] .count", has_text="171").wait_for()
    page.keyboard.press("u")
    page.locator(".tabs [aria-current] .count", has_text="172").wait_for()

    # Found by initials.
    somebody = Participant.objects.with_status(Status.SUBMITTED).order_by("pk")[7]
    page.keyboard.press("/")
    page.keyboard.type(somebody.pinyin.split()[1])
    page.locator("[data-row]", has_text=somebody.name).first.wait_for()
    page.locator("#q").fill("")
    page.locator(".tabs [aria-current] .count", has_text="172").wait_for()

    # Seats that nobody can fill are released, on record; then both rooms are filled.
    fill(page, "on_site")
    taken = Participant.objects.on_site().holding_a_seat().count()
    core, creator = (event.categories.get(key=key) for key in ("core", "creator"))
    page.goto("/admin/e/spring/screening/")
    room = page.locator(".room-seats").first
    room.get_by_text("名额怎么算的").click()
    room.get_by_label("让出类别").select_option("core")
    room.get_by_label("接收类别").select_option("creator")
    room.get_by_label("名额数").fill(str(50 - taken))
    room.get_by_label("理由").fill("合格的运营者都已排上")
    room.get_by_role("button", name="调剂").click()
    page.get_by_text("名额调剂好了").wait_for()
    release = event.seat_releases.get()
    assert (release.source, release.target, release.seats) == (core, creator, 50 - taken)
    fill(page, "on_site")

    # Who is still missing is taken against a criterion, with the reason.
    missing = 50 - Participant.objects.on_site().holding_a_seat().count()
    against = Participant.objects.on_site().with_status(Status.SUBMITTED, Status.WAITLISTED)
    page.goto("/admin/e/spring/screening/?status=submitted&room=on_site")
    for _seat in range(missing):
        before = against.count()
        page.locator("[data-row]").first.locator("input").check()
        page.get_by_role("button", name="通过", exact=True).click()
        sheet = page.locator("#reason-sheet")
        sheet.get_by_label("为什么破例").fill("带来少见的案例")
        sheet.get_by_role("button", name="写明理由并通过").click()
        until(lambda then=before: against.count() == then - 1, what="one more accepted")
        page.locator("#reason-sheet").wait_for(state="hidden")
        page.locator(".messages .notice-ok").wait_for()
        page.goto("/admin/e/spring/screening/?status=submitted&room=on_site")
    assert Participant.objects.on_site().holding_a_seat().count() == 50

    # The fifty-first finds no seat.
    page.locator("[data-row]").first.locator("input").check()
    page.get_by_role("button", name="通过", exact=True).click()
    if page.locator("#reason-sheet").is_visible():
        page.locator("#own-reason").fill("还想再加一位")
        page.get_by_role("button", name="写明理由并通过").click()
    page.get_by_text("现场名额已满").wait_for()
    assert Participant.objects.on_site().holding_a_seat().count() == 50

    # Nobody has heard anything; a letter is read as its reader will; then all go.
    assert not Message.objects.handed_over().exists()
    page.goto("/admin/e/spring/messages/")
    page.get_by_role("link", name="通过，请确认").first.click()
    page.frame_locator("iframe.letter-face").get_by_text("已经通过").last.wait_for()
    page.goto("/admin/e/spring/messages/")
    page.locator(".mailing", has_text="chen").first.get_by_role("button", name="发送通知").click()
    say_yes(page)
    page.get_by_role("button", name="发送全部决定的通知").click()
    say_yes(page)
    until(
        lambda: not Message.objects.held().exclude(kind="received").exists(),
        what="every decision released",
    )
    invited = Message.objects.of_kind("accepted")
    until(
        lambda: invited.handed_over().count() + invited.by_hand().count() == 50,
        within=60,
        what="fifty letters sent, or to be told by hand",
    )
    assert set(invited.by_hand().values_list("channel", flat=True)) <= {"sms"}
    letters = house.mailbox.to(invited.handed_over().filter(channel="email").first().recipient)
    text = letters[-1].get_body(preferencelist=("plain",)).get_content()
    assert "请在" in text
    assert "/l/" in text


def say_yes(page):
    """Many letters at once are asked about with their number, few by the browser."""
    yes, gone = page.get_by_role("button", name="发出"), page.get_by_text("条通知马上发出。")
    yes.or_(gone).first.wait_for()
    if yes.is_visible():
        yes.click()
    gone.wait_for()


def fill(page, room):
    page.goto(f"/admin/e/spring/screening/fill/?room={room}")
    page.get_by_role("button", name="应用这份名单").click()
    page.wait_for_url("**/screening/?status=accepted**")
