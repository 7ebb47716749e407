"""Compute and freeze the evaluation of one event."""

import json

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from events.models import Event
from metrics.evaluation import METRICS, evaluate


class Command(BaseCommand):
    help = "Compute every metric of an event and freeze a dated evaluation."

    def add_arguments(self, parser):
        parser.add_argument("slug")
        parser.add_argument("--json", action="store_true")

    def handle(self, *, slug, **options):
        event = Event.objects.filter(slug=slug).first()
        if event is None:
            raise CommandError(_("没有网址名为“%(slug)s”的活动。") % {"slug": slug})
        evaluation = evaluate(event=event)
        if options["json"]:
            self.stdout.write(as_json(event, evaluation))
            return
        names = {metric.key: metric.name for metric in METRICS}
        for row in evaluation.metrics:
            value = _("没有数据") if row["value"] is None else f"{row['value']} {row['unit']}"
            target = "—" if row["target"] is None else f"{row['target']} {row['unit']}"
            mark = {True: _("达标"), False: _("未达标"), None: "—"}[row["met"]]
            self.stdout.write(f"{names[row['key']]}\t{value}\t{_('目标')} {target}\t{mark}")


# What DESIGN §4 promises of each; the page tells the rest.
PROMISED = ("key", "dimension", "numerator", "denominator", "value", "unit", "target", "met")


def as_json(event, evaluation):
    return json.dumps(
        {
            "event": event.slug,
            "computed_at": evaluation.computed_at.isoformat(),
            "metrics": [{name: row[name] for name in PROMISED} for row in evaluation.metrics],
        },
        ensure_ascii=False,
    )
