"""Work groups: sizes, likeness against proven bounds, roles, latecomers, moves by hand."""

from collections import Counter
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workshops.grouping import (
    Attendee,
    Group,
    place_late,
    problems_of,
    score_of,
    size_note,
    split,
    what_if,
    with_roles,
    would_be,
)
from workshops.seating import (
    BANDS,
    SIZE,
    TypedRoom,
    _best_cuts,
    _cooled,
    alike,
    deviation,
    nearest_sizes,
    score,
    upper_bound,
)
from workshops.tests.grouping_bound import best_score, lagrange_bound

INDUSTRIES = ("internet", "education", "consumer", "services", "other")
LABELS = {"education": "教育", "consumer": "消费", "internet": "互联网"}


def person(number, industry="education", band="10k_50k", experience=0, **more):
    return Attendee(number, industry, band, experience, f"p{number:05}", **more)


def crowd(many, seed=0):
    """A room as the sign-up brings it: uneven industries, every size."""
    draw = Random(seed)
    return [
        person(
            number,
            draw.choices(INDUSTRIES, [52, 50, 35, 35, 14])[0],
            draw.choice(BANDS),
            draw.randint(0, 9),
        )
        for number in range(1, many + 1)
    ]


def kinds(people):
    return [one.type for one in people]


def sizes(grouping):
    return sorted(len(group.members) for group in grouping.groups)


def ids(groups):
    return [[member.id for member in group.members] for group in groups]


# ---------------------------------------------------------------- sizes


@pytest.mark.parametrize(
    ("many", "expected"),
    [
        (0, [[]]),
        (1, [[1]]),
        (4, [[4]]),
        (5, [[5]]),
        (7, [[7]]),
        (8, [[4, 4]]),
        (9, [[4, 5]]),
        (10, [[5, 5]]),
        (11, [[5, 6]]),
        (12, [[6, 6]]),
        (13, [[6, 7]]),
        (14, [[4, 5, 5]]),
        (16, [[5, 5, 6]]),
        (19, [[4, 5, 5, 5], [6, 6, 7]]),
    ],
)
def test_groups_have_five_or_six_or_come_nearest_to_it(many, expected):
    grouping = split(crowd(many))
    assert sizes(grouping) in expected
    assert (grouping.note is None) == all(size in SIZE for size in expected[0])


def test_seven_eight_nine_thirteen_fourteen_and_nineteen_are_the_rooms_that_get_a_note():
    noted = [many for many in range(5, 120) if split_needs_a_note(many)]
    assert noted == [7, 8, 9, 13, 14, 19]


def split_needs_a_note(many):
    return any(deviation(size, SIZE) for size in nearest_sizes(many))


def test_the_note_says_what_could_not_be_and_what_was_done():
    assert split(crowd(14)).note == (
        "14 人无法正好分成每组 5–6 人，已按最接近的分法：1 组 4 人、2 组 5 人。"
    )
    assert split(crowd(3)).note == "只有 3 人，不足一组 5 人，先合成一组。"


@given(st.integers(1, 60), st.integers(1, 8), st.integers(0, 4))
def test_the_sizes_used_are_those_of_the_nearest_splits(many, low, spread):
    size = (low, low + spread)
    splits = [parts for parts in partitions(many, 2 * low + spread) if parts] if many <= 18 else []
    if splits:
        least = min(sum(deviation(part, size) for part in parts) for parts in splits)
        used = {
            part
            for parts in splits
            if sum(deviation(part, size) for part in parts) == least
            for part in parts
        }
        assert used <= set(nearest_sizes(many, size))
        if least:
            assert used == set(nearest_sizes(many, size))
    assert nearest_sizes(many, size)


def partitions(total, largest):
    if total == 0:
        yield ()
    for part in range(min(total, largest), 0, -1):
        for rest in partitions(total - part, part):
            yield (part, *rest)


def test_sizes_that_cannot_be_are_refused():
    with pytest.raises(ValueError, match="group sizes"):
        split(crowd(10), size=(6, 5))


# ---------------------------------------------------------------- likeness


def test_likeness_is_industry_first_then_size_and_silence_counts_half():
    education = ("education", "10k_50k")
    assert alike(education, education) == 20
    assert alike(education, ("education", "50k_200k")) == 18
    assert alike(("education", "under_5k"), ("education", "over_200k")) == 12
    assert alike(education, ("consumer", "10k_50k")) == 8
    assert alike(education, ("", "10k_50k")) == 14
    assert alike(education, ("education", "")) == 16


any_type = st.tuples(st.sampled_from(["", *INDUSTRIES]), st.sampled_from(["", *BANDS]))


@given(any_type, any_type)
def test_likeness_is_even_handed_and_stays_on_the_scale(one, other):
    assert alike(one, other) == alike(other, one)
    assert 0 <= alike(one, other) <= 20


@settings(max_examples=60, deadline=None)
@given(
    st.lists(any_type, min_size=2, max_size=6, unique=True).flatmap(
        lambda some: st.lists(st.sampled_from(some), min_size=1, max_size=13)
    ),
    st.integers(0, 3),
)
def test_no_split_of_a_small_room_is_better(room, seed):
    people = [person(number, *kind) for number, kind in enumerate(room)]
    best = best_score(room, SIZE)
    assert split(people, seed=seed).score == pytest.approx(best)
    assert best <= upper_bound(room) + 1e-9


@settings(max_examples=15, deadline=None)
@given(
    st.lists(any_type, min_size=2, max_size=4, unique=True).flatmap(
        lambda some: st.lists(st.sampled_from(some), min_size=14, max_size=16)
    )
)
def test_the_cooling_search_finds_the_best_of_three_groups(room):
    people = [person(number, *kind) for number, kind in enumerate(room)]
    assert split(people).score == pytest.approx(best_score(room, SIZE), rel=0.005)


@pytest.mark.parametrize("many", [150, 300, 1000, 5000])
def test_large_rooms_come_within_three_per_cent_of_the_bound(many):
    people = crowd(many, seed=many)
    bound = upper_bound(kinds(people))
    assert 0.97 * bound <= split(people).score <= bound + 1e-9


@pytest.mark.parametrize("many", [50, 100])
def test_the_salons_two_rooms_come_within_three_per_cent_of_lagranges_bound(many):
    people = crowd(many, seed=many)
    grouping = split(people)
    typed = [kinds(group.members) for group in grouping.groups]
    bound = lagrange_bound(typed, SIZE, close=0.9705)
    assert 0.97 * bound <= grouping.score <= bound + 1e-9


def test_lagranges_bound_is_a_bound():
    for seed in range(3):
        room = [(industry, BANDS[seed]) for industry, _band in kinds(crowd(11, seed))]
        clumsy = [room[:5], room[5:]]
        assert best_score(room, SIZE) <= lagrange_bound(clumsy, SIZE, rounds=30) + 1e-9


@settings(max_examples=25, deadline=None)
@given(st.lists(any_type, min_size=20, max_size=80), st.integers(0, 9))
def test_the_search_never_makes_a_cut_worse_and_loses_nobody(room, seed):
    typed = TypedRoom(room, SIZE)
    for groups in _best_cuts(typed, Random(seed)):
        better = _cooled(typed, groups, Random(seed), 2_000)
        assert typed.total(better) >= typed.total(groups) - 1e-6
        assert Counter(map(len, better)).keys() <= {5, 6}
        assert Counter(kind for group in better for kind in group) == Counter(typed.people)


def test_a_room_of_two_trades_is_parted_by_trade():
    people = [person(n, "education") for n in range(5)] + [
        person(n, "consumer") for n in range(5, 11)
    ]
    grouping = split(people, labels=LABELS)
    assert grouping.score == 1.0
    assert [group.name for group in grouping.groups] == ["消费·1–5 万人组", "教育·1–5 万人组"]


# ---------------------------------------------------------------- repeatable, comparable


def test_the_same_seed_gives_the_same_groups_in_whatever_order_people_are_named():
    people = crowd(50)
    shuffled = list(people)
    Random(1).shuffle(shuffled)
    assert split(shuffled, seed=7) == split(people, seed=7)


def test_runs_are_compared_best_first_and_their_score_is_what_the_groups_score():
    runs = what_if(crowd(100), seeds=range(3))
    assert [run.score for run in runs] == sorted((run.score for run in runs), reverse=True)
    assert {run.seed for run in runs} == {0, 1, 2}
    assert len({str(ids(run.groups)) for run in runs}) > 1
    assert all(run.score == score_of(run.groups) for run in runs)


def test_nobody_at_all_makes_no_groups():
    grouping = split([])
    assert (grouping.groups, grouping.note, grouping.score) == ((), None, 0.0)
    assert score([]) == 0.0


people_lists = st.lists(
    st.builds(
        person,
        st.integers(1, 10**6),
        st.sampled_from(["", *INDUSTRIES]),
        st.sampled_from(["", "unheard_of", *BANDS]),
        st.integers(0, 5),
    ),
    unique_by=lambda one: one.id,
    max_size=45,
)


@settings(max_examples=25, deadline=None)
@given(people_lists, st.integers(0, 100))
def test_everybody_sits_once_with_a_leader_a_recorder_and_a_name_of_their_own(people, seed):
    grouping = split(people, seed=seed, labels=LABELS)
    assert sorted(member for group in ids(grouping.groups) for member in group) == sorted(
        one.id for one in people
    )
    assert len({group.name for group in grouping.groups}) == len(grouping.groups)
    assert [group.number for group in grouping.groups] == list(range(1, len(grouping.groups) + 1))
    codes = {problem.code for problem in problems_of(grouping.groups)}
    assert codes <= {"too_small", "too_large", "mixed_industry"}
    assert bool(codes & {"too_small", "too_large"}) == (grouping.note is not None)
    for group in grouping.groups:
        leader = next(member for member in group.members if member.id == group.leader)
        assert leader.experience == max(member.experience for member in group.members)
        assert group.leader_reason


# ---------------------------------------------------------------- leader and recorder


def test_the_most_experienced_leads_and_the_next_records():
    group = with_roles(
        Group(1, "教育组", (person(1, experience=2), person(2, experience=9), person(3)))
    )
    assert (group.leader, group.recorder) == (2, 1)
    assert group.leader_reason == "经验 9 分，本组最高。"
    assert group.recorder_reason == "经验 2 分，仅次于组长，能把讨论写成方案。"


def test_equals_are_told_so():
    group = with_roles(Group(1, "教育组", (person(2, experience=5), person(1, experience=5))))
    assert group.leader == 1
    assert group.leader_reason == "经验 5 分，与另外 1 人并列最高，按姓名顺序推荐。"


def test_without_any_experience_the_reason_admits_it():
    group = with_roles(Group(1, "教育组", (person(1),)))
    assert group.leader_reason == "本组都没有经验记录，按姓名顺序推荐，可互相商量更换。"
    assert (group.recorder, group.recorder_reason) == (None, "")


def test_among_equals_in_kind_the_experienced_are_spread_over_the_groups():
    people = [person(number, experience=9 if number <= 4 else 0) for number in range(1, 21)]
    leaders = [group.leader for group in split(people).groups]
    assert sorted(leaders) == [1, 2, 3, 4]


# ---------------------------------------------------------------- late arrivals


def test_a_latecomer_joins_the_most_alike_group_with_room():
    groups = split(
        [person(n, "education") for n in range(5)] + [person(n, "consumer") for n in range(5, 10)],
        labels=LABELS,
    ).groups
    placed = place_late(groups, person(99, "consumer"))
    assert placed.kind == "joined"
    assert placed.group.name == "消费·1–5 万人组"
    assert placed.sentence == "已加入消费·1–5 万人组，现在 6 人，其他人都没有移动。"


def test_a_group_that_lacks_people_comes_first():
    small = Group(1, "甲", tuple(person(n, "consumer") for n in range(4)))
    like = Group(2, "乙", tuple(person(n, "education") for n in range(4, 9)))
    assert place_late([small, like], person(99, "education")).group.number == 1


def test_a_group_that_was_emptied_takes_somebody_only_before_a_new_one_opens():
    emptied = Group(1, "甲", ())
    whole = Group(2, "乙", tuple(person(n) for n in range(6)))
    groups = place_late([emptied, whole], person(98)).groups
    assert [len(group.members) for group in groups] == [0, 7]
    placed = place_late(groups, person(99))
    assert (placed.group.number, placed.kind, placed.group.leader) == (1, "joined", 99)


def test_when_all_are_full_one_grows_and_when_all_have_grown_a_new_one_opens():
    groups = split([person(n) for n in range(12)], labels=LABELS).groups
    kinds_of_answer, opened = [], []
    for number in range(100, 108):
        placed = place_late(groups, person(number), labels=LABELS)
        groups = placed.groups
        kinds_of_answer.append(placed.kind)
        opened.append(placed.group.number)
    assert kinds_of_answer == ["extended"] * 2 + ["opened"] + ["joined"] * 5
    assert opened[2:] == [3] * 6
    newest = groups[-1]
    assert newest.name == "教育·1–5 万人组 3"
    assert (newest.leader, newest.recorder) == (102, 103)


def test_an_online_latecomer_does_not_sit_down_in_the_room():
    groups = split([person(n) for n in range(5)]).groups
    placed = place_late(groups, person(99, online=True))
    assert placed.kind == "opened"


def test_nobody_can_be_late_twice():
    groups = split([person(n) for n in range(5)]).groups
    with pytest.raises(ValueError, match="已经在小组里"):
        place_late(groups, person(3))


@settings(max_examples=25, deadline=None)
@given(people_lists, people_lists)
def test_latecomers_move_nobody(people, late):
    groups = split(people).groups
    known = {one.id for one in people}
    for one in late:
        if one.id in known:
            continue
        before = {group.number: group for group in groups}
        groups = place_late(groups, one).groups
        for group in groups:
            old = before.get(group.number, replace(group, members=()))
            assert group.members[: len(old.members)] == old.members
            assert old.leader in (None, group.leader)
            assert len(group.members) <= 7 or group.members == old.members
        assert sum(len(group.members) for group in groups) == len(known) + 1
        known.add(one.id)


# ---------------------------------------------------------------- moves by hand


def test_what_a_hand_put_out_of_order_is_said_in_sentences():
    groups = [
        Group(1, "甲", tuple(person(n) for n in range(1, 5)), leader=1, recorder=1),
        Group(
            2,
            "乙",
            (*(person(n, "consumer") for n in range(5, 11)), person(11, online=True)),
            leader=1,
            recorder=6,
        ),
        Group(3, "丙", ()),
    ]
    assert [problem.sentence for problem in problems_of(groups, labels=LABELS)] == [
        "甲只有 4 人，少于 5 人。",
        "甲的组长和记录人是同一个人。",
        "乙有 7 人，多于 6 人。",
        "乙没有组长。",
        "乙行业不一：消费 6、教育 1。",
        "乙里现场和线上的人混在一起。",
        "丙没有人。",
    ]


def test_somebody_in_two_groups_is_noticed_in_both():
    five = tuple(person(n) for n in range(5))
    groups = [with_roles(Group(1, "甲", five)), with_roles(Group(2, "乙", five))]
    assert [problem.code for problem in problems_of(groups)] == ["twice", "twice"]


def test_groups_in_order_have_no_problems():
    assert problems_of(split([person(n) for n in range(11)]).groups) == []


def test_before_a_move_a_group_says_what_it_would_put_out_of_order():
    six = would_be(Group(1, "甲", tuple(person(n) for n in range(6))), labels=LABELS)
    assert six.coming == "会有 7 人，多于 6 人。"
    assert (six.industry, six.other_industry) == ("education", "行业会不一：这组多是教育。")
    assert six.leaving == ""
    five = would_be(Group(1, "甲", tuple(person(n) for n in range(5))))
    assert (five.coming, five.leaving) == ("", "只剩 4 人，少于 5 人。")
    nobody = would_be(Group(1, "甲", ()))
    assert (nobody.coming, nobody.other_industry, nobody.other_room, nobody.leaving) == ("",) * 4


@pytest.mark.parametrize("sizes", [(5, 7), (4, 8), (6, 8), (12,)])
def test_what_a_hand_did_is_not_laid_on_the_arithmetic(sizes):
    assert size_note(sizes) is None


def test_thirteen_as_six_and_seven_are_the_arithmetics_own():
    assert size_note((6, 7)).startswith("13 人无法正好分成")


# ---------------------------------------------------------------- names


@pytest.mark.parametrize(
    ("industries", "bands", "name"),
    [
        (["education"], ["10k_50k"], "教育·1–5 万人组"),
        (["education"] * 2 + ["consumer"], ["under_5k", "under_5k", ""], "教育·5 千人以下组"),
        (["education", "consumer"], ["under_5k", "10k_50k"], "跨行业·5 万人以下组"),
        (["", ""], ["50k_200k", "over_200k"], "跨行业·5 万人以上组"),
        (["education"] * 2, ["5k_10k", "50k_200k"], "教育·5 千–20 万人组"),
        (["education"] * 2, ["under_5k", "over_200k"], "教育·规模不限组"),
        (["education"], [""], "教育·规模不限组"),
    ],
)
def test_groups_are_named_by_trade_and_size(industries, bands, name):
    people = [person(n, *kind) for n, kind in enumerate(zip(industries, bands, strict=True))]
    assert split(people, labels=LABELS).groups[0].name == name
