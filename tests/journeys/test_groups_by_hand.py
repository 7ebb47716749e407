"""The organiser's hand in the groups: with the mouse, with the keyboard, against a colleague."""

import pytest
from playwright.sync_api import expect

from events.models import Crew
from events.tests.scenes import PASSWORD, crew
from participants.models import CheckIn, Participant
from salon import clock
from tests.journeys.crew import log_in
from workshops import groups
from workshops.models import Membership
from workshops.tests import scenes

pytestmark = pytest.mark.journey


@pytest.fixture
def salon(house):
    return scenes.a_salon()


@pytest.fixture
def page(salon, desktop, request):
    # Chromium logs a refused or lost request as an error of the page.
    page = desktop(tolerant="refused" in request.node.name, catches=True)
    page.on("dialog", lambda dialog: dialog.accept())
    log_in(page, crew(salon, "chen", role=Crew.Role.ORGANISER, types_password=True), PASSWORD)
    return page


def twelve_of_two_trades(salon):
    """Six from the internet, six from education: two groups of one industry each."""
    people = scenes.people(salon, 12)
    for number, person in enumerate(people):
        person.industry = Participant.Industry.values[number // 6]
    Participant.objects.bulk_update(people, ["industry"])
    return people


def group(page, number):
    return page.locator(".ws-board .ws-group", has=page.locator("h3", has_text=f"{number}. "))


def card(page, person):
    return page.locator(f"[data-person='{person.pk}']")


def press_and_carry(page, person, to):
    """The mouse takes the person's name and holds it over the group, not letting go."""
    page.wait_for_load_state()  # what stands there already can be dragged once the script has come
    name = card(page, person).locator(".ws-name").bounding_box()
    page.mouse.move(name["x"] + 12, name["y"] + 8)
    page.mouse.down()
    place = to.bounding_box()
    over = place["x"] + place["width"] / 2, place["y"] + 30
    page.mouse.move(*over, steps=6)
    page.mouse.move(*over)
    page.mouse.move(*over)


def home_of(person):
    return Membership.objects.select_related("group").get(participant=person).group


def test_chen_compares_drags_and_publishes(salon, page):
    """What-if runs, a leader dragged away with the consequences in view, and back again."""
    people = twelve_of_two_trades(salon)
    page.goto("/admin/e/spring/groups/")
    expect(page.locator(".ws-run")).to_have_count(4)
    assert not salon.work_groups.exists(), "comparing forms nothing"
    page.get_by_role("button", name="用这种分法").first.click()
    expect(page.locator(".ws-board .ws-group")).to_have_count(2)
    first, second = salon.work_groups.order_by("number")
    leader = first.leader

    press_and_carry(page, leader, group(page, 2))
    over = group(page, 2).locator(".ws-would .is-shown")
    expect(over).to_have_text(["会有 7 人，多于 6 人。", over.nth(1).inner_text()])
    expect(over.nth(1)).to_contain_text("行业会不一")
    left = group(page, 1).locator(".ws-would .is-shown")
    expect(left).to_have_text(["组长走了，要另选一位。"])
    page.mouse.up()
    page.get_by_text(f"{leader.name} 已移到“2. {second.name}”。").wait_for()
    expect(group(page, 2).locator(".ws-problem").first).to_contain_text("有 7 人，多于 6 人")
    expect(group(page, 2).locator(".ws-problem").nth(1)).to_contain_text("行业不一")
    expect(group(page, 1).locator(".ws-problem").first).to_contain_text("没有组长")
    expect(page.locator(".ws-would .is-shown")).to_have_count(0)
    assert home_of(leader) == second
    expect(page.get_by_text("12 人无法"), "a hand did it, not the arithmetic").to_have_count(0)

    card(page, leader).drag_to(group(page, 1).locator("h3"))
    page.get_by_text(f"{leader.name} 已移到“1. {first.name}”。").wait_for()
    expect(group(page, 2).locator(".ws-problem")).to_have_count(0)
    assert home_of(leader) == first
    assert Membership.objects.count() == len(people)

    page.get_by_role("link", name="换几种分法").click()
    expect(page.locator(".ws-run")).to_have_count(4)
    assert home_of(leader) == first, "looking at other splits leaves the kept one"
    page.goto("/admin/e/spring/groups/")
    page.get_by_role("button", name="公布分组").click()
    page.get_by_text("分组已公布").wait_for()
    assert all(found.published_at for found in salon.work_groups.all())


def test_a_drop_that_is_let_go_beside_the_groups_or_on_the_own_one_moves_nobody(salon, page):
    twelve_of_two_trades(salon)
    groups.form(event=salon)
    page.goto("/admin/e/spring/groups/")
    before = list(Membership.objects.order_by("pk").values_list("participant", "group"))
    somebody = scenes.members(salon.work_groups.first())[2]
    press_and_carry(page, somebody, group(page, 2))
    page.mouse.move(300, 40, steps=4)
    page.mouse.up()
    expect(page.locator(".is-target, .is-dragged, .is-shown")).to_have_count(0)
    press_and_carry(page, somebody, group(page, 1))
    page.mouse.up()
    expect(page.locator(".is-target, .is-dragged, .is-shown")).to_have_count(0)
    assert list(Membership.objects.order_by("pk").values_list("participant", "group")) == before


def test_a_refused_drop_goes_back_with_a_sentence(salon, page):
    """A colleague was quicker; a check-in was undone; the network was gone."""
    twelve_of_two_trades(salon)
    groups.form(event=salon)
    first = salon.work_groups.get(number=1)
    late = scenes.person(salon, "许多多")
    page.goto("/admin/e/spring/groups/")
    somebody, other = scenes.members(first)[2:4]

    groups.move(event=salon, person=somebody, group=None, by=None)
    press_and_carry(page, somebody, group(page, 2))
    page.mouse.up()
    page.get_by_text(f"{somebody.name} 刚被移出小组，没有再移动。").wait_for()
    expect(page.locator(".ws-unplaced").locator(f"[data-person='{somebody.pk}']")).to_be_visible()
    assert not Membership.objects.filter(participant=somebody).exists()

    CheckIn.objects.filter(participant=late).update(voided_at=clock.now(), void_reason="认错人")
    press_and_carry(page, late, group(page, 2))
    page.mouse.up()
    page.get_by_text("许多多 还没有签到，签到后才能进组。").wait_for()
    expect(card(page, late)).to_have_count(0)

    page.route("**/groups/move/", lambda route: route.abort())
    press_and_carry(page, other, group(page, 2))
    page.mouse.up()
    page.get_by_text(f"没有连上，{other.name} 还在原来的组。").wait_for()
    expect(group(page, 1).locator(f"[data-person='{other.pk}']:not(.is-moving)")).to_be_visible()
    assert home_of(other) == first


def test_the_keyboard_does_what_the_mouse_does(salon, page):
    twelve_of_two_trades(salon)
    groups.form(event=salon)
    first, second = salon.work_groups.order_by("number")
    page.goto("/admin/e/spring/groups/")
    somebody = scenes.members(first)[2]
    card(page, somebody).locator("summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("2")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_text(f"{somebody.name} 已移到“2. {second.name}”。").wait_for()
    expect(card(page, somebody).locator("summary")).to_be_focused()
    expect(group(page, 2).locator(f"[data-person='{somebody.pk}']")).to_be_visible()
    assert home_of(somebody) == second
