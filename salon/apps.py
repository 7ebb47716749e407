from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SalonConfig(AppConfig):
    name = "salon"
    verbose_name = _("平台")

    def ready(self):
        # access registers the check that every view has a door; celery is the app whose queue
        # every process, a web server too, rings.
        from salon import access, celery  # noqa: F401
