"""What the evaluation page and the public report show of one evaluation, and publishing it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from events.models import Event
from metrics.charts import STEPS
from metrics.contributions import KINDS
from metrics.definitions import BY_KEY, DIMENSIONS, UNITS
from metrics.evaluation import readable
from metrics.models import Evaluation, Report
from salon import audit, clock
from salon.errors import Refused
from salon.seen import require_unchanged, stamp
from salon.text import clean_text

PARTS = {
    "figures": _("各项指标与目标"),
    "goals": _("本场目标"),
    "by_category": _("从报名到问卷，按类别"),
    "by_channel": _("从报名到问卷，按渠道"),
    "arrivals": _("签到时间分布"),
    "agenda": _("互动随流程的变化"),
    "rooms": _("现场与线上"),
    "earlier": _("与往期比较"),
    "survey": _("问卷各题分布（不含开放题）"),
}
AT_FIRST = ["figures", "goals", "by_category", "arrivals", "agenda", "rooms", "earlier"]
MOST_EARLIER = 4
LEAST_COLUMNS = 12  # or a handful who came within minutes would be one black wall


@dataclass(frozen=True)
class Line:
    """One metric as a reader meets it; `scale` is the right edge of its bar, in its unit.
    `until` is the number of sheets that the result waits for, None for any other metric."""

    key: str
    name: str
    formula: str
    numerator: float | None
    denominator: float | None
    value: float | None
    unit: str
    target: float | None
    met: bool | None
    left_out: list
    scale: float
    until: int | None


def lines(evaluation):
    """The evaluation's metrics by dimension: `[(dimension name, [Line, …]), …]`."""
    measured = readable(evaluation)
    return [
        (name, [line(each) for each in measured if each["dimension"] == key])
        for key, name in DIMENSIONS.items()
    ]


def line(measured):
    """The Line of one measured metric."""
    metric = BY_KEY[measured["key"]]
    return Line(
        key=metric.key,
        name=metric.name,
        formula=metric.spelled_out(measured.get("definition", {})),
        numerator=measured["numerator"],
        denominator=measured["denominator"],
        value=measured["value"],
        unit=UNITS[measured["unit"]],
        target=measured["target"],
        met=measured["met"],
        left_out=[(gettext(sentence), number) for sentence, number in measured["left_out"]],
        scale=_scale(measured),
        until=measured.get("held_back"),
    )


def _scale(measured):
    if measured["unit"] == "%":
        return max(100, measured["value"] or 0)
    if measured["unit"] == "points":
        return 5
    return max(measured["value"] or 0, measured["target"] or 0, 1) * 1.25


# --- charts, ready to be drawn --------------------------------------------------------------------


@dataclass(frozen=True)
class Funnel:
    """`steps` are the words; each line has `label`, `cat`, and cells of (word, number, percent of
    those who applied)."""

    steps: list
    lines: list
    total: list


def funnel(lines, *, nameless=""):
    """A Funnel of a frozen chart, None when nobody applied; `nameless` names who has no label."""
    total = [sum(numbers) for numbers in zip(*(line["counts"] for line in lines), strict=True)]
    if not total or not total[0]:
        return None
    words = [str(word) for _key, word in STEPS]
    return Funnel(
        steps=words,
        lines=[
            {**line, "label": line["label"] or nameless, "cells": _cells(words, line["counts"])}
            for line in lines
        ],
        total=_cells(words, total),
    )


def _cells(words, counts):
    first = counts[0]
    return [
        {
            "word": word,
            "number": number,
            "percent": round(100 * number / first) if first else None,
        }
        for word, number in zip(words, counts, strict=True)
    ]


@dataclass(frozen=True)
class Columns:
    """Columns over time: `bars` have x, y, height in the units of `width` × `top`; `ticks` are
    times to be written below, spread evenly."""

    bars: list
    width: int
    top: int
    ticks: list
    total: int
    busiest: datetime
    half_by: datetime


def arrivals(chart, event):
    """Columns of the frozen arrivals in the event's zone, None when nobody was checked in."""
    counts = (chart or {}).get("counts")
    if not counts:
        return None
    first = event.local(datetime.fromisoformat(chart["from"]))
    step = timedelta(minutes=chart["minutes"])
    top, total = max(counts), sum(counts)
    running, half = 0, 0
    for place, number in enumerate(counts):
        running += number
        if running * 2 >= total:
            half = place + 1
            break
    width = max(len(counts), LEAST_COLUMNS)
    marks = sorted({0, width // 2, width})
    return Columns(
        bars=[
            {"x": place, "y": top - number, "height": number, "at": first + place * step}
            for place, number in enumerate(counts)
        ],
        width=width,
        top=top,
        ticks=[first + place * step for place in marks],
        total=total,
        busiest=first + counts.index(top) * step,
        half_by=first + half * step,
    )


def agenda(chart, event):
    """Lines of contributions per agenda item with the common scale, None without any."""
    most = max((item["room"] + item["stream"] for item in chart or ()), default=0)
    if not most:
        return None
    return {
        "scale": most,
        "lines": [
            {
                **item,
                "at": event.local(datetime.fromisoformat(item["at"])),
                "total": item["room"] + item["stream"],
            }
            for item in chart
        ],
    }


def rooms(chart):
    """Room beside stream, None when nobody came."""
    if not chart or not sum(chart["came"]):
        return None
    most = max((max(room, stream) for _kind, room, stream in chart["kinds"]), default=0) or 1
    heads = [
        {
            "came": came,
            "active": active,
            "percent": round(100 * active / came) if came else None,
        }
        for came, active in zip(chart["came"], chart["active"], strict=True)
    ]
    return {
        "room": heads[0],
        "stream": heads[1],
        "scale": most,
        "kinds": [
            {"name": KINDS[kind], "room": room, "stream": stream}
            for kind, room, stream in chart["kinds"]
        ],
    }


def charts_of(evaluation, event):
    """Everything the page draws of a frozen evaluation."""
    frozen = evaluation.charts
    return {
        "by_category": funnel(frozen.get("by_category", [])),
        "by_channel": funnel(frozen.get("by_channel", []), nameless=_("没有渠道码")),
        "arrivals": arrivals(frozen.get("arrivals"), event),
        "agenda": agenda(frozen.get("agenda"), event),
        "rooms": rooms(frozen.get("rooms")),
    }


# --- beside earlier salons ------------------------------------------------------------------------


def earlier_events(event, *, by=None):
    """Salons of the same series (without a series: of the same organisers) that came before and
    were evaluated, the newest first: those whose report is public, and those `by` organises."""
    before = Event.objects.filter(starts_at__lt=event.starts_at, evaluations__isnull=False)
    if event.series_id:
        before = before.filter(series=event.series_id)
    else:
        mine = event.crew.filter(role="organiser").values("user")
        before = before.filter(crew__user__in=mine, crew__role="organiser")
    may_be_read = Q(report__published_at__isnull=False, status=Event.Status.PUBLISHED)
    if by is not None:
        may_be_read |= Q(pk__in=Event.objects.run_by(by).values("pk"))
    return list(before.filter(may_be_read).distinct().order_by("-starts_at")[:MOST_EARLIER])


def beside_earlier(evaluation, event, *, by=None):
    """A table of the salons that `by` may read, without `by` everybody: `events` from the oldest to
    this one, `lines` of one value each; None when this is the first."""
    earlier = earlier_events(event, by=by)[::-1]
    if not earlier:
        return None
    newest = {
        other.event_id: {measured["key"]: measured for measured in readable(other)}
        for other in Evaluation.objects.filter(event__in=earlier)
        .order_by("event_id", "-computed_at", "-pk")
        .distinct("event_id")
        .only("event", "metrics", "facts")
    }
    measured_here = {measured["key"]: measured for measured in readable(evaluation)}
    tables = [*(newest[other.pk] for other in earlier), measured_here]
    return {
        "events": [*earlier, event],
        "lines": [
            {
                "name": BY_KEY[key].name,
                "unit": UNITS[measured["unit"]],
                "values": [table.get(key, {}).get("value") for table in tables],
                "scale": max([table.get(key, {}).get("value") or 0 for table in tables] + [0.01]),
            }
            for key, measured in measured_here.items()
        ],
    }


# --- publishing -----------------------------------------------------------------------------------


def report_of(event):
    """The event's report as it stands, unsaved when nobody has touched it."""
    return Report.objects.filter(event=event).first() or Report(event=event, parts=AT_FIRST)


def version_of(report):
    """A digest of what the report says of itself, to be posted back with a page that shows it."""
    return stamp(report.intro, report.parts)


def save_report(*, event, version, intro, parts, by):
    """Choose what the public report shows, which was `version` when the editor was opened; unknown
    parts are left out. Raises Refused("stale")."""
    with transaction.atomic():
        report = _lock(event)
        require_unchanged(version, report.intro, report.parts)
        report.intro = clean_text(intro, multiline=True, max_length=3000)
        report.parts = [part for part in PARTS if part in parts]
        report.save()
        audit.record("save_report", report, by=by, event_id=event.pk, fields=["intro", "parts"])
    return report


def publish(*, event, by, public=True):
    """Show the report to everybody, or take it back. Raises Refused("not_evaluated")."""
    with transaction.atomic():
        report = _lock(event)
        if public and not event.evaluations.exists():
            raise Refused("not_evaluated", _("还没有评估，先计算一次再公开报告。"))
        report.published_at = clock.now() if public else None
        report.save()
        verb = "publish_report" if public else "take_back_report"
        audit.record(verb, report, by=by, event_id=event.pk, fields=["published_at"])
    return report


def _lock(event):
    Event.objects.select_for_update(no_key=True).get(pk=event.pk)
    report, _made = Report.objects.get_or_create(event=event, defaults={"parts": AT_FIRST})
    return report
