"""Create the next monthly online review of a series: an hour on the stream, light to set up."""

import json

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse
from django.utils.translation import gettext as _

from events.models import Series
from salon.errors import Refused
from salon.management.commands.new_salon import a_date, a_slug
from salon.monthly_review import new_review


class Command(BaseCommand):
    help = "Create an online review of a series on a date, as a draft."

    def add_arguments(self, parser):
        parser.add_argument("series")
        parser.add_argument("--slug", default="")
        parser.add_argument("--date", required=True, help="YYYY-MM-DD")
        parser.add_argument("--json", action="store_true")

    def handle(self, *, series, slug, **options):
        found = Series.objects.filter(slug=series).first()
        if found is None:
            raise CommandError(_("没有网址名为“%(slug)s”的系列。") % {"slug": series})
        try:
            event = new_review(
                series=found,
                date=a_date(options["date"]),
                slug=slug and a_slug(slug),
            )
        except Refused as refusal:
            raise CommandError(str(refusal)) from None
        answer = {
            "slug": event.slug,
            "admin_url": settings.PUBLIC_URL
            + reverse("admin:events_event_change", args=[event.pk]),
            "public_url": settings.PUBLIC_URL + reverse("event", args=[event.slug]),
        }
        if options["json"]:
            self.stdout.write(json.dumps(answer, ensure_ascii=False))
        else:
            self.stdout.write(_("已建好：%(title)s") % {"title": event.title})
            self.stdout.write(answer["admin_url"])
