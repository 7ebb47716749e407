from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class EventsConfig(AppConfig):
    name = "events"
    verbose_name = _("活动")

    def ready(self):
        # Registers the tables' borders, what is kept of people and what is counted, reminders and
        # live topics.
        from events import borders, kept, letters, reporting, walls  # noqa: F401
