"""How many people and groups the event has to reckon with, as far as the rooms above know."""

from collections import ChainMap
from dataclasses import dataclass

from events import upstairs

PEOPLE_PER_GROUP = 6


@dataclass(frozen=True)
class Headcount:
    """People on site: `heads` confirmed, `arrived` checked in; `groups` in the workshop.

    `estimated` says that `heads` is the capacity, because nobody could be counted, and
    `groups_estimated` that `groups` follows from `heads` and not from groups that were formed.
    """

    heads: int
    groups: int
    arrived: int | None
    estimated: bool
    groups_estimated: bool


def of(event):
    known = ChainMap(*[count(event) for count in upstairs.headcount])
    counted = known.get("heads") or 0
    heads = counted or event.on_site_capacity
    groups = known.get("groups") or 0
    return Headcount(
        heads=heads,
        groups=groups or -(-heads // PEOPLE_PER_GROUP),
        arrived=known.get("arrived"),
        estimated=not counted,
        groups_estimated=not groups,
    )
