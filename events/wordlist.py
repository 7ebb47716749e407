"""Words that do not go up on a wall unseen, however they are disguised.

A hit is no verdict: it only keeps a text waiting for a person to look at it. So in a text it may be
suspicious of what merely sounds like a word (博彩, 菠菜). A name is judged by its characters and
their disguises, never by its sound: 贾维新 and Du Bo are people.

A text is read as units: each Chinese character, and each run of letters and digits. A character of
a word is said by itself, by one that looks like it, by its pinyin in letters, or by one that sounds
like it; short letters may stand between. What the words around explain (年代刷屏, 大家为新人) is no hit.
"""

import functools
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pypinyin import lazy_pinyin
from pypinyin.phrases_dict import phrases_dict

from salon.text import clean_text

# Letters that look like others; NFKD has dealt with full width, circles, scripts and accents before.
_LETTERS = str.maketrans(
    {
        **dict(zip("авсԁеһіјкӏмнорԛѕтуѵԝхпи", "abcdehijklmhopqstyvwxnu", strict=True)),
        **dict(zip("αβϲεηικνορτυχωγσ", "abcenikvoptuxwyo", strict=True)),
        **dict(zip("ıɩłøđħɑɡᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ", "iilodhagabcdefghijklmnoprstuvwyz", strict=True)),
        # Letters white on black, in a circle or a square, and those of flags.
        **{chr(first + n): chr(97 + n) for first in (0x1F150, 0x1F170, 0x1F1E6) for n in range(26)},
    }
)  # fmt: skip
_SIGNS = str.maketrans(dict.fromkeys("➕✚", "加"))
_HEART = re.compile("(?<=[v微薇威维i])[❤♥]")  # says 心 where 信 is expected
_SIMPLE = str.maketrans(
    "賭淫穢廣選錢買賣號碼傳銷貸網單發賬約鏈誘娛樂賺優體槍證職聯繫導財運團費",
    "赌淫秽广选钱买卖号码传销贷网单发账约链诱娱乐赚优体枪证职联系导财运团费",
)
# A plus sign says 加 where it joins nothing before it.
_PLUS = re.compile(r"(?<![\w)）\]】”])[+＋](?=\s*\w)")
_OTHERWISE = (("wechat", "微信"), ("绿泡泡", "微信"), ("企鹅号", "qq"), ("扣扣", "qq"))
_UNIT = re.compile(r"[\u3400-\u9fff]|[a-z0-9@$](?:[a-z0-9@$!|]*[a-z0-9@$])?")
_HAN = re.compile(r"[\u3400-\u9fff]+")
_LEET = str.maketrans("4301l!|5$7@89", "aeoiiiisstabg")
_REPEATED = re.compile(r"(.)\1+")
# Characters that look like another one, and what else it is written as beside its pinyin.
_LOOKS_LIKE = {"微": "薇溦葳徽徵", "博": "愽", "逼": "屄"}
_WRITTEN = {"微": ("v", "w"), "信": ("x",), "逼": ("b",)}
# 加微 and 加v are enough for 加微信.
_ENOUGH = {"微信": "微"}
MOST_BETWEEN = 2  # letters put between two characters
CONTAINED = 5  # letters that a word has which is looked for inside others
LONGEST_PHRASE = 4

SAME, ALIKE, SPELLED, SOUNDS = range(4)


@dataclass(frozen=True)
class Unit:
    text: str
    is_han: bool
    joined: bool  # nothing stands between it and the one before


@dataclass(frozen=True, eq=False)
class Wanted:
    """One way to write one word of the list: its units, for each character what spells it."""

    place: int  # in the list
    units: tuple[Unit, ...]
    spellings: tuple[tuple[str, ...], ...]
    is_short: bool = False


def hit(text: str, words: Iterable[str], *, by_sound: bool = True) -> str | None:
    """The first of `words` that the text says, openly, disguised or by homophones; or None."""
    words = tuple(words)
    said = _units(text, is_said=True)
    if not said or not words:
        return None
    forms, letters = _compiled(words)
    sounds = [_sound(unit.text) if unit.is_han else "" for unit in said] if by_sound else ()
    found = [place for place, word in letters if _says_letters(said, word)]
    for start, unit in enumerate(said):
        for wanted in _may_begin(forms, unit, sounds[start] if by_sound else ""):
            if not any(place <= wanted.place for place in found):
                end, ways = _follow(said, start, wanted, sounds)
                if end and _counts(said, start, end, ways, wanted, by_sound=by_sound):
                    found.append(wanted.place)
    return words[min(found)] if found else None


# --- reading ----------------------------------------------------------------------------------


def plain(text: str) -> str:
    """Half width, lower case, one way of writing for letters that look alike and for characters."""
    # Taken apart, so that an accent is a sign of its own and goes with the others.
    text = unicodedata.normalize("NFKD", clean_text(text)).casefold().translate(_SIGNS)
    text = "".join(c for c in text if unicodedata.category(c) not in ("Mn", "Cf"))
    text = _HEART.sub("心", text.translate(_LETTERS).translate(_SIMPLE))
    for written, meant in _OTHERWISE:
        text = text.replace(written, meant)
    return text


def _units(text: str, *, is_said: bool = False) -> list[Unit]:
    text = plain(text)
    if is_said:
        text = _PLUS.sub("加", text)
    units, end = [], -1
    for found in _UNIT.finditer(text):
        is_han = _HAN.match(found[0]) is not None
        units.append(Unit(found[0], is_han, found.start() == end))
        end = found.end()
    return _single_letters_together(units)


def _single_letters_together(units):
    """c a s i n o is one run."""
    kept = []
    for unit in units:
        single = not unit.is_han and len(unit.text) == 1
        if single and kept and kept[-1][1]:
            before = kept[-1][0]
            kept[-1] = (Unit(before.text + unit.text, False, before.joined), True)
        else:
            kept.append((unit, single))
    return [unit for unit, _single in kept]


@functools.lru_cache(maxsize=8192)
def _sound(character: str) -> str:
    """Toneless pinyin of a character by itself: in a word and in a text it is the same."""
    [sound] = lazy_pinyin(character)
    return sound


def _straight(run: str) -> str:
    """Letters for the digits and signs that stand for them."""
    return run.translate(_LEET) if not run.isdigit() else run


@functools.lru_cache(maxsize=64)
def _compiled(words: tuple[str, ...]):
    """({how a way of writing begins: its Wanted}, [(place, word) of those in letters alone])."""
    forms, letters = {}, []
    for place, word in enumerate(words):
        units = _units(word)
        if units and all(not unit.is_han for unit in units):
            letters.append((place, _straight("".join(unit.text for unit in units))))
            continue
        written = [(units, False)]
        for whole, enough in _ENOUGH.items():
            text = "".join(unit.text for unit in units)
            if text.endswith(whole) and text != whole:
                written.append((_units(text.removesuffix(whole) + enough), True))
        for form, is_short in written if units else ():
            wanted = Wanted(place, tuple(form), tuple(map(_spellings, form)), is_short)
            first = form[0].text
            looks, sounds = _LOOKS_LIKE.get(first, ()), (f"~{s}" for s in wanted.spellings[0])
            for key in {first, *looks, *sounds}:
                forms.setdefault(key, []).append(wanted)
    return forms, letters


def _spellings(unit):
    """A character's pinyin and what else it is written as, in letters."""
    if not unit.is_han:
        return (_straight(unit.text),)
    return tuple(map(_straight, (_sound(unit.text), *_WRITTEN.get(unit.text, ()))))


def _may_begin(forms, unit, sound):
    if unit.is_han:
        keys = (unit.text, f"~{_straight(sound)}" if sound else "")
    else:
        run = _straight(unit.text)
        keys = [f"~{run[:length]}" for length in range(1, min(len(run), 12) + 1)]
    return dict.fromkeys(wanted for key in keys for wanted in forms.get(key, ()))


# --- comparing --------------------------------------------------------------------------------


def _says_letters(said: Sequence[Unit], word: str) -> bool:
    """By whole runs, one or several in a row; a long word inside another, too."""
    short = _REPEATED.sub(r"\1", word)
    for start, unit in enumerate(said):
        run = "" if unit.is_han else _straight(unit.text)
        if len(word) >= CONTAINED and word in run:
            return True
        if len(short) >= CONTAINED - 1 and _REPEATED.sub(r"\1", run) == short:
            return True
        together, place = "", start
        while place < len(said) and not said[place].is_han and len(together) < len(word):
            together += _straight(said[place].text)
            place += 1
            if together == word:
                return True
    return False


def _follow(said, start, wanted, sounds):
    """(where the word ends in `said`, in which ways its characters were said), or (0, [])."""
    ways, number, place = [], 0, start
    while number < len(wanted.units):
        if place == len(said):
            return 0, []
        unit, want = said[place], wanted.units[number]
        if unit.is_han:
            way = _way(unit.text, want, sounds[place] if sounds else "", wanted.spellings[number])
            if way is None:
                return 0, []
            ways.append(way)
            number += 1
        elif spelled := _spelled(_straight(unit.text), wanted.spellings[number:]):
            ways += [SPELLED if want.is_han else SAME] * spelled
            number += spelled
        elif not number or len(unit.text) > MOST_BETWEEN:
            return 0, []
        place += 1
    return place, ways


def _way(character, want, sound, spellings):
    if character == want.text:
        return SAME
    if character in _LOOKS_LIKE.get(want.text, ""):
        return ALIKE
    return SOUNDS if want.is_han and sound and _straight(sound) == spellings[0] else None


def _spelled(run: str, spellings) -> int:
    """How many characters the whole run spells; 0 when it spells something else."""
    if not run or not spellings:
        return 0
    for spelling in spellings[0]:
        if run == spelling:
            return 1
        if run.startswith(spelling) and (more := _spelled(run[len(spelling) :], spellings[1:])):
            return 1 + more
    return 0


def _counts(said, start, end, ways, wanted, *, by_sound):
    by_character = sum(way in (SAME, ALIKE) for way in ways)
    if not by_sound and (SOUNDS in ways or not by_character):
        return False
    if wanted.is_short and (SOUNDS in ways or not (by_sound or ways[-1] == SPELLED)):
        return False
    if not by_character and SOUNDS not in ways:
        # In letters alone: 赌博 as dubo, and not Du Bo, who speaks next.
        return len(ways) > 2 or end == start + 1
    left, right = _joins(said, start), _joins(said, end)
    if SOUNDS in ways and _within_a_phrase(said, start, end):
        return False
    is_open = not wanted.is_short and all(way == SAME for way in ways)
    return not (left and right) if is_open else not (left or right)


def _joins(said, place):
    """Whether the two units on both sides of this place are one of the common words."""
    if not 0 < place < len(said) or not said[place].joined:
        return False
    return said[place].text in _common().get(said[place - 1].text, "")


def _within_a_phrase(said, start, end):
    if not all(unit.is_han for unit in said[start:end]):
        return False
    for length in range(end - start + 1, LONGEST_PHRASE + 1):
        for first in range(max(0, end - length), start + 1):
            if "".join(unit.text for unit in said[first : first + length]) in phrases_dict:
                return True
    return False


@functools.cache
def _common() -> dict[str, str]:
    """{first character: the second ones} of the common words of two characters."""
    # From the word frequencies of jieba (common_words.LICENSE), with some of these years.
    lines = (Path(__file__).parent / "common_words.txt").read_text(encoding="utf-8").splitlines()
    return {line[0]: line[1:] for line in lines}
