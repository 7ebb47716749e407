"""A reminder knows until when it is true; the days before are the event's own."""

from datetime import datetime, time, timedelta

import pytest
from django.urls import reverse

from events import agenda
from participants import reminders
from participants.tests import scenes
from salon import clock, outbox
from salon.errors import Refused
from salon.models import Message

pytestmark = pytest.mark.django_db


@pytest.fixture
def event():
    return scenes.a_salon(in_days=30)


@pytest.fixture
def chen(event):
    return scenes.an_organiser(event)


@pytest.fixture
def lin(event, chen):
    lin = scenes.confirmed(event, by=chen)
    outbox.deliver_due()
    return lin


def states(person):
    rows = Message.objects.of_person(person.pk).of_kind(*reminders.SCHEDULE)
    return dict(rows.values_list("kind", "state"))


def at(event, days_before, hour, minute=0):
    day = event.local(event.starts_at).date() - timedelta(days=days_before)
    return datetime.combine(day, time(hour, minute), event.zone)


@pytest.mark.parametrize(
    ("back_at", "goes"),
    [
        ((6, 12), "t7"),
        ((4, 23), "t7"),
        ((3, 0, 1), None),
        ((1, 17), None),
        ((1, 19), "t1"),
        ((1, 23, 59), "t1"),
        ((0, 0, 1), None),
        ((0, 9), "morning"),
    ],
)
def test_after_an_outage_the_newest_true_reminder_goes_and_the_others_have_expired(
    event, lin, travel, back_at, goes
):
    travel(at(event, *back_at))
    outbox.deliver_due()
    found = states(lin)
    assert [kind for kind, state in found.items() if state == "handed_over"] == [goes] * bool(goes)
    due = reminders.due_times(event)
    gone_by = [kind for kind in found if due[kind] <= clock.now() and kind != goes]
    assert {found[kind] for kind in gone_by} <= {"expired"}


def test_held_and_released_too_late_it_does_not_go(event, chen, lin, travel):
    outbox.hold(Message.objects.of_kind("t1"), by=chen)
    travel(at(event, 0, 7))
    outbox.release(Message.objects.of_kind("t1"), by=chen)
    outbox.deliver_due()
    assert states(lin)["t1"] == "expired"


def test_the_words_come_from_the_distance(event, lin, travel):
    letter = Message.objects.of_person(lin.pk).get(kind="t7")
    for days, words in ((7, "还有一周"), (5, "还有 5 天")):
        travel(at(event, days, 10))
        shown = outbox.preview(letter)
        assert shown.subject.startswith(words)
        assert f"“{event.title}”{words}开始" in shown.text
    travel(at(event, 1, 18))
    assert outbox.preview(Message.objects.get(kind="t1")).subject.startswith("明天见")


def test_the_reminder_of_the_day_goes_on_the_day_also_before_a_night(chen):
    event = scenes.a_salon("night", in_days=30)
    event.starts_at = datetime.combine(event.starts_at.date(), time(0, 30), event.zone)
    due, until = reminders.times_of(event)["morning"]
    assert event.local(due).date() == event.local(event.starts_at).date()
    assert (due, until) == (event.starts_at - timedelta(minutes=30), event.starts_at)


def test_an_event_reminds_on_its_own_days_and_the_kinds_keep_their_names(event, chen, lin, travel):
    reminders.set_days(event=event, first=14, second=3, on_the_day=False, by=chen)
    rows = Message.objects.of_person(lin.pk).open().of_kind(*reminders.SCHEDULE)
    assert {row.kind: (event.starts_at.date() - row.due_at.date()).days for row in rows} == {
        "t7": 14,
        "t1": 3,
    }
    event.refresh_from_db()
    reminders.set_days(event=event, first=None, second=3, on_the_day=True, by=chen)
    rows = Message.objects.of_person(lin.pk).open().of_kind(*reminders.SCHEDULE)
    assert set(rows.values_list("kind", flat=True)) == {"t1", "morning"}
    zhou = scenes.confirmed(event, "周子昂", 2, by=chen)
    assert set(states(zhou)) == {"t1", "morning"}


@pytest.mark.parametrize("days", [(1, 7), (3, 3), (0, 1), (61, 1)])
def test_days_that_make_no_sense_are_refused_with_a_sentence(event, chen, days):
    with pytest.raises(Refused):
        reminders.set_days(event=event, first=days[0], second=days[1], on_the_day=True, by=chen)


def test_a_move_moves_until_when_it_is_true(event, lin):
    event.refresh_from_db()
    moved = agenda.move_event(event=event, starts_at=event.starts_at + timedelta(days=7), by=None)
    for kind, (due, until) in reminders.times_of(moved).items():
        row = Message.objects.of_person(lin.pk).open().get(kind=kind)
        assert (row.due_at, row.until) == (due, until)


def test_the_page_changes_the_days(client, event, chen):
    client.force_login(chen)
    at_page = reverse("messages_reminders", args=["spring"])
    said = client.post(at_page, {"first": "10", "second": "", "on_the_day": "on"}, follow=True)
    assert "提醒的日子改好了" in said.content.decode()
    event.refresh_from_db()
    assert (event.reminder_days.first, event.reminder_days.second) == (10, None)
    for wrong in ("二", "-1", "9999", "0"):
        said = client.post(at_page, {"first": wrong, "second": "1"}, follow=True)
        assert "提前的天数写 1 到 60" in said.content.decode()
