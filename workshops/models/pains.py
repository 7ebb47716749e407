"""The pain wall, the blind box and the icebreaker."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from events.models import Event, Gate, Gated, GatedRows
from participants.models import ERASED, InterestGroup, Participant
from salon import tables
from workshops.models import rules


class PainCardQuerySet(GatedRows):
    def on_the_wall(self):
        """On show, and not hung under one that is not."""
        return self.on_show().filter(Q(merged_into=None) | Q(merged_into__gate=Gate.SHOWN))


class PainCard(Gated):
    erase_keeps = {
        "topic": "one of a few, counted",
        "client_id": "a random number of the form that was posted",
    }
    erase_as = {"text": ERASED}

    event = models.ForeignKey(
        Event, on_delete=models.CASCADE, related_name="pain_cards", verbose_name=_("活动")
    )
    participant = models.ForeignKey(
        Participant,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="pain_cards",
        verbose_name=_("参与者"),
    )
    interest_group = models.ForeignKey(
        InterestGroup,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("兴趣小组"),
    )
    text = models.CharField(_("痛点"), max_length=200)
    topic = models.CharField(_("主题"), max_length=30, blank=True)
    merged_into = models.ForeignKey(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="merged",
        verbose_name=_("合并到"),
    )
    client_id = models.UUIDField(_("提交编号"), unique=True, null=True, blank=True)
    created_at = models.DateTimeField(_("创建时间"), auto_now_add=True)

    objects = PainCardQuerySet.as_manager()

    class Meta:
        verbose_name = _("痛点卡片")
        verbose_name_plural = _("痛点卡片")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(merged_into=None) | ~Q(merged_into=F("id")),
                name="pain_card_not_merged_into_itself",
            ),
        ]

    def __str__(self):
        return self.text


class PainMerge(models.Model):
    """Same pains hung together as one card. `before` says what undoing it brings back:
    {card id: id of the card it was merged into before, or null}."""

    erase_keeps = {"before": "ids of cards"}
    table_rules = (tables.HasShape("before", {"*": "integer|null"}),)

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="pain_merges")
    kept = models.ForeignKey(PainCard, on_delete=models.CASCADE, related_name="+")
    before = models.JSONField()
    at = models.DateTimeField(auto_now_add=True)
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]


class SolutionQuerySet(GatedRows):
    def on_the_wall(self):
        """On show, below a card that hangs. (metrics.contributions says the same in SQL.)"""
        top = Q(card__merged_into=None) | Q(card__merged_into__gate=Gate.SHOWN)
        return self.on_show().filter(top, card__gate=Gate.SHOWN)


class Solution(Gated):
    erase_keeps = {"client_id": "a random number of the form that was posted"}
    erase_as = {"text": ERASED}

    card = models.ForeignKey(
        PainCard, on_delete=models.CASCADE, related_name="solutions", verbose_name=_("痛点卡")
    )
    participant = models.ForeignKey(
        Participant,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="solutions",
        verbose_name=_("参与者"),
    )
    text = models.CharField(_("解决方案"), max_length=300)
    featured_at = models.DateTimeField(_("优质方案"), null=True, blank=True)
    client_id = models.UUIDField(_("提交编号"), unique=True, null=True, blank=True)
    created_at = models.DateTimeField(_("创建时间"), auto_now_add=True)

    objects = SolutionQuerySet.as_manager()

    class Meta:
        verbose_name = _("解决方案")
        verbose_name_plural = _("解决方案")
        ordering = ["pk"]

    def __str__(self):
        return self.text


class SolutionLike(models.Model):
    solution = models.ForeignKey(
        Solution,
        on_delete=models.CASCADE,
        related_name="likes",
        db_index=False,  # one_like_per_person begins with it
    )
    participant = models.ForeignKey(Participant, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["solution", "participant"], name="one_like_per_person")
        ]


class BlindBox(models.Model):
    """The commitment is shown before the first draw, the seed after the last; see fair_draw."""

    erase_keeps = "ids and digests: the proof of a fair draw"

    table_rules = (
        tables.OnlyGrows(
            once=("revealed_at",),
            gone_when="NOT EXISTS (SELECT FROM workshops_draw d WHERE d.box_id = OLD.id)",
        ),
        tables.HasShape("slip_ids", [["integer", "integer|null"]]),
    )

    event = models.OneToOneField(Event, on_delete=models.PROTECT, related_name="blind_box")
    # [[PainCard id, interest group id or null], …]: what the commitment was made of.
    slip_ids = models.JSONField()
    seed = models.CharField(max_length=64)
    commitment = models.CharField(max_length=64)
    sealed_at = models.DateTimeField(auto_now_add=True)
    revealed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("痛点盲盒")
        verbose_name_plural = _("痛点盲盒")
        constraints = [
            models.CheckConstraint(
                condition=Q(seed__regex="^[0-9a-f]{32}$", commitment__regex="^[0-9a-f]{64}$"),
                name="blind_box_can_be_reckoned",
            )
        ]


class Draw(models.Model):
    table_rules = (tables.OnlyGrows(free=("topic",)), rules.in_the_box)

    box = models.ForeignKey(
        BlindBox,
        on_delete=models.PROTECT,
        related_name="draws",
        db_index=False,  # slip_drawn_once begins with it
    )
    card = models.ForeignKey(PainCard, on_delete=models.PROTECT, related_name="+")
    position = models.PositiveSmallIntegerField()
    topic = models.CharField(_("归类"), max_length=30, blank=True)
    drawn_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["box", "card"], name="slip_drawn_once"),
            models.UniqueConstraint(fields=["box", "position"], name="draw_position_once"),
            models.CheckConstraint(condition=Q(position__gte=1), name="draw_position_from_one"),
        ]


class Icebreaker(models.Model):
    """One minute for one tip a group; the first three groups win the toolkit."""

    event = models.OneToOneField(Event, on_delete=models.CASCADE, related_name="icebreaker")
    started_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    winners = models.PositiveSmallIntegerField(default=3)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("started_at")), name="icebreaker_ends_after_it_starts"
            )
        ]


class Tip(Gated):
    erase_as = {"text": ERASED}

    icebreaker = models.ForeignKey(
        Icebreaker,
        on_delete=models.CASCADE,
        related_name="tips",
        db_index=False,  # one_tip_per_group begins with it
    )
    interest_group = models.ForeignKey(InterestGroup, on_delete=models.CASCADE, related_name="tips")
    participant = models.ForeignKey(Participant, on_delete=models.SET_NULL, null=True)
    text = models.CharField(_("小技巧"), max_length=200)
    finished_at = models.DateTimeField()
    place = models.PositiveSmallIntegerField(_("名次"))

    class Meta:
        ordering = ["place"]
        constraints = [
            models.UniqueConstraint(
                fields=["icebreaker", "interest_group"], name="one_tip_per_group"
            ),
            models.UniqueConstraint(fields=["icebreaker", "place"], name="tip_place_once"),
            models.CheckConstraint(condition=Q(place__gte=1), name="tip_place_from_one"),
        ]
