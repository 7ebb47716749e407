"""One letter, one sender: claims, leases, workers that vanish, people who are erased meanwhile."""

import asyncio
import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction

from salon import channels, clock, outbox
from salon.models import Message
from salon.tests.letters import NOON, Post, plain, planned

pytestmark = pytest.mark.django_db


def test_a_row_whose_worker_vanished_before_the_wire_goes_once_and_is_certain(noon):
    message = planned()
    outbox.claim()
    assert outbox.deliver_due() == {}
    noon(NOON + outbox.LEASE + timedelta(seconds=1), tick=False)
    assert outbox.deliver_due() == {"handed_over": 1}
    message.refresh_from_db()
    assert not message.uncertain


def test_a_row_whose_worker_vanished_on_the_wire_goes_again_flagged(noon, post):
    message = planned()
    (claimed,) = outbox.claim()
    outbox._put_on_the_wire(claimed, channels.Email(), plain(claimed))
    noon(NOON + outbox.LEASE + timedelta(seconds=1), tick=False)
    assert outbox.deliver_due() == {"handed_over": 1}
    message.refresh_from_db()
    assert message.uncertain
    assert len(post.letters) == 1


def test_a_worker_that_slept_past_its_lease_finds_the_row_taken(noon, post):
    planned()
    sleeper = outbox.claim()
    noon(NOON + outbox.LEASE + timedelta(seconds=1), tick=False)
    assert outbox.deliver_due() == {"handed_over": 1}
    assert list(outbox._deliver(sleeper)) == [None]
    assert len(post.letters) == 1


class SlowPost(Post):
    """Hesitates at every answer for as long as it may, and sees what a second worker finds then."""

    def __init__(self, hesitate):
        self.hesitate = hesitate
        super().__init__()

    async def handle_EHLO(self, server, session, envelope, hostname, responses):  # noqa: N802
        session.host_name = hostname
        await asyncio.to_thread(self.hesitate)
        return responses

    async def handle_MAIL(self, server, session, envelope, address, options):  # noqa: N802
        await asyncio.to_thread(self.hesitate)
        envelope.mail_from = address
        return "250 ok"

    async def handle_RCPT(self, *given):  # noqa: N802
        await asyncio.to_thread(self.hesitate)
        return await super().handle_RCPT(*given)

    async def handle_DATA(self, *given):  # noqa: N802
        await asyncio.to_thread(self.hesitate)
        await asyncio.to_thread(self.hesitate)
        return await super().handle_DATA(*given)


@pytest.mark.django_db(transaction=True)
def test_a_second_worker_leaves_a_letter_alone_however_slow_the_server_is(noon, settings):
    moment, found = NOON, []

    def hesitate():
        nonlocal moment
        moment += timedelta(seconds=settings.EMAIL_TIMEOUT)
        with connection.cursor() as cursor:
            cursor.execute("UPDATE travelling.clock SET frozen_at = %s", [moment])
        found.extend(outbox.claim())
        connection.close()

    slow = SlowPost(hesitate)
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", slow.port
    settings.EMAIL_IS_CONFIGURED = True
    message = planned()
    try:
        assert outbox.deliver_due() == {"handed_over": 1}
    finally:
        slow.stop()
    message.refresh_from_db()
    assert moment - message.on_the_wire_at <= outbox.LEASE / 2, "opened before, and time to spare"
    assert (found, message.uncertain, len(slow.letters)) == ([], False, 1)


def test_erasing_somebody_blanks_what_they_were_sent(noon):
    sent = planned("test_invitation", person_id=12)
    outbox.deliver_due()
    open_row = planned("test_invitation", person_id=12, due_at=NOON + timedelta(days=7))
    other = planned("test_invitation", person_id=13, key="other")
    outbox.deliver_due()
    outbox.forget(12)
    sent.refresh_from_db()
    open_row.refresh_from_db()
    other.refresh_from_db()
    assert (sent.state, sent.recipient, sent.subject, sent.body) == ("handed_over", "", "", "")
    assert open_row.state == "cancelled"
    assert other.recipient == "lin@example.com"
    assert outbox.preview(sent).text == ""


def test_erasing_somebody_while_their_letter_is_on_the_wire_leaves_no_copy(noon, monkeypatch):
    message = planned("test_invitation", person_id=12)
    monkeypatch.setattr(channels.Email, "is_set_up", lambda self, letter: True)
    monkeypatch.setattr(channels.Email, "send", lambda *arguments: outbox.forget(12))
    assert outbox.deliver_due() == {"handed_over": 1}
    message.refresh_from_db()
    assert (message.state, message.recipient, message.body) == ("handed_over", "", "")


@pytest.mark.django_db(transaction=True)
def test_nothing_is_sent_inside_a_transaction():
    planned()
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        outbox.deliver_due()


def claim_at_once(claim, workers=4):
    """What each of several workers got that asked in the same instant."""
    barrier, claims = threading.Barrier(workers), []

    def work():
        barrier.wait()
        claims.append([message.pk for message in claim()])
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(pk for claimed in claims for pk in claimed)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_four_workers_at_once_claim_each_row_once():
    rows = sorted(planned(due_at=clock.now()).pk for _ in range(60))
    assert claim_at_once(outbox.claim) == rows


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_without_the_lock_the_same_four_claim_rows_twice(monkeypatch):
    for _ in range(60):
        planned(due_at=clock.now())
    meet = threading.Barrier(4)

    def unlocked(queryset, **options):
        rows = list(queryset.all()[: outbox.AT_ONCE])
        meet.wait()  # everybody has read before anybody writes
        queryset._result_cache = rows
        return Rows(rows)

    class Rows(list):
        def __getitem__(self, key):
            return list(self)

    monkeypatch.setattr(type(Message.objects.all()), "select_for_update", unlocked)
    claimed = claim_at_once(outbox.claim)
    assert len(claimed) > len(set(claimed))


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_send_every_letter_once(settings):
    post = Post()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", post.port
    settings.EMAIL_IS_CONFIGURED = True
    for number in range(50):
        planned(to=f"guest{number}@example.com", due_at=clock.now())

    def work():
        outbox.deliver_due()
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    post.stop()
    assert sorted(letter["To"] for letter in post.letters) == sorted(
        f"guest{number}@example.com" for number in range(50)
    )
    assert Message.objects.handed_over().count() == 50
