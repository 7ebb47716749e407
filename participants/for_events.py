"""What the room of events hears from this one: heads to count, people to tell (events/upstairs)."""

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from events import plan_b, upstairs
from participants import reminders, roster, waitlist
from participants.applications import channel_of
from participants.models import Participant
from participants.standing import lock_people, stand, told_of_a_seat, write_letter
from salon import clock, outbox
from salon.models import Message

Status = Participant.Status


@upstairs.headcount.offer
def confirmed_heads(event):
    people = Participant.objects.filter(event=event).present().on_site()
    return {"heads": people.confirmed().count(), "arrived": people.checked_in().count()}


@upstairs.panels.offer
def arrivals_panel(event):
    """Who is here, category by category."""
    counts = roster.counts(event)
    if not counts.rows:
        return None
    return _("到场"), render_to_string("participants/_panel.html", {"counts": counts})


@upstairs.when_moved.offer
def follow_the_date(event, *, before, by):
    """Re-date reminders and deadlines, and tell everybody who holds a seat they know of."""
    now = clock.now()
    people = Participant.objects.filter(event=event).present()
    reminders.redate(event, now=now)
    # A seat that waits for its letter is kept until the doors open, whenever that is now.
    waiting = people.with_status(Status.ACCEPTED, Status.OFFERED)
    waiting.filter(confirm_by=before.starts_at).update(confirm_by=event.starts_at)
    waiting.filter(confirm_by__gt=event.starts_at).update(confirm_by=event.starts_at)
    if before.starts_at != event.starts_at:
        seated = list(people.holding_a_seat().order_by("pk"))
        told = told_of_a_seat(seated)
        tell(
            [person for person in seated if person.pk in told],
            "event_moved",
            event=event,
            now=now,
            key=f"{event.starts_at:%Y%m%d%H%M}",
        )


@upstairs.when_room_grows.offer
def move_up(event, *, online, was, by):
    waitlist.room_grew(event=event, online=online, was=was, by=by)


@upstairs.when_called_off.offer
def call_off(event, *, by):
    """Everybody still hoping or coming is told, once; nothing planned goes out any more."""
    now = clock.now()
    with translation.override(settings.LANGUAGE_CODE):
        reason = _("整场活动取消了。")
    still = Participant.objects.filter(event=event).with_status(
        *(Status.SUBMITTED, Status.PHONE_SCREENING, Status.WAITLISTED),
        *Participant.SEATED,
    )
    people = lock_people(event, still.values_list("pk", flat=True))
    for change in stand(people, Status.CANCELLED, now=now, by=by, told_reason=reason):
        write_letter(change, "cancelled", now=now)


@upstairs.when_agenda_changes.offer
def tell_agenda_changed(event, *, change, by):
    """Tell those to whom it is news. What is said of the item and has not gone yet is called
    back; so a switch undone in time reaches nobody, and an undone undoing contradicts nobody."""
    said = Message.objects.of_event(event).of_kind("agenda_changed")
    said = said.filter(context__item=change.item_id)
    outbox.cancel(said, by=by)
    # Read after the cancellation has waited for a worker that was handing one over.
    believed = {
        letter.person_id: letter.context["stands"]
        for letter in said.perhaps_arrived().order_by("pk")
    }
    confirmed = Participant.objects.filter(event=event).present().confirmed()
    tell(
        [
            person
            for person in confirmed
            if believed.get(person.pk, plan_b.AS_PLANNED) != change.stands
        ],
        "agenda_changed",
        event=event,
        now=clock.now(),
        key=change.key,
        context={"change": str(change), "item": change.item_id, "stands": change.stands},
    )


def tell(people, kind, *, event, now, key, context=None):
    """One letter of this kind to each of the people; the same key tells nobody twice."""
    for person in people:
        outbox.plan(
            dedup_key=f"{kind}:{person.pk}:{key}",
            kind=kind,
            event_id=event.pk,
            person_id=person.pk,
            due_at=now,
            channel=channel_of(person),
            batch=f"{kind}:{event.pk}:{key}",
            context=context,
        )
