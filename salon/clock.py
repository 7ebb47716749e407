"""The one clock. Deadlines are judged by the database's clock, never a tablet's or a web server's.

Call it as `clock.now()`, so that a test which travels in time has one place to stand on.
"""

from django.db import connection
from django.db.models import DateTimeField, Func


def now():
    """The database's wall clock, an aware datetime in UTC. Costs one statement."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cursor.fetchone()[0]


def database_now():
    """The same clock as an expression, for a comparison inside another statement."""
    return Func(function="clock_timestamp", output_field=DateTimeField())
