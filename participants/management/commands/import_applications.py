"""Import applications from a spreadsheet; without --commit only look."""

import json

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from events.models import Event
from participants import import_runs
from salon.errors import Refused


class Command(BaseCommand):
    help = "Read an XLSX or CSV of applications, list every bad row, import the rest on --commit."

    def add_arguments(self, parser):
        parser.add_argument("slug")
        parser.add_argument("file")
        parser.add_argument("--commit", action="store_true", help="import what can be imported")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *, slug, file, **options):
        event = Event.objects.filter(slug=slug).first()
        if event is None:
            raise CommandError(_("没有网址名为“%(slug)s”的活动。") % {"slug": slug})
        imported = 0
        try:
            with open(file, "rb") as source:
                reading = import_runs.look(event=event, source=source, name=file)
            if options["commit"]:
                imported = import_runs.take(event=event, reading=reading, by=None)
        except OSError as error:
            raise CommandError(_("文件打不开：%(reason)s") % {"reason": error.strerror}) from None
        except Refused as refused:
            raise CommandError(str(refused)) from None
        report = reading.as_json(imported=imported)
        if options["json"]:
            self.stdout.write(json.dumps(report, ensure_ascii=False))
        else:
            self._tell(report, commit=options["commit"])

    def _tell(self, report, *, commit):
        for problem in report["errors"]:
            self.stdout.write(
                _("第 %(row)s 行 · %(column)s：%(message)s")
                % {name: problem[name] for name in ("row", "column", "message")}
            )
        counts = {name: report[name] for name in ("rows", "importable", "imported", "known")}
        self.stdout.write(
            _("共 %(rows)s 行，可导入 %(importable)s 行，其中 %(known)s 人已经报过名。") % counts
        )
        if report["erased"]:
            self.stdout.write(_("%(n)s 行是按要求删除过的人，不再导入。") % {"n": report["erased"]})
        if commit:
            self.stdout.write(_("导入了 %(imported)s 人。") % counts)
        else:
            self.stdout.write(_("这是试读，什么都没写。加上 --commit 才会导入。"))
