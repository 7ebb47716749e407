"""`letters <slug> [--person ID] [--json]`: every letter of an event, and what became of it."""

import json

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from events.models import Event
from participants import mailings
from participants.models import Participant
from salon.models import Message


class Command(BaseCommand):
    help = "List an event's letters with their state, and no word of what they say."

    def add_arguments(self, parser):
        parser.add_argument("slug")
        parser.add_argument("--person", type=int, help="only the letters to this participant")
        parser.add_argument("--json", action="store_true", help='print {"letters": […]}')

    def handle(self, *, slug, person, **options):
        event = Event.objects.filter(slug=slug).first()
        if event is None:
            raise CommandError(_("没有网址名为“%(slug)s”的活动。") % {"slug": slug})
        found = Message.objects.of_event(event).order_by("pk")
        if person is not None:
            if not Participant.objects.filter(event=event, pk=person).exists():
                raise CommandError(_("这场活动没有编号 %(person)s 的报名。") % {"person": person})
            found = found.of_person(person)
        letters = [mailings.as_json(message) for message in found]
        if options["json"]:
            self.stdout.write(json.dumps({"letters": letters}, ensure_ascii=False))
            return
        for letter in letters:
            line = "{id}  {kind}  {person}  {channel}  {state}  {due_at}  {words}"
            self.stdout.write(line.format(**letter | {"person": letter["person"] or "—"}))
        if not letters:
            self.stdout.write(_("还没有通知"))
