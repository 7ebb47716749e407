"""The waiting list: a freed or added seat moves somebody up inside the category, or says why it
did not; a held seat that nobody confirms passes on."""

from dataclasses import replace

from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from participants import quota
from participants.applications import judge_person
from participants.categories import rules_of
from participants.models import FreedSeat, Participant, SeatRelease
from participants.seats import room_seats
from participants.standing import (
    lock_event,
    lock_people,
    stand,
    told_of_a_seat,
    told_statuses,
    write_letter,
)
from salon import audit, clock
from salon.errors import Refused
from salon.text import clean_text

Status = Participant.Status
AWAITS_RELEASE = "awaits_release"


def seat_freed(*, event, category, online, now, by=None):
    """Offer a freed seat to the next in the category. Call under the event's lock.

    Whoever's place on the list is decided but no news to them yet is passed over: before the
    organiser releases it, nobody hears anything. `by` is the organiser whose act freed the seat;
    None when a person or a deadline did. Past the opening of the doors nobody is moved up: the
    desk gives away what is left. Returns the FreedSeat that tells what happened.
    """
    freed = FreedSeat(event=event, category=category, online=online)
    return _pass_on(freed, now=now, by=by)


def _pass_on(freed, *, now, by):
    event = freed.event
    with translation.override(settings.LANGUAGE_CODE):  # kept for the organiser, not for the asker
        moved = _next(freed, now, deciding=by is not None)
    if isinstance(moved, quota.Promotion):
        person = lock_people(event, [moved.person.id])[0]
        deadline = event.confirmation_deadline(now, offered=True)
        [change] = stand([person], Status.OFFERED, now=now, by=by, confirm_by=deadline)
        write_letter(change, "offered", now=now)
        audit.record("offer_seat", person, by=by, event_id=event.pk)
        freed.promoted, freed.code = person, "promoted"
    else:
        freed.code = moved.code
    freed.sentence = moved.sentence
    freed.save()
    return freed


def _next(freed, now, *, deciding):
    event, category, online = freed.event, freed.category, freed.online
    if event.starts_at <= now:
        return quota.NobodyMoved(
            "started", _("没有人递补，因为活动已经开始，空席由签到台现场安排。")
        )
    if event.status == event.Status.CANCELLED:
        return quota.NobodyMoved("event_cancelled", _("没有人递补，因为活动已取消。"))
    people = list(
        _waiting(event, online).select_related("category").prefetch_related("pain_points")
    )
    told = told_statuses([person for person in people if person.category_id == category.pk])
    unaware = {pk for pk, status in told.items() if status != Status.WAITLISTED}
    waiting = _in_line([person for person in people if person.pk not in unaware], category)
    labels = dict(event.categories.values_list("key", "name"))
    free = room_seats(event, online=online).free_in(category)
    moved = quota.next_up(waiting, category.key, free, labels=labels)
    if not unaware or free <= 0 or isinstance(moved, quota.Promotion):
        return moved
    if deciding:
        code = "not_released"
        sentence = _("没有人递补，因为%(category)s的候补还没有放行；空席请用“按名额补满”来排。")
    else:
        code = AWAITS_RELEASE
        sentence = _("还没有人递补，因为%(category)s的候补还没有放行；放行后自动递补。")
    return quota.NobodyMoved(code, sentence % {"category": category.name})


def _in_line(people, category):
    """WaitingPersons, the best first. Inside the category they are judged as far down as somebody
    is found whom no rule speaks against."""
    line = [
        quota.WaitingPerson(person.pk, person.category.key, person.score, person.submitted_at)
        for person in people
    ]
    line.sort(key=quota.rank_key)
    by_pk, rules = {person.pk: person for person in people}, rules_of(category)
    for place, waiting in enumerate(line):
        if waiting.category != category.key:
            continue
        if not judge_person(by_pk[waiting.id], rules=rules).labels_with("not_met"):
            break
        line[place] = replace(waiting, against=True)
    return line


def list_released(*, event, now):
    """More people know their place on the waiting list: the seats that waited for them pass on.
    Call under the event's lock."""
    for freed in event.freed_seats.filter(code=AWAITS_RELEASE).order_by("pk"):
        _pass_on(freed, now=now, by=None)


def _waiting(event, online):
    people = Participant.objects.filter(event=event, online=online).present()
    return people.with_status(Status.WAITLISTED)


def seats_opened(*, event, category, online, seats, now, by):
    """So many seats more for a category: who waits there moves up, until nobody does and it is
    said why. Call under the event's lock."""
    for _seat in range(seats):
        freed = seat_freed(event=event, category=category, online=online, now=now, by=by)
        if freed.promoted is None:
            return


def release_seats(*, event, source, target, seats, reason, by, online=False):
    """Give seats that `source` cannot fill to `target`, on record; returns the SeatRelease.

    Who waits in `target` moves up into them at once, or it is said why not.
    Raises Refused: same_category, reason_needed, not_free.
    """
    reason = clean_text(reason, max_length=200)
    if source == target:
        raise Refused("same_category", _("让出和接收的类别要不一样。"), status=422)
    if not reason:
        raise Refused("reason_needed", _("请写一句为什么调剂，留作记录。"), status=422)
    with transaction.atomic():
        event = lock_event(event.pk)
        room = room_seats(event, online=online)
        # What was given away and is not there any more goes back, whoever sits where.
        free = max(room.of(source).free, room.of(target).overdrawn)
        if seats < 1 or seats > free:
            raise Refused(
                "not_free",
                _("%(category)s现在空着 %(free)s 席，只能调剂 1 到 %(free)s 席。")
                % {"category": source.name, "free": free}
                if free > 0
                else _("%(category)s没有空席可以调剂。") % {"category": source.name},
            )
        release = SeatRelease.objects.create(
            event=event,
            source=source,
            target=target,
            online=online,
            seats=seats,
            reason=reason,
            by=by,
        )
        audit.record("release_seats", release, by=by, event_id=event.pk)
        seats_opened(
            event=event, category=target, online=online, seats=seats, now=clock.now(), by=by
        )
    return release


def room_grew(*, event, online, was, by):
    """The room had `was` seats and has more: who waits moves up into those of their category."""
    with transaction.atomic():
        event = lock_event(event.pk)
        if not _waiting(event, online).exists():
            return
        now, grown = clock.now(), room_seats(event, online=online)
        smaller = room_seats(event, online=online, room=was)
        for row in grown.rows:
            more = row.seats - smaller.of(row.category).seats
            # Shares that do not add up give nobody a seat of their own: then all are for all.
            more = grown.capacity - was if grown.problem else more
            seats_opened(
                event=event, category=row.category, online=online, seats=more, now=now, by=by
            )


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
