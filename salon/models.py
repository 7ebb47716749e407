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

from salon import resting, tables


class User(AbstractUser):
    """Somebody with an account: organiser, host, mentor. Applicants and desk staff have none."""

    erase_keeps = "an account of the crew"

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

    def in_sight(self):
        """But those whose people are out of sight: they rest (salon/resting.py)."""
        rows = self
        for people in resting.queries():
            rows = rows.exclude(person_id__in=people)
        return rows

    def open(self):
        return self.filter(state=Message.State.PLANNED)

    def held(self):
        """Prepared by a decision, waiting for the organiser's release."""
        return self.open().filter(released_at=None)

    def released(self):
        return self.filter(released_at__isnull=False)

    def handed_over(self):
        """Taken by the server, or told by hand."""
        return self.filter(state=Message.State.HANDED_OVER)

    def by_hand(self):
        """No channel leads to them: somebody of the crew has to tell them."""
        return self.filter(state=Message.State.BY_HAND)

    def cancelled(self):
        return self.filter(state=Message.State.CANCELLED)

    def astray(self):
        """Released, and nobody is trying any more: the person has not been told."""
        return self.filter(state__in=Message.ASTRAY)

    def waiting_or_astray(self):
        return self.filter(state__in=[Message.State.PLANNED, *Message.ASTRAY])

    def due(self, now):
        """May go now: released, its hour has come, nobody else holds it, and it does not rest."""
        return self.in_sight().filter(
            Q(state=Message.State.PLANNED, next_try_at=None)
            | Q(state=Message.State.PLANNED, next_try_at__lte=now)
            | Q(state=Message.State.CLAIMED, lease_until__lt=now),
            released_at__isnull=False,
            due_at__lte=now,
        )

    def due_whatever_its_tries(self, now):
        """What should have gone by now, tried or not."""
        return self.filter(
            state__in=[Message.State.PLANNED, Message.State.CLAIMED],
            released_at__isnull=False,
            due_at__lte=now,
        )

    def unsaid(self):
        """Planned, or to be told by hand: what a change of standing takes back."""
        return self.filter(state__in=[Message.State.PLANNED, Message.State.BY_HAND])

    def to_be_stopped(self):
        """Unsaid, or claimed by a worker that has not come to it yet."""
        return self.filter(
            Q(state__in=[Message.State.PLANNED, Message.State.BY_HAND])
            | Q(state=Message.State.CLAIMED, on_the_wire_at=None)
        )

    def over(self):
        """Nothing more is to be done about them."""
        return self.exclude(
            state__in=[Message.State.PLANNED, Message.State.CLAIMED, Message.State.BY_HAND]
        )

    def perhaps_arrived(self):
        """Told, on the wire at this moment, or left there by a worker that was killed."""
        return self.filter(
            Q(state=Message.State.HANDED_OVER) | Q(on_the_wire_at__isnull=False) | Q(uncertain=True)
        )

    def counted(self):
        """How many there are in each state that a page tells apart, as aggregates by name."""
        state = Message.State

        def number(**conditions):
            return Count("pk", filter=Q(**conditions))

        return {
            "held": number(state=state.PLANNED, released_at=None),
            "waiting": number(state__in=[state.PLANNED, state.CLAIMED], released_at__isnull=False),
            **{str(ending): number(state=ending) for ending in (*Message.ENDINGS, state.BY_HAND)},
        }

    def batches(self):
        """One dict for each batch and kind, the next to go first: `batch`, `kind`, `messages`,
        `first_due_at`, and a number for each name of `counted`."""
        return (
            self.in_sight()
            .order_by()
            .values("batch", "kind")
            .annotate(messages=Count("pk"), first_due_at=Min("due_at"), **self.counted())
            .order_by("first_due_at", "batch", "kind")
        )


def what_went_stays(model):
    """A message that was handed over is never planned once more: it would go a second time. Unless
    it came back."""
    name = "message_handed_over_stays"
    yield tables.Trigger(
        table=model._meta.db_table,
        name=name,
        on=("update",),
        columns=("state",),
        when="OLD.state = 'handed_over' AND NEW.state NOT IN ('handed_over', 'bounced')",
        body=tables.refuse(name),
    )


class Message(models.Model):
    """One message to one recipient: the outbox row that the worker works off.

    Its state is the truth: "handed over" says that the far side took it, or that somebody of the
    crew told the person. Promise: never lost; at most one double for each kill between "on the
    wire" and "handed over", and that one carries `uncertain`.
    """

    erase_keeps = {
        **dict.fromkeys(("dedup_key", "kind", "batch"), "made of numbers and fixed words"),
        "context": "ids, dates and sentences about the agenda",
    }
    table_rules = (what_went_stays,)

    class Channel(models.TextChoices):
        EMAIL = "email", _("邮件")
        GROUP_BOT = "group_bot", _("群机器人")
        SMS = "sms", _("短信")
        HAND = "hand", _("手动告知")

    class State(models.TextChoices):
        PLANNED = "planned", _("待发送")
        CLAIMED = "claimed", _("发送中")
        BY_HAND = "by_hand", _("需手动发送")
        HANDED_OVER = "handed_over", _("已送出")
        NOT_DELIVERED = "not_delivered", _("没送到")
        NO_CHANNEL = "no_channel", _("没有通道")
        BOUNCED = "bounced", _("被退回")
        CANCELLED = "cancelled", _("已取消")
        EXPIRED = "expired", _("已过时")

    ENDINGS = (
        *(State.HANDED_OVER, State.NOT_DELIVERED, State.NO_CHANNEL, State.BOUNCED),
        *(State.CANCELLED, State.EXPIRED),
    )
    ASTRAY = (State.BY_HAND, State.NOT_DELIVERED, State.NO_CHANNEL, State.BOUNCED)

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
    state = models.CharField(_("状态"), max_length=14, choices=State.choices, default=State.PLANNED)
    due_at = models.DateTimeField(_("计划时间"))
    # From then on it is not true any more ("tomorrow"), and does not go.
    until = models.DateTimeField(_("有效至"), null=True, blank=True)
    released_at = models.DateTimeField(_("放行时间"), null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    # Set after a try that failed for a passing reason; due_at stays what was planned.
    next_try_at = models.DateTimeField(_("下次尝试"), null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(_("尝试次数"), default=0)
    # Noted before the wire is touched, taken back when the far side is known to have refused.
    on_the_wire_at = models.DateTimeField(null=True, blank=True)
    handed_over_at = models.DateTimeField(_("送出时间"), null=True, blank=True)
    # The account of who told the person, where the channel is "hand".
    done_by_id = models.BigIntegerField(_("谁告知的"), null=True, blank=True)
    uncertain = models.BooleanField(_("可能重复"), default=False)
    # With the server's own words, where it had any.
    failure = models.CharField(_("失败原因"), max_length=500, blank=True)
    # Where an e-mail goes, once it waited for its turn there (salon/pace.py).
    domain = models.CharField(max_length=254, blank=True, default="", db_default="")
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
            models.Index(
                fields=["domain"],
                condition=Q(state__in=["planned", "claimed"]) & ~Q(domain=""),
                name="message_waiting_by_domain",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="handed_over") | Q(handed_over_at__isnull=False),
                name="message_handed_over_has_time",
            ),
            models.CheckConstraint(
                condition=~Q(state="claimed") | Q(lease_until__isnull=False),
                name="message_claim_has_lease",
            ),
        ]

    def __str__(self):
        return f"{self.kind} #{self.pk}"

    @property
    def shown_state(self):
        """The state as pages and `letters --json` print it: "held" for what waits for its release,
        "sending" for what a worker holds."""
        if self.state == self.State.PLANNED and self.released_at is None:
            return "held"
        return "sending" if self.state == self.State.CLAIMED else self.state

    @property
    def shown_state_word(self):
        return _("待您确认发送") if self.shown_state == "held" else self.get_state_display()


class Pace(models.Model):
    """When the next letter may go to a domain, from one event to a domain, or to a server."""

    erase_keeps = "names of mail domains, removed a day after the last letter to them"

    name = models.CharField(max_length=300, primary_key=True)
    next_free_at = models.DateTimeField()
    # How often in a row it was too much, or the server away: pauses grow with it.
    failures = models.PositiveSmallIntegerField(default=0, db_default=0)


class EventPace(models.Model):
    """How many letters of this event go to one domain in a minute, where that is slower than the
    house."""

    event_id = models.BigIntegerField(primary_key=True)
    per_minute = models.PositiveSmallIntegerField()


class AuditEntry(models.Model):
    """Who did what to which row, and which fields changed: never the values themselves."""

    table_rules = (tables.OnlyGrows(stamped="at"),)

    erase_keeps = "numbers and names of fields; nothing here is ever changed"

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

    erase_keeps = "keys of devices, never a contact in clear"

    key = models.CharField(max_length=120, primary_key=True)
    window_ends_at = models.DateTimeField()
    used = models.PositiveIntegerField()


class Sweep(models.Model):
    """What one day's clearing did: counts by row of the table of what is kept (keeping.py)."""

    erase_keeps = "counts"
    table_rules = (
        tables.HasShape("report", {"cleared?": {"*": "number|object"}, "failed?": ["string"]}),
    )

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

    erase_keeps = "names of processes"

    name = models.CharField(max_length=40, primary_key=True)
    at = models.DateTimeField()
