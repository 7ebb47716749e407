"""The resource corner: offers and needs at theme tables, and matches that both confirm.

SALON §5. Contact is shown to nobody before both have said yes, and then only of those who
consented to it. The board lives on after the event: same people, same pages; and people of
different salons of one series find each other on the series' common board.
"""

from dataclasses import dataclass

from django.db import transaction
from django.db.models import Count, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events.gate import BELL, pass_gate
from events.models import Event, Gate, Kind
from participants import same_person
from participants.models import Consent, Participant
from participants.same_person import Known
from participants.standing import hold
from salon import audit, clock, limits, live
from salon.errors import Refused
from salon.meeting import goes_again
from salon.text import clean_text, national_mobile
from workshops import matching
from workshops.models import Listing, Match, ThemeTable
from workshops.taking_part import can_take_part, require_part

LENGTH = 200
SUGGESTIONS = 3
NOT_YOURS = gettext_lazy("这条对接不是您的。")
# For whoever asks, the one who said no included.
DECLINED = gettext_lazy("这次没有对接成，不再重复发起。")


# --- reading ----------------------------------------------------------------------------------


def tables_of(event):
    """The theme tables, each with `.taken` seats."""
    seated = Listing.objects.standing().filter(seated=True)
    return event.theme_tables.annotate(
        taken=Count("listings", filter=Q(listings__in=seated))
    ).order_by("pk")


def board(event):
    """All listings on show of people who are still there, the newest first, each with `.called`:
    how others may call its author, "" for not at all."""
    return _board(participant__event=event)


def common_board(series):
    """The boards of all public salons of a series as one, the newest first; of somebody who came
    to several the newest listing."""
    listings = _board(
        participant__event__series=series, participant__event__status=Event.Status.PUBLISHED
    )
    known, found = set(), []
    for listing in listings:
        marks = marks_of(listing.participant)
        if not marks & known:
            found.append(listing)
        known |= marks
    return found


def marks_of(person):
    """By what one human is known at two salons (participants/same_person.py)."""
    return same_person.marks(Known.of(person))


def _board(**which):
    listings = list(
        Listing.objects.standing()
        .on_show()
        .filter(**which)
        .select_related("participant__event", "table")
        .order_by("-updated_at", "-pk")
    )
    named = _consenting([row.participant_id for row in listings], Consent.Purpose.WALL_NAME)
    for listing in listings:
        consents = listing.participant_id in named
        listing.called = listing.participant.shown_name if consents else ""
    return listings


def own(person):
    """The person's own listing, however it stands at the gate, or None."""
    mine = Listing.objects.standing().filter(participant=person)
    return mine.select_related("participant__event", "table").first()


def _consenting(ids, purpose):
    people = Participant.objects.filter(pk__in=ids).consenting(purpose)
    return set(people.values_list("pk", flat=True))


@dataclass(frozen=True)
class Suggested:
    listing: Listing
    reasons: tuple


def suggestions_for(person, listings):
    """Whom to talk to, the best first, with the reasons; from `board`'s listings."""
    return suggestions(listings).get(person.pk, [])


def suggestions(listings):
    """Whom each person on these boards might talk to: {person id: [Suggested], the best first}."""
    mine = {listing.participant_id: listing for listing in listings}
    known = Match.objects.of(list(mine)).values_list("first", "second")
    found = {}
    for pair in matching.suggest(
        _pool(listings), limit=SUGGESTIONS, excluded=known, labels=_labels(listings)
    ):
        for one, other in ((pair.a, pair.b), (pair.b, pair.a)):
            found.setdefault(one, []).append(Suggested(mine[other], pair.reasons))
    return found


def best_for(person, listings):
    """Whom one person might talk to, by fit alone; for a board too long to deal out whole."""
    mine = {listing.participant_id: listing for listing in listings}
    known = Match.objects.of([person.pk]).values_list("first", "second")
    pairs = matching.suggest_to(
        person.pk, _pool(listings), limit=SUGGESTIONS, excluded=known, labels=_labels(listings)
    )
    return [
        Suggested(mine[pair.b if pair.a == person.pk else pair.a], pair.reasons) for pair in pairs
    ]


def _pool(listings):
    return [
        matching.Person(
            listing.participant_id,
            listing.participant.industry,
            listing.table.key,
            listing.offer,
            listing.need,
        )
        for listing in listings
    ]


def _labels(listings):
    return {listing.table.key: listing.table.name for listing in listings} | {
        key: str(word) for key, word in Participant.Industry.choices
    }


@dataclass(frozen=True)
class Contact:
    """What one sees of the other: `mobile` and `email` only after both said yes and only with
    the other's consent; `name` after both said yes, or with consent to be named; what they wrote,
    and `reason`, which quotes it, while it is on show."""

    match: Match
    state: str  # "asked" by the other, "waiting" for the other, "confirmed", "declined"
    name: str
    listing: Listing | None
    reason: str = ""
    mobile: str = ""
    email: str = ""
    shares: bool = False
    elsewhere: Event | None = None  # the other's salon, when it is another one


def contacts_of(person):
    """The person's matches with what they may see of the others, confirmed ones first."""
    matches = list(
        Match.objects.of([person.pk])
        .select_related(
            "first__listing__table", "second__listing__table", "first__event", "second__event"
        )
        .order_by("-created_at")
    )
    ids = [pk for match in matches for pk in (match.first_id, match.second_id)]
    sharing = _consenting(ids, Consent.Purpose.SHARE_CONTACT)
    named = _consenting(ids, Consent.Purpose.WALL_NAME)
    contacts = [_contact(match, person, sharing, named) for match in matches]
    order = ("asked", "confirmed", "waiting", "declined")
    return sorted(contacts, key=lambda contact: order.index(contact.state))


def _contact(match, person, sharing, named):
    other = match.second if match.first_id == person.pk else match.first
    state = state_for(match, person)
    confirmed = state == "confirmed"
    shares = confirmed and other.pk in sharing and other.erased_at is None
    return Contact(
        match=match,
        state=state,
        name=other.shown_name if confirmed or other.pk in named else "",
        listing=_on_show(other),
        reason=match.reason if _on_show(match.first) and _on_show(match.second) else "",
        mobile=national_mobile(other.mobile) if shares and other.mobile else "",
        email=other.email if shares else "",
        shares=shares,
        elsewhere=other.event if other.event_id != person.event_id else None,
    )


def _on_show(person):
    listing = getattr(person, "listing", None)
    return listing if listing and listing.is_shown else None


def state_for(match, person):
    if match.declined_at:
        return "declined"
    if match.first_confirmed_at and match.second_confirmed_at:
        return "confirmed"
    mine = match.first_confirmed_at if match.first_id == person.pk else match.second_confirmed_at
    return "waiting" if mine else "asked"


def counts(event):
    """{"listings", "confirmed", "waiting"} of the event, matches between its own people."""
    matches = Match.objects.inside(event).aggregate(
        confirmed=Count(
            "pk", filter=Q(first_confirmed_at__isnull=False, second_confirmed_at__isnull=False)
        ),
        waiting=Count(
            "pk",
            filter=Q(declined_at=None) & (Q(first_confirmed_at=None) | Q(second_confirmed_at=None)),
        ),
    )
    listings = Listing.objects.standing().on_show().filter(participant__event=event)
    return matches | {"listings": listings.count()}


# --- listing ----------------------------------------------------------------------------------


@goes_again
def save_listing(*, person, table, offer, need):
    """Write one's offer and need at a table; at least one of them.

    A seat at another table is given up. Raises Refused("empty" | "foreign" | "too_often" |
    "table_gone").
    """
    require_part(person)
    offer = clean_text(offer, max_length=LENGTH)
    need = clean_text(need, max_length=LENGTH)
    if not (offer or need):
        raise Refused("empty", _("能提供的和想要的，至少写一样。"), status=400)
    if table is not None and table.event_id != person.event_id:
        raise Refused("foreign", _("没有这张主题桌。"), status=404)
    limits.require(f"listing:{person.pk}", times=20, seconds=600)
    with transaction.atomic():
        hold(person)
        if table is None or not ThemeTable.objects.filter(pk=table.pk).exists():
            raise Refused("table_gone", _("这张主题桌刚刚撤掉了，请另选一张。您写的还在。"))
        listing = Listing.objects.select_for_update().filter(participant=person).first()
        is_new = listing is None
        if is_new:
            listing, _created = Listing.objects.get_or_create(
                participant=person, defaults={"table": table, "offer": offer, "need": need}
            )
        listing.seated = listing.seated and listing.table_id == table.pk
        if is_new or (listing.offer, listing.need) != (offer, need):
            _come_anew(listing, person, offer, need)
        listing.table, listing.offer, listing.need = table, offer, need
        listing.save()
        live.publish(person.event, "exchange", BELL)
    return listing


def _come_anew(listing, person, offer, need):
    if listing.gate == Gate.HIDDEN:
        # A reason quotes what was taken down.
        Match.objects.of([person.pk]).update(reason="")
    stand = pass_gate(person.event, Kind.LISTING, offer, need, was=listing)
    for name, value in stand.items():
        setattr(listing, name, value)


@goes_again
def sit(*, person, on=True):
    """Take a seat at one's table, or stand up. Raises Refused("no_listing" | "full")."""
    require_part(person)
    with transaction.atomic():
        person.status = hold(person)
        require_part(person)
        # Locked first: until then the person may be moving to another table.
        listing = Listing.objects.select_for_update().filter(participant=person).first()
        if listing is None:
            raise Refused("no_listing", _("先写下能提供的和想要的，再入座。"))
        # The table's row decides between two who want the last chair.
        table = ThemeTable.objects.select_for_update(no_key=True).get(pk=listing.table_id)
        others = table.listings.filter(seated=True).exclude(pk=listing.pk)
        if on and others.standing().count() >= table.seats:
            sentence = _("%(table)s满座了，先在手机上聊，或等一等。")
            raise Refused("full", sentence % {"table": table})
        if on:
            _clear_chairs(others)
        listing.seated = on
        listing.save(update_fields=["seated"])
        live.publish(person.event, "exchange")
    return listing


def _clear_chairs(listings):
    """Whoever left keeps no chair that somebody else is sitting down beside. Coming back at this
    very moment they are counted, and their row is theirs."""
    left = listings.exclude(pk__in=Listing.objects.standing().values("pk"))
    rows = left.select_for_update(of=("self",), skip_locked=True).order_by("pk")
    Listing.objects.filter(pk__in=[row.pk for row in rows]).update(seated=False)


# --- matches ----------------------------------------------------------------------------------


@goes_again
def request_match(*, person, other, reason=""):
    """Ask somebody of one's event, or of another salon of its series, for a match; asking is
    one's own yes. If the other asked already, both said yes now.

    Raises Refused: "self", "foreign", "no_listing", "declined", "known", "too_often".
    """
    require_part(person)
    if other.pk == person.pk or marks_of(person) & marks_of(other):
        raise Refused("self", _("和自己对接就不用了。"), status=400)
    if not _may_meet(person, other):
        raise Refused("foreign", _("没有找到这位参与者。"), status=404)
    listings = Listing.objects.filter(participant__in=[person, other])
    if listings.filter(Q(participant=person) | Q(gate=Gate.SHOWN)).count() < 2:
        raise Refused("no_listing", _("双方都写下供需，才能发起对接。"))
    _require_new_pair(person, other)
    limits.require(f"match:{person.pk}", times=20, seconds=3600)
    first, second = sorted((person, other), key=lambda each: each.pk)
    with transaction.atomic():
        match, _created = Match.objects.get_or_create(
            first=first,
            second=second,
            defaults={
                "requested_by": person,
                "reason": clean_text(reason, max_length=LENGTH),
            },
        )
        match = _locked(match)
        if match.declined_at:
            raise Refused("declined", DECLINED)
        _say_yes(match, person)
    return match


def _may_meet(person, other):
    if other.erased_at is not None or not can_take_part(other):
        return False
    if other.event_id == person.event_id:
        return True
    return (
        person.event.series_id is not None
        and other.event.series_id == person.event.series_id
        and other.event.status == Event.Status.PUBLISHED
    )


def _require_new_pair(person, other):
    """A no stands, and two who have met need not meet again, when the same two come by the links
    of other salons of the series."""
    if person.event.series_id is None:
        return
    mine, theirs = _same_as(person), _same_as(other)
    matches = Match.objects.filter(
        Q(first__in=mine, second__in=theirs) | Q(first__in=theirs, second__in=mine)
    ).exclude(first_id=min(person.pk, other.pk), second_id=max(person.pk, other.pk))
    for match in matches:
        if match.declined_at:
            raise Refused("declined", DECLINED)
        raise Refused("known", _("您和这位已经在对接了，见“我的对接”。"))


def _same_as(person):
    """The ids of the person at every salon of the series."""
    of_series = Participant.objects.filter(event__series=person.event.series_id)
    alike = of_series.with_contact_of(person)
    return {person.pk, *(each.pk for each in alike if marks_of(each) & marks_of(person))}


def confirm(*, match, person):
    """The other's yes. Again is harmless. Raises Refused("foreign" | "declined")."""
    with transaction.atomic():
        match = _lock(match, person)
        if match.declined_at:
            raise Refused("declined", _("这次对接已经取消了。"))
        _say_yes(match, person)
    return match


def decline(*, match, person):
    """No, thank you; or the one who asked takes it back. A confirmed match stays."""
    with transaction.atomic():
        match = _lock(match, person)
        if match.first_confirmed_at and match.second_confirmed_at:
            raise Refused("confirmed", _("双方都已确认，不能再取消。"))
        match.declined_at = match.declined_at or clock.now()
        match.save(update_fields=["declined_at"])
        audit.record("decline_match", match, by=person, event_id=person.event_id)
        _ring(match)
    return match


def _locked(match):
    return (
        Match.objects.select_for_update(of=("self",))
        .select_related("first__event", "second__event")
        .get(pk=match.pk)
    )


def _lock(match, person):
    match = _locked(match)
    if person.pk not in (match.first_id, match.second_id):
        raise Refused("foreign", NOT_YOURS, status=404)
    return match


def _say_yes(match, person):
    field = "first_confirmed_at" if match.first_id == person.pk else "second_confirmed_at"
    if getattr(match, field) is None:
        setattr(match, field, clock.now())
        match.save(update_fields=[field])
        audit.record("confirm_match", match, by=person, event_id=person.event_id, fields=[field])
        _ring(match)


def _ring(match):
    for event in {match.first.event, match.second.event}:
        live.publish(event, "exchange", "control")
