"""Somebody applies on their phone while the desk writes them down: one person, and they are in."""

import threading
import uuid

import pytest
from django.db import connections, transaction

from participants import applications
from participants.models import CheckIn, Participant
from participants.tests import scenes
from participants.tests.door import Tablet
from salon import clock
from tests.house import somebody_waits_for_us, until

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


def test_lin_applies_at_the_very_moment_the_desk_writes_her_down(client):
    event = scenes.a_salon()
    tablet, answers = Tablet(client, event), []
    body = {
        "client_id": str(uuid.uuid4()),
        "scanned_at": clock.now().isoformat(),
        "name": "林知夏",
        "mobile": "13800000001",
        "category": "core",
    }

    def at_the_desk():
        try:
            answers.append(tablet.post("walk-ins", body))
        finally:
            connections.close_all()

    desk = threading.Thread(target=at_the_desk)
    with transaction.atomic():
        applications.apply(event=event, answers=scenes.answers("林知夏", 1), client_id=uuid.uuid4())
        desk.start()
        until(somebody_waits_for_us, what="the desk to wait for the application")
    desk.join(30)
    assert answers[0].json()["result"] == "checked_in"
    lin = Participant.objects.get()
    assert (lin.status, lin.source) == ("confirmed", "form")
    assert CheckIn.objects.get().participant == lin
