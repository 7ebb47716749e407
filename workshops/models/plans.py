"""Work groups, their task cards and plans, and the phases of the workshop."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from events.models import Event, Gate, Gated
from participants.models import Participant
from salon import tables
from workshops.models import rules


def mark(label, **options):
    """A mark from 1 to 5."""
    return models.PositiveSmallIntegerField(
        label, validators=[MinValueValidator(1), MaxValueValidator(5)], **options
    )


class WorkGroup(models.Model):
    erase_strikes = ("name",)
    erase_with = {"leader_reason": "leader", "recorder_reason": "recorder"}
    table_rules = (rules.members_lead,)

    event = models.ForeignKey(
        Event,
        on_delete=models.CASCADE,
        related_name="work_groups",
        verbose_name=_("活动"),
        db_index=False,  # work_group_number_once begins with it
    )
    number = models.PositiveSmallIntegerField(_("组号"))
    name = models.CharField(_("组名"), max_length=60)
    online = models.BooleanField(_("线上组"), default=False)
    leader = models.ForeignKey(
        Participant,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("组长"),
    )
    leader_reason = models.CharField(_("推荐组长的理由"), max_length=120, blank=True)
    recorder = models.ForeignKey(
        Participant,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("记录人"),
    )
    recorder_reason = models.CharField(_("推荐记录人的理由"), max_length=120, blank=True)
    # The group whose plan the projector shows, at most one an event.
    on_stage = models.BooleanField(_("正在展示"), default=False)
    published_at = models.DateTimeField(_("公布时间"), null=True, blank=True)

    class Meta:
        verbose_name = _("工作小组")
        verbose_name_plural = _("工作小组")
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["event", "number"], name="work_group_number_once"),
            models.UniqueConstraint(
                fields=["event"], condition=Q(on_stage=True), name="one_group_on_stage"
            ),
        ]

    def __str__(self):
        return self.name


class Membership(models.Model):
    group = models.ForeignKey(WorkGroup, on_delete=models.CASCADE, related_name="memberships")
    participant = models.OneToOneField(
        Participant, on_delete=models.CASCADE, related_name="membership"
    )
    late = models.BooleanField(_("后到"), default=False)

    class Meta:
        verbose_name = _("组员")
        verbose_name_plural = _("组员")


class TaskElement(models.Model):
    """One of the six elements a task card asks for; the blueprint brings them."""

    erase_keeps = "the crew's own words"

    event = models.ForeignKey(
        Event,
        on_delete=models.CASCADE,
        related_name="task_elements",
        verbose_name=_("活动"),
        db_index=False,  # task_element_once begins with it
    )
    key = models.SlugField(_("代号"), max_length=30, db_index=False)
    name = models.CharField(_("要素"), max_length=40)
    hint = models.CharField(_("提示"), max_length=200, blank=True)
    position = models.PositiveSmallIntegerField(_("顺序"), default=0)

    class Meta:
        verbose_name = _("任务卡要素")
        verbose_name_plural = _("任务卡要素")
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["event", "key"], name="task_element_once")]

    def __str__(self):
        return self.name


class Plan(Gated):
    """A group's task card and plan: one writes, all read; locked at 0:00."""

    erase_strikes = ("title", "elements", "gate_word")
    erase_counts = ("version",)
    # Whoever saves a plan, a row, a version or a draft holds the plan.
    erase_waits = True
    table_rules = (tables.HasShape("elements", {"*": "string"}),)

    group = models.OneToOneField(WorkGroup, on_delete=models.CASCADE, related_name="plan")
    title = models.CharField(_("方案名称"), max_length=80, blank=True)
    elements = models.JSONField(_("任务卡"), default=dict)  # {TaskElement.key: text}
    need_fit = mark(_("需求契合度"), default=3)
    appeal = mark(_("内容吸引力"), default=3)
    ease = mark(_("参与便捷度"), default=3)
    cost = mark(_("成本"), default=3)
    writer = models.ForeignKey(
        Participant, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    writer_until = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=0)
    submitted_at = models.DateTimeField(_("提交时间"), null=True, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("活动方案")
        verbose_name_plural = _("活动方案")
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    need_fit__range=(1, 5),
                    appeal__range=(1, 5),
                    ease__range=(1, 5),
                    cost__range=(1, 5),
                ),
                name="plan_effect_marks_one_to_five",
            ),
        ]

    def __str__(self):
        return self.title or str(self.group)


class LateDraft(Gated):
    """What somebody typed after 0:00 or after the plan was submitted: kept, never counted; one
    for each author, so that nobody's words take the place of another's."""

    table_rules = (
        tables.HasShape(
            "text",
            {
                "title?": "string",
                "elements?": {"*": "string"},
                "rows?": [["string"]],
                "marks?": {"*": "integer"},
            },
        ),
    )

    plan = models.ForeignKey(
        Plan,
        on_delete=models.CASCADE,
        related_name="late_drafts",
        db_index=False,  # late_draft_once_per_author begins with it
    )
    participant = models.ForeignKey(
        Participant, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    text = models.JSONField(default=dict)  # what was given to save_plan, cleaned
    at = models.DateTimeField()

    class Meta:
        ordering = ["at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["plan", "participant"], name="late_draft_once_per_author"
            ),
        ]


class PlanRow(models.Model):
    plan = models.ForeignKey(
        Plan,
        on_delete=models.CASCADE,
        related_name="rows",
        db_index=False,  # plan_row_position_once begins with it
    )
    position = models.PositiveSmallIntegerField()
    time_node = models.CharField(_("时间节点"), max_length=60)
    owner = models.CharField(_("负责人"), max_length=60, blank=True)
    resources = models.CharField(_("所需资源"), max_length=200, blank=True)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["plan", "position"], name="plan_row_position_once")
        ]


class PlanEdit(models.Model):
    """Who has written in a plan: a contribution that counts, once per person."""

    plan = models.ForeignKey(
        Plan,
        on_delete=models.CASCADE,
        related_name="edits",
        db_index=False,  # plan_edit_per_person begins with it
    )
    participant = models.ForeignKey(Participant, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["plan", "participant"], name="plan_edit_per_person")
        ]


class PlanPhoto(Gated):
    erase_keeps = {
        "image": "row and file go together: photos.forget",
        "client_id": "a random number of the form that was posted",
    }
    erase_as = {"gate": Gate.HIDDEN}

    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="photos")
    image = models.ImageField(upload_to="plans/")
    client_id = models.UUIDField(unique=True, null=True, blank=True)
    added_by = models.ForeignKey(Participant, on_delete=models.SET_NULL, null=True)
    added_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("方案照片")
        verbose_name_plural = _("方案照片")

    def __str__(self):
        return f"#{self.pk}"


class Phase(models.Model):
    """Design 20, review 20, vote 10: the server's clock opens and closes them."""

    class Kind(models.TextChoices):
        DESIGN = "design", _("设计")
        REVIEW = "review", _("点评")
        VOTE = "vote", _("投票")

    event = models.ForeignKey(
        Event,
        on_delete=models.CASCADE,
        related_name="phases",
        verbose_name=_("活动"),
        db_index=False,  # phase_once begins with it
    )
    kind = models.CharField(_("阶段"), max_length=8, choices=Kind.choices)
    minutes = models.PositiveSmallIntegerField(_("分钟"))
    started_at = models.DateTimeField(_("开始时间"), null=True, blank=True)
    ends_at = models.DateTimeField(_("结束时间"), null=True, blank=True)

    class Meta:
        verbose_name = _("工作坊阶段")
        verbose_name_plural = _("工作坊阶段")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["event", "kind"], name="phase_once"),
            models.CheckConstraint(
                condition=Q(started_at=None, ends_at=None)
                | Q(started_at__isnull=False, ends_at__gte=F("started_at")),
                name="phase_ends_after_it_starts",
            ),
        ]

    def __str__(self):
        return self.get_kind_display()
