"""Redis as a verb sees it: asked briefly, and left alone for a moment when it does not answer.

Nothing that must not be lost goes this way. What fails here costs a ring of a bell; the row
behind the bell is in PostgreSQL.
"""

import functools
import logging
import time
from contextlib import contextmanager

from django.conf import settings
from kombu.exceptions import OperationalError
from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.retry import Retry

log = logging.getLogger(__name__)

# A busy machine stalls for a tenth of a second now and then, and a ring lost to that leaves a wall
# half a minute behind.
TIMEOUT_SECONDS = 0.25
LEFT_ALONE_SECONDS = 2.0
_left_alone_until = 0.0


@functools.cache
def _client(url):
    return Redis.from_url(
        url,
        socket_connect_timeout=TIMEOUT_SECONDS,
        socket_timeout=TIMEOUT_SECONDS,
        # Once more at once: a kept connection may be one to a server that has since restarted.
        retry=Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,)),
    )


def attempt(do):
    """Call `do(redis)`; True when it went through. Never raises for a Redis that is away.

    A dead or hanging Redis costs the first caller a quarter of a second, and everybody else in
    this process nothing for the next two seconds.
    """
    global _left_alone_until  # noqa: PLW0603  one circuit breaker for the whole process
    if time.monotonic() < _left_alone_until:
        return False
    try:
        do(_client(settings.REDIS_URL))
    except (RedisError, OperationalError, OSError) as error:
        _left_alone_until = time.monotonic() + LEFT_ALONE_SECONDS
        log.warning("Redis is away (%s); trying again in 2 s", type(error).__name__)
        return False
    return True


@contextmanager
def left_alone():
    """No bell rings and no wall hears anything while this goes on: the demo is a rehearsal."""
    global _left_alone_until  # noqa: PLW0603  as above
    _left_alone_until = float("inf")
    try:
        yield
    finally:
        _left_alone_until = 0.0
