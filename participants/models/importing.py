"""A file of applications between its upload and the end of its import."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from events.models import Event


class ImportFile(models.Model):
    """An uploaded sheet: looked at first, then imported by the worker, which counts as it goes.

    The content holds personal values; it is emptied when the import ends, when anybody of the
    event is erased, and a day after the upload in any case.
    """

    erase_keeps = {"content": "emptied whole: erase.forget"}
    erase_empties = ("filename",)

    class State(models.TextChoices):
        READ = "read", _("已检查，待导入")
        RUNNING = "running", _("导入中")
        DONE = "done", _("已导入")
        FAILED = "failed", _("没有导入")

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="import_files")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True)
    filename = models.CharField(_("文件"), max_length=120)
    content = models.BinaryField()
    # As `import_applications --json` prints it: counts and errors, never values of a person.
    report = models.JSONField(default=dict)
    state = models.CharField(_("状态"), max_length=8, choices=State.choices, default=State.READ)
    done = models.PositiveIntegerField(_("已处理"), default=0)
    failure = models.CharField(_("原因"), max_length=200, blank=True)
    uploaded_at = models.DateTimeField(_("上传时间"), auto_now_add=True)

    class Meta:
        verbose_name = _("导入文件")
        verbose_name_plural = _("导入文件")
        ordering = ["-pk"]

    def __str__(self):
        return self.filename or str(_("（文件名已清除）"))

    @property
    def newcomers(self):
        """Rows that would bring somebody in: whoever has applied already is not brought twice."""
        return self.report.get("importable", 0) - self.report.get("known", 0)
