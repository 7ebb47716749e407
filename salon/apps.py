from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SalonConfig(AppConfig):
    name = "salon"
    verbose_name = _("平台")

    def ready(self):
        from salon import access  # noqa: F401  registers the check that every view has a door
