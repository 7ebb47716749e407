"""How many days before an event its guests are reminded."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from events.models import Event

FARTHEST = 60


class ReminderDays(models.Model):
    """An event without a row reminds seven days before, one day before and on the day."""

    event = models.OneToOneField(
        Event, on_delete=models.CASCADE, related_name="reminder_days", verbose_name=_("活动")
    )
    first = models.PositiveSmallIntegerField(
        _("第一次提醒（提前几天）"),
        null=True,
        blank=True,
        default=7,
        validators=[MinValueValidator(1), MaxValueValidator(FARTHEST)],
    )
    second = models.PositiveSmallIntegerField(
        _("第二次提醒（提前几天）"),
        null=True,
        blank=True,
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(FARTHEST)],
    )
    on_the_day = models.BooleanField(_("当天早上提醒"), default=True, db_default=True)

    class Meta:
        verbose_name = _("提醒日")
        verbose_name_plural = _("提醒日")
        constraints = [
            models.CheckConstraint(
                condition=Q(first=None) | Q(second=None) | Q(first__gt=F("second")),
                name="reminder_days_in_order",
            ),
            models.CheckConstraint(
                condition=(Q(first=None) | Q(first__gte=1, first__lte=FARTHEST))
                & (Q(second=None) | Q(second__gte=1, second__lte=FARTHEST)),
                name="reminder_days_within_two_months",
            ),
        ]

    def __str__(self):
        return f"{self.first} {self.second} {self.on_the_day}"
