"""What a mail server means by its answer: never, later, or that it is us whom it does not want.

The class of a code does not tell. QQ answers 550 and 网易 554 to who sends too fast, a grey list
answers 450 to everybody once, and a mailbox that is full today answers 552. So an answer is final
only where it says that there is no such recipient, or that our own address is refused; whatever
else a server says is tried again, with growing pauses, and its words are kept.
"""

import re
from dataclasses import dataclass
from datetime import timedelta

from salon.text import clean_text

# Where in the dialogue the answer came.
GREETING, LOGIN, SENDER, RECIPIENT, DATA = "greeting", "login", "sender", "recipient", "data"

UNKNOWN, OURS, AGAIN = "unknown_recipient", "refused_sender", "again"
NOBODY_ELSE, DOMAIN, SERVER = "", "domain", "server"


@dataclass(frozen=True)
class Meaning:
    """`kind`: UNKNOWN and OURS are final, AGAIN is not. `pause`: the least time until the next
    try. `stops`: what waits as long beside this letter, all to this domain or all to this server."""

    kind: str
    pause: timedelta = timedelta(0)
    stops: str = NOBODY_ELSE

    @property
    def is_final(self) -> bool:
        return self.kind != AGAIN


MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)

_TOO_FAST = re.compile(
    # QQ: Connection/Domain/Sender/Ip frequency limited; 网易's codes of frequency and of quota
    r"frequen|\bMI:(?:SFQ|STC|DMC|CEL|CCL)\b|\bRP:(?:QRC|TRC|DRC|RCL|CEL|CCL)\b"
    r"|\bHL:(?:ICC|IFC|IFQ|ITC|REP|MEP|IHU)\b"
    r"|too (?:many|much|fast|often|quickly)|\brate\b|throttl|slow down|limit(?:ed|s)? exceeded"
    r"|exceed(?:ed|s|ing)?\b.{0,40}\b(?:limit|quota)|\bquota\b|\b(?:daily|hourly)\b"
    r"|频率|频繁|超过.{0,12}限制|发信量",
    re.IGNORECASE | re.ASCII,
)
_LATER = re.compile(
    r"\blater\b|temporar|gr[ae]y-?list|\bbusy\b|overload|unavailable or access denied"
    r"|\bin \d+ (?:second|minute|hour)|稍后|暂时",
    re.IGNORECASE | re.ASCII,
)
_GREY = re.compile(r"gr[ae]y-?list", re.IGNORECASE)
_FULL = re.compile(
    r"(?:mailbox|user|account|recipient|storage|inbox|folder)\b.{0,30}\b(?:full|quota|storage|exceed)"
    r"|(?:over|exceed\w*|quota|storage)\b.{0,30}\b(?:mailbox|storage)|over ?quota|容量|已满",
    re.IGNORECASE | re.ASCII,
)
_CONTENT = re.compile(
    r"\bDT:(?:SPM|SUM)\b|content (?:denied|reject|refus)|\bspam|suspicious|\bvirus|垃圾",
    re.IGNORECASE | re.ASCII,
)
_OUR_MACHINE = re.compile(
    r"\bHL:IPB\b|\bMI:(?:SPB|SPF|NHD)\b|\bDT:RBL\b|blacklist|block ?list|blocked using|\bSPF\b"
    r"|\bDKIM\b|\bDMARC\b|\bhelo\b|client host|\brelay",
    re.IGNORECASE | re.ASCII,
)
_SENDER = re.compile(
    r"\bsender\b.{0,60}\b(?:reject|refus|denie|invalid|unvalidated|unknown|not\b|mismatch|must)\w*"
    r"|\b(?:reject|refus|denie|deny|invalid|fake|unknown)\w*\b.{0,20}\bsender\b"
    r"|mail from\b.{0,40}\b(?:must|invalid|not|reject|refus)|from address|not owned by"
    r"|same as auth|\bMI:IMF\b|mail address invalid|发件(?:人|地址)",
    re.IGNORECASE | re.ASCII,
)
_NOBODY = re.compile(
    r"(?:unknown|invalid|no such|not a|bad|nonexist\w*|non-exist\w*|unrout(?:e)?able)\s+(?:\w+\s+){0,2}"
    r"(?:user|recipient|mailbox|account|address|person|local part|domain|rcpt(?: ?to)?)"
    r"|(?:user|recipient|mailbox|account|address|domain)\b.{0,60}"
    r"(?:unknown|not (?:be )?found|not known|(?:does|do|did)(?: not|n't) exist|not exist|no longer"
    r"|not local|invalid)"
    r"|no such|no mailbox here|(?:does|do)(?: not|n't) have an? \S{0,30}\s?account|non-existent"
    r"|not our (?:user|customer)|不存在",
    re.IGNORECASE | re.ASCII,
)
_LOG_IN_FIRST = {530, 534, 535, 538}
_SENDER_CODES = {"5.1.7", "5.1.8"}
_NOBODY_CODES = {"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10"}
_ENHANCED = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")


def enhanced_code(text: str) -> str:
    """RFC 3463's code of an answer, such as "5.1.1"; "" where it has none."""
    found = _ENHANCED.match(text.lstrip())
    return found.group() if found else ""


def meaning_of(stage: str, code: int, text: str) -> Meaning:
    """What the server means by `code` and `text`, said at this stage of the dialogue."""
    text = clean_text(text[:2000])
    if stage in {GREETING, LOGIN}:
        # It wants none of our letters at the moment, whoever they are for.
        return Meaning(AGAIN, MINUTE, SERVER)
    readings = _for_now(text) if 400 <= code < 500 else _for_good_perhaps(stage, code, text)
    return next(meaning for holds, meaning in readings if holds)


def _for_now(text):
    """What may be meant and whether it is, first come first served."""
    return (
        (_FULL.search(text), Meaning(AGAIN)),
        (_GREY.search(text), Meaning(AGAIN, 5 * MINUTE)),
        (_TOO_FAST.search(text), Meaning(AGAIN, 10 * MINUTE, DOMAIN)),
        (_OUR_MACHINE.search(text), Meaning(AGAIN, HOUR / 2, DOMAIN)),
        (True, Meaning(AGAIN)),
    )


def _for_good_perhaps(stage, code, text):
    enhanced = enhanced_code(text)
    to_somebody = stage != SENDER
    return (
        (code == 552 or enhanced == "5.2.2" or _FULL.search(text), Meaning(AGAIN, HOUR)),
        (_TOO_FAST.search(text), Meaning(AGAIN, 10 * MINUTE, DOMAIN)),
        (_LATER.search(text), Meaning(AGAIN, 10 * MINUTE)),
        (_CONTENT.search(text), Meaning(AGAIN, HOUR)),
        (code in _LOG_IN_FIRST, Meaning(AGAIN, MINUTE, SERVER)),
        (enhanced in _SENDER_CODES or _SENDER.search(text), Meaning(OURS)),
        (to_somebody and (enhanced in _NOBODY_CODES or code == 551), Meaning(UNKNOWN)),
        (_OUR_MACHINE.search(text), Meaning(AGAIN, HOUR, DOMAIN)),
        (to_somebody and _NOBODY.search(text), Meaning(UNKNOWN)),
        (stage == SENDER and code in {501, 550, 551, 553}, Meaning(OURS)),
        (True, Meaning(AGAIN, HOUR / 2)),
    )


# --- its words, as they may be kept ---------------------------------------------------------------

MOST_CHARACTERS = 140
_ADDRESS = re.compile(r"[^\s<>\"'(),;:=\[\]]{1,254}@[^\s<>\"'(),;:\[\]]{1,254}")
_LONG_NUMBER = re.compile(r"\+?\d[\d -]{6,}\d")


def decoded(answer: bytes) -> str:
    """A server's words: UTF-8, or what Chinese servers write instead."""
    try:
        return answer.decode()
    except UnicodeDecodeError:
        return answer.decode("gb18030", errors="replace")


def words_of(code: int, text: str, address: str = "") -> str:
    """The server's own words behind its code, in one short line that names nobody: addresses, the
    name before the @ and telephone numbers are masked."""
    text = _ADDRESS.sub("…", clean_text(text[:2000]))
    if name := address.rpartition("@")[0]:
        text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", "…", text, flags=re.IGNORECASE)
    said = f"{code} {_LONG_NUMBER.sub('…', text)}".strip()
    return said if len(said) <= MOST_CHARACTERS else said[: MOST_CHARACTERS - 1] + "…"
