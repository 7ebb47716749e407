"""The gate: what guests write or send is shown to others, waits to be looked at, or is hidden."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Kind(models.TextChoices):
    """What an event decides on by itself: looked at before it shows, or after."""

    NAME = "name", _("姓名")
    CARD = "card", _("标签卡")
    PAIN = "pain", _("痛点")
    SOLUTION = "solution", _("解决方案")
    TIP = "tip", _("小技巧")
    LISTING = "listing", _("供需")
    PLAN = "plan", _("方案")
    PHOTO = "photo", _("照片")
    QUESTION = "question", _("提问")
    DANMAKU = "danmaku", _("弹幕")


def looked_at_first():
    """The kinds that wait for somebody's eye where the organiser has not said otherwise."""
    return [Kind.PHOTO.value, Kind.QUESTION.value, Kind.DANMAKU.value]


class Gate(models.TextChoices):
    WAITING = "waiting", _("待审核")
    SHOWN = "shown", _("已上墙")
    HIDDEN = "hidden", _("已隐藏")


class GatedRows(models.QuerySet):
    def on_show(self):
        """What others may read."""
        return self.filter(gate=Gate.SHOWN)

    def unseen_of(self, person):
        """What only its author sees."""
        return self.exclude(gate=Gate.SHOWN).filter(participant=person)

    def waiting(self):
        return self.filter(gate=Gate.WAITING)

    def hidden(self):
        return self.filter(gate=Gate.HIDDEN)


class Gated(models.Model):
    """Something a guest made that others may see. Its verb writes what `gate.pass_gate` answers;
    who reads it for others takes `.on_show()`."""

    gate = models.CharField(
        _("状态"),
        max_length=8,
        choices=Gate.choices,
        default=Gate.SHOWN,
        db_default=Gate.SHOWN,
    )
    # The word of the list that it says.
    gate_word = models.CharField(
        max_length=40, blank=True, default="", db_default="", editable=False
    )
    # When it last came to the gate, and since when somebody of the crew has looked at it.
    gate_at = models.DateTimeField(null=True, blank=True, editable=False)
    gate_seen_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = GatedRows.as_manager()

    class Meta:
        abstract = True

    @property
    def is_shown(self):
        return self.gate == Gate.SHOWN

    def settle(self, gate, *, now):
        """Let it stand as somebody of the crew wants; returns the names of what changed."""
        self.gate, self.gate_seen_at = gate, now
        return ["gate", "gate_seen_at"]
