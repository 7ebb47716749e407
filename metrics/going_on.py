"""Going on after the day: the salons of a series as one community, its board of offers and needs,
and letters of new people to talk to.

Nobody joins anything anew: whoever took part in one salon of the series is known by the link to
their own page there, and asks for matches on that page (workshops/exchange.py).
"""

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Q

from events.models import Event
from participants.applications import channel_of
from participants.models import Consent, Participant
from salon import audit, clock, outbox
from salon.models import Message
from workshops import exchange

FORTNIGHT = timedelta(days=14)
# After that the board still stands, only the letters end.
LETTERS_FOR = timedelta(days=365)


@dataclass(frozen=True)
class Salon:
    """One salon of a series as its page shows it; `listings` are empty for strangers."""

    event: Event
    report: bool
    whitepaper: object
    over: bool
    person: Participant | None
    listings: list
    matches: int


def salons_of(series, *, person_of):
    """The public salons of a series, the newest first. `person_of(event)` says who the asker is
    at an event, or None; whoever is known at one of them sees the boards of all."""
    now = clock.now()
    events = list(
        Event.objects.filter(series=series)
        .published()
        .select_related("report")
        .prefetch_related("whitepapers")
        .order_by("-starts_at")
    )
    people = {event.pk: person_of(event) for event in events}
    is_alumna = any(
        person and person.status == Participant.Status.CONFIRMED for person in people.values()
    )
    return [_salon(event, people[event.pk], now, is_alumna) for event in events], is_alumna


def _salon(event, person, now, is_alumna):
    report = getattr(event, "report", None)
    published = [paper for paper in event.whitepapers.all() if paper.published_at]
    return Salon(
        event=event,
        report=bool(report and report.published_at),
        whitepaper=published[0] if published else None,
        over=event.is_over(now),
        person=person,
        listings=exchange.board(event) if is_alumna else [],
        matches=exchange.counts(event)["confirmed"],
    )


# --- inviting the alumni ---------------------------------------------------------------------------


def alumni_of(series, *, by=None):
    """Whom an invitation to the series' next review may go to, the newest of each person's salons:
    confirmed at a salon that is over, sharing their contact (withdrawn, the letters end), and of a
    salon that `by` organises, because whoever invites reads the names."""
    events = Event.objects.ended(clock.now()).filter(series=series)
    if by is not None:
        events = events.run_by(by)
    people = (
        Participant.objects.present()
        .confirmed()
        .consenting(Consent.Purpose.SHARE_CONTACT)
        .filter(event__in=events)
        .order_by("-event__starts_at", "pk")
    )
    known, found = set(), []
    for person in people:
        marks = {mark for mark in (person.mobile, person.email) if mark}
        if marks and not marks & known:
            found.append(person)
        known |= marks
    return found


def invite_alumni(*, event, by):
    """Prepare an invitation to a review for each of its series' alumni; the organiser releases
    them. Returns how many. Again plans nothing twice."""
    people = alumni_of(event.series, by=by)
    for person in people:
        outbox.plan(
            dedup_key=f"invite:{event.pk}:{person.pk}",
            kind="review_invite",
            event_id=event.pk,
            person_id=person.pk,
            due_at=clock.now(),
            channel=channel_of(person),
            batch=f"invite:{event.pk}",
            released=False,
        )
    audit.record("invite_alumni", event, by=by, event_id=event.pk)
    return len(people)


def may_be_invited(person, event):
    """Still an alumna who shares her contact, and not known at the review yet."""
    same = Q()
    for field in ("mobile", "email"):
        if value := getattr(person, field):
            same |= Q(**{field: value})
    return wants_digest(person) and not event.participants.filter(same).exists()


# --- letters of new people to talk to -------------------------------------------------------------


def plan_digests():
    """Write to everybody on a board for whom there is somebody new to talk to; each at most once a
    fortnight, from a fortnight after the day. Returns how many letters were planned."""
    now = clock.now()
    events = Event.objects.ended(now).filter(
        Q(ended_at__lte=now - FORTNIGHT) | Q(ended_at=None, ends_at__lte=now - FORTNIGHT),
        ends_at__gt=now - LETTERS_FOR,
        participants__listing__isnull=False,
    )
    planned = 0
    for event in events.distinct().order_by("pk"):
        recent = (
            Message.objects.of_event(event).of_kind("digest").filter(created_at__gt=now - FORTNIGHT)
        )
        if not recent.exists():
            planned += _plan_for(event, now)
    return planned


def _plan_for(event, now):
    listings = exchange.board(event)
    told = {}
    for person_id, context in (
        Message.objects.of_event(event).of_kind("digest").values_list("person_id", "context")
    ):
        told.setdefault(person_id, set()).update(context.get("people", ()))
    planned = 0
    for listing in listings:
        person = listing.participant
        person.event = event
        new = [pk for pk in suggested_ids(person, listings) if pk not in told.get(person.pk, ())]
        if new and wants_digest(person):
            outbox.plan(
                dedup_key=f"digest:{person.pk}:{now:%Y%m%d}",
                kind="digest",
                event_id=event.pk,
                person_id=person.pk,
                due_at=now,
                channel=channel_of(person),
                batch=f"digest:{event.pk}:{now:%Y%m%d}",
                context={"people": new},
            )
            planned += 1
    return planned


def wants_digest(person):
    """The board is for those who share their contact with a match; withdrawn, the letters end."""
    return (
        Participant.objects.filter(pk=person.pk)
        .present()
        .confirmed()
        .consenting(Consent.Purpose.SHARE_CONTACT)
        .exists()
    )


def suggested_ids(person, listings):
    return [each.listing.participant_id for each in exchange.suggestions_for(person, listings)]
