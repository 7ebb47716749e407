"""Phone screening: a queue that hands each person to one caller, for a quarter of an hour.

A claim is a Call row without an end; the database keeps at most one open per person. Who claims
waits for the event's row as every decision does, so each caller looks after the one before has
taken: nobody is called twice, and one caller holds one person.
"""

from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, Subquery
from django.utils.translation import gettext as _

from participants import contacts, screening
from participants.models import Call, Participant
from participants.seats import room_seats
from participants.standing import lock_event
from salon import audit, clock
from salon.errors import Refused
from salon.text import clean_text

Status = Participant.Status
Outcome = Call.Outcome

CLAIM = timedelta(minutes=15)
TALK = timedelta(minutes=10)
RING_AGAIN = timedelta(hours=2)


def to_call(event, now):
    """People to be called now: due call-backs first, then in the order they came. Excludes those
    somebody holds and those whose call-back hour has not come."""
    last = Call.objects.filter(participant=OuterRef("pk")).exclude(finished_at=None)
    held = Call.objects.filter(
        participant=OuterRef("pk"), finished_at=None, claim_expires_at__gt=now
    )
    return (
        Participant.objects.filter(event=event)
        .with_status(Status.PHONE_SCREENING)
        .present()
        .annotate(call_back_at=Subquery(last.order_by("-finished_at").values("call_back_at")[:1]))
        .filter(~Exists(held), Q(call_back_at=None) | Q(call_back_at__lte=now))
        .order_by(F("call_back_at").asc(nulls_last=True), "submitted_at", "pk")
    )


def later(event, now):
    """People with a call-back hour still to come, the next first."""
    last = Call.objects.filter(participant=OuterRef("pk")).exclude(finished_at=None)
    return (
        Participant.objects.filter(event=event)
        .with_status(Status.PHONE_SCREENING)
        .present()
        .annotate(call_back_at=Subquery(last.order_by("-finished_at").values("call_back_at")[:1]))
        .filter(call_back_at__gt=now)
        .order_by("call_back_at")
    )


def open_call(event, by):
    """The caller's own open claim, or None; a claim that ran out is still theirs until somebody
    else takes the person."""
    return (
        Call.objects.filter(participant__event=event, caller=by, finished_at=None)
        .select_related("participant__category")
        .order_by("-pk")
        .first()
    )


def claim_next(*, event, by):
    """Hand the next person to this caller: a Call, or None when nobody is to be called now.

    Whoever holds one already gets that one again.
    """
    with transaction.atomic():
        event = lock_event(event.pk)
        now = clock.now()
        mine = open_call(event, by)
        if mine and mine.claim_expires_at > now:
            return mine
        person = to_call(event, now).first()
        if person is None:
            return None
        # Claims that ran out, of this person or of this caller, make way.
        Call.objects.filter(
            Q(participant=person) | Q(participant__event=event, caller=by),
            finished_at=None,
            claim_expires_at__lte=now,
        ).update(finished_at=now)
        call = Call.objects.create(
            participant=person, caller=by, claimed_at=now, claim_expires_at=now + CLAIM
        )
        audit.record("claim_call", person, by=by, event_id=event.pk)
    return call


def give_back(*, call, by, notes=""):
    """Let the person go to another caller, who finds the notes among the earlier calls."""
    with transaction.atomic():
        call = _lock_call(call)
        _refuse_if_lost(call, by)
        call.finished_at = clock.now()
        call.notes = _clean_notes(notes)
        call.save(update_fields=["finished_at", "notes"])


def _lock_call(call):
    return (
        Call.objects.select_for_update(of=("self",))
        .select_related("participant__event", "participant__category")
        .get(pk=call.pk)
    )


def _refuse_if_lost(call, by):
    if call.caller_id != by.pk or call.finished_at is not None:
        raise Refused(
            "claim_lost", _("这通电话已经不在您手上了。接手的同事会和对方沟通，您不用再打。")
        )


def _clean_notes(notes):
    return clean_text(notes, multiline=True, max_length=4000)


def finish_call(
    *, call, by, outcome, notes="", told_reason="", call_back_at=None, reason="", reached=False
):
    """End a call with its outcome, which is a decision too; returns the sentence that says what
    became of the person.

    `reached`: the caller spoke to the person themselves, at the number they gave.

    pass: accepted while the category has a seat, else on the waiting list. hold: back to review.
    not_a_fit: not selected, `told_reason` needed. no_answer: called again at `call_back_at`, or
    in two hours. The same outcome once more, because the first answer never arrived, only keeps
    the later notes. Raises Refused: claim_lost, finished, outcome, past, too_late,
    told_reason_needed, reason_needed.
    """
    if outcome not in Outcome.values:
        raise Refused("outcome", _("请选择这通电话的结果。"), status=422)
    with transaction.atomic():
        event = lock_event(call.participant.event_id)
        call = _lock_call(call)
        if call.outcome and call.caller_id == by.pk:
            return _finished_again(call, outcome, notes)
        _refuse_if_lost(call, by)
        now = clock.now()
        if call_back_at is not None and call_back_at <= now:
            raise Refused("past", _("回电时间要在现在之后。"), status=422)
        if call_back_at is not None and call_back_at >= event.starts_at:
            raise Refused("too_late", _("回电时间要在活动开始之前。"), status=422)
        if outcome == Outcome.NO_ANSWER and call_back_at is None:
            call_back_at = now + RING_AGAIN
        call.outcome, call.finished_at = outcome, now
        call.notes = _clean_notes(notes)
        call.call_back_at = call_back_at if outcome == Outcome.NO_ANSWER else None
        call.save()
        audit.record("finish_call", call.participant, by=by, event_id=event.pk, fields=[outcome])
        if reached and outcome != Outcome.NO_ANSWER:
            contacts.note_reached(participant=call.participant, by=by)
        return _carry_out(call, event, by, told_reason, reason)


def _finished_again(call, outcome, notes):
    if outcome != call.outcome:
        raise Refused(
            "finished",
            _("这通电话您已经记为“%(outcome)s”。要改结果，请到筛选页重新决定。")
            % {"outcome": call.get_outcome_display()},
        )
    if notes := _clean_notes(notes):
        call.notes = notes
        call.save(update_fields=["notes"])
    return _("这通电话已经记下了。")


def _carry_out(call, event, by, told_reason, reason):
    person = call.participant
    if person.status != Status.PHONE_SCREENING or call.outcome == Outcome.NO_ANSWER:
        return _("记下了，到时再打。") if call.outcome == Outcome.NO_ANSWER else _("记下了。")
    if call.outcome == Outcome.NOT_A_FIT:
        screening.decide(
            participant=person, to_status=Status.NOT_SELECTED, by=by, told_reason=told_reason
        )
        return _("记为未入选，确认发送后会通知本人。")
    if call.outcome == Outcome.HOLD:
        screening.decide(participant=person, to_status=Status.SUBMITTED, by=by)
        return _("放回待审核。")
    if room_seats(event, online=person.online).free_in(person.category) > 0:
        screening.decide(participant=person, to_status=Status.ACCEPTED, by=by, reason=reason)
        return _("已通过，确认发送后会通知本人来确认。")
    screening.decide(participant=person, to_status=Status.WAITLISTED, by=by)
    return _("本类别名额满了，已排候补。")
