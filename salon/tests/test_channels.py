"""How letters go: over a real SMTP server, to group bots in their dialects, by SMS."""

import contextlib
import http.server
import json
import threading
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core import mail

from salon import channels, outbox
from salon.models import Message
from salon.tests.letters import LINK, NOON, plain, planned

pytestmark = pytest.mark.django_db


# --- e-mail ---------------------------------------------------------------------------------------


def test_a_letter_on_the_wire(noon, post):
    message = planned("test_invitation")
    assert outbox.deliver_due() == {"handed_over": 1}
    (letter,) = post.to("lin@example.com")
    assert letter["Subject"] == "您已通过·请在周四前确认"
    assert letter["Reply-To"] == "hello@salon.example"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter["From"] == "活动沙龙 <salon@salon.example>"
    assert letter["Message-ID"] == f"<{message.pk}.{NOON.timestamp():.0f}@salon.example>"
    assert LINK in letter.get_body().get_content()
    (calendar,) = letter.iter_attachments()
    assert calendar.get_content_type() == "text/calendar"
    message.refresh_from_db()
    assert (message.handed_over_at, message.attempts) == (NOON, 1)


def test_a_letter_goes_to_the_domain_that_was_written_and_not_to_one_that_looks_like_it(noon, post):
    planned(to="info@straße.de")
    assert outbox.deliver_due() == {"handed_over": 1}
    (letter,) = post.to("info@xn--strae-oqa.de")
    assert letter["To"] == "info@xn--strae-oqa.de"


def test_a_batch_goes_over_one_connection(noon, post):
    for number in range(outbox.AT_ONCE):
        planned(to=f"guest{number}@example.com")
    assert outbox.deliver_due() == {"handed_over": outbox.AT_ONCE}
    assert len(post.letters) == outbox.AT_ONCE
    assert len(post.connections) == 1


def test_no_header_can_be_added_through_a_subject_or_an_address(noon, post):
    planned(context={"subject": "你好\r\nBcc: all@example.com\r\n\r\n请点这里"})
    planned(to="lin@example.com\nBcc: all@example.com")
    planned(to="lin@example.com, all@example.com")
    assert outbox.deliver_due() == {"handed_over": 1, "not_delivered": 2}
    (letter,) = post.letters
    assert letter["Bcc"] is None
    assert letter["Subject"] == "你好 Bcc: all@example.com 请点这里"
    assert set(Message.objects.astray().values_list("failure", flat=True)) == {"收件邮箱不对。"}


@pytest.mark.parametrize("text", ["空\x00字", "半个\ud83d", "👩‍👩‍👧‍👦", "\u202eRTL", "长" * 10_000])
def test_odd_characters_go_by_mail_and_into_the_copy(noon, post, text):
    with_text = plain(Message(context={}))
    letter = channels.tidy(outbox.Letter(to=with_text.to, subject=text, text=text))
    message = planned()
    (claimed,) = outbox.claim()
    email = channels.Email()
    email.open()
    assert outbox._put_on_the_wire(claimed, email, letter)
    email.send(claimed, letter, letter.as_sent())
    email.close()
    message.refresh_from_db()
    assert message.body == letter.text
    assert len(post.letters) == 1


def test_an_address_that_the_server_refuses_fails_at_once(noon, post):
    message = planned(to="gone@example.com")
    planned(to="lin@example.com")
    assert outbox.deliver_due() == {"not_delivered": 1, "handed_over": 1}
    message.refresh_from_db()
    assert message.failure == "对方没有这个邮箱：550 no such person here"
    assert "gone" not in message.failure


def test_a_full_mailbox_is_tried_again_later_and_later_and_then_given_up(noon, post):
    message = planned(to="full@example.com")
    now = NOON
    for pause in outbox.PAUSES:
        assert outbox.deliver_due() == {"planned": 1}
        message.refresh_from_db()
        assert message.next_try_at == now + pause
        assert message.due_at == NOON
        assert outbox.deliver_due() == {}
        now = message.next_try_at
        noon(now, tick=False)
    assert outbox.deliver_due() == {"not_delivered": 1}
    message.refresh_from_db()
    assert message.attempts == len(outbox.PAUSES) + 1
    assert not message.uncertain


def test_without_its_server_a_letter_waits(noon, post, settings):
    settings.EMAIL_PORT = 1
    message = planned()
    assert outbox.deliver_due() == {"planned": 1}
    message.refresh_from_db()
    assert message.failure == "连不上邮件服务器。"
    assert message.on_the_wire_at is None


def test_a_server_that_takes_a_letter_and_hangs_up_may_get_it_twice_flagged(noon, post):
    message = planned()
    post.hangs_up_after = 1
    assert outbox.deliver_due() == {"planned": 1}
    noon(NOON + timedelta(minutes=1), tick=False)
    assert outbox.deliver_due() == {"handed_over": 1}
    message.refresh_from_db()
    assert message.uncertain
    first, second = post.letters
    assert first["Message-ID"] == second["Message-ID"]


def test_after_a_hang_up_the_rest_of_the_batch_goes_over_a_new_connection(noon, post):
    for number in range(4):
        planned(to=f"guest{number}@example.com")
    post.hangs_up_after = 1
    assert outbox.deliver_due() == {"planned": 1, "handed_over": 3}
    assert len(post.connections) == 2


def test_with_the_embedded_servers_and_no_smtp_the_mailbox_in_the_admin_is_where_letters_arrive(
    noon,
):
    message = planned("test_invitation")
    assert outbox.deliver_due() == {"handed_over": 1}
    message.refresh_from_db()
    assert (message.handed_over_at, message.recipient) == (NOON, "lin@example.com")
    assert mail.outbox == []


# --- group bots -----------------------------------------------------------------------------------


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.heard.append((self.path, json.loads(body)))
        status, answer = self.server.answers
        self.send_response(status)
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *args):
        pass


@contextlib.contextmanager
def receiver(status=200, answer=b'{"errcode": 0, "errmsg": "ok"}'):
    server = http.server.HTTPServer(("127.0.0.1", 0), Receiver)
    server.heard, server.answers = [], (status, answer)
    server.url = f"http://127.0.0.1:{server.server_port}/hook?key=a-secret"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def to_the_group(**context):
    return planned(channel="group_bot", context={"to": "", "subject": "T-7", **context})


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("wecom", {"msgtype": "text", "text": {"content": "T-7\n明天见。"}}),
        ("dingtalk", {"msgtype": "text", "text": {"content": "T-7\n明天见。"}}),
        ("feishu", {"msg_type": "text", "content": {"text": "T-7\n明天见。"}}),
    ],
)
def test_each_group_bot_hears_its_own_dialect(noon, settings, kind, expected):
    with receiver() as group:
        settings.GROUP_BOT_URL = f"{group.url}#{kind}"
        message = to_the_group()
        assert outbox.deliver_due() == {"handed_over": 1}
    assert group.heard == [("/hook?key=a-secret", expected)]
    message.refresh_from_db()
    assert message.recipient == "127.0.0.1"  # the key is in the rest of the address


def test_dingtalk_finds_its_signature_in_the_address(noon, settings):
    settings.GROUP_BOT_SECRET = "SEC-a-key"
    with receiver() as group:
        settings.GROUP_BOT_URL = f"{group.url}#dingtalk"
        to_the_group()
        assert outbox.deliver_due() == {"handed_over": 1}
    [(path, said)] = group.heard
    asked = parse_qs(urlsplit(path).query)
    # printf '1797048000000\nSEC-a-key' | openssl dgst -sha256 -hmac SEC-a-key -binary | base64
    sign = "82tZFf3d5XBXkgPFxngi15+bZLjDoXEVPyZUk/GQGWc="
    assert asked == {"key": ["a-secret"], "timestamp": ["1797048000000"], "sign": [sign]}
    assert said == {"msgtype": "text", "text": {"content": "T-7\n明天见。"}}


def test_feishu_finds_its_signature_beside_the_text(noon, settings):
    settings.GROUP_BOT_SECRET = "a-key"
    with receiver() as group:
        settings.GROUP_BOT_URL = f"{group.url}#feishu"
        to_the_group()
        assert outbox.deliver_due() == {"handed_over": 1}
    [(path, said)] = group.heard
    assert path == "/hook?key=a-secret"
    # The key of this HMAC is "1797048000\na-key", its text is empty.
    assert said["sign"] == "ssdPUCtEuMdmwvuKYIbRtQ5RFGFNRWC2hxT0HFor3s8="
    assert said["timestamp"] == "1797048000"
    assert said["content"] == {"text": "T-7\n明天见。"}


@pytest.mark.parametrize("kind", ["wecom", "dingtalk"])
def test_the_key_signs_nothing_for_a_group_that_has_none(noon, settings, kind):
    settings.GROUP_BOT_SECRET = "a-key"
    with receiver() as group, receiver() as own:
        settings.GROUP_BOT_URL = f"{group.url}#wecom"
        to_the_group(to="" if kind == "wecom" else f"{own.url}#dingtalk")
        assert outbox.deliver_due() == {"handed_over": 1}
    assert [path for path, _said in group.heard + own.heard] == ["/hook?key=a-secret"]


def test_bots_are_told_apart_by_their_hosts():
    assert channels.BOT_HOSTS["qyapi.weixin.qq.com"] == "wecom"
    assert channels.BOT_HOSTS["oapi.dingtalk.com"] == "dingtalk"
    assert channels.BOT_HOSTS["open.feishu.cn"] == "feishu"


@pytest.mark.parametrize(
    ("status", "answer", "reason"),
    [
        (
            200,
            b'{"errcode": 93000, "errmsg": "invalid webhook url"}',
            "群机器人拒收（应答 93000）。",
        ),
        (200, b'{"code": 19001, "msg": "param invalid"}', "群机器人拒收（应答 19001）。"),
        (500, b"", "群机器人拒收（应答 500）。"),
        (200, b"<html>", "群机器人没有应答。"),
        (200, b"[]", "群机器人拒收（应答 ?）。"),
    ],
)
def test_a_bot_that_refuses_is_asked_again_later(noon, settings, status, answer, reason):
    with receiver(status, answer) as group:
        settings.GROUP_BOT_URL = group.url
        message = to_the_group()
        assert outbox.deliver_due() == {"planned": 1}
    message.refresh_from_db()
    assert message.failure == reason


def test_a_bot_that_is_away_is_asked_again_later(noon, settings):
    settings.GROUP_BOT_URL = "http://127.0.0.1:1/hook"
    message = to_the_group()
    assert outbox.deliver_due() == {"planned": 1}
    message.refresh_from_db()
    assert message.failure == "连不上群机器人。"


def test_a_long_text_is_cut_to_what_the_bot_takes_and_stays_text(noon, settings):
    with receiver() as group:
        settings.GROUP_BOT_URL = group.url
        to_the_group(text="字" * 5000)
        assert outbox.deliver_due() == {"handed_over": 1}
    content = group.heard[0][1]["text"]["content"]
    assert len(content.encode()) <= 2048
    assert content.startswith("T-7\n字")
    assert content.endswith("字…")


def test_a_letter_may_name_its_own_group(noon, settings):
    with receiver() as group:
        planned(channel="group_bot", to=group.url)
        assert outbox.deliver_due() == {"handed_over": 1}
    assert len(group.heard) == 1


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://example.com/x"])
def test_a_bot_is_reached_over_http_only(noon, url):
    message = planned(channel="group_bot", to=url)
    assert outbox.deliver_due() == {"not_delivered": 1}
    message.refresh_from_db()
    assert message.failure == "群机器人的地址不对。"


def test_without_a_bot_the_group_has_no_channel(noon):
    message = to_the_group()
    assert outbox.deliver_due() == {"no_channel": 1}
    message.refresh_from_db()
    assert (message.handed_over_at, message.on_the_wire_at) == (None, None)
