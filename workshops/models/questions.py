"""Questions and danmaku."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from events.models import Event, Gate, Gated
from participants.models import ERASED, Participant


class Question(Gated):
    erase_keeps = {"client_id": "a random number of the form that was posted"}
    erase_as = {"text": ERASED}

    class Kind(models.TextChoices):
        QUESTION = "question", _("提问")
        DANMAKU = "danmaku", _("弹幕")

    event = models.ForeignKey(
        Event, on_delete=models.CASCADE, related_name="questions", verbose_name=_("活动")
    )
    participant = models.ForeignKey(
        Participant,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="questions",
        verbose_name=_("参与者"),
    )
    kind = models.CharField(_("类型"), max_length=10, choices=Kind.choices)
    text = models.CharField(_("内容"), max_length=200)
    online = models.BooleanField(_("线上"), default=False)
    shown_at = models.DateTimeField(_("上墙时间"), null=True, blank=True)
    picked_at = models.DateTimeField(_("选中"), null=True, blank=True)
    answered_at = models.DateTimeField(_("已回答"), null=True, blank=True)
    pinned_at = models.DateTimeField(pgettext_lazy("已置顶", "置顶"), null=True, blank=True)
    client_id = models.UUIDField(_("提交编号"), unique=True, null=True, blank=True)
    created_at = models.DateTimeField(_("创建时间"), auto_now_add=True)

    class Meta:
        verbose_name = _("提问与弹幕")
        verbose_name_plural = _("提问与弹幕")
        ordering = ["pk"]

    def __str__(self):
        return self.text

    def settle(self, gate, *, now):
        changed = super().settle(gate, now=now)
        if gate == Gate.SHOWN and self.shown_at is None:
            self.shown_at = now
            changed.append("shown_at")
        elif gate != Gate.SHOWN and self.picked_at:
            self.picked_at = None
            changed.append("picked_at")
        return changed


class QuestionVote(models.Model):
    question = models.ForeignKey(
        Question,
        on_delete=models.CASCADE,
        related_name="votes",
        db_index=False,  # one_upvote_per_person begins with it
    )
    participant = models.ForeignKey(Participant, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["question", "participant"], name="one_upvote_per_person"
            )
        ]
