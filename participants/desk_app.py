"""What the desk's installable page needs besides its HTML: its words, its settings, and the
service worker with the list of files that make it run without a network."""

import hashlib
import json

from django.conf import settings
from django.contrib.staticfiles import finders
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import gettext as _

from events.models import AgendaItem
from participants.roster import EXPECTED

# Modules import each other by their plain names, so they are kept under these and not under the
# hashed ones; the version below changes with every byte of them.
MODULES = (
    *("js/desk/desk.js", "js/desk/codes.js", "js/desk/roster.js", "js/desk/store.js"),
    *("js/desk/queue.js", "js/desk/scanner.js", "js/desk/signals.js", "js/desk/walkin.js"),
    *("js/desk/result.js",),
)
FILES = (
    *("css/salon.css", "css/desk.css", "vendor/bootstrap-5.3.9/bootstrap-grid.min.css"),
    *("js/live.js", "js/page.js", "js/desk/desk.js", "img/seal.svg"),
    *("vendor/idb-8.0.4/umd.js",),
    "vendor/barcode-detector-3.2.2/ponyfill.js",
    "vendor/barcode-detector-3.2.2/zxing_reader.wasm",
)


def service_worker():
    """static/js/desk-sw.js with its version and files put in front."""
    source = _read("js/desk-sw.js")
    addresses = sorted(
        {static(name) for name in FILES} | {settings.STATIC_URL + m for m in MODULES}
    )
    version = hashlib.sha256(source)
    for name in (*FILES, *MODULES):
        version.update(_read(name))
    start = {"version": version.hexdigest()[:16], "files": addresses}
    return f"const KEEP = {json.dumps(start)};\n".encode() + source


def _read(name):
    path = finders.find(name)
    with open(path, "rb") as file:
        return file.read()


def manifest(*, start):
    return {
        "name": _("签到台"),
        "short_name": _("签到台"),
        "lang": "zh-Hans",
        "id": start,
        "start_url": start,
        "scope": start,
        "display": "standalone",
        "background_color": "#f5f0e6",
        "theme_color": "#f5f0e6",
        "icons": [
            {"src": static("img/desk-192.png"), "sizes": "192x192", "type": "image/png"},
            {"src": static("img/desk-512.png"), "sizes": "512x512", "type": "image/png"},
            {"src": static("img/seal.svg"), "sizes": "any", "type": "image/svg+xml"},
        ],
    }


def settings_of(desk):
    """What the page's script must know; JSON-able, no personal value."""
    event = desk.event
    first = event.agenda.exclude(kind=AgendaItem.Kind.CHECK_IN).order_by("starts_at").first()
    slug = [event.slug]
    return {
        "slug": event.slug,
        "desk": desk.desk,
        "zone": event.timezone,
        "expires_at": desk.expires_at.isoformat(),
        "on_time_until": (first.starts_at if first else event.starts_at).isoformat(),
        "capacity": event.on_site_capacity,
        "categories": list(event.categories.values("key", "name")),
        "urls": {
            "roster": reverse("desk_roster", args=slug),
            "check_ins": reverse("desk_check_ins", args=slug),
            "undo": reverse("desk_undo", args=slug),
            "walk_ins": reverse("desk_walk_ins", args=slug),
            "cards": reverse("desk_cards", args=slug),
            "worker": reverse("desk_sw", args=slug),
            "scope": reverse("desk", args=slug),
        },
        "wasm": static("vendor/barcode-detector-3.2.2/zxing_reader.wasm"),
        "ponyfill": static("vendor/barcode-detector-3.2.2/ponyfill.js"),
        "statuses": {status.value: str(status.label) for status in EXPECTED},
    }


def words():
    """The page's sentences for its script; {n}, {name} … are filled there."""
    return {
        "checked_in": _("成功"),
        "already": _("已签到"),
        "not_confirmed": _("未确认"),
        "unknown": _("不在名单"),
    }
