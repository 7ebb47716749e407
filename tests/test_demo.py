"""The demo is told through the verbs, so it keeps every promise that the verbs keep."""

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from events.models import AgendaItem, Event
from participants.models import Participant
from salon import clock, demo
from salon.models import Message

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("as_owner")]


def test_three_salons_told_once_leave_a_believable_house():
    call_command("demo", people=48)
    told = {event.slug: event for event in Event.objects.all()}
    one_over_one_running_one_to_come(told)
    the_past_one_has_every_figure(told[demo.PAST])
    nothing_is_left_due_and_the_clocks_are_back()
    before = Participant.objects.count(), Message.objects.count()
    call_command("demo", people=48)
    assert (Participant.objects.count(), Message.objects.count()) == before
    the_terminal_is_told_how_to_enter_everywhere()


@pytest.mark.parametrize("people", ["many", "12.5", "", "11", "2001", "-3"])
def test_a_crowd_that_cannot_be_is_one_sentence(people):
    with pytest.raises(CommandError, match="12 到 2000") as refusal:
        call_command("demo", f"--people={people}")
    assert refusal.value.returncode == 1
    assert Event.objects.count() == 0


def one_over_one_running_one_to_come(told):
    past, today, following = (told[slug] for slug in (demo.PAST, demo.TODAY, demo.NEXT))
    now = clock.now()
    assert past.ended_at < now
    assert today.starts_at < now < today.ends_at
    assert today.agenda.running().get().kind == AgendaItem.Kind.BREAK
    assert following.starts_at > now
    for event, crowd in ((past, demo.crowd(24)), (today, demo.crowd(48))):
        people = Participant.objects.filter(event=event)
        assert people.count() == crowd.people
        assert people.confirmed().on_site().count() == crowd.on_site
        assert people.confirmed().online().count() == crowd.online
        assert people.checked_in().exists()


def the_past_one_has_every_figure(past):
    figures = {row["key"]: row for row in past.evaluations.first().metrics}
    assert [key for key, row in figures.items() if row["value"] is None] == []
    assert figures["attendance_rate"]["denominator"] == demo.crowd(24).on_site
    assert figures["plan_submission_rate"]["value"] < 100


def nothing_is_left_due_and_the_clocks_are_back():
    assert not Message.objects.due(clock.now()).exists()
    assert abs((timezone.now() - clock.now()).total_seconds()) < 60


def the_terminal_is_told_how_to_enter_everywhere():
    lines = dict(demo.accounts())
    assert "/d/" in lines["签到台链接"]
    assert len(lines["签到台 PIN"]) == 6
    assert "/l/" in lines["个人链接·现场"]
    assert "/l/" in lines["个人链接·线上"]
