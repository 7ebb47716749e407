"""Two rooms, on site and online: moving a person from one to the other."""

from django.db import transaction
from django.utils.translation import gettext as _

from participants.applications import channel_of
from participants.models import Participant
from participants.seats import free_seats, room_seats
from participants.standing import lock_person, stand, told_of_a_seat
from participants.waitlist import seat_freed
from salon import audit, clock, live, outbox
from salon.errors import Refused

Status = Participant.Status

MAY_MOVE = (
    *(Status.SUBMITTED, Status.PHONE_SCREENING, Status.WAITLISTED),
    *Participant.SEATED,
)


def move_room(*, participant, online, by):
    """Move the person to the other room; a seat goes along only where one is free.

    The seat left behind passes on inside the category; one that its owner was not told of yet is
    let go where the other room is full, and an organiser decides again: a refusal would tell of
    it. Who waits takes a seat that is free in the other room, as long as nobody undecided there
    may need it. Moving to where one is changes nothing.
    Raises Refused: gone, not_possible, room_full.
    """
    with transaction.atomic():
        event, person = lock_person(participant)
        if person.online == online:
            return person
        now = clock.now()
        if person.status not in MAY_MOVE or event.is_over(now):
            raise Refused("not_possible", _("现在不能再改参加方式了。"))
        seated = person.status in Participant.SEATED
        full = seated and free_seats(event, online=online) <= 0
        if full and by == person and not told_of_a_seat([person]):
            reason = _("换到满员的一边，回到待审核")
            stand([person], Status.SUBMITTED, now=now, by=by, reason=reason)
            seated = False
        elif full:
            room = _("线上") if online else _("现场")
            raise Refused("room_full", _("%(room)s名额已满，暂时换不过去。") % {"room": room})
        person.online = online
        person.version += 1
        person.save(update_fields=["online", "version"])
        audit.record("move_room", person, by=by, event_id=event.pk, fields=["online"])
        live.publish(event, "arrivals")
        if seated:
            _seat_left(event, person, now)
        elif person.status == Status.WAITLISTED:
            _seat_found(event, person, now, by)
    return person


def _seat_found(event, person, now, by):
    room = room_seats(event, online=person.online)
    if room.free_in(person.category) > room.of(person.category).to_decide:
        organiser = None if by == person else by
        seat_freed(
            event=event, category=person.category, online=person.online, now=now, by=organiser
        )
        person.refresh_from_db()


def _seat_left(event, person, now):
    if not told_of_a_seat([person]):
        return  # they know of no seat yet: their letter will name the right room
    if person.status == Status.CONFIRMED:
        outbox.plan(
            dedup_key=f"room_changed:{person.pk}:{person.version}",
            kind="room_changed",
            event_id=event.pk,
            person_id=person.pk,
            due_at=now,
            channel=channel_of(person),
        )
    seat_freed(event=event, category=person.category, online=not person.online, now=now)
