"""Times as stream platforms write them: moments near the event, and lengths of stay."""

import re
from datetime import datetime, time, timedelta

from salon.text import LONGEST_MOMENT, bounded, clean_text, fold, read_moment

_TIME_ALONE = re.compile(r"\D*\d{1,2}[:：]\d{1,2}\D?.*")
_YEAR_LAST = re.compile(r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4})(\D.*)?")
_NO_YEAR = re.compile(r"(\d{1,2})(?:([/.-])(\d{1,2})|月(\d{1,2})日)(\s*\D*\d{1,2}[:：]\d{1,2}.*)")
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_MONTH = f"({'|'.join(_MONTHS)})[a-z]*\\.?"
_MONTH_NAMED = re.compile(
    rf"(?:[a-z]+,?\s+)?(?:{_MONTH}\s+(\d{{1,2}})|(\d{{1,2}})\s+{_MONTH}),?\s+(\d{{4}})\b,?"
    r"(?:\s+at\b)?(.*)",
    re.I,
)
# What platforms put into a cell that they leave empty.
_NOTHING = frozenset(["", "-", "--", "—", "——", "/", "(空)", "(跳过)", "无", "n/a", "none", "null"])


def _is_empty(value):
    return value is None or (isinstance(value, str) and fold(value) in _NOTHING)


def moment_near(value, *, tz, window):
    """As `read_moment`; Dec 19, 2026 is read as well, and a time without a date or a year,
    12/19/2026 or 19/12/2026 is whichever moment lies nearest to the event. None when the cell is
    empty or says so."""
    if _is_empty(value):
        return None
    try:
        return read_moment(value, tz=tz)
    except ValueError:
        candidates = _as_dated(value, tz=tz, window=window) if window else ()
    found = []
    for text in candidates:
        try:
            found.append(read_moment(text, tz=tz))
        except ValueError:
            continue
    if not found:
        raise ValueError("not a moment")
    start, end = window
    return min(found, key=lambda moment: max(start - moment, moment - end, timedelta(0)))


def _as_dated(value, *, tz, window):
    """The texts that a cell may stand for, each with its whole date."""
    text = value.isoformat() if isinstance(value, time) else value
    if not isinstance(text, str):
        return []
    text = clean_text(text, max_length=LONGEST_MOMENT)
    if found := _YEAR_LAST.fullmatch(text):
        first, _sign, second, year, rest = found.groups()
        return [f"{year}-{first}-{second}{rest or ''}", f"{year}-{second}-{first}{rest or ''}"]
    if found := _MONTH_NAMED.fullmatch(text):
        month = _MONTHS.index((found[1] or found[4]).lower()) + 1
        return [f"{found[5]}-{month}-{found[2] or found[3]}{found[6]}"]
    if found := _NO_YEAR.fullmatch(text):
        first, sign, second, day, rest = found.groups()
        orders = [(first, second), (second, first)] if sign else [(first, day)]
        years = range(window[0].year - 1, window[1].year + 2)
        return [f"{year}-{one}-{other}{rest}" for year in years for one, other in orders]
    if _TIME_ALONE.fullmatch(text):
        first, last = (moment.astimezone(tz).date() for moment in window)
        days = (last - first).days + 2
        return [f"{first + timedelta(days=day)} {text}" for day in range(-1, min(days, 9))]
    return []


LONGEST_DURATION = 40
_NUMBER = r"(\d{1,9}(?:\.\d{1,9})?)"
_CLOCK = re.compile(r"(?:(\d{1,9})天 ?)?(\d{1,4}):(\d{1,2})(?::(\d{1,2})(?:\.\d{1,9})?)?")
_SPOKEN = re.compile(  # of a clean text: no two spaces in a row
    rf"(?:(\d{{1,9}}) ?天)? ?(?:{_NUMBER} ?(?:小时|时|hours?|hrs?|h))? ?"
    rf"(?:{_NUMBER} ?(?:分钟|分|minutes?|mins?|m))? ?"
    rf"(?:{_NUMBER} ?(?:秒钟?|seconds?|secs?|s))?"
)


def read_duration(value, *, unit=""):
    """Return a length of time as a timedelta, None when the cell is empty; ValueError otherwise.

    Takes `01:25:20`, `1小时25分`, `85分钟`, Excel's times, and plain numbers when the column's
    title `unit` says 分 or 秒.
    """
    if _is_empty(value):
        return None
    try:
        length = _length(value, unit)
    except OverflowError as error:
        raise ValueError("longer than time") from error
    if length < timedelta(0):
        raise ValueError("negative")
    return length


def _length(value, unit):
    if isinstance(value, timedelta):
        length = value
    elif isinstance(value, datetime):  # beyond a day Excel's times turn into dates
        length = value.replace(tzinfo=None) - datetime(1899, 12, 31)  # noqa: DTZ001
    elif isinstance(value, time):
        length = timedelta(hours=value.hour, minutes=value.minute, seconds=value.second)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        length = _plain_duration(value, unit)
    else:
        length = _typed_duration(bounded(value, LONGEST_DURATION).casefold(), unit)
    return length


def _plain_duration(number, unit):
    if "秒" in unit:
        return timedelta(seconds=number)
    if "分" in unit or "min" in unit.casefold():
        return timedelta(minutes=number)
    if "时" in re.sub("时长|时间", "", unit) or "hour" in unit.casefold():
        return timedelta(hours=number)
    if 0 <= number < 1:  # a time of day without its format
        return timedelta(days=number)
    raise ValueError("a number without a unit")


def _typed_duration(text, unit):
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return _plain_duration(float(text), unit)
    if found := _CLOCK.fullmatch(text):
        days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
        return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    found = _SPOKEN.fullmatch(text)
    if not text or not found:
        raise ValueError("not a duration")
    days, hours, minutes, seconds = (float(part or 0) for part in found.groups())
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
