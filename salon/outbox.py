"""The outbox: what is to be said, to whom, when; written with the fact, delivered afterwards.

A verb plans a row in its own transaction. The worker claims due rows, composes each letter from
the rows as they are then, notes "on the wire", sends, notes "handed over" together with what starts
when the person has been told. It never sends inside a transaction. Killed in between, it leaves a
claim that runs out; whoever finds a row that was on the wire sends it once more and flags it
`uncertain`.

Where the house has no channel to somebody, a letter on which their seat hangs waits to be told by
hand, and any other ends as "no channel": nothing that did not leave the house counts as said.

The Celery bell only shortens the wait: the beat looks for due rows every few seconds anyway.
"""

import contextlib
import json
import logging
import threading
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from celery import current_app
from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import DatabaseError, connection, transaction
from django.db.models import BooleanField, ExpressionWrapper, F, Q
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from salon import audit, broker, by_hand, clock, letter_kinds, pace, resting
from salon.channels import CHANNELS, Letter, NotDelivered
from salon.errors import Refused
from salon.letter_kinds import label_of, letter
from salon.models import Message

log = logging.getLogger(__name__)

State = Message.State
AT_ONCE = 20
# Twice what one sending may take once it is handed over: a mail server that hesitates EMAIL_TIMEOUT
# at each of its five answers and at the goodbye. A killed worker's rows are found after it.
LEASE = timedelta(minutes=2)
LONGEST_FAILURE = Message._meta.get_field("failure").max_length
LOOK_WHETHER_IT_IS_THERE = timedelta(minutes=5)
# Three days, as mail servers keep trying among themselves.
PAUSES = [timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 180, 360, 720, 1440, 1440)]

__all__ = ["Letter", "Planned", "label_of", "letter"]  # what rooms take from here beside the verbs


# --- what verbs and organisers do -----------------------------------------------------------------

_PLAN = f"""
    INSERT INTO salon_message (dedup_key, kind, event_id, person_id, channel, batch, context,
        state, due_at, until, released_at, attempts, uncertain, failure, recipient,
        subject, body, created_at)
    VALUES (%(dedup_key)s, %(kind)s, %(event_id)s, %(person_id)s, %(channel)s, %(batch)s,
        %(context)s, 'planned', %(due_at)s, %(until)s, CASE WHEN %(released)s THEN clock_timestamp() END,
        0, false, '', '', '', '', clock_timestamp())
    ON CONFLICT (dedup_key) DO UPDATE SET dedup_key = excluded.dedup_key
    RETURNING {by_hand.columns(Message)}
"""  # noqa: S608


def plan(
    *,
    dedup_key,
    kind,
    event_id,
    due_at,
    person_id=None,
    channel=Message.Channel.EMAIL,
    batch="",
    context=None,
    released=True,
    until=None,
):
    """Write one message into the outbox, within the verb's transaction. One statement.

    Idempotent: with a `dedup_key` that is known already, the row that has it is returned as it
    is, be it handed over or cancelled. `context` holds ids and dates, never personal values. With
    `released=False` the message waits for `release`. From `until` on it is not true any more and
    does not go.
    """
    if letter_kinds.of(kind) is None:
        raise LookupError(f"no composer for messages of kind {kind!r}")
    values = {
        "dedup_key": dedup_key,
        "kind": kind,
        "event_id": event_id,
        "person_id": person_id,
        "channel": str(channel),
        "batch": batch,
        "context": json.dumps(context or {}, cls=DjangoJSONEncoder),
        "due_at": due_at,
        "until": until,
        "released": released,
    }
    [message] = by_hand.first(_PLAN, values, Message)
    # A hint by this machine's clock; whether it is due the database decides.
    if released and due_at <= timezone.now() + timedelta(seconds=10):
        ring()
    return message


@dataclass(frozen=True)
class Planned:
    """One message of many for `plan_many`; as the arguments of `plan`."""

    dedup_key: str
    kind: str
    event_id: int | None
    due_at: datetime
    person_id: int | None = None
    channel: str = Message.Channel.EMAIL
    batch: str = ""
    context: dict | None = None
    released: bool = True
    until: datetime | None = None


_PLAN_MANY = """
    INSERT INTO salon_message (dedup_key, kind, event_id, person_id, channel, batch, context,
        state, due_at, until, released_at, attempts, uncertain, failure, recipient,
        subject, body, created_at)
    SELECT dedup_key, kind, event_id, person_id, channel, batch, context,
        'planned', due_at, until, CASE WHEN released THEN clock_timestamp() END,
        0, false, '', '', '', '', clock_timestamp()
    FROM unnest(%s::text[], %s::text[], %s::bigint[], %s::bigint[], %s::text[], %s::text[],
        %s::jsonb[], %s::timestamptz[], %s::timestamptz[], %s::bool[])
        AS planned (dedup_key, kind, event_id, person_id, channel, batch, context, due_at, until,
            released)
    ORDER BY dedup_key
    ON CONFLICT (dedup_key) DO NOTHING
"""


def plan_many(letters: Iterable[Planned]) -> None:
    """Write any number of messages into the outbox in one statement; idempotent as `plan` is."""
    letters = list(letters)
    if not letters:
        return
    if strange := {letter.kind for letter in letters} - letter_kinds.KINDS.keys():
        raise LookupError(f"no composer for messages of kind {min(strange)!r}")
    rows = [
        (
            *(letter.dedup_key, letter.kind, letter.event_id, letter.person_id),
            *(str(letter.channel), letter.batch),
            *(json.dumps(letter.context or {}, cls=DjangoJSONEncoder), letter.due_at),
            *(letter.until, letter.released),
        )
        for letter in letters
    ]
    with connection.cursor() as cursor:
        cursor.execute(_PLAN_MANY, [list(column) for column in zip(*rows, strict=True)])
    soon = timezone.now() + timedelta(seconds=10)
    if any(letter.released and letter.due_at <= soon for letter in letters):
        ring()


def release(messages, *, by):
    """Let held messages go; those whose hour has come go now. Returns how many."""
    return _change(
        "release_message",
        messages.held(),
        by=by,
        released_at=clock.database_now(),
    )


def hold(messages, *, by):
    """Keep messages back that have not gone yet, until they are released. Returns how many."""
    return _change(
        "hold_message",
        messages.to_be_stopped().filter(released_at__isnull=False),
        by=by,
        state=State.PLANNED,
        lease_until=None,
        released_at=None,
    )


def redate(messages, *, due_at=None, delta=None, until=None, by=None):
    """Move messages that have not gone yet to `due_at` and `until`, or both by `delta`. Returns how
    many."""
    if (due_at is None) == (delta is None):
        raise TypeError("give either due_at or delta")
    return _change(
        "redate_message",
        messages.open(),
        by=by,
        due_at=due_at if delta is None else F("due_at") + delta,
        until=until if delta is None else F("until") + delta,
    )


def readdress(messages, *, channel, by=None):
    """Have messages that have not gone yet, and those that went astray, go by this channel when
    they go. Returns how many."""
    theirs = messages.waiting_or_astray().exclude(channel=channel)
    return _change("readdress_message", theirs, by=by, channel=channel)


def cancel(messages, *, by=None):
    """Call off messages that have not gone yet. Returns how many."""
    return _change(
        "cancel_message",
        messages.to_be_stopped(),
        by=by,
        state=State.CANCELLED,
        lease_until=None,
    )


def try_again(messages, *, by):
    """Send what went astray after all, with as many tries as a new one has. Returns how many."""
    return _change(
        "try_message_again",
        messages.astray(),
        by=by,
        state=State.PLANNED,
        attempts=0,
        next_try_at=None,
        failure="",
    )


def tell_by_hand(messages, *, by):
    """Give up on the channel: whom these messages are for is to be told by somebody of the crew.
    Returns how many."""
    return _change(
        "tell_by_hand",
        messages.astray().exclude(state=State.BY_HAND).exclude(person_id=None),
        by=by,
        state=State.BY_HAND,
    )


def told(message, *, by):
    """Somebody of the crew told the person: as good as handed over, and what starts with that
    starts now. Twice is once. Raises Refused("not_to_tell") for a letter that is not astray."""
    with transaction.atomic():
        now = clock.now()
        _start(message, now)
        row = Message.objects.select_for_update().get(pk=message.pk)
        if row.channel == Message.Channel.HAND and row.state == State.HANDED_OVER:
            return row
        if row.state not in Message.ASTRAY:
            raise Refused("not_to_tell", _("这条通知现在不用手动发送了。"))
        row.state, row.channel = State.HANDED_OVER, Message.Channel.HAND
        row.handed_over_at, row.done_by_id = now, by.pk
        changed = ["state", "channel", "handed_over_at", "done_by_id"]
        row.save(update_fields=changed)
        audit.record("tell_by_hand_done", row, by=by, fields=changed)
    return row


def bounced(message, reason):
    """The far side took the letter and sent it back later: it was never heard, and what began with
    its handing over is undone. Returns whether it was handed over until now. `reason` as in
    NotDelivered."""
    with transaction.atomic():
        kind = letter_kinds.of(message.kind)
        if kind is not None:
            kind.when_undone(message, clock.now())
        rows = Message.objects.filter(pk=message.pk, state=State.HANDED_OVER)
        known = rows.exclude(channel=Message.Channel.HAND)
        was = known.update(
            state=State.BOUNCED, on_the_wire_at=None, failure=reason[:LONGEST_FAILURE]
        )
        if not was:
            transaction.set_rollback(True)
        return bool(was)


def _change(verb, messages, *, by, **values):
    with transaction.atomic():
        changing = list(
            messages.order_by("pk").select_for_update(of=("self",)).values_list("pk", "event_id")
        )
        Message.objects.filter(pk__any_of={pk for pk, _event_id in changing}).update(**values)
        audit.record_rows(verb, Message, changing, by=by, fields=sorted(values))
        ring()
    return len(changing)


def forget(person_id):
    """Blank what a person was sent and call off what they would be; for erasing them.

    Rows stay, so that counts do. A letter that is on the wire at this moment arrives, and leaves
    no copy here.
    """
    with transaction.atomic():
        theirs = Message.objects.of_person(person_id)
        cancel(theirs)
        theirs.update(recipient="", subject="", body="", failure="", domain="")


def preview(message):
    """The Letter as its reader will see it, secrets masked, without sending; None if it would be
    called off. For a message that went: as it went. Raises Refused like its composer."""
    if message.state in (State.HANDED_OVER, State.BOUNCED) or message.on_the_wire_at:
        return Letter(to=message.recipient, subject=message.subject, text=message.body)
    try:
        draft = _compose(message)
    except _Rests:
        return None
    if draft is None:
        return None
    with translation.override(settings.LANGUAGE_CODE):
        return Letter(
            to=channel_of(message.channel).shown_recipient(draft),
            subject=draft.subject,
            text=draft.as_kept(),
            attachments=draft.attachments,
            reply_to=draft.reply_to,
            face=draft.face,
        )


class _Rests(Exception):
    """Its person was put out of sight after a worker had claimed it."""


def _compose(message):
    if resting.is_resting(message.person_id):
        raise _Rests
    return letter_kinds.compose(message)


# --- the bell -------------------------------------------------------------------------------------


def ring():
    """Wake a worker once this transaction is committed. Never fails, and at most one ring each."""
    if _ring not in [call[1] for call in connection.run_on_commit]:
        transaction.on_commit(_ring, robust=True)


RING_SECONDS = 0.3
_bell = threading.Lock()
_quiet_until = 0.0  # whoever rings until then is heard by the ring that comes then
_rings_again = False


def _ring():
    """One ring opens a moment in which all further ones are one ring at its end: a burst of
    sign-ups costs the broker two tasks, and no letter waits longer than RING_SECONDS for its bell.
    """
    global _quiet_until, _rings_again  # noqa: PLW0603  one bell for the whole process
    with _bell:
        wait = _quiet_until - time.monotonic()
        if wait > 0 and _rings_again:
            return
        if broker.attempt(partial(_send_bell, wait=max(wait, 0))):
            _rings_again = wait > 0
            _quiet_until = time.monotonic() + (wait if wait > 0 else RING_SECONDS)


def _send_bell(redis, *, wait):
    redis.ping()  # a moment at most; the task's own connection would wait for seconds
    current_app.send_task("salon.tasks.deliver_due_messages", expires=60, countdown=wait or None)


# --- what the worker does -------------------------------------------------------------------------


def deliver_due(*, within_seconds=240, waiting=False):
    """Send what is due, in batches, until nothing is or the time is over. `waiting`: stay for those
    whose turn comes soon, too.

    Returns a Counter of states: {"handed_over": 12, "not_delivered": 1, "planned": 2 (to be tried
    again, or not their turn yet)}.
    May run any number of times at once. RuntimeError inside a transaction.
    """
    done, end = Counter(), time.monotonic() + within_seconds
    if overtaken := expire():
        done[str(State.EXPIRED)] = overtaken
    with _Lines() as lines:
        while True:
            if messages := claim():
                done.update(_deliver(messages, lines))
            elif not (waiting and _wait_for_a_turn()):
                break
            if time.monotonic() > end:
                ring()
                break
    return done


def expire():
    """Put aside what was released and is not true any more: after an outage nobody reads three
    reminders in one minute. Returns how many."""
    now = clock.database_now()
    late = Message.objects.unsaid().released().filter(until__lte=now)
    return late.update(state=State.EXPIRED)


def channel_of(name):
    # Told by hand once and then tried again: by the channel that a new letter would take.
    return CHANNELS.get(name, CHANNELS["email"])()


class _Lines(dict):
    """The channels of one run, each with its line kept open from batch to batch."""

    def __missing__(self, name):
        self[name] = channel_of(name)
        return self[name]

    def hang_up(self):
        for channel in self.values():
            channel.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.hang_up()


LONGEST_WAIT = timedelta(seconds=10)  # for whose turn comes later than that the clock rings again
LOOK_AGAIN_SECONDS = 1.0  # a letter that somebody waits for may have come meanwhile


def _wait_for_a_turn():
    """Sleep until the next domain is free; False where none is waited for or that takes longer."""
    now = clock.now()
    turn = pace.next_turn(now, LONGEST_WAIT)
    if turn is None:
        return False
    time.sleep(min(max((turn - now).total_seconds(), 0.02), LOOK_AGAIN_SECONDS))
    return True


def claim(limit=AT_ONCE):
    """Take up to `limit` due messages for LEASE; nobody else gets them meanwhile."""
    with transaction.atomic(durable=True):
        now = clock.now()
        due = pace.next_in_turn(Message.objects.due(now), now)
        messages = list(due.select_for_update(skip_locked=True)[:limit])
        for message in messages:
            # Its last holder vanished with it on the wire: it may have arrived already.
            message.uncertain = message.uncertain or message.on_the_wire_at is not None
            message.state = State.CLAIMED
            message.lease_until = now + LEASE
            message.on_the_wire_at = message.next_try_at = None
        Message.objects.filter(pk__in=[message.pk for message in messages]).update(
            uncertain=ExpressionWrapper(
                Q(uncertain=True) | Q(on_the_wire_at__isnull=False), output_field=BooleanField()
            ),
            state=State.CLAIMED,
            lease_until=now + LEASE,
            on_the_wire_at=None,
            next_try_at=None,
        )
    return messages


def _deliver(messages, lines=None):
    """The state that each came to, or None where it was taken from us."""
    with contextlib.ExitStack() as ours:
        lines = ours.enter_context(_Lines()) if lines is None else lines
        silent = set()
        for message in messages:
            if message.channel in silent:
                yield _let_go(message)
            else:
                yield _deliver_one(message, lines[message.channel], silent)


def _deliver_one(message, channel, silent):
    """Send one claimed message; the state it came to, or None if it was taken from us. A channel
    whose server does not answer is noted in `silent`."""
    try:
        state = _send(message, channel)
    except _Rests:
        return _let_go(message)
    except letter_kinds.NotYet as lacks:
        again = clock.database_now() + LOOK_WHETHER_IT_IS_THERE
        return _let_go(message, failure=str(lacks)[:LONGEST_FAILURE], next_try_at=again)
    except Refused as refusal:
        problem = NotDelivered(str(refusal), for_good=True)
    except NotDelivered as trouble:
        problem = trouble
    except DatabaseError:
        raise
    except Exception:
        log.exception("message %s (%s)", message.pk, message.kind)
        problem = NotDelivered(
            _("这条通知没能写成，请检查模板。"), perhaps=message.on_the_wire_at is not None
        )
    else:
        return _note_handed_over(message) if state == State.HANDED_OVER else state
    if problem.stops == "domain":
        pace.pause_domain(message.domain, problem.again_after)
    elif problem.stops == "server":
        silent.add(message.channel)
        log.warning("the server of channel %s does not serve us; left alone", message.channel)
        pace.leave_alone(_server(message))
        if message.on_the_wire_at is None:
            return _let_go(message, failure=problem.reason[:LONGEST_FAILURE])
    return _put_back(message, problem)


def _send(message, channel):
    """The state that the message came to, HANDED_OVER still to be noted. Raises Refused and
    NotDelivered."""
    is_over = message.until is not None and message.until <= clock.now()
    draft = None if is_over else _compose(message)
    if draft is None:
        return _note(message, State.EXPIRED if is_over else State.CANCELLED)
    channel.check(draft)
    if not channel.is_set_up(draft):
        if not channel.has_a_mailbox():
            return _note_no_way(message, channel, draft)
        return State.HANDED_OVER if _put_on_the_wire(message, channel, draft) else None
    channel.open()  # takes its time, and nobody has been sent anything yet
    message.domain = channel.domain(draft)
    if message.domain and not pace.take_turn(message.domain, message.event_id):
        return _let_go(message, domain=message.domain)
    draft = draft.packed()
    text = draft.as_sent()
    if not _put_on_the_wire(message, channel, draft):
        return None
    channel.send(message, draft, text)
    return State.HANDED_OVER


def _server(message):
    return pace.SERVERS.get(message.channel, pace.MAIL_SERVER)


def _let_go(message, **values):
    """Not sent, and no try of this message: it was not its turn, or its server is silent."""
    return _note(message, State.PLANNED, on_the_wire_at=None, **values)


def _put_on_the_wire(message, channel, draft):
    """Note, before the wire is touched, what will be sent; False if the claim is no longer ours.

    The copy is kept now and not after the sending, so that `forget` in between stays forgotten.
    """
    claimed_until, now = message.lease_until, clock.now()
    message.on_the_wire_at, message.lease_until = now, now + LEASE
    message.attempts += 1
    return Message.objects.filter(
        pk=message.pk, state=State.CLAIMED, lease_until=claimed_until
    ).update(
        on_the_wire_at=message.on_the_wire_at,
        lease_until=message.lease_until,
        attempts=message.attempts,
        **_copy(channel, draft),
    )


def _copy(channel, draft):
    return {
        "recipient": channel.shown_recipient(draft)[:254],
        "subject": draft.subject,
        "body": draft.as_kept(),
    }


def _note_no_way(message, channel, draft):
    """The house has no channel that leads to them, and says so instead of pretending."""
    kind = letter_kinds.of(message.kind)
    to_tell = kind.about_a_seat and message.person_id is not None
    return _note(
        message,
        State.BY_HAND if to_tell else State.NO_CHANNEL,
        failure="",
        **_copy(channel, draft),
    )


def _note_handed_over(message):
    with transaction.atomic():
        now = clock.now()
        pace.went_well(message.domain, _server(message))
        _start(message, now)
        return _note(message, State.HANDED_OVER, handed_over_at=now, failure="")


def _start(message, now):
    """What runs from the moment somebody has been told. First of all: it locks people, and nobody
    who holds a message's row may wait for one of theirs."""
    kind = letter_kinds.of(message.kind)
    if kind is not None:
        kind.when_handed_over(message, now)


def _put_back(message, problem):
    """To be tried again later, or not delivered; a try that never reached the wire counts, too."""
    tries = message.attempts + (message.on_the_wire_at is None)
    again = not problem.for_good and tries <= len(PAUSES)
    pause = max(PAUSES[tries - 1], problem.again_after or PAUSES[0]) if again else None
    return _note(
        message,
        State.PLANNED if again else State.NOT_DELIVERED,
        failure=problem.reason[:LONGEST_FAILURE],
        attempts=tries,
        next_try_at=clock.database_now() + pause if again else None,
        on_the_wire_at=None,
        domain=message.domain if problem.stops else "",
        uncertain=message.uncertain or problem.perhaps,
    )


def _note(message, state, **values):
    """Write the outcome, unless the row was taken from us: by another worker, by a cancellation.
    What was handed over is, whoever holds the row now."""
    rows = Message.objects.filter(pk=message.pk)
    if state != State.HANDED_OVER:
        rows = rows.filter(state=State.CLAIMED, lease_until=message.lease_until)
    taken = not rows.update(state=state, lease_until=None, **values)
    if state == State.NOT_DELIVERED and not taken:
        log.warning("message %s (%s) was not delivered", message.pk, message.kind)
    return None if taken else str(state)
