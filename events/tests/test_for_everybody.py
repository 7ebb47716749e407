"""Every page of this room on a phone and on a laptop: WCAG 2.2 AA, and nothing wider than it."""

import pytest

from events import agenda, plan_b
from events.access import issue_desk_pass
from events.models import Speaker
from events.tests.scenes import PASSWORD, a_salon, at, crew
from tests.journeys.crew import log_in
from tests.test_look import AXE, WCAG

PAGES = (
    "/",
    "/crew/",
    "/e/spring/",
    "/e/spring/host/",
    "/e/spring/host/plan-b/",
    "/e/spring/host/checklists/",
    "/admin/e/spring/",
    "/admin/e/spring/agenda/",
    "/admin/e/spring/move/",
    "/admin/e/spring/preparation/",
    "/admin/e/spring/preparation/?view=list",
    "/admin/e/spring/preparation/ready/",
    "/admin/e/spring/preparation/groups/",
    "/admin/e/spring/materials/",
    "/admin/e/spring/materials/packing/",
    "/admin/e/spring/risks/",
    "/admin/e/spring/run-sheet/",
)


def faults(page, address):
    page.goto(address)
    page.evaluate(AXE.read_text())
    found = page.evaluate("(tags) => axe.run(document, {runOnly: tags})", WCAG)["violations"]
    told = [(address, fault["id"], fault["nodes"][0]["html"]) for fault in found]
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        told.append((address, "wider than the screen", ""))
    return told


@pytest.mark.journey
@pytest.mark.parametrize("screen", ["phone", "desktop"])
def test_every_page_can_be_used_by_everybody(house, travel, request, screen):
    salon = a_salon()
    Speaker.objects.create(event=salon, name="沈确", is_backup=True)
    shen = crew(salon, "shen", types_password=True, is_staff=True)
    _pass, token, _pin = issue_desk_pass(event=salon, desk="一号台", by=None)
    travel(at("14:05"))
    agenda.advance(event=salon, seen=0, by=None)
    plan = salon.risk_plans.get(risk="projector")
    plan_b.put_in_force(event=salon, plan_id=plan.pk, by=None)
    page = request.getfixturevalue(screen)(bypass_csp=True)
    log_in(page, shen, PASSWORD)
    walls = ["/e/spring/wall/agenda/"] if screen == "desktop" else []
    told = [fault for path in [*PAGES, f"/d/{token}", *walls] for fault in faults(page, path)]
    assert told == []
