"""Mentor reviews and the secret vote."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from events.models import Event
from participants.models import Participant
from salon import tables
from workshops.models import rules
from workshops.models.plans import WorkGroup, mark


class MentorReview(models.Model):
    group = models.ForeignKey(
        WorkGroup,
        on_delete=models.CASCADE,
        related_name="reviews",
        verbose_name=_("小组"),
        db_index=False,  # one_review_per_mentor begins with it
    )
    mentor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, verbose_name=_("导师")
    )
    need_fit = mark(_("契合用户需求"))
    feasibility = mark(_("可行性"))
    follow_up = mark(_("数据跟进完整度"))
    suggestion = models.TextField(_("一条建议"))
    at = models.DateTimeField(_("时间"), auto_now=True)

    class Meta:
        verbose_name = _("导师点评")
        verbose_name_plural = _("导师点评")
        constraints = [
            models.UniqueConstraint(fields=["group", "mentor"], name="one_review_per_mentor"),
            models.CheckConstraint(
                condition=Q(
                    need_fit__range=(1, 5), feasibility__range=(1, 5), follow_up__range=(1, 5)
                ),
                name="review_marks_one_to_five",
            ),
        ]

    def __str__(self):
        return f"{self.group} · {self.mentor}"


class Award(models.Model):
    erase_keeps = "the crew's own words"
    table_rules = (
        rules.counted_once,
        tables.HasShape(
            "result",
            {
                "votes": {"*": "integer"},
                "tied": ["integer"],
                "broken_by": "string|null",
                "mentor_means": {"*": "string"},
                "lot_seed": "string|null",
            },
        ),
    )

    event = models.ForeignKey(
        Event,
        on_delete=models.CASCADE,
        related_name="awards",
        verbose_name=_("活动"),
        db_index=False,  # award_once begins with it
    )
    key = models.SlugField(_("代号"), max_length=20, db_index=False)
    name = models.CharField(_("奖项"), max_length=40)
    # Set when the vote is closed, with how a tie was broken.
    winner = models.ForeignKey(
        WorkGroup,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="awards_won",
        verbose_name=_("获奖小组"),
    )
    result = models.JSONField(null=True, blank=True)
    closed_at = models.DateTimeField(_("结束时间"), null=True, blank=True)

    class Meta:
        verbose_name = _("奖项")
        verbose_name_plural = _("奖项")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["event", "key"], name="award_once"),
            models.CheckConstraint(
                condition=Q(closed_at=None, result=None, winner=None)
                | Q(closed_at__isnull=False, result__isnull=False),
                name="award_closed_with_its_result",
            ),
        ]

    def __str__(self):
        return self.name


class VoteTicket(models.Model):
    """Says that a person has voted for an award. Not what: no row anywhere joins person and
    choice, and no time stands on either side to join them by."""

    table_rules = (tables.OnlyGrows(),)

    award = models.ForeignKey(
        Award,
        on_delete=models.PROTECT,
        related_name="tickets",
        db_index=False,  # one_vote_per_award begins with it
    )
    participant = models.ForeignKey(Participant, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["award", "participant"], name="one_vote_per_award")
        ]


class VoteCount(models.Model):
    table_rules = (rules.votes,)

    award = models.ForeignKey(
        Award,
        on_delete=models.CASCADE,
        related_name="counts",
        db_index=False,  # one_count_per_award_and_group begins with it
    )
    group = models.ForeignKey(WorkGroup, on_delete=models.CASCADE, related_name="+")
    votes = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["award", "group"], name="one_count_per_award_and_group")
        ]
