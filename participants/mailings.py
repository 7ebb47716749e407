"""The outbox as an organiser sees it: batches of letters, released, held, read beforehand."""

import re
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from events.models import Event
from participants import screening
from participants.models import ScreeningBatch
from participants.standing import batch_key
from salon import audit, outbox
from salon.errors import Refused
from salon.models import Message

# What the batches of letters begin with that ask people of earlier salons to come.
INVITATIONS = "invite:"
State = Message.State
# In the order in which they ask for somebody.
ENDINGS = (
    *(State.BY_HAND, State.NOT_DELIVERED, State.BOUNCED, State.NO_CHANNEL),
    *(State.HANDED_OVER, State.EXPIRED),
)
ASTRAY = [state for state in ENDINGS if state in Message.ASTRAY]


@dataclass(frozen=True)
class Mailing:
    """Letters of one batch and kind with their numbers by state, and `title` for the organiser."""

    batch: str
    kind: str
    title: str
    messages: int
    held: int
    waiting: int
    by_hand: int
    handed_over: int
    not_delivered: int
    no_channel: int
    bounced: int
    cancelled: int
    expired: int
    first_due_at: object
    decided: object = None  # the ScreeningBatch behind it

    @property
    def astray(self):
        """Released, and the people have not been told."""
        return sum(getattr(self, state) for state in ASTRAY)

    @property
    def endings(self):
        """[(state, its word, how many)] of what became of them, without the cancelled."""
        return counted([self], ENDINGS)


def counted(mailings, states):
    """[(state, its word, how many)] of the states in which there are any."""
    numbers = ((state, sum(getattr(row, state) for row in mailings)) for state in states)
    return [(str(state), state.label, number) for state, number in numbers if number]


def mailings(event):
    """All mailings of the event, the next to go first; two statements."""
    decided = {batch_key(b): b for b in event.screening_batches.select_related("by")}
    return [
        Mailing(title=outbox.label_of(row["kind"]), decided=decided.get(row["batch"]), **row)
        for row in Message.objects.of_event(event).batches()
    ]


def as_json(message):
    """What a machine is told of a letter (`letters --json`): no word of it, and nobody's contact.
    `words` are why it did not arrive, with the far server's own."""

    def moment(value):
        return value and value.isoformat()

    return {
        "id": message.pk,
        "kind": message.kind,
        "person": message.person_id,
        "channel": message.channel,
        "state": message.shown_state,
        "words": message.failure,
        "due_at": moment(message.due_at),
        "handed_over_at": moment(message.handed_over_at),
        "until": moment(message.until),
    }


def _screening_batch(event, batch):
    found = re.fullmatch(r"screening:(\d+)", batch)
    return found and ScreeningBatch.objects.filter(event=event, pk=found[1]).first()


def release(*, event, batch, by):
    """Let a batch go; returns how many letters. A screening batch starts its deadlines.

    Raises Refused("draft") for invitations to a page that nobody can open yet.
    """
    if batch.startswith(INVITATIONS) and event.status == Event.Status.DRAFT:
        raise Refused("draft", _("活动页还没有公开，收到的人打不开。先在控制室公开，再发送邀请。"))
    if decided := _screening_batch(event, batch):
        return screening.release_batch(batch=decided, by=by)
    with transaction.atomic():
        released = outbox.release(Message.objects.of_event(event).in_batch(batch), by=by)
        audit.record("release_mailing", event, by=by, event_id=event.pk)
    return released


def hold(*, event, batch, by):
    """Stop what has not gone yet; returns how many were stopped in time."""
    decided = _screening_batch(event, batch)
    if decided and decided.released_at:
        return screening.hold_batch(batch=decided, by=by)
    with transaction.atomic():
        stopped = outbox.hold(Message.objects.of_event(event).in_batch(batch), by=by)
        audit.record("hold_mailing", event, by=by, event_id=event.pk)
    return stopped


def release_all(*, event, by):
    """Release every held batch of decisions at once; returns how many letters went."""
    waiting = {row.batch: row.decided for row in mailings(event) if row.held and row.decided}
    return screening.release_batches(batches=list(waiting.values()), by=by)
