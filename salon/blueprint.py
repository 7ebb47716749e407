"""New salon: one document, a part for each room. Composition: knows the rooms, known by none.

Three verbs, one path: a fresh salon is built from the rooms' defaults, a clone from what the
rooms record of another event, and a saved blueprint is such a recording kept under a name.
People and results stay behind.
"""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from events import blueprint as events
from events.agenda import require_day_of_ours
from events.models import Blueprint, Crew, Event
from metrics import blueprint as metrics
from participants import blueprint as participants
from salon import audit, clock
from salon.errors import Refused
from salon.meeting import one_instant
from workshops import blueprint as workshops

ROOMS = {
    "events": events,
    "participants": participants,
    "workshops": workshops,
    "metrics": metrics,
}


def default_document():
    return {name: room.DEFAULT for name, room in ROOMS.items()}


@one_instant()
def record(event):
    """What the event set up, as a blueprint document."""
    return {name: room.record(event) for name, room in ROOMS.items()}


def new_salon(*, slug, title, date, venue="", document=None, by=None):
    """Create a salon on `date` (in its own zone) from `document`, ready to edit, as a draft.

    `by` becomes its organiser. Raises Refused("slug") when the address is taken, Refused("date")
    for a day beyond the calendar.
    """
    require_day_of_ours(date)
    document = document or default_document()
    frame = document["events"]["event"]
    zone = ZoneInfo(frame["timezone"])
    starts_at = datetime.combine(date, time.fromisoformat(frame["starts"]), zone)
    now = clock.now()
    try:
        with transaction.atomic():
            event = Event.objects.create(
                slug=slug,
                title=title,
                venue=venue,
                timezone=frame["timezone"],
                starts_at=starts_at,
                ends_at=starts_at + timedelta(minutes=frame["minutes"]),
            )
            for name, room in ROOMS.items():
                room.build(event, document[name], now=now)
            if by is not None:
                Crew.objects.create(event=event, user=by, role=Crew.Role.ORGANISER)
            audit.record("new_salon", event, by=by, event_id=event.pk)
    except IntegrityError as error:
        if "slug" not in str(error):
            raise
        raise Refused("slug", _("网址名“%(slug)s”已经有活动在用了。") % {"slug": slug}) from None
    return event


def clone(*, source, slug, title, date, venue=None, by=None):
    """A new salon set up like `source`; its people and results stay behind."""
    return new_salon(
        slug=slug,
        title=title,
        date=date,
        venue=source.venue if venue is None else venue,
        document=record(source),
        by=by,
    )


def save_as_blueprint(*, event, name, by):
    """Keep the event's set-up under a name; the same name again replaces it."""
    with transaction.atomic():
        saved, _created = Blueprint.objects.update_or_create(
            name=name, defaults={"document": record(event)}
        )
        audit.record("save_blueprint", saved, by=by, event_id=event.pk)
    return saved
