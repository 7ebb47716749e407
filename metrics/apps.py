from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MetricsConfig(AppConfig):
    name = "metrics"
    verbose_name = _("效果评估")

    def ready(self):
        # They register themselves: letters with the outbox, this room with those below.
        from metrics import for_below, kept, letters, reporting  # noqa: F401
