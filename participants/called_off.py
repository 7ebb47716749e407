"""Telling everybody of a salon that was called off, so many at a time: nobody else waits for long.

The first are told with the calling off itself, the rest by the worker. What is still to be told
stands in the table: people of a cancelled event who hope or come.
"""

from functools import partial

from celery import current_app
from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from events.models import Event
from participants.models import Participant
from participants.standing import lock_event, lock_people, stand, told_statuses, write_letters
from salon import broker, clock
from salon.models import AuditEntry, User

Status = Participant.Status
AT_ONCE = 500
HOPEFUL = (*Participant.UNDECIDED, *Participant.SEATED)


def tell(event: Event, *, by: User | None) -> bool:
    """Cancel and tell AT_ONCE more people; whether some are left, for whom the worker is called.

    Call under the event's lock. Whoever was refused and not told so yet hopes still, and is told.
    """
    people = Participant.objects.filter(event=event).present()
    waiting = _hoping(people)
    # First those whose status does not say that they wait: `go_on_everywhere` finds the others.
    refused = set(people.with_status(Status.NOT_SELECTED).values_list("pk", flat=True))
    waiting.sort(key=lambda pk: pk not in refused)
    now = clock.now()
    with translation.override(settings.LANGUAGE_CODE):
        reason = _("整场活动取消了，不会再有提醒。")
    changes = stand(
        lock_people(event, waiting[:AT_ONCE]),
        Status.CANCELLED,
        now=now,
        by=by,
        told_reason=reason,
    )
    write_letters(changes, "cancelled", now=now)
    left = len(waiting) > AT_ONCE
    if left:
        transaction.on_commit(partial(_ring, event.pk), robust=True)
    return left


def _hoping(people):
    """The pks of those who hope for a seat, or have one, as far as they have been told."""
    asked = people.with_status(*HOPEFUL, Status.NOT_SELECTED).only("pk", "status")
    told = told_statuses(asked.order_by("pk"))
    return [pk for pk, status in told.items() if status in HOPEFUL]


def who_hears(event: Event) -> int:
    """How many people would be told."""
    return len(_hoping(Participant.objects.filter(event=event).present()))


def _ring(event_id):
    broker.attempt(
        lambda redis: current_app.send_task("participants.tasks.tell_called_off", [event_id])
    )


def go_on(event_id: int) -> None:
    """Tell the rest, each part in a transaction of its own."""
    left = True
    while left:
        with transaction.atomic():
            event = lock_event(event_id)
            left = event.status == Event.Status.CANCELLED and tell(event, by=_who(event))


def _who(event):
    """Who called the event off, by the record."""
    entry = AuditEntry.objects.filter(event_id=event.pk, verb="call_off_event").last()
    kind, _colon, pk = (entry.actor if entry else "").partition(":")
    return User.objects.filter(pk=pk).first() if kind == "user" else None


def go_on_everywhere() -> None:
    """What a lost ring left untold."""
    events = Participant.objects.filter(event__status=Event.Status.CANCELLED).present()
    events = events.with_status(*HOPEFUL).order_by().values_list("event_id", flat=True).distinct()
    for event_id in events:
        go_on(event_id)
