"""A browser that has been let in before is counted by itself when it types something wrong.

Guessing from elsewhere, or from the next table on the same Wi-Fi, then locks out the guesser and
never the organiser or the desk (the OWASP "device cookie"). The cookie opens nothing: it only says
as whom this browser has been in, by digests, and carries its own number.
"""

import secrets

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

from salon import identity

COOKIE = "known"
KEEP_SECONDS = 400 * 24 * 3600  # no browser keeps one longer
MOST = 8  # accounts and desks of one browser; the latest stay
_PURPOSE = "known browser"
_SHORT = identity.NAME_LENGTH + 16


def _read(request: HttpRequest) -> tuple[str, list[str]]:
    try:
        kept = signing.loads(request.COOKIES.get(COOKIE, ""), salt=_PURPOSE, max_age=KEEP_SECONDS)
        return str(kept["n"]), [str(one) for one in kept["as"]]
    except (signing.BadSignature, ValueError, KeyError, TypeError):
        return "", []


def number_of(request: HttpRequest, who: str) -> str | None:
    """This browser's own number, if it has been let in as `who` ("account:chen") before."""
    number, let_in_as = _read(request)
    digests = {digest[:_SHORT] for digest in identity.contact_digests(who, _PURPOSE)}
    return number if digests.intersection(let_in_as) else None


def remember(request: HttpRequest, response: HttpResponse, who: str) -> None:
    """Note on this browser that it was let in as `who`."""
    number, let_in_as = _read(request)
    digest = identity.contact_digest(who, _PURPOSE)[:_SHORT]
    others = [one for one in let_in_as if one != digest][-(MOST - 1) :]
    kept = {"n": number or secrets.token_hex(8), "as": [*others, digest]}
    response.set_cookie(
        COOKIE,
        signing.dumps(kept, salt=_PURPOSE),
        max_age=KEEP_SECONDS,
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )
