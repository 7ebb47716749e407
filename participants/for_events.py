"""What the room of events hears from this one: heads to count, people to tell (events/upstairs)."""

from datetime import datetime

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from events import agenda, plan_b, upstairs
from participants import called_off, deadlines, out_of_reach, reminders, roster, waitlist
from participants.applications import channel_of
from participants.models import Participant
from participants.standing import told_of_a_seat
from salon import clock, outbox
from salon.models import Message


@upstairs.headcount.offer
def confirmed_heads(event):
    people = Participant.objects.filter(event=event).present().on_site()
    return {"heads": people.confirmed().count(), "arrived": people.checked_in().count()}


@upstairs.readiness.offer
def everybody_was_told(event):
    return out_of_reach.everybody_was_told(event, url=reverse("by_hand", args=[event.slug]))


@upstairs.readiness.offer
def no_seat_is_kept_for_nobody(event):
    return out_of_reach.no_seat_is_kept(event, url=reverse("by_hand", args=[event.slug]))


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
    reminders.redate(event, before=before, now=now)
    # A start put right on the day or after it is an entry in the record, no news to anybody.
    if before.starts_at == event.starts_at or agenda.has_begun(event, now=now):
        return
    told = _who_know(event)
    deadlines.after_a_move(event, before=before)
    written_to = _tell_moved(event, told, before=before, now=now)
    as_they_know = [person for person in told if person.pk not in written_to]
    deadlines.start_anew(event, as_they_know, now=now)


def _who_know(event):
    """The people who hold a seat and know of it."""
    people = Participant.objects.filter(event=event).present().holding_a_seat()
    seated = list(people.only(*reminders.REACHED_BY).order_by("pk"))
    told = told_of_a_seat(seated)
    return [person for person in seated if person.pk in told]


def _tell_moved(event, people, *, before, now):
    """Write to those to whom the new start is news: a letter about an earlier move that has not
    gone is called back, and who never got it still believes what was before. Returns their pks."""
    said = Message.objects.of_event(event).of_kind("event_moved")
    waiting = list(said.to_be_stopped().values_list("pk", flat=True))
    outbox.cancel(said)
    # Read after the cancellation has waited for a worker that was handing one over.
    believed = {
        letter.person_id: letter.context["was"]
        for letter in said.cancelled().filter(pk__any_of=set(waiting))
    }
    groups = {}
    for person in people:
        was = believed.get(person.pk, before.starts_at.isoformat())
        if datetime.fromisoformat(was) != event.starts_at:
            groups.setdefault(was, []).append(person)
    for was, group in groups.items():
        tell(
            group,
            "event_moved",
            event=event,
            now=now,
            key=event.version,
            context={"was": was},
            until=event.starts_at,
        )
    return {person.pk for group in groups.values() for person in group}


@upstairs.who_hears_of_a_move.offer
def people_to_tell(event):
    is_on = event.agenda.begun().exists() and not agenda.is_rehearsal(event, now=clock.now())
    return 0 if is_on else len(_who_know(event))


@upstairs.when_room_grows.offer
def move_up(event, *, online, was, by):
    waitlist.room_grew(event=event, online=online, was=was, by=by)


upstairs.who_hears_of_calling_off.offer(called_off.who_hears)


@upstairs.when_called_off.offer
def call_off(event, *, by):
    called_off.tell(event, by=by)


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


def tell(people, kind, *, event, now, key, context=None, until=None):
    """One letter of this kind to each of the people; the same key tells nobody twice."""
    outbox.plan_many(
        outbox.Planned(
            dedup_key=f"{kind}:{person.pk}:{key}",
            kind=kind,
            event_id=event.pk,
            person_id=person.pk,
            due_at=now,
            channel=channel_of(person),
            batch=f"{kind}:{event.pk}:{key}",
            context=context,
            until=until,
        )
        for person in people
    )
