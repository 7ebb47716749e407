"""Taking a person's words out of every table where they stand (personal.py), and putting them back.

Table by table in the one order, rows by number (docs/locks.md), whatever is taken there; called
under the lock of the event and of the people.
"""

import copy
import json
import re
from collections.abc import Iterable, Mapping, Sequence

from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import F, Q, TextField
from django.db.models.functions import Cast

from events.models import Event
from participants import personal
from participants.models import ContactChange, Participant, SetAside
from salon.models import Message
from salon.text import national_mobile

AT_ONCE = 500
STRUCK = "×"  # one sign, so that no column grows too long for its text

_SHORT = re.compile("[a-zA-Z ]{1,5}")

# {"app.Model": {row: {column: value}}} of one person.
Words = dict[str, dict[str, dict[str, object]]]

# Django's own: what was done to a row, with what it was called.
_ADMIN_LOG = personal.Place(
    LogEntry,
    holdings=(personal.Holding("object_id", {"object_repr": "#", "change_message": ""}),),
    events=("",),
    struck=tuple(LogEntry._meta.get_field(name) for name in ("object_repr", "change_message")),
)


def hide(pks: Iterable[int]) -> dict[int, Words]:
    """Take the words of these people out of every table, but for what stays as long as it can be
    taken back; returns them by person, JSON-able. A few statements a table, however many people."""
    pks = list(pks)
    taken: dict[int, Words] = {pk: {} for pk in pks}
    for place, mine in _places_with(pks):
        _walk(place, mine, late=False, taken=taken)
    return taken


def take(event: Event, person: Participant, words: Sequence[str]) -> None:
    """Take the person's words for good, and `words`, by which others name them, out of everything
    that stands about the event."""
    strike = _Strike(person, words)
    for place, mine in _places_with([person.pk]):
        _walk(place, mine, late=True, strike=strike, said=_mentions(place, event, words))


def _places_with(pks):
    """`(place, {holding: {row: person}})` of every place, and of what the admin noted there."""
    noted = Q(pk=None)
    theirs = {}
    for place in personal.places():
        mine = {holding: _whose(place.model, holding, pks) for holding in place.holdings}
        yield place, mine
        kind = ContentType.objects.get_for_model(place.model)
        for rows in mine.values():
            theirs |= {(kind.pk, str(row)): person for row, person in rows.items()}
        noted |= Q(
            content_type=kind, object_id__in=[key for kept, key in theirs if kept == kind.pk]
        )
    entries = LogEntry.objects.filter(noted).values_list("pk", "content_type", "object_id")
    whose = {pk: theirs[kind, key] for pk, kind, key in entries}
    yield _ADMIN_LOG, {_ADMIN_LOG.holdings[0]: whose}


def put_back(words: Words) -> None:
    """Write what `hide` took where it was. Rows that are gone meanwhile stay gone."""
    order = [place.model._meta.label for place in personal.places()]
    for label in sorted(words, key=[*order, LogEntry._meta.label].index):
        model, rows = apps.get_model(label), words[label]
        names = sorted({name for columns in rows.values() for name in columns})
        keys = [model._meta.pk.to_python(pk) for pk in rows]
        there = model._base_manager.filter(pk__in=keys).order_by("pk")
        there = list(there.select_for_update(no_key=True, of=("self",)))
        for row in there:
            for name, value in rows[str(row.pk)].items():
                setattr(row, name, value)
        if there:
            model._base_manager.bulk_update(there, names, batch_size=AT_ONCE)


def _whose(model, holding, pks) -> dict[object, int]:
    """{row: person} of the rows that hold words of these people."""
    if holding.key == "pk":
        return {pk: pk for pk in pks}
    rows = model._base_manager.filter(**{f"{holding.key}__in": pks})
    return dict(rows.values_list("pk", holding.key))


def _walk(place, mine, *, late, strike=None, said=(), taken=None):
    model = place.model
    pks = {pk for rows in mine.values() for pk in rows}.union(said)
    if not pks:
        return
    stay = set() if late else personal.stays_till_the_end(model)
    # Whoever only points to the row goes on meanwhile.
    rows = model._base_manager.select_for_update(no_key=True, of=("self",))
    rows = rows.filter(pk__in=pks).order_by("pk")
    changed, names = [], set()
    for row in rows:
        gone = {}
        for holding, whose in mine.items():
            if row.pk in whose:
                here = _blank(row, holding.blank, stay)
                # A row that names somebody twice is taken once; what the first took stands.
                gone |= here
                if taken is not None and here:
                    theirs = taken[whose[row.pk]].setdefault(model._meta.label, {})
                    theirs[str(row.pk)] = here | theirs.get(str(row.pk), {})
        if strike:
            gone |= strike.out_of(row, place.struck)
        if gone:
            changed.append(row)
            names.update(gone)
    if changed:
        counters = getattr(model, "erase_counts", ()) if strike else ()
        for row in changed:
            for counter in counters:
                setattr(row, counter, getattr(row, counter) + 1)
        model._base_manager.bulk_update(changed, [*sorted(names), *counters], batch_size=AT_ONCE)


def _blank(row, blanks, stay) -> dict[str, object]:
    """Blank these columns of a row; {column: what stood there} of those that said something."""
    gone = {}
    for name, blank in blanks.items():
        old = getattr(row, name)
        new = blank(old) if callable(blank) else copy.copy(blank)
        if name not in stay and old != new:
            gone[name] = old
            setattr(row, name, new)
    return gone


# ---- mentions ------------------------------------------------------------------------------


def remember(person: Participant) -> list[str]:
    """By what others name a locked person, or did, the longest first. Of somebody who is set aside
    the values stand on the object again, for those who look for them elsewhere."""
    changes = person.contact_changes.exclude(effective_at=None)
    words = {word for pair in changes.values_list("old", "new") for word in pair}
    aside = SetAside.objects.filter(participant=person).first()
    for label, rows in aside.words.items() if aside else ():
        for columns in rows.values():
            if label == Participant._meta.label:
                for name, value in columns.items():
                    setattr(person, name, value)
            elif label == ContactChange._meta.label:
                words.update({columns.get("old", ""), columns.get("new", "")})
    words.update({person.name, person.name_before, person.mobile, person.email})
    words.update([national_mobile(word) for word in words if word.startswith("+")])
    return sorted((word for word in words if len(word) > 1), key=len, reverse=True)


def _mentions(place, event, words) -> list[object]:
    """The rows of the event that name one of the words, or might while they are being saved; the
    admin's log knows no events."""
    if not (words and place.events):
        return []
    about = [Q(**{path: event.pk}) for path in place.events if path]
    rows = place.model._base_manager.filter(Q(*about, _connector="OR"))
    if not getattr(place.model, "erase_waits", False):
        as_text = {f"{each.name}_as_text": Cast(F(each.name), TextField()) for each in place.struck}
        # In JSON some signs are written otherwise.
        looks = {*words, *(json.dumps(word, ensure_ascii=False)[1:-1] for word in words)}
        said = [Q(**{f"{name}__{_how(look)}": look}) for name in as_text for look in looks]
        rows = rows.alias(**as_text).filter(Q(*said, _connector="OR"))
    return list(rows.values_list("pk", flat=True))


def _how(word):
    """Addresses and names in letters, in whatever case."""
    return "icontains" if word.isascii() else "contains"


class _Strike:
    """Takes the words by which somebody is named out of what others wrote."""

    def __init__(self, person, words):
        self.person = person
        self.pattern = _pattern(words)
        # Somebody else of the same name keeps theirs.
        self.but_the_name = _pattern([word for word in words if word != person.name])

    def out_of(self, row, columns) -> dict[str, object]:
        """Strike them out of a row; {column: what stood there} of those that named them."""
        pattern = self.but_the_name if _is_of_a_namesake(row, self.person) else self.pattern
        whole = getattr(row, "erase_empties", ())
        gone = {}
        for column in columns if pattern else ():
            old = getattr(row, column.name)
            new = _without(old, pattern)
            if old != new and column.name in whole:
                new = personal.nothing(column)
            if old != new:
                gone[column.name] = old
                setattr(row, column.name, new)
        return gone


def _pattern(words) -> re.Pattern | None:
    """Finds any of the words; a short name in letters only where it stands by itself: Bo is not in
    a book."""
    said = [
        rf"(?<![a-zA-Z]){re.escape(word)}(?![a-zA-Z])"
        if _SHORT.fullmatch(word)
        else re.escape(word)
        for word in words
    ]
    return re.compile("|".join(said), re.IGNORECASE) if said else None


def _is_of_a_namesake(row, person):
    """A letter to somebody else of the same name, or what was put by of theirs, is about them."""
    if isinstance(row, SetAside):
        own = row.words.get(Participant._meta.label, {}).get(str(row.participant_id), {})
        return own.get("name") == person.name
    if isinstance(row, Message) and row.person_id not in (None, person.pk):
        namesakes = Participant.objects.filter(pk=row.person_id, name=person.name)
        return namesakes.exclude(name="").exists()
    return False


def _without(value, pattern):
    if isinstance(value, str):
        return pattern.sub(STRUCK, value)
    if isinstance(value, Mapping):
        return {_without(key, pattern): _without(inner, pattern) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_without(inner, pattern) for inner in value]
    return value
