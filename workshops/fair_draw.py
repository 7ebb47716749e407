"""The pain blind box: a draw that can be shown to be fair (SALON §4).

Before the first draw the commitment is published, after the last the seed. Whoever has
both can reckon the order again and see that it was fixed before anybody drew: another seed
or another set of slips would have given another commitment.
"""

import hashlib
import hmac
import json
import secrets
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

FEWEST, MOST = 3, 5


@dataclass(frozen=True)
class Slip:
    """One pain in the box. ``group`` None: from somebody without a group."""

    id: int
    group: int | None


def new_seed() -> str:
    """128 random bits in hex: too many to find the seed behind a commitment by trying."""
    return secrets.token_hex(16)


def commit(slips: Sequence[Slip], seed: str) -> str:
    """SHA-256, in hex, of the seed and the slips with their groups, ordered by id.

    Written as JSON without spaces, ``["seed",[[1,4],[2,null]]]``, so that no two boxes
    share one writing. The groups are part of it because the order depends on them.
    """
    box = [[slip.id, slip.group] for slip in sorted(slips, key=lambda slip: slip.id)]
    if len({slip_id for slip_id, _group in box}) < len(box):
        raise ValueError("the same slip twice")
    return hashlib.sha256(json.dumps([seed, box], separators=(",", ":")).encode()).hexdigest()


def verify(commitment: str, seed: str, slips: Sequence[Slip]) -> bool:
    """Whether this seed and these slips are the ones that were committed to."""
    return hmac.compare_digest(commit(slips, seed).encode(), commitment.encode())


def draw_order(slips: Sequence[Slip], seed: str) -> list[Slip]:
    """All slips in the order of drawing: in rounds, one slip of every group in each.

    Within a group, and between groups within a round, the order is that of HMAC-SHA-256
    under the seed, so it depends on nothing but seed and slips. After any number of
    draws two groups that still have slips differ by one at most: the draw is spread.
    """
    by_group: dict[int | None, list[Slip]] = defaultdict(list)
    for slip in slips:
        by_group[slip.group].append(slip)
    rounds = []
    for group, own in by_group.items():
        own.sort(key=lambda slip: (_lot(seed, "slip", slip.id), slip.id))
        rounds += [(turn, _lot(seed, "group", turn, group), slip) for turn, slip in enumerate(own)]
    return [slip for _turn, _lot_drawn, slip in sorted(rounds, key=lambda row: row[:2])]


def next_slip(
    slips: Sequence[Slip], seed: str, drawn: Collection[int], hidden: Collection[int] = ()
) -> Slip | None:
    """The next one in order that is neither among the drawn ids nor the hidden ones; None when
    MOST are drawn or nothing is left."""
    if len(drawn) >= MOST:
        return None
    gone = {*drawn, *hidden}
    return next((slip for slip in draw_order(slips, seed) if slip.id not in gone), None)


def _lot(seed: str, *what: object) -> bytes:
    message = json.dumps(what, separators=(",", ":")).encode()
    return hmac.new(seed.encode(), message, hashlib.sha256).digest()
