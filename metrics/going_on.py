"""Going on after the day: the salons of a series as one community, its board of offers and needs,
matches across its salons, invitations to its reviews, and letters of new people to talk to.

Nobody joins anything anew: whoever took part in one salon of the series is known by the link to
their own page there, and asks and answers as that person (workshops/exchange.py).
"""

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count, F
from django.utils.translation import gettext as _

from events.models import Event
from participants import same_person
from participants.applications import channel_of
from participants.models import Consent, Participant
from participants.same_person import Known
from salon import audit, clock, outbox
from salon.errors import Refused
from salon.models import Message
from workshops import exchange
from workshops.models import Listing, Match

FORTNIGHT = timedelta(days=14)
# After that the board still stands, only the letters end.
LETTERS_FOR = timedelta(days=365)


@dataclass(frozen=True)
class Salon:
    """One salon of a series as its page shows it; `person` is the asker there, or None."""

    event: Event
    report: bool
    whitepaper: object
    over: bool
    person: Participant | None
    matches: int


def salons_of(series, *, person_of):
    """The public salons of a series, the newest first. `person_of(event)` says who the asker is
    at an event, or None."""
    now = clock.now()
    events = list(
        Event.objects.filter(series=series)
        .published()
        .select_related("report")
        .prefetch_related("whitepapers")
        .order_by("-starts_at")
    )
    matches = _confirmed_inside(events)
    return [_salon(event, person_of(event), now, matches.get(event.pk, 0)) for event in events]


def _confirmed_inside(events):
    """{event id: matches that two of its own people have confirmed}."""
    inside = Match.objects.confirmed().filter(
        first__event__in=events, second__event=F("first__event")
    )
    return dict(inside.values_list("first__event").annotate(Count("pk")))


def _salon(event, person, now, matches):
    report = getattr(event, "report", None)
    published = [paper for paper in event.whitepapers.all() if paper.published_at]
    return Salon(
        event=event,
        report=bool(report and report.published_at),
        whitepaper=published[0] if published else None,
        over=event.is_over(now),
        person=person,
        matches=matches,
    )


# --- the common board -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Community:
    """The series as its alumni see it; `mine` is the asker's newest listing on the common board,
    `met` the ids of those they have asked or been asked by, `write_at` where they write theirs."""

    listings: list
    mine: Listing | None
    suggestions: list
    contacts: list
    met: set
    write_at: Event


def alumni_in(salons):
    """Who the asker is at these salons, the newest first: their confirmed participants."""
    confirmed = Participant.Status.CONFIRMED
    return [s.person for s in salons if s.person and s.person.status == confirmed]


def community_of(series, people):
    """The common board for one alumna, who is `people` at the salons she came to (not empty)."""
    ids = {person.pk for person in people}
    board = exchange.common_board(series)
    mine = next((listing for listing in board if listing.participant_id in ids), None)
    contacts = [contact for person in people for contact in exchange.contacts_of(person)]
    met = {pk for each in contacts for pk in (each.match.first_id, each.match.second_id)}
    marks = set().union(*map(exchange.marks_of, people))
    return Community(
        listings=[each for each in board if not exchange.marks_of(each.participant) & marks],
        mine=mine,
        suggestions=[
            each
            for each in (exchange.best_for(mine.participant, board) if mine else [])
            if each.listing.participant_id not in met
        ],
        contacts=contacts,
        met=met,
        write_at=mine.participant.event if mine else people[0].event,
    )


def ask(*, series, people, other):
    """Ask the person of a listing on the common board (`other`, an id) for a match, as whom the
    asker is at that salon, else as whom their own listing is. The suggestion's reason goes along.

    Raises Refused like exchange.request_match, "foreign" for somebody who is not on the board.
    """
    board = exchange.common_board(series)
    asked = next((each.participant for each in board if each.participant_id == other), None)
    if asked is None:
        raise Refused("foreign", _("没有找到这位参与者。"), status=404)
    listed = {each.participant_id for each in board}
    asker = min(people, key=lambda each: (each.event_id != asked.event_id, each.pk not in listed))
    if not Listing.objects.filter(participant=asker).exists():
        asker = next((each for each in people if each.pk in listed), asker)
    reasons = next(
        (
            each.reasons
            for each in exchange.best_for(asker, board)
            if each.listing.participant_id == other
        ),
        (),
    )
    return exchange.request_match(person=asker, other=asked, reason=_("；").join(reasons))


def answer(*, people, match, yes):
    """Confirm or decline as the one of `people` whom the match asks. Raises Refused("foreign")."""
    both = (match.first_id, match.second_id)
    person = next((each for each in people if each.pk in both), people[0])
    return (exchange.confirm if yes else exchange.decline)(match=match, person=person)


# --- inviting the alumni ---------------------------------------------------------------------------


def alumni_of(series, *, by=None):
    """Whom an invitation to the series' next review may go to, the newest of each person's salons:
    confirmed at a salon that is over, who want to be invited again (withdrawn, the letters end), and
    of a salon that `by` organises, because whoever invites reads the names."""
    events = Event.objects.ended(clock.now()).filter(series=series)
    if by is not None:
        events = events.run_by(by)
    people = (
        Participant.objects.present()
        .confirmed()
        .to_be_invited()
        .filter(event__in=events)
        .order_by("-event__starts_at", "pk")
    )
    known, found = set(), []
    for person in people:
        marks = same_person.marks(Known.of(person))
        if (person.mobile or person.email) and not marks & known:
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
    """Still an alumna who wants to be invited, and not known at the review yet."""
    wanted = Participant.objects.filter(pk=person.pk).present().confirmed().to_be_invited()
    known = Known.of(person)
    there = event.participants.with_contact_of(person)
    return wanted.exists() and not any(
        same_person.compare(known, Known.of(each)).answer == same_person.SAME for each in there
    )


# --- letters of new people to talk to -------------------------------------------------------------


def plan_digests():
    """Write to everybody on a board for whom there is somebody new to talk to, at their own salon
    or another of its series; each at most once a fortnight, from a fortnight after the day.
    Returns how many letters were planned."""
    now = clock.now()
    events = (
        Event.objects.ended(now)
        .filter(
            ends_at__lte=now - FORTNIGHT,
            ends_at__gt=now - LETTERS_FOR,
            participants__listing__isnull=False,
        )
        .select_related("series")
    )
    planned, found = 0, {}
    for event in events.distinct().order_by("pk"):
        recent = (
            Message.objects.of_event(event).of_kind("digest").filter(created_at__gt=now - FORTNIGHT)
        )
        if not recent.exists():
            key = event.series_id or f"event:{event.pk}"
            if key not in found:
                found[key] = exchange.suggestions(board_of(event))
            planned += _plan_for(event, found[key], now)
    return planned


def board_of(event):
    """Where the event's people look for others: their series' common board, else their own."""
    return exchange.common_board(event.series) if event.series_id else exchange.board(event)


def _plan_for(event, suggestions, now):
    told = {}
    for person_id, context in (
        Message.objects.of_event(event).of_kind("digest").values_list("person_id", "context")
    ):
        told.setdefault(person_id, set()).update(context.get("people", ()))
    planned = 0
    for person in event.participants.filter(pk__in=suggestions).order_by("pk"):
        suggested = [each.listing.participant_id for each in suggestions[person.pk]]
        new = [pk for pk in suggested if pk not in told.get(person.pk, ())]
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
    """The board is for those who share their contact with a match, its letters for those of them
    who want to be written to; either withdrawn, the letters end."""
    return (
        Participant.objects.filter(pk=person.pk)
        .present()
        .confirmed()
        .consenting(Consent.Purpose.SHARE_CONTACT)
        .to_be_invited()
        .exists()
    )
