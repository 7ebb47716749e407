"""Like sits with like: the search behind the work groups, over types of people (SALON §6).

**The objective.** Two people are alike by 3/5 for the same industry and by up to 2/5 for
neighbouring community sizes; what somebody did not say counts half (`alike`). A person is
as well placed as they are alike, on average, to the others of their group, and the *score*
of a split is the mean of that over all people, from 0 to 1. So splits into fives, sixes or
a mixture can be compared, and a small group earns nothing for being small.

**The method.** People of one industry and one size are interchangeable, so the search is
over types. All stand in a line on which neighbours are alike; dynamic programming cuts
that line into groups in the best way; the best cuts of several lines are then improved by
swapping two people, or handing one over, while a temperature falls. Two groups or fewer
are solved exactly. Everything random comes from the seed: a run can be repeated.

**How good.** `upper_bound` proves that no split can score more. The tests compare with all
splits of small rooms and, for rooms where the simple bound is loose, with a Lagrangian bound.
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import combinations
from random import Random

SIZE = (5, 6)
BANDS = ("under_5k", "5k_10k", "10k_50k", "50k_200k", "over_200k")

# Likeness in twentieths: whole numbers keep the search exact and fast.
ONE = 20
SAME_INDUSTRY = 12
SAME_BAND = 8
PER_BAND_APART = SAME_BAND // (len(BANDS) - 1)

Type = tuple[str, str]  # industry, size band; blank: not said


def alike(one: Type, other: Type) -> int:
    """Likeness of two types in twentieths, 0 to ONE; the same both ways."""
    if not one[0] or not other[0]:
        industry = SAME_INDUSTRY // 2
    else:
        industry = SAME_INDUSTRY if one[0] == other[0] else 0
    if not one[1] or not other[1]:
        return industry + SAME_BAND // 2
    apart = abs(BANDS.index(one[1]) - BANDS.index(other[1]))
    return industry + SAME_BAND - PER_BAND_APART * apart


def group_worth(types: Sequence[Type]) -> float:
    """Sum over the people of one group of their mean likeness to the others, 0 to 1 each."""
    if len(types) < 2:
        return 0.0
    pairs = sum(alike(one, other) for one, other in combinations(types, 2))
    return 2 * pairs / (len(types) - 1) / ONE


def score(groups: Iterable[Sequence[Type]]) -> float:
    """Mean over all people of their mean likeness to the others of their group, 0 to 1."""
    groups = list(groups)
    people = sum(map(len, groups))
    return sum(map(group_worth, groups)) / people if people else 0.0


def upper_bound(people: Sequence[Type], size: tuple[int, int] = SIZE) -> float:
    """A score that no split into nearest sizes can pass.

    Proof: let k be the smallest size that occurs, so everybody has at least k − 1 others.
    The mean likeness to the m ≥ k − 1 others in the group is at most the mean of the m
    largest likenesses to anybody, which is at most the mean of the k − 1 largest. That
    bound depends on the person alone; the score is the mean over people.
    """
    counts = Counter(people)
    others = min(nearest_sizes(len(people), size), default=0) - 1
    if others < 1:
        return 0.0
    total = 0.0
    for kind, many in counts.items():
        left, best = others, 0
        for likeness, available in sorted(
            ((alike(kind, other), count - (other == kind)) for other, count in counts.items()),
            reverse=True,
        ):
            take = min(left, available)
            best += take * likeness
            left -= take
        total += many * best / others
    return total / ONE / len(people)


# ---------------------------------------------------------------- which sizes


def nearest_sizes(people: int, size: tuple[int, int] = SIZE) -> tuple[int, ...]:
    """The group sizes used by splits that come nearest to ``size``, smallest first.

    Nearest: the least sum of squared deviations from the wanted range, so that eight
    people sit four and four and not all at one table. Blank for nobody.
    """
    low, high = size
    if not 1 <= low <= high:
        raise ValueError(f"group sizes from {low} to {high}")
    if people < 1:
        return ()
    if -(-people // high) * low <= people:
        return tuple(range(low, high + 1))
    penalty = _penalties(people, size)
    used, rests, seen = set(), [people], {people}
    while rests:
        rest = rests.pop()
        for group in range(1, min(rest, _largest(size)) + 1):
            if penalty[rest - group] + deviation(group, size) == penalty[rest]:
                used.add(group)
                if rest - group not in seen:
                    seen.add(rest - group)
                    rests.append(rest - group)
    return tuple(sorted(used))


def deviation(group: int, size: tuple[int, int]) -> int:
    """How far one group is from the wanted range, squared."""
    low, high = size
    return max(low - group, 0, group - high) ** 2


def least_deviation(people: int, size: tuple[int, int] = SIZE) -> int:
    """The least sum of deviations of any split; 0 when all groups can be of the wanted size."""
    low, high = size
    return 0 if -(-people // high) * low <= people else _penalties(people, size)[people]


def _penalties(people: int, size: tuple[int, int]) -> list[int]:
    """For 0 … people: the least sum of deviations of any split."""
    least = [0]
    for total in range(1, people + 1):
        groups = range(1, min(total, _largest(size)) + 1)
        least.append(min(least[total - group] + deviation(group, size) for group in groups))
    return least


def _largest(size: tuple[int, int]) -> int:
    """A larger group than this would be nearer to the wanted sizes cut in half."""
    return max(size[1], 2 * size[0] - 1)


# ---------------------------------------------------------------- the search, over types

TypedGroups = list[list[int]]  # type numbers


class TypedRoom:
    """A room as numbers: the types that occur, their likeness, and the wanted sizes."""

    def __init__(self, people: Sequence[Type], size: tuple[int, int]):
        self.size = size
        self.kinds = sorted(set(people))
        number = {kind: index for index, kind in enumerate(self.kinds)}
        self.people = sorted(number[kind] for kind in people)
        self.likeness = [[alike(one, other) for other in self.kinds] for one in self.kinds]
        self.sizes = nearest_sizes(len(people), size)

    def worth(self, group: Sequence[int]) -> float:
        if len(group) < 2:
            return 0.0
        likeness = self.likeness
        return 2 * sum(likeness[a][b] for a, b in combinations(group, 2)) / (len(group) - 1)

    def total(self, groups: TypedGroups) -> float:
        return sum(map(self.worth, groups))

    def fits(self, group: int) -> bool:
        return self.size[0] <= group <= self.size[1]


# Up to here all divisions into two groups are looked at: at most C(12, 6) = 924.
EXACT = 13
LINES, LINE_WORK = 24, 40_000
STARTS = 3
STEPS = 200_000
HOT, COLD = 5.0, 0.15


def best_split(
    people: Sequence[Type], rng: Random, size: tuple[int, int] = SIZE
) -> list[list[Type]]:
    """The best split found; certainly the best when no more than two groups are needed."""
    room = TypedRoom(people, size)
    groups = _best_typed(room, rng) if people else []
    return [[room.kinds[number] for number in sorted(group)] for group in groups]


def _best_typed(room: TypedRoom, rng: Random) -> TypedGroups:
    if len(room.people) <= EXACT and 3 * room.sizes[0] > len(room.people):
        return _best_of_all(room)
    candidates = _best_cuts(room, rng)
    improved = [_cooled(room, groups, rng, STEPS // len(candidates)) for groups in candidates]
    return max(improved, key=room.total)


def _best_of_all(room: TypedRoom) -> TypedGroups:
    people, sizes = room.people, set(room.sizes)
    if len(people) in sizes:
        return [people]
    best: tuple[float, TypedGroups] = (-1.0, [])
    for first in sorted(group for group in sizes if len(people) - group in sizes):
        for chosen in combinations(range(1, len(people)), first - 1):
            inside = {0, *chosen}
            groups = [
                [kind for place, kind in enumerate(people) if place in inside],
                [kind for place, kind in enumerate(people) if place not in inside],
            ]
            best = max(best, (room.total(groups), groups), key=lambda option: option[0])
    return best[1]


def _best_cuts(room: TypedRoom, rng: Random) -> list[TypedGroups]:
    """The best cut for each number of groups that some line led to, best first."""
    tries = max(2, min(LINES, LINE_WORK // len(room.people)))
    best: dict[int, tuple[float, TypedGroups]] = {}
    for attempt in range(tries):
        groups = _cut(room, _line(room, rng, by_industry=attempt % 2 == 0))
        total = room.total(groups)
        if total > best.get(len(groups), (-1.0,))[0]:
            best[len(groups)] = (total, groups)
    ranked = sorted(best.values(), key=lambda option: -option[0])
    return [groups for _total, groups in ranked[:STARTS]]


def _line(room: TypedRoom, rng: Random, *, by_industry: bool) -> list[int]:
    """Everybody in a row, to and fro through industries × sizes like a plough.

    The order of the industries is drawn, since none is nearer to another.
    """
    industries = sorted({kind[0] for kind in room.kinds})
    rng.shuffle(industries)
    bands = ["", *BANDS]
    outer, inner = (industries, bands) if by_industry else (bands, industries)
    row: list[Type] = []
    for turn, major in enumerate(outer):
        for minor in inner if turn % 2 == 0 else reversed(inner):
            row.append((major, minor) if by_industry else (minor, major))
    place = {kind: position for position, kind in enumerate(row)}
    return sorted(room.people, key=lambda number: place[room.kinds[number]])


def _cut(room: TypedRoom, line: Sequence[int]) -> TypedGroups:
    """Cut the line into groups: nearest sizes first, among those the highest worth.

    ``best[end]`` is the best way to seat the first ``end`` people; the last group of it
    has one of the allowed sizes. O(people × largest size²).
    """
    unreachable = (math.inf, 0.0)
    best, last = [(0.0, 0.0)], [0]
    penalty = {group: deviation(group, room.size) for group in room.sizes}
    for end in range(1, len(line) + 1):
        found, chosen, pairs = unreachable, 0, 0
        for group in range(1, min(end, room.sizes[-1]) + 1):
            row = room.likeness[line[end - group]]
            pairs += sum(row[kind] for kind in line[end - group + 1 : end])
            if group not in penalty:
                continue
            before = best[end - group]
            worth = 2 * pairs / (group - 1) if group > 1 else 0.0
            option = (before[0] + penalty[group], before[1] - worth)
            if option < found:
                found, chosen = option, group
        best.append(found)
        last.append(chosen)
    groups, end = [], len(line)
    while end:
        groups.append(list(line[end - last[end] : end]))
        end -= last[end]
    return groups


def _cooled(room: TypedRoom, groups: TypedGroups, rng: Random, steps: int) -> TypedGroups:
    """Improve a split by swaps and hand-overs while the temperature falls.

    Groups of a single type cannot be bettered; in a large room only the others take part.
    """
    mixed = [group for group in groups if len(set(group)) > 1]
    pure = [group for group in groups if len(set(group)) == 1]
    if len(groups) <= 60:
        mixed, pure = mixed + pure, []
    if len(mixed) < 2:
        return groups
    search = _Search(room, mixed)
    best, best_total = [list(group) for group in mixed], room.total(mixed)
    total, cooling = best_total, (COLD / HOT) ** (1 / steps)
    temperature = HOT
    for _step in range(steps):
        temperature *= cooling
        total += search.step(rng, temperature)
        if total > best_total + 1e-9:
            best, best_total = [list(group) for group in search.groups], total
    return best + pure


class _Search:
    """A split with, per group, its pair sum and the likeness of every type to it."""

    def __init__(self, room: TypedRoom, groups: TypedGroups):
        self.room = room
        self.groups = [list(group) for group in groups]
        self.pulls = [
            [sum(row[kind] for kind in group) for row in room.likeness] for group in self.groups
        ]
        self.pairs = [
            sum(room.likeness[a][b] for a, b in combinations(group, 2)) for group in self.groups
        ]
        longest = max(map(len, self.groups)) + 2
        self.factor = [0.0, 0.0, *(2 / (group - 1) for group in range(2, longest))]

    def step(self, rng: Random, temperature: float) -> float:
        """Try one change; the gain in worth if it was made, else 0."""
        draw = rng.random
        count = len(self.groups)
        here, there = int(draw() * count), int(draw() * (count - 1))
        there += there >= here
        place = int(draw() * len(self.groups[here]))
        if len(self.groups[here]) > len(self.groups[there]) and draw() < 0.3:
            return self._hand_over(here, there, place, rng, temperature)
        return self._swap(here, there, place, rng, temperature)

    def _swap(self, here: int, there: int, place: int, rng: Random, temperature: float) -> float:
        group, other = self.groups[here], self.groups[there]
        opposite = int(rng.random() * len(other))
        a, b = group[place], other[opposite]
        if a == b:
            return 0.0
        likeness, pull, pull_there = self.room.likeness, self.pulls[here], self.pulls[there]
        between = likeness[a][b]
        change = pull[b] - between - pull[a] + likeness[a][a]
        change_there = pull_there[a] - between - pull_there[b] + likeness[b][b]
        gain = self.factor[len(group)] * change + self.factor[len(other)] * change_there
        if gain < 0 and rng.random() >= math.exp(gain / temperature):
            return 0.0
        group[place], other[opposite] = b, a
        self.pairs[here] += change
        self.pairs[there] += change_there
        out, into = likeness[a], likeness[b]
        self.pulls[here] = [p - x + y for p, x, y in zip(pull, out, into, strict=True)]
        self.pulls[there] = [p + x - y for p, x, y in zip(pull_there, out, into, strict=True)]
        return gain

    def _hand_over(
        self, here: int, there: int, place: int, rng: Random, temperature: float
    ) -> float:
        group, other = self.groups[here], self.groups[there]
        size, size_there = len(group), len(other)
        fits = self.room.fits
        if size - 1 != size_there and not (fits(size - 1) and fits(size_there + 1)):
            return 0.0
        a, likeness = group[place], self.room.likeness
        left = self.pairs[here] - self.pulls[here][a] + likeness[a][a]
        grown = self.pairs[there] + self.pulls[there][a]
        factor = self.factor
        gain = (
            factor[size - 1] * left
            + factor[size_there + 1] * grown
            - factor[size] * self.pairs[here]
            - factor[size_there] * self.pairs[there]
        )
        if gain < 0 and rng.random() >= math.exp(gain / temperature):
            return 0.0
        other.append(group.pop(place))
        self.pairs[here], self.pairs[there] = left, grown
        row = likeness[a]
        self.pulls[here] = [p - x for p, x in zip(self.pulls[here], row, strict=True)]
        self.pulls[there] = [p + x for p, x in zip(self.pulls[there], row, strict=True)]
        return gain
