"""Ten danmaku a second fly over the projector, and every one can be read."""

import itertools

import pytest
from playwright.sync_api import expect

from events.models import Event
from participants.access import issue_link
from tests.house import until
from workshops import questions
from workshops.tests import scenes

pytestmark = [pytest.mark.journey, pytest.mark.timeout(240)]

LINES = ("哈哈哈", "这个案例太真实了", "求模板！", "我们也是这样", "前排", "老师讲得好，想听细节")
BOXES = """() => [...document.querySelectorAll('.ws-danmaku')].map((line) => {
    const box = line.getBoundingClientRect();
    return [box.left, box.top, box.right, box.bottom, line.textContent];
})"""


def overlapping(boxes):
    """Pairs of lines whose letters lie over each other by more than a hair."""
    return [
        (one[4], other[4])
        for one, other in itertools.combinations(boxes, 2)
        if min(one[2], other[2]) - max(one[0], other[0]) > 2
        and min(one[3], other[3]) - max(one[1], other[1]) > 4
    ]


def test_no_line_flies_over_another_and_each_flies_once(house, projector):
    salon = scenes.a_salon()
    people = scenes.people(salon, 20)
    questions.switch_moderation(event=salon, mode=Event.Moderation.AFTER, by=None)
    salon.refresh_from_db()
    wall = projector()
    wall.goto(issue_link(participant=people[0]))
    wall.goto("/e/spring/wall/danmaku/")
    wall.wait_for_selector("html[data-live=on]")
    flown = set()
    for number in range(80):
        person = people[number % 20]
        person.event = salon
        text = f"{LINES[number % 6]}{number}"
        questions.send(person=person, kind="danmaku", text=text, client_id=scenes.new_id())
        wall.wait_for_timeout(90)
        if number % 8 == 0:
            flown |= look(wall)
    until(lambda: flown.update(look(wall)) or len(flown) == 80, what="the last line")
    until(lambda: not wall.evaluate(BOXES), what="an empty sky")


def test_a_line_that_the_host_takes_off_vanishes_under_way(house, projector):
    salon = scenes.a_salon()
    lin, zhou = scenes.people(salon, 2)
    questions.switch_moderation(event=salon, mode=Event.Moderation.AFTER, by=None)
    wall = projector()
    wall.goto(issue_link(participant=lin))
    wall.goto("/e/spring/wall/danmaku/")
    wall.wait_for_selector("html[data-live=on]")
    rude = fly(lin, "讲得真烂")
    kind = fly(zhou, "冲冲冲")
    until(lambda: len(wall.evaluate(BOXES)) == 2, what="both lines")
    questions.hide(question=rude, by=None)
    line = wall.locator(".ws-danmaku")
    expect(line).to_have_text([kind.text])


def fly(person, text):
    person.event.refresh_from_db()
    return questions.send(person=person, kind="danmaku", text=text, client_id=scenes.new_id())


def look(wall):
    boxes = wall.evaluate(BOXES)
    assert overlapping(boxes) == []
    return {box[4] for box in boxes}
