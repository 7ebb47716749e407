"""The waiting list: a freed seat moves somebody up inside the category, or says why it did not;
a held seat that nobody confirms passes on."""

from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from participants import quota
from participants.models import FreedSeat, Participant
from participants.seats import room_seats
from participants.standing import lock_event, lock_people, stand, told_of_a_seat, write_letter
from salon import audit, clock

Status = Participant.Status


def seat_freed(*, event, category, online, now, by=None, passing_over=()):
    """Offer a freed seat to the next in the category. Call under the event's lock.

    Whoever has just been put on the list for it is passed over, by pk. Returns the FreedSeat that
    tells what happened. Past the opening of the doors nobody is moved
    up: the desk gives away what is left.
    """
    with translation.override(settings.LANGUAGE_CODE):  # kept for the organiser, not for the asker
        moved = _next(event, category, online, now, passing_over)
    if isinstance(moved, quota.Promotion):
        person = lock_people(event, [moved.person.id])[0]
        deadline = event.confirmation_deadline(now, offered=True)
        [change] = stand([person], Status.OFFERED, now=now, by=by, confirm_by=deadline)
        write_letter(change, "offered", now=now)
        audit.record("offer_seat", person, by=by, event_id=event.pk)
        code = "promoted"
    else:
        person, code = None, moved.code
    return FreedSeat.objects.create(
        event=event,
        category=category,
        online=online,
        promoted=person,
        code=code,
        sentence=moved.sentence,
    )


def _next(event, category, online, now, passing_over):
    if event.starts_at <= now:
        return quota.NobodyMoved(
            "started", _("没有人递补，因为活动已经开始，空席由签到台现场安排。")
        )
    if event.status == event.Status.CANCELLED:
        return quota.NobodyMoved("event_cancelled", _("没有人递补，因为活动已取消。"))
    waiting = [
        quota.WaitingPerson(person.pk, person.category.key, person.score, person.submitted_at)
        for person in Participant.objects.filter(event=event, online=online)
        .with_status(Status.WAITLISTED)
        .present()
        .exclude(pk__in=passing_over)
        .select_related("category")
    ]
    labels = dict(event.categories.values_list("key", "name"))
    free = room_seats(event, online=online).free_in(category)
    return quota.next_up(waiting, category.key, free, labels=labels)


def expire_event(event_id):
    """Pass on the seats of one event that were not confirmed in time; returns how many.

    Whoever is late may join the waiting list again from their own page. Whoever was never told of
    their seat, because the batch was not released before the doors opened, is late for nothing:
    they hear no reproach, and their page says sorry.
    """
    with transaction.atomic():
        event = lock_event(event_id)
        now = clock.now()
        late = Participant.objects.filter(event=event, confirm_by__lte=now).with_status(
            Status.ACCEPTED, Status.OFFERED
        )
        people = lock_people(event, late.values_list("pk", flat=True))
        if not people:
            return 0
        with translation.override(settings.LANGUAGE_CODE):
            told = _("确认截止前没有收到您的确认，名额已经顺延。")
            sorry = _("活动开始前没能给您答复，很抱歉。希望下一场见到您。")
        heard = told_of_a_seat(people)
        silent = [person for person in people if person.pk in heard]
        never_told = [person for person in people if person.pk not in heard]
        for change in stand(
            silent, Status.WITHDRAWN, now=now, by=None, reason="no_answer", told_reason=told
        ):
            write_letter(change, "seat_passed_on", now=now)
        stand(
            never_told,
            Status.NOT_SELECTED,
            now=now,
            by=None,
            reason="never_told",
            told_reason=sorry,
        )
        audit.record_all("expire_seat", people, by=None, event_id=event.pk)
        for person in people:
            seat_freed(event=event, category=person.category, online=person.online, now=now)
    return len(people)


def expire_due():
    """Every event with an overdue seat, each in a transaction of its own."""
    events = (
        Participant.objects.with_status(Status.ACCEPTED, Status.OFFERED)
        .filter(confirm_by__lte=clock.database_now())
        .order_by()
        .values_list("event_id", flat=True)
        .distinct()
    )
    return sum(expire_event(event_id) for event_id in events)
