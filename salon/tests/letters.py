"""Kinds of letters that only tests compose, and the server they go to."""

from datetime import UTC, datetime

from salon import outbox
from salon.errors import Refused
from salon.models import Message
from tests.house import Mailbox

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


@outbox.letter("test_seat", "通过", about_a_seat=True)
def seat(message):
    return outbox.Letter(
        to=message.context.get("to", "lin@example.com"),
        subject="通过",
        text="请打开 {{link}}。",
        secret={"link": lambda: LINK},
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
