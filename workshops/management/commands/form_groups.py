"""`form_groups <slug> [--json]`: work groups from those who came, on site and online."""

import json

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from events.models import Event
from salon.errors import Refused
from workshops import groups


class Command(BaseCommand):
    help = "Form work groups of five or six from those who came; an organiser publishes them."

    def add_arguments(self, parser):
        parser.add_argument("slug")
        parser.add_argument(
            "--seed", type=int, default=0, help="another seed proposes another split"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object, no more")

    def handle(self, *args, slug, seed, **options):
        event = Event.objects.filter(slug=slug).first()
        if event is None:
            raise CommandError(_("没有网址名为“%(slug)s”的活动。") % {"slug": slug})
        try:
            _formed, note = groups.form(event=event, seed=seed)
        except Refused as refused:
            raise CommandError(str(refused)) from None
        kept = groups.standing(event)
        if options["json"]:
            self.stdout.write(json.dumps(as_json(kept, note), ensure_ascii=False))
            return
        for group in kept:
            names = _("、").join(str(member.participant) for member in group.people)
            self.stdout.write(f"{group.number} {group.name}: {names}")
        if note:
            self.stdout.write(note)


def as_json(kept, note):
    return {
        "groups": [
            {
                "name": group.name,
                "members": sorted(member.participant_id for member in group.people),
                "leader": group.leader_id,
                "recorder": group.recorder_id,
            }
            for group in kept
        ],
        "note": note,
    }
