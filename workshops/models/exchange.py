"""The resource corner."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from events.models import Event, Gated, GatedRows
from participants.models import ERASED, Participant
from workshops.models import rules


class ThemeTable(models.Model):
    erase_keeps = "the crew's own words"

    event = models.ForeignKey(
        Event,
        on_delete=models.CASCADE,
        related_name="theme_tables",
        verbose_name=_("活动"),
        db_index=False,  # theme_table_once begins with it
    )
    key = models.SlugField(_("代号"), max_length=20, db_index=False)
    name = models.CharField(_("主题桌"), max_length=40)
    seats = models.PositiveSmallIntegerField(_("座位"), default=8)

    class Meta:
        verbose_name = _("主题桌")
        verbose_name_plural = _("主题桌")
        constraints = [models.UniqueConstraint(fields=["event", "key"], name="theme_table_once")]

    def __str__(self):
        return self.name


class ListingQuerySet(GatedRows):
    def standing(self):
        """Of people who still take part: what they offer stands, and so does their chair."""
        return self.filter(
            participant__erased_at=None, participant__status=Participant.Status.CONFIRMED
        )


class Listing(Gated):
    """One person's offer and need at one table."""

    erase_as = {**dict.fromkeys(("offer", "need"), lambda old: old and ERASED), "seated": False}
    # As with seats: nobody else sits there before they are gone for good.
    erase_last = ("seated",)
    table_rules = (rules.chairs,)

    participant = models.OneToOneField(
        Participant, on_delete=models.CASCADE, related_name="listing"
    )
    table = models.ForeignKey(
        ThemeTable, on_delete=models.PROTECT, related_name="listings", verbose_name=_("主题桌")
    )
    offer = models.CharField(_("可提供资源"), max_length=200, blank=True)
    need = models.CharField(_("需求"), max_length=200, blank=True)
    seated = models.BooleanField(_("入座"), default=False)
    updated_at = models.DateTimeField(auto_now=True)

    objects = ListingQuerySet.as_manager()

    class Meta:
        verbose_name = _("资源供需")
        verbose_name_plural = _("资源供需")
        constraints = [
            models.CheckConstraint(
                condition=~Q(offer="") | ~Q(need=""), name="listing_offers_or_needs"
            ),
        ]


class MatchQuerySet(models.QuerySet):
    def touching(self, event):
        """Of somebody of the event, with anybody."""
        return self.filter(Q(first__event=event) | Q(second__event=event))

    def inside(self, event):
        """Between two of the event's own people."""
        return self.filter(first__event=event, second__event=event)

    def of(self, people):
        return self.filter(Q(first__in=people) | Q(second__in=people))

    def confirmed(self):
        return self.filter(first_confirmed_at__isnull=False, second_confirmed_at__isnull=False)


class Match(models.Model):
    """`first` has the smaller id; a match counts once both have confirmed. The two are of one
    event, or of two of the same series."""

    beyond_its_event = ("second", "requested_by")
    erase_events = ("first__event", "second__event")
    table_rules = (rules.within_one_series,)

    first = models.ForeignKey(
        Participant,
        on_delete=models.CASCADE,
        related_name="+",
        db_index=False,  # match_once_per_pair begins with it
    )
    second = models.ForeignKey(Participant, on_delete=models.CASCADE, related_name="+")
    requested_by = models.ForeignKey(
        Participant, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    reason = models.CharField(_("理由"), max_length=200, blank=True)
    first_confirmed_at = models.DateTimeField(null=True, blank=True)
    second_confirmed_at = models.DateTimeField(null=True, blank=True)
    declined_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = MatchQuerySet.as_manager()

    class Meta:
        verbose_name = _("对接")
        verbose_name_plural = _("对接")
        constraints = [
            models.UniqueConstraint(fields=["first", "second"], name="match_once_per_pair"),
            models.CheckConstraint(
                condition=Q(first__lt=F("second")), name="match_between_two_in_order"
            ),
            models.CheckConstraint(
                condition=Q(requested_by=None)
                | Q(requested_by=F("first"))
                | Q(requested_by=F("second")),
                name="match_requested_by_one_of_the_two",
            ),
            models.CheckConstraint(
                condition=Q(declined_at=None)
                | Q(first_confirmed_at=None)
                | Q(second_confirmed_at=None),
                name="match_declined_or_confirmed",
            ),
        ]
