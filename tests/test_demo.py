"""The demo is told through the verbs, so it keeps every promise that the verbs keep."""

import pytest
from django.core.management import call_command
from django.utils import timezone

from events.models import AgendaItem, Event
from participants.models import Participant
from salon import clock, demo
from salon.models import Message

pytestmark = pytest.mark.django_db


@pytest.fixture
def told():
    call_command("demo", people=36)
    return {event.slug: event for event in Event.objects.all()}


def test_three_salons_one_over_one_running_one_to_come(told):
    past, today, following = (told[slug] for slug in (demo.PAST, demo.TODAY, demo.NEXT))
    now = clock.now()
    assert past.ended_at < now
    assert today.starts_at < now < today.ends_at
    assert today.agenda.running().get().kind == AgendaItem.Kind.BREAK
    assert following.starts_at > now
    for event in (past, today):
        people = Participant.objects.filter(event=event)
        assert people.count() == 36
        assert people.confirmed().on_site().count() == 10
        assert people.confirmed().online().count() == 20
        assert people.checked_in().exists()


def test_the_past_one_is_evaluated_with_every_figure(told):
    figures = {row["key"]: row for row in told[demo.PAST].evaluations.first().metrics}
    assert [key for key, row in figures.items() if row["value"] is None] == []
    assert figures["attendance_rate"]["denominator"] == 10
    assert figures["plan_submission_rate"]["value"] < 100


def test_nothing_is_left_due_and_the_clocks_are_back(told):
    assert not Message.objects.due(clock.now()).exists()
    assert abs((timezone.now() - clock.now()).total_seconds()) < 60


def test_a_second_time_changes_nothing(told):
    before = Participant.objects.count(), Message.objects.count()
    call_command("demo", people=36)
    assert (Participant.objects.count(), Message.objects.count()) == before


def test_the_terminal_is_told_how_to_enter_everywhere(told):
    lines = dict(demo.accounts())
    assert "/d/" in lines["签到台链接"]
    assert len(lines["签到台 PIN"]) == 6
    assert "/l/" in lines["个人链接·现场"]
    assert "/l/" in lines["个人链接·线上"]
