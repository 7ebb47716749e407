"""The evaluation for organisers: figures, charts, the rows behind, targets and goals."""

import io

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from events.access import organiser
from metrics import evaluation, report, rows, targets
from metrics.definitions import BY_KEY
from metrics.forms import GoalFormSet, TargetsForm
from metrics.surveys import FEWEST_SHOWN
from salon.errors import Refused
from salon.sheets import write_table

ROWS_A_PAGE = 100


def _shown(request):
    """(evaluations newest first, the one asked for or the newest, the one before it)."""
    found = list(request.event.evaluations.defer("facts", "charts", "goals"))
    wanted = request.GET.get("at")
    place = next((n for n, each in enumerate(found) if str(each.pk) == wanted), 0)
    before = found[place + 1] if place + 1 < len(found) else None
    return found, found[place] if found else None, before


@organiser
@require_safe
def page(request, slug):
    event = request.event
    evaluations, shown, before = _shown(request)
    context = {"event": event, "evaluations": evaluations, "shown": shown, "before": before}
    if shown:
        context |= {
            "dimensions": report.lines(shown),
            "charts": report.charts_of(shown, event),
            "earlier": report.beside_earlier(shown, event, by=request.user),
            "differences": evaluation.differences(before, shown) if before else [],
            "is_newest": shown == evaluations[0],
            "late_data": shown == evaluations[0] and evaluation.is_due(event),
            "report": report.report_of(event),
        }
    return render(request, "metrics/evaluation.html", context)


@organiser
@require_POST
def now(request, slug):
    evaluation.evaluate(event=request.event, by=request.user)
    messages.success(request, _("已按现在的数据重新计算，之前的评估仍保留。"))
    return redirect("evaluation", slug)


@organiser
@require_safe
def drill_down(request, slug, key):
    if key not in rows.LISTS:
        raise Http404
    _evaluations, shown, _before = _shown(request)
    measured = next((each for each in shown.metrics if each["key"] == key), None) if shown else None
    found = rows.behind(request.event, key)
    pages = Paginator(found.rows, ROWS_A_PAGE)
    return render(
        request,
        "metrics/evaluation_rows.html",
        {
            "event": request.event,
            "metric": BY_KEY[key],
            "line": report.line(measured) if measured else None,
            "found": found,
            "page": pages.get_page(request.GET.get("page")),
            "fewest": FEWEST_SHOWN,
        },
    )


@organiser
@require_safe
def download(request, slug):
    _evaluations, shown, _before = _shown(request)
    if shown is None:
        raise Http404
    file = io.BytesIO()
    write_table(file, sheets=rows.sheets(request.event, shown))
    name = f"{slug}-evaluation-{request.event.local(shown.computed_at):%Y%m%d-%H%M}.xlsx"
    return HttpResponse(
        file.getvalue(),
        content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@organiser
@require_http_methods(["GET", "HEAD", "POST"])
def settings(request, slug):
    event = request.event
    form = TargetsForm(request.POST or None, event=event)
    goals = GoalFormSet(request.POST or None, initial=targets.goal_rows(event), prefix="goal")
    refusal = None
    if request.method == "POST" and form.is_valid() and goals.is_valid():
        try:
            targets.save(event=event, targets=form.targets(), goals=goals.rows(), by=request.user)
        except Refused as refused:
            refusal = refused
        else:
            messages.success(request, _("已保存；下一次计算按新的目标和口径。"))
            return redirect("evaluation", slug)
    return render(
        request,
        "metrics/evaluation_settings.html",
        {"event": event, "form": form, "goals": goals, "refusal": refusal},
        status=422 if request.method == "POST" else 200,
    )
