"""After a change of IDENTITY_KEY: digests are written again under the new key, where they can be."""

from django.core.management.base import BaseCommand, CommandError
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from salon import identity


class Command(BaseCommand):
    help = "换了 IDENTITY_KEY 之后重算指纹 / Writes digests again under the new IDENTITY_KEY."

    def add_arguments(self, parser):
        parser.add_argument("--dry-run", action="store_true", help="count, and change nothing")

    def handle(self, *, dry_run, **options):
        if len(identity.keys()) == 1:
            raise CommandError(
                _("只有一把密钥，没有可重算的：旧的那把请放进 IDENTITY_KEY_OLD，再运行一次。")
            )
        found = [identity.rekey(column, dry_run=dry_run) for column in identity.columns()]
        for one in found:
            self.stdout.write(self.sentence(one, dry_run))
        self.stdout.write(self.what_next(found))

    def sentence(self, one, dry_run):
        told = (_("%(where)s：要重算 %(n)d 条") if dry_run else _("%(where)s：重算了 %(n)d 条")) % {
            "where": f"{one.column.label}.{one.column.name}",
            "n": one.written,
        }
        if one.left:
            told += _("，还有 %(n)d 条用旧密钥") % {"n": one.left}
        if one.until:
            told += _("，最晚的到 %(day)s 为止") % {"day": f"{localtime(one.until):%Y-%m-%d %H:%M}"}
        if one.lost:
            told += _("，其中 %(n)d 条的密钥已经不在，认不出来了") % {"n": one.lost}
        return told

    def what_next(self, found):
        left = [one for one in found if one.left > one.lost]
        if not left:
            return _("旧密钥现在可以拿掉了。")
        if any(one.until is None for one in left):
            return _("旧密钥请留着：拿掉以后，上面说的那些就认不出来了。")
        day = localtime(max(one.until for one in left))
        return _("旧密钥请留到 %(day)s 以后。") % {"day": f"{day:%Y-%m-%d %H:%M}"}
