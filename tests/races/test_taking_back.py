"""A withdrawal is taken back at the very moment its seat is given to somebody else."""

import threading

import pytest
from django.db import connections, transaction

from events.models import Event
from participants import screening, standing, taking_back
from participants.models import Participant
from participants.tests import scenes
from salon.errors import Refused
from tests.house import somebody_waits_for_us, until
from tests.unguarded import without

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
Status = Participant.Status


def test_one_seat_is_given_or_taken_back_and_never_both():
    assert a_seat_is_given_while_lin_takes_hers_back(waits=True) == (1, ["passed_on"])


def test_without_the_lock_of_the_event_and_the_tables_rule_two_have_one_seat(monkeypatch):
    monkeypatch.setattr(standing, "lock_event", lambda pk: Event.objects.get(pk=pk))
    with without("participant_moves_within_the_room__update"):
        assert a_seat_is_given_while_lin_takes_hers_back(waits=False) == (2, [])


def a_seat_is_given_while_lin_takes_hers_back(*, waits):
    """`(how many hold the one seat, codes of what was refused to 林知夏)`."""
    event = scenes.a_salon(on_site_capacity=1)
    event.categories.filter(key="core").update(share_percent=100)
    event.categories.exclude(key="core").update(share_percent=0)
    chen = scenes.an_organiser(event)
    lin = scenes.confirmed(event, by=chen)
    screening.withdraw(participant=lin, by=lin)
    zhou, refused = scenes.an_applicant(event, "周子昂", 1), []

    def taps():
        try:
            taking_back.take_back_withdrawal(participant=lin, by=lin)
        except Refused as refusal:
            refused.append(refusal.code)
        finally:
            connections.close_all()

    phone = threading.Thread(target=taps)
    with transaction.atomic():
        screening.decide(participant=zhou, to_status=Status.ACCEPTED, by=chen)
        phone.start()
        if waits:
            until(somebody_waits_for_us, what="林知夏 to wait for the decision")
        else:
            phone.join(30)
    phone.join(30)
    return Participant.objects.filter(event=event).holding_a_seat().count(), refused
