"""Import the stream platform's visits or chat of one event; a dry run unless told to commit."""

import json
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from events.models import Event
from metrics import stream_import
from salon.sheet_gate import SheetRefused, read_limited


class Command(BaseCommand):
    help = "Read a stream platform's file of visits or of chat; --commit takes it in."

    def add_arguments(self, parser):
        parser.add_argument("slug")
        parser.add_argument("file")
        parser.add_argument("--commit", action="store_true")
        parser.add_argument("--json", action="store_true")

    def handle(self, *, slug, file, **options):
        event = Event.objects.filter(slug=slug).first()
        if event is None:
            raise CommandError(_("没有网址名为“%(slug)s”的活动。") % {"slug": slug})
        path = Path(file)
        try:
            look = stream_import.look(event=event, content=read_limited(path), name=path.name)
        except OSError:
            raise CommandError(_("打不开文件 %(file)s。") % {"file": file}) from None
        except SheetRefused as refusal:
            raise CommandError(str(refusal)) from None
        imported = 0
        if options["commit"]:
            _source, imported = stream_import.commit(event=event, look=look)
        answer = look.as_json(imported=imported)
        if options["json"]:
            self.stdout.write(json.dumps(answer, ensure_ascii=False))
        else:
            self.say(answer, committed=options["commit"], imported=imported)

    def say(self, answer, *, committed, imported):
        for error in answer["errors"]:
            self.stdout.write(
                _("第 %(row)d 行 %(column)s:%(message)s")
                % {name: error[name] for name in ("row", "column", "message")}
            )
        if "visits" in answer:
            self.stdout.write(
                _("%(visits)d 条进出，%(viewers)d 位观众（对上名单 %(matched)d，访客 %(guests)d）")
                % answer
            )
        else:
            self.stdout.write(_("%(rows)d 条聊天，对上名单 %(matched)d 条") % answer)
        if committed:
            self.stdout.write(_("已写入 %(rows)d 条。") % {"rows": imported})
        else:
            self.stdout.write(_("这是试读，什么都没有写入；加 --commit 导入。"))
