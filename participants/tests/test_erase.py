"""A canary is confirmed, called, imported over, checked in, written to, and then erased."""

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connection
from django.urls import reverse

from participants import calls, contacts, erase, import_runs, screening
from participants.access import issue_link
from participants.models import Consent, Participant
from participants.tests import scenes
from participants.tests.test_import_runs import GOOD, a_sheet
from salon import outbox
from salon.models import Message

NAME, MOBILE, EMAIL = "金丝雀雯", "13800778899", "canary@example.com"
TEXTS = ("金丝雀的痛点", "金丝雀的期望", "金丝雀的备注", "金丝雀电话里说")


def a_canary(event, by):
    person = scenes.an_applicant(
        event,
        NAME,
        mobile=MOBILE,
        email=EMAIL,
        pain_points=[TEXTS[0]],
        expectation=TEXTS[1],
        organisation="金丝雀机构",
    )
    screening.decide(participant=person, to_status="phone_screening", by=by)
    call = calls.claim_next(event=event, by=by)
    calls.finish_call(call=call, by=by, outcome="pass", notes=TEXTS[3])
    batch = person.status_changes.first().batch
    screening.release_batch(batch=batch, by=by)
    screening.confirm(participant=person, by=person)
    Participant.objects.filter(pk=person.pk).update(note=TEXTS[2])
    issue_link(participant=person)
    return person


def every_value():
    """All rows of all tables, as text."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        tables = [name for (name,) in cursor.fetchall()]
        everything = []
        for table in tables:
            cursor.execute(f'SELECT t::text FROM "{table}" t')
            everything += [f"{table}: {row}" for (row,) in cursor.fetchall()]
    return everything


def traces():
    words = (NAME, "jinsique", MOBILE, EMAIL, "金丝雀")
    return [row for row in every_value() if any(word in row for word in words)]


@pytest.mark.django_db(transaction=True)
def test_the_erased_canary_is_in_no_table_and_still_counted(client, settings):
    settings.EMAIL_IS_CONFIGURED = False
    event = scenes.a_salon()
    chen = scenes.an_organiser(event)
    canary = a_canary(event, chen)
    outbox.deliver_due()
    sheet = a_sheet([[NAME, MOBILE, EMAIL, *GOOD[0][3:]]])
    import_runs.upload(event=event, file=SimpleUploadedFile("a.xlsx", sheet), by=chen)
    client.force_login(chen)
    change = reverse("admin:participants_participant_change", args=[canary.pk])
    client.post(change, {})
    assert traces()
    counted = Participant.objects.confirmed().count()
    erase.erase_person(participant=canary, by=canary)
    erase.erase_person(participant=canary, by=canary)
    assert traces() == []
    canary.refresh_from_db()
    assert canary.status == "withdrawn"  # the event is still to come: the seat passes on
    assert counted == 1
    assert Participant.objects.count() == 1
    assert canary.community_size == 12000
    assert not Message.objects.open().filter(person_id=canary.pk).exists()
    assert not Consent.objects.filter(withdrawn_at=None).exists()


@pytest.mark.django_db
def test_after_the_event_the_one_who_came_still_counts_as_confirmed(travel):
    event = scenes.a_salon()
    canary = a_canary(event, scenes.an_organiser(event))
    travel(event.ends_at)
    erase.erase_person(participant=canary, by=None)
    assert Participant.objects.confirmed().count() == 1


@pytest.mark.django_db
def test_the_command_finds_a_person_by_mobile_or_mail():
    event = scenes.a_salon()
    a_canary(event, scenes.an_organiser(event))
    with pytest.raises(CommandError):
        call_command("erase_person", "nobody@example.com")
    with pytest.raises(CommandError):
        call_command("erase_person", "what?")
    out = io.StringIO()
    call_command("erase_person", "138 0077 8899", stdout=out)
    assert NAME not in out.getvalue()
    assert traces() == []


@pytest.mark.django_db
@pytest.mark.parametrize("contact", ["13800778899", EMAIL])
def test_the_command_finds_her_too_where_she_gave_her_other_address_alone(contact):
    both, mail_only, mobile_only = (scenes.a_salon(slug) for slug in ("both", "mail", "mobile"))
    hers = [
        scenes.an_applicant(both, NAME, mobile=MOBILE, email=EMAIL),
        scenes.an_applicant(mail_only, NAME, mobile="", email=EMAIL),
        scenes.an_applicant(mobile_only, NAME, mobile=MOBILE, email=""),
    ]
    for person in hers:
        contacts.prove(participant=person, contacts=["mobile", "email"], by=person)
    colleague = scenes.an_applicant(scenes.a_salon("office"), "林同事", mobile="", email=EMAIL)
    call_command("erase_person", contact)
    assert not [row for row in every_value() if NAME in row or MOBILE in row]
    colleague.refresh_from_db()
    assert (colleague.erased_at is None) == (contact != EMAIL)


@pytest.mark.django_db
def test_nobody_has_another_erased_by_typing_their_address_beside_the_own():
    """A stranger applies as the canary, with an own mobile, and asks to be erased by it."""
    hers = scenes.an_applicant(scenes.a_salon("hers"), NAME, mobile=MOBILE, email=EMAIL)
    contacts.prove(participant=hers, contacts=["email"], by=hers)
    stranger = scenes.an_applicant(
        scenes.a_salon("elsewhere"), NAME, mobile="13911112222", email=EMAIL
    )
    contacts.prove(participant=stranger, contacts=["mobile"], by=stranger)
    out = io.StringIO()
    call_command("erase_person", "13911112222", stdout=out)
    for person in (hers, stranger):
        person.refresh_from_db()
    assert (stranger.name, hers.name) == ("", NAME)
    assert f"没有动。看过是本人，请按编号再删：{hers.pk}" in out.getvalue()


@pytest.mark.django_db
def test_a_room_above_forgets_its_part_as_well():
    event = scenes.a_salon()
    canary = a_canary(event, scenes.an_organiser(event))
    forgotten = []
    erase.part(forgotten.append)
    try:
        erase.erase_person(participant=canary, by=None)
    finally:
        erase._parts.remove(forgotten.append)
    assert [person.pk for person in forgotten] == [canary.pk]
