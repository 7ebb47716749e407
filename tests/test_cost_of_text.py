"""No text costs more than its length: every reader and every pattern of the house, with whatever a
stranger may repeat a hundred thousand times.

Readers and patterns are found, not listed: whoever writes a new one is asked here.
"""

import ast
import contextlib
import importlib
import inspect
import itertools
import re
import time
from datetime import UTC, datetime

import pytest

from metrics import streams
from participants import importing
from participants.import_template import TEMPLATE_HEADERS
from salon.embedded import CHECKOUT
from salon.errors import Refused
from salon.sheets import Sheet, Table

ROOMS = ("salon", "events", "participants", "workshops", "metrics")
TOKENS = (
    *("人", "7", ".", "%", "万", "k", " ", ",", "，", "约", "到", "-", "@", "+", "成", "多", "个"),
    *("百", "亿", "一", "第", "秒", "时", "天", "上", "下午", "左右", "粉丝", "百分之", "半"),
    *("\N{COMBINING ACUTE ACCENT}", "\N{COMBINING ACUTE ACCENT}\N{COMBINING CEDILLA}"),
    *("\N{HANGUL DOUBLE DOT TONE MARK}\N{HANGUL SINGLE DOT TONE MARK}\N{COMBINING CEDILLA}",),
    *("ﾞ\N{COMBINING ACUTE ACCENT}", "ﾞ", "😀", "\N{ZERO WIDTH JOINER}", "👨\N{ZERO WIDTH JOINER}"),
    *("Ａ", "①", "ﷺ", "ß", "İ", "ש", "\N{RIGHT-TO-LEFT OVERRIDE}", "\ud800", "\x00", "\n", "\r"),
    *("\t", "\N{IDEOGRAPHIC SPACE}", "x", "微", "wei", "q", "加", "?", "/", ":", "\\", "'", "<"),
    *("(", "（", "[", "{", "〖", "┋", "_", "*", "`", "#", "|", "!", "&", "★", "题、", "_x", "a@"),
    *("a.", "1,", "1.", "7 ", "-1", "d-", "e/", "新人", "用户", "星期一", "1月", "7:", "*a_", "[a](", "😀\n"),
)  # fmt: skip
# Short, and more than a number can hold.
NUMBERS_OF_NOBODY = (
    *("9" * 19, "9" * 40, "9" * 400, "9" * 4_301, "1e999999", "1E+99999999", "-1e999", "0." + "0" * 400),
    *("NaN", "sNaN", "inf", "-Infinity", "²", "٣", "Ⅷ", "1_000", "0x10", "1,,2", "1.2.3万", "1e5", "1.234567e999"),
    *("12:99", "99:99:99", "9" * 300 + "小时", "2026-13-40", "2026-02-30 25:61", "9999-12-31 23:59:59"),
    *("1900-01-01 00:00 +14", "2200-12-31 23:59:59 -14", "31/12/0000", "1234567890123", "99999.5"),
    *("a@b", "@", "a@@b.c", "a@xn--", "a@" + "b" * 300 + ".com", "a@" + "例" * 100 + ".中国", '"a b"@c.d', "a@[1.2.3.4]"),
    *("<a@b.co>", "mailto:", "+", "+86", "0086" * 5, "1" * 11 + " " + "1" * 11, "http://[", "//[/e/salon-next/?k=1"),
)  # fmt: skip
ENDS = ("x", "", "\n")
SMALL, LARGE = 400, 2_500
AT_MOST = 6  # times the cost of a quarter; a quadratic one costs 16 times
# Processor seconds below which the clock says nothing.
NOTHING = 0.002


class Between(str):
    """What stands between numbers, no two of which are the same."""

    def __mul__(self, number):
        return self.join(map(str, range(number)))


ALL_TOKENS = (*TOKENS, *map(Between, ("┋", "、", "\n", " ", ".", "//")))


def cost(read, text, *, best_of):
    best = float("inf")
    for _ in range(best_of):
        began = time.process_time()
        read(text)
        best = min(best, time.process_time() - began)
    return best


def grows(read, token, end, number):
    """How many times dearer a four times longer text is; 0 when it costs nothing to speak of."""
    for repeat in (number, 4 * number):  # or it was only a bound that a shorter text falls below
        for best_of in (1, 5, 5):  # the machine is shared: only what is so again and again is so
            dear = cost(read, token * (4 * repeat) + end, best_of=best_of)
            times = dear / max(cost(read, token * repeat + end, best_of=best_of), 1e-6)
            if dear < NOTHING or times <= AT_MOST:
                return 0
    return round(times)


def too_dear(read):
    """[(token, end, times)] of what `read` takes more than its length for; three say enough.

    Small texts first: what is quadratic is told there, before a long text takes minutes.
    """
    found = (
        (token, end, times)
        for number, ends in ((SMALL, ENDS), (LARGE, ENDS[:1]))
        for token in ALL_TOKENS
        for end in ends
        if (times := grows(read, token, end, number))
    )
    return list(itertools.islice(found, 3))


# --- what reads -----------------------------------------------------------------------------------

# How a function calls the text it reads, when that is what it takes first.
READS = {"value", "text", "title", "typed", "cell", "offer", "subject", "word"}
# What readers ask beside it.
BESIDES = {
    "tz": UTC,
    "zone": UTC,
    "window": (datetime(2026, 12, 19, 5, tzinfo=UTC), datetime(2026, 12, 19, 9, tzinfo=UTC)),
    "slug": "salon-next",
    "words": ("加微信", "casino"),
    "body": "{姓名}",
    "need": "社群运营",
    "length": 100,
    "values": {},
    "instead": "某位",
    "longest": 254,
    "purpose": "letters",
    "secrets": {"link": "https://salon.example/l/k"},
}
# No readers of what strangers write.
NOT_ASKED = {
    "salon.qr.qr_svg",  # draws addresses that the house made
    "participants.criteria.number_text",  # writes a number
    "salon.text.rate_text",  # likewise
    "salon.text.email_on_the_wire",  # writes what normalize_email has read
    "participants.letters.with_a_face",  # puts the house's words below the house's words
}


def files():
    for room in ROOMS:
        for path in sorted((CHECKOUT / room).rglob("*.py")):
            if not {"tests", "migrations", "management"} & set(path.parts):
                yield path


def module_of(path):
    name = ".".join(path.relative_to(CHECKOUT).with_suffix("").parts)
    return importlib.import_module(name.removesuffix(".__init__"))


def readers():
    """({dotted name: function of one text}, names that ask what BESIDES does not know) of all public
    functions that take a text first, and all of salon.text."""
    found, unknown = {}, []
    for path in files():
        for node in ast.parse(path.read_text()).body:
            if not isinstance(node, ast.FunctionDef) or node.name.startswith("_"):
                continue
            first = next(iter(node.args.posonlyargs + node.args.args), None)
            if first is None or not (first.arg in READS or path.match("salon/text.py")):
                continue
            name = f"{'.'.join(path.relative_to(CHECKOUT).with_suffix('').parts)}.{node.name}"
            # The settings read what the house's own environment says.
            if name in NOT_ASKED or path.match("salon/settings.py"):
                continue
            function = getattr(module_of(path), node.name)
            _text, *others = inspect.signature(function).parameters.values()
            asked = {other.name: BESIDES.get(other.name, other.default) for other in others}
            if inspect.Parameter.empty in asked.values():
                unknown.append(name)
            else:
                found[name] = reader(function, asked)
    return found, unknown


def reader(function, asked):
    # Or the second asking would cost nothing.
    forget = getattr(function, "cache_clear", lambda: None)

    def read(text):
        forget()
        with contextlib.suppress(ValueError, Refused):
            function(text, **asked)

    return read


def cells_of(read, titles, **asked):
    """A reader that finds its text in every column of a sheet."""

    def read_sheet(text):
        rows = [(1, titles), (2, (text,) * len(titles))]
        with contextlib.suppress(Refused):
            read(Table("a.csv", [Sheet("", lambda: iter(rows))]), **asked)

    return read_sheet


READERS, UNKNOWN = readers()
READERS |= {
    "an application in a sheet": cells_of(
        importing.read_applications, tuple(TEMPLATE_HEADERS.values()), tz=UTC
    ),
    "a visit in a sheet": cells_of(
        streams.read_stream,
        ("昵称", "姓名", "手机", "邮箱", "入会时间", "退会时间", "时长"),
        tz=UTC,
        window=BESIDES["window"],
    ),
    "a line of chat in a sheet": cells_of(
        streams.read_stream, ("时间", "昵称", "内容"), tz=UTC, window=BESIDES["window"]
    ),
}


def test_the_readers_are_found():
    assert UNKNOWN == []  # say in BESIDES what they ask, or why not in NOT_ASKED
    known = {"parse_count", "parse_rate", "normalize_mobile", "normalize_email", "read_moment"}
    assert {f"salon.text.{name}" for name in known} <= READERS.keys()
    assert {"salon.headers.question", "participants.topics.classify"} <= READERS.keys()


@pytest.mark.parametrize("name", READERS)
def test_no_reader_takes_more_than_its_length(name):
    assert too_dear(READERS[name]) == []


@pytest.mark.parametrize("name", READERS)
def test_a_reader_only_ever_says_that_it_cannot_read(name):
    """ValueError or Refused; anything else passes through `read` and fails here."""
    for many in (1, 2, 17, 41, 1_000):
        for token in TOKENS:
            for end in ENDS:
                READERS[name](token * many + end)
    for text in NUMBERS_OF_NOBODY:
        READERS[name](text)


# --- patterns -------------------------------------------------------------------------------------


def patterns():
    """{place: (pattern, how it is asked)} of every pattern that is written in the house's code."""
    found = {}
    for path in files():
        tree = ast.parse(path.read_text())
        asked = methods_asked(tree)
        for node in ast.walk(tree):
            if not is_of_re(node):
                continue
            place = f"{path.relative_to(CHECKOUT)}:{node.lineno}"
            pattern, names = written(node), {node.func.attr}
            if node.func.attr == "compile":
                target = assigned(tree, node)
                names = asked.get(target) or {"search"}
                pattern = pattern or getattr(module_of(path), target or "", None)
            if isinstance(getattr(pattern, "pattern", None), str):
                found[place] = (pattern, names)
    return found


def is_of_re(node):
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "re"
        and node.func.attr != "escape"
    )


def written(node):
    """The pattern when it is a plain text, else None."""
    if not isinstance(node.args[0], ast.Constant):
        return None
    ignores_case = any(ast.unparse(arg) == "re.I" for arg in node.args[1:])
    return re.compile(node.args[0].value, re.I if ignores_case else 0)


def assigned(tree, call):
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and node.value is call:
            return node.targets[0].id
    return None


def methods_asked(tree):
    """{name: {"fullmatch", …}} of what the module does with its names."""
    asked = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            asked.setdefault(node.value.id, set()).add(node.attr)
    return asked


PATTERNS = patterns()


def test_the_patterns_are_found():
    assert len(PATTERNS) > 50


@pytest.mark.parametrize("place", PATTERNS)
def test_no_pattern_begins_again_at_every_place(place):
    pattern, names = PATTERNS[place]
    for name in names & {"match", "fullmatch"} or {"search"}:
        assert too_dear(getattr(pattern, name)) == []
