"""What a post points to is deleted in the very second: no error page, and no text is lost.

Foreign keys are looked up at the commit, behind every savepoint; the verb goes again and finds out.
"""

import uuid

import pytest
from django.db import IntegrityError
from django.db.models.deletion import Collector
from django.urls import reverse

from participants import applications
from participants.access import issue_link
from participants.models import Channel, Participant
from participants.tests import scenes
from salon.errors import Refused
from tests.races.test_erasing import meanwhile
from tests.races.test_two_desks import at_once
from workshops import exchange
from workshops.models import Listing
from workshops.tests import scenes as workshops

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
OFFER = "可以出三十人的场地，带投影"


@pytest.fixture
def salon():
    return workshops.a_salon(registration_closes_at=None, registration_opens_at=None)


@pytest.fixture
def coming():
    """A salon that takes applications, and its poster."""
    event = scenes.a_salon("coming")
    return event, Channel.objects.create(
        event=event, kind="official_account", code="poster", label="海报"
    )


def apply(event):
    return applications.apply(
        event=event,
        answers=scenes.answers("林知夏"),
        client_id=uuid.uuid4(),
        channel_code="poster",
    ).kind


def save(lin, table):
    table.refresh_from_db()
    try:
        return exchange.save_listing(person=lin, table=table, offer=OFFER, need="")
    except Refused as refused:
        return refused.code


def test_a_poster_taken_down_in_the_second_of_an_application_costs_only_the_poster(coming):
    event, poster = coming
    assert meanwhile(poster.delete, lambda: apply(event)) == "new"
    assert Participant.objects.get().channel is None


def test_without_going_again_the_application_is_lost(coming, monkeypatch):
    monkeypatch.setattr(applications, "met_somebody", lambda error: False)
    event, poster = coming
    assert isinstance(meanwhile(poster.delete, lambda: apply(event)), IntegrityError)
    assert not Participant.objects.exists()


def test_a_table_taken_away_in_the_second_of_a_listing_is_told(salon):
    [lin] = workshops.people(salon, 1)
    table, the_same = salon.theme_tables.first(), salon.theme_tables.first()
    assert meanwhile(table.delete, lambda: save(lin, the_same)) == "table_gone"
    assert not Listing.objects.exists()


def test_without_going_again_it_is_an_error_at_the_commit(salon, monkeypatch):
    monkeypatch.setattr("salon.meeting.AGAIN", ())
    [lin] = workshops.people(salon, 1)
    table, the_same = salon.theme_tables.first(), salon.theme_tables.first()
    assert isinstance(meanwhile(table.delete, lambda: save(lin, the_same)), IntegrityError)


def test_on_the_phone_the_text_is_still_there(client, salon):
    [lin] = workshops.people(salon, 1)
    client.get(issue_link(participant=lin))
    gone = salon.theme_tables.first()
    pk = gone.pk
    gone.delete()
    page = client.post(
        reverse("me_exchange", args=[salon.slug]), {"table": pk, "offer": OFFER, "need": ""}
    )
    assert page.status_code == 409
    assert OFFER in page.content.decode()
    assert "另选一张" in page.content.decode()


def test_an_organiser_who_deletes_the_poster_meanwhile_takes_it_from_who_came_by_it(
    client, coming, monkeypatch
):
    event, poster = coming
    client.force_login(scenes.an_organiser(event))
    delete, deletes = (
        reverse("admin:participants_channel_delete", args=[poster.pk]),
        Collector.delete,
    )

    def after_somebody_applied(collector):
        monkeypatch.setattr(Collector, "delete", deletes)
        at_once([lambda: apply(event)])
        return deletes(collector)

    monkeypatch.setattr(Collector, "delete", after_somebody_applied)
    assert client.post(delete, {"post": "yes"}).status_code == 302
    assert Participant.objects.get().channel is None
