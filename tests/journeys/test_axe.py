"""Every face of the house with the demo's people in it, looked at by axe-core: 0 violations."""

import os
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from events.models import Event, Series
from participants.access import issue_link
from participants.models import Participant, PersonalLink
from salon import demo
from salon.embedded import CHECKOUT
from salon.models import User
from tests.journeys.door import open_desk

pytestmark = [pytest.mark.journey, pytest.mark.timeout(600)]

AXE = next((CHECKOUT / "tests/vendor").glob("axe-core-*/axe.min.js")).read_text()
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LOOK = """async rules => (await axe.run(document, {runOnly: rules})).violations.map(
    ({id, nodes}) => `${id}: ${nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join("  |  ")}`)"""

HEIGHT = "document.documentElement.scrollHeight"

PUBLIC = ("home", "login")
OF_THE_EVENT = ("event", "apply", "applied", "privacy")
OWN = (
    *("me", "me_edit", "me_erase", "me_card", "me_pains", "me_questions", "me_exchange"),
    *("me_group", "me_vote", "me_survey"),
)
WALLS = ("wall_tags", "wall_pains", "wall_danmaku", "wall_agenda", "wall_plans")
ON_STAGE = (
    *("host", "host_plan_b", "checklists", "tags_host", "pains_host", "questions_host"),
    *("workshop_host", "opening_host"),
)
ORGANISER = (
    *("control", "agenda_edit", "preparation", "readiness", "groups_edit", "materials", "packing"),
    *("risks", "run_sheet", "move_event", "desks", "screening", "screening_fill", "calls"),
    *(
        "messages",
        "privacy_edit",
        "applications_import",
        "groups",
        "judging",
        "evaluation",
        "survey_edit",
    ),
    *("evaluation_settings", "report_edit", "stream_import", "whitepaper_edit", "next_review"),
)


class Looker:
    """Opens pages, keeps what axe finds; with TOUR=<folder> a picture of each page as well."""

    def __init__(self):
        self.found = {}
        self.looked = 0

    def look(self, page, path, *, name, wanted=200):
        answer = page.goto(path)
        assert answer.status == wanted, f"{path} answers {answer.status}"
        self.look_at(page, name)

    def look_at(self, page, name):
        # As long as the page: what a bar at the bottom covers now can be scrolled out from under it.
        size = page.viewport_size
        page.set_viewport_size(size | {"height": max(size["height"], page.evaluate(HEIGHT))})
        page.evaluate(AXE)
        if faults := page.evaluate(LOOK, RULES):
            self.found[name] = faults
        page.set_viewport_size(size)
        self.looked += 1
        if folder := os.environ.get("TOUR"):
            picture = Path(folder) / f"{name}.png"
            page.screenshot(path=picture, animations="allow", caret="initial", full_page=True)


def sit_down(page, user):
    """`user` is logged in here, without typing a password each time."""
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    page.context.add_cookies(
        [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": page.url}]
    )


def paths(names, *slug):
    """`(name, path)` of each; every name has to exist."""
    return [(name, reverse(name, args=slug)) for name in names]


@pytest.mark.parametrize("language", ["zh-CN", "en-GB"])
def test_no_page_has_a_fault_that_axe_knows(phone, tablet, desktop, projector, language):
    demo.tell(people=60)
    looker = Looker()
    today, past, coming = (
        Event.objects.get(slug=slug) for slug in (demo.TODAY, demo.PAST, demo.NEXT)
    )
    Event.objects.update(series=Series.objects.create(slug="salons", title="社群互动沙龙"))
    guests = Participant.objects.filter(event=today).confirmed()

    public = phone(language=language)
    for name, path in paths(PUBLIC):
        looker.look(public, path, name=f"phone-{name}")
    for name, path in paths(OF_THE_EVENT, coming.slug):
        looker.look(public, path, name=f"phone-{name}")
    looker.look(public, f"/e/{today.slug}/", name="phone-event-today")
    lost = phone(language=language, tolerant=True)  # a browser reports 403 and 404 as errors
    looker.look(lost, f"/e/{today.slug}/me/", name="phone-me-refused", wanted=403)
    looker.look(lost, "/nowhere/", name="phone-404", wanted=404)

    own = phone(language=language)
    own.goto(issue_link(participant=guests.checked_in().first()))
    for name, path in paths(OWN, today.slug):
        looker.look(own, path, name=f"phone-{name}")
    two = [guests.checked_in().order_by("pk")[number] for number in (0, 1)]
    shared = phone(language=language)
    shared.goto(issue_link(participant=two[0]))
    PersonalLink.objects.filter(participant=two[0]).update(created_at="2020-01-01T00:00Z")
    looker.look(shared, reverse("me_key", args=[today.slug]), name="phone-old-key")
    looker.look(shared, reverse("me_erase", args=[today.slug]), name="phone-old-key-erase")
    looker.look(shared, issue_link(participant=two[1]), name="phone-swap")
    answered = past.survey.tickets.filter(answered=False).first().participant
    own.goto(issue_link(participant=answered))
    for name, path in paths(("me", "me_group", "me_vote", "me_survey"), past.slug):
        looker.look(own, path, name=f"phone-past-{name}")
    looker.look(own, "/s/salons/", name="phone-series-alumna")
    looker.look(public, "/s/salons/", name="phone-series")

    staff = User.objects.get(username="organiser")
    laptop, hand = desktop(language=language), phone(language=language)
    for page in (laptop, hand):
        page.goto("/")
        sit_down(page, staff)
    looker.look(laptop, "/", name="laptop-home")
    looker.look(laptop, "/crew/", name="laptop-crew")
    looker.look(laptop, "/admin/", name="laptop-admin")
    looker.look(laptop, "/admin/new-salon/", name="laptop-new-salon")
    # In another language they are the same pages: of one salon they tell enough.
    salons = (today, past, coming) if language == "zh-CN" else (today,)
    for event in salons[:2]:
        for name, path in paths(ORGANISER, event.slug):
            looker.look(laptop, path, name=f"laptop-{event.slug}-{name}")
    looker.look(laptop, reverse("screening", args=[coming.slug]), name="laptop-screening-coming")
    looker.look(laptop, reverse("report", args=[past.slug]), name="laptop-report")
    for name, path in paths(("control", "screening", "preparation", "messages"), today.slug):
        looker.look(hand, path, name=f"phone-{name}")
    for name, path in paths(ON_STAGE, today.slug):
        looker.look(laptop, path, name=f"laptop-{name}")
        looker.look(hand, path, name=f"phone-{name}")
    mentor = phone(language=language)
    mentor.goto("/")
    sit_down(mentor, User.objects.get(username="mentor"))
    looker.look(mentor, reverse("review", args=[past.slug]), name="phone-review")

    screen = projector(language=language)
    screen.goto("/")
    sit_down(screen, staff)
    for event in salons:
        for name, path in paths(WALLS, event.slug):
            looker.look(screen, path, name=f"projector-{event.slug}-{name}")

    desk = tablet(language="zh-CN")
    open_desk(desk, today)
    looker.look_at(desk, "tablet-desk")
    assert looker.looked > (100 if language == "zh-CN" else 70)
    assert looker.found == {}, "\n".join(f"{name}: {f}" for name, f in looker.found.items())
