"""What an organiser's erasing of many has taken out of sight, for a day."""

from django.db import models

from participants.models.person import Participant


class SetAside(models.Model):
    """The words of one person between the press that erases them and the sweep that does.

    They stand in no other table meanwhile, so no list, wall, sheet or search can show them. Taking
    the press back writes them where they were; the sweep, or "now", removes this row. `words` is
    {"app.Model": {row: {column: value}}}.
    """

    erase_strikes = ("words",)

    participant = models.OneToOneField(
        Participant, on_delete=models.CASCADE, related_name="set_aside"
    )
    words = models.JSONField(default=dict)

    def __str__(self):
        return f"#{self.participant_id}"
