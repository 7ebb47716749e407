"""The mailbox that reports of letters sent back arrive in, read by IMAP."""

import contextlib
import imaplib
import re
from collections import Counter
from datetime import timedelta
from urllib.parse import unquote, urlsplit

from salon import bounces, clock

TIMEOUT_SECONDS = 15
MOST_AT_ONCE = 500
# Only of what looks like a report the whole is fetched, and marked as read.
_LOOK = "(BODY.PEEK[HEADER.FIELDS (FROM SUBJECT CONTENT-TYPE RETURN-PATH)])"
_LIKE_A_REPORT = re.compile(
    rb"report-type|mailer-daemon|postmaster|return-path:\s*<>|undeliver|returned|failure|=\?",
    re.IGNORECASE,
)


class Unreachable(Exception):
    """The mailbox cannot be read; the sentence says why, without its password."""


def process(url: str) -> Counter:
    """Read what is new in `imaps://user:password@host/INBOX`; as bounces.process_all."""
    try:
        with _opened(url) as imap:
            return _process_new(imap)
    except (imaplib.IMAP4.error, OSError, ValueError) as error:
        raise Unreachable(f"{urlsplit(url).hostname}: {type(error).__name__}") from None


@contextlib.contextmanager
def _opened(url):
    parts = urlsplit(url)
    kind, port = {"imaps": (imaplib.IMAP4_SSL, 993), "imap": (imaplib.IMAP4, 143)}[parts.scheme]
    with kind(parts.hostname, parts.port or port, timeout=TIMEOUT_SECONDS) as imap:
        imap.login(unquote(parts.username or ""), unquote(parts.password or ""))
        if "ID" in imap.capabilities:  # 网易 lets nobody read who has not said who they are
            imap.xatom("ID", '("name" "salon" "version" "1")')
        folder = unquote(parts.path.strip("/")) or "INBOX"
        answer, _data = imap.select(f'"{folder}"')
        if answer != "OK":
            raise ValueError(folder)
        yield imap


def _process_new(imap):
    done = Counter()
    since = f"{clock.now() - timedelta(days=14):%d-%b-%Y}"
    _answer, [found] = imap.uid("SEARCH", "UNSEEN", "SINCE", since)
    for uid in (found or b"").split()[:MOST_AT_ONCE]:
        outcome = "other"
        if _LIKE_A_REPORT.search(_fetched(imap, uid, _LOOK)):
            raw = _fetched(imap, uid, f"(BODY.PEEK[]<0.{bounces.MOST_BYTES}>)")
            outcome = bounces.process(raw)
        if outcome != "other":
            imap.uid("STORE", uid, "+FLAGS.SILENT", r"(\Seen)")
        done[outcome] += 1
    return done


def _fetched(imap, uid, what):
    _answer, parts = imap.uid("FETCH", uid, what)
    return next((part[1] for part in parts or () if isinstance(part, tuple)), b"")
