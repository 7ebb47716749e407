"""Books the letters that came back: from the mailbox that BOUNCES_URL names, or from files."""

import json
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from salon import bounce_mailbox, bounces

NAMES = ("bounced", "known", "unknown", "other")


class Command(BaseCommand):
    help = "处理退信 / Books the letters that came back, from BOUNCES_URL or from files."

    def add_arguments(self, parser):
        parser.add_argument("files", nargs="*", help="reports, one mail in each (.eml)")
        parser.add_argument("--json", action="store_true")

    def handle(self, *, files, **options):
        done = self.of_files(files) if files else self.of_the_mailbox()
        counts = {name: done[name] for name in NAMES}
        if options["json"]:
            self.stdout.write(json.dumps(counts))
        else:
            self.stdout.write(
                "退回 {bounced}，已记过 {known}，不是我们的 {unknown}，其他邮件 {other}".format(
                    **counts
                )
            )

    def of_files(self, names):
        try:
            mails = [Path(name).read_bytes() for name in names]
        except OSError as error:
            raise CommandError(
                f"读不了文件：{error.filename} / cannot read {error.filename}"
            ) from None
        return bounces.process_all(mails)

    def of_the_mailbox(self):
        if not settings.BOUNCES_URL:
            raise CommandError(
                "没有设置 BOUNCES_URL，也没有给文件 / neither BOUNCES_URL nor a file."
            )
        try:
            return bounce_mailbox.process(settings.BOUNCES_URL)
        except bounce_mailbox.Unreachable as error:
            raise CommandError(f"读不了退信邮箱：{error} / cannot read the mailbox.") from None
