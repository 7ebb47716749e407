"""The waiting list: a freed or added seat moves somebody up inside the category, or says why it
did not; a held seat that nobody confirms passes on."""

from collections import Counter
from dataclasses import replace
from itertools import zip_longest

from django.conf import settings
from django.db import connection, transaction
from django.utils import translation
from django.utils.translation import gettext as _

from participants import deadlines, quota
from participants.applications import judge_people
from participants.models import FreedSeat, Participant, SeatRelease
from participants.seats import room_seats
from participants.standing import (
    lock_event,
    lock_people,
    stand,
    told_of_a_seat,
    told_statuses,
    write_letters,
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
    _pass_on([freed], now=now, by=by)
    return freed


def seats_freed(*, event, seats, now, by=None):
    """`seat_freed` for many at once: `seats` are `(category, online)`, one for each. Each line of
    waiting people is read once, however many seats there are."""
    for (category, online), count in Counter(seats).items():
        _pass_on(
            [FreedSeat(event=event, category=category, online=online) for _seat in range(count)],
            now=now,
            by=by,
        )


def _pass_on(freed, *, now, by, why_not_once=False):
    """Give freed seats of one category and room to those next in line; each row tells what became
    of its seat, or the first that found nobody tells it for all."""
    first = freed[0]
    event = first.event
    with translation.override(settings.LANGUAGE_CODE):  # kept for the organiser, not for the asker
        promoted, nobody = _next(first, len(freed), now, deciding=by is not None)
    people = lock_people(event, [promotion.person.id for promotion in promoted])
    changes = stand(people, Status.OFFERED, now=now, by=by) if people else []
    write_letters(changes, "offered", now=now)
    audit.record_all("offer_seat", people, by=by, event_id=event.pk)
    by_pk = {person.pk: person for person in people}
    if why_not_once:
        freed = freed[: len(promoted) + 1]
    for row, promotion in zip_longest(freed, promoted):
        if promotion:
            row.promoted, row.code = by_pk[promotion.person.id], "promoted"
            row.sentence = promotion.sentence
        else:
            row.code, row.sentence = nobody.code, nobody.sentence
    waited = [row for row in freed if row.pk]
    FreedSeat.objects.bulk_create([row for row in freed if row.pk is None])
    _write_down(waited)


_WRITE_DOWN = """
    UPDATE participants_freedseat AS seat
    SET promoted_id = told.promoted_id, code = told.code, sentence = told.sentence
    FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::text[])
        AS told (id, promoted_id, code, sentence)
    WHERE seat.id = told.id
"""


def _write_down(freed):
    """What became of seats that had waited; one statement."""
    columns = ("pk", "promoted_id", "code", "sentence")
    with connection.cursor() as cursor:
        cursor.execute(_WRITE_DOWN, [[getattr(row, name) for row in freed] for name in columns])


def _next(freed, seats, now, *, deciding):
    """`(promotions, why nobody more or None)` for so many seats like `freed`."""
    event, category, online = freed.event, freed.category, freed.online
    if event.starts_at <= now:
        return [], quota.NobodyMoved(
            "started", _("没有人递补，因为活动已经开始，空席由签到台现场安排。")
        )
    if event.status == event.Status.CANCELLED:
        return [], quota.NobodyMoved("event_cancelled", _("没有人递补，因为活动已取消。"))
    line = _in_line(event, online)
    told = told_statuses(_waiting(event, online).filter(category=category).only("pk", "status"))
    unaware = {pk for pk, status in told.items() if status != Status.WAITLISTED}
    line = [waiting for waiting in line if waiting.id not in unaware]
    labels = dict(event.categories.values_list("key", "name"))
    free = room_seats(event, online=online).free_in(category)
    line = _judged(line, category, min(seats, free))
    promoted, nobody = quota.move_up(line, category.key, free, seats, labels=labels)
    if nobody is None or not unaware or free <= len(promoted):
        return promoted, nobody
    if deciding:
        code = "not_released"
        sentence = _("没有人递补，因为%(category)s的候补还没有收到通知；空席请用“按名额补满”来排。")
    else:
        code = AWAITS_RELEASE
        sentence = _("还没有人递补，因为%(category)s的候补还没有收到通知；发送后自动递补。")
    return promoted, quota.NobodyMoved(code, sentence % {"category": category.name})


def _in_line(event, online):
    """WaitingPersons of the room, the best first, not yet judged."""
    rows = _waiting(event, online).values_list("pk", "category__key", "score", "submitted_at")
    return sorted((quota.WaitingPerson(*row) for row in rows), key=quota.rank_key)


# So many more people than seats are judged at once.
MARGIN = 20


def _judged(line, category, wanted):
    """The line, in the category judged as far down as `wanted` people are found whom no rule
    speaks against."""
    line = list(line)
    inside = [place for place, waiting in enumerate(line) if waiting.category == category.key]
    while inside and wanted > 0:
        places, inside = inside[: wanted + MARGIN], inside[wanted + MARGIN :]
        people = Participant.objects.filter(pk__in=[line[place].id for place in places])
        found = judge_people(list(people.select_related("category")))
        for place in places:
            against = bool(found[line[place].id].labels_with("not_met"))
            line[place] = replace(line[place], against=against)
            wanted -= not against
    return line


def list_released(*, event, now):
    """More people know their place on the waiting list: the seats that waited for them pass on.
    Call under the event's lock."""
    lines = {}
    awaiting = event.freed_seats.filter(code=AWAITS_RELEASE).select_related("category")
    for freed in awaiting.order_by("pk"):
        freed.event = event
        lines.setdefault((freed.category_id, freed.online), []).append(freed)
    for freed in lines.values():
        _pass_on(freed, now=now, by=None)


def _waiting(event, online):
    people = Participant.objects.filter(event=event, online=online).present()
    return people.with_status(Status.WAITLISTED)


def seats_opened(*, event, category, online, seats, now, by):
    """So many seats more for a category: who waits there moves up, until nobody does and it is
    said why. Call under the event's lock."""
    if seats > 0:
        # One seat more than there are people says why nobody more moves up.
        seats = min(seats, 1 + _waiting(event, online).filter(category=category).count())
        freed = [FreedSeat(event=event, category=category, online=online) for _seat in range(seats)]
        _pass_on(freed, now=now, by=by, why_not_once=True)


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
    they hear no reproach, and their page says sorry. A seat whose letter did not reach its holder
    is left alone: the organiser gives it away (out_of_reach.py).
    """
    with transaction.atomic():
        event = lock_event(event_id)
        if event.status == event.Status.CANCELLED:  # called_off tells them
            return 0
        now = clock.now()
        late = deadlines.overdue(now).filter(event=event)
        people = lock_people(event, late.values_list("pk", flat=True))
        released, heard = told_of_a_seat(people), deadlines.who_heard(people)
        astray = {person.pk for person in people if person.pk in released - heard}
        Participant.objects.filter(pk__any_of=astray).update(confirm_by=None)
        people = [person for person in people if person.pk not in astray]
        if not people:
            return 0
        with translation.override(settings.LANGUAGE_CODE):
            told = _("确认截止前没有收到您的确认，名额已经顺延。")
            sorry = _("活动开始前没能给您答复，很抱歉。希望下一场见到您。")
        silent = [person for person in people if person.pk in released]
        never_told = [person for person in people if person.pk not in released]
        changes = stand(
            silent, Status.WITHDRAWN, now=now, by=None, reason="no_answer", told_reason=told
        )
        write_letters(changes, "seat_passed_on", now=now)
        stand(
            never_told,
            Status.NOT_SELECTED,
            now=now,
            by=None,
            reason="never_told",
            told_reason=sorry,
        )
        audit.record_all("expire_seat", people, by=None, event_id=event.pk)
        seats = [(person.category, person.online) for person in people]
        seats_freed(event=event, seats=seats, now=now)
    return len(people)


def expire_due():
    """Every event with an overdue seat, each in a transaction of its own."""
    events = deadlines.overdue().order_by().values_list("event_id", flat=True).distinct()
    return sum(expire_event(event_id) for event_id in events)
