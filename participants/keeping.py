"""How long people are kept, group of columns by group: texts, answers, contact; and the credit.

Each group has its days, counted from the day of the event: those that the organisers say now, or
those that the person was told when they agreed, whichever are fewer (notices.py). Who never had a
seat has one number of days for everything. What goes last is who somebody is; then they are erased,
unless they agreed to one of two things, and for that alone something stays, until they withdraw it:
- to be invited again: name and contact;
- to be credited in the whitepaper: name and organisation, and what of theirs it may quote.

A room above that keeps words of people adds where they stand:

    keeping.also("texts", Holding("workshops.PainCard", {"text": "〔已删除〕", "gate_word": ""}))
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.apps import apps
from django.db import models, transaction
from django.db.models import (
    Case,
    DateTimeField,
    DurationField,
    Exists,
    ExpressionWrapper,
    F,
    IntegerField,
    OuterRef,
    Q,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Least

from events.models import Event
from participants import erased_contacts
from participants.erase import erase_person
from participants.held import let_erasing_through
from participants.models import CheckIn, Consent, Participant, PrivacyTerms
from participants.standing import lock_event
from salon import audit, clock, outbox
from salon.meeting import goes_again

Purpose, Status = Consent.Purpose, Participant.Status
GROUPS = ("texts", "answers", "contact")


@dataclass(frozen=True)
class Holding:
    """Columns of one table that hold words of a person: what stands there once they are gone.

    `person` leads from a row to the person. `quoted`: what the whitepaper may quote, so it stays
    with who agreed to be credited.
    """

    label: str
    blank: dict
    person: str = "participant"
    quoted: bool = False

    @property
    def model(self) -> type[models.Model]:
        return apps.get_model(self.label)

    @property
    def columns(self) -> list[str]:
        return [f"{self.label}.{name}" for name in self.blank]

    def holding(self) -> models.QuerySet:
        """The rows that still hold something."""
        empty = Q(**self.blank)
        return self.model._base_manager.exclude(empty)

    def of(self, people: models.QuerySet) -> models.QuerySet:
        return self.holding().filter(**{f"{self.person}__in": people})


_holdings = {
    "texts": [
        Holding(
            "participants.Participant",
            dict.fromkeys(("expectation", "can_bring", "cooperation_need", "resource_offer"), "")
            | {"told_reason": "", "note": ""},
            person="pk",
        ),
        Holding("participants.PainPoint", {"text": ""}),
        Holding(
            "participants.TagCard", {"expertise": "", "pain": "", "topic": "", "gate_word": ""}
        ),
        Holding("participants.Call", {"notes": ""}),
        Holding("participants.StatusChange", {"reason": "", "told_reason": ""}),
        Holding("participants.CheckIn", {"void_reason": "", "operator": ""}),
    ],
    "answers": [
        Holding("participants.Participant", {"organisation": ""}, person="pk", quoted=True),
        Holding(
            "participants.Participant",
            {"job_title": "", "creator_field": "", "expertise": []},
            person="pk",
        ),
    ],
}


def also(group: str, *holdings: Holding) -> None:
    """Add where words of a group stand, in a room above."""
    _holdings[group] += holdings


def holdings(group: str) -> list[Holding]:
    return list(_holdings[group])


# --- whose time is over ---------------------------------------------------------------------------


def had_a_seat() -> Q:
    """Confirmed, or checked in."""
    inside = CheckIn.objects.filter(participant=OuterRef("pk"), voided_at=None)
    return Q(status=Status.CONFIRMED) | Q(Exists(inside))


def past(group: str, *, now: datetime) -> models.QuerySet:
    """People, not erased, of whom this group has been kept as long as it may be."""
    days = Case(
        When(had_a_seat(), then=_promised(f"{group}_days")),
        default=_promised("not_selected_days"),
        output_field=IntegerField(),
    )
    people = Participant.objects.present().filter(event__in=Event.objects.over_before(now))
    return _kept_until(people, days, event="event__").filter(kept_until__lte=now)


def events_past(group: str, *, now: datetime) -> models.QuerySet:
    """Events whose own days for the group are over, for words of people who are not theirs."""
    events = Event.objects.over_before(now)
    return _kept_until(events, _terms(f"{group}_days", event="")).filter(kept_until__lte=now)


def _kept_until(rows, days, *, event=""):
    """The rows with `kept_until`; `event` leads from a row to its event."""
    # As Event.over_at.
    over = Case(
        When(**{f"{event}ended_at__gte": F(f"{event}starts_at")}, then=F(f"{event}ended_at")),
        default=F(f"{event}ends_at"),
    )
    span = ExpressionWrapper(F("kept_days") * Value(timedelta(days=1)), DurationField())
    return rows.annotate(kept_days=days, event_over=over, kept_span=span).annotate(
        kept_until=ExpressionWrapper(F("event_over") + F("kept_span"), DateTimeField())
    )


def _promised(name):
    """The fewer of what the event says now and what the person was told when they agreed."""
    told = Consent.objects.filter(
        participant=OuterRef("pk"), purpose=Purpose.PROCESSING, notice__isnull=False
    )
    return Least(
        _terms(name, event="event__"),
        Subquery(told.order_by("-given_at", "-pk").values(f"notice__{name}")[:1]),
        output_field=IntegerField(),
    )


def _terms(name, *, event):
    default = Value(PrivacyTerms._meta.get_field(name).default)
    return Coalesce(F(f"{event}privacy__{name}"), default)


def no_longer_agreeing() -> models.QuerySet:
    """People, not erased, who withdrew that they are processed at all."""
    processing = Consent.objects.filter(participant=OuterRef("pk"), purpose=Purpose.PROCESSING)
    return Participant.objects.present().filter(
        Exists(processing.filter(withdrawn_at__isnull=False)),
        ~Exists(processing.filter(withdrawn_at=None)),
    )


# --- clearing -------------------------------------------------------------------------------------


def clear_words(group: str, now: datetime) -> int:
    """Blank what has had its time of a group, event by event; how many rows."""
    found = past(group, now=now)
    events = list(found.order_by("event_id").values_list("event_id", flat=True).distinct())
    return sum(_clear_words_of(group, pk, found.filter(event_id=pk)) for pk in events)


@goes_again
def _clear_words_of(group, event_id, people):
    pks = people.values("pk")
    uncredited = people.exclude(
        pk__in=Participant.objects.consenting(Purpose.WHITEPAPER_CREDIT).values("pk")
    ).values("pk")
    with transaction.atomic():
        lock_event(event_id)
        # Of somebody erased nothing is left to blank; a row that also names one may be written.
        let_erasing_through()
        return sum(
            each.of(uncredited if each.quoted else pks).update(**each.blank)
            for each in _holdings[group]
        )


def clear_people(now: datetime) -> dict:
    """Erase whom nothing keeps any more, one transaction each, and take the contact of those who
    are only credited: {"erased": {event: {reason: number}}, "contacts": number}; {} for nothing."""
    erased, contacts = {}, 0
    for person, reason in due(now):
        if reason == "credited":
            contacts += clear_contact(person)
            continue
        erase_person(participant=person, by=None)
        erased.setdefault(person.event.slug, Counter())[reason] += 1
    return ({"erased": erased} if erased else {}) | ({"contacts": contacts} if contacts else {})


def due(now: datetime) -> list[tuple[Participant, str]]:
    """[(person, why their contact goes now)]: withdrawn, not_selected, over, or credited for those
    of whom name and organisation stay."""
    found = {person.pk: (person, "withdrawn") for person in _with_events(no_longer_agreeing())}
    over = past("contact", now=now)
    invited = Participant.objects.filter(
        consents__purpose=Purpose.INVITE_AGAIN, consents__withdrawn_at=None
    )
    over = over.exclude(pk__in=invited.values("pk"))
    credited = Participant.objects.consenting(Purpose.WHITEPAPER_CREDIT).values("pk")
    seated = set(over.filter(had_a_seat()).values_list("pk", flat=True))
    for person in _with_events(over.exclude(pk__in=credited)):
        reason = "over" if person.pk in seated else "not_selected"
        found.setdefault(person.pk, (person, reason))
    for person in _with_events(over.filter(pk__in=credited, contact_cleared_at=None)):
        found.setdefault(person.pk, (person, "credited"))
    return [found[pk] for pk in sorted(found)]


def _with_events(people):
    return people.select_related("event").order_by("pk")


@goes_again
def clear_contact(person: Participant) -> int:
    """Take mobile and e-mail of somebody of whom only the credit stays."""
    with transaction.atomic():
        lock_event(person.event_id)
        person = (
            Participant.objects.select_for_update(of=("self",))
            .select_related("event")
            .get(pk=person.pk)
        )
        if person.erased_at or person.contact_cleared_at:
            return 0
        erased_contacts.remember(person)
        for name in ("mobile", "email", "name_before"):
            setattr(person, name, "")
        for contact in ("mobile", "email"):
            setattr(person, f"{contact}_proven_at", None)
            setattr(person, f"{contact}_doubted_at", None)
        person.contact_cleared_at = clock.now()
        person.version += 1
        person.save()
        outbox.forget(person.pk)
        audit.record("clear_contact", person, by=None, fields=["mobile", "email"])
    return 1
