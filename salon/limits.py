"""Rate limits per person, device or account, kept in PostgreSQL so that Redis may vanish.

Never per network address: the whole venue is one address.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import connection
from django.utils.translation import gettext_lazy as _

from salon import identity
from salon.errors import Refused

# Keys hold accounts and devices, and may hold a contact.
identity.keep("salon.Allowance", "key", purpose="allowance", until="window_ends_at")

TOO_OFTEN = _("操作太频繁了，请稍等片刻再试。")
_KNOCK = """
    INSERT INTO salon_allowance AS a (key, window_ends_at, used)
    VALUES (%(key)s, clock_timestamp() + make_interval(secs => %(seconds)s), 1)
    ON CONFLICT (key) DO UPDATE SET
        used = CASE WHEN a.window_ends_at < clock_timestamp() THEN 1 ELSE a.used + 1 END,
        window_ends_at = CASE WHEN a.window_ends_at < clock_timestamp()
            THEN excluded.window_ends_at ELSE a.window_ends_at END
    RETURNING used
"""


def allow(key, *, times, seconds):
    """Count one knock of `key`; False once more than `times` fell into the window of `seconds`."""
    digest = identity.contact_digest(key, "allowance")
    with connection.cursor() as cursor:
        cursor.execute(_KNOCK, {"key": digest, "seconds": seconds})
        return cursor.fetchone()[0] <= times


def require(key, *, times, seconds):
    """Like `allow`, but raises `Refused("too_often")` with status 429."""
    if not allow(key, times=times, seconds=seconds):
        raise Refused("too_often", TOO_OFTEN, status=429)


@dataclass(frozen=True)
class Limit:
    """At most `times` failures of `key` in a window of `seconds`."""

    key: str
    times: int
    seconds: int


_TAKE_BACK = """
    UPDATE salon_allowance SET used = used - 1
    WHERE key = %s AND used > 0 AND window_ends_at > clock_timestamp()
"""


@contextmanager
def only_failures(*limits: Limit, refusal: Refused | None = None) -> Iterator[None]:
    """Count a try before it is made, and take that back once the block has come through.

    Whoever is right uses up none, and fifty tries at once are fifty. Raises `refusal` (by default
    "too_often", 429) before the block. Not inside a transaction: a failure must stay counted.
    """
    for limit in limits:
        if not allow(limit.key, times=limit.times, seconds=limit.seconds):
            raise refusal or Refused("too_often", TOO_OFTEN, status=429)
    yield
    with connection.cursor() as cursor:
        for limit in limits:
            cursor.execute(_TAKE_BACK, [identity.contact_digest(limit.key, "allowance")])
