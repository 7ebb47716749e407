"""The evaluation for organisers: figures, charts, the rows behind, targets and goals."""

import io
from itertools import groupby

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from events.access import organiser
from metrics import evaluation, report, rows, surveys, targets
from metrics.definitions import BY_KEY
from metrics.forms import GoalFormSet, TargetsForm
from salon.errors import Refused
from salon.seen import compared_with
from salon.sheets import write_table

ROWS_A_PAGE = 100


def _shown(request):
    """(evaluations newest first, the one asked for or the newest, the one before it, `at`): those
    of the list know no more than their times, `at` leads from page to page of an earlier one."""
    found = list(request.event.evaluations.only("event", "computed_at"))
    if not found:
        return [], None, None, ""
    wanted = request.GET.get("at")
    place = next((n for n, each in enumerate(found) if str(each.pk) == wanted), 0)
    whole = request.event.evaluations.in_bulk([each.pk for each in found[place : place + 2]])
    shown, before = ([whole[each.pk] for each in found[place : place + 2]] + [None])[:2]
    return found, shown, before, f"?at={shown.pk}" if place else ""


def _by_day(evaluations, event):
    """[(day in the event's zone, its evaluations)], all the newest first."""
    return [
        (day, list(those))
        for day, those in groupby(evaluations, lambda each: event.local(each.computed_at).date())
    ]


@organiser
@require_safe
def page(request, slug):
    event = request.event
    evaluations, shown, before, at = _shown(request)
    context = {"event": event, "shown": shown, "before": before, "at": at}
    if shown:
        context |= {
            "days": _by_day(evaluations, event),
            "number": len(evaluations),
            "dimensions": report.lines(shown),
            "charts": report.charts_of(shown, event),
            "earlier": report.beside_earlier(shown, event, by=request.user),
            "differences": evaluation.differences(before, shown) if before else [],
            "late_data": not at and evaluation.is_due(event),
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
    _evaluations, shown, _before, at = _shown(request)
    measured = {each["key"]: each for each in evaluation.readable(shown)} if shown else {}
    found = rows.behind(request.event, key)
    pages = Paginator(found.rows, ROWS_A_PAGE)
    return render(
        request,
        "metrics/evaluation_rows.html",
        {
            "event": request.event,
            "metric": BY_KEY[key],
            "line": report.line(measured[key]) if key in measured else None,
            "at": at,
            "found": found,
            "page": pages.get_page(request.GET.get("page")),
            "fewest": surveys.fewest_shown(event=request.event),
        },
    )


@organiser
@require_safe
def download(request, slug):
    _evaluations, shown, _before, _at = _shown(request)
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
            targets.save(
                event=event,
                version=form.cleaned_data["version"],
                targets=form.targets(),
                goals=goals.rows(),
                by=request.user,
            )
        except Refused as refused:
            refusal = refused
            compared_with(form, targets.version_of(event), name="version")
        else:
            messages.success(request, _("已保存；下一次计算按新的目标和口径。"))
            return redirect("evaluation", slug)
    return render(
        request,
        "metrics/evaluation_settings.html",
        {"event": event, "form": form, "goals": goals, "refusal": refusal},
        status=422 if request.method == "POST" else 200,
    )
