"""Another mobile or e-mail on the own page: asked for, proven, told, put back."""

import json
import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from participants import (
    contact_changes,
    contact_proofs,
    contacts,
    erase,
    own_data,
    screening,
    tasks,
)
from participants.access import issue_link
from participants.models import Case, ContactChange, Participant, PersonalLink
from participants.tests import scenes
from participants.tests.pages import address, as_it_stands
from participants.tests.test_applications import at_once
from salon import clock, letter_kinds
from salon.errors import Refused
from salon.models import AuditEntry, Message

pytestmark = pytest.mark.django_db
Way = PersonalLink.Channel
NEW, OLD, TAKEN = "xiaoyu@example.com", "p1@example.com", "p2@example.com"


@pytest.fixture
def event():
    return scenes.a_salon()


@pytest.fixture
def chen(event):
    return scenes.an_organiser(event)


@pytest.fixture
def lin(event, chen):
    """林知夏, confirmed by the link in her letter: p1@example.com is proven."""
    return scenes.confirmed(event, "林知夏", 1, by=chen)


@pytest.fixture
def zhou(event):
    return scenes.an_applicant(event, "周晓", 2)


def opens(client, person, way=Way.EMAIL):
    client.get(issue_link(participant=person, channel=way))
    return client


def saves(client, **changed):
    page = client.get(address("me_edit"))
    return client.post(address("me_edit"), as_it_stands(page, **changed), follow=True)


def letters(person, kind):
    return Message.objects.of_person(person.pk).of_kind(kind).order_by("pk")


def link_in(message):
    draft = letter_kinds.compose(message)
    return draft.to, "/" + re.search(r"https?://[^/\s]+/(\S+)", draft.as_sent())[1]


def change_of(person):
    return person.contact_changes.latest("pk")


def changed_to(client, person, new=NEW):
    """Lin asks for another address, opens the link there, and has it."""
    saves(opens(client, person), email=new)
    to, path = link_in(letters(person, "contact_change").latest("pk"))
    assert to == new
    answer = Client().post(path)
    person.refresh_from_db()
    return answer


# ---- asking and proving ------------------------------------------------------------------


def test_a_new_address_counts_once_its_link_was_opened_and_answered(client, lin):
    page = saves(opens(client, lin), email=NEW).content.decode()
    assert "打开它才算数" in page
    lin.refresh_from_db()
    assert lin.email == OLD
    to, path = link_in(letters(lin, "contact_change").get())
    assert to == NEW
    stranger = Client()
    assert "这是您的邮箱吗" in stranger.get(path).content.decode()
    lin.refresh_from_db()
    assert lin.email == OLD  # a mail scanner opens every link
    assert "换好了" in stranger.post(path).content.decode()
    lin.refresh_from_db()
    assert (lin.email, bool(lin.email_proven_at)) == (NEW, True)
    assert "换好了" in stranger.post(path).content.decode()
    assert AuditEntry.objects.filter(verb="change_contact").count() == 1


def test_until_then_letters_go_where_they_went(client, lin, chen):
    saves(opens(client, lin), email=NEW)
    screening.withdraw(participant=lin, by=chen)
    assert letter_kinds.compose(letters(lin, "withdrawn").get()).to == OLD


def test_the_browser_stays_in_and_what_went_to_the_old_address_opens_nothing(client, lin):
    old_key = issue_link(participant=lin, channel=Way.EMAIL)
    changed_to(client, lin)
    assert Client().get(old_key).status_code == 404
    assert client.get(address("me")).status_code == 200
    # Its key went to the old address: it shows nothing of the new one.
    Participant.objects.update(email_proven_at=None)
    client.post(address("me_opened"))
    lin.refresh_from_db()
    assert lin.email_proven_at is None
    to, path = link_in(letters(lin, "address_changed").get())
    assert to == NEW
    assert Client().get(path, follow=True).status_code == 200


def test_her_page_shows_what_she_asked_for_and_saving_it_again_asks_nothing(client, lin):
    saves(opens(client, lin), email=NEW)
    assert client.get(address("me_edit")).context["form"]["email"].value() == NEW
    saves(client, job_title="群主")
    lin.refresh_from_db()
    assert (lin.email, lin.job_title) == (OLD, "群主")
    assert letters(lin, "contact_change").count() == 1


def test_thinking_better_of_it_ends_the_wish(client, lin):
    saves(opens(client, lin), email=NEW)
    _to, path = link_in(letters(lin, "contact_change").get())
    saves(client, email=OLD)
    answer = Client().post(path)
    assert answer.status_code == 409
    lin.refresh_from_db()
    assert lin.email == OLD


def test_a_link_of_last_month_proves_nothing(client, lin, travel):
    saves(opens(client, lin), email=NEW)
    _to, path = link_in(letters(lin, "contact_change").get())
    travel(clock.now() + timedelta(days=8))
    assert "已经用过或过期" in Client().get(path).content.decode()
    assert Client().post(path).status_code == 409
    lin.refresh_from_db()
    assert lin.email == OLD


@pytest.mark.parametrize("token", ["proof-1.x", "x", "proof-1:abc", "back-999999.AAAA"])
def test_a_made_up_link_is_not_there(client, lin, token):
    assert client.get(f"/c/{token}").status_code == 404


def test_the_only_proven_contact_is_replaced_and_not_dropped(client, lin):
    page = saves(opens(client, lin), email="")
    assert "唯一核实过的联系方式" in page.content.decode()
    lin.refresh_from_db()
    assert lin.email == OLD


# ---- taken and free answer alike ---------------------------------------------------------


def masked(response):
    """The pages without CSRF tokens, request numbers and the address that was typed itself."""
    text = response.content.decode().replace(NEW, "…").replace(TAKEN, "…")
    return re.sub(r"[A-Za-z0-9]{64}", "", text.replace(response["X-Request-ID"], ""))


@pytest.mark.django_db(transaction=True)  # no savepoint of the test's own is counted
@pytest.mark.parametrize("way", [Way.EMAIL, Way.SHOWN])
def test_nobody_learns_from_the_answer_who_has_applied(travel, way):
    """By the link in the letter, which proves her address, and by a key that proves nothing."""
    event, told = scenes.a_salon(), {}
    travel(clock.now(), tick=False)
    for slug, new in (("free", NEW), ("taken", TAKEN)):
        for number, gone in enumerate(Participant.objects.all(), 90):  # in nobody's way
            gone.email, gone.mobile = f"gone{number}@example.com", ""
            gone.code = scenes.code_of(number)
            gone.save()
        lin = scenes.an_applicant(event, "林知夏", 1)
        scenes.an_applicant(event, "周晓", 2)
        Participant.objects.filter(pk=lin.pk).update(code="ABCDEF")
        browser = opens(Client(), lin, way)
        with CaptureQueriesContext(connection) as captured:
            saved = saves(browser, email=new)
        cost = len(captured)
        pages = [saved, *(browser.get(address(name)) for name in ("me", "me_edit"))]
        told[slug] = {
            "chain": saved.redirect_chain,
            "pages": [masked(page).replace(f"edit:spring:{lin.pk}", "edit") for page in pages],
            "data": shape_of(browser.get(address("me_data")).json(), lin, new),
            "cost": cost,
        }
    assert min(one["cost"] for one in told.values()) > 5
    # The row itself is written at once only where nothing of hers was proven.
    spread = 3 if way == Way.EMAIL else 10
    assert abs(told["free"].pop("cost") - told["taken"].pop("cost")) <= spread
    assert told["free"] == told["taken"]


def shape_of(data, person, new):
    """Own data without hours and numbers."""
    text = json.dumps(data, ensure_ascii=False).replace(new, "…")
    return re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+(Z|\+[\d:]+)?", "…", text)


def test_somebody_elses_contact_is_a_case_and_neither_is_told(client, lin, zhou, chen):
    saves(opens(client, lin), email=TAKEN)
    case = Case.objects.get()
    assert (case.person, case.asker, case.source) == (zhou, lin, "own_page")
    assert not letters(lin, "contact_change").exists()
    assert set(letters(zhou, "received").values_list("kind", flat=True)) == {"received"}
    assert Message.objects.of_person(zhou.pk).count() == 1
    client.force_login(chen)
    page = client.get(address("case", case.pk)).content.decode()
    assert "在个人页面上想改用这个联系方式" in page
    assert address("case_step", case.pk, "make") not in page
    client.post(address("case_step", case.pk, "drop"))
    lin.refresh_from_db()
    assert lin.email == OLD


def test_a_list_of_addresses_is_not_tried_out(client, lin):
    opens(client, lin)
    for number in range(5):
        saves(client, email=f"try{number}@example.com")
    page = saves(client, email="try5@example.com")
    assert "操作太频繁了" in page.content.decode()
    assert ContactChange.objects.count() == 5


def test_taken_in_between_it_is_not_had_and_an_organiser_sees_it(client, lin, event):
    saves(opens(client, lin), email=NEW)
    _to, path = link_in(letters(lin, "contact_change").get())
    scenes.an_applicant(event, "许清源", 5, email=NEW)
    answer = Client().post(path)
    assert answer.status_code == 409
    assert "主办方会看一眼" in answer.content.decode()
    assert Case.objects.get().asker == lin
    lin.refresh_from_db()
    assert lin.email == OLD


# ---- freely ------------------------------------------------------------------------------


def test_who_never_proved_a_contact_changes_it_freely_and_the_old_link_opens_nothing(client, event):
    """Mistyped: the link went to a stranger."""
    su = scenes.an_applicant(event, "苏禾", 3, mobile="", email="mistyped@example.com")
    strangers = issue_link(participant=su, channel=Way.EMAIL)
    saves(opens(client, su, Way.SHOWN), email=NEW)
    su.refresh_from_db()
    assert (su.email, su.email_proven_at) == (NEW, None)
    assert Client().get(strangers).status_code == 404
    assert client.get(address("me")).status_code == 200
    assert not letters(su, "contact_changed").exists()
    to, path = link_in(letters(su, "address_changed").get())
    assert to == NEW
    reader = Client()
    reader.get(path)
    reader.post(address("me_opened"))
    su.refresh_from_db()
    assert su.email_proven_at


def test_an_organiser_puts_an_address_right(client, lin, chen):
    """She rang up: her letters go to somebody else."""
    strangers = issue_link(participant=lin, channel=Way.EMAIL)
    client.force_login(chen)
    client.post(address("screening_step", lin.pk, "contact"), {"mobile": lin.mobile, "email": NEW})
    lin.refresh_from_db()
    assert (lin.email, lin.email_proven_at, lin.status) == (NEW, None, "confirmed")
    assert Client().get(strangers).status_code == 404
    assert link_in(letters(lin, "address_changed").get())[0] == NEW


def test_an_organiser_is_told_who_has_a_contact(client, lin, zhou, chen):
    client.force_login(chen)
    page = client.post(address("screening_step", lin.pk, "contact"), {"email": TAKEN}, follow=True)
    assert "已经用在另一份报名上" in page.content.decode()


# ---- putting back ------------------------------------------------------------------------


def test_the_old_address_is_told_and_puts_it_back_within_seven_days(client, lin, travel):
    """A stranger with her link changes her address."""
    changed_to(client, lin)
    to, path = link_in(letters(lin, "contact_changed").get())
    assert to == OLD
    assert "林知夏" not in letter_kinds.compose(letters(lin, "contact_changed").get()).text
    travel(clock.now() + timedelta(days=6, hours=23))
    owner = Client()
    assert "不是您换的" in owner.get(path).content.decode()
    lin.refresh_from_db()
    assert lin.email == NEW
    assert owner.post(path).url == address("me")
    lin.refresh_from_db()
    assert (lin.email, bool(lin.email_proven_at)) == (OLD, True)
    # The stranger's browser and every link are off; hers is in.
    assert client.get(address("me")).status_code == 403
    assert owner.get(address("me")).status_code == 200
    assert owner.post(path).status_code == 409


def test_after_seven_days_it_stays(client, lin, travel):
    changed_to(client, lin)
    _to, path = link_in(letters(lin, "contact_changed").get())
    travel(clock.now() + timedelta(days=7, hours=1))
    assert "已经用过或过期" in Client().get(path).content.decode()
    assert Client().post(path).status_code == 409
    lin.refresh_from_db()
    assert lin.email == NEW


def test_a_second_change_does_not_shake_the_owner_off_and_gives_the_stranger_nothing(client, lin):
    changed_to(client, lin)
    _to, owners = link_in(letters(lin, "contact_changed").get())
    saves(client, email="further@example.com")
    _to, path = link_in(letters(lin, "contact_change").latest("pk"))
    Client().post(path)
    to, strangers = link_in(letters(lin, "contact_changed").latest("pk"))
    assert to == NEW
    Client().post(owners)
    assert Client().post(strangers).status_code == 409
    lin.refresh_from_db()
    assert lin.email == OLD


def test_a_mobile_added_is_told_to_the_address_that_is_proven(client, event, chen):
    su = scenes.confirmed(event, "苏禾", 3, by=chen, mobile="")
    saves(opens(client, su), mobile="13900000009")
    to, path = link_in(letters(su, "contact_change").get())
    assert to == "+8613900000009"
    Client().post(path)
    su.refresh_from_db()
    assert su.mobile_proven_at
    to, path = link_in(letters(su, "contact_changed").get())
    assert to == su.email
    Client().post(path)
    su.refresh_from_db()
    assert (su.mobile, su.mobile_proven_at) == ("", None)


# ---- what waits --------------------------------------------------------------------------


def test_a_withdrawal_through_the_new_address_waits_seven_days(client, lin, travel):
    changed_to(client, lin)
    page = client.post(address("me_withdraw"), {"reason": "来不了"}, follow=True)
    assert "才取消" in page.content.decode()
    lin.refresh_from_db()
    assert lin.status == "confirmed"
    assert "取消报名" in client.get(address("me")).content.decode()
    tasks.expire_deadlines()
    lin.refresh_from_db()
    assert lin.status == "confirmed"
    travel(clock.now() + timedelta(days=7, minutes=1))
    tasks.expire_deadlines()
    lin.refresh_from_db()
    assert lin.status == "withdrawn"
    assert lin.status_changes.latest("pk").reason == "来不了"


def test_an_erasing_through_the_new_address_waits_and_is_called_off_by_the_owner(
    client, lin, travel
):
    changed_to(client, lin)
    answer = client.post(address("me_erase"), {"sure": "yes"})
    assert answer.url == address("me")
    _to, path = link_in(letters(lin, "contact_changed").get())
    Client().post(path)
    travel(clock.now() + timedelta(days=8))
    tasks.expire_deadlines()
    lin.refresh_from_db()
    assert (lin.name, lin.erased_at) == ("林知夏", None)


def test_nobody_who_changed_nothing_waits(client, lin):
    opens(client, lin).post(address("me_withdraw"))
    lin.refresh_from_db()
    assert lin.status == "withdrawn"


def test_a_key_that_went_to_her_proven_mobile_waits_for_nothing(client, lin):
    contacts.prove(participant=lin, contacts=["mobile"], by=lin)
    changed_to(client, lin)
    opens(Client(), lin, Way.SMS).post(address("me_withdraw"))
    lin.refresh_from_db()
    assert lin.status == "withdrawn"


def test_a_mobile_proven_only_afterwards_is_no_way_around(client, lin):
    changed_to(client, lin)
    opens(Client(), lin, Way.SMS).post(address("me_withdraw"))
    lin.refresh_from_db()
    assert lin.status == "confirmed"


@pytest.mark.parametrize(
    ("step", "status"), [("waiting-now", "withdrawn"), ("waiting-off", "confirmed")]
)
def test_an_organiser_does_it_at_once_or_not_at_all(client, lin, travel, step, status):
    changed_to(client, lin)
    client.post(address("me_withdraw"))
    client.force_login(scenes.an_organiser(lin.event, "wu"))
    assert "本人要求取消报名" in client.get(address("screening_person", lin.pk)).content.decode()
    client.post(address("screening_step", lin.pk, step))
    lin.refresh_from_db()
    assert lin.status == status
    travel(clock.now() + timedelta(days=8))
    tasks.expire_deadlines()
    lin.refresh_from_db()
    assert lin.status == status


def test_she_thinks_better_of_it_herself(client, lin, travel):
    changed_to(client, lin)
    client.post(address("me_withdraw"))
    client.post(address("me_call_off_step"))
    travel(clock.now() + timedelta(days=8))
    tasks.expire_deadlines()
    lin.refresh_from_db()
    assert lin.status == "confirmed"


# ---- the rest ----------------------------------------------------------------------------


def test_erasing_leaves_no_address_behind(client, lin):
    saves(opens(client, lin), email=NEW)
    erase.erase_person(participant=lin, by=None)
    change = ContactChange.objects.get()
    assert (change.old, change.new, change.told_to) == ("", "", "")


def test_what_she_asked_for_is_in_her_data(client, lin):
    saves(opens(client, lin), email=NEW)
    data = own_data.of(lin)
    assert [(one["contact"], one["new"]) for one in data["contact_changes"]] == [("email", NEW)]
    assert data["answers"]["email"] == OLD
    blotted = json.dumps(own_data.without_contacts(data, lin))
    assert NEW not in blotted


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_of_two_who_prove_one_address_at_once_one_has_it():
    event = scenes.a_salon()
    changes = []
    for number, name in ((1, "林知夏"), (2, "周晓")):
        person = scenes.an_applicant(event, name, number)
        contacts.prove(participant=person, contacts=["email"], by=person)
        changes.append(
            ContactChange.objects.create(
                participant=person,
                contact="email",
                old=person.email,
                new=NEW,
                asked_at=clock.now(),
            )
        )

    def prove(number):
        try:
            contact_proofs.prove_change(change=changes[number % 2])
        except Refused as refused:
            return refused.code
        return "done"

    told = at_once(8, prove)
    assert set(told) == {"done", "not_free"}
    assert Participant.objects.filter(email=NEW).count() == 1
    assert Case.objects.count() == 1
    assert contact_changes.find(contact_changes.path_of(changes[0], "proof").split("/")[-1])
