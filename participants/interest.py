"""Interest groups: people of one industry with one pain find each other at the door.

SALON §4: industry × pain topic, at least three; smaller ones join the nearest; nobody is
moved twice. `place` answers for one arrival, `settle` gathers those still too few; both
take the groups as they are and return them as they shall be. What the host does (rename,
pin, merge) is read from the groups and left alone.

A group is *formed* once three people are in it, or the host has pinned it, or somebody has
been moved into it; before that its people wait for company. Only those who wait are ever
moved, always into a group that is formed by it, and then they are marked: nobody is moved
twice, because nobody who is marked still waits.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, combinations

from django.utils.translation import gettext as _

from participants.topics import topic_named

SMALLEST = 3
Cell = tuple[str, str]  # industry key, topic key
Labels = Mapping[str, str]


@dataclass(frozen=True)
class Arrival:
    """Somebody with a tag card. Blank keys are allowed: not said."""

    id: int
    industry: str
    topic: str

    @property
    def cell(self) -> Cell:
        return (self.industry, self.topic)


@dataclass(frozen=True)
class Member(Arrival):
    moved: bool = False


@dataclass(frozen=True)
class InterestGroup:
    """``also`` holds the cells of the groups that the host has merged into this one."""

    number: int
    name: str
    industry: str
    topic: str
    members: tuple[Member, ...] = ()
    pinned: bool = False
    also: tuple[Cell, ...] = ()

    @property
    def cell(self) -> Cell:
        return (self.industry, self.topic)

    @property
    def formed(self) -> bool:
        return (
            self.pinned
            or len(self.members) >= SMALLEST
            or any(member.moved for member in self.members)
        )

    @property
    def missing(self) -> int:
        """How many more people it takes until the group is formed."""
        return 0 if self.formed else SMALLEST - len(self.members)

    @property
    def answers_for(self) -> frozenset[Cell]:
        """Cells whose latecomers belong here: its own, merged ones, those of its members."""
        return frozenset({self.cell, *self.also, *(member.cell for member in self.members)})


Groups = tuple[InterestGroup, ...]


@dataclass(frozen=True)
class Placement:
    """Where one person belongs now, and the groups with that person in."""

    groups: Groups
    group: InterestGroup
    sentence: str


@dataclass(frozen=True)
class Move:
    person: int
    source: int  # group numbers
    target: int


@dataclass(frozen=True)
class Settlement:
    """``moves`` are the only people for whom anything changes."""

    groups: Groups
    moves: tuple[Move, ...]


# ---------------------------------------------------------------- one arrival


def place(
    arrival: Arrival, groups: Sequence[InterestGroup], *, labels: Labels | None = None
) -> Placement:
    """Put one person in the group of their cell, opening it when there is none.

    A group that has taken in people of the same cell counts as theirs, so a latecomer
    follows their kind. Asking again for somebody who has a place changes nothing.
    ``labels`` gives the words for industry keys.
    """
    groups = tuple(groups)
    if home := home_of(arrival.id, groups):
        return Placement(groups, home, _sentence(home))
    home = min(
        (group for group in groups if arrival.cell in group.answers_for),
        key=lambda group: (arrival.cell != group.cell, not group.formed, group.number),
        default=None,
    )
    if home is None:
        taken = {group.name for group in groups}
        home = InterestGroup(
            number=max((group.number for group in groups), default=0) + 1,
            name=unique_name(cell_name(arrival.cell, labels), taken),
            industry=arrival.industry,
            topic=arrival.topic,
        )
        groups = (*groups, home)
    joined = replace(home, members=(*home.members, _member(arrival)))
    groups = tuple(joined if group.number == home.number else group for group in groups)
    return Placement(groups, joined, _sentence(joined))


def leave(person: int, groups: Sequence[InterestGroup]) -> Groups:
    """Take somebody out (a check-in undone, a card changed while still waiting).

    Those who stay keep their place. A group that is left empty and unpinned is dropped.
    """
    left = (
        replace(group, members=tuple(m for m in group.members if m.id != person))
        if home_of(person, (group,))
        else group
        for group in groups
    )
    return tuple(group for group in left if group.members or group.pinned or group.also)


def home_of(person: int, groups: Iterable[InterestGroup]) -> InterestGroup | None:
    for group in groups:
        if any(member.id == person for member in group.members):
            return group
    return None


def _member(arrival: Arrival) -> Member:
    return Member(arrival.id, arrival.industry, arrival.topic)


def _sentence(group: InterestGroup) -> str:
    words = {"name": group.name, "missing": group.missing}
    if group.formed:
        return _("您在%(name)s。") % words
    return _("%(name)s正在集合，再来 %(missing)s 位就成组；人不够时会并入最相近的小组。") % words


# ---------------------------------------------------------------- gathering the few


def distance(one: Cell, other: Cell) -> int:
    """How far two cells are apart: the shared pain weighs more than the shared trade.

    0 the same cell · 1 the same topic · 2, 3 topics of one family (same, other industry)
    · 4, 5 any other topic. A blank industry is like no other.
    """
    industries_differ = one[0] != other[0] or not one[0]
    if one == other:
        return 0
    if one[1] == other[1]:
        return 1
    related = topic_named(one[1]).family == topic_named(other[1]).family
    return (2 if related else 4) + industries_differ


@dataclass(frozen=True)
class _Cluster:
    """Groups that shall become one. ``groups[0]`` keeps its place if it is formed."""

    groups: Groups

    @property
    def cells(self) -> tuple[Cell, ...]:
        return tuple(sorted(group.cell for group in self.groups))

    @property
    def size(self) -> int:
        return sum(len(group.members) for group in self.groups)

    @property
    def formed(self) -> bool:
        return self.size >= SMALLEST or any(group.formed for group in self.groups)

    def distance_to(self, other: "_Cluster") -> int:
        return max(distance(a, b) for a in self.cells for b in other.cells)


def settle(groups: Sequence[InterestGroup], *, labels: Labels | None = None) -> Settlement:
    """Let the groups that are too small join the nearest, and say who moves.

    Again and again the two nearest are joined of which at least one is too small, until
    none is too small or only one is left (fewer than three people in all). Distances are
    by `distance`, the farthest pair counting; equals go to the smaller result, then by
    cell, so the outcome depends on who is there and not on the order of arrival. The
    members of the formed, else of the largest cell stay where they are; the others move
    once, straight to the end: joins are planned on paper before anybody walks.

    Safe to call as often as the host likes; with nobody waiting it changes nothing.
    """
    groups = tuple(groups)
    clusters = [_Cluster((group,)) for group in groups if group.members or group.pinned]
    while pair := _nearest_pair(clusters):
        clusters = [cluster for cluster in clusters if cluster not in pair]
        clusters.append(_Cluster(pair[0].groups + pair[1].groups))
    joined = [cluster for cluster in clusters if len(cluster.groups) > 1 and cluster.formed]
    result, moves = {group.number: group for group in groups}, []
    for cluster in sorted(joined, key=lambda cluster: cluster.cells):
        home = min(cluster.groups, key=_stays_first)
        others = sorted((g for g in cluster.groups if g is not home), key=lambda g: g.number)
        for group in others:
            moves += [Move(member.id, group.number, home.number) for member in group.members]
            del result[group.number]
        taken = {group.name for group in result.values() if group is not home}
        result[home.number] = _grown(home, others, taken, labels)
    return Settlement(tuple(result.values()), tuple(moves))


def _nearest_pair(clusters: Sequence[_Cluster]) -> tuple[_Cluster, _Cluster] | None:
    pairs = (pair for pair in combinations(clusters, 2) if not (pair[0].formed and pair[1].formed))
    return min(
        pairs,
        key=lambda pair: (
            pair[0].distance_to(pair[1]),
            pair[0].size + pair[1].size,
            sorted((pair[0].cells, pair[1].cells)),
        ),
        default=None,
    )


def _stays_first(group: InterestGroup) -> tuple:
    return (not group.formed, -len(group.members), group.cell)


def _grown(
    home: InterestGroup, others: Sequence[InterestGroup], taken: set[str], labels: Labels | None
) -> InterestGroup:
    movers = chain.from_iterable(group.members for group in others)
    name = home.name
    # People know a formed group by its name, and a host's own name stands.
    if not home.formed and name == unique_name(cell_name(home.cell, labels), taken):
        cells = [home.cell, *(group.cell for group in others)]
        name = unique_name(_common_name(cells, labels), taken)
    return replace(
        home,
        name=name,
        members=(*home.members, *(replace(member, moved=True) for member in movers)),
        also=tuple(dict.fromkeys(chain(home.also, *(group.also for group in others)))),
    )


# ---------------------------------------------------------------- the host's hand


def merge(groups: Sequence[InterestGroup], source: int, target: int) -> Groups:
    """The host joins one group to another: everybody in it goes along, latecomers too.

    The result is pinned, being the host's decision: nothing moves it apart or on.
    """
    by_number = {group.number: group for group in groups}
    if source == target or not {source, target} <= by_number.keys():
        raise ValueError(_("请选择两个不同的小组来合并。"))
    gone, home = by_number[source], by_number[target]
    merged = replace(
        home,
        members=home.members + gone.members,
        pinned=True,
        also=tuple(dict.fromkeys((*home.also, gone.cell, *gone.also))),
    )
    return tuple(
        merged if group.number == target else group for group in groups if group.number != source
    )


# ---------------------------------------------------------------- names in words


def cell_name(cell: Cell, labels: Labels | None = None) -> str:
    """教育·新用户激活组; without an industry 新用户激活组."""
    industry, topic = cell
    words = {
        "industry": (labels or {}).get(industry, industry),
        "topic": topic_named(topic).group,
    }
    if not industry:
        return _("%(topic)s组") % words
    return _("%(industry)s·%(topic)s组") % words


def _common_name(cells: Sequence[Cell], labels: Labels | None) -> str:
    industries, topics = {cell[0] for cell in cells}, {cell[1] for cell in cells}
    if len(topics) == 1:
        return _("跨界·%(topic)s组") % {"topic": topic_named(topics.pop()).group}
    if len(industries) == 1 and "" not in industries:
        industry = industries.pop()
        return _("%(industry)s·综合组") % {"industry": (labels or {}).get(industry, industry)}
    return _("跨界·综合组")


def unique_name(name: str, taken: Iterable[str]) -> str:
    """The name itself, or the first of name 2, name 3, … that is free."""
    taken = set(taken)
    candidate, count = name, 1
    while candidate in taken:
        count += 1
        candidate = f"{name} {count}"
    return candidate
