"""One cleaner and one reading for everything people type: texts, names, mobiles, sizes, rates.

Forms, the JSON API, imports and messages all come through here, so that one person typed in
two places is one person.
"""

import functools
import re
import unicodedata
from decimal import Decimal

import phonenumbers
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext_lazy as _
from pypinyin import Style, lazy_pinyin

# ---- texts -------------------------------------------------------------------------------

MOST_MARKS = 4
"""Combining marks kept on one character: enough for Vietnamese and Hebrew, too few for a tower."""

# Letters that need no second look: printable ASCII, CJK ideographs, kana, full-width forms.
_PLAIN = re.compile(r"[!-~\u3001-\u3029\u3041-\u3096\u30a1-\u30fa\u4e00-\u9fff\uff01-\uff9f]*")
_PLAIN_WORDS = re.compile(
    r"[!-~\u3001-\u3029\u3041-\u3096\u30a1-\u30fa\u4e00-\u9fff\uff01-\uff9f]+"
    r"(?: [!-~\u3001-\u3029\u3041-\u3096\u30a1-\u30fa\u4e00-\u9fff\uff01-\uff9f]+)*"
)
_LINE_ENDS = re.compile(r"\r\n?|[\x85\u2028\u2029]")
_INVISIBLE = re.compile(
    "["
    "\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f"  # controls, except white space
    "\xad\u034f\u061c\u180b-\u180f"  # soft hyphen, joiners of nothing, Mongolian selectors
    "\u200b\u200c\u200e\u200f\u202a-\u202e"  # zero width, bidi marks, embeddings, overrides
    "\u2060-\u206f\ufeff\ufff9-\ufffb"  # isolates, word joiner, BOM, interlinear marks
    "\ufdd0-\ufdef\ufffe\uffff"  # noncharacters
    "\U000e0000-\U000e007f"  # tags, good for smuggling text
    "]|[\U0001fffe\U0001ffff\U0002fffe\U0002ffff\U0003fffe\U0003ffff\U0010fffe\U0010ffff]"
)
_BLANK = re.compile(
    "[\x0b\x0c\x1c-\x1f \xa0\u115f\u1160\u1680\u2000-\u200a\u202f\u205f\u2800\u3000\u3164\uffa0]"
)
_EMOJI = "[\u2190-\u2bff\u3030\u303d\u3297\u3299\xa9\xae\U0001f000-\U0001faff]"
_STRAY_JOINER = re.compile(
    f"(?<!{_EMOJI})(?<!{_EMOJI}\ufe0f)(?<![\U0001f3fb-\U0001f3ff])\u200d|\u200d(?!{_EMOJI})"
)
_TOWER = re.compile  # placeholder replaced below; see _cap_marks


def _join_surrogates(text):
    """Surrogate pairs become their character, lone surrogates U+FFFD; anything else stays."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _cap_marks(text):
    kept, marks = [], 0
    for character in text:
        marks = marks + 1 if unicodedata.category(character) in ("Mn", "Me") else 0
        if marks <= MOST_MARKS:
            kept.append(character)
    return "".join(kept)


def clean_text(value, *, max_length=None, multiline=False):
    """Return `value` as text that every screen, log and column can hold. Never raises on a str.

    NFC; no NUL and controls (multiline keeps newline and tab), no bidi overrides and isolates,
    no zero-width characters but the joiner inside an emoji; lone surrogates become U+FFFD; at
    most four combining marks on a character; white space, U+3000 included, collapsed and
    stripped. `max_length` counts code points and cuts. None becomes "", 1.0 becomes "1".
    """
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = value if isinstance(value, str) else str(value)
    if not _PLAIN_WORDS.fullmatch(text):
        text = _scrub(text, multiline=multiline)
    if max_length is not None and len(text) > max_length:
        text = text[:max_length].rstrip().rstrip("\u200d")
    return text


def _scrub(text, *, multiline):
    text = _join_surrogates(text)
    text = _LINE_ENDS.sub("\n", text)
    text = _BLANK.sub(" ", text)
    text = _INVISIBLE.sub("", text)
    text = unicodedata.normalize("NFC", _cap_marks(unicodedata.normalize("NFC", text)))
    text = _STRAY_JOINER.sub("", text)
    if not multiline:
        return " ".join(text.split())
    lines = [re.sub(r" +", " ", line).strip() for line in text.split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
