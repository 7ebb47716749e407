"""Every address × every role and every status: nobody enters through somebody else's door.

The table says which roles a door lets in; the world has one of each role at this salon, somebody
in each status, and strangers with the same role at another. A new address is tested by being in the URLconf; one that
names a row needs a real row of this salon in ROWS.
"""

import contextlib
import copy
import io
import logging
import re
from dataclasses import dataclass, field
from datetime import timedelta
from http.cookies import SimpleCookie
from itertools import chain
from unittest import mock

import pytest
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client

from events.access import issue_desk_pass, open_desk, set_desk_cookie
from events.models import Crew, Event, Milestone, PrepMember, RiskPlan, RiskTrigger, Series
from metrics import claims, evaluation
from metrics.models import Report
from participants import contact_changes, guests, letter_faces, notices
from participants.access import find_link, issue_link, set_person_cookie
from participants.models import (
    Call,
    Case,
    CheckIn,
    ContactChange,
    ImportFile,
    InterestGroup,
    Participant,
    TagCard,
)
from participants.tests.scenes import code_of
from salon import clock, news, outbox
from salon.access import views_of
from salon.blueprint import new_salon
from salon.logs import Line
from salon.models import AuditEntry, User
from workshops.models import (
    Listing,
    Match,
    Membership,
    PainCard,
    Plan,
    PlanPhoto,
    Solution,
    WorkGroup,
)

CREW = {"organiser", "host", "floor", "mentor"}
# Confirmed, and cancelled although they stand in the room: both are guests.
GUESTS = {"person", "who_came"}
# Everybody else who applied, by their status.
OUTSIDE = set(Participant.Status.values) - {Participant.Status.CONFIRMED}
HOUSE = {*CREW, *GUESTS, "superuser", "desk"}
ENTERS = {
    "organiser": {"organiser", "superuser"},
    "host": {"organiser", "host", "superuser"},
    "floor": {"organiser", "host", "floor", "superuser"},
    "keys": {"organiser", "floor", "superuser"},
    "mentor": {"organiser", "mentor", "superuser"},
    "desk": {"desk"},
    "person": {*GUESTS, *OUTSIDE},
    "guest": GUESTS,
    "in_the_house": HOUSE,
    "alumni": {"person"},
}
# At home elsewhere, strangers here.
STRANGERS = {
    "nobody",
    "other_organiser",
    "other_host",
    "other_floor",
    "other_mentor",
    "other_desk",
    "other_person",
}
EVERYBODY = HOUSE | STRANGERS | OUTSIDE
# Behind them everything is posted, and the door asks before the method does.
ONLY_POSTS = {"alumni"}
OPEN_DOORS = {"public", "event_page"}
WITH_AN_ACCOUNT = {"signed_in", "staff"}

# The rows that addresses name, as `(end of the route, key in World.rows)`; the first that fits.
ROWS = (
    ("login/new-password/<str:uidb64>/<str:token>/", "new_password"),
    ("d/<str:token>", "desk_link"),
    ("l/<str:token>", "personal_link"),
    ("c/<str:token>", "contact_key"),
    ("u/<str:token>", "news"),
    ("host/plan-b/undo/<int:pk>/", "trigger"),
    ("host/plan-b/<int:pk>/", "risk_plan"),
    ("desk/api/cards/<int:pk>", "person"),
    ("host/tags/groups/<int:pk>/", "interest_group"),
    ("me/pains/solutions/<int:pk>/like/", "solution"),
    ("me/pains/<int:pk>/solve/", "pain"),
    ("me/questions/<int:pk>/upvote/", "question"),
    ("me/exchange/<int:pk>/", "match"),
    ("me/group/photos/<int:pk>/remove/", "plan_photo"),
    ("whitepaper/photos/<int:pk>/", "plan_photo"),
    ("whitepaper/key/<str:key>/", "claim_key"),
    ("photos/<int:pk>.jpg", "plan_photo"),
    ("stream/<int:pk>/undo/", "stream_import"),
    ("s/<slug:slug>/", "series"),
    ("s/<slug:slug>/ask/", "series"),
    ("s/<slug:slug>/matches/<int:pk>/", "match"),
    ("preparation/groups/<int:group_pk>/", "prep_group"),
    ("preparation/members/<int:pk>/", "prep_member"),
    ("preparation/roles/<int:pk>/", "staff_role"),
    ("preparation/<int:pk>/", "milestone"),
    ("materials/<int:pk>/", "material"),
    ("desks/<int:pk>/revoke/", "desk_pass"),
    ("screening/<int:pk>/<slug:step>/", "person"),
    ("screening/<int:pk>/", "person"),
    ("cases/<int:pk>/<slug:step>/", "case"),
    ("cases/<int:pk>/", "case"),
    ("calls/<int:pk>/finish/", "call"),
    ("calls/<int:pk>/back/", "call"),
    ("messages/<int:pk>/face/", "message"),
    ("messages/<int:pk>/", "message"),
    ("messages/by-hand/<int:pk>/", "message"),
    ("messages/by-hand/<int:pk>/words/", "message"),
    ("messages/by-hand/<int:pk>/done/", "message"),
    ("messages/wording/<slug:kind>/", "letter_kind"),
    ("messages/wording/<slug:kind>/face/", "letter_kind"),
    ("messages/wording/<slug:kind>/send/", "letter_kind"),
    ("import/<int:pk>/start/", "import_file"),
    ("import/<int:pk>/", "import_file"),
    ("groups/<int:pk>/", "work_group"),
    ("evaluation/rows/<slug:key>/", "metric"),
    ("privacy/<int:version>/", "notice_version"),
)
# Needs a picture on disk, or a box that has been closed, which this world has not: who belongs is
# told 404 as well.
NOT_YET_THERE = ("photos/<int:pk>.jpg", "whitepaper/photos/<int:pk>/", "wall/box/proof.json")
# For who has typed a password a moment ago; anybody else begins anew.
SECOND_STEPS = ("login/code/", "login/second-factor/")
# For the hour without a network: the tablet's page and the script that keeps the checklists. They
# name nobody.
KEPT_BY_BROWSERS = {"e/<slug:slug>/desk/", "e/<slug:slug>/host/checklists/worker.js"}


@dataclass
class World:
    """One salon, `here`, with a row of each kind; strangers are at home `there`."""

    clients: dict = field(default_factory=dict)
    rows: dict = field(default_factory=dict)
    here: Event = None
    there: Event = None

    def path(self, route, slug="here"):
        """The address with rows of `here`; KeyError when ROWS does not say which."""

        def argument(match):
            name = match[1]
            if name == "slug" and route.startswith(("e/", "admin/e/")):
                return slug
            if name == "slug" and route.startswith("s/"):
                return self.rows["series"]
            if name == "step":
                return "note"
            return str(self.rows[row_of(route)])

        return "/" + re.sub(r"<(?:\w+:)?(\w+)>", argument, route)


def row_of(route):
    for end, key in ROWS:
        if route.endswith(end):
            return key
    raise KeyError(f"{route} names a row: put a real one into ROWS and rows_of()")


def salon(slug):
    event = new_salon(
        slug=slug, title=slug, date=(clock.now() + timedelta(days=10)).date(), venue="徐汇"
    )
    event.status = Event.Status.PUBLISHED
    event.save()
    return event


def account(name, event, role):
    user = User.objects.create_user(name, is_staff=role == "organiser")
    Crew.objects.create(event=event, user=user, role=role)
    return signed_in(user)


def signed_in(user):
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def guest(event, number, *, name="林知夏", status="confirmed"):
    now = clock.now()
    return Participant.objects.create(
        event=event,
        category=event.categories.first(),
        name=name,
        email=f"lin{number}@example.com",
        mobile=f"+861380000111{number}",
        industry="internet",
        code=code_of(number),
        status=status,
        told_reason="名额有限" if status == "not_selected" else "",
        confirm_by=now + timedelta(days=1) if status in {"accepted", "offered"} else None,
        submitted_at=now,
    )


def checks_in(person):
    now = clock.now()
    CheckIn.objects.create(
        event=person.event, participant=person, method="code", at=now, received_at=now
    )


def with_cookies(response):
    client = Client()
    client.cookies = SimpleCookie({name: morsel.value for name, morsel in response.cookies.items()})
    return client


def at_the_desk(event):
    desk_pass, token, pin = issue_desk_pass(event=event, desk="一号台", by=None)
    response = HttpResponse()
    set_desk_cookie(response, desk_pass, open_desk(desk_pass=desk_pass, pin=pin))
    return with_cookies(response), token, desk_pass, pin


def with_personal_link(person):
    token = issue_link(participant=person).rsplit("/", 1)[1]
    response = HttpResponse()
    set_person_cookie(response, find_link(token))
    return with_cookies(response), token


# What a guest is called and wrote.
WORDS = ("秦望舒", "群里没人说话", "先问一个容易答的问题", "怎么开口？", "出一间会议室")


def a_full_guest(event):
    """Somebody who is on every wall."""
    qin = guest(event, 4, name=WORDS[0])
    checks_in(qin)
    qin.consents.create(purpose="wall_name", wording="展示姓名", given_at=clock.now())
    TagCard.objects.create(participant=qin, industry="internet", expertise="拉新")
    Listing.objects.create(
        participant=qin, table=event.theme_tables.first(), offer=WORDS[4], need="两位嘉宾"
    )
    event.questions.create(participant=qin, kind="danmaku", text="来了来了", gate="shown")
    return qin


def rows_of(event, person):
    """A row of each kind that an address may name, all of this event."""
    now = clock.now()
    evaluation.evaluate(event=event)
    Report.objects.update_or_create(event=event, defaults={"published_at": now})
    prep_group = event.prep_groups.first()
    plan = event.risk_plans.exclude(risk=RiskPlan.Risk.SPEAKER_ABSENT).first()
    other = a_full_guest(event)
    pain = PainCard.objects.create(event=event, participant=other, text=WORDS[1])
    group = WorkGroup.objects.create(
        event=event, number=1, name="第 1 组", leader=other, published_at=now
    )
    for each in (person, other):
        Membership.objects.create(group=group, participant=each)
    event.whitepapers.create(version=1, title="白皮书", sections=[], published_at=now)
    claim = event.whitepaper_claims.create(email="reader@example.com")
    series = Series.objects.create(slug="all", title="用户互动沙龙")
    Event.objects.filter(pk=event.pk).update(series=series)
    made = {
        "person": person,
        "risk_plan": plan,
        "trigger": RiskTrigger.objects.create(plan=plan),
        "interest_group": InterestGroup.objects.create(event=event, name="教育·新用户激活组"),
        "pain": pain,
        "solution": Solution.objects.create(card=pain, participant=other, text=WORDS[2]),
        "prep_group": prep_group,
        "prep_member": PrepMember.objects.create(group=prep_group, name="顾景行"),
        "staff_role": event.staff_roles.first(),
        "milestone": Milestone.objects.filter(event=event).first(),
        "material": event.materials.first(),
        "call": Call.objects.create(
            participant=other,
            claimed_at=now,
            claim_expires_at=now + timedelta(minutes=15),
        ),
        "message": outbox.plan(
            dedup_key=f"doors:{event.slug}",
            kind="received",
            event_id=event.pk,
            person_id=person.pk,
            due_at=now + timedelta(days=1),
        ),
        "case": Case.objects.create(
            event=event,
            person=person,
            answers={"name": "周晓", "mobile": "", "email": person.email},
            submitted_at=now,
        ),
        "import_file": ImportFile.objects.create(event=event, filename="a.xlsx", content=b""),
        "work_group": group,
        "question": event.questions.create(
            participant=other, kind="question", text=WORDS[3], gate="shown"
        ),
        "match": Match.objects.create(first=person, second=other, requested_by=other),
        "plan_photo": PlanPhoto.objects.create(
            plan=Plan.objects.create(group=group), image="plans/none.jpg"
        ),
        "stream_import": event.stream_imports.create(kind="visits", file_digest="0" * 64),
    }
    return {key: row.pk for key, row in made.items()} | {
        "letter_kind": "received",
        "new_password": "nobody-s",
        "metric": "attendance_rate",
        "claim_key": claims.key_of(claim),
        "contact_key": contact_changes.path_of(
            ContactChange.objects.create(
                participant=person, contact="email", new="other@example.com", asked_at=now
            ),
            contact_changes.PROOF,
        ).removeprefix("/c/"),
        "news": news.address(letter_faces.QUESTIONS, person.pk).rpartition("/")[2],
        "series": series.slug,
        "notice_version": notices.first(event).version,
    }


def populate():
    world = World(here=salon("here"), there=salon("there"))
    lin, stranger = guest(world.here, 2), guest(world.there, 3)
    clients = {"nobody": Client()}
    for role in sorted(CREW):
        clients[role] = account(role, world.here, role)
        clients[f"other_{role}"] = account(f"other-{role}", world.there, role)
    clients["superuser"] = signed_in(User.objects.create_superuser("boss"))
    clients["desk"], desk_token, desk_pass, pin = at_the_desk(world.here)
    clients["other_desk"] = at_the_desk(world.there)[0]
    clients["person"], link_token = with_personal_link(lin)
    clients["other_person"] = with_personal_link(stranger)[0]
    for number, status in enumerate(sorted(OUTSIDE), start=20):
        outside = guest(world.here, number, name=status, status=status)
        clients[status] = with_personal_link(outside)[0]
    inside = guest(world.here, 40, name="who came", status="cancelled")
    checks_in(inside)
    clients["who_came"] = with_personal_link(inside)[0]
    for client in clients.values():
        client.raise_request_exception = False
    world.clients = clients
    world.rows = rows_of(world.here, lin) | {
        "desk_pass": desk_pass.pk,
        "desk_link": desk_token,
        "pin": pin,
        "personal_link": link_token,
    }
    return world


@pytest.fixture(scope="module")
def log():
    """What a handler at the root writes of all tests here, at DEBUG. At the end it names nobody and
    opens no door."""
    written, handler = io.StringIO(), logging.StreamHandler()
    handler.setStream(written)
    handler.setFormatter(Line())
    loggers = [logging.getLogger(), logging.getLogger("django")]
    before = [(logger.level, logger.handlers) for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
    # Alone: thousands of refusals are what is wanted here, and on no terminal.
    loggers[0].handlers = [handler]
    yield written
    for logger, (level, handlers) in zip(loggers, before, strict=True):
        logger.setLevel(level)
        logger.handlers = handlers


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker, log):
    """One world for all tests here: every knock is undone, and the world itself at the end."""
    with django_db_blocker.unblock(), transaction.atomic():
        world = populate()
        yield world
        assert said_of_somebody(world, log) == []
        transaction.set_rollback(True)


def said_of_somebody(world, log):
    """Lines with a key, a name, a mobile, an address or a PIN of this world in them."""
    keys = [
        str(world.rows[name]) for name in ("desk_link", "personal_link", "claim_key", "contact_key")
    ]
    people = Participant.objects.values_list("name", "email", "mobile")
    values = {value for value in chain.from_iterable(people) if value}
    values -= {*Participant.Status.values, "who came"}  # some are called by what became of them
    words = {*keys, *values, "reader@example.com"}
    # Six digits stand in longer numbers by chance.
    said = re.compile("|".join([*map(re.escape, words), rf"(?<!\w){world.rows['pin']}(?!\w)"]))
    return [line for line in log.getvalue().splitlines() if said.search(line)]


@pytest.fixture(autouse=True)
def _may_ask(django_db_blocker):
    with django_db_blocker.unblock():
        yield


@contextlib.contextmanager
def undone():
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def visitor(world, role):
    """Who knocks, with the cookies they came with: what an answer hands out is not kept, or the
    link of one's own that everybody may open would make everybody that person."""
    client = copy.copy(world.clients[role])
    client.cookies = copy.deepcopy(client.cookies)
    return client


def knock(world, role, path, method="get", **headers):
    with undone():
        response = getattr(visitor(world, role), method)(path, headers=headers)
        if response.streaming:  # read to the end, which closes its file as a browser's request does
            list(response)
        return response


def addresses(*doors):
    """`(route, door)` of every view outside the admin site, whose pages are the site's own."""
    found = {
        (route, view.door) for route, namespaces, view in views_of() if "admin" not in namespaces
    }
    return sorted((route, door) for route, door in found if not doors or door in doors)


def is_turned_away(response):
    """Sent to the login, told no, or told that there is nothing here. 405 comes before the door."""
    if response.status_code == 302:
        return response.url.startswith(("/login/", "/admin/login/"))
    return response.status_code in {401, 403, 404, 405}


def test_every_kind_of_door_is_in_the_table():
    assert {door for _route, door in addresses()} <= {*ENTERS, *OPEN_DOORS, *WITH_AN_ACCOUNT}


@pytest.mark.parametrize("method", ["get", "post"])
def test_nobody_enters_through_a_door_that_is_not_theirs(world, method):
    leaks = [
        (method, route, role, response.status_code)
        for route, door in addresses(*ENTERS)
        for role in sorted(EVERYBODY - ENTERS[door])
        if not is_turned_away(response := knock(world, role, world.path(route), method))
    ]
    assert leaks == []


def test_whoever_belongs_is_let_in_and_no_address_breaks(world):
    kept_out, broken, seen = [], [], set()
    for route, door in addresses():
        if route.endswith((*NOT_YET_THERE, *SECOND_STEPS)):
            continue
        for role in sorted(ENTERS.get(door, EVERYBODY if door in OPEN_DOORS else HOUSE)):
            response = knock(world, role, world.path(route))
            if response.status_code >= 500 and route != "healthz":
                broken.append((route, role, response.status_code))
            elif response.status_code == (405 if door in ONLY_POSTS else 200):
                seen.add((door, role))
            elif (
                door not in WITH_AN_ACCOUNT
                and (response.status_code in {401, 403, 404} or is_turned_away(response))
                and response.status_code != 405
            ):
                kept_out.append((route, role, response.status_code))
    assert broken == []
    assert kept_out == []
    # Not vacuous: each role has entered at least once through each of its doors.
    assert {(door, role) for door, roles in ENTERS.items() for role in roles} <= seen


def test_no_page_behind_a_door_is_kept_by_a_browser(world):
    kept = set()
    for route, door in addresses(*ENTERS, *WITH_AN_ACCOUNT):
        for role in sorted(ENTERS.get(door, {"superuser"})):
            response = knock(world, role, world.path(route))
            if response.status_code == 200 and "no-store" not in response["Cache-Control"]:
                kept.add(route)
    assert kept == KEPT_BY_BROWSERS


def test_an_empty_post_by_whoever_belongs_breaks_nothing(world):
    broken = [
        (route, role, response.status_code)
        for route, door in addresses(*ENTERS)
        for role in sorted(ENTERS[door])
        if (response := knock(world, role, world.path(route), "post")).status_code >= 500
    ]
    assert broken == []


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_row_of_this_salon_is_not_reached_through_the_address_of_another(world, method):
    """Who is at home there puts a number from here into the own address."""
    reached, audited = [], AuditEntry.objects.count()
    for route, door in addresses(*ENTERS):
        if "slug:slug" not in route or not re.search(r"<int:\w*pk>", route):
            continue
        for role in [*sorted(ENTERS[door] & {*CREW, "desk", "person"}), "superuser"]:
            who = role if role == "superuser" else f"other_{role}"
            with undone():
                response = getattr(visitor(world, who), method)(world.path(route, slug="there"))
                changed = AuditEntry.objects.count() > audited
            if response.status_code == 200 or response.status_code >= 500 or changed:
                reached.append((method, route, who, response.status_code, changed))
    assert reached == []


def test_whoever_is_no_guest_hears_one_sentence_why_and_the_way_to_their_page(world):
    for route, _door in addresses("guest", "in_the_house"):
        path = world.path(route)
        for status in sorted(OUTSIDE):
            why = str(guests.WHY_NOT_YET[status])
            page = knock(world, status, path)
            assert (page.status_code, why in page.text) == (403, True), (route, status)
            assert 'href="/e/here/me/"' in page.text
            told = knock(world, status, path, accept="application/json")
            assert (told.status_code, told.json()) == (
                403,
                {"error": "not_a_guest", "message": why},
            )
            posted = knock(world, status, path, "post")
            assert posted.status_code == 403, (route, status)


def test_nobody_outside_reads_a_guests_name_or_words_anywhere(world):
    """Just applied, waiting, not selected, withdrawn × every address there is."""
    read, seen = [], set()
    for route, door in addresses():
        path = world.path(route)
        if any(word in text_of(knock(world, "person", path)) for word in WORDS):
            seen.add(route.removeprefix("e/<slug:slug>/"))
        read += [
            (route, door, status, word)
            for status in sorted(OUTSIDE)
            for text in (text_of(knock(world, status, path)),)
            for word in WORDS
            if word in text
        ]
    assert read == []
    # Not vacuous: there is something to be read on each of these.
    walls = {"wall/tags/", "wall/pains/", "wall/danmaku/", "wall/plans/"}
    phones = {"me/pains/", "me/questions/", "me/exchange/", "me/group/"}
    assert walls | phones <= seen


def text_of(response):
    return "" if response.streaming else response.content.decode(errors="replace")


def test_a_draft_answers_like_an_event_that_does_not_exist(world):
    """To all but its crew and its desks: the same status, page and headers, by GET and POST."""
    outsiders = ["nobody", "not_selected", "other_desk", "other_organiser", "person", "who_came"]
    knocks = [*((role, "get") for role in outsiders), ("nobody", "post"), ("person", "post")]
    differ = []
    with undone():
        Event.objects.filter(slug="here").update(status=Event.Status.DRAFT)
        for route, door in addresses():
            if "slug:slug" not in route or route.startswith("s/"):
                continue
            for role, method in knocks:
                there = answer(knock(world, role, world.path(route), method), "here")
                nowhere = answer(
                    knock(world, role, world.path(route, slug="nowhere"), method), "nowhere"
                )
                if there != nowhere:
                    differ.append((route, door, role, method, there[0], nowhere[0]))
        for role in outsiders:
            assert knock(world, role, world.path("l/<str:token>")).status_code == 404
            assert "/e/here/" not in text_of(knock(world, role, world.path("s/<slug:slug>/")))
        for route, _door in addresses("event_page", "in_the_house"):
            for role in sorted({*CREW, "superuser", "desk"}):
                if not route.endswith(NOT_YET_THERE):
                    status = knock(world, role, world.path(route)).status_code
                    assert status not in {403, 404}, (route, role)
    assert differ == []


def answer(response, slug):
    """What a stranger could compare: status, headers and page, without the address they typed."""
    own, token = f"e/{slug}/", re.compile(r"[A-Za-z0-9]{64}")
    headers = {
        name: value.replace(own, "")
        for name, value in response.headers.items()
        if name not in {"Content-Length", "X-Request-ID"}
    }
    page = token.sub("", text_of(response).replace(own, "").replace(response["X-Request-ID"], ""))
    return response.status_code, page, headers, sorted(response.cookies)


def test_no_line_of_the_log_opens_a_door_or_names_somebody(world, log):
    """Every address by every method, with all statements of the database told, too."""
    log.truncate(0)
    with mock.patch.object(connection, "force_debug_cursor", True):
        for route, door in addresses():
            for role in {"nobody", *sorted(ENTERS.get(door, {"superuser"}))[:1]}:
                for method in ("get", "post", "head"):
                    knock(world, role, world.path(route), method)
    assert said_of_somebody(world, log) == []
    # Not vacuous: refusals, statements and masked keys are there.
    for told in (" WARNING django.request ", " DEBUG django.db.backends ", "/l/…", "/d/…"):
        assert told in log.getvalue(), told


def test_no_post_passes_without_a_csrf_token_but_the_desks_json(world):
    """The desk's endpoints take JSON only, from its own origin, with a SameSite=Strict cookie."""
    unguarded = set()
    for route, _door in addresses():
        for role in ("superuser", "person", "desk"):
            client = Client(enforce_csrf_checks=True, raise_request_exception=False)
            client.cookies = visitor(world, role).cookies
            with undone():
                response = client.post(world.path(route))
            if response.status_code not in {302, 401, 403, 404, 405}:
                unguarded.add(route)
    unguarded.discard("u/<str:token>")  # ends letters for whoever has one, by RFC 8058
    assert all("desk/api/" in route for route in unguarded), unguarded
