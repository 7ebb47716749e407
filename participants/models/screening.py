"""Categories with their shares and criteria, and the record of every decision."""

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from events.models import Event
from participants.models import rules
from salon import tables


class Category(models.Model):
    """A kind of participant and its share of the seats. Shares become seats by largest remainder,
    see quota.seats."""

    erase_keeps = "the crew's own words"

    event = models.ForeignKey(
        Event,
        on_delete=models.CASCADE,
        related_name="categories",
        verbose_name=_("活动"),
        db_index=False,  # category_key_once begins with it
    )
    key = models.SlugField(_("代号"), max_length=20, db_index=False)
    name = models.CharField(_("类别"), max_length=40)
    share_percent = models.DecimalField(
        _("占比（%）"),
        max_digits=5,
        decimal_places=2,
        validators=[MinValueValidator(0), MaxValueValidator(100)],
    )
    position = models.PositiveSmallIntegerField(_("顺序"), default=0)

    class Meta:
        verbose_name = _("类别")
        verbose_name_plural = _("类别")
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["event", "key"], name="category_key_once"),
            models.CheckConstraint(
                condition=Q(share_percent__gte=0, share_percent__lte=100),
                name="category_share_is_a_percentage",
            ),
        ]

    def __str__(self):
        return self.name


class Criterion(models.Model):
    """One rule of a category, as data. See quota.judge for what each operator means."""

    erase_keeps = "the crew's own words"

    class Operator(models.TextChoices):
        AT_LEAST = "gte", _("不少于")
        AT_MOST = "lte", _("不多于")
        PRESENT = "present", _("已填写")
        MIN_COUNT = "min_count", _("至少几条")
        ANY_OF_PRESENT = "any_of_present", _("任填其一")

    category = models.ForeignKey(Category, on_delete=models.CASCADE, related_name="criteria")
    # A field of Participant, or several separated by "|" for any_of_present.
    field = models.CharField(_("字段"), max_length=80)
    operator = models.CharField(_("条件"), max_length=16, choices=Operator.choices)
    threshold = models.DecimalField(
        _("门槛"), max_digits=14, decimal_places=2, null=True, blank=True
    )
    label = models.CharField(_("说明"), max_length=80)
    unit = models.CharField(_("单位"), max_length=10, blank=True)
    weight = models.PositiveSmallIntegerField(_("分值"), default=1)
    position = models.PositiveSmallIntegerField(_("顺序"), default=0)

    class Meta:
        verbose_name = _("筛选条件")
        verbose_name_plural = _("筛选条件")
        ordering = ["position", "pk"]

    def __str__(self):
        return self.label


class SeatRelease(models.Model):
    """Seats one category could not fill, given to another by decision, on record."""

    erase_empties = ("reason",)
    table_rules = (tables.OnlyGrows(blanked=("reason",)), rules.release_within_the_room)

    event = models.ForeignKey(
        Event, on_delete=models.PROTECT, related_name="seat_releases", verbose_name=_("活动")
    )
    source = models.ForeignKey(
        Category, on_delete=models.PROTECT, related_name="+", verbose_name=_("让出类别")
    )
    target = models.ForeignKey(
        Category, on_delete=models.PROTECT, related_name="+", verbose_name=_("接收类别")
    )
    online = models.BooleanField(_("线上名额"), default=False)
    seats = models.PositiveSmallIntegerField(_("名额数"), validators=[MinValueValidator(1)])
    reason = models.CharField(_("理由"), max_length=200)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, verbose_name=_("操作人")
    )
    at = models.DateTimeField(_("时间"), auto_now_add=True)

    class Meta:
        verbose_name = _("名额调剂")
        verbose_name_plural = _("名额调剂")
        constraints = [
            models.CheckConstraint(condition=Q(seats__gte=1), name="seat_release_moves_a_seat"),
            models.CheckConstraint(
                condition=~Q(source=F("target")), name="seat_release_between_two_categories"
            ),
        ]

    def __str__(self):
        return f"{self.source} → {self.target}: {self.seats}"


class FreedSeat(models.Model):
    """A seat that became free, and who moved up, or why nobody did (SALON §3)."""

    erase_keeps = {"code": "why, in one fixed word"}

    event = models.ForeignKey(
        Event, on_delete=models.CASCADE, related_name="freed_seats", verbose_name=_("活动")
    )
    category = models.ForeignKey(
        Category, on_delete=models.CASCADE, related_name="+", verbose_name=_("类别")
    )
    online = models.BooleanField(_("线上名额"), default=False)
    promoted = models.ForeignKey(
        "participants.Participant",
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("递补的人"),
    )
    # "promoted", or the code of quota.NobodyMoved.
    code = models.CharField(_("结果"), max_length=24)
    sentence = models.CharField(_("说明"), max_length=300)
    at = models.DateTimeField(_("时间"), auto_now_add=True)

    class Meta:
        verbose_name = _("空出的名额")
        verbose_name_plural = _("空出的名额")
        ordering = ["-pk"]

    def __str__(self):
        return f"#{self.pk}"


class ScreeningBatch(models.Model):
    """Decisions taken together: mailed together once released, undone together once."""

    erase_keeps = {"kind": "one of a few fixed words"}

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="screening_batches")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True)
    at = models.DateTimeField(auto_now_add=True)
    kind = models.CharField(_("方式"), max_length=20)  # "single", "bulk", "fill"
    released_at = models.DateTimeField(_("放行时间"), null=True, blank=True)
    undone_at = models.DateTimeField(_("撤销时间"), null=True, blank=True)

    class Meta:
        verbose_name = _("筛选批次")
        verbose_name_plural = _("筛选批次")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(released_at=None) | Q(undone_at=None),
                name="screening_batch_released_or_undone",
            )
        ]

    def __str__(self):
        return f"#{self.pk}"


class StatusChangeQuerySet(models.QuerySet):
    def newest(self):
        """Of each person the last one: how they stand now."""
        later = StatusChange.objects.filter(
            participant=OuterRef("participant"), pk__gt=OuterRef("pk")
        )
        return self.filter(~Exists(later))


class StatusChange(models.Model):
    """Where a person stood before and after, who decided, and why."""

    erase_keeps = {
        **dict.fromkeys(("before", "after"), "a status, counted"),
        "actor": "who decided, by number",
    }
    # In a table that only grows a text may become empty, and nothing else.
    erase_last = erase_empties = ("reason", "told_reason")
    table_rules = (
        tables.OnlyGrows(once=("batch",), blanked=("reason", "told_reason"), stamped="at"),
        rules.known_statuses,
    )

    participant = models.ForeignKey(
        "participants.Participant", on_delete=models.PROTECT, related_name="status_changes"
    )
    before = models.CharField(max_length=20, blank=True)
    after = models.CharField(max_length=20)
    batch = models.ForeignKey(
        ScreeningBatch, on_delete=models.SET_NULL, null=True, related_name="changes"
    )
    actor = models.CharField(max_length=40)
    # For the organiser's eyes: why a person was taken against a rule, or not.
    reason = models.CharField(_("理由"), max_length=200, blank=True)
    # As the person read it; by it an undone decision finds its words again.
    told_reason = models.CharField(
        _("告知本人的理由"), max_length=300, blank=True, default="", db_default=""
    )
    at = models.DateTimeField(auto_now_add=True)

    objects = StatusChangeQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]

    def __str__(self):
        return f"{self.before} → {self.after}"


class Call(models.Model):
    """One phone screening: claimed by one caller at a time, the claim expires by itself."""

    table_rules = (rules.one_call_at_a_time,)

    class Outcome(models.TextChoices):
        PASS = "pass", pgettext_lazy("电话沟通", "通过")
        HOLD = "hold", _("再议")
        NOT_A_FIT = "not_a_fit", _("不合适")
        NO_ANSWER = "no_answer", _("未接通")

    participant = models.ForeignKey(
        "participants.Participant", on_delete=models.CASCADE, related_name="calls"
    )
    caller = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True)
    claimed_at = models.DateTimeField()
    claim_expires_at = models.DateTimeField()
    outcome = models.CharField(_("结果"), max_length=12, choices=Outcome.choices, blank=True)
    notes = models.TextField(_("沟通记录"), blank=True)
    call_back_at = models.DateTimeField(_("约定回电"), null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("电话沟通")
        verbose_name_plural = _("电话沟通")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["participant"],
                condition=Q(finished_at=None),
                name="call_one_open_claim_per_person",
            ),
            models.CheckConstraint(
                condition=Q(claim_expires_at__gt=F("claimed_at")),
                name="call_claim_ends_after_it_begins",
            ),
            models.CheckConstraint(
                condition=Q(finished_at=None) | Q(finished_at__gte=F("claimed_at")),
                name="call_finished_after_it_was_claimed",
            ),
            models.CheckConstraint(
                condition=Q(outcome="") | Q(finished_at__isnull=False),
                name="call_with_an_outcome_is_finished",
            ),
        ]

    def __str__(self):
        return f"#{self.pk}"
