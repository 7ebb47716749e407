"""`desk_pass <slug> --desk NAME [--json]`: a link and a PIN for one desk, shown this once."""

import json
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse
from django.utils.translation import gettext as _

from events.access import issue_desk_pass
from events.models import Event
from salon.text import clean_text


class Command(BaseCommand):
    help = "Issue a desk pass: the link and PIN with which a tablet becomes a desk."

    def add_arguments(self, parser):
        parser.add_argument("slug")
        parser.add_argument("--desk", default="", help="the desk's name, as guests will read it")
        parser.add_argument(
            "--json", action="store_true", help='print {"url", "pin", "expires_at"} and no more'
        )

    def handle(self, *args, slug, desk, **options):
        event = Event.objects.filter(slug=slug).first()
        if event is None:
            raise CommandError(_("没有网址名为 %(slug)s 的活动。") % {"slug": slug})
        name = clean_text(desk, max_length=40) or _("签到台")
        desk_pass, token, pin = issue_desk_pass(event=event, desk=name, by=None)
        url = settings.PUBLIC_URL + reverse("desk_link", args=[token])
        if options["json"]:
            expires_at = desk_pass.expires_at.isoformat()
            self.stdout.write(json.dumps({"url": url, "pin": pin, "expires_at": expires_at}))
            return
        until = desk_pass.expires_at.astimezone(ZoneInfo(event.timezone))
        self.stdout.write(f"{name}\n{url}\nPIN {pin}\n{until:%Y-%m-%d %H:%M}")
