"""A hundred kilobytes of anything in every field of every guest's form: a sentence, never a broken
page.

The addresses come from the URLconf, their fields from the pages that show the form, from the form
classes of the view's module and from what its code reads of a posted form: a new form is asked here
by being there.
"""

import ast
import inspect
import logging
import uuid
from datetime import timedelta
from html.parser import HTMLParser

import pytest
from django import forms
from django.db import transaction
from django.urls import resolve

from events.models import Event
from metrics import surveys
from salon import clock
from tests import test_doors as doors
from workshops.models import Icebreaker, Phase, Plan, WorkGroup

HUNDRED_KB = 100_000
# One of each kind that readers and patterns take in their own way; tests/test_cost_of_text.py asks
# every reader with all of them.
TOKENS = (
    *("人", "7", "+", ".", "百分之", "x@", "a.", " ", "\n", "\x00"),
    *("\N{COMBINING ACUTE ACCENT}", "😀\N{ZERO WIDTH JOINER}", "\N{RIGHT-TO-LEFT OVERRIDE}"),
    *("<b>", "加微信", "题、", "http://a.cn/", "1e9", '{"a":['),
)
AS_THE_FORM_HAS_IT = {"csrfmiddlewaretoken", "client_id", "version", "group", "next"}


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker):
    """The salon of test_doors on its evening, when everything is open at once."""
    logging.disable(logging.ERROR)
    with django_db_blocker.unblock(), transaction.atomic():
        world = doors.populate()
        open_everything(world)
        yield world
        transaction.set_rollback(True)
    logging.disable(logging.NOTSET)


@pytest.fixture(scope="module")
def forms_of_guests(world, django_db_blocker):
    with django_db_blocker.unblock():
        return list(everywhere(world))


@pytest.fixture(autouse=True)
def _may_ask(django_db_blocker):
    with django_db_blocker.unblock():
        yield


def open_everything(world):
    event, now = world.here, clock.now()
    an_hour = timedelta(hours=1)
    # It has ended for the survey, and everything else goes by clocks of its own.
    Event.objects.filter(pk=event.pk).update(
        starts_at=now - 4 * an_hour, ends_at=now - an_hour, ended_at=None
    )
    event.refresh_from_db()
    person = event.participants.get(pk=world.rows["person"])
    doors.checks_in(person)
    event.phases.update(started_at=now - an_hour, ends_at=now + an_hour)
    Icebreaker.objects.update_or_create(
        event=event, defaults={"started_at": now, "ends_at": now + an_hour}
    )
    WorkGroup.objects.filter(pk=world.rows["work_group"]).update(leader=person, recorder=person)
    Plan.objects.filter(group=world.rows["work_group"]).update(submitted_at=None)
    surveys.open_survey(event=event)
    assert set(event.phases.values_list("kind", flat=True)) == set(Phase.Kind.values)


class Forms(HTMLParser):
    """`{action: {field: values}}` of the forms of a page that are posted."""

    def __init__(self, page, address):
        super().__init__()
        self.found, self.fields, self.address = {}, None, address
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        of = dict(attributes)
        if tag == "form" and (of.get("method") or "").lower() == "post":
            action = (of.get("action") or self.address).partition("?")[0]
            self.fields = self.found.setdefault(action, {})
        elif self.fields is not None and of.get("name"):
            self.fields.setdefault(of["name"], []).append(of.get("value") or "")

    def handle_endtag(self, tag):
        if tag == "form":
            self.fields = None


def names_read(view):
    """What the module of a view reads of a posted form, and the fields of its form classes."""
    module = inspect.getmodule(inspect.unwrap(view))
    names = set()
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        key = None
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
            if node.func.attr in {"get", "getlist"}:
                key = node.args[0]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and len(node.args) > 1:
            if node.func.id in {"number", "numbers"}:
                key = node.args[1]
        elif isinstance(node, ast.Subscript):
            key = node.slice
        if isinstance(key, ast.Constant) and isinstance(key.value, str):
            names.add(key.value)
    for value in vars(module).values():
        if isinstance(value, type) and issubclass(value, forms.BaseForm):
            names |= set(value.base_fields)
    return names


# Who a door that guests stand before is opened by.
BY_WHOM = dict.fromkeys(("person", "guest", "in_the_house", "alumni"), "person")
BY_WHOM |= {"public": "nobody", "event_page": "nobody", "desk": "desk"}


def everywhere(world):
    """`(role, address, {field: values as the page has them})` of all that guests may post to."""
    shown = {}
    for route, door in doors.addresses(*BY_WHOM):
        for role in {BY_WHOM[door], "nobody"} if door in doors.OPEN_DOORS else {BY_WHOM[door]}:
            path = world.path(route)
            page = doors.knock(world, role, path)
            if page.status_code == 200 and page["Content-Type"].startswith("text/html"):
                for action, fields in Forms(doors.text_of(page), path).found.items():
                    shown.setdefault(action, {}).update(fields)
    for route, door in doors.addresses(*BY_WHOM):
        path = world.path(route)
        names, on_the_page = (
            {key: [""] for key in names_read(resolve(path).func)},
            shown.pop(path, {}),
        )
        takes = doors.knock(world, BY_WHOM[door], path, "post").status_code != 405
        if takes and route != "healthz":  # which tells whether the house is well
            yield BY_WHOM[door], path, names | on_the_page
    # What a page posts to is the address of some view, or the page has a form nobody answers.
    assert shown == {}


def filled(fields, token, *, hidden_too):
    text = (token * HUNDRED_KB).encode()[:HUNDRED_KB].decode(errors="ignore")
    kept = () if hidden_too else AS_THE_FORM_HAS_IT & fields.keys()
    posted = dict.fromkeys(fields.keys() - set(kept), text)
    posted |= {name: fields[name][0] for name in kept}
    if not hidden_too and not posted.get("client_id"):
        posted["client_id"] = str(uuid.uuid4())
    return posted


def test_every_form_is_found(world, forms_of_guests):
    """Or the test below asked nobody."""
    found = {path: fields for _role, path, fields in forms_of_guests}
    for end, field in (
        ("apply/", "community_size"),
        ("me/edit/", "mobile"),
        ("me/card/", "expertise"),
        ("me/pains/", "text"),
        ("me/questions/", "text"),
        ("me/exchange/", "offer"),
        ("me/group/save/", "title"),
        ("me/survey/", f"q{world.here.survey.questions.first().pk}"),
        ("me/followup/", "active_rate"),
        ("me/withdraw/", "reason"),
        ("whitepaper/", "email"),
    ):
        assert field in found.get(f"/e/here/{end}", ()), end
    assert len(found) > 40


@pytest.mark.parametrize("token", TOKENS, ids=ascii)
def test_a_hundred_kilobytes_in_every_field_is_answered_with_a_sentence(
    world, forms_of_guests, token
):
    broken = [
        (role, path, answer.status_code)
        for role, path, fields in forms_of_guests
        for hidden_too in {False, token == TOKENS[0]}
        if not is_a_sentence(
            answer := post(world, role, path, filled(fields, token, hidden_too=hidden_too))
        )
    ]
    assert broken == []


def post(world, role, path, fields):
    with doors.undone():
        return doors.visitor(world, role).post(path, fields)


def is_a_sentence(answer):
    """Or the way to the next page. Too large as a whole would be none of its fields' answer."""
    if answer.status_code >= 500 or answer.status_code == 413:
        return False
    return answer.status_code < 400 or bool(doors.text_of(answer))
