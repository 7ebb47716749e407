"""Applications from a spreadsheet: the survey platform's export and this project's own template.

The pure half: a `Table` in, a `Reading` out — every row with its values and all that is wrong with
it. Nothing is written here. Columns are known by what they ask, not by where they stand.
"""

import functools
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from participants.applications import LONG_FIELDS, MOST_EXPERTISE, MOST_PAIN_POINTS
from participants.import_columns import CONSENTS, find_application_header
from participants.import_template import TEMPLATE_HEADERS
from salon.sheets import Problem, Table
from salon.text import (
    clean_text,
    fold,
    holds_an_address,
    normalize_email,
    normalize_mobile,
    parse_count,
    parse_rate,
    person_name,
    read_moment,
)

LENGTHS = {
    "name": 80,
    "organisation": 120,
    "job_title": 80,
    "expertise": 40,
    "pain_points": 200,
    "cooperation_need": 300,
    "resource_offer": 300,
    "creator_field": 80,
    "can_bring": 300,
    "expectation": 500,
    "channel": 80,
}
"""The longest text taken per field (per entry in a list), in characters. Longer is a problem."""

# ---- what a reading holds ----------------------------------------------------------------


@dataclass(slots=True)
class ApplicationValues:
    """One answer, read. Texts are clean, "" where nothing was answered; lists may be empty."""

    name: str = ""
    mobile: str = ""  # E.164
    email: str = ""
    organisation: str = ""
    job_title: str = ""
    category: str = ""  # core, brand, creator
    industry: str = "other"  # internet, education, consumer, services, other
    community_size: int | None = None
    active_rate: Decimal | None = None  # percent
    followers: int | None = None
    expertise: list[str] = field(default_factory=list)
    pain_points: list[str] = field(default_factory=list)
    cooperation_need: str = ""
    resource_offer: str = ""
    creator_field: str = ""
    can_bring: str = ""
    expectation: str = ""
    on_site: bool = True
    channel: str = ""  # as answered
    channel_kind: str = ""  # official_account, invitation, community; "" when none of them
    consents: dict[str, bool | None] = field(default_factory=dict)  # None: not asked, no answer
    submitted_at: datetime | None = None
    source_key: str = ""  # names the answer within its survey; "" when the file gives none


@dataclass(slots=True)
class Row:
    """`known`: somebody with this mobile or e-mail has applied before the import; `erased`: somebody
    who had it was removed, as they asked."""

    number: int
    values: ApplicationValues
    problems: list[Problem] = field(default_factory=list)
    known: bool = False
    erased: bool = False

    @property
    def importable(self):
        return not self.problems and not self.erased


@dataclass(slots=True)
class Reading:
    """A file read: all rows in order, and which header was taken for which field."""

    rows: list[Row]
    headers: dict[str, str]
    unread_headers: list[str]

    @property
    def importable(self):
        return [row for row in self.rows if row.importable]

    @property
    def known(self):
        return [row for row in self.rows if row.importable and row.known]

    @property
    def problems(self):
        return [problem for row in self.rows for problem in row.problems]

    def as_json(self, *, imported=0):
        return {
            "rows": len(self.rows),
            "importable": len(self.importable),
            "imported": imported,
            "known": len(self.known),
            "erased": sum(row.erased for row in self.rows),
            "errors": [problem.as_json() for problem in self.problems],
        }


# ---- cells -------------------------------------------------------------------------------

_SKIPPED = frozenset(["(空)", "(跳过)", "(未填)", "(未填写)", "(未作答)", "n/a", "null", "#n/a"])
_NOTHING = _SKIPPED | frozenset(
    ["无", "没有", "暂无", "暂时没有", "无。", "-", "--", "—", "/", "none"]
)


def _answer(value, *, multiline=False, nothing=_SKIPPED):
    """The text in a cell, "" when it says that there is none."""
    if value is None:
        return ""
    text = clean_text(value, multiline=multiline)
    if len(text) < 8 and fold(text) in nothing:
        return ""
    return text


def _choices(value, *, survey):
    """The entries of a multiple choice. Only the template's people use commas between entries."""
    text = _answer(value, multiline=True)
    parts = re.split("[┋\n]" if survey or "┋" in text else "[┋\n、,，;；|]", text)
    return list(dict.fromkeys(filter(None, map(_filled_in, map(str.strip, parts)))))


def _filled_in(entry):
    """What was written beside a choice: 其他〖活动〗 is 活动, 直播〖抖音〗 is 直播(抖音)."""
    choice, mark, written = entry.partition("〖")
    if not mark or not written.endswith("〗"):
        return entry
    written = written.removesuffix("〗")
    return written if choice.startswith("其他") else f"{choice}({written})"


_BULLET = re.compile(r"^(?:\d{1,2}\s*[、.)）．](?!\d)|[(（]\d{1,2}[)）]|[①-⑩]|[-•·●*]\s|[•·●])\s*")


def _pain_points(value):
    entries = (
        _answer(_BULLET.sub("", part.strip()), nothing=_NOTHING)
        for part in re.split("[┋\n]", _answer(value, multiline=True))
    )
    return list(dict.fromkeys(filter(None, entries)))


_CATEGORY_WORDS = {
    "core": (re.compile("核心运营|^core$"), re.compile("运营|群主|operator")),
    "brand": (re.compile("品牌方|品牌代表|^brand$"), re.compile("品牌|商家|甲方|brand")),
    "creator": (re.compile("创作者|^creator$"), re.compile("创作|博主|达人|kol|up主|creator")),
}
_INDUSTRY_WORDS = {
    "internet": re.compile("互联网|科技|软件|internet|saas"),
    "education": re.compile("教育|培训|education"),
    "consumer": re.compile("消费|零售|电商|餐饮|consumer"),
    "services": re.compile("服务|service"),
}
_CHANNEL_WORDS = {
    "invitation": re.compile("邀请|邀约|invit"),
    "official_account": re.compile("公众号|内推|推文|official"),
    "community": re.compile("社群|群内|群里|微信群|community"),
}
_ON_SITE = re.compile("线下|现场|到场|实地|亲自|on-?site|offline|in person")
_ONLINE = re.compile("线上|在线|直播|远程|云端|online|remote")
_NO = re.compile("不|否|没有|未|^n$|^no$|^false$|^0$|^[×xX✗✘]$")
_NEVER = re.compile("不同意|不愿|不授权|不允许|不接受|不可|拒绝|disagree|decline")
_YES = re.compile(
    "同意|是|愿意|可以|授权|允许|接受|已阅|^y$|^yes$|^true$|^1$|^[√✓✔☑]$|agree|^ok$|^好"
)


# Choices come in a few wordings, thousands of times. typed: 1 and True are two answers.
_judged_once = functools.lru_cache(maxsize=1024, typed=True)


def _folded(value):
    return fold(_answer(value))


@_judged_once
def _category(value):
    text = _folded(value)
    for sureness in (0, 1):
        keys = [key for key, words in _CATEGORY_WORDS.items() if words[sureness].search(text)]
        if keys:
            return keys[0] if len(keys) == 1 else ""
    return ""


def _first_key(words, value, *, otherwise):
    text = _folded(value)
    return next((key for key, pattern in words.items() if pattern.search(text)), otherwise)


@_judged_once
def _consent(value):
    if isinstance(value, bool):
        return value
    text = _folded(value)
    if not text:
        return None
    if _NEVER.search(text):
        return False
    # What follows explains: 同意（仅用于本次活动，不会外传） is a yes.
    for said in (re.split("[(,。;]", text)[0], text):
        if _NO.search(said):
            return False
        if _YES.search(said):
            return True
    return None


@_judged_once
def _is_on_site(value):
    """True, False, or None when the answer cannot be read. No answer means on site."""
    if isinstance(value, bool):
        return value
    text = _folded(value)
    if not text or _ON_SITE.search(text):
        return True
    return False if _ONLINE.search(text) else None


# ---- rows --------------------------------------------------------------------------------


def read_applications(
    table: Table, *, tz, known_phones: Iterable = (), known_emails: Iterable = ()
) -> Reading:
    """Return the Reading of a survey export or a filled-in template.

    Codes of problems: phone, email, name, category, consent, duplicate, number, text, time,
    attendance. `tz` is the zone of the file's times; `known_phones` (E.164) and `known_emails`
    are those of people who have applied already: their rows are marked, not refused. A row with
    any problem is not importable. A mobile or e-mail that an importable row higher up has is a
    duplicate; one that only a refused row had is not, or the person who corrected the form would
    be lost.
    SheetRefused when the file has no header of an application.
    """
    header = find_application_header(table)
    reader = _RowReader(header, tz=tz)
    known_phones, known_emails = frozenset(known_phones) - {""}, frozenset(known_emails) - {""}
    rows, mobiles, emails = [], {}, {}
    for number, cells in header.sheet.rows():
        if number <= header.number or reader.is_no_answer(cells):
            continue
        row = reader.read(number, cells)
        _mark_duplicate(row, mobiles, emails, header)
        row.known = row.values.mobile in known_phones or row.values.email in known_emails
        rows.append(row)
    titles = {name: header.title(name) for name in header.columns}
    return Reading(rows=rows, headers=titles, unread_headers=header.unread)


def _mark_duplicate(row, mobiles, emails, header):
    mobile, email = row.values.mobile, row.values.email
    for name, earlier in (("mobile", mobiles.get(mobile)), ("email", emails.get(email))):
        if earlier:
            message = (
                _("手机号与第 {row} 行相同，只导入第一次报名。")
                if name == "mobile"
                else _("邮箱与第 {row} 行相同，只导入第一次报名。")
            )
            row.problems.append(
                Problem(
                    row.number, header.title(name), "duplicate", format_lazy(message, row=earlier)
                )
            )
            return
    if row.importable:
        if mobile:
            mobiles[mobile] = row.number
        if email:
            emails[email] = row.number


class _RowReader:
    """Reads rows under one header. Keeps where each field stands and what it is called."""

    def __init__(self, header, *, tz):
        self.tz = tz
        self.columns = columns = header.columns
        self.titles = TEMPLATE_HEADERS | {name: header.title(name) for name in columns}
        self.header_cells = header.cells
        self.survey = "source_number" in columns and "submitted_at" in columns
        self.identity = [
            columns[name][0] for name in ("name", "mobile", "email", "category") if name in columns
        ]

    def is_no_answer(self, cells):
        """A closing line, a blank answer, the header once more: nobody stands in it."""
        if cells == self.header_cells:
            return True
        return not any(
            column < len(cells) and cells[column] is not None and _answer(cells[column])
            for column in self.identity
        )

    def read(self, number, cells):
        row = Row(number, ApplicationValues())
        values = row.values

        def cell(name):
            found = self.columns.get(name)
            return cells[found[0]] if found and found[0] < len(cells) else None

        def every(name):
            return [cells[i] for i in self.columns.get(name, ()) if i < len(cells)]

        def refuse(name, code, message):
            row.problems.append(Problem(number, self.titles[name], code, message))

        self._read_person(cell, values, refuse)
        self._read_numbers(cell, values, refuse)
        for name in ("organisation", "job_title", "channel"):
            setattr(values, name, _answer(cell(name)))
        for name in ("creator_field", *LONG_FIELDS):
            text = _answer(cell(name), multiline=name in LONG_FIELDS, nothing=_NOTHING)
            setattr(values, name, text)
        values.expertise = [e for c in every("expertise") for e in _choices(c, survey=self.survey)]
        values.pain_points = [pain for c in every("pain_points") for pain in _pain_points(c)]
        values.industry = _first_key(_INDUSTRY_WORDS, cell("industry"), otherwise="other")
        values.channel_kind = _first_key(_CHANNEL_WORDS, values.channel, otherwise="")
        self._read_choices(cell, values, refuse)
        self._read_source(cell, values, refuse)
        _check_lengths(values, refuse)
        return row

    def _read_person(self, cell, values, refuse):
        typed = _answer(cell("name"))
        values.name = person_name(typed)
        if not values.name:
            refuse("name", "name", _("没有填姓名。") if not typed else _("这不像一个姓名。"))
        elif holds_an_address(values.name):
            refuse("name", "name", _("姓名里有网址或邮箱。"))
        if mobile := _answer(cell("mobile"), nothing=_NOTHING):
            try:
                values.mobile = normalize_mobile(cell("mobile"))
            except ValueError:
                refuse("mobile", "phone", _("手机号不对，请核对位数（中国大陆为 11 位）。"))
        if email := _answer(cell("email"), nothing=_NOTHING):
            try:
                values.email = normalize_email(email)
            except ValueError:
                refuse("email", "email", _("邮箱格式不对。"))
        if not mobile and not email:
            refuse("mobile", "phone", _("手机和邮箱至少要填一个。"))

    def _read_numbers(self, cell, values, refuse):
        for name, parse in (
            ("community_size", parse_count),
            ("active_rate", parse_rate),
            ("followers", parse_count),
        ):
            value = cell(name)
            if value is None:
                continue
            try:
                if isinstance(value, str):
                    value = _answer(value)
                elif not isinstance(value, int | float):
                    raise ValueError("a date")
                setattr(values, name, parse(value))
            except ValueError:
                refuse(
                    name,
                    "number",
                    _("读不出比例，请写成 45% 这样。")
                    if name == "active_rate"
                    else _("读不出人数，请写成 12000 或 1.2万 这样。"),
                )

    def _read_choices(self, cell, values, refuse):
        values.category = _category(cell("category"))
        if not values.category:
            refuse(
                "category",
                "category",
                _("身份认不出来，请填社群核心运营者、品牌方代表或内容创作者。"),
            )
        on_site = _is_on_site(cell("on_site"))
        if on_site is None:
            refuse("on_site", "attendance", _("参加方式认不出来，请填线下到场或线上参加。"))
        else:
            values.on_site = on_site
        values.consents = {name: _consent(cell(name)) for name in CONSENTS}
        if values.consents["processing"] is not True:
            refuse("processing", "consent", _("本人没有同意处理个人信息，不能导入。"))

    def _read_source(self, cell, values, refuse):
        try:
            values.submitted_at = read_moment(cell("submitted_at"), tz=self.tz)
        except (ValueError, OverflowError):
            refuse("submitted_at", "time", _("提交时间读不出来，请写成 2026-12-01 09:30 这样。"))
        number = clean_text(cell("source_number"))
        if number and values.submitted_at:
            values.source_key = f"{number[:40]}@{values.submitted_at:%Y-%m-%dT%H:%M:%S}"


def _check_lengths(values, refuse):
    for name, longest in LENGTHS.items():
        value = getattr(values, name)
        if any(len(text) > longest for text in (value if isinstance(value, list) else (value,))):
            refuse(name, "text", format_lazy(_("太长：最多 {longest} 字。"), longest=longest))
    if len(values.pain_points) > MOST_PAIN_POINTS:
        message = format_lazy(_("痛点最多 {most} 条。"), most=MOST_PAIN_POINTS)
        refuse("pain_points", "text", message)
    if len(values.expertise) > MOST_EXPERTISE:
        message = format_lazy(_("擅长领域最多 {most} 项。"), most=MOST_EXPERTISE)
        refuse("expertise", "text", message)
