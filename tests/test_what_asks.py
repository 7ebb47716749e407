"""Nothing is lost, and nobody hears of it by the dozen, at one press.

Every action of the admin and every button of the organisers is on one of these lists: it asks
(salon/asking.py: a page with the number), the browser asks where only one thing is at stake, or here
stands why it need not. A new one is on none, and does not pass.
"""

import inspect
import re

import pytest
from django.contrib import admin
from django.urls import reverse

from participants.models import Participant
from participants.tests import scenes
from salon import asking
from salon.access import views_of
from salon.embedded import CHECKOUT
from salon.models import Message
from tests.asked import mark, press_and_say_yes

CREW = {"organiser", "host", "floor", "keys", "mentor"}

# More than one person, or letters by the dozen: a page with the number.
ASKS = {
    "admin/e/<slug:slug>/agenda/": "when the start moves",
    "admin/e/<slug:slug>/announce/": "when it is called off",
    "admin/e/<slug:slug>/erasing/now/": "",
    "admin/e/<slug:slug>/groups/press/": "when groups would be replaced",
    "admin/e/<slug:slug>/messages/again/": "",
    "admin/e/<slug:slug>/messages/by-hand/give-away/": "",
    "admin/e/<slug:slug>/messages/release/": "",
    "admin/e/<slug:slug>/messages/release/all/": "",
    "admin/e/<slug:slug>/move/": "",
    "admin/e/<slug:slug>/survey/open/": "",
    "admin/e/<slug:slug>/whitepaper/publish/": "",
}
# One thing, of which the button's own question says what becomes of it: {route: its templates}.
BROWSER_ASKS = {
    "admin/e/<slug:slug>/cases/<int:pk>/<slug:step>/": "participants/cases/case.html",
    "admin/e/<slug:slug>/desks/<int:pk>/revoke/": "participants/desks.html",
    "admin/e/<slug:slug>/groups/<int:pk>/": "workshops/_groups_board.html",
    "admin/e/<slug:slug>/messages/wording/<slug:kind>/": "participants/mailing/wording.html",
    "admin/e/<slug:slug>/preparation/members/<int:pk>/": "events/groups_edit.html",
    "admin/e/<slug:slug>/screening/<int:pk>/<slug:step>/": "participants/screening/_person.html",
    "admin/e/<slug:slug>/stream/<int:pk>/undo/": "metrics/stream_import.html",
    "admin/e/<slug:slug>/whitepaper/draft/": "metrics/whitepaper_edit.html",
    "e/<slug:slug>/host/opening/press/": "workshops/_opening_hand.html",
    "e/<slug:slug>/host/tags/groups/<int:pk>/": "participants/tags_host.html",
    "e/<slug:slug>/host/tags/settle/": "participants/tags_host.html",
    "e/<slug:slug>/host/workshop/press/": "workshops/_hand.html",
}
ITS_OWN_FORM = (
    "a form of its own, saved as it stands; a colleague's change is told, not overwritten"
)
TAKEN_BACK = "the same page takes it back"
ADDS = "adds, and takes nothing away"
NEED_NOT = {
    "admin/e/<slug:slug>/blueprint/": "its own sheet says that one of the same name is replaced",
    "admin/e/<slug:slug>/calls/<int:pk>/back/": TAKEN_BACK,
    "admin/e/<slug:slug>/calls/<int:pk>/finish/": "one person, whose letter waits for its release",
    "admin/e/<slug:slug>/calls/next/": TAKEN_BACK,
    "admin/e/<slug:slug>/desks/": ADDS,
    "admin/e/<slug:slug>/desks/self-check-in/": TAKEN_BACK,
    "admin/e/<slug:slug>/erasing/take-back/": "brings back",
    "admin/e/<slug:slug>/evaluation/now/": ADDS,
    "admin/e/<slug:slug>/evaluation/settings/": ITS_OWN_FORM,
    "admin/e/<slug:slug>/groups/move/": TAKEN_BACK,
    "admin/e/<slug:slug>/import/": "a dry run",
    "admin/e/<slug:slug>/import/<int:pk>/start/": "the dry run before it said how many; their "
    "letters wait for their release",
    "admin/e/<slug:slug>/materials/<int:pk>/": TAKEN_BACK,
    "admin/e/<slug:slug>/messages/by-hand/<int:pk>/done/": "one person, who was just told",
    "admin/e/<slug:slug>/messages/by-hand/<int:pk>/words/": "shows what to say, and sends nothing",
    "admin/e/<slug:slug>/messages/hold/": "stops letters; releasing them asks",
    "admin/e/<slug:slug>/messages/pace/": "how fast, not whether",
    "admin/e/<slug:slug>/messages/reminders/": "on which days, and may be changed back",
    "admin/e/<slug:slug>/messages/wording/<slug:kind>/send/": "one letter, to who presses",
    "admin/e/<slug:slug>/next-review/": "its page says whom it invites; the letters wait for "
    "their release",
    "admin/e/<slug:slug>/preparation/<int:pk>/": TAKEN_BACK,
    "admin/e/<slug:slug>/preparation/add/": ADDS,
    "admin/e/<slug:slug>/preparation/crew/invite/": "one letter",
    "admin/e/<slug:slug>/preparation/groups/<int:group_pk>/": ADDS,
    "admin/e/<slug:slug>/preparation/roles/<int:pk>/": TAKEN_BACK,
    "admin/e/<slug:slug>/privacy/": ITS_OWN_FORM,
    "admin/e/<slug:slug>/report/": ITS_OWN_FORM,
    "admin/e/<slug:slug>/report/publish/": TAKEN_BACK,
    "admin/e/<slug:slug>/screening/decide/": "undone with u; the letters wait for their release",
    "admin/e/<slug:slug>/screening/fill/apply/": "its page lists everybody; undone with u; the "
    "letters wait for their release",
    "admin/e/<slug:slug>/screening/seats/": "seats of nobody, on record",
    "admin/e/<slug:slug>/screening/undo/": "what nobody has heard of",
    "admin/e/<slug:slug>/stream/": "a dry run",
    "admin/e/<slug:slug>/stream/commit/": "the dry run before it said how many; undone as a whole",
    "admin/e/<slug:slug>/survey/": ITS_OWN_FORM,
    "admin/e/<slug:slug>/whitepaper/": ITS_OWN_FORM,
    "admin/e/<slug:slug>/whitepaper/preview/": "writes nothing",
    "e/<slug:slug>/host/desk/": ADDS,
    "e/<slug:slug>/host/keys/": "one person, who stands there",
    "e/<slug:slug>/host/pains/press/": TAKEN_BACK,
    "e/<slug:slug>/host/plan-b/<int:pk>/": "minutes count; undone on the same page, and letters "
    "that have not gone are called back",
    "e/<slug:slug>/host/plan-b/undo/<int:pk>/": "is the undoing",
    "e/<slug:slug>/host/press/": "minutes count; undone on the same page",
    "e/<slug:slug>/host/queue/press/": TAKEN_BACK,
    "e/<slug:slug>/host/questions/press/": TAKEN_BACK,
    "e/<slug:slug>/host/tags/regions/": TAKEN_BACK,
    "e/<slug:slug>/review/": ITS_OWN_FORM,
}
ACTIONS_ASK = {
    "participants.Participant": {"erase", "withdraw"},
    "salon.Message": {"release", "cancel", "try_again"},
    "metrics.StreamImport": {"undo"},
}
ACTIONS_NEED_NOT = {
    ("participants.Participant", "accept"): "undone in screening; the letters wait",
    ("participants.Participant", "waitlist"): "undone in screening; the letters wait",
    ("participants.Participant", "call"): "undone in screening; the letters wait",
    ("participants.Participant", "not_selected"): "undone in screening; the letters wait",
    ("participants.Participant", "confirm"): "loses nothing; their letters are reminders of later",
    ("salon.Message", "hold"): "stops letters; releasing them asks",
}


def posts(view):
    """Whether an address takes a POST."""
    source = inspect.getsource(inspect.unwrap(view))
    return "POST" in source


def test_every_button_of_the_organisers_asks_or_is_listed_with_its_reason():
    buttons = {
        route
        for route, namespaces, view in views_of()
        if "admin" not in namespaces and getattr(view, "door", None) in CREW and posts(view)
    }
    listed = [*ASKS, *BROWSER_ASKS, *NEED_NOT]
    assert buttons - set(listed) == set()
    assert set(listed) - buttons == set()
    assert len(listed) == len(set(listed))


def test_what_is_said_to_ask_asks():
    views = {route: view for route, _namespaces, view in views_of()}
    silent = [
        route
        for route in ASKS
        if "asking." not in inspect.getsource(inspect.getmodule(inspect.unwrap(views[route])))
    ]
    assert silent == []
    for route, template in BROWSER_ASKS.items():
        assert "data-confirm" in (CHECKOUT / "templates" / template).read_text(), route


def test_every_action_of_the_admin_asks_or_is_listed_with_its_reason():
    unlisted = []
    for model, page in admin.site._registry.items():
        for action in page.actions or ():
            name = action if isinstance(action, str) else action.__name__
            label = model._meta.label
            if name in ACTIONS_ASK.get(label, ()):
                assert "asking." in inspect.getsource(getattr(type(page), name)), (label, name)
            elif (label, name) not in ACTIONS_NEED_NOT:
                unlisted.append((label, name))
    assert unlisted == []
    # Django's own asks by itself.
    assert set(dict(admin.site.actions)) == {"delete_selected"}


# ---- and so they do ----------------------------------------------------------------------


@pytest.fixture
def salon():
    return scenes.a_salon()


@pytest.fixture
def desk(client, salon):
    client.force_login(scenes.an_organiser(salon))
    return client


def decided(desk, salon, number):
    people = scenes.applicants(salon, number)
    desk.post(
        reverse("screening_decide", args=[salon.slug]),
        {"to": "accepted", "people": [person.pk for person in people]},
    )
    return Message.objects.held().exclude(kind="received").values_list("batch", flat=True).first()


@pytest.mark.django_db
def test_twenty_letters_go_at_one_press_and_one_more_asks(desk, salon):
    release = reverse("messages_release", args=[salon.slug])
    batch = decided(desk, salon, asking.MANY_LETTERS)
    assert desk.post(release, {"batch": batch}).status_code == 302
    assert not Message.objects.in_batch(batch).held().exists()

    Participant.objects.update(mobile="", email="", erased_at="2026-01-01T00:00Z")
    other = scenes.a_salon("other")
    desk.force_login(scenes.an_organiser(other, "wu"))
    batch = decided(desk, other, asking.MANY_LETTERS + 1)
    release = reverse("messages_release", args=[other.slug])
    page = desk.post(release, {"batch": batch})
    assert "21 条通知马上发出，发吗？" in page.content.decode()
    assert Message.objects.in_batch(batch).held().count() == 21
    desk.post(release, {"batch": batch, "sure": mark(page)})
    assert not Message.objects.in_batch(batch).held().exists()


@pytest.mark.django_db
def test_withdrawing_from_the_list_names_them(desk, salon):
    people = scenes.applicants(salon, 2)
    url = reverse("admin:participants_participant_changelist")
    given = {"action": "withdraw", "_selected_action": [person.pk for person in people]}
    page = desk.post(url, given)
    assert "替 2 人取消报名？" in page.content.decode()
    assert "报名者0" in page.content.decode()
    assert not Participant.objects.with_status("withdrawn").exists()
    press_and_say_yes(desk, url, given)
    assert Participant.objects.with_status("withdrawn").count() == 2


@pytest.mark.django_db
def test_a_script_hears_what_is_asked_as_json(desk, salon):
    answer = desk.post(
        reverse("announce", args=[salon.slug]),
        {"act": "call_off"},
        headers={"Accept": "application/json"},
    )
    assert (answer.status_code, answer.json()["error"]) == (409, "asks")
    assert re.fullmatch(r"\w{16}", answer.json()["sure"])


@pytest.mark.django_db
def test_a_get_never_answers_a_question(desk, salon):
    page = desk.post(reverse("announce", args=[salon.slug]), {"act": "call_off"})
    url = reverse("announce", args=[salon.slug])
    assert desk.get(f"{url}?act=call_off&sure={mark(page)}").status_code == 405
    salon.refresh_from_db()
    assert salon.status == "published"
