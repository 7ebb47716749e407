"""Work groups: those who came, in fives and sixes, with a leader and a recorder (SALON §6).

`split` makes the groups, `place_late` adds somebody without moving anyone, `problems_of`
says in sentences what a hand has put out of order. The search itself is in `seating`.
On site and online are split apart: call `split` for each.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from random import Random
from typing import Literal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from workshops.seating import (
    BANDS,
    ONE,
    SIZE,
    Type,
    alike,
    best_split,
    deviation,
    least_deviation,
    score,
)

Labels = Mapping[str, str]


@dataclass(frozen=True)
class Attendee:
    """Somebody who came. ``experience`` in points, more is more; ``name_key`` sorts names
    (pinyin); ``size_band`` one of seating.BANDS or blank."""

    id: int
    industry: str
    size_band: str
    experience: int = 0
    name_key: str = ""
    online: bool = False

    @property
    def type(self) -> Type:
        return (self.industry, self.size_band if self.size_band in BANDS else "")

    @property
    def seniority(self) -> tuple:
        """Most experienced first, then by name, then by id."""
        return (-self.experience, self.name_key, self.id)


@dataclass(frozen=True)
class Group:
    """``leader`` and ``recorder`` are ids of members, or None when there is nobody for it."""

    number: int
    name: str
    members: tuple[Attendee, ...]
    leader: int | None = None
    leader_reason: str = ""
    recorder: int | None = None
    recorder_reason: str = ""


@dataclass(frozen=True)
class Grouping:
    """``score``: how alike people are within their groups, 0 to 1; runs compare by it."""

    groups: tuple[Group, ...]
    note: str | None
    score: float
    seed: int


def split(
    people: Iterable[Attendee],
    *,
    seed: int = 0,
    size: tuple[int, int] = SIZE,
    labels: Labels | None = None,
) -> Grouping:
    """Split people into named groups of ``size``, or the nearest sizes with a note why.

    The same people and seed give the same groups, in whatever order they are handed in.
    Within a type it makes no difference to the likeness who sits where, so there the
    experienced are spread: each group gets a leader worth following. ``labels``: words
    for industry keys.
    """
    people = sorted(people, key=lambda person: person.id)
    rng = Random(seed)  # noqa: S311  repeatable on purpose; nothing secret is drawn
    typed = sorted(best_split([person.type for person in people], rng, size))
    seated = _seat(people, typed, rng)
    taken: set[str] = set()
    groups = []
    for number, members in enumerate(seated, 1):
        name = _unique(group_name(members, labels), taken)
        taken.add(name)
        groups.append(with_roles(Group(number, name, tuple(members))))
    note = size_note([len(members) for members in seated], size)
    return Grouping(tuple(groups), note, score_of(groups), seed)


def what_if(
    people: Iterable[Attendee],
    *,
    seeds: Iterable[int],
    size: tuple[int, int] = SIZE,
    labels: Labels | None = None,
) -> list[Grouping]:
    """Several runs, the best score first, to choose from before publishing."""
    people = list(people)
    runs = (split(people, seed=seed, size=size, labels=labels) for seed in seeds)
    return sorted(runs, key=lambda run: (-run.score, run.seed))


def score_of(groups: Iterable[Group]) -> float:
    """The score of groups as they are, for instance after moves by hand."""
    return score([person.type for person in group.members] for group in groups)


def size_note(sizes: Sequence[int], size: tuple[int, int] = SIZE) -> str | None:
    """The sentence that says why these groups are not all of the wanted size; None when they
    are, or when they need not be so: then a hand did it, and the groups say it themselves."""
    off = sum(deviation(group, size) for group in sizes)
    if off == 0 or off > least_deviation(sum(sizes), size):
        return None
    words = {
        "people": sum(sizes),
        "low": size[0],
        "high": size[1],
        "split": _("、").join(
            _("%(groups)s 组 %(size)s 人") % {"groups": groups, "size": group}
            for group, groups in sorted(Counter(sizes).items())
        ),
    }
    if words["people"] < size[0]:
        return _("只有 %(people)s 人，不足一组 %(low)s 人，先合成一组。") % words
    sentence = _("%(people)s 人无法正好分成每组 %(low)s–%(high)s 人，已按最接近的分法：%(split)s。")
    return sentence % words


def _seat(
    people: Sequence[Attendee], typed: Sequence[Sequence[Type]], rng: Random
) -> list[list[Attendee]]:
    """Give every seat of a type to a person of that type, the experienced spread out."""
    places: dict[Type, list[int]] = defaultdict(list)
    for number, kinds in enumerate(typed):
        for kind in kinds:
            places[kind].append(number)
    seated: list[list[Attendee]] = [[] for _group in typed]
    strength = [0] * len(typed)
    luck = {person.id: rng.random() for person in people}
    for person in sorted(people, key=lambda one: (-one.experience, luck[one.id])):
        free = places[person.type]
        number = min(free, key=lambda group: (strength[group], group))
        free.remove(number)
        seated[number].append(person)
        strength[number] += max(person.experience, 0)
    return [sorted(members, key=lambda person: person.seniority) for members in seated]


# ---------------------------------------------------------------- leader and recorder


def with_roles(group: Group) -> Group:
    """Propose the most experienced as leader, the next as recorder, each with the reason."""
    ranked = sorted(group.members, key=lambda person: person.seniority)
    leader = ranked[0] if ranked else None
    recorder = ranked[1] if len(ranked) > 1 else None
    return replace(
        group,
        leader=leader and leader.id,
        leader_reason=_leader_reason(ranked),
        recorder=recorder and recorder.id,
        recorder_reason=_recorder_reason(recorder),
    )


def _leader_reason(ranked: Sequence[Attendee]) -> str:
    if not ranked:
        return ""
    best = ranked[0].experience
    equals = sum(person.experience == best for person in ranked) - 1
    words = {"points": best, "equals": equals}
    if best <= 0:
        return _("本组都没有经验记录，按姓名顺序推荐，可互相商量更换。")
    if equals:
        return _("经验 %(points)s 分，与另外 %(equals)s 人并列最高，按姓名顺序推荐。") % words
    return _("经验 %(points)s 分，本组最高。") % words


def _recorder_reason(recorder: Attendee | None) -> str:
    if recorder is None:
        return ""
    if recorder.experience <= 0:
        return _("按姓名顺序推荐，可互相商量更换。")
    sentence = _("经验 %(points)s 分，仅次于组长，能把讨论写成方案。")
    return sentence % {"points": recorder.experience}


# ---------------------------------------------------------------- late arrivals


@dataclass(frozen=True)
class LatePlacement:
    """``kind``: joined a group with room, made a full one larger, or opened a new one."""

    groups: tuple[Group, ...]
    group: Group
    kind: Literal["joined", "extended", "opened"]
    sentence: str


def place_late(
    groups: Sequence[Group],
    person: Attendee,
    *,
    size: tuple[int, int] = SIZE,
    labels: Labels | None = None,
) -> LatePlacement:
    """Put one late person somewhere; nobody else moves and no role changes hands.

    First where people are missing, then where there is room, in each case to the most
    alike, then the smaller group. When all are full the most alike group becomes one
    larger than wanted; when all are, a new group opens, which the next latecomers fill. Nobody
    is seated alone in a group that was emptied by hand, unless there would be a new one to open.
    Only groups of the same room, on site or online, are looked at.
    """
    groups = tuple(groups)
    if any(member.id == person.id for group in groups for member in group.members):
        raise ValueError(_("这位参与者已经在小组里了。"))
    low, high = size
    room = [group for group in groups if _same_room(group, person)]
    missing = [group for group in room if 0 < len(group.members) < low]
    free = [group for group in room if 0 < len(group.members) < high]
    full = [group for group in room if len(group.members) == high]
    empty = [group for group in room if not group.members]
    choice = missing or free or full or empty
    if not choice:
        return _opened(groups, person, labels)
    home = min(
        choice, key=lambda group: (-_liking(group, person), len(group.members), group.number)
    )
    grown = _with_member(home, person)
    result = tuple(grown if group.number == home.number else group for group in groups)
    words = {"name": home.name, "now": len(grown.members), "high": high}
    if len(grown.members) <= high:
        sentence = _("已加入%(name)s，现在 %(now)s 人，其他人都没有移动。") % words
        return LatePlacement(result, grown, "joined", sentence)
    sentence = _("各组都满 %(high)s 人，加入最相近的%(name)s，现在 %(now)s 人，其他人都没有移动。")
    return LatePlacement(result, grown, "extended", sentence % words)


def _same_room(group: Group, person: Attendee) -> bool:
    return all(member.online == person.online for member in group.members)


def _liking(group: Group, person: Attendee) -> float:
    if not group.members:
        return 0.0
    total = sum(alike(person.type, member.type) for member in group.members)
    return total / len(group.members) / ONE


def _with_member(group: Group, person: Attendee) -> Group:
    """The newcomer takes a role only where nobody has it."""
    group = replace(group, members=(*group.members, person))
    if group.leader is None:
        return replace(group, leader=person.id, leader_reason=_("本组还没有组长，先到先任。"))
    if group.recorder is None:
        reason = _("本组还没有记录人，先到先任。")
        return replace(group, recorder=person.id, recorder_reason=reason)
    return group


def _opened(groups: tuple[Group, ...], person: Attendee, labels: Labels | None) -> LatePlacement:
    name = _unique(group_name([person], labels), {group.name for group in groups})
    number = max((group.number for group in groups), default=0) + 1
    group = with_roles(Group(number, name, (person,)))
    sentence = _("没有可加入的小组，新开%(name)s，后面到的人会先补到这一组。") % {"name": name}
    return LatePlacement((*groups, group), group, "opened", sentence)


# ---------------------------------------------------------------- moves by hand


@dataclass(frozen=True)
class Problem:
    """``group``: its number; ``code``: too_small, too_large, empty, no_leader, no_recorder,
    same_person, mixed_industry, mixed_room, twice."""

    group: int
    code: str
    sentence: str


def problems_of(
    groups: Iterable[Group], *, size: tuple[int, int] = SIZE, labels: Labels | None = None
) -> list[Problem]:
    """What is out of order, group by group, in sentences; an empty list when nothing is."""
    groups = list(groups)
    homes = Counter(member.id for group in groups for member in group.members)
    problems = []
    for group in groups:
        words = {"name": group.name, "now": len(group.members), "low": size[0], "high": size[1]}
        found = [*_size_problems(group, size), *_role_problems(group)]
        industries = Counter(member.industry for member in group.members if member.industry)
        if len(industries) > 1:
            words["mix"] = _("、").join(
                f"{(labels or {}).get(key, key)} {many}" for key, many in _by_count(industries)
            )
            found.append(("mixed_industry", _("%(name)s行业不一：%(mix)s。")))
        if len({member.online for member in group.members}) > 1:
            found.append(("mixed_room", _("%(name)s里现场和线上的人混在一起。")))
        if any(homes[member.id] > 1 for member in group.members):
            found.append(("twice", _("%(name)s里有人同时在别的小组。")))
        problems += [Problem(group.number, code, sentence % words) for code, sentence in found]
    return problems


@dataclass(frozen=True)
class Would:
    """What one more or one fewer would put out of order, as sentences; blank where nothing:
    somebody coming at all, of another industry than `industry`, of the other room; somebody
    leaving at all."""

    coming: str = ""
    industry: str = ""
    other_industry: str = ""
    other_room: str = ""
    leaving: str = ""


def would_be(group: Group, *, size: tuple[int, int] = SIZE, labels: Labels | None = None) -> Would:
    """The constraints of a group for somebody who is about to move a person in or out."""
    now = len(group.members)
    words = {"more": now + 1, "fewer": now - 1, "low": size[0], "high": size[1]}
    industries = Counter(member.industry for member in group.members if member.industry)
    industry = _by_count(industries)[0][0] if industries else ""
    words["industry"] = (labels or {}).get(industry, industry)
    return Would(
        coming=_("会有 %(more)s 人，多于 %(high)s 人。") % words if now >= size[1] else "",
        industry=industry,
        other_industry=_("行业会不一：这组多是%(industry)s。") % words if industry else "",
        other_room=_("现场和线上的人会混在一起。") if now else "",
        leaving=_("只剩 %(fewer)s 人，少于 %(low)s 人。") % words if 0 < now <= size[0] else "",
    )


def _size_problems(group: Group, size: tuple[int, int]) -> list[tuple[str, str]]:
    if not group.members:
        return [("empty", _("%(name)s没有人。"))]
    if len(group.members) < size[0]:
        return [("too_small", _("%(name)s只有 %(now)s 人，少于 %(low)s 人。"))]
    if len(group.members) > size[1]:
        return [("too_large", _("%(name)s有 %(now)s 人，多于 %(high)s 人。"))]
    return []


def _role_problems(group: Group) -> list[tuple[str, str]]:
    ids = {member.id for member in group.members}
    found = []
    if ids and group.leader not in ids:
        found.append(("no_leader", _("%(name)s没有组长。")))
    if len(ids) > 1 and group.recorder not in ids:
        found.append(("no_recorder", _("%(name)s没有记录人。")))
    if group.leader is not None and group.leader == group.recorder:
        found.append(("same_person", _("%(name)s的组长和记录人是同一个人。")))
    return found


def _by_count(counts: Counter) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


# ---------------------------------------------------------------- names in words

BAND_WORDS = dict(
    zip(
        BANDS,
        (
            gettext_lazy("5 千人以下"),
            gettext_lazy("5 千–1 万人"),
            gettext_lazy("1–5 万人"),
            gettext_lazy("5–20 万人"),
            gettext_lazy("20 万人以上"),
        ),
        strict=True,
    )
)
# The upper edge of each band but the last.
EDGES = (
    gettext_lazy("5 千"),
    gettext_lazy("1 万"),
    gettext_lazy("5 万"),
    gettext_lazy("20 万"),
)


def group_name(members: Sequence[Attendee], labels: Labels | None = None) -> str:
    """教育·1–5 万人组: the industry of more than half, and the range of their sizes."""
    industries = Counter(member.industry for member in members if member.industry)
    leading, many = _by_count(industries)[0] if industries else ("", 0)
    industry = (labels or {}).get(leading, leading) if 2 * many > len(members) else _("跨行业")
    bands = sorted({BANDS.index(member.type[1]) for member in members if member.type[1]})
    words = {"industry": industry}
    if not bands or (bands[0] == 0 and bands[-1] == len(EDGES)):
        return _("%(industry)s·规模不限组") % words
    words["size"] = _size_words(bands[0], bands[-1])
    return _("%(industry)s·%(size)s组") % words


def _size_words(lowest: int, highest: int) -> str:
    if lowest == highest:
        return str(BAND_WORDS[BANDS[lowest]])
    if lowest == 0:
        return _("%(high)s人以下") % {"high": EDGES[highest]}
    if highest == len(EDGES):
        return _("%(low)s人以上") % {"low": EDGES[lowest - 1]}
    return _("%(low)s–%(high)s人") % {"low": EDGES[lowest - 1], "high": EDGES[highest]}


def _unique(name: str, taken: Iterable[str]) -> str:
    """The name itself, or the first of name 2, name 3, … that is free."""
    if name not in taken:
        return name
    return next(free for number in count(2) if (free := f"{name} {number}") not in taken)
