from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class WorkshopsConfig(AppConfig):
    name = "workshops"
    verbose_name = _("现场与共创")

    def ready(self):
        # They register themselves: walls with the live stream, this room with those below.
        from workshops import at_the_gate, for_events, for_participants, kept, walls  # noqa: F401
