from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class EventsConfig(AppConfig):
    name = "events"
    verbose_name = _("活动")

    def ready(self):
        # Registers the tables' borders, reminders and live topics.
        from events import borders, letters, walls  # noqa: F401
