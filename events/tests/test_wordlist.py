"""The word list: what is disguised is found, what only looks or sounds like it is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events import wordlist

WORDS = ["加微信", "代刷", "博彩", "色情", "傻逼"]


@pytest.mark.parametrize(
    "text",
    [
        "加微信领资料",
        "加 微 信 领资料",
        "加\u200b微\u3000信",
        "加·微*信",
        "加薇信",
        "加wei信",
        "加 WEI 心",
        "加V̂X",
        "加ṽx",
        "加威x",
        "➕V信",
        "+vx 领资料",
        "加ＷＸ",
        "加v领资料",
        "嘉薇信",
        "代刷、代 刷",
        "菠菜网",
        "傻Ｘ不算，傻.逼算",
        "沙比",
        "賭博？不，博　彩",
        "涩情",
        "色色情情",
    ],
)
def test_a_disguised_word_is_still_that_word(text):
    assert wordlist.hit(text, WORDS)


@pytest.mark.parametrize(
    "text",
    [
        "新人进群三天就不说话了，怎么办？",
        "老师，微信群和企业微信群哪个好？",
        "数据看板能分享吗",
        "博物馆的合作案例太精彩了",
        "怎么刷新社群的内容",
        "情绪价值具体怎么做",
        "👍👍👍",
        "V1 和 V2 版本差在哪",
    ],
)
def test_what_people_say_is_let_through(text):
    assert wordlist.hit(text, WORDS) is None


SEPARATORS = st.text(st.sampled_from(list(" 　*.-_~·|/\u200b\u200d、，!！😀")), max_size=3)


@given(st.sampled_from(WORDS), st.data(), st.booleans())
def test_no_sign_between_the_characters_hides_a_word(word, data, wide):
    disguised = word[0] + "".join(data.draw(SEPARATORS) + character for character in word[1:])
    assert wordlist.hit(f"大家好{disguised}谢谢", [word]) == word


@given(st.text())
def test_any_text_can_be_looked_at(text):
    wordlist.hit(text, WORDS)
