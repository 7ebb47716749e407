"""List an event's cases: applications on a contact that somebody else has."""

import json

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from events.models import Event
from participants.cases import as_json
from participants.models import Case


class Command(BaseCommand):
    help = "List the applications that an organiser has to tell apart, without their contents."

    def add_arguments(self, parser):
        parser.add_argument("slug")
        parser.add_argument("--json", action="store_true")

    def handle(self, *, slug, **options):
        event = Event.objects.filter(slug=slug).first()
        if event is None:
            raise CommandError(_("没有网址名为“%(slug)s”的活动。") % {"slug": slug})
        cases = [as_json(case) for case in Case.objects.of_event(event)]
        if options["json"]:
            self.stdout.write(json.dumps({"cases": cases}))
            return
        for case in cases:
            self.stdout.write(
                "{id}  {person}  {differs}  {state}".format(
                    **case | {"differs": ",".join(case["differs"])}
                )
            )
        if not cases:
            self.stdout.write(_("没有要核对的报名"))
