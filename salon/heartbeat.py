"""Signs of life of the worker and the beat, kept in the database for /healthz."""

import logging
import time

from celery.beat import PersistentScheduler
from django.db import DatabaseError, connection

log = logging.getLogger(__name__)
EVERY_SECONDS = 15

_BEAT = """
    INSERT INTO salon_heartbeat (name, at) VALUES (%s, clock_timestamp())
    ON CONFLICT (name) DO UPDATE SET at = excluded.at
"""


def beat(name):
    """Note that the process `name` ("worker" or "beat") is alive now."""
    with connection.cursor() as cursor:
        cursor.execute(_BEAT, [name])


class BeatingScheduler(PersistentScheduler):
    """Celery's scheduler, which also says that it is alive."""

    _last = 0.0

    def tick(self, *args, **kwargs):
        if time.monotonic() - self._last > EVERY_SECONDS:
            self._last = time.monotonic()
            try:
                beat("beat")
            except DatabaseError:
                log.warning("no heartbeat: the database is away")
                connection.close()
        return min(super().tick(*args, **kwargs), EVERY_SECONDS)
