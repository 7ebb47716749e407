"""Steps at the door that several journeys take."""

from events.access import issue_desk_pass


def open_desk(page, salon, desk="一号台", *, mode="express"):
    """Open the desk's link, type the PIN, and wait until the page can do without a network."""
    desk_pass, token, pin = issue_desk_pass(event=salon, desk=desk, by=None)
    page.goto(f"/d/{token}")
    page.get_by_label("PIN").fill(pin)
    page.get_by_role("button", name="进入签到").click()
    page.wait_for_selector("html[data-desk=ready][data-offline=ready]", state="attached")
    page.wait_for_selector(".desk-people li")
    page.get_by_role("radio", name="仔细" if mode == "careful" else "快速").check()
    return desk_pass


KEYS_AT_ONCE = """text => {
    for (const key of [...text, "Enter"])
        document.activeElement.dispatchEvent(
            new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
}"""


def scan(page, text):
    """A hardware scanner types a code and Enter, faster than any hand.

    In one go: key by key through the browser's remote control would be a slow hand on a busy
    machine. Into a field only the real keyboard types.
    """
    if page.evaluate("document.activeElement.matches('input:not([type=radio]), textarea')"):
        page.keyboard.type(text)
        page.keyboard.press("Enter")
    else:
        page.evaluate(KEYS_AT_ONCE, text)


def result(page, result, who=""):
    """Wait for the full-screen answer; returns its sentence."""
    screen = page.locator(f".desk-result[open][data-result={result}]")
    screen.filter(has_text=who).wait_for()
    return screen.locator("[data-part=why]").inner_text()


def waiting(page):
    """How many requests wait on the tablet's disk. A page just loaded has not counted them yet,
    and nothing counted is not nothing waiting."""
    counted = page.locator("[data-part=net][data-waiting]")
    counted.wait_for(state="attached")
    return int(counted.get_attribute("data-waiting"))


def canary(page):
    """Whether the page reaches the server at all."""
    return page.evaluate("fetch('/healthz', {cache: 'no-store'}).then(() => true, () => false)")
