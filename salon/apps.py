from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate
from django.utils.translation import gettext_lazy as _


class SalonConfig(AppConfig):
    name = "salon"
    verbose_name = _("平台")

    def ready(self):
        # kept says what the platform keeps of people, reporting what it counts; access registers
        # the check that every view has a door, accounts composes letters; celery is the app whose
        # queue every process, a web server too, rings.
        from salon import access, accounts, celery, kept, reporting  # noqa: F401

        pre_migrate.connect(make_way, sender=self)
        post_migrate.connect(keep_the_rules, sender=self)


def make_way(plan, **kwargs):
    from salon import tables

    if plan:
        tables.lay_aside()


def keep_the_rules(**kwargs):
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    from salon import tables

    # The rules are those of the models: halfway there, there is nothing to hang them on.
    executor = MigrationExecutor(connection)
    if not executor.migration_plan(executor.loader.graph.leaf_nodes()):
        tables.install()
