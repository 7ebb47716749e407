"""A second application on a contact that somebody has: kept apart until an organiser has looked."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from events.models import Event
from participants.models.person import Channel, Participant
from salon.digests import Digest


class CaseQuerySet(models.QuerySet):
    def of_event(self, event):
        return self.filter(event=event)

    def open(self):
        return self.filter(state=Case.State.OPEN)

    def about(self, person):
        """Cases that hold values of this person or were decided into them."""
        contacts = Q()
        for name in ("mobile", "email"):
            if value := getattr(person, name):
                contacts |= Q(**{f"answers__{name}": value})
        return self.filter(
            Q(person=person) | Q(made=person) | Q(asker=person) | contacts, event=person.event_id
        )


class Case(models.Model):
    """Somebody applied, or wants to be reached, under a contact that `person` has.

    Not a Participant: nobody is in the queue, in a letter or on a list because of it. `answers` is
    what was typed (participants/cases.py says its shape), {} once it was erased.
    """

    erase_keeps = {
        **dict.fromkeys(("shared", "differs"), "names of fields"),
        "client_id": "a random number of the form that was posted",
        **dict.fromkeys(
            ("answers", "before", "answers_digest"),
            "perhaps another's: cases.forget takes what is theirs",
        ),
    }

    class State(models.TextChoices):
        OPEN = "open", _("待核对")
        MADE = "made", _("已另立")
        JOINED = "joined", _("已并入")
        DROPPED = "dropped", _("未采用")

    class Source(models.TextChoices):
        FORM = "form", _("报名表")
        IMPORT = "import", _("导入")
        OWN_PAGE = "own_page", _("个人页面")

    event = models.ForeignKey(
        Event, on_delete=models.CASCADE, related_name="cases", verbose_name=_("活动")
    )
    person = models.ForeignKey(
        Participant,
        on_delete=models.CASCADE,
        related_name="cases",
        verbose_name=_("谁有这个联系方式"),
    )
    # Of the own page: whose page asked for the contact.
    asker = models.ForeignKey(
        Participant, on_delete=models.CASCADE, null=True, blank=True, related_name="cases_asked"
    )
    # What became a person of its own.
    made = models.ForeignKey(
        Participant, on_delete=models.CASCADE, null=True, blank=True, related_name="cases_made"
    )
    channel = models.ForeignKey(Channel, on_delete=models.SET_NULL, null=True, blank=True)
    source = models.CharField(_("来源"), max_length=10, choices=Source.choices, default=Source.FORM)
    # "mobile", "email": what both have; "name", "mobile", "email": what the newcomer says otherwise.
    shared = ArrayField(models.CharField(max_length=10), default=list)
    differs = ArrayField(models.CharField(max_length=10), verbose_name=_("哪里不同"), default=list)
    answers = models.JSONField(default=dict, blank=True, editable=False)
    # The same answers posted a hundred times are one case; "" once they were erased.
    answers_digest = Digest(blank=True)
    client_id = models.UUIDField(null=True, blank=True, editable=False)
    # As sign-up stood at that hour: to review, or on the waiting list.
    would_wait = models.BooleanField(default=False)
    submitted_at = models.DateTimeField(_("提交时间"))
    state = models.CharField(_("状态"), max_length=10, choices=State.choices, default=State.OPEN)
    decided_at = models.DateTimeField(_("处理时间"), null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("经手"),
    )
    # What joining wrote over, to be put back.
    before = models.JSONField(default=dict, blank=True, editable=False)

    objects = CaseQuerySet.as_manager()

    class Meta:
        verbose_name = _("待核对的报名")
        verbose_name_plural = _("待核对的报名")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["event", "answers_digest"],
                condition=~Q(answers_digest=""),
                name="case_answers_once",
            ),
            models.CheckConstraint(
                condition=Q(answers={}) | Q(answers__has_keys=["name", "mobile", "email"]),
                name="case_answers_have_a_name_and_contacts",
            ),
            models.CheckConstraint(
                condition=Q(state="made", made__isnull=False)
                | Q(made__isnull=True) & ~Q(state="made"),
                name="case_made_is_somebody",
            ),
            models.CheckConstraint(
                condition=Q(state="open", decided_at__isnull=True)
                | ~Q(state="open") & Q(decided_at__isnull=False),
                name="case_decided_has_time",
            ),
        ]

    def __str__(self):
        return f"#{self.pk}"
