"""Awards: votes first, mentors second, a lot that can be drawn again last."""

from collections import Counter
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workshops.tally import AwardResult, lot_order, result


def test_most_votes_win_even_against_better_marks():
    answer = result({1: 9, 2: 4}, {1: Decimal("2.0"), 2: Decimal("5.0")}, seed="s")
    assert answer == AwardResult(1, 9, (), None, None, "得 9 票，票数最高。")


def test_a_tie_goes_to_the_higher_mentor_mean():
    answer = result({1: 7, 2: 7, 3: 6}, {1: Decimal("4.10"), 2: Decimal("4.20")}, seed="s")
    assert (answer.winner, answer.tied, answer.broken_by, answer.lot_seed) == (
        2,
        (1, 2),
        "mentor_mean",
        None,
    )
    assert answer.sentence == "2 组同得 7 票，导师评分均值 4.20 较高者胜出。"


def test_a_group_the_mentors_did_not_see_stands_behind_one_they_marked_low():
    assert result({1: 3, 2: 3}, {1: None, 2: Decimal("1.0")}, seed="s").winner == 2
    assert result({1: 3, 2: 3}, {2: Decimal(0)}, seed="s").winner == 2


def test_equal_in_votes_and_marks_a_lot_is_drawn_and_kept():
    means = {1: Decimal("4.5"), 2: Decimal("4.50"), 3: Decimal("4.4")}
    answer = result({1: 3, 2: 3, 3: 3}, means, seed="2f")
    assert answer.broken_by == "lot"
    assert answer.lot_seed == "2f"
    assert answer.tied == (1, 2, 3)
    assert answer.winner == lot_order([1, 2], "2f")[0]
    assert answer.sentence == (
        "3 组同得 3 票，其中 2 组导师评分也相同，抽签决定，种子 2f 已存档，可以复核。"
    )


@pytest.mark.parametrize("votes", [{}, {1: 0, 2: 0}])
def test_without_votes_nobody_wins(votes):
    answer = result(votes, {1: Decimal(5)}, seed="s")
    assert answer == AwardResult(None, 0, (), None, None, "还没有人投票，本奖项没有得主。")


def test_fewer_than_no_votes_are_a_mistake():
    with pytest.raises(ValueError, match="negative"):
        result({1: -1}, {}, seed="s")


def test_the_lot_is_the_same_everywhere():
    # printf '2f:1' | sha256sum, and so on
    assert lot_order([3, 1, 2], "2f") == lot_order([1, 2, 3], "2f") == [1, 2, 3]


def test_the_lot_favours_nobody():
    winners = Counter(lot_order([1, 2, 3], str(seed))[0] for seed in range(3000))
    assert all(900 < winners[group] < 1100 for group in (1, 2, 3))


means = st.none() | st.decimals(1, 5, places=2)
ballots = st.dictionaries(st.integers(1, 8), st.tuples(st.integers(0, 4), means))


@given(ballots, st.text(max_size=5), st.randoms())
def test_the_winner_is_beaten_by_nobody_and_the_order_of_counting_is_no_matter(ballot, seed, rng):
    seed = seed.encode("utf-8", "ignore").decode()
    answer = result(
        {group: count for group, (count, _mean) in ballot.items()},
        {group: mean for group, (_count, mean) in ballot.items()},
        seed=seed,
    )
    mixed = list(ballot.items())
    rng.shuffle(mixed)
    assert answer == result(
        {group: count for group, (count, _mean) in mixed},
        {group: mean for group, (_count, mean) in mixed},
        seed=seed,
    )
    if answer.winner is None:
        assert not any(count for count, _mean in ballot.values())
        return
    count, mean = ballot[answer.winner]
    for other_count, other_mean in ballot.values():
        assert other_count <= count
        if other_count == count and other_mean is not None:
            assert mean is not None
            assert other_mean <= mean
    assert (answer.broken_by is None) == (not answer.tied)
    assert (answer.lot_seed is None) == (answer.broken_by != "lot")
