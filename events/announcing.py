"""Announcing an event to the world, and calling it off."""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from events import preparation, upstairs
from events.models import Event
from salon import audit, live
from salon.errors import Refused


def publish(*, event, by):
    """Show the event page to everybody; sign-up follows its window. Twice is once.

    Raises Refused("cancelled") for an event that was called off, Refused("no_venue") while nobody
    could find the way.
    """
    with transaction.atomic():
        event = Event.objects.select_for_update(no_key=True).get(pk=event.pk)
        if event.status == Event.Status.CANCELLED:
            raise Refused("cancelled", _("活动已取消，不能再公开。"))
        if not event.venue:
            raise Refused("no_venue", _("还没有填写场地，填好再公开。"))
        _stand(event, Event.Status.PUBLISHED, "publish_event", by)
    return event


def call_off(*, event, by):
    """Call the event off: planned messages go, everybody who applied is told. Twice is once."""
    with transaction.atomic():
        event = Event.objects.select_for_update(no_key=True).get(pk=event.pk)
        if event.status != Event.Status.CANCELLED:
            _stand(event, Event.Status.CANCELLED, "call_off_event", by)
            preparation.plan_reminders(event)
            for tell in upstairs.when_called_off:
                tell(event, by=by)
    return event


def _stand(event, status, verb, by):
    if event.status == status:
        return
    event.status = status
    event.version += 1
    event.save(update_fields=["status", "version"])
    audit.record(verb, event, by=by, event_id=event.pk, fields=["status"])
    live.publish(event, "agenda", "control")
