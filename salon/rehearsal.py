"""A rehearsal clock for the demo: what happens inside happens at another moment, for this process.

The demo tells of a salon five weeks ago through the same verbs that run a real one, so the verbs'
two clocks have to stand elsewhere: the database's, by functions that come before its own on this
connection's search path, and Python's. Other connections never see it.
"""

from contextlib import contextmanager

from django.db import connection
from django.utils import timezone

_SCHEMA = """
    CREATE SCHEMA IF NOT EXISTS rehearsal;
    CREATE OR REPLACE FUNCTION rehearsal.clock_timestamp() RETURNS timestamptz
        LANGUAGE sql VOLATILE AS 'SELECT current_setting(''rehearsal.moment'')::timestamptz';
    CREATE OR REPLACE FUNCTION rehearsal.now() RETURNS timestamptz
        LANGUAGE sql VOLATILE AS 'SELECT current_setting(''rehearsal.moment'')::timestamptz';
    CREATE OR REPLACE FUNCTION rehearsal.statement_timestamp() RETURNS timestamptz
        LANGUAGE sql VOLATILE AS 'SELECT current_setting(''rehearsal.moment'')::timestamptz';
"""


class Rehearsal:
    """`at(moment)` sets both clocks; they stand still until the next `at`."""

    def at(self, moment):
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('rehearsal.moment', %s, false)", [moment.isoformat()])
        timezone.now = lambda: moment
        return moment


@contextmanager
def rehearsal():
    """Stand on the rehearsal clock, and step down again whatever happens."""
    real_now = timezone.now
    with connection.cursor() as cursor:
        cursor.execute("SHOW search_path")
        (search_path,) = cursor.fetchone()
        cursor.execute(_SCHEMA)
        cursor.execute("SELECT set_config('rehearsal.moment', %s, false)", [real_now().isoformat()])
        cursor.execute("SET search_path = rehearsal, pg_catalog, public")
        # A rehearsal that a power cut takes away is simply held again.
        cursor.execute("SET synchronous_commit = off")
    try:
        yield Rehearsal()
    finally:
        timezone.now = real_now
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('search_path', %s, false)", [search_path])
            cursor.execute("DROP SCHEMA IF EXISTS rehearsal CASCADE")
            cursor.execute("RESET synchronous_commit")
