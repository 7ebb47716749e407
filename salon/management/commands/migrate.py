"""Django's `migrate` as the tables' owner, and the rules of the tables with it."""

from django.core.management.base import CommandError
from django.core.management.commands import migrate
from django.db import IntegrityError

from salon import roles, tables


class Command(migrate.Command):
    def handle(self, *args, **options):
        try:
            with roles.as_owner():
                return super().handle(*args, **options)
        except tables.Broken as broken:
            raise CommandError(str(broken)) from broken
        except IntegrityError as error:
            told = getattr(error.__cause__, "diag", None)
            if told is None or not told.constraint_name:
                raise
            raise CommandError(
                f"{told.table_name}: rows break the rule {told.constraint_name}, and nothing safe "
                "can be done about them by itself. Put them right, then run migrate again."
            ) from error
