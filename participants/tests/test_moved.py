"""The event moves: who hears of it and how often, and what becomes of deadlines and reminders."""

from datetime import timedelta

import pytest
from django.urls import reverse

from events import agenda
from participants import letters, reminders, screening
from participants.models import Participant
from participants.tests import scenes
from salon import clock, outbox
from salon.models import Message

pytestmark = pytest.mark.django_db
Status = Participant.Status
WEEK = timedelta(days=7)


@pytest.fixture
def event():
    return scenes.a_salon(in_days=30)


@pytest.fixture
def chen(event):
    return scenes.an_organiser(event)


def move(event, by=None, *, to=None):
    event.refresh_from_db()
    return agenda.move_event(event=event, starts_at=to or event.starts_at + by, by=None)


def drag_first_line(event, by):
    """The organiser drags the first line of the agenda and nothing else."""
    event.refresh_from_db()
    drafts = [
        agenda.Draft(item.pk, item.kind, item.title, item.starts_at, item.ends_at)
        for item in event.agenda.all()
    ]
    first = drafts[0]
    drafts[0] = agenda.Draft(first.id, first.kind, first.title, first.starts_at + by, first.ends_at)
    return agenda.save_agenda(event=event, drafts=drafts, version=event.version, by=None)


def moved_letters():
    return Message.objects.of_kind("event_moved")


def deliver(rows):
    rows.update(state="handed_over", handed_over_at=clock.now(), on_the_wire_at=clock.now())


def planned(person, kind):
    return list(
        Message.objects.of_person(person.pk).of_kind(kind).open().values_list("due_at", flat=True)
    )


# --- to and fro -----------------------------------------------------------------------------------


def test_whoever_heard_of_each_move_hears_of_the_last(event, chen):
    lin = scenes.confirmed(event, by=chen)
    first = event.starts_at
    for to in (first + WEEK, first, first + WEEK):
        move(event, to=to)
        deliver(moved_letters().open())
    assert moved_letters().of_person(lin.pk).handed_over().count() == 3


def test_a_slip_put_right_before_the_letters_went_is_told_to_nobody(event, chen):
    scenes.confirmed(event, by=chen)
    first = event.starts_at
    move(event, WEEK)
    move(event, to=first)
    assert not moved_letters().open().exists()


def test_a_slip_put_right_is_told_to_those_who_heard_it(event, chen):
    lin, zhou = (scenes.confirmed(event, name, n, by=chen) for n, name in enumerate("林周"))
    first = event.starts_at
    move(event, WEEK)
    deliver(moved_letters().of_person(lin.pk))
    move(event, to=first)
    assert [letter.person_id for letter in moved_letters().open()] == [lin.pk]
    move(event, to=first + 2 * WEEK)
    assert {letter.person_id for letter in moved_letters().open()} == {lin.pk, zhou.pk}


def test_back_on_the_first_date_the_reminders_are_back(event, chen):
    lin = scenes.confirmed(event, by=chen)
    first = event.starts_at
    before = {kind: planned(lin, kind) for kind in reminders.SCHEDULE}
    for _slip in range(2):
        move(event, to=clock.now() + timedelta(days=3))  # too near for "a week before"
        assert planned(lin, "t7") == []
        move(event, to=first)
    assert {kind: planned(lin, kind) for kind in reminders.SCHEDULE} == before


def test_to_and_fro_plans_no_reminder_twice(event, chen):
    lin = scenes.confirmed(event, by=chen)
    first = event.starts_at
    for to in (first + WEEK, first, first + WEEK, first):
        move(event, to=to)
    for kind in reminders.SCHEDULE:
        assert len(planned(lin, kind)) == 1


def test_a_reminder_that_went_does_not_go_again_when_only_the_hour_moves(event, chen, travel):
    lin = scenes.confirmed(event, by=chen)
    travel(reminders.due_times(event)["t7"] + timedelta(hours=1))
    deliver(Message.objects.of_kind("t7"))
    move(event, timedelta(minutes=30))
    assert planned(lin, "t7") == []


# --- deadlines ------------------------------------------------------------------------------------


def test_who_had_until_the_doors_has_the_usual_hours_after_a_move(chen, event, travel):
    travel(event.starts_at - timedelta(days=2))
    lin = scenes.accepted(event, "林知夏", 1, by=chen)
    he = scenes.an_applicant(event, "何悦", 2)
    screening.decide(participant=he, to_status=Status.ACCEPTED, by=chen)
    assert lin.confirm_by == event.starts_at
    event = move(event, timedelta(days=30))
    lin.refresh_from_db()
    assert lin.confirm_by is None  # they have not heard of it yet
    letter = outbox.preview(moved_letters().get(person_id=lin.pk))
    scenes.hears(lin, he)
    assert round((lin.confirm_by - clock.now()) / timedelta(hours=1)) == 72
    assert he.confirm_by is None  # not told yet: their clock has not started
    until = f"{event.local(lin.confirm_by):%H:%M}"
    assert f"{until} 前打开个人页面点“确认参加”" in letter.text


def test_an_offered_seat_has_the_hours_of_an_offer(chen, event, travel):
    su = scenes.confirmed(event, "苏禾", 1, by=chen)
    lin = scenes.waitlisted(event, "林知夏", 2, by=chen)
    travel(event.starts_at - timedelta(hours=10))
    screening.withdraw(participant=su, by=su)
    scenes.hears(lin)
    move(event, WEEK)
    scenes.hears(lin)
    assert lin.status == "offered"
    assert round((lin.confirm_by - clock.now()) / timedelta(hours=1)) == 24


def test_a_deadline_before_the_doors_stays(chen, event):
    lin = scenes.accepted(event, by=chen)
    until = lin.confirm_by
    move(event, WEEK)
    lin.refresh_from_db()
    assert lin.confirm_by == until


# --- on the day and after it ----------------------------------------------------------------------


def test_a_start_put_right_after_the_day_is_told_to_nobody(event, chen, travel):
    scenes.confirmed(event, by=chen)
    travel(event.starts_at + WEEK)
    moved = drag_first_line(event, timedelta(minutes=10))
    assert moved.starts_at == event.agenda.first().starts_at
    assert not moved_letters().exists()


def test_once_an_item_has_begun_early_the_plan_may_follow_in_silence(event, chen, travel):
    scenes.confirmed(event, by=chen)
    travel(event.starts_at - timedelta(minutes=20))
    agenda.start(event=event, item_id=event.agenda.first().pk, seen=0, by=None)
    drag_first_line(event, -timedelta(minutes=5))
    assert not moved_letters().exists()


def test_a_rehearsal_keeps_back_no_letter(event, chen, travel):
    """On the eve the host presses through the first item; the reminders go as ever."""
    scenes.confirmed(event, by=chen)
    travel(event.starts_at - timedelta(days=1))
    agenda.start(event=event, item_id=event.agenda.first().pk, seen=0, by=None)
    assert outbox.preview(Message.objects.of_kind("t1").get())
    drag_first_line(event, timedelta(minutes=10))
    assert moved_letters().exists()


def test_an_event_nobody_began_is_put_off_and_everybody_hears(event, chen, travel):
    """The street is under water: at 13:50 the salon is put off to next week."""
    scenes.confirmed(event, by=chen)
    travel(event.starts_at + timedelta(minutes=20))
    move(event, WEEK)
    assert moved_letters().open().count() == 1


@pytest.mark.parametrize("kind", letters.BEFORE_IT_BEGINS)
def test_what_is_said_before_the_day_does_not_go_once_it_has_begun(event, chen, travel, kind):
    scenes.confirmed(event, by=chen)
    move(event, WEEK)
    event.refresh_from_db()
    assert outbox.preview(Message.objects.of_kind(kind).get())
    travel(event.starts_at)
    assert outbox.preview(Message.objects.of_kind(kind).get()) is None


# --- said beforehand ------------------------------------------------------------------------------


@pytest.mark.parametrize("page", ["move_event", "agenda_edit"])
def test_the_organiser_reads_first_how_many_will_be_written_to(client, event, chen, page):
    client.force_login(chen)
    address = reverse(page, args=["spring"])
    assert "会收到改期通知" not in client.get(address).content.decode()
    scenes.confirmed(event, "林知夏", 1, by=chen)
    scenes.accepted(event, "周晓", 2, by=chen)
    he = scenes.an_applicant(event, "何悦", 3)
    screening.decide(participant=he, to_status=Status.ACCEPTED, by=chen)
    assert "有名额的 2 人马上会收到改期通知" in client.get(address).content.decode()
