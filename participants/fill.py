"""Fill to quota: a preview that can be edited, applied at once, undone once (SALON §3)."""

from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from participants import quota
from participants.applications import judge_person
from participants.categories import rules_of
from participants.models import Participant
from participants.screening import Decision
from participants.seats import RoomSeats, room_seats
from participants.standing import lock_event
from salon.errors import Refused
from salon.text import clean_text

Status = Participant.Status
AT_ONCE = 1000


@dataclass(frozen=True)
class Preview:
    """What filling one room would do: the plan, and the people by pk with their `judgement`."""

    seats: RoomSeats
    plan: quota.FillPlan
    people: dict


def preview(*, event, online):
    """Who would be accepted, who would wait and why; writes nothing. Refused("shares") while
    the shares or what was given over do not add up."""
    categories = list(event.categories.prefetch_related("criteria"))
    seats = room_seats(event, online=online, categories=categories)
    if seats.problem:
        raise Refused("shares", seats.problem, status=422)
    people = candidates(event, online=online, categories=categories)
    plan = quota.plan_fill(
        [_candidate(person) for person in people.values()],
        {row.category.key: row.seats for row in seats.rows},
        {row.category.key: row.taken for row in seats.rows},
        labels={category.key: category.name for category in categories},
    )
    return Preview(seats, plan, people)


def candidates(event, *, online, categories):
    """{pk: person} of those undecided, each with its `judgement`."""
    by_pk = {category.pk: category for category in categories}
    rules = {category.pk: rules_of(category) for category in categories}
    people = (
        Participant.objects.filter(event=event, online=online)
        .with_status(*Participant.UNDECIDED)
        .present()
        .prefetch_related("pain_points")
    )
    found = {}
    for person in people:
        person.category = by_pk[person.category_id]
        person.judgement = judge_person(person, rules=rules[person.category_id])
        found[person.pk] = person
    return found


def _candidate(person):
    return quota.Candidate(
        id=person.pk,
        category=person.category.key,
        score=person.score,
        submitted_at=person.submitted_at,
        not_met=person.judgement.labels_with("not_met"),
        unknown=person.judgement.labels_with("unknown"),
    )


def apply(*, event, accept, waitlist, by, reasons=None):
    """Carry out an edited preview as one batch: `(batch or None, {pk: Refused})`.

    `accept` and `waitlist` are pks, `reasons` {pk: why against a criterion}. Whoever moved on
    since the preview is left alone and named. Raises Refused("nobody") when nobody is chosen.

    So many at a time, the best first: others who decide about seats get their turn in between, and
    whoever finds the room full then is named.
    """
    reasons = {pk: clean_text(why, max_length=200) for pk, why in (reasons or {}).items()}
    if not accept and not waitlist:
        raise Refused("nobody", _("还没有勾选任何人。"), status=422)
    decision = Decision(event, by=by, kind="fill")
    for part in _parts(event, accept):
        with transaction.atomic():
            decision.event = lock_event(event.pk)
            decision.carry_out(part, Status.ACCEPTED, reasons=reasons)
    for part in _parts(event, waitlist):
        with transaction.atomic():
            decision.event = lock_event(event.pk)
            still = Participant.objects.filter(event=event, pk__any_of=set(part))
            still = still.exclude(status=Status.WAITLISTED)
            decision.carry_out(
                list(still.values_list("pk", flat=True)), Status.WAITLISTED, reasons={}
            )
    return decision.batch, decision.refused


def _parts(event, pks):
    """AT_ONCE at a time, in the order in which seats go."""
    people = Participant.objects.filter(event=event, pk__any_of=set(pks))
    ranked = list(people.order_by("-score", "submitted_at", "pk").values_list("pk", flat=True))
    ranked += sorted(set(pks) - set(ranked))
    return [ranked[place : place + AT_ONCE] for place in range(0, len(ranked), AT_ONCE)]
