"""Create the next monthly online review of a series: an hour on the stream, light to set up."""

import json
from copy import deepcopy

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse
from django.utils.translation import gettext as _

from events.models import Event, Series
from salon.blueprint import default_document, new_salon
from salon.errors import Refused
from salon.management.commands.new_salon import a_date, a_slug

SEATS = 200
# What the default salon has and an hour online does not need.
LEFT_OUT = ("prep_groups", "milestones", "materials", "staff_roles", "risk_plans")
AGENDA = (
    (0, 10, "opening", "开场：上月回顾", "主持人", False),
    (10, 30, "roundtable", "案例复盘：用了白皮书里的哪一招", "轮流分享与提问", True),
    (40, 20, "break", "供需对接", "在线写供需、发起对接", True),
)


class Command(BaseCommand):
    help = "Create an online review of a series on a date, as a draft."

    def add_arguments(self, parser):
        parser.add_argument("series")
        parser.add_argument("--slug", required=True)
        parser.add_argument("--date", required=True, help="YYYY-MM-DD")
        parser.add_argument("--json", action="store_true")

    def handle(self, *, series, slug, **options):
        found = Series.objects.filter(slug=series).first()
        if found is None:
            raise CommandError(_("没有网址名为“%(slug)s”的系列。") % {"slug": series})
        date = a_date(options["date"])
        try:
            event = new_salon(
                slug=a_slug(slug),
                title=_("%(series)s·线上复盘 %(month)s")
                % {"series": found.title[:90], "month": f"{date:%Y-%m}"},
                date=date,
                venue=_("线上"),
                document=short_document(),
            )
        except Refused as refusal:
            raise CommandError(str(refusal)) from None
        Event.objects.filter(pk=event.pk).update(series=found)
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


def short_document():
    """The default salon cut down to an hour online."""
    document = deepcopy(default_document())
    events = document["events"]
    events["event"] |= {
        "starts": "20:00",
        "minutes": 60,
        "theme": "一个月一次，看看用上了什么",
        "description": "一小时线上复盘：上月做了什么，哪一招有用，下月一起试什么。",
        "on_site_capacity": 0,
        "online_capacity": SEATS,
    }
    events["agenda"] = [
        {
            "at": at,
            "minutes": minutes,
            "kind": kind,
            "title": title,
            "form": form,
            "interactive": interactive,
            "cue": "",
        }
        for at, minutes, kind, title, form, interactive in AGENDA
    ]
    for name in LEFT_OUT:
        events[name] = []
    return document
