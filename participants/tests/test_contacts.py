"""A contact is typed by anybody; proven it is by whoever is reached there."""

from importlib import import_module

import pytest
from django.db import connection

from participants import calls, contacts, letters, notes, screening, wording
from participants.access import issue_link
from participants.models import CheckIn, Participant, PersonalLink
from participants.tests import scenes
from participants.tests.pages import address
from salon import audit, clock, outbox
from salon.errors import Refused
from salon.models import AuditEntry, Message

pytestmark = pytest.mark.django_db
Way = PersonalLink.Channel


@pytest.fixture
def event():
    return scenes.a_salon()


@pytest.fixture
def chen(event):
    return scenes.an_organiser(event)


@pytest.fixture
def lin(event):
    return scenes.an_applicant(event)


def proven(person):
    person.refresh_from_db()
    return {contact for contact in ("mobile", "email") if contacts.is_proven(person, contact)}


def opens(client, person, way):
    client.get(issue_link(participant=person, channel=way))
    return client


# ---- what proves -------------------------------------------------------------------------


def test_whoever_applies_has_proven_nothing_and_stands_in_the_queue(event, chen, lin):
    assert proven(lin) == set()
    screening.decide(participant=lin, to_status="accepted", by=chen)
    lin.refresh_from_db()
    assert lin.status == "accepted"


@pytest.mark.parametrize(
    ("way", "shows"),
    [
        (Way.EMAIL, {"email"}),
        (Way.SMS, {"mobile"}),
        (Way.HANDED_OVER, {"mobile"}),
        (Way.TYPED, {"email"}),
        (Way.SHOWN, set()),
        (Way.OWN_PAGE, set()),
    ],
)
def test_a_key_proves_the_contact_it_went_to_and_a_shown_code_proves_nothing(
    client, lin, way, shows
):
    opens(client, lin, way).post(address("me_opened"))
    assert proven(lin) == shows


def test_a_link_handed_to_somebody_who_left_an_address_only_proves_that(client, event):
    su = scenes.an_applicant(event, "苏禾", 3, mobile="")
    opens(client, su, Way.HANDED_OVER).post(address("me_opened"))
    assert proven(su) == {"email"}


def test_opening_is_the_post_that_follows_and_no_scanners_get(client, lin):
    link = issue_link(participant=lin, channel=Way.EMAIL)
    before = Participant.objects.values().get()
    for _scan in range(3):
        client.get(link)
        client.head(link)
        page = client.get(address("me"))
    assert Participant.objects.values().get() == before
    assert "data-opened" in page.content.decode()
    assert client.post(address("me_opened")).status_code == 204
    assert "data-opened" not in client.get(address("me")).content.decode()


def test_whatever_the_person_posts_through_the_key_proves_as_well(client, lin):
    opens(client, lin, Way.EMAIL).post(address("me_consents"), {"consents": ["photo"]})
    assert proven(lin) == {"email"}
    assert AuditEntry.objects.get(verb="prove_contact").fields == ["email"]


def test_what_is_proven_is_written_once(client, lin, django_assert_num_queries):
    opens(client, lin, Way.EMAIL).post(address("me_opened"))
    since = Participant.objects.get().email_proven_at
    with django_assert_num_queries(1):  # the door's own
        client.post(address("me_opened"))
    assert Participant.objects.get().email_proven_at == since


def test_a_contact_changed_in_between_is_not_proven_by_the_key_to_the_old_one(lin):
    seen = Participant.objects.get()
    Participant.objects.update(email="elsewhere@example.com")
    assert contacts.prove(participant=seen, contacts=["email"], by=seen) == set()
    assert proven(lin) == set()


def test_a_link_that_an_organiser_copies_is_handed_over(chen, lin):
    notes.hand_out_link(participant=lin, by=chen)
    link = PersonalLink.objects.latest("pk")
    assert contacts.shown_by(lin, link.channel) == "mobile"


def test_a_caller_notes_that_lin_was_reached(event, chen, lin):
    screening.decide(participant=lin, to_status="phone_screening", by=chen)
    call = calls.claim_next(event=event, by=chen)
    calls.finish_call(call=call, by=chen, outcome="pass", reached=True)
    assert proven(lin) == {"mobile"}
    entry = AuditEntry.objects.get(verb="prove_contact")
    assert (entry.actor, entry.subject) == (f"user:{chen.pk}", f"participant:{lin.pk}")


def test_a_call_that_nobody_took_reached_nobody(event, chen, lin):
    screening.decide(participant=lin, to_status="phone_screening", by=chen)
    call = calls.claim_next(event=event, by=chen)
    calls.finish_call(call=call, by=chen, outcome="no_answer", reached=True)
    assert proven(lin) == set()


def test_an_organiser_notes_it_on_the_persons_card(client, event, chen, lin):
    client.force_login(chen)
    card = client.get(address("screening_person", lin.pk)).content.decode()
    assert card.count("未核实") == 2
    client.post(address("screening_step", lin.pk, "reached"))
    assert proven(lin) == {"mobile"}
    card = client.get(address("screening_person", lin.pk)).content.decode()
    assert (card.count("已核实"), "/reached/" in card) == (1, False)


def test_without_a_mobile_nobody_is_reached_by_telephone(event, chen):
    su = scenes.an_applicant(event, "苏禾", 3, mobile="")
    with pytest.raises(Refused) as refused:
        contacts.note_reached(participant=su, by=chen)
    assert refused.value.code == "no_mobile"


# ---- letters to strangers ----------------------------------------------------------------

TYPED = {
    "name": "恭喜中奖领红包",
    "organisation": "机构加我领红包",
    "job_title": "岗位加我领红包",
    "pain_points": ["痛点加我领红包"],
    "expectation": "期望加我领红包",
}


@pytest.mark.parametrize("channel", ["email", "sms"])
@pytest.mark.parametrize("kind", [*wording.DEFAULT])
def test_no_letter_carries_what_a_stranger_typed_to_an_address_that_nobody_proved(
    event, chen, kind, channel
):
    """Also where the organiser's own wording asks for every field."""
    person = scenes.an_applicant(event, **TYPED)
    every_field = "\n".join(f"{{{field}}}" for field in wording.FIELDS)
    text = wording.check("{姓名}，{痛点}", "{称呼}，您好：\n" + every_field)
    values = letters.values_of(person, a_message(person, channel))
    said = "\n".join(wording.fill(part, values) for part in text)
    assert "红包" not in said
    assert "您，您好" not in said
    contact = contacts.contact_of(channel)
    contacts.prove(participant=person, contacts=[contact], by=person)
    known = letters.values_of(person, a_message(person, channel))
    assert TYPED["name"] in wording.fill(text[1], known)
    assert TYPED["pain_points"][0] in wording.fill(text[1], known)


def a_message(person, channel):
    return Message(event_id=person.event_id, person_id=person.pk, channel=channel, context={})


def test_the_first_letter_greets_nobody_by_name(event):
    scenes.an_applicant(event, TYPED["name"])
    letter = outbox.preview(Message.objects.get(kind="received"))
    assert letter.text.startswith("您好：\n")
    assert TYPED["name"] not in letter.subject + letter.text


def test_of_two_contacts_each_is_proven_by_itself(event):
    lin = scenes.an_applicant(event)
    contacts.prove(participant=lin, contacts=["mobile"], by=lin)
    by_mail, by_sms = (
        letters.values_of(lin, a_message(lin, channel)) for channel in ("email", "sms")
    )
    assert (by_mail["称呼"], by_sms["称呼"]) == ("您", "林知夏")


@pytest.mark.parametrize(
    ("words", "read"),
    [
        ("{称呼}，您好：", "您好："),
        ("{称呼}，早上好：", "早上好："),
        ("{姓名} 您好", "您好"),
        ("亲爱的{姓名}：", "亲爱的您："),
        ("请{姓名}准时", "请您准时"),
    ],
)
def test_an_organisers_own_greeting_reads_well_without_a_name(words, read):
    assert wording.fill(words, letters.TO_A_STRANGER) == read


# ---- rows of before ----------------------------------------------------------------------


def test_who_acted_confirmed_or_came_is_proven_and_who_only_applied_is_not(event, chen):
    silent, acted, confirmed, came, erased = people = [
        scenes.an_applicant(event, name, number)
        for number, name in enumerate(["沉默", "动过", "确认", "来过", "已删"])
    ]
    audit.record("set_consent", acted, by=acted, event_id=event.pk)
    audit.record("set_consent", erased, by=erased, event_id=event.pk)
    Participant.objects.filter(pk=erased.pk).update(mobile="", email="", erased_at=clock.now())
    for person in (confirmed, silent):  # of the silent one by the organiser
        batch = screening.decide(participant=person, to_status="accepted", by=chen)
        screening.release_batch(batch=batch, by=chen)
    screening.confirm(participant=confirmed, by=confirmed)
    screening.confirm(participant=silent, by=chen)
    CheckIn.objects.create(
        event=event, participant=came, method="search", at=clock.now(), received_at=clock.now()
    )
    Participant.objects.update(mobile_proven_at=None, email_proven_at=None)
    migration = import_module("participants.migrations.0009_contacts_of_those_who_acted_are_proven")
    with connection.cursor() as cursor:
        cursor.execute(migration.PROVE)
    both = {"mobile", "email"}
    assert [proven(person) for person in people] == [set(), both, both, both, set()]
