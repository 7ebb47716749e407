"""The public report, and choosing what stands in it."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from events.access import event_page, organiser, roles_of
from metrics import report, surveys
from salon.errors import Refused


@event_page
@require_safe
def public_report(request, slug):
    """Everybody's once it is published; before, the crew sees how it will look."""
    event = request.event
    published = report.report_of(event)
    shown = event.evaluations.first()
    is_crew = bool(roles_of(request.user, event))
    if shown is None or (published.published_at is None and not is_crew):
        raise Http404
    parts = published.parts
    return render(
        request,
        "metrics/report.html",
        {
            "event": event,
            "report": published,
            "parts": parts,
            "shown": shown,
            "dimensions": report.lines(shown),
            "charts": report.charts_of(shown, event),
            "earlier": report.beside_earlier(shown, event) if "earlier" in parts else None,
            "survey": _choices(event) if "survey" in parts else [],
        },
    )


def _choices(event):
    survey = getattr(event, "survey", None)
    found = surveys.results(survey) if survey else []
    return [result for result in found if "bars" in result]


@organiser
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request, slug):
    event, refusal = request.event, None
    if request.method == "POST":
        typed = {"intro": request.POST.get("intro", ""), "parts": request.POST.getlist("parts")}
        version = request.POST.get("version", "")
        try:
            report.save_report(event=event, version=version, by=request.user, **typed)
        except Refused as refused:
            refusal = refused
        else:
            messages.success(request, _("已保存，预览里就是公开后的样子。"))
            return redirect("report_edit", slug)
    saved = report.report_of(event)
    return render(
        request,
        "metrics/report_edit.html",
        {
            "event": event,
            "report": saved,
            "typed": typed if refusal else {"intro": saved.intro, "parts": saved.parts},
            "version": report.version_of(saved),
            "refusal": refusal,
            "parts": report.PARTS.items(),
            "evaluated": event.evaluations.exists(),
        },
        status=refusal.status if refusal else 200,
    )


@organiser
@require_POST
def publish(request, slug):
    public = request.POST.get("public") == "yes"
    report.publish(event=request.event, by=request.user, public=public)
    if public:
        messages.success(request, _("报告已公开，谁都可以看了。"))
    else:
        messages.success(request, _("报告已收回，只有班底能看。"))
    return redirect("report_edit", slug)
