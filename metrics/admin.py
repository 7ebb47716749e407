"""The room in the admin: what verbs own is read only; the pages of the event do the work."""

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from events.admin import OfEvent
from metrics import stream_import
from metrics.models import (
    Evaluation,
    Report,
    StreamImport,
    Survey,
    Whitepaper,
)
from salon import asking


class ReadOnly(OfEvent):
    """Rows that verbs write: looked at here, changed on the pages of the event."""

    page = ""  # the name of that page
    of_this_row = ""  # and where on it this row is shown

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

    @admin.display(description=_("打开"))
    def open_page(self, row):
        address = reverse(self.page, args=[self.event_of(row).slug]) + self.of_this_row.format(row)
        return format_html('<a href="{}">{}</a>', address, _("打开"))


@admin.register(Survey)
class SurveyAdmin(ReadOnly):
    page = "survey_edit"
    list_display = ("title", "event", "opened_at", "closes_at", "open_page")
    list_select_related = ("event",)


@admin.register(StreamImport)
class StreamImportAdmin(ReadOnly):
    page = "stream_import"
    list_display = ("filename", "event", "kind", "at", "by", "undone_at", "open_page")
    list_filter = ("event", "kind")
    list_select_related = ("event", "by")
    actions = ("undo",)

    @admin.action(description=_("撤销所选的导入"))
    def undo(self, request, queryset):
        sources = list(queryset)
        rows = sum(source.visits.count() + source.lines.count() for source in sources)
        asking.sure(
            request,
            asking.Question(
                title=_("撤销 %(n)d 次导入？") % {"n": len(sources)},
                sentence=_("写入的 %(n)d 行会整份收回，评估会重新计算。") % {"n": rows},
                yes=_("撤销"),
                names=tuple(source.filename for source in sources if source.filename),
                about=[source.pk for source in sources],
            ),
        )
        for source in sources:
            stream_import.undo(source=source, by=request.user)


@admin.register(Evaluation)
class EvaluationAdmin(ReadOnly):
    page = "evaluation"
    of_this_row = "?at={0.pk}"
    list_display = ("event", "computed_at", "open_page")
    list_filter = ("event",)
    list_select_related = ("event",)


@admin.register(Report)
class ReportAdmin(ReadOnly):
    page = "report_edit"
    list_display = ("event", "published_at", "open_page")
    list_select_related = ("event",)


@admin.register(Whitepaper)
class WhitepaperAdmin(ReadOnly):
    page = "whitepaper_edit"
    list_display = ("title", "event", "version", "published_at", "open_page")
    list_filter = ("event",)
    list_select_related = ("event",)
    exclude = ("sections",)
