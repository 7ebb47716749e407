"""Resource corner: offers meet needs, with reasons, evenly dealt."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workshops.matching import Person, fits_of, pair_score, shared_words, suggest, suggest_to, terms

LABELS = {"content": "内容共创", "users": "用户互推", "tools": "工具合作", "education": "教育"}

LIN = Person(1, "education", "content", "直播间和主播资源", "需要活动海报设计")
ZHOU = Person(2, "consumer", "content", "可以做视觉设计、插画", "想找主播合作直播")
MA = Person(3, "services", "users", "5 万宝妈社群互推", "求亲子课程内容")
XU = Person(4, "education", "users", "亲子阅读课程", "想和宝妈社群换量")
HE = Person(5, "internet", "tools", "SCRM 系统试用", "种子用户反馈")
ROOM = [LIN, ZHOU, MA, XU, HE]


def pairs(suggestions):
    return [(one.a, one.b) for one in suggestions]


def test_offers_meet_needs_both_ways_and_the_reasons_say_how():
    best = suggest(ROOM, labels=LABELS)[:2]
    assert sorted(pairs(best)) == [(1, 2), (3, 4)]
    lin_and_zhou = next(one for one in best if one.a == 1)
    assert set(lin_and_zhou.reasons) == {
        "一方可提供“直播间和主播资源”，另一方需要“想找主播合作直播”：直播、主播。",
        "一方可提供“可以做视觉设计、插画”，另一方需要“需要活动海报设计”：设计。",
        "双方正好互补。",
        "都在内容共创桌。",
    }


def test_one_notion_in_two_wordings_is_recognised():
    poster = Person(1, "", "", "海报排版", "")
    visual = Person(2, "", "", "", "视觉设计支持")
    (found,) = suggest([poster, visual])
    assert found.reasons == ("一方可提供“海报排版”，另一方需要“视觉设计支持”：设计。",)


def test_what_everybody_says_weighs_less_than_what_only_two_say():
    people = [Person(number, "", "", "社群运营经验", "社群运营经验") for number in range(1, 8)]
    people += [Person(8, "", "", "社群运营手账", ""), Person(9, "", "", "", "手账社群")]
    fits = fits_of(people)
    assert fits[8, 9] > fits[1, 9]


@pytest.mark.parametrize("text", ["", "   ", "无", "暂无", "没有。", "N/A", "提供资源"])
def test_empty_words_match_nobody(text):
    assert terms(text) == frozenset()
    assert suggest([Person(1, "", "", text, text), Person(2, "", "", text, text)]) == []


def test_same_table_and_same_trade_are_worth_a_word_but_one_of_them_is_not():
    one = Person(1, "education", "content", "", "")
    both = Person(2, "education", "content", "", "")
    table_only = Person(3, "consumer", "content", "", "")
    (found,) = suggest([one, both, table_only], labels=LABELS)
    assert (found.a, found.b) == (1, 2)
    assert found.reasons == ("都在内容共创桌。", "同在教育行业。")
    assert found.score == pytest.approx(0.3)


def test_pairs_already_confirmed_or_declined_are_not_suggested_again():
    assert (1, 2) not in pairs(suggest(ROOM, excluded=[(2, 1)]))


def test_nobody_is_suggested_to_everybody():
    star = Person(1, "", "", "直播设备", "直播场地")
    fans = [Person(number, "", "", "直播场地", "直播设备") for number in range(2, 12)]
    chosen = suggest([star, *fans], limit=2)
    assert sum(1 in pair for pair in pairs(chosen)) == 2


def test_shared_words_are_whole_pieces_and_not_scraps():
    assert shared_words("亲子阅读推广经验", "亲子阅读活动") == ["亲子阅读"]
    assert shared_words("Notion 模板", "notion教程") == ["notion"]
    assert shared_words("直播", "海报") == []


def test_a_long_offer_is_quoted_in_short():
    talker = Person(1, "", "", "直播" + "场" * 150, "")
    (found,) = suggest([talker, Person(2, "", "", "", "直播")])
    assert "…”" in found.reasons[0]
    assert len(found.reasons[0]) < 80


words = st.sampled_from(
    [
        "直播",
        "海报设计",
        "宝妈社群",
        "课程",
        "数据看板",
        "试用装",
        "无",
        "场地",
        "notion",
        "😀",
        "\x00",
    ]
)
texts = st.lists(words, max_size=3).map("、".join)
rooms = st.lists(
    st.builds(
        Person,
        st.integers(1, 99),
        st.sampled_from(["", "education", "consumer"]),
        st.sampled_from(["", "content", "users"]),
        texts,
        texts,
    ),
    unique_by=lambda person: person.id,
    max_size=14,
)


@settings(deadline=None)
@given(rooms, st.integers(1, 4), st.randoms())
def test_suggestions_are_ordered_limited_symmetric_and_independent_of_the_order(people, limit, rng):
    chosen = suggest(people, limit=limit)
    mixed = list(people)
    rng.shuffle(mixed)
    assert suggest(mixed, limit=limit) == chosen
    fits = fits_of(sorted(people, key=lambda person: person.id))
    by_id = {person.id: person for person in people}
    assert [one.score for one in chosen] == sorted((one.score for one in chosen), reverse=True)
    for one in chosen:
        assert one.a < one.b
        assert one.reasons
        assert 0 < one.score <= 1
        assert one.score == pair_score(by_id[one.b], by_id[one.a], fits)
    for person in people:
        assert sum(person.id in pair for pair in pairs(chosen)) <= limit


@settings(deadline=None)
@given(rooms, st.integers(1, 3))
def test_a_pair_is_left_out_only_when_it_is_closed_worthless_or_somebody_is_full(people, limit):
    chosen = suggest(people, limit=limit)
    fits = fits_of(sorted(people, key=lambda person: person.id))
    full = {
        person.id for person in people if sum(person.id in pair for pair in pairs(chosen)) == limit
    }
    for a in people:
        for b in people:
            if a.id < b.id and (a.id, b.id) not in pairs(chosen):
                assert pair_score(a, b, fits) == 0 or {a.id, b.id} & full


def test_a_full_house_of_150_gets_suggestions_for_nearly_everybody():
    draw = Random(1)
    wares = [
        "直播间",
        "海报设计",
        "宝妈社群",
        "亲子课程",
        "数据看板",
        "新品试用装",
        "活动场地",
        "短视频剪辑",
    ]
    people = [
        Person(number, "education", "content", *draw.sample(wares, 2)) for number in range(150)
    ]
    met = {person for one in suggest(people, limit=3) for person in (one.a, one.b)}
    assert len(met) >= 148


def test_one_persons_best_are_those_that_dealing_would_take_from_an_empty_table():
    """With two people there is nothing to deal, so both ways agree."""
    lin = Person(1, "education", "content", "三十人会议室", "短视频剪辑")
    zhou = Person(2, "consumer", "tools", "短视频拍摄剪辑", "会议室场地")
    assert suggest_to(1, [lin, zhou]) == suggest([lin, zhou])
    assert suggest_to(1, [lin, zhou], excluded=[(2, 1)]) == []
    assert suggest_to(9, [lin, zhou]) == []


def test_one_persons_best_come_best_first_and_no_more_than_asked():
    me = Person(1, "education", "content", "", "三十人会议室场地")
    others = [
        Person(2, "education", "content", "会议室", ""),
        Person(3, "education", "content", "三十人会议室场地", ""),
        Person(4, "consumer", "tools", "打卡小程序", ""),
    ]
    found = suggest_to(1, [*others, me])
    assert [pair.b for pair in found] == [3, 2]
    assert suggest_to(1, [*others, me], limit=1) == found[:1]
