"""What the platform keeps: people who log in, messages to send, what was done, and heartbeats.

The platform stands below all rooms, so rows here name an event or a person by number
(`event_id`, `person_id`) and not by foreign key.
"""

import secrets

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Count, Min, Q
from django.utils.translation import gettext_lazy as _


class User(AbstractUser):
    """Somebody with an account: organiser, host, mentor. Applicants and desk staff have none."""

    second_factor_at = models.DateTimeField(_("第二步验证启用于"), null=True, editable=False)

    class Meta(AbstractUser.Meta):
        verbose_name = _("账号")
        verbose_name_plural = _("账号")

    def __str__(self):
        return self.get_full_name() or self.username

    @property
    def must_have_second_factor(self):
        return settings.SUPERUSER_SECOND_FACTOR and self.is_superuser

    @property
    def lacks_second_factor(self):
        """Nobody is let in as this account before it has one."""
        return self.must_have_second_factor and self.second_factor_at is None

    def _get_session_auth_hash(self, secret=None):
        """Sessions end with the second factor that they were opened with, as with the password; of
        an account that lacks one there are none."""
        if self.lacks_second_factor:
            return secrets.token_hex()
        signed = super()._get_session_auth_hash(secret)
        since = self.second_factor_at
        return signed if since is None else f"{signed}{since.timestamp():.6f}"


class MessageQuerySet(models.QuerySet):
    def of_event(self, event):
        return self.filter(event_id=event.pk)

    def of_person(self, person_id):
        return self.filter(person_id=person_id)

    def of_kind(self, *kinds):
        return self.filter(kind__in=kinds)

    def in_batch(self, batch):
        return self.filter(batch=batch)

    def open(self):
        return self.filter(state=Message.State.PLANNED)

    def held(self):
        """Prepared by a decision, waiting for the organiser's release."""
        return self.open().filter(released_at=None)

    def released(self):
        return self.filter(released_at__isnull=False)

    def sent(self):
        return self.filter(state=Message.State.SENT)

    def cancelled(self):
        return self.filter(state=Message.State.CANCELLED)

    def failed(self):
        return self.filter(state=Message.State.FAILED)

    def waiting_or_failed(self):
        return self.filter(state__in=[Message.State.PLANNED, Message.State.FAILED])

    def due(self, now):
        """May go now: released, its hour has come, and nobody else holds it."""
        return self.filter(
            Q(state=Message.State.PLANNED, next_try_at=None)
            | Q(state=Message.State.PLANNED, next_try_at__lte=now)
            | Q(state=Message.State.CLAIMED, lease_until__lt=now),
            released_at__isnull=False,
            due_at__lte=now,
        )

    def not_handed_over(self):
        """Still to be stopped: planned, or claimed by a worker that has not come to it yet."""
        return self.filter(state__in=[Message.State.PLANNED, Message.State.CLAIMED]).exclude(
            state=Message.State.CLAIMED, handed_over_at__isnull=False
        )

    def over(self):
        """Neither to be sent nor being sent."""
        return self.exclude(state__in=[Message.State.PLANNED, Message.State.CLAIMED])

    def perhaps_arrived(self):
        """Sent, on the wire at this moment, or left there by a worker that was killed."""
        return self.filter(Q(handed_over_at__isnull=False) | Q(uncertain=True))

    def batches(self):
        """One dict for each batch and kind, the next to go first: `batch`, `kind`, `messages`,
        `held`, `waiting`, `sent`, `failed`, `cancelled`, `first_due_at`."""
        state = Message.State

        def number(**conditions):
            return Count("pk", filter=Q(**conditions))

        return (
            self.order_by()
            .values("batch", "kind")
            .annotate(
                messages=Count("pk"),
                held=number(state=state.PLANNED, released_at=None),
                waiting=number(state__in=[state.PLANNED, state.CLAIMED], released_at__isnull=False),
                sent=number(state=state.SENT),
                failed=number(state=state.FAILED),
                cancelled=number(state=state.CANCELLED),
                first_due_at=Min("due_at"),
            )
            .order_by("first_due_at", "batch", "kind")
        )


class Message(models.Model):
    """One message to one recipient: the outbox row that the worker works off.

    Promise: never lost; at most one double for each kill between "handed over" and "sent",
    and that one carries `uncertain`.
    """

    class Channel(models.TextChoices):
        EMAIL = "email", _("邮件")
        GROUP_BOT = "group_bot", _("群机器人")
        SMS = "sms", _("短信")

    class State(models.TextChoices):
        PLANNED = "planned", _("待发送")
        CLAIMED = "claimed", _("发送中")
        SENT = "sent", _("已发送")
        FAILED = "failed", _("发送失败")
        CANCELLED = "cancelled", _("已取消")

    dedup_key = models.CharField(max_length=200, unique=True)
    event_id = models.BigIntegerField(null=True, blank=True, db_index=True)
    person_id = models.BigIntegerField(null=True, blank=True, db_index=True)
    kind = models.CharField(_("类型"), max_length=40)
    batch = models.CharField(_("批次"), max_length=80, blank=True)
    channel = models.CharField(
        _("渠道"), max_length=12, choices=Channel.choices, default=Channel.EMAIL
    )
    # What the composer needs beyond the rows themselves: ids and dates, never personal values.
    context = models.JSONField(default=dict, blank=True)
    state = models.CharField(_("状态"), max_length=12, choices=State.choices, default=State.PLANNED)
    due_at = models.DateTimeField(_("计划时间"))
    released_at = models.DateTimeField(_("放行时间"), null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    # Set after a try that failed for a passing reason; due_at stays what was planned.
    next_try_at = models.DateTimeField(_("下次尝试"), null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(_("尝试次数"), default=0)
    handed_over_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(_("发出时间"), null=True, blank=True)
    uncertain = models.BooleanField(_("可能重复"), default=False)
    failure = models.CharField(_("失败原因"), max_length=200, blank=True)
    # No server is set for the channel: the copy below is the message, read in the admin.
    only_in_mailbox = models.BooleanField(_("仅存站内信箱"), default=False)
    # As it went. Links into a personal page are masked: a stored token would be a stored key.
    recipient = models.CharField(_("收件人"), max_length=254, blank=True)
    subject = models.CharField(_("标题"), max_length=200, blank=True)
    body = models.TextField(_("正文"), blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = MessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("消息")
        verbose_name_plural = _("发件箱")
        ordering = ["due_at", "pk"]
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=Q(state__in=["planned", "claimed"]),
                name="message_open_by_due",
            ),
            models.Index(fields=["batch"], condition=~Q(batch=""), name="message_by_batch"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="sent") | Q(sent_at__isnull=False),
                name="message_sent_has_time",
            ),
            models.CheckConstraint(
                condition=~Q(state="claimed") | Q(lease_until__isnull=False),
                name="message_claim_has_lease",
            ),
        ]

    def __str__(self):
        return f"{self.kind} #{self.pk}"


class AuditEntry(models.Model):
    """Who did what to which row, and which fields changed: never the values themselves.

    Append-only: a database trigger refuses UPDATE and DELETE.
    """

    at = models.DateTimeField(_("时间"), auto_now_add=True)
    actor = models.CharField(_("谁"), max_length=40)  # "user:3", "desk:5", "person:12", "system"
    verb = models.CharField(_("做了什么"), max_length=60)
    event_id = models.BigIntegerField(_("活动编号"), null=True, db_index=True)
    subject = models.CharField(_("对象"), max_length=60)  # "participant:12"
    fields = ArrayField(models.CharField(max_length=60), default=list, verbose_name=_("改动的字段"))

    class Meta:
        verbose_name = _("操作记录")
        verbose_name_plural = _("操作记录")
        ordering = ["-pk"]
        indexes = [models.Index(fields=["subject"], name="audit_entry_by_subject")]

    def __str__(self):
        return f"{self.actor} {self.verb} {self.subject}"


class Allowance(models.Model):
    """How often a key (a person, a device, an account) has knocked in the present window."""

    key = models.CharField(max_length=120, primary_key=True)
    window_ends_at = models.DateTimeField()
    used = models.PositiveIntegerField()


class Sweep(models.Model):
    """What one day's clearing did: counts by row of the table of what is kept (keeping.py)."""

    at = models.DateTimeField(_("时间"))
    report = models.JSONField(_("结果"), default=dict)

    class Meta:
        verbose_name = _("到期清理")
        verbose_name_plural = _("到期清理")
        ordering = ["-at", "-pk"]

    def __str__(self):
        return f"{self.at:%Y-%m-%d}"


class Heartbeat(models.Model):
    """When a long-running process was last known to be alive: "worker", "beat"."""

    name = models.CharField(max_length=40, primary_key=True)
    at = models.DateTimeField()
