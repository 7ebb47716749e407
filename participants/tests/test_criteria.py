"""Criteria: met, not met or unknown, and the points that follow."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from participants.criteria import Criterion, doublings, judge

# The rules of SALON §3.
SALON = {
    "operator": (
        Criterion("community_size", "gte", "社群规模", 30, threshold=5_000, unit="人"),
        Criterion("active_rate", "gte", "月活率", 30, threshold=40, unit="%"),
        Criterion("pain_points", "min_count", "互动痛点", 20, threshold=1, unit="条"),
    ),
    "brand": (
        Criterion("cooperation_need", "present", "合作需求", 50),
        Criterion("resource_offer", "present", "可提供的资源", 50),
    ),
    "creator": (
        Criterion("followers", "gte", "粉丝量", 30, threshold=100_000, unit="人"),
        Criterion("creator_field", "present", "创作领域", 30),
        Criterion("case|method", "any_of_present", "可分享的案例或方法", 30),
    ),
}

CHEN_YU = {"community_size": 12_000, "active_rate": Decimal("45"), "pain_points": ["群里没人说话"]}


def states(category, answers):
    return [item.state for item in judge(SALON[category], answers).findings]


def test_chen_yu_with_12_000_people_and_45_per_cent_meets_all_three():
    judgement = judge(SALON["operator"], CHEN_YU)
    assert [item.state for item in judgement.findings] == ["met", "met", "met"]
    assert judgement.findings[0].sentence == "社群规模 12,000 人，达到 5,000 人。"
    assert [part.points for part in judgement.findings] == [
        Decimal("33.6"),  # 12 000 is one doubling and a fifth of the next: 30 + 3 × 1.2
        Decimal("30.37"),  # 45 is an eighth of a doubling above 40: 30 + 3 × 0.125
        Decimal("20"),
    ]
    assert judgement.score == Decimal("83.97")
    assert judgement.findings[0].points_sentence == (
        "社群规模：达到，30 分；是门槛的 2.4 倍，加 3.6 分（最多 39 分）。"
    )


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({"community_size": 5_000, "active_rate": 40, "pain_points": ["a"]}, ["met"] * 3),
        ({"community_size": 4_999, "active_rate": 39.9, "pain_points": ["无"]}, ["not_met"] * 3),
        ({"community_size": 0, "active_rate": 0}, ["not_met", "not_met", "unknown"]),
        ({}, ["unknown"] * 3),
        ({"community_size": None, "active_rate": " ", "pain_points": ["", " "]}, ["unknown"] * 3),
        (
            {"community_size": "很大", "active_rate": float("nan"), "pain_points": []},
            ["unknown"] * 3,
        ),
    ],
)
def test_operator_rules_at_their_edges(answers, expected):
    assert states("operator", answers) == expected


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({"followers": 100_000, "creator_field": "直播", "case": True}, ["met"] * 3),
        (
            {"followers": 99_999, "creator_field": "", "case": False},
            ["not_met", "unknown", "unknown"],
        ),
        ({"followers": 100_000, "case": False, "method": False}, ["met", "unknown", "not_met"]),
        (
            {"followers": 100_000, "case": "没有。", "method": "七日激活法"},
            ["met", "unknown", "met"],
        ),
    ],
)
def test_creator_rules_read_either_a_case_or_a_method(answers, expected):
    assert states("creator", answers) == expected


def test_a_brand_that_writes_none_has_answered_no_and_a_blank_has_not_answered():
    assert states("brand", {"cooperation_need": "暂无", "resource_offer": ""}) == [
        "not_met",
        "unknown",
    ]


def test_an_unreadable_size_is_quoted_back():
    item = judge(SALON["operator"], {"community_size": "很大"}).findings[0]
    assert item.sentence == "社群规模填的是“很大”，看不出数目，需要核实。"


def test_an_upper_limit_reads_the_other_way_round():
    rule = Criterion("price", "lte", "报价", weight=10, threshold=100, unit="元")
    assert [judge([rule], {"price": price}).score for price in (101, 100, 0)] == [0, 10, 10]


@pytest.mark.parametrize(
    ("times", "expected"),
    [(1, 0), (Fraction(3, 2), Fraction(1, 2)), (2, 1), (3, Fraction(3, 2)), (8, 3), (1000, 3)],
)
def test_each_doubling_of_the_threshold_counts_one(times, expected):
    assert doublings(Fraction(times)) == expected


def test_a_judgement_names_what_is_open_for_the_screening_list():
    judgement = judge(SALON["operator"], {"community_size": 100})
    assert judgement.labels_with("not_met") == ("社群规模",)
    assert judgement.labels_with("unknown") == (
        "月活率",
        "互动痛点",
    )


def test_an_operator_nobody_knows_is_a_mistake_of_the_programmer():
    with pytest.raises(ValueError, match="between"):
        judge([Criterion("x", "between", "x", weight=1)], {})


any_answer = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.decimals(),
    st.sampled_from(["", "  ", "无", "直播", "1.2万", "\x00"]),
    st.lists(st.sampled_from(["", "没有", "群里没人说话"]), max_size=3),
)
FIELDS = sorted({name for rules in SALON.values() for rule in rules for name in rule.fields})


@given(st.sampled_from(sorted(SALON)), st.dictionaries(st.sampled_from(FIELDS), any_answer))
def test_any_answer_gets_a_state_and_points_that_fit_it(category, answers):
    judgement = judge(SALON[category], answers)
    for rule, finding in zip(SALON[category], judgement.findings, strict=True):
        assert finding.sentence
        assert finding.points_sentence
        if finding.state == "met":
            assert rule.weight <= finding.points <= rule.most
        else:
            assert finding.points == 0
    assert judgement.score == sum(finding.points for finding in judgement.findings)


@given(st.integers(5_000, 10**7), st.integers(5_000, 10**7))
def test_a_larger_community_never_scores_less(one, other):
    small, large = (
        judge(SALON["operator"], {"community_size": size}).score for size in sorted((one, other))
    )
    assert small <= large
