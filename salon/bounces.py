"""Letters that a server took and sent back later: read, found again, and booked as never heard.

A report (RFC 3464) or what QQ, 网易 and others write instead names our Message-ID somewhere: in the
letter it carries (as X-Salon-Letter where a relay gave it another), in a header, in its text. Whoever does not know it reports nothing.
"""

import email
import email.policy
import re
from collections import Counter
from dataclasses import dataclass
from email.message import EmailMessage

from django.utils.html import strip_tags
from django.utils.translation import gettext as _

from salon import channels, mail_answers, outbox
from salon.models import Message

MOST_BYTES = 1_000_000
_OUR_ID = re.compile(r"\b(\d{1,18})\.(\d{9,11})@([\w.-]{1,253})")
_POSTMASTER = re.compile(
    r"mailer-daemon|postmaster|mail delivery|系统管理员|邮件系统", re.IGNORECASE
)
_RETURNED = re.compile(
    r"退信|退回|投递失败|未送达|undeliver|returned mail|returned to sender|delivery (?:status|fail)"
    r"|failure notice|could ?n[o']t be delivered|bounce",
    re.IGNORECASE,
)
_DELAYED = re.compile(
    r"延迟|delayed|will (?:be )?retr|not yet|warning: could not send", re.IGNORECASE
)
_SAID = re.compile(r"\b([45]\d\d)[ -]+(?=\S)([^\r\n]{0,300})")


@dataclass(frozen=True)
class Report:
    """What came back. `ids`: the Message-IDs it names, as `(pk, seconds, domain)`."""

    ids: tuple[tuple[int, int, str], ...]
    words: str


def read(raw: bytes) -> Report | None:
    """The report that this mail is; None for any other mail, and for one that only tells of a delay
    or of a success."""
    mail = email.message_from_bytes(raw[:MOST_BYTES], policy=email.policy.default)
    texts = list(_texts(mail))
    fields = [field for kind, field in texts if kind == "message/delivery-status"]
    if fields:
        failed = [field for field in fields if _action(field) == "failed"]
        if not failed:
            return None
        words = _diagnosis(failed[0])
    elif _is_somebodys_own(mail):
        said = "\n".join(text for _kind, text in texts)
        if not _RETURNED.search(_header(mail, "Subject") + said[:4000]):
            return None
        if _DELAYED.search(_header(mail, "Subject")):
            return None
        found = _SAID.search(said)
        words = (int(found[1]), found[2]) if found else (550, _header(mail, "Subject"))
    else:
        return None
    everything = "\n".join([*(text for _kind, text in texts), *_references(mail)])
    ids = dict.fromkeys((int(pk), int(at), at_) for pk, at, at_ in _OUR_ID.findall(everything))
    return Report(ids=tuple(ids), words=mail_answers.words_of(*words))


def process(raw: bytes) -> str:
    """Book one mail: "bounced", "known" (told before, or no longer a letter that had arrived),
    "unknown" (a report about nothing of ours), or "other" (no report)."""
    report = read(raw)
    if report is None:
        return "other"
    outcomes = [_book(message, report.words) for message in _named_by(report)]
    if not outcomes:
        return "unknown"
    return "bounced" if any(outcomes) else "known"


def process_all(mails) -> Counter:
    return Counter(process(raw) for raw in mails)


def _book(message, words):
    return outbox.bounced(message, _("邮件被退回：%(words)s") % {"words": words})


def _named_by(report):
    """Our messages whose whole Message-ID, the second of their making in it, is named."""
    rows = Message.objects.in_bulk({pk for pk, _at, _domain in report.ids})
    named = {f"<{pk}.{at}@{domain}>" for pk, at, domain in report.ids}
    return [row for row in rows.values() if channels.message_id(row) in named]


def _texts(mail):
    """`(content type, text)` of every part, those of the letters inside it and their headers too."""
    for part in mail.walk():
        kind = part.get_content_type()
        if kind == "message/delivery-status":
            for block in part.get_payload():
                yield kind, str(block)
        elif kind.startswith("text/"):
            text = _content(part)
            yield kind, strip_tags(text) if kind == "text/html" else text
        if part is not mail:
            yield "headers", f"{_header(part, 'Message-ID')} {_header(part, 'X-Salon-Letter')}"


def _content(part):
    try:
        return str(part.get_content())
    except (LookupError, ValueError, KeyError):
        payload = part.get_payload(decode=True) or b""
        return mail_answers.decoded(payload)


def _header(mail, name):
    try:
        return str(mail.get(name) or "")
    except (ValueError, IndexError, AttributeError):  # headers are what strangers write
        return ""


def _references(mail):
    for name in ("In-Reply-To", "References", "X-Original-Message-ID", "X-Failed-Message-ID"):
        yield _header(mail, name)


def _field(block, name):
    found = re.search(rf"^{name}:[ \t]*(.*(?:\n[ \t]+.*)*)", block, re.IGNORECASE | re.MULTILINE)
    return " ".join(found[1].split()) if found else ""


def _action(block):
    return _field(block, "Action").lower()


def _diagnosis(block):
    """A code and the words, from `smtp; 550 5.1.1 user unknown` or from the status alone."""
    words = _field(block, "Diagnostic-Code").partition(";")[2].strip()
    found = _SAID.search(words)
    if found:
        return int(found[1]), found[2]
    return 550, words or _field(block, "Status")


def _is_somebodys_own(mail: EmailMessage) -> bool:
    """Whether a mail server wrote it, by who it is from and by nobody standing behind it."""
    if _header(mail, "Auto-Submitted").lower().startswith("auto-replied"):
        return _POSTMASTER.search(_header(mail, "From")) is not None
    return (
        _POSTMASTER.search(_header(mail, "From")) is not None
        or _header(mail, "Return-Path").strip() == "<>"
    )
