"""A flood of letters to addresses that nobody has proven: whoever applies with somebody else's
address has them sent.

No application is refused for it. Above a ceiling of the house, or of one network address (a high
one: a venue is one address), a letter is planned for a later minute, as many a minute as the
ceiling says; it needs no hand to go, and the organisers see that letters wait.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import QuerySet

from salon import identity
from salon.models import Message

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Ceiling:
    """So many at once, and then so many a minute."""

    at_once: int
    per_minute: int

    @property
    def every(self) -> timedelta:
        return timedelta(minutes=1) / self.per_minute


HOUSE = Ceiling(at_once=300, per_minute=120)
NETWORK = Ceiling(at_once=200, per_minute=20)  # a full room signs up by one router

# What a network has to wait for takes no turn of the house: one that floods delays nobody else.
_TAKE_TURN = """
    WITH network AS (
        INSERT INTO salon_allowance AS a (key, window_ends_at, used)
        SELECT %(network)s, clock_timestamp() + %(network_every)s, 1 WHERE %(has_network)s
        ON CONFLICT (key) DO UPDATE SET used = a.used + 1,
            window_ends_at = greatest(a.window_ends_at, clock_timestamp()) + %(network_every)s
        RETURNING window_ends_at - %(network_ahead)s AS at
    ), house AS (
        INSERT INTO salon_allowance AS a (key, window_ends_at, used)
        SELECT %(house)s, clock_timestamp() + %(house_every)s, 1
        WHERE NOT EXISTS (SELECT FROM network WHERE at > clock_timestamp())
        ON CONFLICT (key) DO UPDATE SET used = a.used + 1,
            window_ends_at = greatest(a.window_ends_at, clock_timestamp()) + %(house_every)s
        RETURNING window_ends_at - %(house_ahead)s AS at
    )
    SELECT at, is_house FROM (
        SELECT at, false AS is_house FROM network UNION ALL SELECT at, true FROM house
    ) AS turns WHERE at > clock_timestamp() ORDER BY at DESC LIMIT 1
"""


def turn(network: str, *, now: datetime) -> dict:
    """When a letter to an unproven address may go that somebody at this network address has caused,
    as arguments for `outbox.plan`. One statement, as late in the transaction as can be: all such
    letters wait for each other in it."""
    with connection.cursor() as cursor:
        cursor.execute(
            _TAKE_TURN,
            {
                "has_network": bool(network),
                "network": _key(f"network {network}"),
                "network_every": NETWORK.every,
                "network_ahead": NETWORK.every * NETWORK.at_once,
                "house": _key("house"),
                "house_every": HOUSE.every,
                "house_ahead": HOUSE.every * HOUSE.at_once,
            },
        )
        later = cursor.fetchone()
    if later is None:
        return {"due_at": now, "context": {}}
    at, is_house = later
    log.warning("a letter to a stranger waits: %s", "the house" if is_house else "one network")
    return {"due_at": at, "context": {"held_back": True}}


def _key(name):
    return identity.contact_digest(f"letters to strangers, {name}", "allowance")


def held_back(messages: QuerySet[Message], now: datetime) -> QuerySet[Message]:
    """Those of the messages that wait because there were too many."""
    return messages.open().filter(context__held_back=True, due_at__gt=now)
