"""Rate limits per person, device or account, kept in PostgreSQL so that Redis may vanish.

Never per network address: the whole venue is one address.
"""

from django.db import connection
from django.utils.translation import gettext_lazy as _

from salon import identity
from salon.errors import Refused

# Keys hold accounts and devices, and may hold a contact.
identity.keep("salon.Allowance", "key", purpose="allowance", until="window_ends_at")

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
        raise Refused("too_often", _("操作太频繁了，请稍等片刻再试。"), status=429)
