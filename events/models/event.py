"""The event itself, who runs it, and the desks at its door."""

from datetime import timedelta
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.contrib.postgres.aggregates import ArrayAgg
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from events.models.gate import Kind, looked_at_first
from salon import tables
from salon.digests import Digest


def a_time_zone(name):
    if name not in available_timezones():
        raise ValidationError(_("没有这个时区：%(name)s"), params={"name": name})


class Series(models.Model):
    """Salons that belong together: one alumni community, one offers-and-needs board."""

    erase_keeps = "the crew's own words"

    slug = models.SlugField(_("地址"), unique=True)
    title = models.CharField(_("系列名称"), max_length=120)

    class Meta:
        verbose_name = _("系列")
        verbose_name_plural = _("系列")

    def __str__(self):
        return self.title


class EventQuerySet(models.QuerySet):
    def published(self):
        return self.filter(status=Event.Status.PUBLISHED)

    def upcoming(self, now):
        return self.published().filter(ends_at__gte=now).order_by("starts_at")

    def past(self, now):
        return self.published().filter(ends_at__lt=now).order_by("-starts_at")

    def ended(self, now):
        """Over, whether the host said so or the clock did; see Event.over_at."""
        return self.exclude(status=Event.Status.CANCELLED).filter(
            Q(ended_at__gte=F("starts_at")) | Q(ends_at__lte=now)
        )

    def over_before(self, moment):
        """Over since before `moment`, called off or not; see Event.over_at."""
        rehearsed = Q(ended_at=None) | Q(ended_at__lt=F("starts_at"))
        return self.filter(
            Q(ended_at__gte=F("starts_at"), ended_at__lte=moment)
            | rehearsed & Q(ends_at__lte=moment)
        )

    def not_over(self, now):
        """Still to come or under way; a rehearsal's end is none."""
        return self.filter(ends_at__gt=now).exclude(ended_at__gte=F("starts_at"))

    def reviews(self):
        """Monthly online reviews of a series that were not called off."""
        return self.filter(review_month__isnull=False).exclude(status=Event.Status.CANCELLED)

    def run_by(self, user):
        """Events the user organises; a superuser sees all."""
        if user.is_superuser:
            return self
        return self.filter(
            pk__in=Crew.objects.filter(user_id=user.pk, role=Crew.Role.ORGANISER).values("event")
        )

    def worked_at_by(self, user):
        """Events where the user has any role; each with `.roles_of_crew`, a list of Crew.Role.

        A superuser sees all."""
        events = self
        if not user.is_superuser:
            events = self.filter(pk__in=Crew.objects.filter(user_id=user.pk).values("event"))
        mine = Q(crew__user_id=user.pk)
        return events.annotate(roles_of_crew=ArrayAgg("crew__role", filter=mine, default=[]))


class Event(models.Model):
    erase_keeps = "the crew's own words"

    class Status(models.TextChoices):
        DRAFT = "draft", _("筹备中·未公开")
        PUBLISHED = "published", _("已公开")
        CANCELLED = "cancelled", _("已取消")

    class TagRegions(models.TextChoices):
        INDUSTRY = "industry", _("按行业")
        SIZE = "size", _("按社群规模")
        PAIN = "pain", _("按痛点")

    class Moderation(models.TextChoices):
        BEFORE = "before", _("先审后上墙")
        AFTER = "after", _("先上墙后审")

    slug = models.SlugField(_("网址名"), unique=True, max_length=60)
    title = models.CharField(_("名称"), max_length=120)
    theme = models.CharField(_("主题"), max_length=200, blank=True)
    description = models.TextField(_("介绍"), blank=True)
    venue = models.CharField(_("场地"), max_length=200)
    route = models.TextField(_("到达路线"), blank=True)
    stream_link = models.URLField(_("直播链接"), blank=True)
    timezone = models.CharField(
        _("时区"), max_length=40, default="Asia/Shanghai", validators=[a_time_zone]
    )
    starts_at = models.DateTimeField(_("开始"))
    ends_at = models.DateTimeField(_("结束"))
    on_site_capacity = models.PositiveIntegerField(_("现场名额"), default=50)
    online_capacity = models.PositiveIntegerField(_("线上名额"), default=100)
    registration_opens_at = models.DateTimeField(_("报名开始"), null=True, blank=True)
    registration_closes_at = models.DateTimeField(_("报名截止"), null=True, blank=True)
    confirmation_hours = models.PositiveIntegerField(
        _("确认时限（小时）"), default=72, validators=[MinValueValidator(1)]
    )
    offer_hours = models.PositiveIntegerField(
        _("递补确认时限（小时）"), default=24, validators=[MinValueValidator(1)]
    )
    interactive_target_percent = models.PositiveSmallIntegerField(
        _("互动时长目标（%）"), default=60, validators=[MaxValueValidator(100)]
    )
    status = models.CharField(
        _("状态"), max_length=12, choices=Status.choices, default=Status.DRAFT
    )
    series = models.ForeignKey(
        Series, on_delete=models.SET_NULL, null=True, blank=True, verbose_name=_("系列")
    )
    # The first of the month whose online review this is; it stays when the hour moves.
    review_month = models.DateField(null=True, blank=True, editable=False)
    # What the host switches on the day; walls and phones follow.
    tag_regions = models.CharField(
        _("签到墙分区"), max_length=10, choices=TagRegions.choices, default=TagRegions.INDUSTRY
    )
    # The kinds of what guests write that are looked at before they show, and the words that make
    # anything wait; see gate.py.
    looked_at_first = ArrayField(
        models.CharField(max_length=12, choices=Kind.choices),
        verbose_name=_("先审后上墙"),
        default=looked_at_first,
        db_default=looked_at_first(),
        blank=True,
    )
    blocked_words = ArrayField(
        models.CharField(max_length=40),
        verbose_name=_("屏蔽词"),
        default=list,
        db_default=[],
        blank=True,
    )
    self_check_in = models.BooleanField(_("自助签到"), default=False)
    ended_at = models.DateTimeField(_("实际结束"), null=True, blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = EventQuerySet.as_manager()

    class Meta:
        verbose_name = _("活动")
        verbose_name_plural = _("活动")
        ordering = ["-starts_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")),
                name="event_ends_after_it_starts",
                violation_error_message=_("结束时间要晚于开始时间。"),
            ),
            models.CheckConstraint(
                condition=Q(registration_opens_at__isnull=True)
                | Q(registration_closes_at__isnull=True)
                | Q(registration_closes_at__gt=F("registration_opens_at")),
                name="event_registration_closes_after_it_opens",
                violation_error_message=_("报名截止要晚于报名开始。"),
            ),
            models.CheckConstraint(
                condition=Q(interactive_target_percent__lte=100),
                name="event_interactive_target_is_a_percentage",
            ),
            models.UniqueConstraint(
                fields=["series", "review_month"],
                condition=~Q(status="cancelled"),
                name="event_one_review_a_month",
            ),
        ]

    def __str__(self):
        return self.title

    def get_absolute_url(self):
        return reverse("event", args=[self.slug])

    @property
    def zone(self):
        return ZoneInfo(self.timezone)

    @property
    def date(self):
        """The calendar day of the event, in its own zone."""
        return self.starts_at.astimezone(self.zone).date()

    def local(self, moment):
        return moment.astimezone(self.zone)

    def registration_is_open(self, now):
        return (
            self.status == self.Status.PUBLISHED
            and (self.registration_opens_at is None or self.registration_opens_at <= now)
            and now < (self.registration_closes_at or self.starts_at)
        )

    def mode_of(self, kind):
        """Whether texts of this Kind are looked at before they show, or after."""
        return self.Moderation.BEFORE if kind in self.looked_at_first else self.Moderation.AFTER

    @property
    def over_at(self):
        """When it ended, as the host said or else as planned: an end before the start was a
        rehearsal's."""
        if self.ended_at is not None and self.ended_at >= self.starts_at:
            return self.ended_at
        return self.ends_at

    def is_over(self, now):
        return min(self.over_at, self.ends_at) <= now

    def confirmation_deadline(self, now, *, offered=False):
        """When an accepted (or, from the waiting list, offered) seat passes on: never after the
        doors open."""
        hours = self.offer_hours if offered else self.confirmation_hours
        until_the_doors = max(self.starts_at - now, timedelta(0))
        # Compared as spans: so many hours may be written that now + hours has no date.
        return now + min(timedelta(hours=hours), until_the_doors)


class Crew(models.Model):
    """A person with an account, and what they may do at one event."""

    class Role(models.TextChoices):
        ORGANISER = "organiser", _("主办方")
        HOST = "host", _("主持人")
        FLOOR = "floor", _("场务")
        MENTOR = "mentor", _("导师·嘉宾")

    event = models.ForeignKey(
        Event,
        on_delete=models.CASCADE,
        related_name="crew",
        verbose_name=_("活动"),
        db_index=False,  # crew_once_per_role begins with it
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="crew",
        verbose_name=_("账号"),
    )
    role = models.CharField(_("角色"), max_length=12, choices=Role.choices)

    class Meta:
        verbose_name = _("活动班底")
        verbose_name_plural = _("活动班底")
        constraints = [
            models.UniqueConstraint(fields=["event", "user", "role"], name="crew_once_per_role")
        ]

    def __str__(self):
        return f"{self.user} · {self.get_role_display()}"


class DeskPass(models.Model):
    """One desk at the door: a link and a PIN, no account; revocable, dead after the event."""

    erase_keeps = "the desk's name and digests"

    event = models.ForeignKey(
        Event, on_delete=models.CASCADE, related_name="desks", verbose_name=_("活动")
    )
    desk = models.CharField(_("签到台"), max_length=40)
    token_digest = Digest(unique=True)
    pin_digest = models.CharField(max_length=128)
    expires_at = models.DateTimeField(_("有效至"))
    revoked_at = models.DateTimeField(_("停用时间"), null=True, blank=True)
    created_at = models.DateTimeField(_("创建时间"), auto_now_add=True)

    class Meta:
        verbose_name = _("签到台通行证")
        verbose_name_plural = _("签到台通行证")
        ordering = ["pk"]

    def __str__(self):
        return self.desk


class Blueprint(models.Model):
    """A salon without its people and date: one JSON document, a part for each room."""

    erase_keeps = "the crew's own words"
    table_rules = (tables.HasShape("document", "object"),)

    name = models.CharField(_("蓝本名称"), max_length=120, unique=True)
    document = models.JSONField()
    created_at = models.DateTimeField(_("创建时间"), auto_now_add=True)

    class Meta:
        verbose_name = _("蓝本")
        verbose_name_plural = _("蓝本")

    def __str__(self):
        return self.name
