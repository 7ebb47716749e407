"""Deciding who comes: one decision or many, never more than the room, nobody mailed unasked.

Every verb locks the event's row first and the people after it, so that sixty clicks for fifty
seats queue up and the fifty-first reads what the fiftieth wrote. A decision writes a StatusChange
in a batch and prepares a held letter; `release_batch` lets the letters go (SALON §3).
"""

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from participants import deadlines, reminders
from participants.applications import judge_people, judge_person
from participants.categories import rules_of
from participants.models import Participant, ScreeningBatch, StatusChange
from participants.seats import free_seats
from participants.standing import (
    LETTERS,
    batch_key,
    heard_of,
    lock_event,
    lock_people,
    lock_person,
    may_come_back,
    stand,
    told_of_a_seat,
    told_status,
    unheard,
    write_letter,
    write_letters,
)
from participants.waitlist import list_released, seat_freed, seats_freed
from salon import audit, clock, outbox
from salon.errors import Refused
from salon.meeting import goes_again
from salon.models import Message
from salon.text import clean_text

Status = Participant.Status

# What an organiser may decide from where. The person's own steps are at the end of this file.
MAY_BECOME = {
    Status.SUBMITTED: (
        *(Status.PHONE_SCREENING, Status.WAITLISTED, Status.NOT_SELECTED),
        *(Status.WITHDRAWN, Status.CANCELLED),
    ),
    Status.PHONE_SCREENING: (Status.SUBMITTED, Status.WAITLISTED),
    Status.ACCEPTED: (*Participant.UNDECIDED, Status.NOT_SELECTED),
    Status.WAITLISTED: (
        *(Status.SUBMITTED, Status.PHONE_SCREENING, Status.ACCEPTED),
        *(Status.OFFERED, Status.NOT_SELECTED),
    ),
    Status.NOT_SELECTED: (*Participant.UNDECIDED, Status.ACCEPTED, Status.OFFERED),
    Status.CANCELLED: (*Participant.UNDECIDED, *Participant.SEATED),
}
NEEDS_TOLD_REASON = (Status.NOT_SELECTED, Status.CANCELLED)


def may_decide(person, to_status):
    return person.status in MAY_BECOME.get(to_status, ())


def not_met_labels(person):
    """Labels of the criteria this person does not meet; they speak against accepting."""
    return judge_person(person).labels_with("not_met")


# ---- decisions ---------------------------------------------------------------------------


def decide(*, participant, to_status, by, reason="", told_reason=""):
    """One decision on one person; returns its ScreeningBatch.

    `reason` stays in the house and is needed when somebody is accepted against a criterion;
    `told_reason` is what a person not selected or cancelled reads. Raises Refused: gone,
    not_possible, room_full, reason_needed, told_reason_needed.
    """
    batch, refused = decide_many(
        event=participant.event,
        people=[participant.pk],
        to_status=to_status,
        by=by,
        reason=reason,
        told_reason=told_reason,
        kind="single",
    )
    for refusal in refused.values():
        raise refusal
    return batch


@goes_again
def decide_many(*, event, people, to_status, by, reason="", told_reason="", kind="bulk"):
    """The same decision on several people by pk: `(batch or None, {pk: Refused})`.

    What can be decided is; who cannot is named with the sentence. When the room is too small,
    the seats go by score, then time of application.
    """
    told_reason = clean_text(told_reason, max_length=300)
    if to_status in NEEDS_TOLD_REASON and not told_reason:
        raise Refused("told_reason_needed", _("请写一句告诉本人的理由。"), status=422)
    with transaction.atomic():
        event = lock_event(event.pk)
        decision = Decision(event, by=by, kind=kind)
        reasons = dict.fromkeys(people, clean_text(reason, max_length=200))
        decision.carry_out(people, to_status, reasons=reasons, told_reason=told_reason)
    return decision.batch, decision.refused


class Decision:
    """Several steps of one batch under the event's lock: `batch` (None while nothing was done)
    and `refused`, {pk: Refused}."""

    def __init__(self, event, *, by, kind):
        self.event, self.by, self.kind = event, by, kind
        self.now = clock.now()
        self.batch, self.refused, self.done = None, {}, []

    def carry_out(self, people, to_status, *, reasons, told_reason=""):
        """Decide `people` (pks); `reasons` maps a pk to the reason kept in the house."""
        found = lock_people(self.event, people)
        for pk in set(people) - {person.pk for person in found}:
            self.refused[pk] = Refused("gone", _("这份报名已经不在了。"), status=404)
        able = self._able(found, to_status, reasons)
        if not able:
            return
        if self.batch is None:
            self.batch = ScreeningBatch.objects.create(event=self.event, by=self.by, kind=self.kind)
        freed = self._freed_by(able, to_status)
        groups = {}
        for person in able:
            groups.setdefault(reasons.get(person.pk, ""), []).append(person)
        for reason, group in groups.items():
            self._write(group, to_status, reason, told_reason)
        audit.record_all("decide", able, by=self.by, event_id=self.event.pk, fields=["status"])
        seats_freed(event=self.event, seats=freed, now=self.now, by=self.by)

    def _able(self, people, to_status, reasons):
        able = []
        rooms, against = {}, {}
        if to_status == Status.ACCEPTED:
            unreasoned = [person for person in people if not reasons.get(person.pk)]
            against = {
                pk: judgement.labels_with("not_met")
                for pk, judgement in judge_people(unreasoned).items()
            }
            kinds = {person.online for person in people}
            rooms = {online: free_seats(self.event, online=online) for online in kinds}
        for person in sorted(people, key=lambda one: (-one.score, one.submitted_at, one.pk)):
            refusal = self._why_not(person, to_status, against.get(person.pk), rooms)
            if refusal:
                self.refused[person.pk] = refusal
                continue
            if to_status == Status.ACCEPTED:
                rooms[person.online] -= 1
            able.append(person)
        return able

    def _why_not(self, person, to_status, against, rooms):
        if not may_decide(person, to_status):
            words = {
                "name": person.name,
                "status": person.get_status_display(),
                "to": Status(to_status).label,
            }
            return Refused(
                "not_possible", _("%(name)s现在是“%(status)s”，不能改为“%(to)s”。") % words
            )
        if to_status != Status.ACCEPTED:
            return None
        if against:
            return Refused(
                "reason_needed",
                _("%(name)s未达到：%(labels)s。要录取请写明理由。")
                % {"name": person.name, "labels": _("、").join(against)},
                status=422,
            )
        if rooms[person.online] <= 0:
            room = _("线上") if person.online else _("现场")
            return Refused("room_full", _("%(room)s名额已满，可以先排候补。") % {"room": room})
        return None

    def _freed_by(self, people, to_status):
        """Seats that people were told to have and now lose; a decision taken back before its
        release was never theirs, and moves nobody up."""
        if to_status in Participant.SEATED:
            return []
        seated = [person for person in people if person.status in Participant.SEATED]
        told = told_of_a_seat(seated)
        return [(person.category, person.online) for person in seated if person.pk in told]

    def _write(self, people, to_status, reason, told_reason):
        changes = stand(
            people,
            to_status,
            now=self.now,
            by=self.by,
            batch=self.batch,
            reason=reason,
            told_reason=told_reason,
            seen=True,
        )
        self.done += changes
        if to_status in LETTERS:
            write_letters(changes, LETTERS[to_status], now=self.now, batch=self.batch)


def rescore(*, category, by):
    """Judge everybody of a category anew, after its rules have changed; returns how many scores
    moved."""
    with transaction.atomic():
        lock_event(category.event_id)
        people = list(
            Participant.objects.select_for_update(of=("self",))
            .filter(category=category)
            .present()
            .prefetch_related("pain_points")
            .order_by("pk")
        )
        rules = rules_of(category)
        moved = []
        for person in people:
            score = judge_person(person, rules=rules).score
            if score != person.score:
                person.score = score
                moved.append(person)
        Participant.objects.bulk_update(moved, ["score"], batch_size=500)
        audit.record("rescore", category, by=by, event_id=category.event_id)
    return len(moved)


# ---- batches -----------------------------------------------------------------------------


def letters_of(batch):
    return Message.objects.of_event(batch.event).in_batch(batch_key(batch))


def _lock_batch(batch):
    event = lock_event(batch.event_id)
    batch = ScreeningBatch.objects.select_for_update().get(pk=batch.pk)
    batch.event = event
    if batch.undone_at:
        raise Refused("undone", _("这一批已经撤销了。"))
    return batch


def release_batch(*, batch, by):
    """Let the batch's letters go; returns their number. The confirmation deadline of each starts
    once its letter is handed over (deadlines.py). Of a batch held half-way the rest goes.

    Raises Refused: undone, released.
    """
    return release_batches(batches=[batch], by=by)


@goes_again
def release_batches(*, batches, by):
    """Release batches of one event at once, so that a seat that waits for the waiting list goes
    to the best of them all. As release_batch."""
    with transaction.atomic():
        batches = [_lock_batch(batch) for batch in batches]
        for batch in batches:
            _lock_readers(letters_of(batch).held())
        released = sum(_let_go(batch, by=by) for batch in batches)
        if batches:
            list_released(event=batches[0].event, now=clock.now())
    return released


def _let_go(batch, *, by):
    waiting = letters_of(batch).held()
    if batch.released_at and not waiting.exists():
        raise Refused("released", _("这一批已经发送了。"))
    released = outbox.release(waiting, by=by)
    batch.released_at = batch.released_at or clock.now()
    batch.save(update_fields=["released_at"])
    audit.record("release_batch", batch, by=by)
    return released


def _lock_readers(letters):
    """Those who are written to, before their letters, as everybody locks them."""
    pks = set(letters.values_list("person_id", flat=True))
    rows = Participant.objects.select_for_update(no_key=True, of=("self",))
    list(rows.filter(pk__any_of=pks).order_by("pk").values_list("pk"))


@goes_again
def hold_batch(*, batch, by):
    """Stop the batch's letters that have not gone yet; returns how many were stopped in time."""
    with transaction.atomic():
        batch = _lock_batch(batch)
        stopped = outbox.hold(letters_of(batch), by=by)
        if not letters_of(batch).handed_over().exists():
            batch.released_at = None
            batch.save(update_fields=["released_at"])
        audit.record("hold_batch", batch, by=by)
    return stopped


@goes_again
def undo_batch(*, batch, by):
    """Put everybody of an unreleased batch back where they stood: `(restored, left alone)`.

    Left alone are those who have moved on since, and those whose old seat is gone. Raises
    Refused: undone, released.
    """
    with transaction.atomic():
        batch = _lock_batch(batch)
        if batch.released_at:
            raise Refused("released", _("这一批的通知已经发送，不能再撤销；请改用新的决定。"))
        now = clock.now()
        # Somebody may have come back to this batch by another's undoing: the first change counts.
        changes = batch.changes.order_by("-pk")
        first = {
            change.participant_id: change
            for change in changes.values_list("pk", "participant_id", "before", named=True)
        }
        people = lock_people(batch.event, first)
        stands = set(batch.changes.newest().values_list("participant_id", flat=True))
        outbox.cancel(letters_of(batch), by=by)
        batch.undone_at = now
        batch.save(update_fields=["undone_at"])
        back = [person for person in people if person.pk in stands]
        restored = _restore(batch.event, back, first, now, by)
        audit.record("undo_batch", batch, by=by)
    return restored, len(first) - restored


def _restore(event, people, changes, now, by):
    """Put the people back to where they stood before their change (`{pk: change}`), as far as
    their seats are there; returns how many."""
    earlier = _earlier(people, changes)
    told_late = unheard(earlier.values())
    batches = ScreeningBatch.objects.in_bulk({change.batch_id for change in earlier.values()})
    free = {online: free_seats(event, online=online) for online in (False, True)}
    groups, heard = {}, heard_of(earlier.values())
    for person in people:
        before = changes[person.pk].before
        if before in Participant.SEATED and person.status not in Participant.SEATED:
            if free[person.online] <= 0:
                continue
            free[person.online] -= 1
        told = earlier.get(person.pk)
        # Their letter about it was never released: it waits again, in the batch it came from.
        batch = batches[told.batch_id] if told and told.pk in told_late else None
        said = told.told_reason if told else ""
        if before == Status.NOT_SELECTED and not said:  # decided before the words were kept
            said = _("这次没能安排上，很抱歉。")
        knows = told is None or told.pk in heard
        groups.setdefault((before, batch, said, knows), []).append(person)
    for (before, batch, said, knows), group in groups.items():
        deadline, unconfirmed = None, before in deadlines.UNCONFIRMED
        if unconfirmed and knows:
            deadline = event.confirmation_deadline(now, offered=before == Status.OFFERED)
        backs = stand(
            group,
            before,
            now=now,
            by=by,
            batch=batch,
            reason="undo",
            told_reason=said,
            confirm_by=deadline,
        )
        if batch is not None or (unconfirmed and not knows):
            kind = "offered" if before == Status.OFFERED else LETTERS[before]
            write_letters(backs, kind, now=now, batch=batch)
        if before == Status.CONFIRMED:
            reminders.plan_for_all(backs, now=now)
    return sum(len(group) for group in groups.values())


def _earlier(people, changes):
    """{pk: the StatusChange by which each of them came to stand where they stood before their
    change}, for those that have one."""
    found = {}
    rows = StatusChange.objects.filter(participant__any_of={person.pk for person in people})
    names = ("pk", "participant_id", "after", "batch_id", "told_reason")
    for change in rows.order_by("pk").values_list(*names, named=True):
        undone = changes[change.participant_id]
        if change.pk < undone.pk and change.after == undone.before:
            found[change.participant_id] = change
    return found


def last_batch(event, by):
    """The batch that "undo" of this organiser would take back, or None. A batch from which
    everybody has moved on is history."""
    return (
        ScreeningBatch.objects.filter(event=event, by=by, undone_at=None, released_at=None)
        .filter(Exists(StatusChange.objects.newest().filter(batch=OuterRef("pk"))))
        .order_by("-pk")
        .first()
    )


# ---- the person's own steps --------------------------------------------------------------


@goes_again
def confirm(*, participant, by):
    """Take the held seat, in time by the database's clock. Confirming twice is confirming once.

    A seat that is not told yet only an organiser can confirm. Raises Refused: gone, too_late,
    nothing_to_confirm.
    """
    with transaction.atomic():
        event, person = lock_person(participant)
        if person.status == Status.CONFIRMED:
            return person
        held = person.status in (Status.ACCEPTED, Status.OFFERED)
        # The answer would tell what waits for its release.
        if not held or (by == person and not told_of_a_seat([person])):
            raise Refused("nothing_to_confirm", _("现在没有需要您确认的名额。"))
        now = clock.now()
        if deadlines.held_until(person) <= now:
            raise Refused("too_late", _("确认时间已过，名额已经顺延。还想来的话，可以排到候补。"))
        [change] = stand([person], Status.CONFIRMED, now=now, by=by, seen=by != person)
        write_letter(change, "confirmed", now=now)
        reminders.plan_for_all([change], now=now)
        audit.record("confirm", person, by=by, event_id=event.pk)
    return person


@goes_again
def withdraw(*, participant, by, reason=""):
    """The person is not coming; a seat they held passes on at once. Twice is once.

    Once it is over, whether they came is in the record and not theirs to change; and whoever was
    told that they are not selected has nothing to give up. Raises Refused: gone, inside,
    nothing_to_withdraw.
    """
    with transaction.atomic():
        event, person = lock_person(participant)
        told = told_status(person)
        # Cancelled, and not told so yet: their own word comes first.
        if told in (Status.WITHDRAWN, Status.CANCELLED):
            return person
        if person.check_ins.in_force().exists():
            raise Refused("inside", _("已经签到，不用再取消报名了。"))
        now = clock.now()
        if by == person and (told == Status.NOT_SELECTED or event.is_over(now)):
            raise Refused("nothing_to_withdraw", _("现在没有可以取消的报名。"))
        seated = person.status in Participant.SEATED
        [change] = stand(
            [person],
            Status.WITHDRAWN,
            now=now,
            by=by,
            reason=clean_text(reason, max_length=200),
            confirm_by=person.confirm_by,  # for a day it may be taken back, and no later than that
        )
        write_letter(change, "withdrawn", now=now)
        audit.record("withdraw", person, by=by, event_id=event.pk)
        if seated:
            seat_freed(event=event, category=person.category, online=person.online, now=now)
    return person


@goes_again
def come_back(*, participant, by):
    """Somebody who withdrew, was too late or could not be reached applies again: to review, or to the waiting list
    when sign-up is closed or the room is full."""
    with transaction.atomic():
        event, person = lock_person(participant)
        if not may_come_back(person):
            raise Refused("not_possible", _("您的报名还在，不用重新报名。"))
        now = clock.now()
        if event.status != event.Status.PUBLISHED or event.starts_at <= now:
            raise Refused("closed", _("活动已经开始或取消，不能再报名了。"))
        waits = not event.registration_is_open(now) or free_seats(event, online=person.online) <= 0
        status = Status.WAITLISTED if waits else Status.SUBMITTED
        stand([person], status, now=now, by=by)
        audit.record("come_back", person, by=by, event_id=event.pk)
    return person
