"""Counting the votes of one award (SALON §6): a tie goes to the mentors, then to a drawn lot."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

from django.utils.translation import gettext as _


@dataclass(frozen=True)
class AwardResult:
    """Groups are the caller's ids. ``tied``: all with the most votes, if more than one.

    ``lot_seed`` is set when a lot was drawn: with it `lot_order` can be repeated by anyone.
    """

    winner: int | None
    votes: int
    tied: tuple[int, ...]
    broken_by: Literal["mentor_mean", "lot"] | None
    lot_seed: str | None
    sentence: str


def result(
    votes: Mapping[int, int], mentor_means: Mapping[int, Decimal | None], *, seed: str
) -> AwardResult:
    """Who wins the award.

    Most votes; of those the highest mentor mean, a group without a review standing behind
    every group with one; of those the first by `lot_order`. Without a single vote nobody
    wins, however good the marks.
    """
    if any(count < 0 for count in votes.values()):
        raise ValueError("negative votes")
    most = max(votes.values(), default=0)
    if most == 0:
        return AwardResult(None, 0, (), None, None, _("还没有人投票，本奖项没有得主。"))
    first = sorted(group for group, count in votes.items() if count == most)
    words = {"votes": most, "tied": len(first)}
    if len(first) == 1:
        sentence = _("得 %(votes)s 票，票数最高。") % words
        return AwardResult(first[0], most, (), None, None, sentence)
    best = max(_mark(mentor_means.get(group)) for group in first)
    marked = [group for group in first if _mark(mentor_means.get(group)) == best]
    if len(marked) == 1:
        words["mean"] = told(mentor_means[marked[0]])
        sentence = _("%(tied)s 组同得 %(votes)s 票，导师评分均值 %(mean)s 较高者胜出。") % words
        return AwardResult(marked[0], most, tuple(first), "mentor_mean", None, sentence)
    words |= {"equal": len(marked), "seed": seed}
    sentence = _(
        "%(tied)s 组同得 %(votes)s 票，其中 %(equal)s 组导师评分也相同，"
        "抽签决定，种子 %(seed)s 已存档，可以复核。"
    )
    winner = lot_order(marked, seed)[0]
    return AwardResult(winner, most, tuple(first), "lot", seed, sentence % words)


def told(mean: Decimal) -> Decimal:
    """A mean as screens show it, to two decimals."""
    return mean.quantize(Decimal("0.01"), ROUND_HALF_UP)


def lot_order(groups: list[int], seed: str) -> list[int]:
    """The drawn order: by SHA-256 of "seed:group". Anyone can reckon it on any machine."""
    return sorted(
        groups, key=lambda group: (hashlib.sha256(f"{seed}:{group}".encode()).digest(), group)
    )


def _mark(mean: Decimal | None) -> tuple:
    return (0, Decimal(0)) if mean is None else (1, mean)
