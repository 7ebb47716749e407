"""Pains find their topic, in the words people really use, and can say why."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from participants.topics import (
    OTHER,
    TOPICS,
    classify,
    topic_named,
    topic_of,
)

SAID = {
    "new_user_activation": [
        "刚加进来的人看一眼就屏蔽了",
        "新粉不互动",
        "新用户进群三天就沉默",
        "新人加进来以后基本不说话",
        "拉新容易，激活难",
        "入群之后没有反应，像进了空房间",
        "新会员第一周留不住",
        "加好友之后就没下文了",
        "新用户流失特别快",
        "冷启动阶段不知道怎么破冰",
        "New users go quiet after three days",
    ],
    "low_participation": [
        "社群打不起精神，发什么都石沉大海",
        "直播时没人发弹幕",
        "问卷回收率太低",
        "活动报名的人多，来的人少",
        "打卡活动参与率越来越低",
        "群里没人说话",
        "发了活动没有人报名",
        "互动率一直上不去",
        "参与度低",
        "群很冷清，只有群主自说自话",
        "大家都在潜水",
        "每次提问都没人回应",
        "直播间活跃度下降明显",
        "low engagement in our groups",
    ],
    "sameness": [
        "大家做的活动都差不多",
        "内容同质化，群里只剩转发",
        "活动玩法千篇一律",
        "玩来玩去就那几种形式，太单一",
        "话题重复，用户审美疲劳",
        "和别家群没有差异化",
        "内容都是搬运的",
        "缺乏创意，没新意",
    ],
    "content_supply": [
        "每天发什么内容想破头",
        "用户不爱发帖",
        "UGC 产出不足，全靠运营自己写",
        "素材不够用",
        "选题枯竭",
        "用户不愿意分享，没人投稿",
        "内容经常断更",
        "全靠小编一个人写",
    ],
    "hard_to_track": [
        "不知道哪个渠道来的用户更有价值",
        "社群 ROI 怎么算",
        "数据难跟踪",
        "数据散在各个工具里，难跟进",
        "不知道活动效果怎么衡量",
        "社群的价值说不清",
        "没法量化社群的贡献",
        "数据打不通，对不上",
        "没有漏斗，也没有看板",
        "每天手工统计表格，数据滞后",
        "ROI 说不清楚，老板总问有没有用：不知道效果好坏",
    ],
    "incentive_cost": [
        "补贴一停活跃就掉",
        "激励成本高，停了就没人",
        "红包发少了没效果",
        "奖品越来越贵",
        "羊毛党太多",
        "预算有限，礼品买不起",
        "积分体系失效",
        "福利一停人就散",
    ],
    "churn": [
        "老学员毕业后就不来了",
        "会员到期不续",
        "老用户流失没有预警",
        "核心用户慢慢都走了",
        "每月退群的人很多",
        "沉睡用户唤醒不了",
        "续费率低",
        "老粉留不住",
        "种子用户倦怠",
    ],
    "conversion": [
        "引流来的都是白嫖党",
        "复购周期长，下单的少",
        "活跃不转化，复购上不去",
        "群里聊得热闹就是不下单",
        "私域成交低",
        "流量很大但变现难",
        "直播带货销量一般",
        "粉丝不买账也不付费",
    ],
    "staffing": [
        "就我一个运营，根本顾不上",
        "志愿者不稳定，活动没人带",
        "社群太多，人手不够",
        "一个人管二十个群",
        "消息太多回复不过来",
        "运营人力紧张",
        "没精力做精细化",
        "群没人维护",
        "每天重复劳动，效率低",
    ],
    "online_offline_gap": [
        "门店和社群是两张皮",
        "线上线下割裂，到场后没有后续",
        "线下活动做完没有沉淀",
        "门店顾客导不进社群",
        "线上热闹，线下没人来",
        "活动结束后就断了联系",
    ],
    "atmosphere": [
        "群里总有微商加人",
        "群里广告多，氛围变差",
        "总有人刷屏发小广告",
        "二维码乱发",
        "群友吵架，秩序很乱",
        "链接满天飞",
        "群规形同虚设",
    ],
}


@pytest.mark.parametrize(
    ("text", "key"), [(text, key) for key, texts in SAID.items() for text in texts]
)
def test_a_pain_finds_its_topic(text, key):
    found = classify(text)
    assert found.topic.key == key, found.evidence


def test_every_topic_is_spoken_of_in_these_tests():
    assert SAID.keys() == {topic.key for topic in TOPICS}


@pytest.mark.parametrize("text", ["", "   ", "（空）", "还没想好", "。。。", "😀", "\x00"])
def test_what_says_nothing_belongs_to_no_topic(text):
    assert topic_of(text) is OTHER


def test_the_answer_quotes_the_words_it_rests_on():
    assert classify("激励成本 高，停了就没人").evidence == ("激励成本高", "激励", "成本高")


def test_full_width_letters_capitals_and_spaces_change_nothing():
    assert topic_of("Ｕ ＧＣ太少").key == topic_of("ugc太少").key == "content_supply"


def test_a_gap_does_not_reach_into_the_next_clause():
    assert topic_of("效果好，衡量仔细").key == "other"


def test_of_two_equally_strong_topics_the_first_one_named_wins():
    assert topic_of("转化、氛围").key == "conversion"
    assert topic_of("氛围、转化").key == "atmosphere"


def test_a_stored_key_finds_its_topic_and_an_old_one_falls_back():
    assert all(topic_named(topic.key) is topic for topic in TOPICS)
    assert topic_named("") is OTHER
    assert topic_named("retired") is OTHER


def test_keys_fit_their_column_and_names_are_all_different():
    for names in (
        [topic.key for topic in (*TOPICS, OTHER)],
        [str(topic.label) for topic in (*TOPICS, OTHER)],
        [str(topic.group) for topic in (*TOPICS, OTHER)],
    ):
        assert len(set(names)) == len(names)
        assert max(map(len, names)) <= 30


@given(st.text(max_size=200))
def test_any_text_is_filed_and_only_with_evidence(text):
    found = classify(text)
    assert (found.topic is OTHER) == (found.evidence == ())
    assert classify(text) == found
