"""Check-in codes: six characters that survive a bad print, a bad light and a bad accent.

No 0/O and no 1/I: what is left cannot be misread. A code says who somebody is at the door and
opens nothing; the personal link is another secret.
"""

import re
import secrets
import unicodedata
from urllib.parse import parse_qs, urlsplit

from participants.models import Participant
from salon.text import clean_text

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
LENGTH = 6
_CODE = re.compile(f"[{ALPHABET}]{{{LENGTH}}}")


def random_code():
    drawn = secrets.randbits(5 * LENGTH)  # five bits name one of the 32 characters
    return "".join(ALPHABET[drawn >> 5 * place & 31] for place in range(LENGTH))


def new_code(event):
    """A code that nobody at the event carries. The unique constraint guards the last instant."""
    while True:
        code = random_code()
        if not Participant.objects.filter(event=event, code=code).exists():
            return code


def code_in(text, *, slug):
    """The code in what a camera, a scanner or a person gave, or "" when there is none.

    Takes the bare code in any case, with spaces, dashes or full-width letters, and the address
    in the person's QR (`…/e/<slug>/…?k=CODE`). An address of another event holds no code here.
    """
    text = unicodedata.normalize("NFKC", clean_text(text, max_length=500))[:500]
    if "/" in text or "?" in text:
        try:
            address = urlsplit(text)
        except ValueError:
            return ""
        if not re.search(f"(^|/)e/{re.escape(slug)}/", address.path):
            return ""
        text = parse_qs(address.query).get("k", [""])[0]
    code = re.sub(r"[\s\-_.·]", "", text).upper()
    return code if _CODE.fullmatch(code) else ""
