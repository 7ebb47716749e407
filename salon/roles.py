"""The owner's role of the database, for what only the owner may do."""

from contextlib import contextmanager

from django.conf import settings
from django.db import connection


@contextmanager
def as_owner():
    """Connect as the role of DATABASE_OWNER_URL meanwhile; where there is none, as ever.

    Not inside a transaction: that one has its connection.
    """
    if not settings.DATABASE_OWNER or connection.in_atomic_block:
        yield
        return
    mine = dict(connection.settings_dict)
    connection.close()
    connection.settings_dict.update(settings.DATABASE_OWNER)
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.update({name: mine[name] for name in settings.DATABASE_OWNER})
