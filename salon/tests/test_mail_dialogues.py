"""Dialogues with servers as they are, over the wire and through the outbox to the row that organisers read."""

from datetime import timedelta

import pytest

from salon import outbox
from salon.models import Message
from salon.tests.letters import NOON, planned
from tests.difficult_post import CUT, SILENCE, DifficultPost

pytestmark = pytest.mark.django_db
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def world(settings, noon):
    """`world(**answers)`: the server that our letters go to, as it answers today."""
    posts = []

    def build(**answers):
        post = DifficultPost()
        post.answers.update(answers)
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", post.port
        settings.EMAIL_IS_CONFIGURED, settings.EMAIL_TIMEOUT = True, 0.5
        settings.MAIL_PER_MINUTE = {}
        posts.append(post)
        return post

    yield build
    for post in posts:
        post.stop()


def after_one_try(**fields):
    message = planned(**fields)
    outbox.deliver_due()
    message.refresh_from_db()
    return message


LIN = "lin@qq.com"
FINAL = [
    (LIN, "550 Mailbox not found. http://service.mail.qq.com", "对方没有这个邮箱：550 Mailbox not found. http://service.mail.qq.com"),
    (LIN, "550 5.1.1 <lin@qq.com>: user unknown", "对方没有这个邮箱：550 5.1.1 <…>: user unknown"),
    ("mail", "501 mail from address must be same as authorization user", "邮件服务器不接受我们的发件地址：501 mail from address must be same as authorization user"),
]  # fmt: skip
LATER = [
    # who says what, and when the next try comes at the earliest
    (LIN, "550 Connection frequency limited", 10 * MINUTE),
    (LIN, "550 Mailbox unavailable or access denied", 10 * MINUTE),
    ("text", "550 Mail content denied", HOUR),
    ("text", "550 Ip frequency limited [10.0.0.1]", 10 * MINUTE),
    ("mail", "550 Domain frequency limited", 10 * MINUTE),
    ("mail", "554 MI:SFQ 163 smtp9", 10 * MINUTE),
    ("text", "554 5.7.0 quota exceeded, try again later", 10 * MINUTE),
    ("text", "554 DT:SPM 163 smtp7", HOUR),
    (LIN, "550 RP:QRC 163", 10 * MINUTE),
    (LIN, "421 HL:ICC 163", 10 * MINUTE),
    (LIN, "450 4.2.0 Greylisted, come back in 300 seconds", 5 * MINUTE),
    ("text", "451 local error", MINUTE),
    (LIN, "552 5.2.2 Over quota", HOUR),
    ("data", "554 no reason at all", HOUR / 2),
]


@pytest.mark.parametrize(("stage", "said", "kept"), FINAL)
def test_what_is_final_is_said_at_once_in_the_servers_own_words(world, stage, said, kept):
    world(**{stage: said})
    message = after_one_try(to=LIN)
    assert (message.state, message.failure) == ("not_delivered", kept)


@pytest.mark.parametrize(("stage", "said", "least"), LATER)
def test_what_passes_is_tried_again_and_arrives(world, noon, stage, said, least):
    post = world(**{stage: [said]})
    message = after_one_try(to=LIN)
    assert (message.state, message.next_try_at, message.uncertain) == (
        "planned",
        NOON + least,
        False,
    )
    assert said.split()[1] in message.failure
    noon(message.next_try_at, tick=False)
    assert outbox.deliver_due() == {"handed_over": 1}
    message.refresh_from_db()
    assert (message.attempts, message.failure) == (2, "")
    assert [letter["To"] for letter in post.letters] == [LIN]


@pytest.mark.parametrize(
    ("stage", "said", "kept"),
    [
        ("greeting", "554 IP in blacklist", "邮件服务器现在不收信：554 IP in blacklist"),
        ("auth", "535 Login fail", "邮件服务器现在不收信：535 Login fail"),
        ("greeting", SILENCE, "连不上邮件服务器。"),
        ("greeting", CUT, "连不上邮件服务器。"),
    ],
)
def test_a_server_that_does_not_let_us_in(world, settings, stage, said, kept):
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "salon", "secret"
    world(**{stage: said})
    message = after_one_try(to=LIN)
    assert (message.state, message.failure, message.on_the_wire_at) == ("planned", kept, None)
    assert (message.attempts, outbox.claim()) == (0, [])  # no fault of this letter


@pytest.mark.parametrize(
    ("said", "kept"),
    [(SILENCE, "邮件服务器没有应答。"), (CUT, "发送途中与邮件服务器断开。")],
)
def test_a_server_that_is_gone_after_the_text_may_have_kept_it(world, said, kept):
    world(text=[said])
    message = after_one_try(to=LIN)
    assert (message.state, message.failure, message.uncertain) == ("planned", kept, True)


def test_one_readers_full_mailbox_keeps_back_nobody_else(world):
    post = world(**{LIN: "552 mailbox full", "hang@qq.com": "421 HL:ICC"})
    for name in ("lin", "gu", "hang", "shen"):
        planned(to=f"{name}@{'qq' if name in ('lin', 'hang') else '163'}.com")
    outbox.deliver_due()
    assert [letter["To"] for letter in post.letters] == ["gu@163.com", "shen@163.com"]


def test_pauses_grow_over_three_days_as_mail_servers_do(world, noon):
    world(rcpt="451 later perhaps")
    message = after_one_try(to=LIN)
    waits = [message.next_try_at - NOON]
    while message.state == "planned":
        last = message.next_try_at
        noon(last, tick=False)
        outbox.deliver_due()
        message.refresh_from_db()
        waits += [message.next_try_at - last] if message.next_try_at else []
    assert waits == sorted(waits) == outbox.PAUSES
    assert 2 * 24 * HOUR < sum(waits, timedelta()) < 4 * 24 * HOUR
    assert message.state == "not_delivered"
    assert message.failure.endswith("451 later perhaps")


def test_a_letter_that_two_tries_refused_keeps_the_last_words_and_no_name(world):
    world(**{"lin.zhixia@qq.com": "450 lin.zhixia@qq.com 13800138000 is greylisted " + "x" * 900})
    message = after_one_try(to="lin.zhixia@qq.com")
    assert "zhixia" not in message.failure
    assert "138" not in message.failure
    assert len(message.failure) < 200
    assert Message.objects.get().failure == message.failure
