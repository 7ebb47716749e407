"""What touches everybody costs the same few statements, however many they are."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from events import agenda, announcing
from participants import called_off, fill, screening, waitlist
from participants.models import FreedSeat, Participant
from participants.tests import scenes
from salon import clock
from salon.models import Message

pytestmark = pytest.mark.django_db
Status = Participant.Status


def a_full_salon(people, *, on_site=4):
    event = scenes.a_salon(f"room-for-{people}", on_site_capacity=on_site)
    chen = scenes.an_organiser(event, f"chen{people}")
    return event, chen, [person.pk for person in scenes.applicants(event, people, first=1)]


def statements_of(verb):
    with CaptureQueriesContext(connection) as captured:
        verb()
    return len(captured)


def test_deciding_undoing_and_cancelling_cost_no_statement_per_person():
    costs = []
    for people in (4, 12):
        event, chen, pks = a_full_salon(people, on_site=people)
        decide = {"event": event, "people": pks, "by": chen, "reason": "都来"}
        batches = []
        costs.append(
            [
                statements_of(
                    lambda d=decide, b=batches: b.append(
                        screening.decide_many(to_status=Status.ACCEPTED, **d)[0]
                    )
                ),
                statements_of(lambda b=batches, c=chen: screening.undo_batch(batch=b[0], by=c)),
                statements_of(
                    lambda d=decide, b=batches: b.append(
                        screening.decide_many(to_status=Status.ACCEPTED, **d)[0]
                    )
                ),
                statements_of(lambda b=batches, c=chen: screening.release_batch(batch=b[1], by=c)),
                statements_of(
                    lambda e=event, c=chen: agenda.move_event(
                        event=e, starts_at=e.starts_at + timedelta(days=7), by=c
                    )
                ),
                statements_of(lambda e=event, c=chen: announcing.call_off(event=e, by=c)),
            ]
        )
    assert costs[0] == costs[1]


def test_seats_that_free_together_go_to_the_best_of_the_line_each_with_its_sentence():
    event, chen, pks = a_full_salon(6, on_site=3)
    event.categories.update(share_percent=0)
    event.categories.filter(key="core").update(share_percent=100)
    screening.decide_many(
        event=event, people=pks[:3], to_status=Status.ACCEPTED, by=chen, reason="都来"
    )
    screening.decide_many(event=event, people=pks[3:], to_status=Status.WAITLISTED, by=chen)
    for batch in event.screening_batches.order_by("pk"):
        screening.release_batch(batch=batch, by=chen)
    scenes.hears(*Participant.objects.filter(pk__in=pks))
    Participant.objects.filter(pk__in=pks[:3]).update(confirm_by=clock.now() - timedelta(minutes=1))
    assert waitlist.expire_event(event.pk) == 3
    moved = FreedSeat.objects.filter(event=event, code="promoted").order_by("pk")
    assert [seat.promoted_id for seat in moved] == pks[3:]
    assert ["候补 3 人" in moved[0].sentence, "候补 2 人" in moved[1].sentence] == [True, True]
    assert Message.objects.filter(kind="offered", person_id__in=pks[3:]).count() == 3


def test_a_large_salon_that_is_called_off_is_told_in_parts_and_nobody_twice(monkeypatch):
    monkeypatch.setattr(called_off, "AT_ONCE", 2)
    event, chen, pks = a_full_salon(5)
    announcing.call_off(event=event, by=chen)
    assert event.participants.filter(status=Status.CANCELLED).count() == 2
    called_off.go_on_everywhere()
    called_off.go_on_everywhere()
    assert event.participants.filter(status=Status.CANCELLED).count() == 5
    told = Message.objects.filter(kind="cancelled", person_id__in=pks)
    assert told.count() == 5
    changes = {
        change.actor
        for person in event.participants.all()
        for change in person.status_changes.all()
    }
    assert changes == {f"user:{chen.pk}"}


def test_a_deadline_that_passes_before_its_person_is_told_of_the_calling_off_counts_for_nothing(
    monkeypatch,
):
    monkeypatch.setattr(called_off, "AT_ONCE", 0)
    event, chen, pks = a_full_salon(1)
    screening.decide_many(event=event, people=pks, to_status=Status.ACCEPTED, by=chen, reason="来")
    announcing.call_off(event=event, by=chen)
    event.participants.update(confirm_by=clock.now() - timedelta(minutes=1))
    assert waitlist.expire_event(event.pk) == 0
    assert event.participants.get().status == Status.ACCEPTED


def test_the_fill_makes_wait_in_parts_under_one_batch(monkeypatch):
    monkeypatch.setattr(fill, "AT_ONCE", 2)
    event, chen, pks = a_full_salon(7, on_site=2)
    batch, refused = fill.apply(
        event=event,
        accept=pks[:2],
        waitlist=pks[2:],
        by=chen,
        reasons=dict.fromkeys(pks[:2], "来"),
    )
    assert not refused
    assert batch.changes.count() == 7
    assert screening.undo_batch(batch=batch, by=chen) == (7, 0)
