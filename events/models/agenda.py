"""The agenda: what happens when, as planned and as it really went."""

from datetime import timedelta

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeBoundary, RangeOperators
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Deferrable, F, Func, Q
from django.utils.translation import gettext_lazy as _

from events.models import rules
from events.models.event import Event
from salon import tables
from salon.text import normalize_mobile


class Speaker(models.Model):
    """Somebody who speaks or reviews; backups stand in when a speaker is absent."""

    erase_keeps = "of a speaker, who is no participant"

    event = models.ForeignKey(
        Event, on_delete=models.CASCADE, related_name="speakers", verbose_name=_("活动")
    )
    name = models.CharField(_("姓名"), max_length=80)
    title = models.CharField(_("头衔"), max_length=120, blank=True)
    email = models.EmailField(_("邮箱"), blank=True)
    mobile = models.CharField(_("手机"), max_length=20, blank=True)
    is_backup = models.BooleanField(_("备选嘉宾"), default=False)

    class Meta:
        verbose_name = _("嘉宾")
        verbose_name_plural = _("嘉宾")

    def __str__(self):
        return self.name

    def clean(self):
        self.email = self.email.lower()
        try:
            self.mobile = normalize_mobile(self.mobile) if self.mobile else ""
        except ValueError:
            raise ValidationError({"mobile": _("这个手机号不对，请再核对一遍。")}) from None


class AgendaQuerySet(models.QuerySet):
    def begun(self):
        return self.filter(started_at__isnull=False)

    def running(self):
        return self.filter(started_at__isnull=False, finished_at=None)


class AgendaItem(models.Model):
    erase_keeps = "the crew's own words"
    table_rules = (rules.near_its_event,)

    class Kind(models.TextChoices):
        CHECK_IN = "check_in", _("签到")
        OPENING = "opening", _("开场")
        TALK = "talk", _("分享")
        BREAK = "break", _("茶歇")
        WORKSHOP = "workshop", _("工作坊")
        ROUNDTABLE = "roundtable", _("圆桌")

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="agenda")
    kind = models.CharField(_("环节"), max_length=12, choices=Kind.choices)
    title = models.CharField(_("标题"), max_length=120)
    form = models.CharField(_("形式"), max_length=200, blank=True)
    cue = models.TextField(_("主持提示"), blank=True)
    interactive = models.BooleanField(_("互动环节"), default=False)
    speaker = models.ForeignKey(
        Speaker, on_delete=models.SET_NULL, null=True, blank=True, verbose_name=_("嘉宾")
    )
    # The schedule in force; "extend" and "plan B" move it.
    starts_at = models.DateTimeField(_("开始"))
    ends_at = models.DateTimeField(_("结束"))
    # As announced before the day, for "planned against real".
    planned_starts_at = models.DateTimeField(null=True, blank=True, editable=False)
    planned_ends_at = models.DateTimeField(null=True, blank=True, editable=False)
    started_at = models.DateTimeField(_("实际开始"), null=True, blank=True)
    finished_at = models.DateTimeField(_("实际结束"), null=True, blank=True)

    objects = AgendaQuerySet.as_manager()

    class Meta:
        verbose_name = _("流程环节")
        verbose_name_plural = _("流程")
        ordering = ["starts_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")),
                name="agenda_item_ends_after_it_starts",
                violation_error_message=_("环节的结束时间要晚于开始时间。"),
            ),
            # Deferred: moving a whole afternoon crosses itself until the last row is written.
            ExclusionConstraint(
                name="agenda_items_never_overlap",
                expressions=[
                    (F("event"), RangeOperators.EQUAL),
                    (
                        Func(
                            F("starts_at"),
                            F("ends_at"),
                            RangeBoundary(),
                            function="TSTZRANGE",
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                deferrable=Deferrable.DEFERRED,
                violation_error_message=_("两个环节的时间重叠了。"),
            ),
            models.UniqueConstraint(
                fields=["event"],
                condition=Q(started_at__isnull=False, finished_at=None),
                name="agenda_one_item_runs",
            ),
            models.CheckConstraint(
                condition=Q(finished_at=None) | Q(started_at__isnull=False),
                name="agenda_item_starts_before_it_finishes",
            ),
            models.CheckConstraint(
                condition=Q(finished_at=None) | Q(finished_at__gte=F("started_at")),
                name="agenda_item_finishes_after_it_started",
                violation_error_message=_("环节的实际结束不能早于实际开始。"),
            ),
            models.CheckConstraint(
                condition=Q(planned_starts_at=None, planned_ends_at=None)
                | Q(planned_ends_at__gt=F("planned_starts_at")),
                name="agenda_item_planned_end_after_start",
            ),
        ]

    def __str__(self):
        return self.title

    @property
    def minutes(self):
        return (self.ends_at - self.starts_at) // timedelta(minutes=1)


class AgendaStepQuerySet(models.QuerySet):
    def in_force(self):
        return self.filter(undone_at=None)


class AgendaStep(models.Model):
    """One press of the host: what was done to the agenda, and what undoing it brings back.

    The newest step in force is what a host page has "seen": a press that names an older one
    comes too late, somebody else was quicker.
    """

    erase_keeps = {"before": "hours of the agenda"}
    table_rules = (
        tables.OnlyGrows(once=("undone_at",)),
        tables.HasShape(
            "before", {"items?": {"*": {"*": "string|null"}}, "event?": {"*": "string|null"}}
        ),
    )

    class Verb(models.TextChoices):
        START = "start", _("开始")
        FINISH = "finish", _("结束")
        EXTEND = "extend", _("延长")

    event = models.ForeignKey(
        Event, on_delete=models.PROTECT, related_name="agenda_steps", verbose_name=_("活动")
    )
    verb = models.CharField(_("操作"), max_length=8, choices=Verb.choices)
    item = models.ForeignKey(
        AgendaItem, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("环节")
    )
    minutes = models.PositiveSmallIntegerField(_("分钟"), null=True, blank=True)
    at = models.DateTimeField(_("时间"))
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, verbose_name=_("操作人")
    )
    # {"items": {id: {field: ISO time or null}}, "event": {"ends_at": …, "ended_at": …}}
    before = models.JSONField(_("之前"), default=dict)
    # Taken back, or, an extension, outdated by a schedule that was edited later.
    undone_at = models.DateTimeField(_("撤销时间"), null=True, blank=True)

    objects = AgendaStepQuerySet.as_manager()

    class Meta:
        verbose_name = _("流程操作")
        verbose_name_plural = _("流程操作")
        constraints = [
            models.CheckConstraint(
                condition=Q(undone_at=None) | Q(undone_at__gte=F("at")),
                name="agenda_step_undone_after_it_was_done",
            )
        ]
        ordering = ["-pk"]

    def __str__(self):
        return f"{self.get_verb_display()} {self.item or ''}".strip()
