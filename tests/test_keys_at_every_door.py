"""Keys that are dead, somebody else's or old, at every address that a person may open."""

from datetime import timedelta

import pytest

from participants import keys
from participants.access import issue_link
from participants.models import Participant, PersonalLink
from salon import clock
from tests import test_doors
from tests.test_doors import (
    ENTERS,
    NOT_YET_THERE,
    OPEN_DOORS,
    addresses,
    guest,
    is_turned_away,
    undone,
    visitor,
)

# Its fixtures.
log, world, _may_ask = test_doors.log, test_doors.world, test_doors._may_ask

CONTACTS = ("13800001111", "lin2@example.com")


def owner(world):
    return Participant.objects.get(pk=world.rows["person"])


def routes(*more):
    """What a personal link opens; with OPEN_DOORS also what is everybody's and knows a person."""
    doors = {door for door, roles in ENTERS.items() if "person" in roles}
    found = [route for route, _door in addresses(*doors, *more)]
    assert len(found) > 50
    return found


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_key_that_was_switched_off_opens_nothing(world, method):
    opened = []
    with undone():
        keys.revoke_links(participant=owner(world))
        for route in routes():
            answer = getattr(visitor(world, "person"), method)(world.path(route))
            if not is_turned_away(answer):
                opened.append((route, answer.status_code))
    assert opened == []


def test_while_it_is_asked_whose_this_browser_is_it_stays_its_owner_s_everywhere(world):
    """A link of somebody else is open in it, and every page is read by GET."""
    others = []
    with undone():
        lin, zhou = owner(world), guest(world.here, 9)
        browser = visitor(world, "person")
        assert browser.get(issue_link(participant=zhou)).status_code == 302
        for route in routes():
            request = browser.get(world.path(route)).wsgi_request
            person = getattr(request, "person", None)
            if person is not None and person.pk != lin.pk:
                others.append(route)
    assert others == []


def test_by_an_old_key_every_page_opens_as_by_a_new_one_and_shows_no_contact(world):
    different, shown = [], []
    with undone():
        Participant.objects.filter(pk=owner(world).pk).update(mobile="+8613800001111")
        wanted = [route for route in routes(*OPEN_DOORS) if not route.endswith(NOT_YET_THERE)]
        fresh = {route: visit(world, route) for route in wanted}
        make_old(owner(world))
        for route in wanted:
            answer = visit(world, route)
            if answer.status_code != fresh[route].status_code and not route.endswith("me/key/"):
                different.append((route, answer.status_code))
            text = "" if answer.streaming else answer.content.decode(errors="replace")
            shown += [(route, contact) for contact in CONTACTS if contact in text]
    assert different == []
    assert shown == []


def test_by_an_old_key_nothing_is_lost_at_any_address(world):
    lost = []
    for route in routes():
        with undone():
            lin = owner(world)
            make_old(lin)
            visitor(world, "person").post(world.path(route), {"sure": "yes", "reason": "来不了"})
            lin.refresh_from_db()
            links = PersonalLink.objects.living().filter(participant=lin).count()
            mailed = not route.endswith("me/not-me/")  # gives up its own key, and says so
            if (lin.status, lin.erased_at) != ("confirmed", None) or (mailed and not links):
                lost.append((route, lin.status))
    assert lost == []


def visit(world, route):
    return visitor(world, "person").get(world.path(route))


def make_old(person):
    PersonalLink.objects.filter(participant=person).update(
        created_at=clock.now() - timedelta(days=31)
    )
