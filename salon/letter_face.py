"""The face of a letter: the same words twice, as plain text and as a page for mail readers.

There is one wording. The page is made from the text, paragraph by paragraph; what a composer adds
are parts that have no words of their own: the day, the button's label, which attachment is shown.
The first paragraph whose last line is a key, `{{link}}`, carries the button; any other address in
the text becomes a link. Mail readers know tables and inline styles, and may show no pictures.
"""

import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.mime.image import MIMEImage
from html import unescape

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.html import format_html, format_html_join, strip_tags

PREHEADER = 120
# What a letter that went says in place of its key: the page is shown again, and opens nothing.
MASKED = "（个人链接）"
NOWHERE = "#"
_KEY = re.compile(r"\{\{(\w+)\}\}")
# An address ends before the punctuation of the sentence that it stands in.
_ADDRESS_OR_SECRET = re.compile(
    r"(https?://[^\s<>\"'，。；：！？、（）“”]*[^\s<>\"'，。；：！？、（）“”.,;:!?)])|\{\{(\w+)\}\}"
)
LINK_STYLE = "color:#b0301c;word-break:break-all"


@dataclass(frozen=True)
class Day:
    """The date block: `number` 19, `month` "12月", `weekday` "星期六", `time` "13:30", `place`."""

    number: str
    month: str
    weekday: str
    time: str
    place: str = ""


@dataclass(frozen=True)
class Face:
    """What a letter shows beside its words. `title` stands above them: whose letter it is.
    `shown` names the attachment that is a picture in the letter, `caption` what stands below it.
    `stop` is the address where one click ends letters of this sort."""

    title: str = ""
    day: Day | None = None
    button: str = ""
    shown: str = ""
    caption: str = ""
    language: str = "zh-hans"
    stop: str | Callable[[], str] = ""

    def stop_address(self) -> str:
        return self.stop() if callable(self.stop) else self.stop


@dataclass(frozen=True)
class Part:
    """One paragraph of the page: its `lines` as HTML, and the address behind the `button`."""

    lines: tuple[str, ...]
    button: str = ""


def parts_of(text: str, secrets: Mapping[str, str]) -> list[Part]:
    """The paragraphs of a text; `secrets` are what stands on the wire for each `{{name}}`."""
    found: list[Part] = []
    has_button = False
    for paragraph in filter(None, map(str.strip, re.split(r"\n\s*\n", text))):
        lines = paragraph.split("\n")
        address = ""
        if not has_button:
            address = _button(lines[-1].strip(), secrets)
            lines = lines[:-1] if address else lines
            has_button = bool(address)
        found.append(Part(tuple(_line(line, secrets) for line in lines), address))
    return found


def _button(line, secrets):
    if line == MASKED:
        return NOWHERE
    key = _KEY.fullmatch(line)
    return secrets.get(key[1], "") if key else ""


def _line(line, secrets):
    """The line as HTML: escaped, its addresses as links, its secrets filled in."""
    pieces, end = [], 0
    for match in _ADDRESS_OR_SECRET.finditer(line):
        value = match[1] or secrets.get(match[2], match[0])
        pieces += [line[end : match.start()], _linked(value)]
        end = match.end()
    return format_html_join("", "{}", ((piece,) for piece in [*pieces, line[end:]]))


def _linked(value):
    if not value.startswith(("https://", "http://")):
        return value
    return format_html('<a class="link" href="{}" style="{}">{}</a>', value, LINK_STYLE, value)


def page_of(letter, *, secrets: Mapping[str, str], picture: Callable[[str], str]) -> str:
    """The letter as an HTML page. `picture` gives the address of the attachment that is shown."""
    face = letter.face or Face()
    parts = parts_of(letter.text, secrets)
    button = next((place for place, part in enumerate(parts) if part.button), len(parts) - 1)
    context = {
        "subject": letter.subject,
        "heading": letter.subject.removesuffix(f"：{face.title}").removesuffix(f": {face.title}"),
        "face": face,
        "language": "en" if face.language == "en" else "zh-Hans",
        "preheader": _plain(parts[1:2] or parts[:1]),
        "parts": parts[: button + 1],
        "foot": parts[button + 1 :],
        "picture": picture(face.shown) if face.shown else "",
    }
    with translation.override(face.language):
        return render_to_string("salon/letter.html", context)


def _plain(parts):
    """What an inbox shows beside the subject."""
    lines = " ".join(line for part in parts for line in part.lines)
    return unescape(strip_tags(lines))[:PREHEADER]


def mail_of(
    message_id: str, letter, text: str, *, to: str, reply_to: str
) -> EmailMultiAlternatives:
    """The mail as it goes: `letter` is packed, `text` what is said with its secrets."""
    headers = {
        "Message-ID": message_id,
        "X-Salon-Letter": message_id,  # stays where a relay gives the letter another Message-ID
        "Auto-Submitted": "auto-generated",
    }
    if letter.face and letter.face.stop:
        headers["List-Unsubscribe"] = f"<{letter.face.stop_address()}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail = EmailMultiAlternatives(
        subject=letter.subject,
        body=text,
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[to],
        reply_to=[reply_to] if reply_to else None,
        headers=headers,
    )
    secrets = {name: value() if callable(value) else value for name, value in letter.secret.items()}
    mail.attach_alternative(page_of(letter, secrets=secrets, picture=_cid), "text/html")
    shown = letter.face.shown if letter.face else ""
    for filename, content, mimetype in letter.attachments:
        if filename == shown:
            mail.attach(_inline(filename, content, mimetype))
        else:
            mail.attach(filename, content, mimetype)
    return mail


def _cid(filename):
    return f"cid:{filename}@salon"


def _inline(filename, content, mimetype):
    """The picture in the letter, which a reader of the plain text finds among the attachments."""
    image = MIMEImage(content, mimetype.removeprefix("image/"))
    image.add_header("Content-ID", f"<{filename}@salon>")
    image.add_header("Content-Disposition", "inline", filename=filename)
    return image


def as_data(letter) -> Callable[[str], str]:
    """For a look at the page before it goes: pictures are in the address itself."""
    made = {name: (content, mimetype) for name, content, mimetype in letter.attachments}

    def picture(filename):
        content, mimetype = made[filename]
        return f"data:{mimetype};base64,{b64encode(content).decode()}"

    return picture
