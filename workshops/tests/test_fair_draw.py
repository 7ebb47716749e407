"""The blind box: sealed before, opened after, spread over groups, never the same twice."""

import hashlib
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workshops.fair_draw import MOST, Slip, commit, draw_order, new_seed, next_slip, verify

BOX = [Slip(1, 4), Slip(2, 4), Slip(3, 5), Slip(4, None)]


def test_the_commitment_can_be_reckoned_by_anybody():
    written = '["5eed",[[1,4],[2,4],[3,5],[4,null]]]'
    assert commit(BOX, "5eed") == hashlib.sha256(written.encode()).hexdigest()


def test_the_order_in_which_slips_are_handed_in_is_no_matter():
    assert commit(BOX[::-1], "5eed") == commit(BOX, "5eed")
    assert draw_order(BOX[::-1], "5eed") == draw_order(BOX, "5eed")


def test_the_order_of_drawing_never_changes_between_versions():
    assert [slip.id for slip in draw_order(BOX, "5eed")] == [4, 1, 3, 2]


def test_whoever_changes_seed_slips_or_groups_afterwards_is_found_out():
    sealed = commit(BOX, "5eed")
    assert verify(sealed, "5eed", BOX)
    assert not verify(sealed, "5eee", BOX)
    assert not verify(sealed, "5eed", BOX[:-1])
    assert not verify(sealed, "5eed", [*BOX, Slip(5, 4)])
    assert not verify(sealed, "5eed", [Slip(1, 5), *BOX[1:]])
    assert not verify("数字", "5eed", BOX)


def test_one_slip_cannot_lie_in_the_box_twice():
    with pytest.raises(ValueError, match="twice"):
        commit([Slip(1, 4), Slip(1, 5)], "5eed")


def test_five_draws_are_five_different_slips_and_then_it_is_over():
    box = [Slip(number, number % 3) for number in range(20)]
    drawn = []
    while slip := next_slip(box, "5eed", drawn):
        drawn.append(slip.id)
    assert len(drawn) == len(set(drawn)) == MOST
    assert drawn == [slip.id for slip in draw_order(box, "5eed")[:MOST]]


def test_a_small_box_is_drawn_empty():
    assert next_slip(BOX[:1], "5eed", [1]) is None
    assert next_slip([], "5eed", []) is None
    assert next_slip(BOX[:2], "5eed", [], hidden=[1]) == BOX[1]


def test_seeds_are_long_and_new():
    seeds = {new_seed() for _turn in range(50)}
    assert len(seeds) == 50
    assert all(len(bytes.fromhex(seed)) == 16 for seed in seeds)


def test_a_large_group_is_drawn_first_no_more_often_than_a_small_one():
    box = [*(Slip(number, 1) for number in range(30)), Slip(100, 2)]
    first = Counter(draw_order(box, str(seed))[0].group for seed in range(2000))
    assert 880 < first[1] < 1120


def test_within_a_group_every_slip_has_the_same_chance():
    box = [Slip(number, 1) for number in range(4)]
    first = Counter(draw_order(box, str(seed))[0].id for seed in range(4000))
    assert all(880 < first[number] < 1120 for number in range(4))


boxes = st.dictionaries(st.integers(1, 500), st.none() | st.integers(1, 6), max_size=30).map(
    lambda box: [Slip(number, group) for number, group in box.items()]
)


@given(boxes, st.uuids().map(str))
def test_after_any_number_of_draws_the_groups_are_even(box, seed):
    order = draw_order(box, seed)
    assert sorted(slip.id for slip in order) == sorted(slip.id for slip in box)
    total, drawn = Counter(slip.group for slip in box), Counter()
    for slip in order:
        drawn[slip.group] += 1
        unfinished = [drawn[group] for group in total if drawn[group] < total[group]]
        if unfinished:
            assert max(drawn.values()) - min(unfinished) <= 1


@given(boxes, st.uuids().map(str), st.uuids().map(str))
def test_every_box_and_every_seed_is_sealed_differently(box, seed, other):
    assert verify(commit(box, seed), seed, box)
    assert (commit(box, seed) == commit(box, other)) == (seed == other)
