from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ParticipantsConfig(AppConfig):
    name = "participants"
    verbose_name = _("参与者")

    def ready(self):
        # They register themselves: letters with the outbox, walls with the live stream, this room
        # with the one below, the hold on people with the tables.
        from participants import (  # noqa: F401
            at_the_gate,
            contact_letters,
            erased_contacts,
            erasing_many,
            for_events,
            held,
            kept,
            letter_samples,
            letters,
            reporting,
            walls,
        )
