"""The outbox: planned once, released, claimed by one, delivered with its secrets, kept without."""

import asyncio
import contextlib
import http.server
import json
import threading
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from django.contrib.auth import get_user_model
from django.core import mail
from django.db import connection, transaction
from django.utils import translation
from redis import Redis

from salon import broker, channels, clock, outbox
from salon.errors import Refused
from salon.models import AuditEntry, Message
from tests.house import Mailbox

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 12, 12, 4, 0, tzinfo=UTC)
LINK = "https://salon.example/l/" + "k" * 27


@outbox.letter("test_invitation")
def invitation(message):
    return outbox.Letter(
        to=message.context.get("to", "lin@example.com"),
        subject="您已通过·请在周四前确认",
        text="林晓,您好:\n\n请打开 {{link}} 确认。",
        secret={"link": lambda: LINK},
        reply_to="hello@salon.example",
        attachments=[("event.ics", "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", "text/calendar")],
    )


@outbox.letter("test_plain")
def plain(message):
    return outbox.Letter(
        to=message.context.get("to", "lin@example.com"),
        subject=message.context.get("subject", "提醒"),
        text=message.context.get("text", "明天见。"),
    )


@outbox.letter("test_answered")
def answered(message):
    """Nobody needs to be reminded of what they have done."""
    return None


@outbox.letter("test_refused")
def refused(message):
    raise Refused("no_address", "这位报名者没有留下邮箱。")


@outbox.letter("test_faulty")
def faulty(message):
    raise KeyError(message.context["name"])


def planned(kind="test_plain", *, key=None, to=None, **fields):
    context = fields.pop("context", {}) | ({"to": to} if to else {})
    fields = {"event_id": 1, "due_at": NOON, "context": context} | fields
    return outbox.plan(dedup_key=key or f"{kind}:{Message.objects.count()}", kind=kind, **fields)


@pytest.fixture
def organiser():
    return get_user_model().objects.create_user("chen")


@pytest.fixture
def noon(travel):
    travel(NOON, tick=False)
    return travel


class Post(Mailbox):
    """An SMTP server that can misbehave, and that tells connections apart."""

    def __init__(self):
        self.connections = set()
        self.hangs_up_after = 0  # so many letters are taken without an answer
        super().__init__()

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        if address.startswith("gone"):
            return "550 no such person here"
        if address.startswith("full"):
            return "452 mailbox full"
        envelope.rcpt_tos.append(address)
        return "250 ok"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        self.connections.add(session.peer)
        answer = await super().handle_DATA(server, session, envelope)
        if self.hangs_up_after:
            self.hangs_up_after -= 1
            server.transport.close()
        return answer


@pytest.fixture
def post(settings):
    post = Post()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", post.port
    settings.EMAIL_IS_CONFIGURED = True
    settings.DEFAULT_FROM_EMAIL = "活动沙龙 <salon@salon.example>"
    yield post
    post.stop()


# --- planning -------------------------------------------------------------------------------------


def test_planning_twice_gives_the_row_that_is_there(noon):
    first = planned(key="t-7:12", person_id=12, batch="round 1", context={"item": 3})
    assert (first.state, first.released_at, first.context) == ("planned", NOON, {"item": 3})
    again = planned(key="t-7:12", due_at=NOON + timedelta(days=1))
    assert (again.pk, again.due_at, again.person_id) == (first.pk, NOON, 12)
    outbox.cancel(Message.objects.all())
    assert planned(key="t-7:12").state == "cancelled"


def test_planning_is_one_statement(django_assert_num_queries):
    with django_assert_num_queries(1):
        planned(key="t-7:12")


def test_a_kind_that_nobody_composes_is_a_mistake_found_at_once():
    with pytest.raises(LookupError, match="test_unknown"):
        planned("test_unknown")


def test_two_composers_for_one_kind_are_a_mistake():
    with pytest.raises(ValueError, match="test_plain"):
        outbox.letter("test_plain")(plain)


def test_a_hundred_plans_ring_once_and_only_for_what_may_go(
    django_capture_on_commit_callbacks, noon
):
    with django_capture_on_commit_callbacks() as rings:
        for _ in range(100):
            planned()
    assert len(rings) == 1
    with django_capture_on_commit_callbacks() as rings:
        planned(due_at=NOON + timedelta(days=7))
        planned(released=False)
    assert rings == []


def test_a_burst_of_verbs_rings_at_once_and_once_more_at_its_end(valkey, monkeypatch):
    clock = SimpleNamespace(monotonic=lambda: 100.0)
    monkeypatch.setattr(outbox, "time", clock)
    monkeypatch.setattr(outbox, "_quiet_until", 0.0)
    monkeypatch.setattr(outbox, "_rings_again", False)
    with contextlib.closing(Redis.from_url(valkey.url)) as redis:
        for _ in range(50):
            outbox._ring()
        etas = [json.loads(task)["headers"]["eta"] for task in redis.lrange("celery", 0, -1)]
        assert len(etas) == 2
        assert etas.count(None) == 1
        clock.monotonic = lambda: 100.0 + outbox.RING_SECONDS
        outbox._ring()
        assert redis.llen("celery") == 3


def test_a_ring_into_a_dead_redis_harms_nobody(
    django_capture_on_commit_callbacks, settings, monkeypatch, noon
):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    monkeypatch.setattr(broker, "_left_alone_until", 0)
    monkeypatch.setattr(outbox, "_quiet_until", 0.0)
    with django_capture_on_commit_callbacks(execute=True):
        planned()
    assert broker._left_alone_until > 0


def raise_after_planning():
    planned(due_at=clock.now())
    raise Refused("full", "没有名额了。")


def test_a_rolled_back_verb_leaves_no_letter_and_no_ring(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks() as rings:
        with pytest.raises(Refused), transaction.atomic():
            raise_after_planning()
        assert not Message.objects.exists()
    assert rings == []


# --- what organisers do ---------------------------------------------------------------------------


def test_held_letters_wait_for_their_release(noon, organiser):
    planned(released=False, batch="round 1")
    assert outbox.deliver_due() == {}
    assert outbox.release(Message.objects.in_batch("round 1"), by=organiser) == 1
    assert outbox.release(Message.objects.in_batch("round 1"), by=organiser) == 0
    assert outbox.deliver_due() == {"sent": 1}
    entry = AuditEntry.objects.get(verb="release_message")
    assert (entry.actor, entry.event_id) == (f"user:{organiser.pk}", 1)


def test_holding_stops_even_what_a_worker_has_claimed_but_not_handed_over(noon, organiser):
    planned()
    claimed = outbox.claim()
    assert outbox.hold(Message.objects.all(), by=organiser) == 1
    assert list(outbox._deliver(claimed)) == [None]
    message = Message.objects.get()
    assert (message.state, message.attempts, message.recipient) == ("planned", 0, "")
    assert mail.outbox == []


def test_cancelling_stops_what_is_planned_and_nothing_that_went(noon):
    planned()
    assert outbox.deliver_due() == {"sent": 1}
    planned(due_at=NOON + timedelta(days=7))
    assert outbox.cancel(Message.objects.all()) == 1
    assert sorted(Message.objects.values_list("state", flat=True)) == ["cancelled", "sent"]


def test_moving_the_event_moves_what_has_not_gone(noon):
    planned()
    outbox.deliver_due()
    week = planned(due_at=NOON + timedelta(days=7))
    assert outbox.redate(Message.objects.all(), delta=timedelta(days=2)) == 1
    week.refresh_from_db()
    assert week.due_at == NOON + timedelta(days=9)
    outbox.redate(Message.objects.filter(pk=week.pk), due_at=NOON + timedelta(days=3))
    week.refresh_from_db()
    assert week.due_at == NOON + timedelta(days=3)
    with pytest.raises(TypeError):
        outbox.redate(Message.objects.all())


def test_a_change_of_many_costs_the_same_as_of_one(noon, organiser, django_assert_num_queries):
    for _ in range(30):
        planned(released=False)
    with django_assert_num_queries(5):  # savepoint, lock, write, audit, release
        assert outbox.release(Message.objects.all(), by=organiser) == 30


def test_a_failed_letter_is_tried_again_when_somebody_says_so(noon, organiser):
    planned("test_refused")
    assert outbox.deliver_due() == {"failed": 1}
    assert outbox.try_again(Message.objects.all(), by=organiser) == 1
    message = Message.objects.get()
    assert (message.state, message.failure, message.attempts) == ("planned", "", 0)


def test_batches_are_counted_in_one_query(noon, django_assert_num_queries):
    planned(batch="round 1")
    outbox.deliver_due()
    planned(batch="round 1", released=False)
    planned("test_refused", batch="round 1")
    outbox.deliver_due()
    planned(batch="round 2", due_at=NOON + timedelta(days=1))
    with django_assert_num_queries(1):
        first, second, third = Message.objects.batches()
    assert {first["kind"], second["kind"]} == {"test_plain", "test_refused"}
    both = first if first["kind"] == "test_plain" else second
    assert (both["messages"], both["sent"], both["held"], both["waiting"]) == (2, 1, 1, 0)
    assert (third["batch"], third["waiting"]) == ("round 2", 1)


# --- composing ------------------------------------------------------------------------------------


def test_the_copy_and_the_preview_hide_the_personal_link(noon):
    message = planned("test_invitation")
    shown = outbox.preview(message)
    assert "（个人链接）" in shown.text
    assert shown.to == "lin@example.com"
    assert [name for name, _content, _type in shown.attachments] == ["event.ics"]
    outbox.deliver_due()
    message.refresh_from_db()
    assert message.body == shown.text
    assert outbox.preview(message).text == shown.text
    assert LINK not in message.body


def test_what_nobody_needs_any_more_is_called_off(noon):
    message = planned("test_answered")
    assert outbox.preview(message) is None
    assert outbox.deliver_due() == {"cancelled": 1}


def test_a_refused_letter_fails_with_its_reason_and_is_not_tried_again(noon):
    message = planned("test_refused")
    assert outbox.deliver_due() == {"failed": 1}
    message.refresh_from_db()
    assert message.failure == "这位报名者没有留下邮箱。"
    assert outbox.deliver_due() == {}


def test_a_broken_letter_keeps_back_nobody_and_logs_no_name(noon, caplog):
    planned("test_faulty", context={"name": "林晓"})
    planned()
    assert outbox.deliver_due() == {"planned": 1, "sent": 1}
    assert "KeyError" in caplog.text
    assert "林晓" not in caplog.text
    broken = Message.objects.open().get()
    assert (broken.attempts, broken.next_try_at) == (1, NOON + timedelta(minutes=1))


def test_a_kind_that_is_no_longer_composed_fails_with_a_sentence(noon, monkeypatch):
    message = planned()
    monkeypatch.delitem(outbox._composers, "test_plain")
    assert outbox.deliver_due() == {"failed": 1}
    message.refresh_from_db()
    assert message.failure == "这类消息已不再使用。"


def test_letters_are_chinese_whoever_looks(noon):
    message = planned("test_invitation")
    with translation.override("en"):
        assert "（个人链接）" in outbox.preview(message).text


# --- e-mail ---------------------------------------------------------------------------------------


def test_a_letter_on_the_wire(noon, post):
    message = planned("test_invitation")
    assert outbox.deliver_due() == {"sent": 1}
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
    assert (message.sent_at, message.only_in_mailbox, message.attempts) == (NOON, False, 1)


def test_a_batch_goes_over_one_connection(noon, post):
    for number in range(outbox.AT_ONCE):
        planned(to=f"guest{number}@example.com")
    assert outbox.deliver_due() == {"sent": outbox.AT_ONCE}
    assert len(post.letters) == outbox.AT_ONCE
    assert len(post.connections) == 1


def test_no_header_can_be_added_through_a_subject_or_an_address(noon, post):
    planned(context={"subject": "你好\r\nBcc: all@example.com\r\n\r\n请点这里"})
    planned(to="lin@example.com\nBcc: all@example.com")
    planned(to="lin@example.com, all@example.com")
    assert outbox.deliver_due() == {"sent": 1, "failed": 2}
    (letter,) = post.letters
    assert letter["Bcc"] is None
    assert letter["Subject"] == "你好 Bcc: all@example.com 请点这里"
    assert set(Message.objects.failed().values_list("failure", flat=True)) == {"收件邮箱不对。"}


@pytest.mark.parametrize("text", ["空\x00字", "半个\ud83d", "👩‍👩‍👧‍👦", "\u202eRTL", "长" * 10_000])
def test_odd_characters_go_by_mail_and_into_the_copy(noon, post, text):
    with_text = plain(Message(context={}))
    letter = channels.tidy(outbox.Letter(to=with_text.to, subject=text, text=text))
    message = planned()
    (claimed,) = outbox.claim()
    email = channels.Email()
    email.open()
    assert outbox._hand_over(claimed, email, letter)
    email.send(claimed, letter, letter.as_sent())
    email.close()
    message.refresh_from_db()
    assert message.body == letter.text
    assert len(post.letters) == 1


def test_an_address_that_the_server_refuses_fails_at_once(noon, post):
    message = planned(to="gone@example.com")
    planned(to="lin@example.com")
    assert outbox.deliver_due() == {"failed": 1, "sent": 1}
    message.refresh_from_db()
    assert message.failure == "收件邮箱被对方拒收（应答 550）。"
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
    assert outbox.deliver_due() == {"failed": 1}
    message.refresh_from_db()
    assert message.attempts == len(outbox.PAUSES) + 1
    assert not message.uncertain


def test_without_its_server_a_letter_waits(noon, post, settings):
    settings.EMAIL_PORT = 1
    message = planned()
    assert outbox.deliver_due() == {"planned": 1}
    message.refresh_from_db()
    assert message.failure == "连不上邮件服务器。"
    assert message.handed_over_at is None


def test_a_server_that_takes_a_letter_and_hangs_up_may_get_it_twice_flagged(noon, post):
    message = planned()
    post.hangs_up_after = 1
    assert outbox.deliver_due() == {"planned": 1}
    noon(NOON + timedelta(minutes=1), tick=False)
    assert outbox.deliver_due() == {"sent": 1}
    message.refresh_from_db()
    assert message.uncertain
    first, second = post.letters
    assert first["Message-ID"] == second["Message-ID"]


def test_after_a_hang_up_the_rest_of_the_batch_goes_over_a_new_connection(noon, post):
    for number in range(4):
        planned(to=f"guest{number}@example.com")
    post.hangs_up_after = 1
    assert outbox.deliver_due() == {"planned": 1, "sent": 3}
    assert len(post.connections) == 2


def test_without_smtp_letters_lie_in_the_mailbox(noon, settings):
    message = planned("test_invitation")
    assert outbox.deliver_due() == {"sent": 1}
    message.refresh_from_db()
    assert message.only_in_mailbox
    assert message.recipient == "lin@example.com"
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
        assert outbox.deliver_due() == {"sent": 1}
    assert group.heard == [("/hook?key=a-secret", expected)]
    message.refresh_from_db()
    assert message.recipient == "127.0.0.1"  # the key is in the rest of the address


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
        assert outbox.deliver_due() == {"sent": 1}
    content = group.heard[0][1]["text"]["content"]
    assert len(content.encode()) <= 2048
    assert content.startswith("T-7\n字")
    assert content.endswith("字…")


def test_a_letter_may_name_its_own_group(noon, settings):
    with receiver() as group:
        planned(channel="group_bot", to=group.url)
        assert outbox.deliver_due() == {"sent": 1}
    assert len(group.heard) == 1


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://example.com/x"])
def test_a_bot_is_reached_over_http_only(noon, url):
    message = planned(channel="group_bot", to=url)
    assert outbox.deliver_due() == {"failed": 1}
    message.refresh_from_db()
    assert message.failure == "群机器人的地址不对。"


def test_without_a_bot_the_message_lies_in_the_mailbox(noon):
    message = to_the_group()
    assert outbox.deliver_due() == {"sent": 1}
    message.refresh_from_db()
    assert message.only_in_mailbox


# --- SMS ------------------------------------------------------------------------------------------


def test_sms_goes_through_the_provider(noon, settings, tmp_path):
    settings.SMS_PROVIDER = "salon.channels.sms_to_file"
    settings.SMS_FILE = str(tmp_path / "sms.jsonl")
    message = planned(channel="sms", to="+8613800138000", context={"text": "明天 13:30 见。"})
    planned(channel="sms", to="lin@example.com")
    assert outbox.deliver_due() == {"sent": 1, "failed": 1}
    (line,) = (tmp_path / "sms.jsonl").read_text().splitlines()
    assert json.loads(line) == {
        "mobile": "+8613800138000",
        "text": "明天 13:30 见。",
        "reference": str(message.pk),
    }


def test_an_sms_provider_that_cannot_be_reached_is_asked_again_later(noon, settings, tmp_path):
    settings.SMS_PROVIDER = "salon.channels.sms_to_file"
    settings.SMS_FILE = str(tmp_path / "no such directory" / "sms.jsonl")
    message = planned(channel="sms", to="+8613800138000")
    assert outbox.deliver_due() == {"planned": 1}
    message.refresh_from_db()
    assert message.failure == "连不上短信服务。"


# --- claims, leases, erasing ----------------------------------------------------------------------


def test_a_row_whose_worker_vanished_before_the_wire_goes_once_and_is_certain(noon):
    message = planned()
    outbox.claim()
    assert outbox.deliver_due() == {}
    noon(NOON + outbox.LEASE + timedelta(seconds=1), tick=False)
    assert outbox.deliver_due() == {"sent": 1}
    message.refresh_from_db()
    assert not message.uncertain


def test_a_row_whose_worker_vanished_on_the_wire_goes_again_flagged(noon, post):
    message = planned()
    (claimed,) = outbox.claim()
    outbox._hand_over(claimed, channels.Email(), plain(claimed))
    noon(NOON + outbox.LEASE + timedelta(seconds=1), tick=False)
    assert outbox.deliver_due() == {"sent": 1}
    message.refresh_from_db()
    assert message.uncertain
    assert len(post.letters) == 1


def test_a_worker_that_slept_past_its_lease_finds_the_row_taken(noon, post):
    planned()
    sleeper = outbox.claim()
    noon(NOON + outbox.LEASE + timedelta(seconds=1), tick=False)
    assert outbox.deliver_due() == {"sent": 1}
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
        assert outbox.deliver_due() == {"sent": 1}
    finally:
        slow.stop()
    message.refresh_from_db()
    assert moment - message.handed_over_at <= outbox.LEASE / 2, "opened before, and time to spare"
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
    assert (sent.state, sent.recipient, sent.subject, sent.body) == ("sent", "", "", "")
    assert open_row.state == "cancelled"
    assert other.recipient == "lin@example.com"
    assert outbox.preview(sent).text == ""


def test_erasing_somebody_while_their_letter_is_on_the_wire_leaves_no_copy(noon, monkeypatch):
    message = planned("test_invitation", person_id=12)
    monkeypatch.setattr(channels.Email, "is_set_up", lambda self, letter: True)
    monkeypatch.setattr(channels.Email, "send", lambda *arguments: outbox.forget(12))
    assert outbox.deliver_due() == {"sent": 1}
    message.refresh_from_db()
    assert (message.state, message.recipient, message.body) == ("sent", "", "")


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
    assert Message.objects.sent().count() == 50
