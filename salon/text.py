"""One cleaner and one reading for what people type: texts, names, mobiles, sizes, rates, times.

Forms, the JSON API, imports and messages all come through here, so that one person typed in
two places is one person.

No text costs more than its length, and every reader bounds it before it looks closer: what is
longer than anybody writes such a thing is a ValueError, the only one that a reader raises.
"""

import functools
import math
import re
import unicodedata
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import phonenumbers
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

# ---- texts -------------------------------------------------------------------------------

MOST_MARKS = 4
"""Combining marks kept on one character: enough for Vietnamese and Hebrew, too few for a tower."""
MOST_MARKS_READ = 16  # of those that are not composed yet

# Printable ASCII, CJK punctuation, kana, ideographs, full-width forms: nothing below touches them.
_ORDINARY = "[!-~\u3001-\u3029\u3041-\u3096\u30a1-\u30fa\u4e00-\u9fff\uff01-\uff9f]+"
_ORDINARY_LINE = re.compile(f"{_ORDINARY}(?: {_ORDINARY})*")
_SPACES, _EMPTY_LINES = re.compile(" {2,}"), re.compile("\n{3,}")
_LINE_END = re.compile("[\r\x85\u2028\u2029]")
_BLANK = re.compile(
    "[\x0b\x0c\x1c-\x1f\xa0\u115f\u1160\u1680\u2000-\u200a\u202f\u205f\u2800\u3000\u3164\uffa0]"
)
_INVISIBLE = re.compile(
    "["
    "\x00-\x08\x0e-\x1b\x7f-\x9f"  # controls
    "\xad\u034f\u061c\u180b-\u180f"  # soft hyphen, grapheme joiner, Mongolian selectors
    "\u200b\u200c\u200e\u200f\u202a-\u202e"  # zero width, bidi marks, embeddings, overrides
    "\u2060-\u206f\ufeff\ufff9-\ufffb"  # word joiner, isolates, BOM, interlinear marks
    "\ufdd0-\ufdef\ufffe\uffff"  # noncharacters
    "\U000e0000-\U000e007f"  # tags: text that nobody sees
    "]"
)
# Blocks that hold no mark: what nearly all texts are made of.
_WITHOUT_MARKS = re.compile(
    "[\x00-\u02ff\u2010-\u20cf\u2190-\u2bff\u3000-\u3029\u3030-\u3098\u309d-\u9fff\uac00-\ud7a3"
    "\uff01-\uff9d\U0001f000-\U0001faff]*"
)
_EMOJI = "[\xa9\xae\u2190-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff]"
# The joiner first, which is looked for faster than what stands before it.
_STRAY_JOINER = re.compile(f"\u200d(?:(?<!{_EMOJI}\u200d)(?<!{_EMOJI}\ufe0f\u200d)|(?!{_EMOJI}))")


def clean_text(value, *, max_length=None, multiline=False):
    """Return `value` as text that every screen, log and column can hold. Never raises on a str.

    NFC; no NUL and controls (multiline keeps newline and tab), no bidi overrides and isolates,
    no zero-width characters but the joiner inside an emoji; lone surrogates become U+FFFD; at
    most four combining marks on a character; white space, U+3000 included, collapsed and
    stripped. `max_length` counts code points and cuts. None becomes "", 1.0 becomes "1".
    """
    if isinstance(value, str):
        text = value
    elif value is None:
        return ""
    else:
        text = str(int(value) if isinstance(value, float) and value.is_integer() else value)
    if text and not _ORDINARY_LINE.fullmatch(text):
        text = _scrub(text, multiline=multiline)
    if max_length is not None and len(text) > max_length:
        text = text[:max_length].rstrip(" \t\n\u200d")
    return text


def _scrub(text, *, multiline):
    # Through UTF-16 surrogate pairs become their character and lone ones U+FFFD.
    text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    text = _BLANK.sub(" ", _LINE_END.sub("\n", text.replace("\r\n", "\n")))
    text = _STRAY_JOINER.sub("", _INVISIBLE.sub("", text))
    if not _WITHOUT_MARKS.fullmatch(text):
        # Normalising orders the marks of one character one by one: a tower would cost its square.
        text = unicodedata.normalize("NFC", _cap_marks(text, MOST_MARKS_READ))
        text = _cap_marks(text, MOST_MARKS)
    text = unicodedata.normalize("NFC", text)
    if not multiline:
        return " ".join(text.split())
    text = _EMPTY_LINES.sub("\n\n", _SPACES.sub(" ", text))
    lines = [line.strip() for line in text.split("\n")]
    return _EMPTY_LINES.sub("\n\n", "\n".join(lines)).strip()


def _cap_marks(text, most):
    # Asked once for each character that there is, however often it comes.
    marks = "".join(re.escape(character) for character in sorted(set(text)) if _is_mark(character))
    return re.sub(f"([{marks}]{{{most}}})[{marks}]+", r"\1", text) if marks else text


def _is_mark(character):
    return (
        unicodedata.category(character) in ("Mn", "Me")
        or unicodedata.combining(character)
        or character in "ﾞﾟ"  # marks once they are full width
    )


def fold(value, *, multiline=False):
    """Clean text as it is compared: full width, ligatures and case folded."""
    return unicodedata.normalize("NFKC", clean_text(value, multiline=multiline)).casefold()


def bounded(value, longest):
    """`value` cleaned, full width folded; ValueError when nobody writes so much of it."""
    if isinstance(value, str) and len(value) > 10 * longest:
        raise ValueError("too long")
    text = clean_text(value)
    if len(text) <= longest:
        text = unicodedata.normalize("NFKC", text)  # one character may become eighteen
    if len(text) > longest:
        raise ValueError("too long")
    return text


def person_name(value):
    """Return the name without the emoji and stars people hang on it; "" when no letter is left.

    `田嘉懿🌱` → `田嘉懿`. For names of people only: a nickname on a stream keeps its flower.
    """
    text = clean_text(value)
    if not _ORDINARY_LINE.fullmatch(text):
        text = clean_text(
            "".join(
                character
                for character in text
                if character not in "\u200d\ufe0e\ufe0f\u20e3\ufffd"
                and unicodedata.category(character) not in ("So", "Sk", "Co", "Cn")
            )
        )
    return text if any(character.isalpha() for character in text) else ""


# Endings of web addresses. None of them is what a name has after a dot: Dr.Li, St.John, J.R. Smith.
_ENDINGS = "com|cn|net|org|top|xyz|vip|cc|shop|club|site|icu|info|biz"
_HAN_ENDINGS = "中国|公司|网络|网址|集团|商城"
_WEB_ADDRESS = re.compile(
    rf"://|www\.|@|\S\.(?:(?:{_ENDINGS})(?![0-9a-z])|(?:{_HAN_ENDINGS})(?!\w))"
)


def holds_an_address(name):
    """Whether a name holds a web or mail address: what a letter or a wall would carry to others."""
    folded = fold(name).replace("。", ".")
    return _WEB_ADDRESS.search(folded) is not None


def name_key(value):
    """Return what two spellings of one name share: width, case, spaces and decoration ignored."""
    text = unicodedata.normalize("NFKC", person_name(value) or clean_text(value))
    return "".join(text.split()).casefold()


# ---- mobiles and e-mail ------------------------------------------------------------------

LONGEST_MOBILE, LONGEST_EMAIL = 60, 254

_CHINESE_MOBILE = re.compile(r"1[3-9]\d{9}")
_NUMBER_IN_TEXT = re.compile(r"\+?\(?\d[\d\s().\-]*")
_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−－﹣ー·•/"), "-")
_MOBILE_KINDS = (
    phonenumbers.PhoneNumberType.MOBILE,
    phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE,
)


def normalize_mobile(value):
    """Return a mobile number as E.164, `+8613…`; ValueError when it is not one.

    Takes full-width digits, spaces, dashes, +86, 0086, a number cell (1.3800138E+10) and a
    Chinese remark beside the number (`（微信同号）`). Without a + the number is Chinese; with
    one any country's mobile is taken. 1.38E+10 and 1.38001E+10 are what Excel leaves of a number
    in a CSV, rounded: nobody's.
    """
    if isinstance(value, float):
        if not value.is_integer():
            raise ValueError("not a whole number")
        value = int(value)
    text = value if isinstance(value, str) else str(value)
    if _CHINESE_MOBILE.fullmatch(text) and text.isascii():
        return "+86" + text
    text = bounded(text, LONGEST_MOBILE).translate(_DASHES)
    # Excel rounds to five decimals or fewer; whoever writes more writes all there are.
    if re.fullmatch(r"\d\.\d{6,}[eE]\+?\d+|\d+\.0+", text):
        return normalize_mobile(float(text))
    numbers = _NUMBER_IN_TEXT.findall(text)
    if len(numbers) != 1 or re.search("[A-Za-z]", text):
        raise ValueError("no single number")
    digits = re.sub(r"\D", "", numbers[0])
    # New ranges open every year; the library would refuse them until its next release.
    home = re.fullmatch(r"(?:00)?(?:86)?0?(1[3-9]\d{9})", digits)
    if home and (digits.startswith("86") or not numbers[0].startswith("+")):
        return "+86" + home[1]
    try:
        number = phonenumbers.parse(numbers[0], "CN")
    except phonenumbers.NumberParseException as error:
        raise ValueError("not a number") from error
    if not phonenumbers.is_valid_number(number):
        raise ValueError("not a valid number")
    if phonenumbers.number_type(number) not in _MOBILE_KINDS:
        raise ValueError("not a mobile")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def national_mobile(e164):
    """Return a stored mobile as people read it: 11 digits for China, else with its country."""
    if e164.startswith("+86"):
        return e164[3:]
    return e164


def normalize_email(value):
    """Return an e-mail address in lower case, full-width forms folded; ValueError otherwise.

    A domain stands in its own letters, `例子.中国`, also when its `xn--` form was typed.
    """
    text = bounded(value, len("mailto:") + LONGEST_EMAIL).replace("。", ".")
    # Not case folded: straße.de and strasse.de belong to two people.
    text = text.removeprefix("mailto:").strip(" <>,;").lower()
    name, at, domain = text.rpartition("@")
    text = name + at + ".".join(map(_own_letters, domain.split(".")))
    try:
        validate_email(text)
        sent_to = email_on_the_wire(text)
    except (ValidationError, UnicodeError) as error:
        raise ValueError("not an e-mail address") from error
    if len(text) > LONGEST_EMAIL or len(sent_to) > LONGEST_EMAIL:
        raise ValueError("too long")
    return text


def email_on_the_wire(address):
    """The address as mail servers know it, its domain in ASCII: `例子.中国` is `xn--fsqu00a.xn--fiqs8s`.

    By the rules of 2008: those of Python's own codec would send straße.de's letters to strasse.de.
    UnicodeError when a part of the domain is longer than it may be.
    """
    name, at, domain = address.rpartition("@")
    return name + at + ".".join(map(_ascii_label, domain.split(".")))


def _ascii_label(label):
    if label.isascii():
        return label
    ascii_label = "xn--" + label.encode("punycode").decode("ascii")
    if len(ascii_label) > 63:
        raise UnicodeError("label too long")
    return ascii_label


def _own_letters(label):
    """A label of a domain in its own letters; as it is where that would be another one's."""
    if not label.startswith("xn--"):
        return label
    try:
        letters = label.removeprefix("xn--").encode("ascii").decode("punycode")
        folded = unicodedata.normalize("NFKC", clean_text(letters)).lower()
        return letters if letters == folded and _ascii_label(letters) == label else label
    except UnicodeError:
        return label


# ---- sizes and rates, as people type them ------------------------------------------------

MOST_PEOPLE = 2_147_483_647
LONGEST_NUMBER = 40
_UNKNOWN = frozenset(
    [
        *("-", "--", "—", "——", "/", "\\", ".", "n/a", "na", "none", "null", "nan"),
        *("无", "暂无", "没有", "空", "(空)", "跳过", "(跳过)", "未填", "未填写", "保密"),
        *("不详", "不清楚", "不知道", "不确定", "未知", "未统计", "没统计", "没有统计", "暂未统计"),
    ]
)
_ABOUT = re.compile(
    "^(?:约为|约有|约|大约|大概|大致|估计|将近|接近|近|差不多|已超过|已超|超过|超|过|目前|"
    "现有|共有|总共|共计|合计|总计|累计|共|有|>=|>|≥|≧|≈|~|∼|≒)+"
)
# What stands behind a number, the longer before what it ends with.
_MORE_OR_LESS = ("左右", "上下", "及以上", "以上", "多", "+")
_PEOPLE = (
    *(*_MORE_OR_LESS, "余", "人次", "人", "名", "个", "位"),
    *("粉丝", "粉", "用户", "成员", "群友", "会员"),
)
_RANGE = re.compile("[-~〜∼–—−到至]+")
_UNITS = {
    "": 1, "百": 100, "千": 1000, "k": 1000, "万": 10**4, "w": 10**4, "十万": 10**5,
    "百万": 10**6, "m": 10**6, "千万": 10**7, "亿": 10**8,
}  # fmt: skip
_AMOUNT_PART = re.compile(r"(\d+(?:\.\d+)?)(十万|百万|千万|[百千万亿kwm]?)")
_DIGITS = {c: n for n, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2, "俩": 2}
_TENS = {"十": 10, "百": 100, "千": 1000}


_TRADITIONAL = str.maketrans("萬億兩", "万亿两")


def _typed(value):
    """Fold a typed number: width, case, spaces, thousands separators. "" when it says nothing."""
    text = bounded(value, LONGEST_NUMBER).casefold().translate(_TRADITIONAL)
    text = re.sub(r"(?<=\d)[,'’ ](?=\d{3}(?!\d))", "", text)
    text = re.sub(r"\s+(?=\D)|(?<=\D)\s+", "", text).rstrip("。.;,!")
    return "" if text in _UNKNOWN else text


def _without_end(text, ends):
    """The text without any of `ends`, however many of them stand there."""
    while end := next((end for end in ends if text.endswith(end)), ""):
        text = text.removesuffix(end)
    return text


def parse_count(value):
    """Return a number of people as an int, or None when nothing is answered.

    `1.2万`, `约3000人`, `5k`, `６００００`, `250,000`, `1200+`, `3千`, `一万二`; of a range the
    lower end, because the criteria ask for "at least". ValueError when it cannot be read, is
    negative, not whole or more people than there can be.
    """
    if value is None:
        return None
    if isinstance(value, bool):
        raise ValueError("not a number")
    if isinstance(value, int | float):
        amount = Decimal(repr(value))
    else:
        text = _typed(value)
        if not text:
            return None
        amount = _parse_amounts(text)
    if not amount.is_finite() or amount != amount.to_integral_value():
        raise ValueError("not a whole number")
    if not 0 <= amount <= MOST_PEOPLE:
        raise ValueError("out of range")
    return int(amount)


def _parse_amounts(text):
    text = _without_end(_ABOUT.sub("", text), _PEOPLE)
    ends = [_ABOUT.sub("", _without_end(end, _PEOPLE)) for end in _RANGE.split(text)]
    if len(ends) == 1:
        return _parse_amount(ends[0])
    if len(ends) > 2:
        raise ValueError("not a range")
    low, high = _parse_amount(ends[0]), _parse_amount(ends[1])
    unit = re.search("(十万|百万|千万|[百千万亿kwm])$", ends[1])
    if unit and re.fullmatch(r"[\d.]+", ends[0]) and low < 1000:
        low *= _UNITS[unit[1]]
    if low >= high:
        raise ValueError("not a range")
    return low


def _parse_amount(text):
    text = re.sub("[多余来](?=[百千万亿kwm])", "", text)
    parts = _AMOUNT_PART.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        return Decimal(_parse_hanzi(text))
    total, scale = Decimal(0), None
    for number, unit in parts:
        factor = _UNITS[unit]
        if scale is not None:
            if factor >= scale or "." in number:
                raise ValueError("units out of order")
            if not unit and len(number) == 1:  # 1万2 is 1.2万
                factor = scale // 10
        total += Decimal(number) * factor
        scale = factor
    return total


def _parse_hanzi(text):
    """`三千五` → 3500, `两万` → 20000; ValueError on anything else (几万, 数千, 十几万 …)."""
    text = re.sub("[多余来](?=[十百千万亿]|$)", "", text)
    if not text or any(c not in _DIGITS and c not in _TENS and c not in "万亿" for c in text):
        raise ValueError("not a number")
    total = section = 0
    digit = last = None
    for character in text:
        if character in _DIGITS:
            if digit:
                raise ValueError("digits in a row")
            digit = _DIGITS[character]
            if digit == 0:
                last, digit = None, None
        elif character in _TENS:
            last = _TENS[character]
            section += (1 if digit is None else digit) * last
            digit = None
        else:
            last = 10**4 if character == "万" else 10**8
            section += digit or 0
            if not section:
                raise ValueError("a unit of nothing")
            total, section, digit = total + section * last, 0, None
    if digit:
        section += digit * (last // 10 if last and last > 10 else 1)
    return total + section


def parse_rate(value):
    """Return a rate in percent (0–100, two decimals), or None when nothing is answered.

    `45%`, `约42％`, `四成`, `百分之四十二`; without a sign a number below 1 is a fraction (0.48 →
    48.00), a larger one percent. A typed 1 is one percent, a number cell of 1 is what Excel keeps
    of 100%. Of a range the lower end. ValueError otherwise.
    """
    if value is None:
        return None
    if isinstance(value, bool):
        raise ValueError("not a number")
    if isinstance(value, int | float):
        if not math.isfinite(value):
            raise ValueError("not a number")
        rate = Decimal(repr(value))
        rate = rate * 100 if rate <= 1 else rate
    else:
        text = _typed(value)
        if not text:
            return None
        rate = _parse_rate_text(_ABOUT.sub("", text))
    if not rate.is_finite() or not 0 <= rate <= 100:
        raise ValueError("not a rate")
    return rate.quantize(Decimal("0.01"))


def rate_text(rate):
    """Write a stored rate so that `parse_rate` reads the same again: with its sign (a bare 0.5
    would be read as a half), without idle zeros; "" for None."""
    return "" if rate is None else f"{rate.normalize():f}%"


def _parse_rate_text(text):
    text = _without_end(text, _MORE_OR_LESS)
    if text in ("一半", "半数"):
        return Decimal(50)
    if share := re.fullmatch(r"([\d.]+|[一二三四五六七八九十])成([半\d一二三四五六七八九])?", text):
        points = (share[2] or "零").replace("半", "五")
        return _parse_amount(share[1]) * 10 + _parse_amount(points)
    ends = _RANGE.split(text)
    if len(ends) > 2:
        raise ValueError("not a range")
    signed = bool(re.search("%|百分之|个?百分点|个点", text))
    rates = []
    for end in ends:
        number = re.sub("^百分之|%$|个?百分点$|个点$", "", end)
        if re.fullmatch(r"\d+(\.\d+)?|\.\d+", number):
            rate = Decimal(number)
            rates.append(rate if signed or rate >= 1 else rate * 100)
        elif end.startswith("百分之"):
            rates.append(Decimal(_parse_hanzi(number)))
        else:
            raise ValueError("not a rate")
    if len(rates) == 2 and rates[0] >= rates[1]:
        raise ValueError("not a range")
    return rates[0]


# ---- times, as people and platforms write them -------------------------------------------

LONGEST_MOMENT = 60
_MOMENT = re.compile(  # of a clean text: no two spaces in a row
    r"(\d{4}) ?[-/.年] ?(\d{1,2}) ?[-/.月] ?(\d{1,2}) ?日?"
    r"(?:[T ,]{0,3}(?:(?:星期|周)[一二三四五六日天])? ?(上午|下午|晚上|am|pm)? ?"
    r"(\d{1,2}) ?[:时点] ?(\d{1,2}) ?分?(?:[: ]{0,2}(\d{1,2})(?:\.\d{1,12})? ?秒?)? ?(am|pm)?"
    r" ?(z|utc|(?:utc|gmt)?[+-]\d{1,2}:?\d{0,2})?)?",
    re.I,
)


def read_moment(value, *, tz):
    """Return the cell `value` as an aware datetime, whole seconds; None when it is empty.

    A time without a zone is in `tz`. Takes datetimes, Excel's serial numbers and the texts people
    and platforms write (2026/11/21 01:23:00, 2026年11月21日 下午1:23, ISO). ValueError otherwise.
    """
    if value is None or value == "":
        return None
    if isinstance(value, bool | time | timedelta):
        raise ValueError("not a moment")
    if isinstance(value, datetime):
        moment = value
    elif isinstance(value, date):
        moment = datetime(value.year, value.month, value.day)  # noqa: DTZ001
    elif isinstance(value, int | float):
        if not 20_000 < value < 80_000:  # the years 1954 to 2119
            raise ValueError("not a moment")
        moment = datetime(1899, 12, 30) + timedelta(days=value)  # noqa: DTZ001
    else:
        text = bounded(value, LONGEST_MOMENT)
        if re.fullmatch(r"\d{5}(\.\d+)?", text):
            return read_moment(float(text), tz=tz)
        moment = _moment_in_text(text)
    if not 1900 <= moment.year <= 2200:
        raise ValueError("not in our days")
    moment = (moment + timedelta(microseconds=500_000)).replace(microsecond=0)
    return moment if moment.tzinfo else moment.replace(tzinfo=tz)


def _moment_in_text(text):
    found = _MOMENT.fullmatch(text)
    if not found:
        raise ValueError("not a moment")
    year, month, day, before, hour, minute, second, after, zone = found.groups()
    if not 1900 <= int(year) <= 2200:
        raise ValueError("not in our days")
    half = (before or after or "").lower()
    hour = int(hour or 0)
    if half in ("下午", "晚上", "pm") and hour < 12:
        hour += 12
    elif half in ("上午", "am") and hour == 12:
        hour = 0
    moment = datetime(int(year), int(month), int(day), hour, int(minute or 0), int(second or 0))  # noqa: DTZ001
    if not zone:
        return moment
    shift = re.sub("[a-z:]", "", zone.lower()) or "+0"
    digits = shift[1:].zfill(2) if len(shift) <= 3 else shift[1:].zfill(4)
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:] or 0))
    if offset > timedelta(hours=14):
        raise ValueError("no such zone")
    return (moment - (offset if shift[0] == "+" else -offset)).replace(tzinfo=UTC)


# ---- pinyin ------------------------------------------------------------------------------

# Surnames read otherwise than the same character in a word; two characters before one.
_SURNAMES = {
    "尉迟": "yu chi", "万俟": "mo qi", "单于": "chan yu", "长孙": "zhang sun", "令狐": "ling hu",
    "澹台": "tan tai", "鲜于": "xian yu", "宰父": "zai fu", "乐正": "yue zheng", "司徒": "si tu",
    "上官": "shang guan", "欧阳": "ou yang", "诸葛": "zhu ge", "夏侯": "xia hou",
    "皇甫": "huang fu", "呼延": "hu yan", "宇文": "yu wen", "慕容": "mu rong", "独孤": "du gu",
    "公孙": "gong sun", "申屠": "shen tu", "淳于": "chun yu", "赫连": "he lian", "拓跋": "tuo ba",
    "百里": "bai li", "钟离": "zhong li", "濮阳": "pu yang", "太叔": "tai shu",
    "曾": "zeng", "单": "shan", "解": "xie", "仇": "qiu", "查": "zha", "朴": "piao", "盖": "ge",
    "区": "ou", "乐": "yue", "翟": "zhai", "覃": "qin", "缪": "miao", "华": "hua", "燕": "yan",
    "宁": "ning", "任": "ren", "折": "she", "员": "yun", "祭": "zhai", "种": "chong",
    "重": "chong", "洗": "xian", "冼": "xian", "繁": "po", "黑": "he", "秘": "bi", "郗": "chi",
    "能": "nai", "隗": "wei", "谌": "chen", "褚": "chu", "句": "gou", "车": "che", "葛": "ge",
    "哈": "ha", "召": "shao", "石": "shi", "沈": "shen", "盛": "sheng", "贾": "jia",
    "阚": "kan", "訾": "zi", "薄": "bo", "柏": "bai", "晁": "chao", "纪": "ji", "佘": "she",
    "殷": "yin", "应": "ying", "占": "zhan", "曲": "qu", "尉": "wei", "撒": "sa", "卜": "bu",
    "牟": "mu", "宓": "fu", "逄": "pang", "乜": "nie", "万": "wan", "尹": "yin", "都": "du",
    "干": "gan", "过": "guo", "相": "xiang", "於": "yu", "俞": "yu", "长": "chang", "行": "xing",
    "适": "kuo", "会": "gui", "郇": "xun", "那": "na", "藏": "zang", "强": "qiang", "调": "diao",
}  # fmt: skip


LONGEST_SEARCHED = 200


def pinyin_for_search(name):
    """What a person is found by, in 200 characters: "zhangsan zs"."""
    return " ".join(dict.fromkeys(pinyin_of(name)))[:LONGEST_SEARCHED]


def pinyin_of(name):
    """Return (full, initials) of a person's name for search: 张三 → ("zhangsan", "zs").

    Surnames are read as surnames (曾 zeng, 单 shan, 尉迟 yu chi); Latin letters and digits stay, in
    lower case, each word one syllable; ü is v, as it is typed.
    """
    return _pinyin_of(clean_text(name, max_length=LONGEST_SEARCHED))


@functools.lru_cache(maxsize=4096)
def _pinyin_of(name):
    # Its dictionaries take half a second to load, and most processes never read a name.
    from pypinyin import Style, lazy_pinyin

    text = person_name(name) or name
    syllables = []
    for length in (2, 1):
        if reading := _SURNAMES.get(text[:length]):
            syllables, text = reading.split(), text[length:]
            break
    for run in re.findall(r"[\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+|\w+", text):
        if "\u3007" <= run[0] <= "\u9fff" or run[0] >= "\uf900":
            syllables += lazy_pinyin(run, style=Style.NORMAL, errors="ignore")
        else:
            folded = unicodedata.normalize("NFKD", run.casefold())
            syllables.append("".join(c for c in folded if not unicodedata.combining(c)))
    return "".join(syllables), "".join(syllable[0] for syllable in syllables if syllable)
