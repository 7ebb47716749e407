"""Who watched the stream, for how long, and what they wrote: the platform's visits and chat.

The pure half: files in, visits, viewers and lines out. A visit is one stay of one device; a
viewer is one person, merged from all visits that are theirs.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from metrics.stream_times import moment_near, read_duration
from participants.same_person import Directory
from salon.headers import Header, compile_asks, find_header
from salon.sheets import Problem, SheetRefused, Table
from salon.text import (
    clean_text,
    name_key,
    national_mobile,
    normalize_email,
    normalize_mobile,
)

MOST_NAME = 120
MOST_CHAT = 500

# ---- what the files hold -----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Visit:
    """One stay, times aware. `alias` is the second name of 蔡敏（小蔡）, "" when there is none."""

    row: int
    name: str
    alias: str
    mobile: str  # E.164 or ""
    email: str
    joined_at: datetime
    left_at: datetime


@dataclass(frozen=True, slots=True)
class ChatLine:
    row: int
    name: str
    alias: str
    mobile: str
    email: str
    at: datetime
    text: str


@dataclass(slots=True)
class VisitReading:
    """The visits that could be read, in the file's order, and the rows that could not."""

    kind = "visits"
    visits: list[Visit]
    problems: list[Problem]


@dataclass(slots=True)
class ChatReading:
    """`rows` counts every line of the file, those with a problem too."""

    kind = "chat"
    lines: list[ChatLine]
    problems: list[Problem]

    @property
    def rows(self):
        return len(self.lines) + len({problem.row for problem in self.problems})


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody a viewer may turn out to be. `online`: takes part by the stream, not in the room."""

    id: int
    name: str
    mobile: str = ""  # E.164
    email: str = ""
    online: bool = True
    mobile_proven_at: datetime | None = None
    email_proven_at: datetime | None = None


@dataclass(slots=True)
class Viewer:
    """One person at the stream. `key`: the mobile as people read it, else the e-mail or name.

    `stays` are the merged times inside the window, in order, none touching the next; `visits` the
    visits they come from, those outside the window too.
    """

    key: str
    participant_id: int | None
    stays: list[tuple[datetime, datetime]] = field(default_factory=list)
    visits: list[Visit] = field(default_factory=list)

    @property
    def seconds(self):
        return sum((end - start).total_seconds() for start, end in self.stays)

    @property
    def minutes(self):
        """Minutes watched, to two decimals."""
        return round(self.seconds / 60, 2)


# ---- reading -----------------------------------------------------------------------------

_NO_NAME = (
    "^(?!.*(?:昵称|姓名)).*(?:会议|房间|直播间|主题|部门|企业|公司|身份|角色|类型)"
    "|组织|主持|id$|数$|人数"
)
_WHO = {
    "mobile": (("手机|mobile|cellphone", "电话|phone|联系方式"), ""),
    "email": (("邮箱|e-?mail", "邮件"), ""),
    "name": (
        (
            "昵称|姓名|nickname",
            "用户名|名称|成员|[参与]会[人者]|参[加与]者|观众|发送者|发送人|发言人|用户|name|attendee"
            "|participant|viewer",
        ),
        _NO_NAME,
    ),
    # Beside a 昵称 in a column of its own.
    "real_name": (("姓名|realname|fullname",), _NO_NAME),
}
_VISIT_ASKS = compile_asks(
    {
        "joined": (
            (
                "(?:入会|加入|进入|进场|上线|签入|登[录入]).*(?:时间|时刻)|join|enter",
                "开始.*时间|^(?:入会|加入|进入)|start",
            ),
            "预定|时长|次数|方式|退|离|会议开始",
        ),
        "left": (
            (
                "(?:退会|离会|退出|离开|离场|下线|签出|登出).*(?:时间|时刻)|leave|left|exit",
                "结束.*时间|^(?:退会|离会|退出|离开)|end",
            ),
            "预定|时长|次数|原因|会议结束",
        ),
        "duration": (("时长|duration|停留|持续",), "总时长|会议时长|累计|互动|发言"),
        **_WHO,
    }
)
_CHAT_ASKS = compile_asks(
    {
        "text": (
            ("内容|消息|弹幕|评论|content|message|text", "发言|聊天"),
            "时间|类型|数$|人$|者$|状态",
        ),
        "at": (("时间|time", "日期|date"), "预定|时长"),
        **_WHO,
    }
)


def _asks_visits(columns):
    return "name" in columns and len(columns.keys() & {"joined", "left", "duration"}) >= 2


def _asks_chat(columns):
    return columns.keys() >= {"name", "at", "text"}


def read_stream(table: Table, *, tz, window=None):
    """Return a VisitReading or a ChatReading, whichever the file's header asks for.

    `window` is (start, end) of the event: what times without a date, and dates without an order,
    are read by. SheetRefused when it is neither.
    """
    visits = find_header(table.sheets, _VISIT_ASKS, enough=_asks_visits)
    if visits:
        return _read_visits(visits, tz=tz, window=window)
    chat = find_header(table.sheets, _CHAT_ASKS, enough=_asks_chat)
    if chat:
        return _read_chat(chat, tz=tz, window=window)
    raise SheetRefused(
        "header",
        _("没有找到表头：进出记录要有昵称、入会时间、退会时间，聊天记录要有时间、昵称、内容。"),
    )


def read_visits(table: Table, *, tz, window=None):
    """Return the VisitReading of a meeting platform's list of visits.

    Lines before the header and closing lines are passed over; times without a zone are in `tz`.
    A missing time is worked out from the duration; otherwise the duration is not looked at.
    """
    header = find_header(table.sheets, _VISIT_ASKS, enough=_asks_visits)
    if header is None:
        raise SheetRefused(
            "header", _("没有找到进出记录的表头：需要有昵称、入会时间、退会时间（或时长）。")
        )
    return _read_visits(header, tz=tz, window=window)


def read_chat(table: Table, *, tz, window=None):
    """Return the ChatReading of a chat or danmaku file; times without a zone are in `tz`."""
    header = find_header(table.sheets, _CHAT_ASKS, enough=_asks_chat)
    if header is None:
        raise SheetRefused("header", _("没有找到聊天记录的表头：需要有时间、昵称、内容。"))
    return _read_chat(header, tz=tz, window=window)


def _rows_below(header: Header):
    """Yield (number, cells, {field: value}) below the header, the repeated header left out."""
    for number, cells in header.sheet.rows():
        if number <= header.number or cells == header.cells:
            continue
        values = {
            name: cells[found[0]] if found[0] < len(cells) else None
            for name, found in header.columns.items()
        }
        yield number, cells, values


# How totals and remarks below the rows begin. Asked only of a row whose time cannot be read.
_CLOSING = re.compile(
    r"合计|总计|小计|汇总|总时长|总人数|平均|以上|备注|说明|注[:：]|导出|生成时间|统计[时范于]|数据来源"
    r"|共\s*\d|total|sum\b|average|note\b",
    re.I,
)


def _is_closing_line(cells, *, most, said):
    """A total or remark: so it begins, or it has at most `most` cells and nothing was `said`."""
    filled = [cell for cell in cells if cell is not None]
    return (len(filled) <= most and not said) or bool(_CLOSING.match(clean_text(filled[0])))


def _read_visits(header, *, tz, window):
    reading = VisitReading(visits=[], problems=[])
    unit = header.title("duration") or ""
    for number, cells, values in _rows_below(header):
        unread = "joined"
        try:
            joined_at = moment_near(values.get("joined"), tz=tz, window=window)
            unread = "left" if joined_at else "joined"
            left_at = moment_near(values.get("left"), tz=tz, window=window)
            if joined_at is None or left_at is None:
                stay = read_duration(values.get("duration"), unit=unit)
                if stay is None or (joined_at is None and left_at is None):
                    raise ValueError("no time")
                joined_at = joined_at or left_at - stay
                left_at = left_at or joined_at + stay
        except (ValueError, OverflowError):
            times = [values.get(name) for name in ("joined", "left", "duration")]
            # Words that stand alone are a remark, also where a time would stand.
            lone = sum(cell is not None for cell in cells) == 1
            said = any(re.search(r"\d", str(time)) if lone else time for time in times if time)
            if not _is_closing_line(cells, most=2, said=said):
                reading.problems.append(_no_time(header, number, unread))
            continue
        if left_at < joined_at:
            message = _("退会时间早于入会时间。")
            title = header.title("left") or header.title("joined")
            reading.problems.append(Problem(number, title, "time", message))
            continue
        who = _who(values)
        if not any(who.values()):
            reading.problems.append(
                Problem(number, header.title("name"), "name", _("没有昵称，也没有手机或邮箱。"))
            )
            continue
        reading.visits.append(Visit(row=number, joined_at=joined_at, left_at=left_at, **who))
    return reading


def _no_time(header, number, name):
    title = header.title(name) or header.title("left") or header.title("duration")
    return Problem(number, title, "time", _("时间读不出来，请写成 2026-12-19 13:30:00 这样。"))


def _read_chat(header, *, tz, window):
    reading = ChatReading(lines=[], problems=[])
    for number, cells, values in _rows_below(header):
        try:
            at = moment_near(values["at"], tz=tz, window=window)
            if at is None:
                raise ValueError("no time")
        except (ValueError, OverflowError):
            if not _is_closing_line(cells, most=1, said=values["text"]):
                reading.problems.append(_no_time(header, number, "at"))
            continue
        text = clean_text(values["text"])
        if not text or len(text) > MOST_CHAT:
            message = (
                format_lazy(_("太长：最多 {longest} 字。"), longest=MOST_CHAT)
                if text
                else _("没有内容。")
            )
            reading.problems.append(Problem(number, header.title("text"), "text", message))
            continue
        reading.lines.append(ChatLine(row=number, at=at, text=text, **_who(values)))
    return reading


def _who(values):
    name, alias = split_name(values.get("name"))
    real_name, _double = split_name(values.get("real_name"))
    if real_name and name_key(real_name) != name_key(name):
        name, alias = real_name, name
    return {
        "name": name[:MOST_NAME],
        "alias": alias[:MOST_NAME],
        "mobile": _or_nothing(normalize_mobile, values.get("mobile")),
        "email": _or_nothing(normalize_email, values.get("email")),
    }


def _or_nothing(normalize, value):
    """Platforms mask mobiles (138****0000): then the viewer is known by name, or not at all."""
    try:
        return normalize(value) if value is not None else ""
    except ValueError:
        return ""


def split_name(value):
    """Return (name, name typed when joining) of `蔡敏(蔡敏)`, `蔡敏（小蔡）` or `蔡敏`.

    The second is "" when there is none or it is the same.
    """
    text = clean_text(value)
    folded = text.replace("（", "(").replace("）", ")")
    if not folded.endswith(")"):
        return text, ""
    half = (len(text) - 2) // 2
    if half and folded == f"{folded[:half]}({folded[:half]})":
        return text[:half], ""
    opening = folded.find("(", 1)
    if opening < 0:
        return text, ""
    name, alias = text[:opening].strip(), text[opening + 1 : -1].strip()
    return (name, alias if name_key(alias) != name_key(name) else "") if name else (text, "")


# ---- who is who --------------------------------------------------------------------------


class _People:
    """Finds people by mobile, then e-mail, then exact name where it is unique.

    Two people of one name, one in the room and one online: the stream is the online one's.
    """

    def __init__(self, people: Iterable[Person]):
        people = list(people)
        self.with_contact, self.by_name = Directory(people).find, defaultdict(list)
        for person in people:
            self.by_name[name_key(person.name)].append(person)

    def named(self, name):
        if not name:
            return None
        namesakes = self.by_name.get(name_key(name), ())
        online = [person for person in namesakes if person.online]
        unique = online if online else namesakes
        return unique[0] if len(unique) == 1 else None


def identify(entries, people: Iterable[Person]):
    """Return, for each visit or chat line, its Person or the guest's key (a text), in order.

    1. A contact that a person has is that person.
    2. A contact nobody has: the person of that unique name, unless the file shows that person
       with a contact of their own or the name with several contacts.
    3. No contact: whoever the file shows under that name with one contact only; else the person of
       that unique name; else the same by the alias; else a guest by name.
    """
    people = _People(people)
    answers: list = [people.with_contact(entry) for entry in entries]
    seen = {person.id for person in answers if person}
    strangers = defaultdict(set)
    for entry, person in zip(entries, answers, strict=True):
        if person is None and (entry.mobile or entry.email):
            strangers[name_key(entry.name)].add(entry.mobile or entry.email)
    for i, entry in enumerate(entries):
        if answers[i] is None and (entry.mobile or entry.email):
            namesake = people.named(entry.name) or people.named(entry.alias)
            alone = len(strangers[name_key(entry.name)]) == 1
            answers[i] = (
                namesake
                if namesake and alone and namesake.id not in seen
                else national_mobile(entry.mobile) or entry.email
            )
    with_name = defaultdict(set)
    for entry, answer in zip(entries, answers, strict=True):
        if answer is not None:
            with_name[name_key(entry.name)].add(answer)
    for i, entry in enumerate(entries):
        if answers[i] is None:
            answers[i] = (
                _only(with_name.get(name_key(entry.name)))
                or people.named(entry.name)
                or _only(with_name.get(name_key(entry.alias)) if entry.alias else None)
                or people.named(entry.alias)
                or entry.name
            )
    return answers


def _only(found):
    return next(iter(found)) if found and len(found) == 1 else None


def merge_viewers(visits: Iterable[Visit], *, window, people: Iterable[Person]):
    """Return the Viewers of the event, in the order of their first visit in the file.

    `window` is (start, end), aware. Overlapping visits of one viewer are merged and cut to the
    window; who was there only before or after it, or for no second, is not a viewer.
    """
    start, end = window
    visits = list(visits)
    viewers, keys = {}, set()
    for visit, who in zip(visits, identify(visits, people), strict=True):
        if who not in viewers:
            person = who if isinstance(who, Person) else None
            key = _viewer_key(who, keys)
            keys.add(key)
            viewers[who] = Viewer(key=key, participant_id=person.id if person else None)
        viewers[who].visits.append(visit)
    for viewer in viewers.values():
        viewer.stays = _merged(
            (max(visit.joined_at, start), min(visit.left_at, end)) for visit in viewer.visits
        )
    return [viewer for viewer in viewers.values() if viewer.stays]


def _viewer_key(who, taken):
    if isinstance(who, str):
        candidates = [who]
    else:
        candidates = [national_mobile(who.mobile), who.email, who.name]
    key = next(candidate for candidate in [*candidates, "?"] if candidate)
    count, base = 1, key
    while key in taken:
        count += 1
        key = f"{base} ({count})"
    return key


def _merged(stays):
    merged = []
    for start, end in sorted(stay for stay in stays if stay[0] < stay[1]):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged


# ---- what the command and the admin show -------------------------------------------------


def visits_as_json(reading: VisitReading, viewers: list[Viewer]):
    """The documented answer of `import_stream`; `mean_minutes` is None without a viewer."""
    matched = sum(viewer.participant_id is not None for viewer in viewers)
    total = sum(viewer.seconds for viewer in viewers)
    return {
        "visits": len(reading.visits),
        "viewers": len(viewers),
        "matched": matched,
        "guests": len(viewers) - matched,
        "minutes": {viewer.key: viewer.minutes for viewer in viewers},
        "mean_minutes": round(total / 60 / len(viewers), 1) if viewers else None,
        "errors": [problem.as_json() for problem in reading.problems],
    }


def chat_as_json(reading: ChatReading, people: Iterable[Person], *, imported=0):
    """The documented answer of `import_stream` for a chat file."""
    return {
        "rows": reading.rows,
        "imported": imported,
        "matched": sum(isinstance(who, Person) for who in identify(reading.lines, people)),
        "errors": [problem.as_json() for problem in reading.problems],
    }
