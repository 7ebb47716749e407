"""Sixty days of preparation: groups, milestones, materials, roles on the day, plan B."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from events.models.event import Event
from salon import tables


class PrepGroup(models.Model):
    erase_keeps = "the crew's own words"

    event = models.ForeignKey(
        Event,
        on_delete=models.CASCADE,
        related_name="prep_groups",
        verbose_name=_("活动"),
        db_index=False,  # prep_group_name_once begins with it
    )
    name = models.CharField(_("小组"), max_length=40)
    size = models.PositiveSmallIntegerField(_("人数"), default=2)
    duties = models.TextField(_("职责"), blank=True)

    class Meta:
        verbose_name = _("筹备组")
        verbose_name_plural = _("筹备组")
        constraints = [
            models.UniqueConstraint(fields=["event", "name"], name="prep_group_name_once")
        ]

    def __str__(self):
        return self.name


class PrepMember(models.Model):
    erase_keeps = "the crew's own words"

    group = models.ForeignKey(
        PrepGroup, on_delete=models.CASCADE, related_name="members", verbose_name=_("小组")
    )
    name = models.CharField(_("姓名"), max_length=80)
    email = models.EmailField(_("邮箱"), blank=True)
    is_lead = models.BooleanField(_("组长"), default=False)

    class Meta:
        verbose_name = _("筹备成员")
        verbose_name_plural = _("筹备成员")
        constraints = [
            models.UniqueConstraint(
                fields=["group"], condition=Q(is_lead=True), name="prep_group_has_one_lead"
            )
        ]

    def __str__(self):
        return self.name

    def clean(self):
        self.email = self.email.lower()

    @property
    def event(self):
        return self.group.event


class MilestoneQuerySet(models.QuerySet):
    def not_done(self):
        return self.filter(done_at=None)

    def done(self):
        return self.exclude(done_at=None)

    def overdue(self, today):
        return self.not_done().filter(due_on__lt=today)


class Milestone(models.Model):
    """Something to be done by a day counted back from the event (T-60, T-30, …)."""

    erase_keeps = "the crew's own words"

    event = models.ForeignKey(
        Event, on_delete=models.CASCADE, related_name="milestones", verbose_name=_("活动")
    )
    days_before = models.PositiveSmallIntegerField(_("提前天数"))
    due_on = models.DateField(_("截止日期"))
    title = models.CharField(_("事项"), max_length=120)
    group = models.ForeignKey(
        PrepGroup, on_delete=models.SET_NULL, null=True, blank=True, verbose_name=_("小组")
    )
    owner = models.ForeignKey(
        PrepMember, on_delete=models.SET_NULL, null=True, blank=True, verbose_name=_("负责人")
    )
    done_at = models.DateTimeField(_("完成时间"), null=True, blank=True)
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        verbose_name=_("完成人"),
    )

    objects = MilestoneQuerySet.as_manager()

    class Meta:
        verbose_name = _("里程碑")
        verbose_name_plural = _("里程碑")
        ordering = ["due_on", "pk"]

    def __str__(self):
        return f"T-{self.days_before} {self.title}"


class Material(models.Model):
    erase_keeps = "the crew's own words"

    class Section(models.TextChoices):
        SIGN_IN = "sign_in", _("签到")
        INTERACTION = "interaction", _("互动")
        GIFTS = "gifts", _("礼品")
        TECHNICAL = "technical", _("技术")

    class Basis(models.TextChoices):
        PER_HEAD = "per_head", _("每人")
        PER_GROUP = "per_group", _("每组")
        FIXED = "fixed", _("固定")

    event = models.ForeignKey(
        Event,
        on_delete=models.CASCADE,
        related_name="materials",
        verbose_name=_("活动"),
        db_index=False,  # material_name_once begins with it
    )
    section = models.CharField(_("类别"), max_length=12, choices=Section.choices)
    name = models.CharField(_("物料"), max_length=80)
    basis = models.CharField(_("数量依据"), max_length=12, choices=Basis.choices)
    factor = models.PositiveIntegerField(_("每份数量"), default=1)
    note = models.CharField(_("备注"), max_length=120, blank=True)
    procured = models.PositiveIntegerField(_("已备齐"), default=0)
    packed = models.PositiveIntegerField(_("已装箱"), default=0)

    class Meta:
        verbose_name = _("物料")
        verbose_name_plural = _("物料")
        ordering = ["section", "pk"]
        constraints = [models.UniqueConstraint(fields=["event", "name"], name="material_name_once")]

    def __str__(self):
        return self.name

    def needed(self, *, heads, groups):
        """How many are needed for so many confirmed people and so many groups."""
        return self.factor * {"per_head": heads, "per_group": groups, "fixed": 1}[self.basis]


class StaffRole(models.Model):
    erase_keeps = "the crew's own words"

    event = models.ForeignKey(
        Event,
        on_delete=models.CASCADE,
        related_name="staff_roles",
        verbose_name=_("活动"),
        db_index=False,  # staff_role_name_once begins with it
    )
    name = models.CharField(_("岗位"), max_length=40)
    count = models.PositiveSmallIntegerField(_("人数"), default=1)
    people = models.CharField(_("人员"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("当天岗位")
        verbose_name_plural = _("当天岗位")
        constraints = [
            models.UniqueConstraint(fields=["event", "name"], name="staff_role_name_once")
        ]

    def __str__(self):
        return self.name


class RiskPlan(models.Model):
    erase_keeps = "the crew's own words"

    class Risk(models.TextChoices):
        SPEAKER_ABSENT = "speaker_absent", _("嘉宾缺席")
        PROJECTOR = "projector", _("投影故障")
        STREAM = "stream", _("直播中断")
        NETWORK = "network", _("断网")
        TOO_MANY = "too_many", _("来人过多")
        TOO_FEW = "too_few", _("来人过少")
        OTHER = "other", _("其他")

    event = models.ForeignKey(
        Event, on_delete=models.CASCADE, related_name="risk_plans", verbose_name=_("活动")
    )
    risk = models.CharField(_("风险"), max_length=20, choices=Risk.choices)
    title = models.CharField(_("情形"), max_length=120)
    prevention = models.TextField(_("预防"))
    response = models.TextField(_("应对"))
    owner = models.CharField(_("负责人"), max_length=80, blank=True)

    class Meta:
        verbose_name = _("风险预案")
        verbose_name_plural = _("风险预案")
        ordering = ["pk"]

    def __str__(self):
        return self.title


class RiskTrigger(models.Model):
    """Plan B was put into force; `before` is what undoing it brings back: {field: value} of the
    item, as far as it was replaced."""

    erase_keeps = {"before": "what the agenda said, the crew's own words"}
    erase_empties = ("note",)
    table_rules = (
        tables.OnlyGrows(once=("undone_at",), blanked=("note",)),
        tables.HasShape("before", {"*": "string|number|boolean|null"}),
    )

    plan = models.ForeignKey(RiskPlan, on_delete=models.PROTECT, related_name="triggers")
    at = models.DateTimeField(_("时间"), auto_now_add=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, verbose_name=_("操作人")
    )
    note = models.CharField(_("说明"), max_length=200, blank=True)
    item = models.ForeignKey(
        "events.AgendaItem",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        verbose_name=_("环节"),
    )
    before = models.JSONField(default=dict)
    undone_at = models.DateTimeField(_("撤销时间"), null=True, blank=True)

    class Meta:
        verbose_name = _("预案启动记录")
        verbose_name_plural = _("预案启动记录")
        ordering = ["-at"]

    def __str__(self):
        return str(self.plan)
