"""The control room's own figures: the walls, the outbox, the health of the house.

What the rooms above know (arrivals per category, questions waiting, groups) they bring as panels
of their own, see upstairs.panels.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Max, Min, Q
from django.utils.translation import gettext as _

from events import screens
from salon import broker, clock, floods
from salon.models import Heartbeat, Message

STALE = timedelta(minutes=3)  # as /healthz counts it


@dataclass(frozen=True)
class Outbox:
    """Messages of one event by what has become of them; `late_since` is when the oldest that
    should have gone by now was due."""

    held: int
    waiting: int
    by_hand: int
    handed_over: int
    not_delivered: int
    no_channel: int
    bounced: int
    cancelled: int
    expired: int
    uncertain: int
    late_since: datetime | None
    held_back: int  # first letters to strangers, of which there were too many at once
    held_back_until: datetime | None

    @property
    def rows(self):
        """[(state, its word, how many, whether it asks for somebody)]; what is worst comes first,
        and what there always is stays although there is none of it now."""
        state = Message.State
        asks = [(each, each.label, getattr(self, each), True) for each in Message.ASTRAY]
        return [row for row in asks if row[2]] + [
            ("held", _("待您确认发送"), self.held, False),
            (state.PLANNED, state.PLANNED.label, self.waiting, False),
            (state.HANDED_OVER, state.HANDED_OVER.label, self.handed_over, False),
        ]


def outbox_of(event, *, now):
    messages = Message.objects.of_event(event)
    counts = messages.aggregate(
        **messages.counted(), uncertain=Count("pk", filter=Q(uncertain=True))
    )
    oldest = messages.due(now).aggregate(Min("due_at"))["due_at__min"]
    back = floods.held_back(messages, now).aggregate(n=Count("pk"), until=Max("due_at"))
    return Outbox(
        **counts,
        late_since=oldest if oldest and now - oldest > STALE else None,
        held_back=back["n"],
        held_back_until=back["until"],
    )


@dataclass(frozen=True)
class Health:
    """Whether each part answers now; the database does, or nobody would read this."""

    redis: bool
    worker: bool
    beat: bool

    @property
    def well(self):
        return self.redis and self.worker and self.beat


def health(*, now):
    beats = dict(Heartbeat.objects.values_list("name", "at"))

    def alive(name):
        return name in beats and now - beats[name] < STALE

    return Health(
        redis=broker.attempt(lambda redis: redis.ping()),
        worker=alive("worker"),
        beat=alive("beat"),
    )


@dataclass(frozen=True)
class Wall:
    """A wall of the event; `address` is its URL name, `watched` None while nobody can tell."""

    address: str
    name: str
    watched: screens.Watched | None


def walls_of(event, *, now):
    watched = screens.watched(event, now=now)
    return [
        Wall(
            address=f"wall_{topic}",
            name=name,
            watched=None if watched is None else watched.get(topic, screens.Watched()),
        )
        for topic, name in screens.WALLS.items()
    ]


def figures(event):
    """Everything of this room that the page shows beside agenda and headcount."""
    now = clock.now()
    walls = walls_of(event, now=now)
    return {
        "walls": walls,
        "lost_walls": [wall for wall in walls if wall.watched and wall.watched.lost_at],
        "outbox": outbox_of(event, now=now),
        "health": health(now=now),
    }
