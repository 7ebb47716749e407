"""The calendar file: the event and its items, for any calendar app.

UIDs never change and SEQUENCE grows with every edit, extension and move, so that opening a newer
file moves the old entries instead of doubling them (RFC 5545, 3.8.7.4). Between two edits there is
room for what one person does: who withdraws and comes back gets a newer file each time.
"""

from datetime import timedelta
from functools import cache

from django.utils.translation import gettext as _
from icalendar import Alarm, Calendar, Timezone, vCalAddress
from icalendar import Event as Entry

from events.models import Event

# Steps of one person between two versions of the event.
STEPS = 100


def calendar_of(event, *, url, now, watches=False, step=0, off=False, organiser=""):
    """The file's bytes. `url` is the event's page, `now` the moment it is handed out; the link to
    the stream only stands in the file of somebody who `watches`. `step` counts what happened to the
    person since they applied; `off` takes the entries out of their calendar (METHOD:CANCEL, which
    names the `organiser`'s address)."""
    calendar = Calendar()
    calendar.add("prodid", "-//Salon//Event//ZH")
    calendar.add("version", "2.0")
    calendar.add("method", "CANCEL" if off else "PUBLISH")
    calendar.add("x-wr-calname", event.title)
    items = list(event.agenda.all())
    sequence = event.version * STEPS + min(step, STEPS - 1)
    stamp = {"dtstamp": now, "sequence": sequence}
    if off:
        stamp["status"] = "CANCELLED"
        if organiser:
            stamp["organizer"] = vCalAddress(f"mailto:{organiser}")
    whole = _entry(event, event, f"event-{event.pk}", stamp)
    whole.add("description", _outline(event, items, url, watches))
    whole.add("url", url)
    if not off:
        whole.add_component(_day_before(event))
    calendar.add_component(whole)
    for item in items:
        entry = _entry(event, item, f"agenda-{item.pk}", stamp)
        entry.add("description", item.form)
        entry.add("related-to", whole["uid"])
        # Inside the event's own entry: shown, but not a second engagement.
        entry.add("transp", "TRANSPARENT")
        calendar.add_component(entry)
    calendar.add_component(_timezone(event.timezone))
    return calendar.to_ical()


@cache
def _timezone(name):
    """The zone's rules; working them out takes longer than all the rest of the file."""
    return Timezone.from_tzid(name)


def _entry(event, span, name, stamp):
    entry = Entry()
    entry.add("uid", f"{name}-{event.created_at:%Y%m%d%H%M%S}@salon")
    entry.add("summary", span.title)
    for key, value in stamp.items():
        entry.add(key, value)
    entry.add("dtstart", event.local(span.starts_at))
    entry.add("dtend", event.local(span.ends_at))
    entry.add("location", event.venue)
    if "status" not in stamp:
        cancelled = event.status == Event.Status.CANCELLED
        entry.add("status", "CANCELLED" if cancelled else "CONFIRMED")
    return entry


def _outline(event, items, url, watches):
    lines = [event.theme, ""] if event.theme else []
    lines += [f"{event.local(item.starts_at):%H:%M} {item.title}" for item in items]
    if event.route:
        lines += ["", _("到达路线：%(route)s") % {"route": event.route}]
    if watches and event.stream_link:
        lines += ["", _("直播：%(link)s") % {"link": event.stream_link}]
    return "\n".join([*lines, "", url])


def _day_before(event):
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", event.title)
    alarm.add("trigger", timedelta(days=-1))
    return alarm
