"""Words that do not go up on a wall unseen, however they are disguised.

A hit is no verdict: it only keeps a text waiting for a person to look at it. So it may be
suspicious of homophones (博彩, 菠菜), which a refusal must not be.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence

from pypinyin import lazy_pinyin

from salon.text import clean_text

# Signs and characters that stand for another one. NFKD has dealt with full width, circled
# digits and ligatures before.
_STAND_INS = str.maketrans(
    {
        **dict.fromkeys("➕+＋✚", "加"),
        **dict.fromkeys("❤♥", "心"),
        **dict.fromkeys("0〇", "o"),
        **dict.fromkeys("@", "a"),
        **dict.fromkeys("$", "s"),
        **dict(zip("賭淫穢廣選錢買賣號碼傳銷貸網", "赌淫秽广选钱买卖号码传销贷网", strict=True)),
    }
)
# How 微信 is written by those who know that it is looked for; QQ likewise.
_ALIASES = (
    (
        re.compile("(?:[v微薇威维唯徽徵溦葳]|wei){1,4}(?:xin|x|信|芯|心)|vx|wx|wechat|绿泡泡"),
        "微信",
    ),
    (re.compile("加[v微薇威维唯徽徵溦葳]+(?!信)"), "加微信"),
    (re.compile("[扣q]{2}|企鹅号"), "qq"),
)
_NOT_TEXT = re.compile(r"[\W_]+")
_REPEATED = re.compile(r"(.)\1+")
_HAN = re.compile(r"[\u3400-\u9fff]+")


def plain(text: str) -> str:
    """The text as it is read aloud: half width, lower case, without spaces, signs, invisible
    characters, repeats and the usual disguises."""
    # Taken apart, so that an accent is a sign of its own and goes with the others.
    text = unicodedata.normalize("NFKD", clean_text(text)).casefold().translate(_STAND_INS)
    text = "".join(c for c in text if unicodedata.category(c) not in ("Mn", "Cf"))
    text = _REPEATED.sub(r"\1", _NOT_TEXT.sub("", text))
    for pattern, word in _ALIASES:
        text = pattern.sub(word, text)
    return _REPEATED.sub(r"\1", text)


def hit(text: str, words: Iterable[str], *, by_sound: bool = True) -> str | None:
    """The first of `words` that the text says, openly, disguised or by homophones; or None."""
    said = plain(text)
    syllables = None
    for word in words:
        wanted = plain(word)
        if not wanted:
            continue
        if wanted in said:
            return word
        if by_sound and len(wanted) > 1 and _HAN.fullmatch(wanted):
            syllables = syllables if syllables is not None else _syllables(said)
            if _within(lazy_pinyin(wanted), syllables):
                return word
    return None


def _syllables(said: str) -> list[str]:
    """Toneless pinyin of each Chinese character; a blank for anything else."""
    found = []
    for run in re.findall(r"[\u3400-\u9fff]+|[^\u3400-\u9fff]+", said):
        found += lazy_pinyin(run) if _HAN.fullmatch(run) else [""]
    return found


def _within(part: Sequence[str], whole: Sequence[str]) -> bool:
    return any(
        list(whole[place : place + len(part)]) == list(part)
        for place in range(len(whole) - len(part) + 1)
    )
