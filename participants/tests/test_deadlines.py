"""Nobody is judged by a silence that the house made: a deadline starts with the handing over."""

from datetime import timedelta

import pytest

from events import agenda
from participants import out_of_reach, screening, taking_back, waitlist
from participants.models import FreedSeat, Participant
from participants.standing import told_status
from participants.tests import scenes
from salon import clock, outbox
from salon.errors import Refused
from salon.models import Message
from salon.tests.letters import Post

pytestmark = pytest.mark.django_db
Status = Participant.Status
HOURS_72, DAY = timedelta(hours=72), timedelta(days=1)


@pytest.fixture
def event():
    return scenes.a_salon(in_days=30)


@pytest.fixture
def chen(event):
    return scenes.an_organiser(event)


@pytest.fixture
def post(settings):
    """A mail server that does not know "gone…" and has no room for "full…"."""
    post = Post()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", post.port
    settings.EMAIL_IS_CONFIGURED = True
    yield post
    post.stop()


def released(event, chen, name="林知夏", number=1, **contact):
    person = scenes.an_applicant(event, name, number, **contact)
    batch = screening.decide(participant=person, to_status=Status.ACCEPTED, by=chen)
    screening.release_batch(batch=batch, by=chen)
    person.refresh_from_db()
    return person


def letter_of(person, kind="accepted"):
    return Message.objects.of_person(person.pk).of_kind(kind).latest("pk")


def now_of(person):
    person.refresh_from_db()
    return person.status, person.confirm_by


WAYS_NOT_TO_BE_REACHED = {
    "unknown to the server": {"email": "gone@example.com"},
    "a full mailbox": {"email": "full@example.com"},
    "only a mobile": {"email": ""},
}


@pytest.mark.parametrize("contact", WAYS_NOT_TO_BE_REACHED.values(), ids=WAYS_NOT_TO_BE_REACHED)
def test_who_was_not_reached_keeps_the_seat_however_long_it_takes(
    event, chen, post, travel, contact
):
    lin = released(event, chen, **contact)
    for _try in range(12):
        outbox.deliver_due()
        assert now_of(lin) == ("accepted", None)
        travel(clock.now() + DAY)
        waitlist.expire_due()
    assert now_of(lin) == ("accepted", None)
    travel(event.starts_at + timedelta(minutes=1))
    assert waitlist.expire_due() == 0
    assert now_of(lin)[0] == "accepted"
    assert not Message.objects.of_kind("seat_passed_on").exists()


def test_a_deadline_of_yesterday_whose_letter_went_nowhere_judges_nobody(event, chen, travel):
    lin = released(event, chen, email="")
    outbox.deliver_due()
    Participant.objects.filter(pk=lin.pk).update(confirm_by=clock.now() - DAY)
    assert waitlist.expire_due() == 0
    assert now_of(lin) == ("accepted", None)


def test_the_hours_are_counted_from_the_handing_over_and_not_from_the_release(event, chen, travel):
    lin = released(event, chen)
    travel(clock.now() + timedelta(days=5))
    assert now_of(lin) == ("accepted", None)
    outbox.deliver_due()
    _status, confirm_by = now_of(lin)
    assert abs(confirm_by - clock.now() - HOURS_72) < timedelta(minutes=1)
    travel(confirm_by + timedelta(seconds=1))
    assert waitlist.expire_due() == 1
    assert now_of(lin)[0] == "withdrawn"


def test_told_by_hand_starts_the_clock_and_says_who_told(event, chen, travel):
    lin = released(event, chen, email="")
    outbox.deliver_due()
    travel(clock.now() + timedelta(days=4))
    words = out_of_reach.words_for(message=letter_of(lin), by=chen)
    until = f"{event.local(clock.now() + HOURS_72):%H:%M}"
    assert f"{until} 前打开个人页面点“确认参加”" in words.text
    assert "/l/" in words.text
    assert now_of(lin) == ("accepted", None)
    out_of_reach.told(message=letter_of(lin), by=chen)
    _status, confirm_by = now_of(lin)
    assert abs(confirm_by - clock.now() - HOURS_72) < timedelta(minutes=1)
    assert letter_of(lin).done_by_id == chen.pk
    travel(confirm_by + timedelta(seconds=1))
    assert waitlist.expire_due() == 1


def test_a_bounce_stops_the_clock(event, chen, travel):
    lin = released(event, chen)
    outbox.deliver_due()
    assert now_of(lin)[1] is not None
    outbox.bounced(letter_of(lin), "退信：550 no such user")
    assert now_of(lin) == ("accepted", None)
    assert list(out_of_reach.of_event(event)) == [lin]


def test_an_offer_that_did_not_arrive_is_not_taken_back(event, chen, post, travel):
    first = scenes.confirmed(event, "周子昂", 1, by=chen)
    lin = scenes.waitlisted(event, "林知夏", 2, by=chen, email="gone@example.com")
    screening.withdraw(participant=first, by=first)
    outbox.deliver_due()
    assert now_of(lin) == ("offered", None)
    travel(clock.now() + timedelta(days=10))
    waitlist.expire_due()
    assert now_of(lin) == ("offered", None)
    assert list(out_of_reach.of_event(event).values_list("pk", flat=True)) == [lin.pk]


def test_who_did_not_hear_that_the_event_moved_is_not_held_to_the_new_date(
    event, chen, settings, travel
):
    lin = scenes.accepted(event, by=chen)
    settings.MAILBOX_IS_A_CHANNEL = False
    event.refresh_from_db()
    event = agenda.move_event(event=event, starts_at=clock.now() + timedelta(days=2), by=chen)
    outbox.deliver_due()
    assert now_of(lin) == ("accepted", None)
    assert letter_of(lin, "event_moved").state == "by_hand"
    travel(event.starts_at + DAY)
    assert waitlist.expire_due() == 0
    assert now_of(lin)[0] == "accepted"


def test_a_decision_that_is_not_the_last_one_starts_no_clock(event, chen):
    lin = released(event, chen)
    first = letter_of(lin)
    outbox.claim()
    screening.decide(participant=lin, to_status=Status.WAITLISTED, by=chen)
    screening.decide(participant=lin, to_status=Status.ACCEPTED, by=chen)
    outbox._note_handed_over(first)  # it was on the wire meanwhile
    assert now_of(lin) == ("accepted", None)
    assert letter_of(lin).shown_state == "held"


def test_undoing_puts_nobody_on_a_clock_they_know_nothing_of(event, chen):
    reached = scenes.accepted(event, "林知夏", 1, by=chen)
    missed = released(event, chen, "周子昂", 2, email="")
    outbox.deliver_due()
    batch, _refused = screening.decide_many(
        event=event, people=[reached.pk, missed.pk], to_status=Status.WAITLISTED, by=chen
    )
    assert screening.undo_batch(batch=batch, by=chen) == (2, 0)
    assert now_of(reached)[1] is not None
    assert now_of(missed) == ("accepted", None)
    outbox.deliver_due()
    assert letter_of(missed).state == "by_hand"


def test_taking_a_withdrawal_back_before_one_was_told_starts_no_clock(event, chen):
    lin = released(event, chen, email="")
    outbox.deliver_due()
    screening.withdraw(participant=lin, by=lin)
    taking_back.take_back_withdrawal(participant=lin, by=lin)
    assert now_of(lin) == ("accepted", None)


def test_whoever_opens_the_page_all_the_same_confirms_without_a_deadline(event, chen, travel):
    lin = released(event, chen, email="")
    outbox.deliver_due()
    travel(event.starts_at - timedelta(hours=1))
    assert screening.confirm(participant=lin, by=lin).status == "confirmed"


def test_once_the_doors_are_open_the_page_asks_for_no_confirmation(event, chen, travel):
    lin = released(event, chen, email="")
    travel(event.starts_at)
    with pytest.raises(Refused, match="确认时间已过"):
        screening.confirm(participant=lin, by=lin)


# --- given away -----------------------------------------------------------------------------------


def test_a_seat_whose_holder_could_not_be_reached_is_cancelled_and_never_withdrawn(event, chen):
    lin = released(event, chen, "林知夏", 1, email="")
    reached = scenes.accepted(event, "周子昂", 2, by=chen)
    waiting = scenes.waitlisted(event, "苏晴", 3, by=chen)
    outbox.deliver_due()
    number, refused = out_of_reach.give_away(event=event, people=[lin.pk, reached.pk], by=chen)
    assert (number, set(refused)) == (1, {reached.pk})
    assert "通知已经送到" in str(refused[reached.pk])
    assert now_of(lin)[0] == "cancelled"
    assert "没能联系上您" in lin.told_reason
    change = lin.status_changes.latest("pk")
    assert (change.actor, change.reason) == (f"user:{chen.pk}", "unreached")
    assert letter_of(lin, "unreached").state == "planned"
    outbox.deliver_due()
    assert letter_of(lin, "unreached").state == "no_channel"
    assert not out_of_reach.of_event(event).exists()
    assert now_of(reached)[0] == "accepted"
    freed = FreedSeat.objects.get()
    assert freed.promoted in (waiting, None)
    assert told_status(lin) == "cancelled"


def test_who_is_out_of_reach_is_who_has_not_heard_of_where_they_stand_now(event, chen):
    lin = released(event, chen, "林知夏", 1, email="")
    outbox.deliver_due()
    assert [person.letter for person in out_of_reach.to_tell(event)] == [letter_of(lin)]
    screening.confirm(participant=lin, by=chen)
    assert out_of_reach.to_tell(event) == []


def test_from_three_days_before_the_readiness_page_asks_for_the_seats(event, chen, travel):
    released(event, chen, email="")
    outbox.deliver_due()
    assert out_of_reach.everybody_was_told(event, url="/").missing == ("林知夏",)
    assert out_of_reach.no_seat_is_kept(event, url="/") is None
    travel(event.starts_at - timedelta(days=3))
    assert out_of_reach.no_seat_is_kept(event, url="/").missing == ("林知夏",)
