"""Letters that came back: reports as they are written in the world, from files and by IMAP."""

import imaplib
import json
import subprocess
import sys
from datetime import timedelta
from email.message import EmailMessage
from email.policy import SMTP

import pytest
from django.core.management import CommandError, call_command

from salon import bounce_mailbox, bounces, channels, embedded, outbox
from salon.models import Message
from salon.tests.letters import NOON, planned
from tests.house import until

pytestmark = pytest.mark.django_db


@pytest.fixture
def seat(noon, post):
    """A letter that the server took."""
    message = planned("test_plain", to="lin@qq.com", person_id=12)
    assert outbox.deliver_due() == {"handed_over": 1}
    message.refresh_from_db()
    return message


def by_the_book(message, *, action="failed", diagnosis="smtp; 550 5.1.1 lin@qq.com unknown user"):
    """RFC 3464, as Postfix writes it."""
    return (
        "Return-Path: <>\r\nFrom: MAILER-DAEMON@mx.example (Mail Delivery System)\r\n"
        "Subject: Undelivered Mail Returned to Sender\r\nMIME-Version: 1.0\r\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
        "--b\r\nContent-Type: text/plain\r\n\r\nI'm sorry.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        "Reporting-MTA: dns; mx.example\r\n\r\n"
        f"Final-Recipient: rfc822; lin@qq.com\r\nAction: {action}\r\nStatus: 5.1.1\r\n"
        f"Diagnostic-Code: {diagnosis}\r\n\r\n"
        "--b\r\nContent-Type: text/rfc822-headers\r\n\r\n"
        f"Subject: x\r\nMessage-ID: {channels.message_id(message)}\r\n\r\n--b--\r\n"
    ).encode()


def as_qq_writes(message):
    """A page of HTML, with the letter beside it."""
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["Subject"] = "PostMaster <postmaster@qq.com>", "来自QQ邮箱的退信"
    mail.set_content("", subtype="plain")
    mail.add_alternative(
        "<p>很抱歉，您的邮件被退回来了。</p><b>退信原因</b> 550 Mailbox not found lin@qq.com",
        subtype="html",
    )
    letter = EmailMessage(policy=SMTP)
    letter["Subject"], letter["Message-ID"] = "x", channels.message_id(message)
    letter.set_content("明天见。")
    mail.add_attachment(letter)
    return mail.as_bytes()


def as_netease_writes(message):
    """In GBK, with our Message-ID in its text alone."""
    text = f"系统退信 / Systems bounce\n原邮件 {channels.message_id(message)}\nSMTP error, RCPT TO: 550 User not found"
    head = (
        "From: Postmaster@163.com\r\nSubject: =?gbk?B?z7XNs83L0MU=?=\r\n"
        "Content-Type: text/plain; charset=gbk\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    )
    return head.encode() + text.encode("gbk")


def as_an_answer(message):
    """With our Message-ID in its references alone."""
    return (
        "From: Mail Delivery Subsystem <mailer-daemon@x.cn>\r\nSubject: Returned mail: see below\r\n"
        f"In-Reply-To: {channels.message_id(message)}\r\n\r\n552 5.2.2 mailbox full\r\n"
    ).encode()


def forwarded(message):
    """By an organiser, as an attachment."""
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["Subject"] = "chen@salon.example", "Fwd: 退信"
    mail.set_content("请看附件")
    import email.policy

    mail.add_attachment(email.message_from_bytes(by_the_book(message), policy=email.policy.SMTP))
    return mail.as_bytes()


@pytest.mark.parametrize(
    ("write", "kept"),
    [
        (by_the_book, "邮件被退回：550 5.1.1 … unknown user"),
        (as_qq_writes, "邮件被退回：550 Mailbox not found …"),
        (as_netease_writes, "邮件被退回：550 User not found"),
        (as_an_answer, "邮件被退回：552 5.2.2 mailbox full"),
        (forwarded, "邮件被退回：550 5.1.1 … unknown user"),
    ],
)
def test_a_letter_that_came_back_was_never_heard(seat, write, kept):
    raw = write(seat)
    assert bounces.process(raw) == "bounced"
    seat.refresh_from_db()
    assert (seat.state, seat.failure) == ("bounced", kept)
    assert bounces.process(raw) == "known"


def test_a_letter_that_a_relay_gave_another_message_id_is_known_by_our_own_header(seat, post):
    assert post.letters[-1]["X-Salon-Letter"] == channels.message_id(seat)
    letter = EmailMessage(policy=SMTP)
    letter["Message-ID"] = "<0100018f-of-the-relay@relay.example>"
    letter["X-Salon-Letter"] = channels.message_id(seat)
    letter.set_content("明天见。")
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["Subject"] = "MAILER-DAEMON@relay.example", "Undeliverable: 提醒"
    mail.set_content("550 5.1.1 user unknown")
    mail.add_attachment(letter)
    assert bounces.process(mail.as_bytes()) == "bounced"


def test_a_delay_is_no_bounce_nor_is_a_success(seat):
    for action in ("delayed", "delivered", "relayed"):
        assert bounces.process(by_the_book(seat, action=action)) == "other"
    slow = as_an_answer(seat).replace(b"Returned mail: see below", b"Warning: could not send yet")
    assert bounces.process(slow) == "other"
    seat.refresh_from_db()
    assert seat.state == "handed_over"


def test_what_people_write_back_is_no_bounce(seat):
    answer = (
        "From: lin@qq.com\r\nSubject: 退信了吗？\r\n"
        f"In-Reply-To: {channels.message_id(seat)}\r\n\r\n550 人来吗？退回一张票\r\n"
    ).encode()
    assert bounces.process(answer) == "other"
    away = answer.replace(b"From:", b"Auto-Submitted: auto-replied\r\nFrom:")
    assert bounces.process(away) == "other"


@pytest.mark.parametrize(
    "other",
    ["<{pk}.1@salon.example>", "<999999.{at}@salon.example>", "<{pk}.{at}@else.example>", ""],
)
def test_who_does_not_know_a_letters_whole_name_undoes_nothing(seat, other):
    at = f"{NOON.timestamp():.0f}"
    forged = by_the_book(seat).replace(
        channels.message_id(seat).encode(), other.format(pk=seat.pk, at=at).encode()
    )
    assert bounces.process(forged) == "unknown"
    seat.refresh_from_db()
    assert seat.state == "handed_over"


@pytest.mark.parametrize(
    "raw",
    [
        *(b"", b"\x00" * 1000, b"From: postmaster@x\r\nSubject: bounce\r\n\r\n" + b"\xff" * 99),
        b"Content-Type: multipart/report; boundary=b\r\n\r\n--b\r\n" * 200,
        b"Content-Type: message/delivery-status\r\n\r\nAction: failed\r\n\r\n",
        b"From: =?x?b?!!?= <postmaster@\r\nSubject: =?utf-9?q?returned mail?=\r\n\r\nx",
        b"Content-Type: text/plain; charset=no-such\r\nFrom: postmaster@x\r\nSubject: bounce\r\n\r\nx",
        b"Subject: bounce\r\nFrom: postmaster@x\r\n\r\n" + b"550 " * 500_000,
        b"Subject: bounce\r\nFrom: postmaster@x\r\n\r\n" + b"1.123456789@" * 200_000,
    ],
)
def test_no_mail_however_strange_is_more_than_a_mail(db, raw):
    assert bounces.process(raw) in {"other", "unknown"}


def test_reports_from_files(seat, tmp_path, capsys):
    path = tmp_path / "one.eml"
    path.write_bytes(by_the_book(seat))
    call_command("process_bounces", str(path), str(path), "--json")
    assert json.loads(capsys.readouterr().out) == {
        "bounced": 1,
        "known": 1,
        "unknown": 0,
        "other": 0,
    }
    with pytest.raises(CommandError, match="no-such"):
        call_command("process_bounces", str(tmp_path / "no-such.eml"))


# --- by IMAP --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def imap():
    """A real IMAP server on loopback with one mailbox: its URL."""
    port = embedded.free_port()
    server = subprocess.Popen(
        [
            *(sys.executable, "-c", "from pymap.main import main; main()"),
            *("--host", "127.0.0.1", "--port", str(port)),
            *("--no-tls", "--no-service", "admin", "--no-service", "sieve"),
            *("dict", "--demo-data", "--demo-user", "bounces@x", "--demo-password", "p:@/ss"),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=embedded.end_with_parent(),
    )

    def answers():
        try:
            return imaplib.IMAP4("127.0.0.1", port, timeout=5)
        except OSError:
            return None

    until(answers, what="the IMAP server's first answer").logout()
    yield f"imap://bounces%40x:p%3A%40%2Fss@127.0.0.1:{port}/INBOX"
    server.terminate()
    server.wait(10)


def put(imap, *mails):
    port = int(imap.rpartition(":")[2].partition("/")[0])
    with imaplib.IMAP4("127.0.0.1", port, timeout=5) as mailbox:
        mailbox.login("bounces@x", "p:@/ss")
        mailbox.select("INBOX")
        for uid in mailbox.uid("SEARCH", "ALL")[1][0].split():
            mailbox.uid("STORE", uid, "+FLAGS", r"(\Seen)")
        for raw in mails:
            mailbox.append("INBOX", None, None, raw)


def test_the_mailbox_is_read_and_read_only_once(seat, imap, settings, capsys, travel):
    travel(NOON, tick=True)
    settings.BOUNCES_URL = imap
    human = b"From: lin@qq.com\r\nSubject: hello\r\n\r\nSee you.\r\n"
    put(imap, human, by_the_book(seat), as_netease_writes(seat))
    call_command("process_bounces")
    assert capsys.readouterr().out == "退回 1，已记过 1，不是我们的 0，其他邮件 1\n"
    seat.refresh_from_db()
    assert seat.state == "bounced"
    # What people wrote stays unread, for people.
    assert bounce_mailbox.process(imap) == {"other": 1}


def test_a_mailbox_that_cannot_be_read_is_one_sentence_without_its_password(imap, settings):
    for url in (
        imap.replace("ss@", "wrong@"),
        imap.replace("INBOX", "no-such"),
        "imap://a:b@127.0.0.1:1/",
    ):
        settings.BOUNCES_URL = url
        with pytest.raises(CommandError, match="127.0.0.1") as error:
            call_command("process_bounces")
        assert "p%3A" not in str(error.value)
    settings.BOUNCES_URL = ""
    with pytest.raises(CommandError, match="BOUNCES_URL"):
        call_command("process_bounces")


def test_a_bounce_on_the_way_while_a_letter_is_told_by_hand_changes_nothing(seat, organiser):
    Message.objects.filter(pk=seat.pk).update(state="bounced")
    seat.refresh_from_db()
    outbox.told(seat, by=organiser)
    assert bounces.process(by_the_book(seat)) == "known"
    seat.refresh_from_db()
    assert seat.state == "handed_over"
    assert seat.handed_over_at - NOON < timedelta(seconds=1)
