"""What no split can score, proved twice: by trying everything, and by Lagrange's bound.

Both know only `alike` and the definition of the score, nothing of the search they judge.
"""

from collections import Counter
from collections.abc import Sequence
from functools import cache
from itertools import combinations

from workshops.seating import BANDS, ONE, Type, alike, deviation


def worth(kinds: Sequence[Type]) -> float:
    """Of one group, in twentieths: the sum over its people of their mean likeness."""
    if len(kinds) < 2:
        return 0.0
    return 2 * sum(alike(a, b) for a, b in combinations(kinds, 2)) / (len(kinds) - 1)


def best_score(people: Sequence[Type], size: tuple[int, int]) -> float:
    """The best score of all splits whose sizes come nearest, by trying them all.

    Only for small rooms. Types stand for people; the group of the first person left is
    chosen in every possible way.
    """
    kinds = sorted(set(people))
    counts = Counter(people)

    @cache
    def best(left: tuple[int, ...]) -> tuple[int, float]:
        if not any(left):
            return (0, 0.0)
        first = next(index for index, count in enumerate(left) if count)
        options = []
        for group in range(1, min(sum(left), 2 * size[1]) + 1):
            for chosen in choices(left, first, group):
                rest = tuple(have - take for have, take in zip(left, chosen, strict=True))
                penalty, value = best(rest)
                taken = zip(kinds, chosen, strict=True)
                here = [kind for kind, take in taken for _one in range(take)]
                options.append((penalty + deviation(group, size), value - worth(here)))
        return min(options)

    return -best(tuple(counts[kind] for kind in kinds))[1] / ONE / len(people)


def choices(left: tuple[int, ...], first: int, group: int):
    """All ways to take ``group`` people, at least one of type ``first`` and none before."""

    def fill(index, missing):
        if index == len(left):
            if missing == 0:
                yield ()
            return
        least = 1 if index == first else 0
        most = 0 if index < first else min(left[index], missing)
        for take in range(least, most + 1):
            for rest in fill(index + 1, missing - take):
                yield (take, *rest)

    return fill(0, group)


def lagrange_bound(
    split: Sequence[Sequence[Type]],
    size: tuple[int, int],
    *,
    rounds: int = 300,
    close: float = 1.0,
) -> float:
    """A score that no split of these people into groups of ``size`` can pass.

    Proof. Give each type t any price p(t). A split seats each person once, so its worth is
    Σ p(t) n(t) + Σ over groups of (worth − prices of its people). No group of k people
    brings more than M(k), the most that any k people of the types present could bring if
    no other group wanted them. A split has g(k) groups of size k with Σ k g(k) = n, so its
    worth is at most Σ p(t) n(t) + the largest Σ g(k) M(k). This holds for every price
    list. The prices start from what each type has in ``split`` and are improved by
    deflected subgradient steps, until ``split`` is within ``close`` of the bound or the
    rounds are over. Everybody must have said industry and size.
    """
    counts = Counter(kind for group in split for kind in group)
    people = counts.total()
    mix = _SizeMix(people, size)
    pricing = {group: _DearestGroup(counts, group) for group in range(size[0], size[1] + 1)}
    known = sum(map(worth, split))
    prices = _own_worth(split)
    best, best_prices, stalled, pace = float("inf"), prices, 0, 1.0
    direction = dict.fromkeys(counts, 0.0)
    for _round in range(rounds):
        dearest = {group: find(prices) for group, find in pricing.items()}
        groups = mix.best({group: gain for group, (gain, _who) in dearest.items()})
        bound = sum(prices[kind] * many for kind, many in counts.items())
        bound += sum(many * dearest[group][0] for group, many in groups.items())
        stalled = 0 if bound < best else stalled + 1
        if bound < best:
            best, best_prices = bound, dict(prices)
        if stalled == 15:
            prices, direction = dict(best_prices), dict.fromkeys(counts, 0.0)
            pace, stalled = pace * 0.7, 0
        slope = dict(counts)
        for group, many in groups.items():
            for kind in dearest[group][1]:
                slope[kind] -= many
        direction = {kind: slope[kind] + 0.8 * direction[kind] for kind in counts}
        length = sum(step * step for step in direction.values())
        if not length or known >= close * best:
            break
        aim = (known + best) / 2
        for kind, step in direction.items():
            prices[kind] -= pace * (bound - aim) / length * step
    return best / ONE / people


def _own_worth(split: Sequence[Sequence[Type]]) -> dict[Type, float]:
    """Per type, the mean likeness of its people to the others of their groups."""
    total, many = Counter(), Counter()
    for group in split:
        for place, kind in enumerate(group):
            others = [other for at, other in enumerate(group) if at != place]
            total[kind] += sum(alike(kind, other) for other in others) / len(others)
            many[kind] += 1
    return {kind: total[kind] / many[kind] for kind in many}


class _SizeMix:
    """All ways to write n as groups of the wanted sizes (two neighbouring sizes at most)."""

    def __init__(self, people: int, size: tuple[int, int]):
        low, high = size
        assert high - low <= 1
        self.mixes = [
            {low: lows, high: (people - low * lows) // high}
            for lows in range(people // low + 1)
            if (people - low * lows) % high == 0
        ]

    def best(self, gains: dict[int, float]) -> dict[int, int]:
        return max(
            self.mixes, key=lambda mix: sum(gains[group] * many for group, many in mix.items())
        )


class _DearestGroup:
    """The group of k people that is worth most after paying prices, found exactly.

    The likeness of a group is 12 per pair of one industry, plus a term that depends only
    on how many there are of each size band. So industries are added one by one, keeping
    for every band vector the best that leads to it.
    """

    def __init__(self, counts: Counter, group: int):
        self.group, self.counts = group, counts
        self.industries = sorted({kind[0] for kind in counts})
        self.vectors = [v for total in range(group + 1) for v in _vectors(len(BANDS), total)]
        number = {vector: index for index, vector in enumerate(self.vectors)}
        sums = [sum(vector) for vector in self.vectors]

        def together(one: int, other: int) -> int:
            pairs = zip(self.vectors[one], self.vectors[other], strict=True)
            return number[tuple(a + b for a, b in pairs)]

        everybody = range(len(self.vectors))
        self.steps = [
            [(more, together(base, more)) for more in everybody if sums[base] + sums[more] <= group]
            for base in everybody
        ]
        bands = [
            [("", band) for band, many in zip(BANDS, v, strict=True) for _ in range(many)]
            for v in self.vectors
        ]
        # A blank industry counts half of 12 for each pair: taken off again here.
        self.band_term = [
            worth(b) - 6 * len(b) if sum_ == group else None
            for b, sum_ in zip(bands, sums, strict=True)
        ]

    def __call__(self, prices: dict) -> tuple[float, list]:
        reached = {0: (0.0, None)}
        trail = []
        for industry in self.industries:
            own = self._own(industry, prices)
            following: dict = {}
            for base, (value, _back) in reached.items():
                for more, end in self.steps[base]:
                    if own[more] is not None:
                        option = value + own[more]
                        if end not in following or option > following[end][0]:
                            following[end] = (option, (base, more))
            trail.append(following)
            reached = following
        end = max(
            (index for index in reached if self.band_term[index] is not None),
            key=lambda index: reached[index][0] + self.band_term[index],
        )
        gain = reached[end][0] + self.band_term[end]
        who = []
        for industry, table in zip(reversed(self.industries), reversed(trail), strict=True):
            end, more = table[end][1]
            for band, many in zip(BANDS, self.vectors[more], strict=True):
                who += [(industry, band)] * many
        return gain, who

    def _own(self, industry: str, prices: dict) -> list:
        """Per band vector: what so many of this industry add; None if not so many are here."""
        result = []
        for vector in self.vectors:
            people = sum(vector)
            value = 2 * 12 * (people * (people - 1) / 2) / (self.group - 1)
            for band, many in zip(BANDS, vector, strict=True):
                if many > self.counts.get((industry, band), 0):
                    value = None
                    break
                if many:
                    value -= many * prices[(industry, band)]
            result.append(value)
        return result


def _vectors(length: int, total: int):
    if length == 1:
        yield (total,)
        return
    for first in range(total + 1):
        for rest in _vectors(length - 1, total - first):
            yield (first, *rest)
