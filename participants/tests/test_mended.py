"""A contact that an organiser puts right: who else has it, what is known of it, what goes to it."""

import pytest
from django.urls import reverse

from participants import screening
from participants.models import Participant
from participants.tests import scenes
from salon import outbox
from salon.models import AuditEntry, Message
from tests.forms import forms_of

pytestmark = pytest.mark.django_db
State = Message.State


@pytest.fixture
def event():
    return scenes.a_salon()


@pytest.fixture
def chen(event, client):
    chen = scenes.an_organiser(event)
    client.force_login(chen)
    return chen


def accepted(event, chen, **answers):
    lin = scenes.an_applicant(event, **answers)
    batch = screening.decide(participant=lin, to_status="accepted", by=chen)
    screening.release_batch(batch=batch, by=chen)
    return Message.objects.get(kind="accepted", person_id=lin.pk), lin


def mend(client, person, **contact):
    """On the screening page, as a browser sends it."""
    address = reverse("screening_person", args=["spring", person.pk])
    form = next(
        form
        for form in forms_of(client.get(address).content.decode())
        if form.attrs.get("action", "").endswith("/contact/")
    )
    return client.post(form.attrs["action"], form.data(**contact), follow=True)


def in_the_admin(client, person, **changed):
    address = reverse("admin:participants_participant_change", args=[person.pk])
    form = next(
        form
        for form in forms_of(client.get(address).content.decode())
        if form.attrs.get("id") == "participant_form"
    )
    return client.post(address, form.data(**changed))


@pytest.mark.parametrize("state", [State.NOT_DELIVERED, State.BOUNCED, State.BY_HAND])
def test_a_seat_letter_that_did_not_arrive_goes_to_the_mended_address_at_once(
    event, chen, client, state
):
    message, lin = accepted(event, chen, email="lin@exmaple.com", mobile="")
    Message.objects.filter(pk=message.pk).update(
        state=state, attempts=1, failure="550 no such user"
    )
    mend(client, lin, email="lin@example.com")
    message.refresh_from_db()
    assert (message.state, message.attempts, message.failure) == (State.PLANNED, 0, "")
    assert outbox.preview(message).to == "lin@example.com"


def test_a_seat_letter_that_went_to_a_wrong_address_is_said_once_more(event, chen, client):
    message, lin = accepted(event, chen, email="lin@exmaple.com", mobile="")
    now = message.released_at or message.due_at
    Message.objects.filter(pk=message.pk).update(state=State.HANDED_OVER, handed_over_at=now)
    mend(client, lin, email="lin@example.com")
    again = Message.objects.filter(kind="accepted", person_id=lin.pk).latest("pk")
    assert again.pk != message.pk
    assert (again.state, outbox.preview(again).to) == (State.PLANNED, "lin@example.com")
    message.refresh_from_db()
    assert message.state == State.HANDED_OVER  # what happened stays on record


def test_in_the_admin_too_it_is_unproven_again_and_on_record(event, chen, client):
    lin = scenes.confirmed(event, by=chen)
    assert lin.email_proven_at
    assert in_the_admin(client, lin, email="Lin.New@Example.com").status_code == 302
    lin.refresh_from_db()
    assert (lin.email, lin.email_proven_at) == ("lin.new@example.com", None)
    entry = AuditEntry.objects.filter(verb="edit_answers").latest("pk")
    assert (entry.fields, entry.actor) == (["email"], f"user:{chen.pk}")
    assert Message.objects.filter(kind="address_changed", person_id=lin.pk).exists()


def test_somebody_elses_contact_is_named_and_not_taken(event, chen, client):
    scenes.an_applicant(event, "马远", 7)
    lin = scenes.an_applicant(event, "林知夏", 8)
    answer = in_the_admin(client, lin, email="p7@example.com")
    assert "马远也在用这个。" in answer.content.decode()
    page = mend(client, lin, email="p7@example.com")
    assert "已经用在另一份报名上" in page.content.decode()
    assert Participant.objects.get(pk=lin.pk).email == "p8@example.com"


def test_a_contact_is_not_taken_away_from_who_could_be_reached(event, chen, client):
    lin = scenes.an_applicant(event)
    answer = in_the_admin(client, lin, mobile="", email="")
    assert answer.status_code == 200
    assert Participant.objects.get(pk=lin.pk).email
