"""The arithmetic of an afternoon: overlaps, gaps, the interactive share, and what follows moving.

Pure: works on `Slot`s, knows no database and no clock. Times are aware datetimes.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from salon.errors import Refused

SHORTEST_BREAK = timedelta(minutes=5)


@dataclass(frozen=True)
class Slot:
    """One item of the agenda in time."""

    id: int
    title: str
    starts_at: datetime
    ends_at: datetime
    kind: str = ""
    interactive: bool = False

    @property
    def length(self):
        return self.ends_at - self.starts_at

    @property
    def minutes(self):
        return self.length // timedelta(minutes=1)


@dataclass(frozen=True)
class Gap:
    """Time between two items that belongs to none."""

    starts_at: datetime
    ends_at: datetime

    @property
    def minutes(self):
        return (self.ends_at - self.starts_at) // timedelta(minutes=1)


@dataclass(frozen=True)
class Share:
    """How much of the running time is interactive; both in minutes."""

    interactive: int
    total: int
    target_percent: int

    @property
    def percent(self):
        """Whole percent, rounded down so that 60 is shown only when 60 is reached."""
        return self.interactive * 100 // self.total if self.total else None

    @property
    def met(self):
        """True or False; None while there is no agenda to judge."""
        if not self.total:
            return None
        return self.interactive * 100 >= self.target_percent * self.total


class How(TextChoices):
    """What gives way when an item is extended."""

    ALONG = "along", _("后面的环节顺延")
    BREAK = "break", _("缩短下一次茶歇")


def in_order(slots):
    return sorted(slots, key=lambda slot: (slot.starts_at, slot.id or 0))


def overlaps(slots):
    """Pairs of neighbours that want the same time."""
    return [(a, b) for a, b in pairwise(in_order(slots)) if a.ends_at > b.starts_at]


def gaps(slots):
    return [
        Gap(a.ends_at, b.starts_at) for a, b in pairwise(in_order(slots)) if a.ends_at < b.starts_at
    ]


def interactive_share(slots, *, target_percent):
    minutes = [(slot.minutes, slot.interactive) for slot in slots]
    return Share(
        interactive=sum(count for count, interactive in minutes if interactive),
        total=sum(count for count, _interactive in minutes),
        target_percent=target_percent,
    )


def extend(slots, *, which, minutes, how):
    """The slots after the one with id `which` lasts `minutes` longer, in order.

    ALONG: what follows moves only as far as it must, so a gap is used up first.
    BREAK: the next break starts later and ends as before; the items up to it move along.
    Raises Refused when there is no break ahead or it is too short.
    """
    slots = in_order(slots)
    place = next(index for index, slot in enumerate(slots) if slot.id == which)
    longer = timedelta(minutes=minutes)
    extended = replace(slots[place], ends_at=slots[place].ends_at + longer)
    ahead = slots[place + 1 :]
    if how == How.BREAK:
        ahead = _shorten_next_break(extended, ahead)
    return [*slots[:place], extended, *_push(extended, ahead)]


def apart(slots):
    """The slots in the order given, each moved just far enough to begin after the one before."""
    return [*slots[:1], *_push(slots[0], slots[1:])] if slots else []


def _push(before, following):
    """Move each of `following` just far enough to begin after the one before it."""
    moved = []
    for slot in following:
        delay = max(before.ends_at - slot.starts_at, timedelta(0))
        before = replace(slot, starts_at=slot.starts_at + delay, ends_at=slot.ends_at + delay)
        moved.append(before)
    return moved


def _shorten_next_break(extended, ahead):
    index = next((i for i, slot in enumerate(ahead) if slot.kind == "break"), None)
    if index is None:
        raise Refused("no_break", _("后面没有茶歇可以缩短了，请改用顺延。"))
    rest = ahead[index]
    ready = (_push(extended, ahead[:index]) or [extended])[-1].ends_at
    starts_at = max(ready, rest.starts_at)
    if rest.ends_at - starts_at < SHORTEST_BREAK:
        spare = (rest.length - SHORTEST_BREAK) // timedelta(minutes=1)
        raise Refused(
            "break_too_short",
            _("“%(title)s”共 %(minutes)s 分钟，最多能让出 %(spare)s 分钟。请少延一点，或改用顺延。")
            % {"title": rest.title, "minutes": rest.minutes, "spare": max(spare, 0)},
        )
    return [*ahead[:index], replace(rest, starts_at=starts_at), *ahead[index + 1 :]]
