"""Create a salon from the default blueprint."""

import json
from datetime import date

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_slug
from django.urls import reverse
from django.utils.translation import gettext as _

from salon.blueprint import new_salon
from salon.errors import Refused
from salon.text import clean_text


class Command(BaseCommand):
    help = "Create a salon from the default blueprint, ready to edit."

    def add_arguments(self, parser):
        parser.add_argument("slug")
        parser.add_argument("--title", required=True)
        parser.add_argument("--date", required=True, help="YYYY-MM-DD")
        parser.add_argument("--venue", default="")
        parser.add_argument("--json", action="store_true")

    def handle(self, *, slug, title, **options):
        try:
            event = new_salon(
                slug=a_slug(slug),
                title=a_title(title),
                date=a_date(options["date"]),
                venue=a_venue(options["venue"]),
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
            self.stdout.write(f"{answer['admin_url']}\n{answer['public_url']}")


def a_slug(text):
    try:
        validate_slug(text)
    except ValidationError:
        raise CommandError(_("网址名只能用英文字母、数字、横线和下划线。")) from None
    if len(text) > 60:
        raise CommandError(_("网址名最多 60 个字符。"))
    return text


def a_title(text):
    title = clean_text(text)
    if not title or len(title) > 120:
        raise CommandError(_("活动名称要有 1 到 120 个字。"))
    return title


def a_venue(text):
    venue = clean_text(text)
    if len(venue) > 200:
        raise CommandError(_("场地最多 200 个字。"))
    return venue


def a_date(text):
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise CommandError(_("日期请写成 2026-12-19 这样。")) from None
