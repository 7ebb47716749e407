"""The look and the live parts in a real browser, from the files themselves: no server is needed."""

import mimetypes
import re
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from django.template.loader import render_to_string
from django.test import RequestFactory
from playwright.sync_api import expect

from salon.embedded import CHECKOUT
from tests.house import until

STATIC = CHECKOUT / "static"
AXE = next((CHECKOUT / "tests/vendor").glob("axe-core-*/axe.min.js"))
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
ORIGIN = "http://salon.test"

PAGE = """<!doctype html><html lang="zh-hans"><title>墙</title><body>{body}
<script type="module" src="/static/js/live.js"></script></body></html>"""


class Site:
    """A page on ORIGIN made of `body`, the checkout's static files, and a stream of our telling.

    `stream` is what the next connections get: bytes (sent, then the stream ends) or None (refused).
    """

    def __init__(self, context):
        self.context = context
        self.html = ""
        self.stream = None
        self.asked = []
        context.route(f"{ORIGIN}/**", self.answer)

    def answer(self, route):
        address = urlsplit(route.request.url)
        if address.path.startswith("/live/"):
            self.asked.append(f"{address.path}?{address.query}")
            if self.stream is None:
                return route.abort()
            return route.fulfill(content_type="text/event-stream", body=self.stream)
        if address.path.startswith("/static/"):
            path = STATIC / unquote(address.path.removeprefix("/static/"))
            kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
            return route.fulfill(content_type=kind, body=path.read_bytes())
        return route.fulfill(content_type="text/html; charset=utf-8", body=self.html)

    def open(self, body, *, at=None):
        page = self.context.new_page()
        self.html = PAGE.format(body=body)
        if at:
            # It ticks until it is paused, and cannot be paused at a time that has passed.
            page.clock.install(time=datetime.fromisoformat(at) - timedelta(minutes=1))
            page.clock.pause_at(at)  # moves by run_for alone, however slow this machine is
        page.goto(ORIGIN)
        page.evaluate("import('/static/js/live.js').then((live) => { window.live = live; })")
        return page


@pytest.fixture
def site(browser):
    context = browser.new_context(bypass_csp=True)
    yield Site(context)
    context.close()


def says(topic, html):
    lines = "".join(f"data: {line}\n" for line in html.split("\n"))
    return f": a heartbeat\n\nevent: {topic}\n{lines}\n"


def test_a_slip_that_changes_its_region_stays_the_same_element(site):
    page = site.open('<section id="wall"></section>')
    kept = page.evaluate(
        """() => {
            const wall = document.getElementById("wall");
            live.replaceContent(wall,
                '<ul id="edu"><li data-key="lin">林</li></ul><ul id="net"></ul>');
            const lin = wall.querySelector('[data-key="lin"]');
            live.replaceContent(wall,
                '<ul id="edu"></ul><ul id="net"><li data-key="lin">林知夏</li></ul>');
            const moved = wall.querySelector('#net [data-key="lin"]');
            return [moved === lin, moved.textContent];
        }"""
    )
    assert kept == [True, "林知夏"]


def test_only_slips_that_were_not_there_before_are_new(site):
    page = site.open('<section id="wall"><p data-key="lin">林</p></section>')
    seen = page.evaluate(
        """() => {
            const wall = document.getElementById("wall");
            const added = live.replaceContent(
                wall, '<p data-key="gu">顾</p><p data-key="lin" class="pinned">林</p>');
            return [added.map((slip) => slip.dataset.key),
                    [...wall.children].map((slip) => slip.className)];
        }"""
    )
    assert seen == [["gu"], ["is-new", "pinned"]]


def test_whatever_stood_there_the_swap_ends_in_what_the_server_sent(site):
    page = site.open('<section id="wall"></section>')
    wrong = page.evaluate(
        """() => {
            let seed = 20261219;
            const below = (n) => (seed = (seed * 1103515245 + 12345) & 0x7fffffff) % n;
            const tree = (keys, depth) => Array.from({length: below(5)}, () => {
                if (!below(5)) return `text ${below(9)} `;
                const name = ["p", "div", "li", "b"][below(4)];
                const key = keys.length && below(3)
                    ? ` data-key="${keys.splice(below(keys.length), 1)[0]}"` : "";
                const inside = depth ? tree(keys, depth - 1) : "";
                return `<${name}${key} class="c${below(3)}">${inside}</${name}>`;
            }).join("");
            const wall = document.getElementById("wall");
            const plain = (html) => {
                const parsed = new DOMParser().parseFromString(
                    `<template>${html}</template>`, "text/html").querySelector("template");
                const holder = document.createElement("div");
                holder.append(parsed.content);
                holder.normalize();
                return holder.innerHTML;
            };
            const wrong = [];
            for (let round = 0; round < 600; round += 1) {
                const html = tree(Array.from({length: 12}, (_, i) => `k${i}`), 3);
                live.replaceContent(wall, html);
                const now = plain(wall.innerHTML.replaceAll(" is-new", ""));
                if (now !== plain(html)) wrong.push(html);
            }
            return wrong.slice(0, 2);
        }"""
    )
    assert wrong == []


def test_what_the_reader_opened_typed_and_focused_survives_a_swap(site):
    page = site.open(
        '<section id="wall"><details data-key="d"><summary>方案</summary>旧</details>'
        '<input data-key="i" aria-label="方案"></section>'
    )
    page.click("summary")
    page.fill("input", "第三天发一道题")
    page.evaluate(
        """() => live.replaceContent(document.getElementById("wall"),
            '<p data-key="n">新</p><details data-key="d"><summary>方案</summary>新</details>'
            + '<input data-key="i" aria-label="方案">')"""
    )
    assert page.evaluate("document.querySelector('details').open")
    assert page.input_value("input") == "第三天发一道题"
    assert page.evaluate("document.activeElement.tagName") == "INPUT"


def test_a_fragment_of_table_rows_arrives_as_table_rows(site):
    page = site.open('<table><tbody id="rows"></tbody></table>')
    page.evaluate(
        """() => live.replaceContent(document.getElementById("rows"),
            '<tr data-key="1"><td>林</td></tr>')"""
    )
    assert page.locator("#rows > tr > td").all_text_contents() == ["林"]


def test_a_script_in_a_fragment_stays_dead(site):
    page = site.open('<section id="wall"></section>')
    page.evaluate(
        """() => live.replaceContent(document.getElementById("wall"),
            '<script>window.ran = true</' + 'script><p>字</p>')"""
    )
    assert page.locator("#wall p").text_content() == "字"
    assert page.evaluate("window.ran") is None


def test_all_sections_of_a_page_share_one_stream_and_get_their_own_topic(site):
    site.stream = says("tags", "<b>一张\n标签卡</b>") + says("agenda", "<b>茶歇</b>")
    page = site.open(
        '<p id="a" data-live-topic="tags" data-live-url="/live/spring/?topics=tags"></p>'
        '<p id="b" data-live-topic="agenda" data-live-url="/live/spring/?topics=agenda"></p>'
    )
    page.wait_for_selector("#b b")
    expect(page.locator("#a")).to_have_text("一张 标签卡")
    expect(page.locator("#b")).to_have_text("茶歇")
    assert site.asked[0] == "/live/spring/?topics=tags,agenda"


def test_a_stream_that_ends_is_opened_again_and_brings_the_newest_state(site):
    site.stream = "retry: 10\n\n" + says("tags", "<p>旧</p>")
    page = site.open('<section data-live-topic="tags" data-live-url="/live/spring/"></section>')
    page.wait_for_selector("section p")
    site.stream = says("tags", "<p class='newest'>新</p>")
    page.wait_for_selector("section p.newest")


def test_the_page_says_so_when_the_stream_is_gone_for_five_seconds_and_when_it_is_back(site):
    page = site.open(
        '<section data-live-topic="tags" data-live-url="/live/spring/"></section>',
        at="2026-12-19T13:30:00+08:00",
    )
    state = "document.documentElement.dataset.live"
    page.clock.run_for(4_000)
    assert page.evaluate(state) is None
    page.clock.run_for(1_500)
    assert page.evaluate(state) == "off"
    site.stream = says("tags", "<p>回来了</p>")
    with page.expect_request("**/live/**"):
        page.clock.run_for(60_000)
    page.wait_for_selector("section p")
    expect(page.locator("section")).to_have_text("回来了")


def test_a_countdown_runs_by_the_servers_clock_when_the_phones_is_wrong(site):
    page = site.open(
        '<time data-countdown-to="2026-12-19T09:10:00Z"'
        ' data-server-now="2026-12-19T08:50:00Z">–</time>',
        at="2024-02-29T03:00:00Z",  # a phone that is years behind
    )
    clock = page.locator("time")
    page.clock.run_for(1_000)
    assert clock.text_content() == "19:59"
    assert clock.get_attribute("data-countdown-state") == "running"
    page.clock.run_for(19 * 60_000)
    assert clock.text_content() == "00:59"
    assert clock.get_attribute("data-countdown-state") == "soon"
    page.clock.run_for(60_000)
    assert clock.text_content() == "00:00"
    assert clock.get_attribute("data-countdown-state") == "over"


def test_an_old_fragment_does_not_give_minutes_back(site):
    countdown = (
        '<time data-key="t" data-countdown-to="2026-12-19T09:{}:00Z" data-server-now="{}">–</time>'
    )
    page = site.open(
        f"<section>{countdown.format('10', '2026-12-19T08:50:00Z')}</section>",
        at="2024-02-29T03:00:00Z",
    )
    page.clock.run_for(30_000)
    # Rendered when the page was, delivered half a minute later, and moved on by five minutes.
    late = countdown.format("15", "2026-12-19T08:50:00Z")
    page.evaluate("html => live.replaceContent(document.querySelector('section'), html)", late)
    page.clock.run_for(1_000)
    assert page.locator("time").text_content() == "24:29"


ONCE = """<script type="module" src="/static/js/page.js"></script>
<form data-once><button name="act" value="yes">确认</button><button disabled>再等等</button></form>"""


def test_a_button_pressed_once_rests_and_wakes_when_no_page_comes(site):
    page = site.open(ONCE, at="2026-12-19T13:30:00+08:00")
    # Whoever presses Stop keeps the page.
    page.evaluate("addEventListener('submit', (event) => event.preventDefault())")
    page.get_by_role("button", name="确认").click()
    page.clock.run_for(14_000)
    assert page.get_by_role("button", name="确认").is_disabled()
    page.clock.run_for(2_000)
    assert page.get_by_role("button", name="确认").is_enabled()
    assert page.get_by_role("button", name="再等等").is_disabled(), "it was so before"


SCREEN = """<script type="module" src="/static/js/screen.js"></script>
<main data-screen="a signed wall" data-screen-url="/screen/">
<section data-live-topic="tags" data-live-url="/live/spring/?topics=tags"></section></main>"""


def heard_from(site, *, stream):
    """What a wall's page says of itself in its first second and when it is closed."""
    words = []

    def listen(route):
        words.append(dict(parse_qsl(route.request.post_data)))
        route.fulfill(status=204)

    site.context.route(f"{ORIGIN}/screen/", listen)
    site.stream = stream
    page = site.open(SCREEN)
    if stream is None:
        page.wait_for_event("requestfailed")
        page.wait_for_event("requestfailed")
    else:
        until(lambda: page.evaluate("1") and words)
    page.evaluate("dispatchEvent(new Event('pagehide'))")
    until(lambda: page.evaluate("1") and (stream is None or words[-1]["act"] == "gone"))
    return words


def test_a_wall_counts_as_a_screen_while_its_stream_stands_and_takes_its_leave(site):
    words = heard_from(site, stream=says("tags", "<p>林</p>").encode())
    assert {word["pass"] for word in words} == {"a signed wall"}
    assert len({word["screen"] for word in words}) == 1
    assert words[0]["act"] == "here"
    assert words[-1]["act"] == "gone"


def test_a_wall_without_a_stream_keeps_silent(site):
    assert heard_from(site, stream=None) == []


PRESS = """<script src="/static/vendor/htmx-2.0.11/htmx.min.js"></script>
<script type="module" src="/static/js/page.js"></script>
<div hx-get="/gone/" hx-trigger="load, every 50ms"></div>
<form hx-post="/{path}/"><button>开始</button></form>
<p class="live-mark press-mark" data-press-mark data-lost="没有送到" data-failed="没有做成"></p>"""


@pytest.mark.parametrize(("path", "words"), [("gone", "没有送到"), ("broken", "没有做成")])
def test_a_press_that_did_not_arrive_is_said_and_what_the_page_asks_by_itself_is_not(
    site, path, words
):
    site.context.route(f"{ORIGIN}/gone/", lambda route: route.abort())
    site.context.route(f"{ORIGIN}/broken/", lambda route: route.fulfill(status=503, body="…"))
    page = site.open(PRESS.format(path=path))
    mark = page.locator("[data-press-mark]")
    for _poll in range(3):
        page.wait_for_event("requestfailed")
    assert mark.text_content() == ""
    page.get_by_role("button").click()
    page.get_by_text(words).wait_for(state="attached")
    assert "is-shown" in mark.get_attribute("class")


@pytest.mark.parametrize(("width", "height"), [(390, 844), (1280, 800)])
def test_every_part_of_the_style_page_passes_axe_and_fits_the_screen(browser, width, height):
    context = browser.new_context(viewport={"width": width, "height": height}, bypass_csp=True)
    site = Site(context)
    site.html = render_to_string("style.html", request=RequestFactory().get("/style/"))
    page = context.new_page()
    page.goto(ORIGIN)
    page.evaluate(AXE.read_text())
    found = page.evaluate("(tags) => axe.run(document, {runOnly: tags})", WCAG)["violations"]
    assert [(fault["id"], fault["nodes"][0]["html"]) for fault in found] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    context.close()


def test_what_a_finger_presses_is_44_pixels_high(browser):
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True, bypass_csp=True
    )
    site = Site(context)
    site.html = render_to_string("style.html", request=RequestFactory().get("/style/"))
    page = context.new_page()
    page.goto(ORIGIN)
    small = page.locator(".btn, summary, .tabs a").evaluate_all(
        """all => all.filter(one => one.offsetHeight && one.offsetHeight < 44)
            .map(one => `${one.offsetHeight} ${one.textContent.trim()}`)"""
    )
    assert small == []
    context.close()


ASKED = """<link rel="stylesheet" href="/static/css/salon.css">
<link rel="stylesheet" href="/static/css/desk.css">
<dialog class="desk-result" data-result="ask"><div class="matter"><p class="word">{name}</p>
<p class="who">核心运营者</p><p class="why">是这位吗？</p></div>
<div class="btn-bar"><button class="btn">签到</button></div></dialog>"""


@pytest.mark.parametrize(
    "name", ["林知夏", "阿卜杜热合曼·买买提图尔荪·阿卜杜克热木江", "很长的名字" * 16]
)
def test_a_name_of_any_length_is_read_from_its_first_character_at_the_desk(site, name):
    page = site.open(ASKED.format(name=name))
    page.set_viewport_size({"width": 1280, "height": 800})
    page.evaluate("document.querySelector('dialog').showModal()")
    page.evaluate("document.querySelector('dialog').scrollTop = 0")
    assert page.locator(".word").bounding_box()["y"] >= 0
    page.get_by_role("button").scroll_into_view_if_needed()
    button = page.get_by_role("button").bounding_box()
    assert button["y"] + button["height"] <= 800


def test_style_sheets_and_vendored_files_name_only_files_that_are_there():
    """The manifest storage stops collectstatic at the first that is not."""
    missing = []
    for path in [*STATIC.rglob("*.css"), *STATIC.rglob("*.js")]:
        text = path.read_text()
        if "sourceMappingURL=" in text:
            missing.append(f"{path.relative_to(STATIC)}: a source map")
        for name in re.findall(r"""url\(["']?([^"')]+)""", text) if path.suffix == ".css" else []:
            if not name.startswith("data:") and not (path.parent / name).exists():
                missing.append(f"{path.relative_to(STATIC)}: {name}")
    assert missing == []
    assert Path(STATIC / "css/salon.css").exists()
