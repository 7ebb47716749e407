"""Another mobile or e-mail, asked for by the person: it counts once it is proven."""

from datetime import timedelta

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from participants.models import rules
from participants.models.person import Participant

# So long an offered contact waits for its proof, and a replaced one may be put back.
DAYS = timedelta(days=7)


class ContactChangeQuerySet(models.QuerySet):
    def pending(self, now):
        """Asked for and not proven yet; the old contact is in force meanwhile."""
        recent = Q(asked_at__gt=now - DAYS) | Q(freely=True)
        return self.filter(recent, effective_at=None, ended_at=None)

    def may_be_put_back(self, now):
        """In force, and somebody was told who may say that it was not them."""
        return self.exclude(told="").filter(
            effective_at__gt=now - DAYS, ended_at=None, taken_back_at=None
        )

    def waiting(self):
        """With a step of the person's that waits until nobody can put the contact back any more."""
        return self.exclude(waits_for="").filter(taken_back_at=None)


class ContactChange(models.Model):
    table_rules = (rules.offered_contacts, rules.asked_by_their_own_key)

    class Contact(models.TextChoices):
        MOBILE = "mobile", _("手机")
        EMAIL = "email", _("邮箱")

    class Step(models.TextChoices):
        WITHDRAW = "withdraw", _("取消报名")
        ERASE = "erase", _("删除个人信息")

    participant = models.ForeignKey(
        Participant, on_delete=models.CASCADE, related_name="contact_changes"
    )
    contact = models.CharField(max_length=10, choices=Contact.choices)
    old = models.CharField(max_length=254, blank=True)
    new = models.CharField(max_length=254, blank=True)
    asked_at = models.DateTimeField()
    # By somebody of whom no contact was proven: their page shows it as if it were in force.
    freely = models.BooleanField(default=False)
    # The key of the browser it was asked from, which stays in.
    link_id = models.BigIntegerField(null=True, blank=True)
    effective_at = models.DateTimeField(null=True, blank=True)
    # Replaced by another wish, or not to be had.
    ended_at = models.DateTimeField(null=True, blank=True)
    # Since when the old one was proven, to be put back with it.
    old_proven_at = models.DateTimeField(null=True, blank=True)
    # To which contact, and where, it was told; "" when none of theirs was proven.
    told = models.CharField(max_length=10, choices=Contact.choices, blank=True)
    told_to = models.CharField(max_length=254, blank=True)
    taken_back_at = models.DateTimeField(null=True, blank=True)
    # What the person wants meanwhile and cannot be undone.
    waits_for = models.CharField(max_length=10, choices=Step.choices, blank=True)
    waits_since = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=200, blank=True)

    objects = ContactChangeQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["participant", "contact"],
                condition=Q(effective_at=None, ended_at=None),
                name="contact_change_pending_once",
            ),
            models.CheckConstraint(
                condition=Q(taken_back_at=None) | Q(effective_at__isnull=False),
                name="contact_change_taken_back_was_in_force",
            ),
            models.CheckConstraint(
                condition=Q(effective_at=None) | Q(effective_at__gte=F("asked_at")),
                name="contact_change_in_force_after_it_was_asked",
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(ended_at__gte=F("asked_at")),
                name="contact_change_ended_after_it_was_asked",
            ),
            models.CheckConstraint(
                condition=Q(taken_back_at=None) | Q(taken_back_at__gte=F("effective_at")),
                name="contact_change_taken_back_after_it_came",
            ),
            models.CheckConstraint(
                condition=Q(waits_for="")
                | Q(
                    effective_at__isnull=False,
                    waits_since__isnull=False,
                    waits_since__gte=F("effective_at"),
                ),
                name="contact_change_waits_since_it_came",
            ),
        ]
        indexes = [
            models.Index(
                fields=["waits_since"], condition=~Q(waits_for=""), name="contact_change_waiting"
            )
        ]

    def __str__(self):
        return f"#{self.pk}"

    @property
    def until(self):
        """Until when the old contact may be put back."""
        return self.effective_at + DAYS
