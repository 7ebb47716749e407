"""What people type, cleaned and understood."""

import unicodedata
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from salon.text import (
    MOST_MARKS,
    clean_text,
    email_on_the_wire,
    name_key,
    national_mobile,
    normalize_email,
    normalize_mobile,
    parse_count,
    parse_rate,
    person_name,
    pinyin_of,
    rate_text,
    read_moment,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")
# st.text() leaves lone surrogates out; people's clipboards do not.
ANY_TEXT = st.text(st.characters(codec=None), max_size=60) | st.text(
    alphabet="a林\x00\x1b\r\n\t \u3000\u200b\u200d\u202e\u2066\ufeff\ud83d\ude00\u0301\u20e3🌱👩👧",
    max_size=30,
)


@pytest.mark.parametrize(
    ("typed", "clean"),
    [
        (" 林 晓\u3000", "林 晓"),
        ("林\u3000\u3000 晓", "林 晓"),
        ("a\x00b\x07c\x7f\x9b", "abc"),
        ("林\u202e晓\u2066\u2069\u200f", "林晓"),
        ("林\u200b\u2060\ufeff\u00ad晓", "林晓"),
        ("👨\u200d👩\u200d👧", "👨\u200d👩\u200d👧"),
        ("❤\ufe0f\u200d🔥", "❤\ufe0f\u200d🔥"),
        ("林\u200d晓", "林晓"),
        ("\ud800林\udfff", "\ufffd林\ufffd"),
        ("\ud83d\ude00", "😀"),
        ("e\u0301", "é"),
        ("Z" + "\u0301\u0302\u0303\u0304" * 20, "Ź\u0302\u0303\u0304\u0301"),
        ("\u3164\u2800", ""),
        ("a\nb\r\nc\td\u2028e", "a b c d e"),
        ("\U000e0041a", "a"),
        (None, ""),
        (13800138001.0, "13800138001"),
        (0.5, "0.5"),
        (7, "7"),
    ],
)
def test_a_line_is_cleaned(typed, clean):
    assert clean_text(typed) == clean


def test_several_lines_keep_their_breaks_and_tabs():
    assert clean_text(" a \r\n b\tc  d\x85e\n\n\n\n\x00f ", multiline=True) == "a\nb\tc d\ne\n\nf"


def test_a_text_is_cut_where_asked_and_leaves_no_half_emoji_joiner():
    assert clean_text("林" * 10_000, max_length=80) == "林" * 80
    assert clean_text("👨\u200d👩", max_length=2) == "👨"
    assert clean_text("ab cd", max_length=3) == "ab"


@given(ANY_TEXT, st.booleans(), st.none() | st.integers(0, 20))
def test_cleaning_never_fails_and_a_second_time_changes_nothing(text, multiline, max_length):
    clean = clean_text(text, multiline=multiline, max_length=max_length)
    clean.encode("utf-8")
    assert clean == clean.strip()
    assert clean_text(clean, multiline=multiline) == clean
    assert unicodedata.is_normalized("NFC", clean)
    assert max_length is None or len(clean) <= max_length
    allowed = {"\n", "\t"} if multiline else set()
    bad = {"Cc", "Cs", "Zl", "Zp"}
    assert not [c for c in clean if unicodedata.category(c) in bad and c not in allowed]
    assert not set(clean) & set(
        "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200b\ufeff"
    )
    marks = 0
    for character in clean:
        marks = marks + 1 if unicodedata.category(character) in ("Mn", "Me") else 0
        assert marks <= MOST_MARKS


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("田嘉懿🌱", "田嘉懿"),
        ("★小明★", "小明"),
        (" 司徒望舒\u3000", "司徒望舒"),
        ("Anna-Lee O'Neill", "Anna-Lee O'Neill"),
        ("阿依古丽·买买提", "阿依古丽·买买提"),
        ("👨\u200d👩\u200d👧", ""),
        ("123", ""),
        ("", ""),
    ],
)
def test_a_persons_name_goes_without_its_flowers(typed, name):
    assert person_name(typed) == name


def test_one_name_in_two_spellings_has_one_key():
    assert name_key("Ｌｉｌｙ　Wang🌸") == name_key("lily wang")
    assert name_key("🌸") != name_key("🌱")


@pytest.mark.parametrize(
    "typed",
    [
        "18669777818",
        18669777818,
        18669777818.0,
        "1.8669777818E10",
        "18669777818.0",
        "１８６６９７７７８１８",
        "+86 186-6977-7818",
        "＋86 186 6977 7818",
        "0086 18669777818",
        "86-18669777818",
        "(+86)18669777818",
        "018669777818",
        "186—6977—7818",
        "186 6977 7818（微信同号）",
        "\u202a18669777818\u202c",
        "手机：18669777818",
    ],
)
def test_a_mobile_is_one_number_however_it_is_typed(typed):
    assert normalize_mobile(typed) == "+8618669777818"
    assert national_mobile("+8618669777818") == "18669777818"


def test_a_mobile_from_abroad_is_taken_with_its_plus():
    assert normalize_mobile("+852 6123 4567") == "+85261234567"
    assert national_mobile("+85261234567") == "+85261234567"


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "无",
        "1866977781",
        "186697778181",
        "12669777818",
        "010-65551234",
        "18669777818a",
        "18669777818/13800138001",
        "+85218669777818",
        "+18669777818",
        "186****7818",
        1.5,
        float("nan"),
        float("inf"),
        "=18669777818+1",
        "1.87E+10",
        "1.86698E+10",
        "2E10",
    ],
)
def test_what_is_no_mobile_is_refused(typed):
    with pytest.raises(ValueError):
        normalize_mobile(typed)


def test_an_email_is_folded_or_refused():
    assert normalize_email(" Lin＠Example。com ") == "lin@example.com"
    for wrong in ("", "lin", "lin@", "lin@example", "a b@example.com", "x" * 250 + "@example.com"):
        with pytest.raises(ValueError):
            normalize_email(wrong)


@pytest.mark.parametrize(
    ("typed", "address", "on_the_wire"),
    [
        ("Dup@例子.中国", "dup@例子.中国", "dup@xn--fsqu00a.xn--fiqs8s"),
        ("dup@例子。中国", "dup@例子.中国", "dup@xn--fsqu00a.xn--fiqs8s"),
        ("DUP@XN--FSQU00A.xn--fiqs8s", "dup@例子.中国", "dup@xn--fsqu00a.xn--fiqs8s"),
        ("info@straße.de", "info@straße.de", "info@xn--strae-oqa.de"),
        ("info@strasse.de", "info@strasse.de", "info@strasse.de"),
        ("info@XN--STRAE-OQA.de", "info@straße.de", "info@xn--strae-oqa.de"),
        ("info@Bücher.example", "info@bücher.example", "info@xn--bcher-kva.example"),
        # No letters at all, and letters that nobody could type back.
        ("info@xn--99999999999.de", "info@xn--99999999999.de", "info@xn--99999999999.de"),
    ],
)
def test_a_domain_in_letters_and_in_punycode_is_one_address(typed, address, on_the_wire):
    assert normalize_email(typed) == address
    assert normalize_email(address) == address
    assert normalize_email(on_the_wire) == address
    assert email_on_the_wire(address) == on_the_wire


def test_a_domain_that_no_mail_server_could_be_told_is_refused():
    with pytest.raises(ValueError):
        normalize_email(f"lin@{'例' * 60}.中国")


@pytest.mark.parametrize(
    ("typed", "people"),
    [
        *[(said, 12000) for said in ("1.2万", "1.2w", "12k", "12,000", "１２０００", "约12000人")],
        *[
            (said, 12000)
            for said in ("12000+", "1万2", "一万二", "1万2千", "12 000", 12000, 12000.0)
        ],
        *[
            (said, 12000)
            for said in (" 大约 1.2 万 人左右", "1.2万多", "一万两千", "1.2W+人", "≥12000")
        ],
        *[(said, 3000) for said in ("3千", "三千", "3000多人", "0.3万", "3000-5000", "3-5千")],
        *[("1.2萬", 12000), ("一萬兩千", 12000)],
        ("2-3万", 20000),
        ("2万～3万", 20000),
        ("100万", 1_000_000),
        ("一百二十万", 1_200_000),
        ("十二万", 120_000),
        ("0", 0),
        *[
            (said, None)
            for said in (None, "", "(空)", "（跳过）", "无", "-", "N/A", "不清楚", "\u3000")
        ],
    ],
)
def test_a_number_of_people_is_read_as_it_was_meant(typed, people):
    assert parse_count(typed) == people


@pytest.mark.parametrize(
    "typed",
    [
        *(
            "几千",
            "好几万",
            "十几万",
            "不到5000",
            "abc",
            "-3",
            "1.5",
            "5-3",
            "3000 5000",
            "1.2.3万",
        ),
        *("10个群共5000人", "1e5", "=1+1", "99999999999", "万", "12,00", "2026/3/5"),
        *(True, -1, 0.5, float("nan"), float("inf"), 1e20),
    ],
)
def test_a_number_of_people_that_cannot_be_read_is_refused(typed):
    with pytest.raises(ValueError):
        parse_count(typed)


@pytest.mark.parametrize(
    ("typed", "percent"),
    [
        *[
            (said, "45")
            for said in ("45%", "45％", "0.45", "约45％", "45", "45 %", "四成五", "4成5")
        ],
        *[
            (said, "45")
            for said in (0.45, 45, 45.0, "百分之四十五", "45%左右", "45-50%", "0.45~0.5")
        ],
        ("45.5%", "45.5"),
        ("0.5%", "0.5"),
        (0.29, "29"),
        ("四成", "40"),
        ("一半", "50"),
        ("1", "1"),
        (1, "100"),
        ("0.99", "99"),
        (0.01, "1"),
        ("100%", "100"),
        ("0", "0"),
        *[(said, None) for said in (None, "", "(跳过)", "没统计")],
    ],
)
def test_a_rate_is_read_as_percent(typed, percent):
    assert parse_rate(typed) == (None if percent is None else Decimal(percent))


def test_a_rate_written_out_is_read_as_the_same_rate():
    rates = [Decimal(hundredths) / 100 for hundredths in range(10_001)]
    assert [parse_rate(rate_text(rate.quantize(Decimal("0.01")))) for rate in rates] == rates
    assert [rate_text(Decimal(rate)) for rate in ("0.00", "0.50", "1.00", "45.00", "100")] == [
        *("0%", "0.5%", "1%", "45%", "100%")
    ]
    assert rate_text(None) == ""


@pytest.mark.parametrize(
    "typed", ["120%", "-1", "<40%", "几成", "很高", "40%%", 101, True, float("nan"), "50-40%", "%"]
)
def test_a_rate_that_cannot_be_read_is_refused(typed):
    with pytest.raises(ValueError):
        parse_rate(typed)


NUMBERISH = st.text(
    alphabet="0123456789.,万千百十亿一二三两几约多+-~%％成kKwW 人①²٣eE=", max_size=10
)


@given(ANY_TEXT | NUMBERISH)
def test_reading_a_number_answers_or_raises_valueerror_and_nothing_else(text):
    for read, most in ((parse_count, 2_147_483_647), (parse_rate, 100)):
        try:
            answer = read(text)
        except ValueError:
            continue
        assert answer is None or 0 <= answer <= most
    for read in (normalize_mobile, normalize_email):
        try:
            assert read(text).isascii() or read is normalize_email
        except ValueError:
            continue


@given(st.integers(0, 2_147_483_647))
def test_a_plain_number_reads_as_itself(number):
    wide = str(number).translate(str.maketrans("0123456789", "０１２３４５６７８９"))
    for typed in (number, str(number), f"{number:,}", f"约{number}人", f"{number}+", wide):
        assert parse_count(typed) == number


@pytest.mark.parametrize(
    ("name", "full", "initials"),
    [
        ("张三", "zhangsan", "zs"),
        ("曾明哲", "zengmingzhe", "zmz"),
        ("单田芳", "shantianfang", "stf"),
        ("解晓东", "xiexiaodong", "xxd"),
        ("仇英", "qiuying", "qy"),
        ("尉迟恭", "yuchigong", "ycg"),
        ("司徒望舒", "situwangshu", "stws"),
        ("上官宇轩", "shangguanyuxuan", "sgyx"),
        ("吕布", "lvbu", "lb"),
        ("Zhang San", "zhangsan", "zs"),
        ("王Lily", "wanglily", "wl"),
        ("José", "jose", "j"),
        ("田嘉懿🌱", "tianjiayi", "tjy"),
        ("", "", ""),
    ],
)
def test_zs_finds_zhang_san(name, full, initials):
    assert pinyin_of(name) == (full, initials)


@given(ANY_TEXT)
def test_pinyin_never_fails(text):
    full, initials = pinyin_of(text)
    assert len(initials) <= len(full)


@pytest.mark.parametrize(
    "typed",
    [
        "2026/11/21 13:05:00",
        "2026-11-21 13:05",
        "2026.11.21 13:05:00.4",
        "2026年11月21日 下午1:05",
        "2026/11/21 1:05:00 PM",
        "2026/11/21 星期六 13:05",
        "２０２６／１１／２１　13：05",
        "2026-11-21T13:05:00+08:00",
        "2026-11-21T05:05:00Z",
        datetime(2026, 11, 21, 13, 5),  # noqa: DTZ001
        datetime(2026, 11, 21, 13, 4, 59, 999_999),  # noqa: DTZ001
        datetime(2026, 11, 21, 5, 5, tzinfo=timezone(timedelta(0))),
        46347.545138888891,
        "46347.545138888891",
    ],
)
def test_a_moment_is_one_moment_however_it_is_written(typed):
    assert read_moment(typed, tz=SHANGHAI) == datetime(2026, 11, 21, 13, 5, tzinfo=SHANGHAI)


def test_a_day_is_its_midnight_and_nothing_is_none():
    midnight = datetime(2026, 11, 21, tzinfo=SHANGHAI)
    assert read_moment(date(2026, 11, 21), tz=SHANGHAI) == midnight
    assert read_moment("2026-11-21", tz=SHANGHAI) == midnight
    assert read_moment(None, tz=SHANGHAI) is None
    assert read_moment("", tz=SHANGHAI) is None


@pytest.mark.parametrize(
    "typed",
    [
        *("上周三", "13:05", "2026-13-01", "2026-02-30", "0001-01-01 00:00Z", "2026-11-21 25:00"),
        *(
            5,
            True,
            timedelta(1),
            datetime(9999, 12, 31, tzinfo=SHANGHAI),
            "9999-12-31 23:59:59.9",
            "2026-11-21 13:05 +99:99",
        ),
    ],
)
def test_what_is_no_moment_is_refused(typed):
    with pytest.raises(ValueError):
        read_moment(typed, tz=SHANGHAI)
