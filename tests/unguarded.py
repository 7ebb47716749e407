"""A table without one of its guards: what the unlocked twin of a race is played on."""

import contextlib

from django.db import connection

from tests import template


def _asked(owner, statement, name):
    owner.execute(statement, [name])
    found = owner.fetchone()
    return found and found[0]


@contextlib.contextmanager
def without(name):
    """Meanwhile the constraint, trigger or unique index of that name is not there. Afterwards it stands
    again, and everything that was written is gone. For tests that commit."""
    with template.server(connection.settings_dict["NAME"]) as owner:
        owner.execute(
            "SELECT conrelid::regclass, pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE conname = %s",
            [name],
        )
        if constraint := owner.fetchone():
            table, definition = constraint
            owner.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
            again = f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}'
        elif trigger := _asked(
            owner, "SELECT tgrelid::regclass FROM pg_trigger WHERE tgname = %s", name
        ):
            owner.execute(f'ALTER TABLE {trigger} DISABLE TRIGGER "{name}"')
            again = f'ALTER TABLE {trigger} ENABLE TRIGGER "{name}"'
        else:
            again = _asked(owner, "SELECT indexdef FROM pg_indexes WHERE indexname = %s", name)
            owner.execute(f'DROP INDEX "{name}"')
        try:
            yield
        finally:
            owner.execute("SELECT travelling.empty()")
            owner.execute(again)
