"""One gate for everything guests write or send that others see: shown, waiting, or hidden.

A verb that writes such a text writes along what `pass_gate` answers; whoever reads for others takes
`.on_show()`, and of a person `shown_name`. A text that says a word of the event's list waits for
somebody's eye, and so does every text of a kind that the event looks at first. Its author sees it
all the while; desk, roster, letters to the person and the staff's sheets never ask the gate.

A room above says what it has at the gate from AppConfig.ready:

    gate.keep(Kind.PAIN, PainCard, rows=lambda event: event.pain_cards.all(), said=…)
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from events import wordlist
from events.models import Event, Gate, Gated, Kind
from salon import audit, clock, live
from salon.errors import Refused
from salon.seen import require_unchanged
from salon.text import clean_text

BELL = "gate"
MOST_WORDS, LONGEST_WORD = 500, 40


@dataclass(frozen=True)
class Kept:
    """Rows of one model at the gate. `rows(event)` are those that others might see, with whoever
    wrote them loaded; `said(row)` and `named(row)` are its texts, the latter heard as names are;
    `author(row)` is the Participant or None; `picture(row)` an address or ""; `find` are the
    lookups that a search goes through."""

    kind: Kind
    model: type[Gated]
    rows: Callable
    said: Callable
    named: Callable
    author: Callable
    picture: Callable
    find: tuple[str, ...]

    @property
    def label(self):
        return self.kind.label


_kept: list[Kept] = []


def keep(
    kind: Kind,
    model: type[Gated],
    *,
    rows: Callable,
    said: Callable = lambda row: (),
    named: Callable = lambda row: (),
    author: Callable = lambda row: row.participant,
    picture: Callable = lambda row: "",
    find: tuple[str, ...] = (),
) -> None:
    """Put the rows of a model at the gate; see Kept."""
    _kept.append(Kept(kind, model, rows, said, named, author, picture, find))


def everything() -> tuple[Kept, ...]:
    """All that is kept at the gate, of every room."""
    return tuple(_kept)


# --- coming to the gate -----------------------------------------------------------------------


def pass_gate(
    event: Event,
    kind: Kind,
    *texts: str,
    names: Iterable[str] = (),
    was: Gated | None = None,
    seen: bool = False,
    now=None,
) -> dict:
    """How these texts stand at the gate, as columns to be written with them.

    `names` are heard by their characters only. `was` is the row that they take the place of: what
    was taken down waits, however it is changed. `seen`: somebody of the crew wrote or decided it.
    `now` is the hour, where the caller has it already.
    """
    now = clock.database_now() if now is None else now
    if seen:
        stand = {"gate": Gate.SHOWN, "gate_word": "", "gate_seen_at": now}
    else:
        word = word_in(event, texts, names)
        taken_down = was is not None and was.gate == Gate.HIDDEN
        waits = word or taken_down or kind in event.looked_at_first
        stand = {
            "gate": Gate.WAITING if waits else Gate.SHOWN,
            "gate_word": word,
            "gate_seen_at": None,
        }
    return stand | {"gate_at": now}


def word_in(event: Event, texts: Iterable[str], names: Iterable[str] = ()) -> str:
    """The first word of the event's list that is said, or ""."""
    words = event.blocked_words
    for by_sound, several in ((True, texts), (False, names)):
        for text in several:
            if text and (word := wordlist.hit(text, words, by_sound=by_sound)):
                return word
    return ""


# --- the hand that lets pass ------------------------------------------------------------------


def show(*, event: Event, row: Gated, by, stamp: str | None = None) -> Gated:
    """Let others see it. `stamp` is the `stamp_of` what the presser saw: changed since, it has to
    be looked at again, Refused("changed")."""
    return _settle(event, row, Gate.SHOWN, by=by, stamp=stamp)


def hide(*, event: Event, row: Gated, by) -> Gated:
    """Take it down, or keep it off; `show` puts it back."""
    return _settle(event, row, Gate.HIDDEN, by=by)


def _settle(event, row, gate, *, by, stamp=None):
    with transaction.atomic():
        row = type(row).objects.select_for_update(of=("self",)).get(pk=row.pk)
        if stamp is not None and stamp != stamp_of(row):
            raise Refused("changed", _("这一条刚被作者改过，请再看一眼。"))
        if row.gate != gate or row.gate_seen_at is None:
            row.save(update_fields=row.settle(gate, now=clock.now()))
            verb = "show" if gate == Gate.SHOWN else "hide"
            audit.record(verb, row, by=by, event_id=event.pk, fields=["gate"])
            # From every wall and phone at once, whichever say it.
            live.publish_all(event)
    return row


def show_clean(*, event: Event, seen: Iterable[tuple[str, str]], by) -> int:
    """Let pass what waits and was looked at, given as (ref, stamp); what says a word of the list
    goes on waiting, and so does what has come or changed since. Returns how many passed."""
    passed = 0
    with transaction.atomic():
        for ref, stamp in sorted(seen):
            row = find(event, ref)
            fresh = row is not None and row.gate == Gate.WAITING and stamp == stamp_of(row)
            if fresh and not _word_of(event, row):
                show(event=event, row=row, by=by, stamp=stamp)
                passed += 1
    return passed


def switch(*, event: Event, kinds: Iterable[Kind], mode: str, by) -> None:
    """Look at these kinds before they show, or after; what waits goes on waiting."""
    kinds = set(kinds)
    if mode not in Event.Moderation.values or not kinds <= set(Kind.values):
        raise Refused("mode", _("没有这种审核方式。"), status=400)
    with transaction.atomic():
        event = Event.objects.select_for_update(no_key=True).get(pk=event.pk)
        first = set(event.looked_at_first)
        first = first | kinds if mode == Event.Moderation.BEFORE else first - kinds
        event.looked_at_first = [kind for kind in Kind.values if kind in first]
        event.save(update_fields=["looked_at_first"])
        audit.record("switch_gate", event, by=by, event_id=event.pk, fields=sorted(kinds))
        live.publish(event, BELL, "questions-bell")


def set_words(*, event: Event, text: str, by, was: str | None = None) -> int:
    """Replace the word list by the words of `text`, one a line. What hangs already, says one of
    them and was looked at by nobody waits from now on; returns how many do.

    `was` is the stamp of the list that the page showed. Raises Refused("stale").
    """
    words = (clean_text(line, max_length=LONGEST_WORD) for line in text.splitlines()[:MOST_WORDS])
    with transaction.atomic():
        event = Event.objects.select_for_update(no_key=True).get(pk=event.pk)
        require_unchanged(was, event.blocked_words)
        event.blocked_words = list(dict.fromkeys(filter(None, words)))
        event.save(update_fields=["blocked_words"])
        caught = _look_again(event)
        audit.record("set_words", event, by=by, event_id=event.pk, fields=["blocked_words"])
        live.publish_all(event)
    return caught


def _look_again(event):
    caught = 0
    for kept in everything():
        rows = kept.rows(event).exclude(gate=Gate.HIDDEN).filter(gate_seen_at=None)
        changed = []
        for row in rows.order_by("pk"):
            word = word_in(event, kept.said(row), kept.named(row))
            if word != row.gate_word or (word and row.gate == Gate.SHOWN):
                caught += row.gate == Gate.SHOWN
                row.gate_word, row.gate = word, Gate.WAITING if word else row.gate
                changed.append(row)
        kept.model.objects.bulk_update(changed, ["gate", "gate_word"], batch_size=500)
    return caught


# --- the queue --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Entry:
    """One thing in the queue: `ref` finds it again, `stamp` says which state of it was seen."""

    kept: Kept
    row: Gated
    ref: str
    stamp: str
    texts: tuple[str, ...]
    word: str

    @property
    def author(self):
        return self.kept.author(self.row)

    @property
    def called_before(self):
        """Of a changed name: what others read meanwhile."""
        return getattr(self.row, "name_before", "")

    @property
    def picture(self):
        return self.kept.picture(self.row)


def ref_of(row: Gated) -> str:
    return f"{row._meta.model_name}-{row.pk}"


def stamp_of(row: Gated) -> str:
    """Changes whenever its author brings it to the gate again."""
    return row.gate_at.isoformat() if row.gate_at else ""


def find(event: Event, ref: str) -> Gated | None:
    """The row of the event behind a `ref`, or None."""
    model, _dash, pk = ref.partition("-")
    if not (pk.isascii() and pk.isdigit() and len(pk) < 19):
        return None
    for kept in everything():
        if kept.model._meta.model_name == model:
            row = kept.rows(event).filter(pk=int(pk)).first()
            if row is not None:
                return row
    return None


def _word_of(event, row):
    """What the row says by the list as it is now."""
    kept = next(each for each in everything() if isinstance(row, each.model))
    return word_in(event, kept.said(row), kept.named(row))


def _entries(event, kept, rows):
    return [
        Entry(
            kept,
            row,
            ref_of(row),
            stamp_of(row),
            tuple(filter(None, (*kept.named(row), *kept.said(row)))),
            row.gate_word,
        )
        for row in rows
    ]


def waiting(event: Event) -> list[Entry]:
    """What waits to be looked at: the newest hit first, then the others in the order they came."""
    found = [
        entry
        for kept in everything()
        for entry in _entries(event, kept, kept.rows(event).filter(gate=Gate.WAITING))
    ]
    hits = sorted((entry for entry in found if entry.word), key=_hour_of, reverse=True)
    return hits + sorted((entry for entry in found if not entry.word), key=_hour_of)


def counts(event: Event) -> dict:
    """{"waiting", "hits"}: how much waits, and how much of it for a word that it says; one query."""
    first, *others = (
        kept.rows(event).filter(gate=Gate.WAITING).order_by().values("gate_word")
        for kept in everything()
    )
    words = [row["gate_word"] for row in first.union(*others, all=True)]
    return {"waiting": len(words), "hits": sum(map(bool, words))}


def taken_down(event: Event, *, most: int) -> list[Entry]:
    """What was hidden, the last first."""
    return _last(event, Q(gate=Gate.HIDDEN), by="gate_seen_at", most=most)


def on_show(event: Event, *, words: str = "", most: int) -> list[Entry]:
    """What others see now, the newest first; with `words` only what says them, or who wrote it."""
    return _last(event, Q(gate=Gate.SHOWN), by="gate_at", most=most, words=words)


def _last(event, which, *, by, most, words=""):
    found = []
    for kept in everything():
        asked = which & _said(kept, words) if words else which
        rows = kept.rows(event).filter(asked).order_by(F(by).desc(nulls_last=True), "-pk")
        found += _entries(event, kept, rows[:most])
    found.sort(key=lambda entry: _seconds(getattr(entry.row, by)), reverse=True)
    return found[:most]


def _said(kept, words):
    asked = Q(pk__in=())
    for lookup in kept.find:
        asked |= Q(**{f"{lookup}__icontains": words})
    return asked


def _seconds(moment):
    return moment.timestamp() if moment else 0.0


def _hour_of(entry):
    return _seconds(entry.row.gate_at), entry.row.pk


def modes(event: Event) -> list[tuple[Kind, str]]:
    """Each kind that is kept, with its mode."""
    kinds = dict.fromkeys(kept.kind for kept in everything())
    return [(kind, event.mode_of(kind)) for kind in Kind if kind in kinds]
