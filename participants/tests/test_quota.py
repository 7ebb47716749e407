"""Shares, filling to quota and moving up: the organiser's arithmetic."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from participants.quota import (
    Candidate,
    NobodyMoved,
    Promotion,
    WaitingPerson,
    next_up,
    plan_fill,
    rank_key,
    seats,
    shares_problem,
)

OPENING = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
LABELS = {"operator": "核心运营者", "brand": "品牌方代表", "creator": "内容创作者"}


def as_dict(rows):
    return {row.key: row.seats for row in rows}


# ---------------------------------------------------------------- shares


def test_fifty_seats_become_thirty_five_five_and_ten():
    rows = seats(50, {"operator": 70, "brand": 10, "creator": 20})
    assert as_dict(rows) == {"operator": 35, "brand": 5, "creator": 10}
    assert rows[0].sentence == "占比 70 %，正好 35 席。"


def test_the_rounding_is_shown_seat_by_seat():
    rows = seats(47, {"operator": 70, "brand": 10, "creator": 20})
    assert as_dict(rows) == {"operator": 33, "brand": 5, "creator": 9}
    operator, brand, creator = rows
    assert (operator.exact, operator.floor, operator.extra) == (Fraction("32.9"), 32, 1)
    assert (brand.remainder, brand.extra) == (Fraction("0.7"), 1)
    assert brand.sentence == (
        "占比 10 %，应得 4.7 席：先取 4 席，余数 0.7 靠前，补 1 席，共 5 席。"
    )
    assert creator.sentence == "占比 20 %，应得 9.4 席：取 9 席，余数 0.4 靠后，不补。"


def test_equal_remainders_go_to_the_larger_share_then_to_the_earlier():
    assert as_dict(seats(1, {"a": 25, "b": 50, "c": 25})) == {"a": 0, "b": 1, "c": 0}
    assert as_dict(seats(1, {"a": 50, "b": 50})) == {"a": 1, "b": 0}


def test_a_third_written_with_decimals_loses_no_seat():
    thirds = {"a": Decimal("33.3"), "b": Decimal("33.3"), "c": Decimal("33.4")}
    assert as_dict(seats(100, thirds)) == {"a": 33, "b": 33, "c": 34}


@pytest.mark.parametrize(
    ("capacity", "shares", "sentence"),
    [
        (50, {"a": 70, "b": 20}, "各类别占比合计 90 %，还差 10 %，请改到正好 100 %。"),
        (50, {"a": 70, "b": 35.5}, "各类别占比合计 105.5 %，多出 5.5 %，请改到正好 100 %。"),
        (50, {"a": 120, "b": -20}, "占比不能是负数。"),
        (50, {}, "还没有设置任何类别的占比。"),
        (-1, {"a": 100}, "名额不能是负数。"),
    ],
)
def test_shares_that_do_not_add_up_get_one_sentence(capacity, shares, sentence):
    assert shares_problem(capacity, shares) == sentence
    with pytest.raises(ValueError, match=sentence.split("%")[0][:8]):
        seats(capacity, shares)


@st.composite
def share_tables(draw, most=6):
    cuts = sorted(draw(st.lists(st.integers(0, 1000), max_size=most - 1)))
    edges = [0, *cuts, 1000]
    return {
        f"c{index}": Decimal(high - low) / 10 for index, (low, high) in enumerate(pairwise(edges))
    }


@given(st.integers(0, 5_000), share_tables())
def test_seats_add_up_and_stay_within_one_seat_of_the_exact_share(capacity, shares):
    rows = seats(capacity, shares)
    assert sum(row.seats for row in rows) == capacity
    assert all(abs(row.seats - row.exact) < 1 for row in rows)
    assert all(row.seats == row.floor + row.extra for row in rows)


@given(st.integers(0, 8), share_tables(most=4))
def test_no_other_division_comes_closer_to_the_shares(capacity, shares):
    rows = seats(capacity, shares)
    exact = [row.exact for row in rows]

    def error(division):
        return sum((got - want) ** 2 for got, want in zip(division, exact, strict=True))

    divisions = product(range(capacity + 1), repeat=len(rows))
    best = min(error(division) for division in divisions if sum(division) == capacity)
    assert error([row.seats for row in rows]) == best


# ---------------------------------------------------------------- fill to quota


def candidate(number, category="operator", score=80, minutes=0, **open_points):
    return Candidate(
        number, category, Decimal(score), OPENING + timedelta(minutes=minutes), **open_points
    )


def ids(picks):
    return [pick.candidate.id for pick in picks]


def test_the_best_are_taken_by_score_then_time_then_id():
    queue = [
        candidate(4, score=80, minutes=5),
        candidate(3, score=80, minutes=5),
        candidate(2, score=80, minutes=1),
        candidate(1, score=90, minutes=9),
    ]
    plan = plan_fill(queue, {"operator": 5}, {"operator": 2}, labels=LABELS)
    assert ids(plan.accept) == [1, 2, 3]
    assert ids(plan.waitlist) == [4]
    assert plan.accept[0].why == "核心运营者第 1 名，90 分；名额 5 席，已占 2 席。"
    assert plan.waitlist[0].why == "核心运营者第 4 名，80 分；5 席已满，候补第 1 位。"
    assert plan.unfilled == []


def test_nobody_is_taken_against_a_rule_without_a_hand_that_writes_the_reason():
    queue = [
        candidate(1, score=90, not_met=("社群规模",)),
        candidate(2, score=40, unknown=("月活率",)),
    ]
    plan = plan_fill(queue, {"operator": 3}, {}, labels=LABELS)
    assert ids(plan.accept) == [2]
    assert plan.accept[0].why.endswith("待核实：月活率。")
    assert ids(plan.by_hand) == [1]
    assert plan.by_hand[0].why == "核心运营者第 1 名，未达到：社群规模。若要录取，请逐个写明理由。"
    assert plan.unfilled[0].seats == 2
    assert "另有 1 人未达到条件" in plan.unfilled[0].sentence


def test_seats_a_category_cannot_fill_stay_empty_until_they_are_released():
    queue = [candidate(1, "brand"), *(candidate(number) for number in range(2, 6))]
    quota = {"operator": 2, "brand": 3}
    held = plan_fill(queue, quota, {}, labels=LABELS)
    assert ids(held.accept) == [1, 2, 3]
    assert [(gap.category, gap.seats) for gap in held.unfilled] == [("brand", 2)]
    assert held.unfilled[0].sentence == ("品牌方代表还空 2 席：没有更多人可选，可释放给其他类别。")
    released = plan_fill(queue, {"operator": 4, "brand": 1}, {})
    assert ids(released.accept) == [1, 2, 3, 4, 5]
    assert released.unfilled == []


def test_a_category_over_its_seats_never_pushes_the_room_over_capacity():
    queue = [candidate(1, "brand", 70), candidate(2, "brand", 90)]
    plan = plan_fill(queue, {"operator": 3, "brand": 2}, {"operator": 4}, labels=LABELS)
    assert ids(plan.accept) == [2]
    assert plan.waitlist[0].why == (
        "品牌方代表第 2 名，70 分；本类还有名额，但其他类别已超出，全场满员，候补第 1 位。"
    )
    assert plan.unfilled == []


def test_a_category_without_seats_waits():
    plan = plan_fill([candidate(1, "press")], {"operator": 1}, {})
    assert ids(plan.waitlist) == [1]


categories = st.sampled_from(["operator", "brand", "creator"])
queues = st.lists(
    st.builds(
        candidate,
        st.integers(1, 10**6),
        categories,
        st.integers(0, 4),
        st.integers(0, 3),
        not_met=st.sampled_from([(), (), ("规模",)]),
    ),
    unique_by=lambda person: person.id,
    max_size=30,
)
counts = st.fixed_dictionaries({key: st.integers(0, 6) for key in LABELS})


@given(queues, counts, counts, st.randoms())
def test_a_plan_is_fair_full_and_the_same_for_every_order(queue, quota, taken, rng):
    plan = plan_fill(queue, quota, taken)
    shuffled = list(queue)
    rng.shuffle(shuffled)
    assert plan_fill(shuffled, quota, taken) == plan

    placed = ids(plan.accept) + ids(plan.waitlist) + ids(plan.by_hand)
    assert sorted(placed) == sorted(person.id for person in queue)
    room = sum(quota.values()) - sum(taken.values())
    assert len(plan.accept) <= max(0, room)
    for key in LABELS:
        accepted = [pick.candidate for pick in plan.accept if pick.candidate.category == key]
        waiting = [pick.candidate for pick in plan.waitlist if pick.candidate.category == key]
        assert len(accepted) <= max(0, quota[key] - taken[key])
        assert all(rank_key(one) < rank_key(other) for one in accepted for other in waiting)
        if waiting and len(plan.accept) < room:
            assert len(accepted) == max(0, quota[key] - taken[key])
        empty = sum(gap.seats for gap in plan.unfilled if gap.category == key)
        if empty:
            assert not waiting or len(plan.accept) >= room


# ---------------------------------------------------------------- waiting list


def waiting(number, category="operator", score=80, minutes=0, **more):
    at = OPENING + timedelta(minutes=minutes)
    return WaitingPerson(number, category, Decimal(score), at, **more)


def test_the_first_of_the_category_moves_up():
    queue = [waiting(1, score=70), waiting(2, "brand", 99), waiting(3, minutes=5), waiting(4)]
    answer = next_up(queue, "operator", 1, labels=LABELS)
    assert isinstance(answer, Promotion)
    assert answer.person.id == 4
    assert answer.sentence == "核心运营者空出名额，候补 3 人中的第 1 位递补。"


def test_whom_a_rule_speaks_against_is_passed_over_and_it_is_said():
    queue = [waiting(1, score=70), waiting(2, score=90, against=True), waiting(3, score=60)]
    answer = next_up(queue, "operator", 1, labels=LABELS)
    assert answer.person.id == 1
    assert answer.sentence == (
        "核心运营者空出名额，候补 3 人中的第 2 位递补。"
        "排在前面的 1 人有条件未达到，要录取请逐个写明理由。"
    )


@pytest.mark.parametrize(
    ("queue", "free", "code", "sentence"),
    [
        ([waiting(1)], 0, "full", "没有人递补，因为核心运营者没有空出的名额。"),
        ([waiting(1)], -2, "over_full", "没有人递补，因为核心运营者已经超出名额 2 席。"),
        (
            [waiting(1, against=True), waiting(2, "brand")],
            1,
            "against_rules",
            "没有人递补，因为核心运营者候补的 1 人都有条件未达到；要录取请逐个写明理由。",
        ),
        ([], 1, "nobody_waiting", "没有人递补，因为核心运营者空出了名额，但候补名单是空的。"),
        (
            [waiting(1, "creator"), waiting(2, "brand"), waiting(3, "creator")],
            1,
            "only_other_categories",
            (
                "没有人递补，因为核心运营者没有人候补；候补的是品牌方代表 1 人、内容创作者 2 人。"
                "要让他们递补，请先释放名额。"
            ),
        ),
    ],
)
def test_when_nobody_moves_up_the_organiser_reads_why(queue, free, code, sentence):
    assert next_up(queue, "operator", free, labels=LABELS) == NobodyMoved(code, sentence)
