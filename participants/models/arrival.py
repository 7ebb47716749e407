"""At the door: check-ins, the desk's idempotent requests, tag cards and interest groups."""

from datetime import timedelta

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from events.models import DeskPass, Event, Gated
from participants.models.person import Participant
from salon import tables
from salon.digests import Digest

A_MONTH = timedelta(days=31)


class CheckInQuerySet(models.QuerySet):
    def in_force(self):
        return self.filter(voided_at=None)


class CheckIn(models.Model):
    """One person came. A voided row stays; at most one per person is in force."""

    erase_keeps = dict.fromkeys(("desk_name", "operator"), "of the desk, not of the guest")
    table_rules = (
        tables.OnlyGrows(once=("voided_at",), blanked=("operator",), free=("void_reason",)),
    )

    class Method(models.TextChoices):
        QR = "qr", _("扫码")
        CODE = "code", _("签到码")
        SEARCH = "search", _("查找")
        WALK_IN = "walk_in", _("现场报名")
        SELF = "self", _("自助签到")

    event = models.ForeignKey(
        Event,
        on_delete=models.PROTECT,
        related_name="check_ins",
        db_index=False,  # check_in_by_time begins with it
    )
    participant = models.ForeignKey(Participant, on_delete=models.PROTECT, related_name="check_ins")
    desk = models.ForeignKey(DeskPass, on_delete=models.SET_NULL, null=True, related_name="+")
    desk_name = models.CharField(_("签到台"), max_length=40, blank=True)
    # Who stood at the desk, as they signed on the tablet; a desk has no accounts.
    operator = models.CharField(_("经手人"), max_length=20, blank=True)
    method = models.CharField(_("方式"), max_length=8, choices=Method.choices)
    # When it happened: the tablet's time, corrected by its offset and clamped to what is possible.
    at = models.DateTimeField(_("签到时间"))
    scanned_at = models.DateTimeField(_("设备时间"), null=True, blank=True)
    received_at = models.DateTimeField(_("收到时间"))
    voided_at = models.DateTimeField(_("撤销时间"), null=True, blank=True)
    void_reason = models.CharField(_("撤销理由"), max_length=200, blank=True)

    objects = CheckInQuerySet.as_manager()

    class Meta:
        verbose_name = _("签到")
        verbose_name_plural = _("签到")
        ordering = ["at"]
        constraints = [
            models.UniqueConstraint(
                fields=["participant"],
                condition=Q(voided_at=None),
                name="check_in_once_per_person",
            ),
            # A tablet may have slept for a while; nobody came a month before the house heard of it.
            models.CheckConstraint(
                condition=Q(at__lte=F("received_at"), at__gte=F("received_at") - A_MONTH),
                name="check_in_before_it_was_received",
            ),
            models.CheckConstraint(
                condition=Q(voided_at=None) | Q(voided_at__gte=F("at")),
                name="check_in_voided_after_it_happened",
            ),
        ]
        indexes = [models.Index(fields=["event", "at"], name="check_in_by_time")]

    def __str__(self):
        return f"#{self.pk}"


class DeskRequest(models.Model):
    """What a desk asked and what it was answered, written with the effect in one transaction:
    the same request again gets the same answer and has no second effect."""

    erase_keeps = {
        "answer": "ids, fixed words and hours",
        "body_digest": "a digest",
        "client_id": "random",
    }
    table_rules = (
        tables.HasShape(
            "answer",
            {
                "result": "string",
                "participant": "integer|null",
                "first": "object|null",
                "check_in?": "integer|null",
                "conflict?": "boolean",
                "*": "any",
            },
        ),
    )

    client_id = models.UUIDField(primary_key=True)
    desk = models.ForeignKey(DeskPass, on_delete=models.CASCADE, related_name="requests")
    body_digest = Digest()
    answer = models.JSONField()
    at = models.DateTimeField(auto_now_add=True)

    def __str__(self):
        return str(self.client_id)


class TagCard(Gated):
    """The four tags of a person on the wall, prefilled from the application."""

    class SizeBand(models.TextChoices):
        UNDER_5K = "under_5k", _("5 千以下")
        FROM_5K = "5k_10k", _("5 千–1 万")
        FROM_10K = "10k_50k", _("1–5 万")
        FROM_50K = "50k_200k", _("5–20 万")
        OVER_200K = "over_200k", _("20 万以上")

    participant = models.OneToOneField(
        Participant, on_delete=models.CASCADE, related_name="tag_card"
    )
    industry = models.CharField(_("行业"), max_length=12, choices=Participant.Industry.choices)
    size_band = models.CharField(_("社群规模"), max_length=12, choices=SizeBand.choices, blank=True)
    expertise = models.CharField(_("擅长"), max_length=40, blank=True)
    pain = models.CharField(_("痛点"), max_length=200, blank=True)
    topic = models.CharField(_("痛点主题"), max_length=30, blank=True)
    interest_group = models.ForeignKey(
        "participants.InterestGroup",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="cards",
    )
    # Nobody is moved twice: once placed in a group of three or more, a card stays.
    moved = models.BooleanField(default=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("标签卡")
        verbose_name_plural = _("标签卡")

    def __str__(self):
        return f"#{self.pk}"


class InterestGroup(models.Model):
    """People of one industry with one pain, found at the door."""

    event = models.ForeignKey(
        Event,
        on_delete=models.CASCADE,
        related_name="interest_groups",
        db_index=False,  # interest_group_name_once begins with it
    )
    name = models.CharField(_("组名"), max_length=60)
    industry = models.CharField(max_length=12, blank=True)
    topic = models.CharField(max_length=30, blank=True)
    place = models.CharField(_("集合位置"), max_length=60, blank=True)
    pinned = models.BooleanField(_("固定"), default=False)
    merged_into = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True)

    class Meta:
        verbose_name = _("兴趣小组")
        verbose_name_plural = _("兴趣小组")
        constraints = [
            models.UniqueConstraint(fields=["event", "name"], name="interest_group_name_once"),
            models.CheckConstraint(
                condition=Q(merged_into=None) | ~Q(merged_into=F("id")),
                name="interest_group_not_merged_into_itself",
            ),
        ]

    def __str__(self):
        return self.name
