"""A second application on a contact that somebody has: kept apart, looked at, decided."""

import io
import json
import re
import uuid
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from participants import (
    applications,
    case_decisions,
    cases,
    contacts,
    erase,
    import_runs,
    own_data,
    screening,
)
from participants.access import issue_link
from participants.models import Case, Participant, PersonalLink
from participants.tests import scenes
from participants.tests.pages import address, as_person, filled
from participants.tests.test_applications import at_once
from salon.errors import Refused
from salon.models import AuditEntry, Message
from salon.sheets import write_table
from tests.unguarded import without

pytestmark = pytest.mark.django_db


@pytest.fixture
def event():
    return scenes.a_salon()


@pytest.fixture
def chen(event):
    return scenes.an_organiser(event)


@pytest.fixture
def lin(event):
    """林知夏, +8613800000001, p1@example.com"""
    return scenes.an_applicant(event, "林知夏", 1)


def applies(event, name="周晓", number=2, *, client_id=None, device="", **changed):
    return applications.apply(
        event=event,
        answers=scenes.answers(name, number, **changed),
        client_id=client_id or uuid.uuid4(),
        device=device,
    )


def the_case():
    return Case.objects.get()


# ---- opening -----------------------------------------------------------------------------


def test_the_owner_of_a_squatted_mobile_is_not_lost(event, lin):
    outcome = applies(event, "许清源", 2, mobile="13800000001")
    assert outcome.kind == "known"
    case = the_case()
    assert (case.person, case.state) == (lin, "open")
    assert (case.shared, case.differs) == (["mobile"], ["name", "email"])
    assert (case.answers["name"], case.answers["email"]) == ("许清源", "p2@example.com")
    lin.refresh_from_db()
    assert (lin.name, lin.email) == ("林知夏", "p1@example.com")
    # The one who has the contact is neither written to nor told.
    assert set(Message.objects.of_person(lin.pk).values_list("kind", flat=True)) == {"received"}


def test_an_assistant_with_the_bosss_number_is_two_people(event, lin):
    applies(event, "周总", 3, mobile="13800000001", email="p1@example.com")
    case = the_case()
    assert (case.shared, case.differs) == (["mobile", "email"], ["name"])


def test_a_corrected_address_goes_to_the_organiser_and_the_link_to_the_contact_that_matched(
    event, lin
):
    applies(event, "林知夏", 1, email="xiaoyu@example.com")
    letter = Message.objects.get(kind="link_again")
    assert (letter.person_id, letter.channel) == (lin.pk, "sms")
    assert the_case().differs == ["email"]
    lin.refresh_from_db()
    assert lin.email == "p1@example.com"


def test_the_same_contact_under_the_same_name_is_no_case(event, lin):
    applies(event, "林知夏", 1, organisation="别处", email="")
    assert not Case.objects.exists()


def test_nobody_is_in_the_queue_because_of_a_case(event, lin, chen):
    applies(event, mobile="13800000001")
    assert Participant.objects.count() == 1
    batch, refused = screening.decide_many(
        event=event, people=[lin.pk], to_status="accepted", by=chen
    )
    assert (batch.changes.count(), refused) == (1, {})


def test_between_two_people_the_case_is_with_the_namesake_then_with_the_mobiles_owner(event, lin):
    zhou = scenes.an_applicant(event, "周晓", 2)
    applies(event, "周晓", 3, mobile="13800000001", email=zhou.email)
    assert the_case().person == zhou
    Case.objects.all().delete()
    applies(event, "许清源", 3, mobile="13800000001", email=zhou.email)
    assert the_case().person == lin


def test_the_same_post_a_hundred_times_is_one_case(event, lin):
    form = uuid.uuid4()
    for press in range(100):
        # The last ones from a form that was loaded anew.
        applies(event, mobile="13800000001", client_id=form if press < 50 else None)
    assert Case.objects.count() == AuditEntry.objects.filter(verb="open_case").count() == 1


def test_other_answers_from_the_same_form_are_another_case(event, lin):
    form = uuid.uuid4()
    for organisation in ("甲", "乙"):
        applies(event, mobile="13800000001", client_id=form, organisation=organisation)
    assert Case.objects.count() == 2


def test_one_device_opens_no_city_of_cases(event, lin):
    for number in range(30):
        applies(event, f"旁人{number}", 100 + number, mobile="13800000001", device="one phone")
    with pytest.raises(Refused) as refused:
        applies(event, "旁人", 200, mobile="13800000001", device="one phone")
    assert refused.value.code == "too_often"
    assert Case.objects.count() == 30


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_a_hundred_posts_at_once_are_one_case():
    event = scenes.a_salon()
    scenes.an_applicant(event, "林知夏", 1)
    form = uuid.uuid4()
    at_once(
        20,
        lambda _n: [
            applies(event, mobile="13800000001", client_id=form).kind for _press in range(5)
        ],
    )
    assert Case.objects.count() == AuditEntry.objects.filter(verb="open_case").count() == 1
    assert Participant.objects.count() == 1


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_without_the_unique_digest_the_same_race_makes_doubles():
    event = scenes.a_salon()
    scenes.an_applicant(event, "林知夏", 1)
    with without("case_answers_once"):
        at_once(16, lambda _n: applies(event, mobile="13800000001"))
        assert Case.objects.count() > 1


# ---- the neutral answer ------------------------------------------------------------------


def masked(page):
    return re.sub(rb'value="[A-Za-z0-9]{64}"', b"", page.content)


CONTACTS_OF = {
    "free": {"mobile": "13911111111", "email": "free@example.com"},
    "taken mobile": {"mobile": "13800000001", "email": "free@example.com"},
    "taken e-mail": {"mobile": "13911111111", "email": "p1@example.com"},
    "both taken": {"mobile": "13800000001", "email": "p1@example.com"},
}


def test_the_sender_reads_what_everybody_reads_byte_by_byte(client, event, lin):
    pages = {}
    for which, given in CONTACTS_OF.items():
        answer = client.post(address("apply"), filled(name="许清源", **given), follow=True)
        pages[which] = (answer.redirect_chain, masked(answer))
    assert set(pages.values().__iter__().__next__()[0][0]) == {address("applied"), 302}
    assert len({body for _chain, body in pages.values()}) == 1
    assert Case.objects.count() == 3


@pytest.mark.django_db(transaction=True)  # no savepoint of the test's own is counted
def test_a_taken_contact_costs_no_more_than_its_budget_and_no_less_than_a_free_one(client):
    event = scenes.a_salon()
    scenes.an_applicant(event, "林知夏", 1)
    client.get(address("apply"))
    cost = {}
    for which, given in CONTACTS_OF.items():
        with CaptureQueriesContext(connection) as captured:
            client.post(address("apply") + "?c=gzh", filled(name=f"许{which}", **given))
        cost[which] = len(captured)
    assert min(cost.values()) > 5, cost
    assert max(cost.values()) <= 12, cost
    assert max(cost.values()) - min(cost.values()) <= 3, cost


@pytest.mark.parametrize("state", ["cancelled", "over"])
def test_a_closed_form_tells_nobody_who_has_applied(event, lin, state):
    change = {"cancelled": {"status": "cancelled"}, "over": {"starts_at": event.created_at}}
    type(event).objects.filter(pk=event.pk).update(**change[state])
    event.refresh_from_db()
    for number in (1, 7):
        with pytest.raises(Refused) as refused:
            applies(event, "林知夏", number)
        assert refused.value.code == "closed"


# ---- what a case holds -------------------------------------------------------------------


def test_answers_come_back_as_they_were_given(event, lin):
    applies(event, mobile="13800000001", active_rate=Decimal("45.50"), pain_points=["潜水", "流失"])
    row = cases.row_of(the_case())
    assert (row["active_rate"], row["community_size"]) == (Decimal("45.50"), 12000)
    assert the_case().answers["pain_points"] == ["潜水", "流失"]
    agreed = the_case().answers["consents"]
    assert {one["purpose"] for one in agreed} == {"processing", "wall_name"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "周晓", "mobile": ""},
        {"name": "周晓", "mobile": "", "email": 3},
        {"name": "周晓", "mobile": "", "email": "", "is_staff": True},
        {"name": "周晓", "mobile": "", "email": "", "pain_points": "一条"},
    ],
)
def test_what_is_no_answer_is_kept_nowhere(event, lin, wrong):
    with pytest.raises(ValueError, match="not the answers"):
        cases.check(wrong)


@pytest.mark.parametrize("answers", [{"name": "周晓"}, {"mobile": "", "email": ""}])
def test_the_table_itself_refuses_answers_of_nobody(event, lin, answers):
    with pytest.raises(IntegrityError), transaction.atomic():
        Case.objects.create(event=event, person=lin, answers=answers, submitted_at=lin.submitted_at)


def test_an_imported_row_under_somebodys_contact_is_a_case_too(event, lin):
    header = ["姓名", "手机", "邮箱", "身份", "痛点1", "同意处理个人信息"]
    for name, mobile, email in (
        ("许清源", "13800000001", "xu@example.com"),
        ("林知夏", "", "p1@example.com"),
        ("苏禾", "13822222222", ""),
    ) * 2:
        sheet = io.BytesIO()
        row = [name, mobile, email, "社群核心运营者", "潜水", "是"]
        write_table(sheet, sheets=[("报名表", header, [row], None)])
        reading = import_runs.look(event=event, source=sheet.getvalue())
        import_runs.take(event=event, reading=reading, by=None)
    case = the_case()
    assert (case.source, case.person, case.answers["name"]) == ("import", lin, "许清源")
    assert case.answers["consents"][0]["kept_as"] == "elsewhere"
    assert set(Participant.objects.values_list("name", flat=True)) == {"林知夏", "苏禾"}


# ---- making a person ---------------------------------------------------------------------


def test_another_person_stands_in_the_queue_as_of_their_own_hour(event, lin, chen):
    applies(event, "许清源", 2, mobile="13800000001", pain_points=["潜水"])
    case = the_case()
    xu = case_decisions.make(case=case, by=chen)
    xu.refresh_from_db()
    assert (xu.name, xu.mobile, xu.email) == ("许清源", "", "p2@example.com")
    assert (xu.status, xu.submitted_at, xu.client_id) == (
        "submitted",
        case.submitted_at,
        case.client_id,
    )
    assert (xu.mobile_proven_at, xu.email_proven_at) == (None, None)
    assert xu.score > 0
    assert [point.text for point in xu.pain_points.all()] == ["潜水"]
    assert set(xu.consents.values_list("purpose", flat=True)) == {"processing", "wall_name"}
    assert xu.consents.first().given_at == case.submitted_at
    letter = Message.objects.get(person_id=xu.pk)
    assert (letter.kind, letter.channel) == ("received", "email")
    assert (the_case().state, the_case().made) == ("made", xu)
    assert AuditEntry.objects.get(verb="make_case").actor == f"user:{chen.pk}"


def test_who_would_have_waited_waits(event, chen):
    full = scenes.a_salon("full", on_site_capacity=0)
    scenes.an_applicant(full, "林知夏", 1)
    applies(full, "许清源", 2, mobile="13800000001")
    type(full).objects.filter(pk=full.pk).update(on_site_capacity=50)
    assert case_decisions.make(case=the_case(), by=chen).status == "waitlisted"


def test_without_a_contact_of_their_own_one_is_typed_first(event, lin, chen):
    applies(event, "周总", 3, mobile="13800000001", email="p1@example.com")
    for typed, code in (
        ({}, "no_contact"),
        ({"mobile": "138"}, "phone"),
        ({"email": "p1@example.com"}, "contact_taken"),
    ):
        with pytest.raises(Refused) as refused:
            case_decisions.make(case=the_case(), by=chen, **typed)
        assert refused.value.code == code
    boss = case_decisions.make(case=the_case(), by=chen, mobile="139 0000 0009")
    assert (boss.name, boss.mobile, boss.email) == ("周总", "+8613900000009", "")


def test_the_post_of_whoever_was_made_is_theirs_from_then_on(event, lin, chen):
    form = uuid.uuid4()
    applies(event, "许清源", 2, mobile="13800000001", client_id=form)
    xu = case_decisions.make(case=the_case(), by=chen)
    again = applies(event, "许清源", 2, mobile="13800000001", client_id=form)
    assert again.kind == "known"
    assert Case.objects.count() == 1
    assert Participant.objects.count() == 2
    assert xu.pk


# ---- joining -----------------------------------------------------------------------------


def test_joined_the_chosen_answers_are_hers_and_the_new_address_is_not_proven(event, lin, chen):
    contacts.prove(participant=lin, contacts=["mobile", "email"], by=lin)
    applies(
        event, "林知夏", 1, email="xiaoyu@example.com", organisation="新的机构", job_title="群主"
    )
    old_key = issue_link(participant=lin, channel=PersonalLink.Channel.EMAIL)
    case_decisions.join(case=the_case(), by=chen, fields=["email", "organisation", "status", "x"])
    lin.refresh_from_db()
    assert (lin.email, lin.organisation, lin.job_title) == (
        "xiaoyu@example.com",
        "新的机构",
        "社群运营",
    )
    assert lin.mobile_proven_at
    assert lin.email_proven_at is None
    # What went to the old address opens nothing, and her own link goes to the new one.
    assert not PersonalLink.objects.living().filter(channel="email").exists(), old_key
    letter = Message.objects.filter(kind="link_again").latest("pk")
    assert (letter.person_id, letter.channel) == (lin.pk, "email")
    assert the_case().state == "joined"


def test_joining_is_taken_back_where_nobody_has_changed_it_since(event, lin, chen):
    contacts.prove(participant=lin, contacts=["email"], by=lin)
    applies(
        event, "林知夏", 1, email="xiaoyu@example.com", organisation="新的机构", job_title="群主"
    )
    case_decisions.join(case=the_case(), by=chen, fields=["email", "organisation", "job_title"])
    lin.refresh_from_db()
    applications.edit(
        participant=lin,
        answers=case_decisions.answers_of(lin) | {"job_title": "负责人"},
        version=lin.version,
        by=chen,
    )
    case_decisions.undo(case=the_case(), by=chen)
    lin.refresh_from_db()
    assert (lin.email, lin.organisation, lin.job_title) == ("p1@example.com", "拾光教育", "负责人")
    assert lin.email_proven_at
    assert (the_case().state, the_case().before) == ("open", {})


def test_a_contact_that_is_a_third_persons_is_not_joined(event, lin, chen):
    zhou = scenes.an_applicant(event, "周晓", 2)
    applies(event, "林知夏", 1, email=zhou.email)
    with pytest.raises(Refused) as refused:
        case_decisions.join(case=the_case(), by=chen, fields=["email"])
    assert refused.value.code == "contact_taken"
    assert the_case().state == "open"


# ---- dropping, undoing, racing -----------------------------------------------------------


def test_dropped_it_is_nobodys_and_can_be_opened_again(event, lin, chen):
    applies(event, mobile="13800000001")
    case_decisions.drop(case=the_case(), by=chen)
    assert (the_case().state, the_case().decided_by) == ("dropped", chen)
    case_decisions.undo(case=the_case(), by=chen)
    assert (the_case().state, the_case().decided_at) == ("open", None)


def test_who_was_made_has_been_written_to_and_is_not_undone(event, lin, chen):
    applies(event, mobile="13800000001")
    case_decisions.make(case=the_case(), by=chen)
    with pytest.raises(Refused) as refused:
        case_decisions.undo(case=the_case(), by=chen)
    assert refused.value.code == "made"


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_of_two_organisers_the_second_is_told():
    event = scenes.a_salon()
    chen = scenes.an_organiser(event)
    scenes.an_applicant(event, "林知夏", 1)
    applies(event, mobile="13800000001")
    case = the_case()

    def decide(number):
        verb = (case_decisions.make, case_decisions.drop)[number % 2]
        try:
            verb(case=case, by=chen)
        except Refused as refused:
            return refused.code
        return "done"

    assert sorted(at_once(8, decide)) == [*["decided"] * 7, "done"]
    assert Participant.objects.count() == (2 if the_case().state == "made" else 1)


# ---- forgetting --------------------------------------------------------------------------


def test_erasing_lin_takes_her_own_second_application_whole(event, lin):
    applies(event, "林知夏", 1, email="xiaoyu@example.com", expectation="林知夏想来")
    erase.erase_person(participant=lin, by=None)
    case = the_case()
    assert (case.answers, case.before, case.answers_digest) == ({}, {}, "")
    assert case.state == "dropped"


def test_erasing_a_squatter_does_not_take_the_owners_application_with_it(event, lin, chen):
    applies(
        event, "许清源", 2, mobile="13800000001", expectation="听林知夏说起，她的号码 13800000001"
    )
    erase.erase_person(participant=lin, by=None)
    case = the_case()
    assert case.state == "open"
    text = json.dumps(case.answers, ensure_ascii=False)
    assert "林知夏" not in text
    assert "13800000001" not in text
    assert case_decisions.make(case=case, by=chen).name == "许清源"


def test_erasing_whoever_was_made_empties_the_case(event, lin, chen):
    applies(event, "许清源", 2, mobile="13800000001")
    xu = case_decisions.make(case=the_case(), by=chen)
    erase.erase_person(participant=xu, by=None)
    assert the_case().answers == {}


def test_what_was_joined_is_in_her_data_and_what_is_open_is_not(event, lin, chen):
    applies(event, "林知夏", 1, email="xiaoyu@example.com")
    assert own_data.of(lin)["cases"] == []
    case_decisions.join(case=the_case(), by=chen, fields=["email"])
    [kept] = own_data.of(lin)["cases"]
    assert kept["answers"]["email"] == "xiaoyu@example.com"


# ---- pages and command -------------------------------------------------------------------


def test_the_organiser_sees_both_side_by_side(client, event, lin, chen):
    client.force_login(chen)
    assert "没有要核对的报名" in client.get(address("cases")).content.decode()
    assert "cases/" not in client.get(address("screening")).content.decode().split("<main")[1]
    applies(event, "林知夏", 1, email="xiaoyu@example.com", organisation="新的机构")
    assert address("cases") in client.get(address("screening")).content.decode().split("<main")[1]
    listed = client.get(address("cases")).content.decode()
    assert "手机相同，邮箱不同" in listed
    page = client.get(address("case", the_case().pk)).content.decode()
    for text in ("p1@example.com", "xiaoyu@example.com", "拾光教育", "新的机构", "未核实"):
        assert text in page
    assert 'value="email" checked' in page
    assert 'value="organisation" checked' not in page


@pytest.mark.parametrize(
    ("step", "state"), [("drop", "dropped"), ("join", "joined"), ("make", "made")]
)
@pytest.mark.usefixtures("lin")
def test_each_way_is_one_press(client, event, chen, step, state):
    client.force_login(chen)
    applies(event, mobile="13800000001")
    answer = client.post(address("case_step", the_case().pk, step), {"fields": ["organisation"]})
    assert answer.url == address("cases")
    assert the_case().state == state
    page = client.get(address("case", the_case().pk)).content.decode()
    assert the_case().get_state_display() in page
    if state != "made":
        client.post(address("case_step", the_case().pk, "undo"))
        assert the_case().state == "open"


def test_what_is_refused_is_said_on_the_page_and_what_was_typed_stays(client, event, lin, chen):
    client.force_login(chen)
    applies(event, "周总", 3, mobile="13800000001", email="p1@example.com")
    page = client.get(address("case", the_case().pk)).content.decode()
    assert "请先补一个能找到本人的" in page
    page = client.post(address("case_step", the_case().pk, "make"), {"mobile": "138"})
    assert "手机号码不对" in page.content.decode()
    assert 'value="138"' in page.content.decode()


def test_a_case_of_another_salon_is_not_there(client, event, lin, chen):
    other = scenes.a_salon("other")
    scenes.an_applicant(other, "林知夏", 1)
    applies(other, mobile="13800000001")
    client.force_login(chen)
    assert client.get(address("case", the_case().pk)).status_code == 404
    assert client.post(address("case_step", the_case().pk, "drop")).status_code == 404


def test_lin_learns_nothing_of_it_on_her_own_page(client, event, lin):
    as_person(client, lin)
    before = masked(client.get(address("me")))
    applies(event, "许清源", 2, mobile="13800000001")
    assert masked(client.get(address("me"))) == before


def test_the_command_lists_cases_without_their_contents(event, lin):
    applies(event, "许清源", 2, mobile="13800000001")
    out = io.StringIO()
    call_command("cases", event.slug, "--json", stdout=out)
    assert json.loads(out.getvalue()) == {
        "cases": [
            {
                "id": the_case().pk,
                "person": lin.pk,
                "differs": ["name", "email"],
                "state": "open",
            }
        ]
    }
    with pytest.raises(CommandError):
        call_command("cases", "nowhere")
