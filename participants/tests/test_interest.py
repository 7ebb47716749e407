"""Interest groups form as people arrive, and nobody is moved twice."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
)

from participants.interest import (
    SMALLEST,
    Arrival,
    InterestGroup,
    distance,
    home_of,
    leave,
    merge,
    place,
    settle,
    unique_name,
)

LABELS = {"education": "教育", "consumer": "消费", "internet": "互联网"}
NEW, CHURN, SAME, DATA = "new_user_activation", "churn", "sameness", "hard_to_track"


def arrive(*people, groups=()):
    """People written as (id, industry, topic), one after the other."""
    for person in people:
        groups = place(Arrival(*person), groups, labels=LABELS).groups
    return groups


def rooms(groups):
    return {group.name: sorted(member.id for member in group.members) for group in groups}


def test_three_of_one_trade_with_one_pain_become_a_group_named_in_words():
    groups = arrive((1, "education", NEW), (2, "education", NEW))
    assert not groups[0].formed
    third = place(Arrival(3, "education", NEW), groups, labels=LABELS)
    assert third.group.formed
    assert third.sentence == "您在教育·新用户激活组。"
    assert rooms(third.groups) == {"教育·新用户激活组": [1, 2, 3]}


def test_those_who_wait_are_told_how_many_are_missing():
    placement = place(Arrival(1, "education", NEW), (), labels=LABELS)
    assert placement.sentence == (
        "教育·新用户激活组正在集合，再来 2 位就成组；人不够时会并入最相近的小组。"
    )


def test_without_an_industry_the_topic_names_the_group():
    assert rooms(arrive((1, "", DATA))) == {"数据跟踪组": [1]}


def test_the_few_join_the_same_pain_before_the_same_trade():
    groups = arrive(
        *((number, "education", SAME) for number in (1, 2, 3)),
        *((number, "consumer", NEW) for number in (4, 5, 6)),
        (7, "education", NEW),
    )
    settled = settle(groups, labels=LABELS)
    assert rooms(settled.groups) == {
        "教育·内容创新组": [1, 2, 3],
        "消费·新用户激活组": [4, 5, 6, 7],
    }
    assert [(move.person, move.target) for move in settled.moves] == [(7, 2)]


def test_three_strangers_with_one_pain_make_a_group_across_trades():
    groups = arrive(
        *((number, "consumer", SAME) for number in (1, 2, 3)),
        (4, "education", NEW),
        (5, "internet", NEW),
        (6, "consumer", NEW),
    )
    settled = settle(groups, labels=LABELS)
    assert rooms(settled.groups) == {"消费·内容创新组": [1, 2, 3], "跨界·新用户激活组": [4, 5, 6]}
    assert len(settled.moves) == 2  # the third stays where it is


def test_one_trade_with_three_pains_is_named_by_the_trade():
    groups = arrive((1, "education", NEW), (2, "education", SAME), (3, "education", DATA))
    assert rooms(settle(groups, labels=LABELS).groups) == {"教育·综合组": [1, 2, 3]}


def test_two_people_alone_are_left_in_peace():
    groups = arrive((1, "education", NEW), (2, "consumer", SAME))
    assert settle(groups, labels=LABELS).groups == groups


def test_a_latecomer_follows_those_of_the_same_kind():
    groups = arrive(*((number, "education", NEW) for number in (1, 2, 3)), (4, "education", CHURN))
    settled = settle(groups, labels=LABELS).groups
    late = place(Arrival(5, "education", CHURN), settled, labels=LABELS)
    assert late.sentence == "您在教育·新用户激活组。"
    assert not home_of(5, late.groups).members[-1].moved


def test_a_fifth_of_a_kind_does_not_call_the_moved_ones_back():
    groups = arrive(*((number, "education", NEW) for number in (1, 2, 3)), (4, "education", CHURN))
    settled = settle(groups, labels=LABELS).groups
    late = arrive(*((number, "education", CHURN) for number in (5, 6, 7)), groups=settled)
    assert settle(late, labels=LABELS).moves == ()


def test_whoever_was_moved_stays_even_when_the_others_leave():
    groups = arrive(*((number, "education", NEW) for number in (1, 2, 3)), (4, "consumer", NEW))
    settled = settle(groups, labels=LABELS).groups
    for number in (1, 2, 3):
        settled = leave(number, settled)
    more = arrive(*((number, "internet", DATA) for number in (5, 6, 7)), groups=settled)
    assert settle(more, labels=LABELS).moves == ()
    assert home_of(4, more).name == "教育·新用户激活组"


def test_asking_again_gives_the_same_place():
    groups = arrive((1, "education", NEW))
    again = place(Arrival(1, "consumer", SAME), groups, labels=LABELS)
    assert again.groups == groups


def test_the_hosts_name_stands_when_others_join():
    groups = arrive((1, "education", NEW), (2, "education", NEW), (3, "consumer", NEW))
    named = tuple(
        replace(group, name="破冰先锋") if group.number == 1 else group for group in groups
    )
    assert rooms(settle(named, labels=LABELS).groups) == {"破冰先锋": [1, 2, 3]}


def test_a_pinned_group_stays_however_small_and_still_takes_people_in():
    groups = arrive(*((number, "education", NEW) for number in (1, 2, 3)), (4, "consumer", SAME))
    pinned = tuple(replace(group, pinned=group.number == 2) for group in groups)
    assert settle(pinned, labels=LABELS).groups == pinned
    more = arrive((5, "internet", SAME), groups=pinned)
    assert rooms(settle(more, labels=LABELS).groups)["消费·内容创新组"] == [4, 5]


def test_a_merge_by_the_host_takes_latecomers_along():
    groups = arrive(
        *((number, "education", NEW) for number in (1, 2, 3)),
        *((number, "consumer", DATA) for number in (4, 5, 6)),
    )
    merged = merge(groups, 2, 1)
    assert rooms(merged) == {"教育·新用户激活组": [1, 2, 3, 4, 5, 6]}
    empty = merged
    for number in (4, 5, 6):
        empty = leave(number, empty)
    assert home_of(7, arrive((7, "consumer", DATA), groups=empty)).number == 1


@pytest.mark.parametrize(("source", "target"), [(1, 1), (1, 9), (9, 1)])
def test_a_group_cannot_be_merged_with_itself_or_with_nothing(source, target):
    with pytest.raises(ValueError, match="两个不同的小组"):
        merge(arrive((1, "education", NEW)), source, target)


def test_who_leaves_frees_the_place_and_an_empty_group_goes():
    groups = arrive((1, "education", NEW), (2, "consumer", SAME))
    assert rooms(leave(1, groups)) == {"消费·内容创新组": [2]}


def test_names_are_never_used_twice():
    taken = {"跨界·综合组", "跨界·综合组 2"}
    assert unique_name("跨界·综合组", taken) == "跨界·综合组 3"
    mixed = InterestGroup(1, "跨界·综合组", "internet", DATA, pinned=True)
    groups = arrive((1, "education", NEW), (2, "consumer", SAME), (3, "", CHURN), groups=(mixed,))
    names = [group.name for group in settle(groups, labels=LABELS).groups]
    assert len(set(names)) == len(names)


industries = st.sampled_from(["", "education", "consumer", "internet"])
topics = st.sampled_from(["", NEW, CHURN, SAME, DATA])
cells = st.tuples(industries, topics)
crowds = st.lists(cells, max_size=25).map(
    lambda chosen: [(number, *cell) for number, cell in enumerate(chosen, 1)]
)


@given(cells, cells)
def test_distance_is_even_handed_and_nothing_is_nearer_than_ones_own_kind(one, other):
    assert distance(one, other) == distance(other, one)
    assert (distance(one, other) == 0) == (one == other)


@given(crowds, st.randoms())
def test_who_ends_up_together_does_not_depend_on_who_came_first(crowd, rng):
    def partition(people):
        settled = settle(arrive(*people), labels=LABELS).groups
        return {group.name: frozenset(m.id for m in group.members) for group in settled}

    shuffled = list(crowd)
    rng.shuffle(shuffled)
    assert partition(shuffled) == partition(crowd)


@given(crowds)
def test_a_kind_of_three_stays_together_and_everybody_finds_company(crowd):
    groups = arrive(*crowd)
    settled = settle(groups, labels=LABELS)
    moved = {move.person for move in settled.moves}
    for group in groups:
        if len(group.members) >= SMALLEST:
            assert not moved & {member.id for member in group.members}
    if len(crowd) >= SMALLEST:
        assert all(len(group.members) >= SMALLEST for group in settled.groups)
    assert settle(settled.groups, labels=LABELS).moves == ()


class Door(RuleBasedStateMachine):
    """People come, change their mind and go; the host settles, renames, pins and merges."""

    people = Bundle("people")

    def __init__(self):
        super().__init__()
        self.groups, self.present, self.moves, self.last = (), {}, Counter(), 0

    def _number(self, index):
        return self.groups[index % len(self.groups)].number if self.groups else None

    @initialize(target=people, chosen=st.lists(cells, max_size=9))
    def the_first_are_here(self, chosen):
        return multiple(*(self.somebody_arrives_with(cell) for cell in chosen))

    @rule(target=people, cell=cells)
    def somebody_arrives(self, cell):
        return self.somebody_arrives_with(cell)

    def somebody_arrives_with(self, cell):
        self.last += 1
        before = {group.number: group.members for group in self.groups}
        placement = place(Arrival(self.last, *cell), self.groups, labels=LABELS)
        self.groups, self.present[self.last] = placement.groups, cell
        for group in self.groups:  # nobody else moves
            assert group.members[: len(before.get(group.number, ()))] == before.get(
                group.number, ()
            )
        return self.last

    @rule(person=people, cell=cells)
    def somebody_asks_again(self, person, cell):
        if person in self.present:
            assert place(Arrival(person, *cell), self.groups, labels=LABELS).groups == self.groups

    @rule(person=people)
    def somebody_leaves(self, person):
        self.groups = leave(person, self.groups)
        self.present.pop(person, None)

    @rule()
    def the_host_settles(self):
        before = {group.number: group for group in self.groups}
        settled = settle(self.groups, labels=LABELS)
        self.groups = settled.groups
        self.moves.update(move.person for move in settled.moves)
        for move in settled.moves:
            assert not before[move.source].formed
            assert home_of(move.person, self.groups).number == move.target
        stayed = set(self.present) - {move.person for move in settled.moves}
        for person in stayed:
            assert home_of(person, before.values()).number == home_of(person, self.groups).number
        for group in self.groups:
            if before[group.number].formed:
                assert group.name == before[group.number].name
        if any(group.formed for group in self.groups) or len(self.present) >= SMALLEST:
            assert all(group.formed for group in self.groups)

    @rule(index=st.integers(0, 50))
    def the_host_pins(self, index):
        number = self._number(index)
        self.groups = tuple(
            replace(group, pinned=group.pinned or group.number == number) for group in self.groups
        )

    @rule(index=st.integers(0, 50))
    def the_host_renames(self, index):
        number, names = self._number(index), {group.name for group in self.groups}
        self.groups = tuple(
            replace(group, name=unique_name("老友", names)) if group.number == number else group
            for group in self.groups
        )

    @rule(gone=st.integers(0, 50), kept=st.integers(0, 50))
    def the_host_merges(self, gone, kept):
        gone, kept = self._number(gone), self._number(kept)
        if gone != kept:
            self.groups = merge(self.groups, gone, kept)

    @invariant()
    def everybody_is_in_exactly_one_group(self):
        placed = Counter(member.id for group in self.groups for member in group.members)
        assert placed == Counter(self.present.keys())

    @invariant()
    def nobody_was_moved_twice(self):
        assert all(count == 1 for count in self.moves.values())

    @invariant()
    def names_and_numbers_are_used_once(self):
        for values in (
            [group.name for group in self.groups],
            [group.number for group in self.groups],
        ):
            assert len(set(values)) == len(values)


Door.TestCase.settings = settings(max_examples=200, stateful_step_count=40, deadline=None)
TestDoor = Door.TestCase
