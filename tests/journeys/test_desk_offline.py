"""The desk without a network, in a real browser (DESIGN §5): nothing lost, nothing doubled."""

import pytest
from playwright.sync_api import expect

from events.access import issue_desk_pass
from events.models import Event
from participants.models import CheckIn, DeskRequest, Participant
from participants.tests.door import make_person, make_salon
from tests.house import until
from tests.journeys.door import canary, open_desk, result, scan, waiting

pytestmark = pytest.mark.journey

GUESTS = 60


class LosingNetwork:
    """Lets every request through and loses every third answer on its way back."""

    def __init__(self, page):
        self.asked = self.lost = 0
        page.context.route("**/desk/api/**", self.handle)

    def handle(self, route):
        if route.request.method != "POST":
            return route.continue_()
        self.asked += 1
        if self.asked % 3:
            return route.continue_()
        self.lost += 1
        route.fetch()  # the server has done it …
        return route.abort("connectionreset")  # … and nobody hears of it


def test_sixty_scans_in_the_dark_all_arrive_and_each_once(house, tablet):
    salon = make_salon(on_site_capacity=100)
    people = [make_person(salon, f"客人{n}") for n in range(GUESTS)]
    page = tablet(tolerant=True)
    open_desk(page, salon)
    page.context.set_offline(True)
    assert not canary(page)
    for person in people[:40]:
        scan(page, person.code)
        result(page, "checked_in", person.name)
    assert waiting(page) == 40
    assert CheckIn.objects.count() == 0
    page.reload()
    page.wait_for_selector("html[data-desk=ready]", state="attached")
    until(lambda: waiting(page) == 40, what="the queue after the reload")
    for person in people[40:]:
        scan(page, person.code)
        result(page, "checked_in", person.name)
    scan(page, people[3].code)  # somebody comes back to the desk
    result(page, "already", people[3].name)
    assert waiting(page) == GUESTS

    network = LosingNetwork(page)
    page.context.set_offline(False)
    until(lambda: waiting(page) < GUESTS - 10, what="the first answers")
    page.reload()
    page.wait_for_selector("html[data-desk=ready]", state="attached")
    until(  # asking the page first also lets the losing network do its work
        lambda: waiting(page) == 0 and DeskRequest.objects.count() == GUESTS,
        within=30,
        what="the empty queue",
    )
    assert network.lost >= GUESTS // 3
    assert CheckIn.objects.count() == GUESTS
    assert set(CheckIn.objects.values_list("participant", flat=True)) == {p.pk for p in people}
    assert DeskRequest.objects.count() == GUESTS
    expect(page.locator("[data-part=odd]")).to_be_hidden()
    page.locator("[data-part=net]", has_text="在线").wait_for()


def test_the_desk_finds_people_and_takes_walk_ins_with_no_network(house, tablet):
    salon = make_salon()
    make_person(salon, "张三", mobile="+8613800138000")
    make_person(salon, "章子怡", mobile="+8613900139111")
    page = tablet(tolerant=True)
    open_desk(page, salon, mode="careful")
    page.context.set_offline(True)
    page.reload()
    page.wait_for_selector("html[data-desk=ready]", state="attached")
    page.locator("[data-part=net]", has_text="离线").wait_for()
    search = page.get_by_role("searchbox")
    rows = page.locator(".desk-people li")
    for typed, found in (("z", 2), ("zs", 1), ("zhangz", 1), ("章", 1), ("8", 1), ("9111", 1)):
        search.fill(typed)
        expect(rows, typed).to_have_count(found)
    search.fill("zs")
    search.press("Enter")
    result(page, "ask", "张三")
    page.keyboard.press("Enter")
    assert "离线记下了" in result(page, "checked_in", "张三")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="现场报名").last.click()
    page.get_by_label("姓名", exact=True).fill("周末")
    page.get_by_label("处理个人信息").check()
    page.get_by_role("button", name="报名并签到").click()
    result(page, "checked_in", "周末")
    page.locator("[data-part=net]", has_text="离线 · 2 条待同步").wait_for()
    assert Participant.objects.count() == 2
    page.context.set_offline(False)
    until(lambda: waiting(page) == 0, what="the empty queue")
    assert set(CheckIn.objects.values_list("participant__name", "method")) == {
        ("张三", "search"),
        ("周末", "walk_in"),
    }


WITHOUT_A_CERTIFICATE = """
    delete Crypto.prototype.randomUUID;
    for (const name of ["locks", "serviceWorker", "wakeLock", "storage"])
        Object.defineProperty(Navigator.prototype, name, { value: undefined });
"""


def test_on_a_venues_own_network_without_a_certificate_the_desk_still_opens(house, tablet):
    salon = make_salon()
    lin = make_person(salon, "林知夏")
    page = tablet()
    page.add_init_script(WITHOUT_A_CERTIFICATE)
    _pass, token, pin = issue_desk_pass(event=salon, desk="一号台", by=None)
    page.goto(f"/d/{token}")
    page.get_by_label("PIN").fill(pin)
    page.get_by_role("button", name="进入签到").click()
    page.wait_for_selector("html[data-desk=ready]", state="attached")
    page.get_by_role("radio", name="快速").check()
    scan(page, lin.code)
    result(page, "checked_in", "林知夏")
    page.keyboard.press("u")
    page.get_by_role("button", name="扫错人").click()
    result(page, "undone", "林知夏")
    assert not CheckIn.objects.filter(voided_at=None).exists()
    assert waiting(page) == 0


def test_who_walked_in_in_the_dark_and_found_no_seat_left_is_not_forgotten(house, tablet):
    salon = make_salon(on_site_capacity=2)
    make_person(salon, "林知夏")
    page = tablet(tolerant=True)
    open_desk(page, salon)
    page.context.set_offline(True)
    assert not canary(page)
    page.get_by_role("button", name="现场报名").last.click()
    page.get_by_label("姓名", exact=True).fill("周末")
    page.get_by_label("处理个人信息").check()
    page.get_by_role("button", name="报名并签到").click()
    result(page, "checked_in", "周末")
    make_person(salon, "何悦")  # the last seat goes to somebody else meanwhile
    page.context.set_offline(False)
    until(lambda: waiting(page) == 0, what="the empty queue")
    page.keyboard.press("Escape")
    page.locator("[data-part=odd]").click()
    expect(page.locator("[data-part=odd-list]")).to_contain_text(
        "周末：离线登记的现场报名没有席位了"
    )
    Event.objects.filter(pk=salon.pk).update(on_site_capacity=3)
    page.get_by_role("button", name="改了再交").click()
    expect(page.get_by_label("姓名", exact=True)).to_have_value("周末")
    page.get_by_role("button", name="报名并签到").click()
    result(page, "checked_in", "周末")
    assert CheckIn.objects.get().participant.name == "周末"
    expect(page.locator("[data-part=odd]")).to_be_hidden()


def test_a_refused_guest_outlives_the_pass_until_somebody_has_looked_but_not_for_ever(
    house, tablet
):
    from events.access import revoke_desk_pass

    salon = make_salon(on_site_capacity=1)
    page = tablet(tolerant=True)
    make_person(salon, "林知夏", status="waitlisted")
    desk_pass = open_desk(page, salon)
    page.context.set_offline(True)
    assert not canary(page)
    for name in ("周末", "何悦"):
        page.get_by_role("button", name="现场报名").last.click()
        page.get_by_label("姓名", exact=True).fill(name)
        page.get_by_label("处理个人信息").check()
        page.get_by_role("button", name="报名并签到").click()
        page.locator(".desk-result[open]").wait_for()
        page.keyboard.press("Escape")
        Event.objects.filter(pk=salon.pk).update(on_site_capacity=0)
    page.context.set_offline(False)
    until(lambda: waiting(page) == 0, what="the empty queue")
    revoke_desk_pass(desk_pass=desk_pass, by=None)
    page.locator("[data-part=closed]:visible").wait_for()
    page.locator(".desk-people li").first.wait_for(state="detached")

    # Looked at only half-way, it stays.
    odd = page.locator("[data-part=odd]")
    odd.click()
    page.get_by_role("button", name="改了再交").first.click()
    page.keyboard.press("Escape")
    before = odd.inner_text()
    Event.objects.filter(pk=salon.pk).update(on_site_capacity=10)
    open_desk(page, salon, "二号台")
    expect(odd).to_have_text(before)
    odd.click()
    page.get_by_role("button", name="改了再交").first.click()
    page.get_by_role("button", name="报名并签到").click()
    until(CheckIn.objects.exists, what="the guest's place")

    # A tablet that nobody looks at any more forgets the rest.
    page.context.set_offline(True)
    page.clock.set_fixed_time("2036-01-01T00:00:00Z")
    page.reload()
    page.wait_for_selector("html[data-desk=ready]", state="attached")
    expect(odd).to_be_hidden()


@pytest.mark.parametrize("answer", [500, 503, 502])
def test_a_server_in_trouble_loses_nothing(house, tablet, answer):
    salon = make_salon()
    lin = make_person(salon, "林知夏")
    page = tablet(tolerant=True)
    open_desk(page, salon)
    page.context.route(
        "**/desk/api/check-ins",
        lambda route: route.fulfill(status=answer, body="<h1>trouble</h1>"),
    )
    scan(page, lin.code)
    assert "离线记下了" in result(page, "checked_in", "林知夏")
    until(lambda: waiting(page) == 1, what="the waiting scan")
    page.context.unroute("**/desk/api/check-ins")
    until(lambda: waiting(page) == 0, what="the empty queue")
    assert CheckIn.objects.get().participant == lin


def test_two_tablets_in_the_dark_let_the_same_person_in_and_it_is_said(house, tablet, desktop):
    salon = make_salon()
    lin = make_person(salon, "林知夏")
    one, other = tablet(tolerant=True), tablet(tolerant=True)
    open_desk(one, salon, "一号台")
    open_desk(other, salon, "二号台")
    for page in (one, other):
        page.context.set_offline(True)
        scan(page, lin.code)
        result(page, "checked_in", "林知夏")
    for page in (one, other):
        page.context.set_offline(False)
        until(lambda page=page: waiting(page) == 0, what="the empty queue")
    assert CheckIn.objects.count() == 1
    told = other.locator("[data-part=odd]")
    told.wait_for()
    other.keyboard.press("Escape")
    told.click()
    expect(other.locator("[data-part=odd-list]")).to_contain_text("已在一号台签到")
    other.get_by_role("button", name="处理好了").click()
    told.wait_for(state="hidden")
    expect(one.locator("[data-part=odd]")).to_be_hidden()


def test_a_pass_that_ends_takes_the_guests_off_the_tablet_but_not_what_waits(house, tablet):
    from events.access import revoke_desk_pass

    salon = make_salon()
    lin = make_person(salon, "林知夏")
    page = tablet(tolerant=True)
    desk_pass = open_desk(page, salon)
    page.context.set_offline(True)
    scan(page, lin.code)
    result(page, "checked_in", "林知夏")
    revoke_desk_pass(desk_pass=desk_pass, by=None)
    page.context.set_offline(False)
    page.locator("[data-part=closed]", has_text="待同步的 1 条都还在本机").wait_for()
    page.locator(".desk-people li").first.wait_for(state="detached")
    kept = page.evaluate("idb.openDB('desk-spring').then(db => db.get('kept', 'roster'))")
    assert kept is None
    open_desk(page, salon, "一号台")
    until(lambda: waiting(page) == 0, what="the empty queue")
    assert CheckIn.objects.get().participant == lin


def test_a_tablet_left_in_a_drawer_wipes_itself_when_its_hour_comes(house, tablet):
    salon = make_salon()
    make_person(salon, "林知夏")
    page = tablet(tolerant=True)
    open_desk(page, salon)
    page.context.set_offline(True)
    page.clock.set_fixed_time("2036-01-01T00:00:00Z")
    page.reload()
    page.wait_for_selector("html[data-desk=ready]", state="attached")
    page.locator("[data-part=closed]").wait_for()
    expect(page.locator(".desk-people li")).to_have_count(0)
