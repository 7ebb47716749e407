"""A guest insults the room under her own name: the host's phone sees it, the wall never does."""

import re

import pytest
from playwright.sync_api import expect

from events.models import Crew
from events.tests import scenes as events
from participants.access import issue_link
from participants.consents import set_consent
from participants.tags import save_card
from tests.journeys.crew import log_in
from workshops.tests import scenes

pytestmark = [pytest.mark.journey, pytest.mark.timeout(240)]

WITHIN_A_SECOND = 1000
INSULT, DISGUISED = "傻逼主办方", "加 薇 信 领 博·彩"


def in_the_room(salon):
    """Ten people with their cards on the wall, their names on it; the last is asked to behave."""
    people = scenes.people(salon, 10)
    for person in people:
        person.pain_points.create(position=1, text="没人说话")
        set_consent(participant=person, purpose="wall_name", given=True, by=person)
        save_card(
            person=person,
            by=None,
            industry="education",
            size_band="5k_10k",
            expertise="活动策划",
            pain="没人说话",
        )
    return people


def is_heard(page):
    page.wait_for_selector("html[data-live=on]")
    return page


def test_an_insult_waits_on_the_hosts_phone_and_the_wall_follows_the_host(
    house, phone, projector, desktop
):
    salon = scenes.a_salon()
    *_others, wei = in_the_room(salon)
    host = events.crew(salon, "qiao", Crew.Role.HOST, types_password=True)
    floor = events.crew(salon, "shen", Crew.Role.FLOOR, types_password=True)

    wall, hand, laptop, guest = projector(), phone(), desktop(), phone()
    wall.goto(issue_link(participant=wei))
    wall.goto("/e/spring/wall/tags/")
    is_heard(wall)
    slip = wall.locator(f'[data-key="slip-{wei.pk}"]')
    expect(slip).to_contain_text(wei.name)

    log_in(hand, host, events.PASSWORD)
    hand.goto("/e/spring/host/queue/")
    is_heard(hand)
    waiting = hand.locator(".queue-waiting li")
    expect(waiting).to_have_count(0)
    log_in(laptop, floor, events.PASSWORD)
    laptop.get_by_role("link", name="上墙审核").click()
    is_heard(laptop)

    # She changes her name and her card on her own phone, and goes on seeing both.
    guest.goto(issue_link(participant=wei))
    guest.goto("/e/spring/me/edit/")
    guest.get_by_label("姓名").fill(INSULT)
    guest.get_by_role("button", name="保存").click()
    guest.wait_for_url("**/me/")
    expect(guest.locator("main")).to_contain_text("名字改过")
    guest.goto("/e/spring/me/card/")
    guest.get_by_label("擅长").fill(DISGUISED)
    guest.get_by_role("button", name="保存").click()
    expect(guest.locator("main")).to_contain_text("等主持人看过")

    # Both stand in the queue with the word, on the phone and on the floor's laptop, at once.
    expect(waiting).to_have_count(2)
    name, card = (
        hand.locator(f'.queue-waiting [data-key^="waiting-{what}"]')
        for what in ("participant", "tagcard")
    )
    expect(name).to_contain_text("像“傻逼”")
    expect(name).to_contain_text(f"大家现在看到的名字：{wei.name}")
    expect(card).to_contain_text("像“加微信”")
    expect(laptop.locator(".queue-waiting li")).to_have_count(2)
    # The wall shows the card without its words, under the name of before.
    expect(slip).not_to_contain_text("活动策划")
    expect(slip).to_contain_text(wei.name)
    expect(wall.locator("main")).not_to_contain_text(re.compile("傻逼|薇 信"))

    # The host lets the card pass after all: within a second it hangs there; then takes it down.
    card.get_by_role("button", name="上墙", exact=True).click()
    expect(slip).to_contain_text(DISGUISED, timeout=WITHIN_A_SECOND)
    shown = laptop.locator('[data-key="on-show"] li').filter(has_text=DISGUISED)
    shown.get_by_role("button", name="撤下").click()
    expect(slip).to_have_count(0, timeout=WITHIN_A_SECOND)
    # And puts it back.
    hand.locator('[data-key="taken-down"] summary').click()
    down = hand.locator('[data-key="taken-down"] li').filter(has_text=DISGUISED)
    down.get_by_role("button", name="放回去").click()
    expect(slip).to_contain_text(DISGUISED, timeout=WITHIN_A_SECOND)

    # The name never hangs: kept off, the slip says nobody's.
    name.get_by_role("button", name="不上墙").click()
    expect(slip).to_contain_text("一位同行", timeout=WITHIN_A_SECOND)
    expect(waiting).to_have_count(0)
    expect(hand.locator(".queue-waiting")).to_contain_text("没有等着看的")
    guest.goto("/e/spring/me/")
    expect(guest.locator("main")).to_contain_text("您的名字先收起来了")
