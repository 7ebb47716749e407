"""Every letter says what became of it: only what left the house counts as said."""

from dataclasses import replace
from datetime import timedelta

import pytest

from salon import letter_kinds, outbox
from salon.errors import Refused
from salon.models import AuditEntry, Message
from salon.tests.letters import NOON, planned

pytestmark = pytest.mark.django_db


@pytest.fixture
def elsewhere(settings):
    """Neither the embedded servers nor a mail server."""
    settings.MAILBOX_IS_A_CHANNEL = settings.EMAIL_IS_CONFIGURED = False


@pytest.fixture
def heard(monkeypatch):
    """What began, and what was undone, with letters of the kind "test_seat"."""
    told = []
    kind = replace(
        letter_kinds.KINDS["test_seat"],
        when_handed_over=lambda message, at: told.append(("told", message.pk, at)),
        when_undone=lambda message, at: told.append(("undone", message.pk, at)),
    )
    monkeypatch.setitem(letter_kinds.KINDS, "test_seat", kind)
    return told


def state_of(message):
    message.refresh_from_db()
    return message.state


@pytest.mark.parametrize("channel", ["email", "sms"])
def test_without_a_channel_a_seat_is_to_be_told_by_hand_and_news_is_not(
    noon, elsewhere, heard, channel
):
    to = "lin@example.com" if channel == "email" else "+8613800138000"
    seat = planned("test_seat", person_id=12, channel=channel, to=to)
    news = planned(person_id=12, channel=channel, to=to)
    nobody = planned("test_seat", key="of nobody", channel=channel, to=to)
    assert outbox.deliver_due() == {"by_hand": 1, "no_channel": 2}
    assert (state_of(seat), state_of(news), state_of(nobody)) == (
        "by_hand",
        "no_channel",
        "no_channel",
    )
    assert heard == []
    assert (seat.handed_over_at, seat.attempts, seat.recipient) == (None, 0, to)
    assert "（个人链接）" in seat.body
    assert outbox.deliver_due() == {}


def test_done_is_as_good_as_handed_over_and_says_who_and_when(noon, elsewhere, heard, organiser):
    seat = planned("test_seat", person_id=12)
    outbox.deliver_due()
    noon(NOON + timedelta(hours=3), tick=False)
    for _press in range(2):
        outbox.told(seat, by=organiser)
    assert state_of(seat) == "handed_over"
    assert (seat.channel, seat.done_by_id, seat.handed_over_at) == (
        "hand",
        organiser.pk,
        NOON + timedelta(hours=3),
    )
    assert AuditEntry.objects.filter(verb="tell_by_hand_done").count() == 1
    assert {row[:2] for row in heard} == {("told", seat.pk)}


@pytest.mark.parametrize("state", ["planned", "cancelled"])
def test_done_is_refused_for_what_is_not_to_be_told(noon, elsewhere, heard, organiser, state):
    seat = planned("test_seat", person_id=12)
    outbox.deliver_due()
    Message.objects.update(state=state)
    with pytest.raises(Refused, match="不用手动发送"):
        outbox.told(seat, by=organiser)
    assert state_of(seat) == state


def test_what_the_server_refused_may_be_told_by_hand(noon, post, organiser):
    seat = planned("test_seat", person_id=12, to="gone@example.com")
    planned("test_seat", key="to nobody", to="gone@example.com")
    assert outbox.deliver_due() == {"not_delivered": 2}
    assert outbox.tell_by_hand(Message.objects.all(), by=organiser) == 1
    assert state_of(seat) == "by_hand"
    assert outbox.told(seat, by=organiser).channel == "hand"


def test_a_deadline_starts_with_the_handing_over_and_with_nothing_before(noon, post, heard):
    seat = planned("test_seat", person_id=12, to="full@example.com")
    assert outbox.deliver_due() == {"planned": 1}
    assert heard == []
    Message.objects.update(context={"to": "lin@example.com"})
    noon(NOON + timedelta(minutes=5), tick=False)
    assert outbox.deliver_due() == {"handed_over": 1}
    assert heard == [("told", seat.pk, NOON + timedelta(minutes=5))]


def test_a_late_bounce_undoes_it_once_and_nothing_that_was_told_by_hand(
    noon, post, heard, organiser
):
    seat = planned("test_seat", person_id=12)
    outbox.deliver_due()
    assert outbox.bounced(seat, "对方退回：550 no such user") is True
    assert outbox.bounced(seat, "对方退回：550 no such user") is False
    assert (state_of(seat), seat.failure) == ("bounced", "对方退回：550 no such user")
    outbox.told(seat, by=organiser)
    assert outbox.bounced(seat, "again") is False
    assert state_of(seat) == "handed_over"


def test_a_change_of_standing_calls_off_what_was_to_be_told(noon, elsewhere):
    seat = planned("test_seat", person_id=12)
    outbox.deliver_due()
    assert outbox.cancel(Message.objects.unsaid()) == 1
    assert state_of(seat) == "cancelled"


def test_once_a_channel_is_set_up_what_went_astray_goes(noon, elsewhere, settings, organiser):
    seat = planned("test_seat", person_id=12)
    outbox.deliver_due()
    settings.MAILBOX_IS_A_CHANNEL = True
    assert outbox.try_again(Message.objects.all(), by=organiser) == 1
    assert outbox.deliver_due() == {"handed_over": 1}
    assert state_of(seat) == "handed_over"


@pytest.mark.parametrize(
    ("changed", "shown"),
    [
        ({"released_at": None}, ("held", "待您确认发送")),
        ({}, ("planned", "待发送")),
        ({"state": "claimed", "lease_until": NOON}, ("sending", "发送中")),
        ({"state": "no_channel"}, ("no_channel", "没有通道")),
        ({"state": "expired"}, ("expired", "已过时")),
    ],
)
def test_every_state_has_one_word(noon, changed, shown):
    message = planned()
    Message.objects.filter(pk=message.pk).update(**changed)
    message.refresh_from_db()
    assert (message.shown_state, message.shown_state_word) == shown


def test_each_state_is_counted_apart(noon, elsewhere):
    planned("test_seat", person_id=12, batch="round 1")
    planned("test_seat", key="b", person_id=13, batch="round 1", released=False)
    outbox.deliver_due()
    [row] = Message.objects.batches()
    assert {name for name, number in row.items() if number == 1} == {"by_hand", "held"}
    assert {str(state) for state in Message.State} - set(row) == {"planned", "claimed"}
