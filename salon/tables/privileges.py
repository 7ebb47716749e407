"""Who may do what with the tables, where two roles share the work (README, "In production").

The owner's role migrates; the application's has what its verbs need, and of tables that only grow
it has no more than adding to them. A trigger can be switched off by whoever owns the table; what
was never granted cannot. `salon_read`, where there is such a role, reads the reporting views.
"""

from django.conf import settings
from django.db import connection

from salon.tables.from_models import our_models
from salon.tables.history import OnlyGrows
from salon.tables.reporting import SCHEMA as REPORTING
from salon.tables.rules import SCHEMA

READER = "salon_read"


def application() -> str | None:
    """The application's role, where it is another than the one we are; else None."""
    role = settings.APPLICATION_ROLE
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        return role if role and cursor.fetchone() != (role,) else None


def grant() -> None:
    """Give both roles what they need, and nothing they were given before and need no more."""
    if role := application():
        _to_the_application(f'"{role}"')
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM pg_roles WHERE rolname = %s", [READER])
        if cursor.fetchone() is not None:
            cursor.execute(f"GRANT USAGE ON SCHEMA {REPORTING} TO {READER}")
            cursor.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA {REPORTING} TO {READER}")


def _to_the_application(role):
    with connection.cursor() as cursor:
        for schema in ("public", SCHEMA, REPORTING):
            cursor.execute(f"GRANT USAGE ON SCHEMA {schema} TO {role}")
        cursor.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA {REPORTING} TO {role}")
        cursor.execute(
            f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}"
        )
        cursor.execute(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {role}")
        # What tells the server how an imported crowd lies in its tables.
        if connection.pg_version >= 170000:
            cursor.execute(f"GRANT MAINTAIN ON ALL TABLES IN SCHEMA public TO {role}")
        cursor.execute(f"REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM {role}")
        for model in our_models():
            for rule in getattr(model, "table_rules", ()):
                if isinstance(rule, OnlyGrows):
                    _only_more_of(cursor, model, rule, role)


def _only_more_of(cursor, model, rule, role):
    table = f'"{model._meta.db_table}"'
    cursor.execute(f"REVOKE UPDATE ON {table} FROM {role}")
    if not rule.gone_when:
        cursor.execute(f"REVOKE DELETE ON {table} FROM {role}")
    if columns := rule.may_change(model):
        listed = ", ".join(f'"{column}"' for column in columns)
        cursor.execute(f"GRANT UPDATE ({listed}) ON {table} TO {role}")
