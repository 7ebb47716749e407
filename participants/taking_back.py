"""A withdrawal taken back: for a day the person stands again where they stood, unless the seat
was passed on."""

from datetime import timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from participants import deadlines, reminders
from participants.models import FreedSeat, Participant
from participants.seats import room_seats
from participants.standing import lock_person, stand, unheard, write_letter
from participants.waitlist import seat_freed
from salon import audit, clock
from salon.errors import Refused

Status = Participant.Status
WITHIN = timedelta(days=1)
# What they hear once more: the letter about their withdrawal may have gone.
LETTERS = {
    Status.CONFIRMED: "confirmed",
    Status.ACCEPTED: "accepted",
    Status.OFFERED: "offered",
}


def may_take_back(person, *, now):
    """Whether `take_back_withdrawal` would do it now. A promise only under the event's lock."""
    try:
        _look(person.event, person, now)
    except Refused:
        return False
    return True


def take_back_withdrawal(*, participant, by):
    """Put somebody who withdrew back to where they stood, with the seat and its deadline.

    A decision that had not been released to them is not taken up again: they are back in review.
    Raises Refused: gone, not_possible, too_late, passed_on.
    """
    with transaction.atomic():
        event, person = lock_person(participant)
        if person.status != Status.WITHDRAWN:
            return person
        now = clock.now()
        status, deadline = _look(event, person, now)
        since = person.status_changed_at
        [change] = stand([person], status, now=now, by=by, reason="taken_back", confirm_by=deadline)
        if status in LETTERS:
            write_letter(change, LETTERS[status], now=now)
        if status == Status.CONFIRMED:
            reminders.plan_for_all([change], now=now)
        audit.record("take_back_withdrawal", person, by=by, event_id=event.pk)
        if status == Status.WAITLISTED and _freed(event, person, since).filter(promoted=None):
            # It would have been theirs; a seat that was free before is the organiser's to give.
            seat_freed(event=event, category=person.category, online=person.online, now=now)
            person.refresh_from_db()
    return person


def _freed(event, person, since):
    return FreedSeat.objects.filter(
        event=event, category=person.category_id, online=person.online, at__gte=since
    )


def _look(event, person, now):
    """`(status, deadline or None)` that the person goes back to. Raises Refused."""
    withdrawal, *earlier = person.status_changes.order_by("-pk") or [None]
    if person.status != Status.WITHDRAWN or not _is_own(withdrawal):
        raise Refused("not_possible", _("现在没有可以收回的取消。"))
    closed = event.status != event.Status.PUBLISHED or event.is_over(now)
    if closed or now - person.status_changed_at > WITHIN:
        raise Refused("too_late", _("取消已经过了一天，收不回来了。还想来，可以重新报名。"))
    knew = _told_before(withdrawal, earlier)
    if knew != withdrawal.before:
        # Seated or not, they are told nothing by this that had not been released.
        if knew in Participant.SEATED:
            raise _passed_on()
        return Status.SUBMITTED, None
    if knew not in Participant.SEATED:
        return knew, None
    if not _is_still_theirs(event, person, withdrawal):
        raise _passed_on()
    if knew == Status.CONFIRMED:
        return knew, None
    # Withdrawing wins no time: the row has kept until when the seat was held.
    if deadlines.held_until(person) <= now:
        raise Refused("too_late", _("确认时间已过，名额已经顺延。还想来的话，可以排到候补。"))
    return knew, person.confirm_by and min(person.confirm_by, event.starts_at)


def _is_own(change):
    """Withdrawn by the person or on their word; a seat that passed on unanswered is no withdrawal,
    and a row imported as withdrawn has no place to go back to."""
    return (
        change is not None
        and change.after == Status.WITHDRAWN
        and change.before
        and change.actor != audit.actor_name(None)
    )


def _passed_on():
    return Refused("passed_on", _("名额已经让给候补的朋友了。还想来，可以重新报名。"))


def _told_before(withdrawal, earlier):
    """What the person knew of where they stood when they withdrew; `earlier` the newest first."""
    kept_back, knew = unheard(earlier), withdrawal.before
    for change in earlier:
        if change.pk not in kept_back or change.after != knew:
            break
        knew = change.before
    return knew


def _is_still_theirs(event, person, withdrawal):
    """A free seat in the room, and in the category either one as well or, where it holds more than
    its share, nobody who was moved up since."""
    room = room_seats(event, online=person.online)
    if room.free <= 0:
        return False
    moved_up = _freed(event, person, withdrawal.at).exclude(promoted=None)
    return room.free_in(person.category) > 0 or not moved_up.exists()
