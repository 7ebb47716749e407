"""What an event tells people about their information, and how long it keeps what."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from events.models import Event
from salon import tables
from salon.digests import Digest

LONGEST_DAYS = 3650


def _days(label, default):
    return models.PositiveSmallIntegerField(
        label,
        default=default,
        db_default=default,
        validators=[MinValueValidator(1), MaxValueValidator(LONGEST_DAYS)],
    )


class KeptDays(models.Model):
    """Days after the event, by what is kept. Who somebody is goes last: an answer of nobody is of
    no use, and a text of nobody belongs to nobody."""

    not_selected_days = _days(_("没有名额的人（全部）"), 90)
    texts_days = _days(_("写下的文字"), 365)
    answers_days = _days(_("其他回答"), 365)
    contact_days = _days(_("姓名和联系方式"), 365)

    class Meta:
        abstract = True


class PrivacyTerms(KeptDays):
    """What the organisers say; `Notice` is what was published of it. An empty text is the house's
    own sentence."""

    erase_keeps = "the crew's own words"

    event = models.OneToOneField(
        Event, on_delete=models.CASCADE, related_name="privacy", verbose_name=_("活动")
    )
    handler = models.CharField(_("谁在处理"), max_length=120, blank=True, default="", db_default="")
    contact = models.CharField(_("怎么联系"), max_length=200, blank=True, default="", db_default="")
    purpose = models.TextField(_("用来做什么"), blank=True, default="", db_default="")
    recipients = models.TextField(_("谁会收到"), blank=True, default="", db_default="")
    version = models.PositiveIntegerField(default=1, db_default=1, editable=False)

    class Meta:
        verbose_name = _("个人信息说明")
        verbose_name_plural = _("个人信息说明")
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    contact_days__gte=F("texts_days"),
                    contact_days__lte=LONGEST_DAYS,
                    texts_days__gte=1,
                    answers_days__gte=1,
                    not_selected_days__gte=1,
                )
                & Q(contact_days__gte=F("answers_days"))
                & Q(contact_days__gte=F("not_selected_days")),
                name="privacy_contact_goes_last",
            )
        ]

    def __str__(self):
        return f"{self.event}"


class Notice(KeptDays):
    """One published version, word for word and in every language of the house. It is never
    changed or deleted: people agreed to what it says, and for how long."""

    table_rules = (
        tables.OnlyGrows(),
        tables.HasShape("text", {"*": [["string", "string"]]}),
    )

    erase_keeps = "the crew's own words"

    event = models.ForeignKey(
        Event,
        on_delete=models.PROTECT,
        related_name="notices",
        verbose_name=_("活动"),
        db_index=False,  # notice_version_once begins with it
    )
    version = models.PositiveSmallIntegerField(_("版本"))
    text = models.JSONField(_("文字"))  # {language code: [[title, text], …]}
    published_at = models.DateTimeField(_("公布时间"))

    class Meta:
        verbose_name = _("个人信息说明的版本")
        verbose_name_plural = _("个人信息说明的版本")
        ordering = ["-version"]
        constraints = [
            models.UniqueConstraint(fields=["event", "version"], name="notice_version_once")
        ]

    def __str__(self):
        return f"{self.event} v{self.version}"


class ErasedContact(models.Model):
    """A contact of somebody who was erased, as a keyed digest: enough to know it again when a sheet
    brings it back, and to tell nobody."""

    erase_keeps = {"digest": "a keyed digest: keeps an import from bringing them back"}

    event = models.ForeignKey(
        Event,
        on_delete=models.CASCADE,
        related_name="erased_contacts",
        db_index=False,  # erased_contact_once begins with it
    )
    digest = Digest()
    kept_until = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["event", "digest"], name="erased_contact_once")
        ]
