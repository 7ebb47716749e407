"""Fill the house with the demo's three salons."""

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from salon import demo, demo_accounts


class Command(BaseCommand):
    help = "Create the demo: one salon in preparation, one running today, one evaluated."

    def add_arguments(self, parser):
        size = parser.add_mutually_exclusive_group()
        size.add_argument("--small", action="store_true", help="60 applications instead of 180")
        size.add_argument("--people", metavar="N", help="N applications")
        parser.add_argument("--past", action="store_true", help="only the salon that is over")

    def handle(self, *, small, people, past, **options):
        people = 60 if small else 180 if people is None else people
        try:
            people = int(people)
        except ValueError:  # said as below, not as a usage of twenty lines
            people = 0
        if not 12 <= people <= 2000:
            raise CommandError(_("人数要在 12 到 2000 之间。"))
        told = demo.tell(people=people, only_past=past)
        if not told:
            self.stdout.write(_("示例活动已经在了，没有改动。"))
        for slug in told:
            self.stdout.write(f"/e/{slug}/")
        if not settings.DEBUG:
            # Where strangers come, nobody has a password that everybody knows.
            for name, password in demo_accounts.make_random().items():
                self.stdout.write(f"{name} / {password}")


def accounts():
    """What `up` prints: `[(label, value), …]`; a fresh desk pass and two fresh personal links."""
    return demo.accounts()
