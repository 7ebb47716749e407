"""How fast letters go: a pace for each domain that minds, who goes first, servers left alone."""

import threading
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import connection

from salon import clock, letter_kinds, outbox, pace
from salon.channels import Letter
from salon.models import AuditEntry, EventPace, Message, Pace
from salon.tests.letters import NOON, planned
from tests.difficult_post import SILENCE, DifficultPost

pytestmark = pytest.mark.django_db
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


@letter_kinds.letter("test_code", urgency=letter_kinds.Urgency.ASKED_FOR)
@letter_kinds.letter("test_today", urgency=letter_kinds.Urgency.TODAY)
@letter_kinds.letter("test_news", urgency=letter_kinds.Urgency.NEWS)
def compose(message):
    return Letter(to=message.context["to"], subject=message.kind, text="…")


@pytest.fixture
def world(settings, noon):
    posts = []

    def build(**answers):
        post = DifficultPost(**answers)
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", post.port
        settings.EMAIL_IS_CONFIGURED, settings.EMAIL_TIMEOUT = True, 0.3
        settings.MAIL_PER_MINUTE = {"qq.com": 20, "163.com": 20}
        posts.append(post)
        return post

    yield build
    for post in posts:
        post.stop()


def sent_to(post, domain):
    return [letter for letter in post.letters if letter["To"].endswith(domain)]


def test_twenty_a_minute_to_qq_and_the_rest_of_the_world_at_once(world, noon):
    post = world()
    for number in range(30):
        planned(to=f"guest{number}@qq.com")
        planned(to=f"guest{number}@example.com")
    for seconds in range(60):
        noon(NOON + seconds * SECOND, tick=False)
        outbox.deliver_due()
        if seconds == 0:
            assert (len(sent_to(post, "qq.com")), len(sent_to(post, "example.com"))) == (1, 30)
    assert len(sent_to(post, "qq.com")) == 20
    assert set(Message.objects.open().values_list("attempts", "domain")) == {(0, "qq.com")}
    for seconds in range(60, 91):
        noon(NOON + seconds * SECOND, tick=False)
        outbox.deliver_due()
    assert len({letter["To"] for letter in post.letters}) == len(post.letters) == 60


def test_who_waits_for_a_code_goes_before_news_that_waited_longer(world, noon):
    post = world()
    for number in range(5):
        planned("test_news", to=f"guest{number}@qq.com", due_at=NOON - timedelta(hours=1))
    outbox.deliver_due()
    planned("test_today", to="lin@qq.com")
    planned("test_code", to="gu@qq.com")
    for turn in range(1, 4):
        noon(NOON + turn * 3 * SECOND, tick=False)
        outbox.deliver_due()
    assert [letter["Subject"] for letter in post.letters] == [
        *("test_news", "test_code", "test_today", "test_news"),
    ]


def test_an_event_may_go_slower_than_the_house_and_never_faster(world, noon, organiser):
    post = world()
    slow, fast = SimpleNamespace(pk=1), SimpleNamespace(pk=2)
    pace.set_event_pace(event=slow, per_minute=6, by=organiser)
    pace.set_event_pace(event=fast, per_minute=100, by=organiser)
    for number in range(30):
        for event in (slow, fast):
            planned(to=f"guest{number}@{'qq' if event is slow else '163'}.com", event_id=event.pk)
            planned(to=f"guest{number}@example.com", event_id=event.pk)
    for seconds in range(60):
        noon(NOON + seconds * SECOND, tick=False)
        outbox.deliver_due()
    assert (len(sent_to(post, "qq.com")), len(sent_to(post, "163.com"))) == (6, 20)
    assert len(sent_to(post, "example.com")) == 6 + 30
    assert AuditEntry.objects.filter(verb="set_event_pace", event_id=1).count() == 1
    pace.set_event_pace(event=slow, per_minute=None, by=organiser)
    assert AuditEntry.objects.filter(verb="set_event_pace", event_id=1).count() == 2
    assert list(EventPace.objects.values_list("event_id", flat=True)) == [2]


def all_at_once(ask, number=8):
    """What `ask` answers to so many threads at one instant."""
    barrier, got = threading.Barrier(number), []

    def go():
        barrier.wait()
        got.append(ask(barrier))
        connection.close()

    threads = [threading.Thread(target=go) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(got)


@pytest.mark.race
def test_of_many_workers_one_gets_the_turn(transactional_db, settings):
    settings.MAIL_PER_MINUTE = {"qq.com": 20}
    for _ in range(3):
        Pace.objects.all().delete()
        assert all_at_once(lambda _: pace.take_turn("qq.com", None)) == [False] * 7 + [True]


@pytest.mark.race
def test_looking_first_and_writing_then_lets_them_all_go(transactional_db):
    """The twin: what the one statement is for."""

    def look_and_write(barrier):
        is_free = not Pace.objects.filter(name="qq.com", next_free_at__gt=clock.now()).exists()
        barrier.wait()
        if is_free:
            then = clock.now() + 3 * SECOND
            Pace.objects.update_or_create(name="qq.com", defaults={"next_free_at": then})
        return is_free

    assert all_at_once(look_and_write) == [True] * 8


def test_a_turn_is_one_statement_and_a_domain_without_a_pace_leaves_no_row(
    settings, django_assert_num_queries
):
    settings.MAIL_PER_MINUTE = {"qq.com": 20}
    with django_assert_num_queries(1):
        assert pace.take_turn("qq.com", None)
    assert not pace.take_turn("qq.com", None)
    assert pace.take_turn("lin-zhixia.cn", None)
    assert pace.take_turn("lin-zhixia.cn", None)
    assert list(Pace.objects.values_list("name", flat=True)) == ["qq.com"]


def test_whoever_waits_looks_again_when_a_turn_is_free_even_if_that_was_a_moment_ago(world, noon):
    world()
    for number in range(3):
        planned(to=f"guest{number}@qq.com")
    assert pace.next_turn(NOON, outbox.LONGEST_WAIT) is None
    outbox.deliver_due()
    assert pace.next_turn(NOON, outbox.LONGEST_WAIT) == NOON + 3 * SECOND
    assert pace.next_turn(NOON + 4 * SECOND, outbox.LONGEST_WAIT) == NOON + 4 * SECOND
    pace.pause_domain("qq.com", 10 * MINUTE)
    assert pace.next_turn(NOON + 4 * SECOND, outbox.LONGEST_WAIT) is None
    pace.leave_alone(pace.MAIL_SERVER)


# --- "too often" ----------------------------------------------------------------------------------


def test_too_often_stops_the_domain_and_no_other_letter_pays_for_it(world, noon):
    post = world(**{"guest0@qq.com": ["550 Connection frequency limited"]})
    for number in range(10):
        planned(to=f"guest{number}@qq.com")
        planned(to=f"guest{number}@example.com")
    for seconds in range(0, 9 * 60, 5):
        noon(NOON + seconds * SECOND, tick=False)
        outbox.deliver_due()
    assert (len(sent_to(post, "qq.com")), len(sent_to(post, "example.com"))) == (0, 10)
    tried = Message.objects.open().exclude(attempts=0)
    assert [message.context["to"] for message in tried] == ["guest0@qq.com"]
    for seconds in range(10 * 60, 12 * 60, 3):
        noon(NOON + seconds * SECOND, tick=False)
        outbox.deliver_due()
    assert len(sent_to(post, "qq.com")) == 10
    assert set(Message.objects.values_list("state", flat=True)) == {"handed_over"}


def test_a_domain_that_says_it_again_and_again_is_asked_less_and_less(noon, settings):
    settings.MAIL_PER_MINUTE = {}
    waits, now = [], NOON
    for _ in range(5):
        pace.pause_domain("qq.com", 10 * MINUTE)
        free = Pace.objects.get().next_free_at
        waits.append((free - now) // MINUTE)
        now = free
        noon(now, tick=False)
    assert waits == [10, 20, 40, 60, 60]
    pace.went_well("qq.com", "another.com")
    pace.pause_domain("qq.com", 10 * MINUTE)
    assert Pace.objects.get().next_free_at == now + 10 * MINUTE


# --- servers that are away ------------------------------------------------------------------------


def test_a_server_that_says_nothing_costs_one_try_and_no_letter_a_try_of_its_own(world, noon):
    post = world(greeting=SILENCE)
    for number in range(30):
        planned(to=f"guest{number}@example.com")
    planned(channel="group_bot", context={"to": ""})
    assert outbox.deliver_due() == {"planned": outbox.AT_ONCE, "no_channel": 1}
    assert post.connections == 1
    assert outbox.deliver_due() == {}
    noon(NOON + pace.LEFT_ALONE[0], tick=False)
    outbox.deliver_due()
    assert post.connections == 2
    assert set(Message.objects.open().values_list("attempts", "next_try_at")) == {(0, None)}
    assert Message.objects.filter(failure="连不上邮件服务器。").exists()
    post.answers.clear()
    noon(NOON + timedelta(minutes=5), tick=False)
    assert outbox.deliver_due() == {"handed_over": 30}
    assert Pace.objects.get().failures == 0


def test_a_weekend_without_a_server_gives_up_no_letter(noon, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_IS_CONFIGURED, settings.EMAIL_PORT = True, 1
    planned()
    for hours in range(72):
        noon(NOON + timedelta(hours=hours), tick=False)
        outbox.deliver_due()
    message = Message.objects.get()
    assert (message.state, message.attempts) == ("planned", 0)


# --- what is told ---------------------------------------------------------------------------------


def test_what_is_overdue_is_so_whatever_its_retries_and_a_queue_that_moves_is_not(noon, settings):
    settings.MAIL_PER_MINUTE = {"qq.com": 20}
    late = NOON - timedelta(hours=5)
    assert pace.take_turn("qq.com", None)
    queueing = planned(to="lin@qq.com", due_at=late)
    Message.objects.filter(pk=queueing.pk).update(domain="qq.com")
    assert not pace.overdue(NOON).exists()
    tried = planned(to="gu@qq.com", due_at=late)
    Message.objects.filter(pk=tried.pk).update(
        domain="qq.com", attempts=3, next_try_at=NOON + timedelta(hours=6)
    )
    held = planned(to="shen@qq.com", due_at=late, released=False)
    assert [message.pk for message in pace.overdue(NOON)] == [tried.pk]
    noon(NOON + 2 * MINUTE, tick=False)  # nobody takes the turns
    assert {message.pk for message in pace.overdue(NOON + 2 * MINUTE)} == {queueing.pk, tried.pk}
    assert held.pk not in {message.pk for message in pace.overdue(NOON + 2 * MINUTE)}


def test_when_the_last_one_will_be_out(world, noon, organiser):
    world()
    for number in range(41):
        planned(to=f"guest{number}@qq.com", batch="round 1")
    planned(to="lin@example.com", batch="round 2")
    assert pace.last_one_out(Message.objects.in_batch("round 1"), NOON) is None
    outbox.deliver_due()
    assert pace.last_one_out(Message.objects.in_batch("round 1"), NOON) == NOON + 2 * MINUTE
    assert pace.last_one_out(Message.objects.in_batch("round 2"), NOON) is None
    pace.set_event_pace(event=SimpleNamespace(pk=1), per_minute=2, by=organiser)
    slower = pace.last_one_out(Message.objects.in_batch("round 1"), NOON)
    assert slower >= NOON + timedelta(minutes=19)


def test_a_domain_that_nothing_went_to_for_a_day_is_forgotten(noon):
    pace.pause_domain("lin-zhixia.cn", 10 * MINUTE)
    assert pace.forget_the_idle() == 0
    noon(NOON + timedelta(days=2), tick=False)
    assert pace.forget_the_idle() == 1
