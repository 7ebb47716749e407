"""An organiser's erasing of many: a day in which one wrong press can be taken back.

From the press on the people are on no list, wall, sheet or letter, for staff too: they count as
erased, and their words have left the tables (model SetAside). Their seats stay taken. The clock, or
"now", erases them for good; taking the press back puts everything where it was.

One press is known by its hour: all its people have the same `erased_at`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q, TextField
from django.db.models.functions import Cast
from django.utils.translation import gettext as _

from events.models import Event
from participants import blanking, erased_contacts
from participants.erase import forget, lock_for_good
from participants.held import let_erasing_through
from participants.keys import masked_name
from participants.models import Participant, SetAside
from participants.same_person import CONTACTS
from participants.standing import lock_event, lock_people
from salon import audit, clock, live, outbox, resting
from salon.errors import Refused
from salon.meeting import goes_again
from salon.models import AuditEntry, User

Status = Participant.Status
WAITS = timedelta(hours=24)
# So many in one transaction: the whole event waits meanwhile.
AT_ONCE = 200


@dataclass(frozen=True)
class Press:
    """One press that can still be taken back; `by` None when the account is gone."""

    at: datetime
    people: int
    masked: list[str]  # the first of their names, each with its first sign only
    by: User | None

    @property
    def due_at(self) -> datetime:
        return self.at + WAITS


@resting.people
def those_set_aside():
    return Participant.objects.set_aside().values("pk")


def set_aside(*, event: Event, people: Iterable[int], by: User) -> int:
    """Take these people (pks) out of sight for WAITS, then erase them; returns how many."""
    pks, now, done = sorted(set(people)), clock.now(), 0
    for first in range(0, len(pks), AT_ONCE):
        done += _set_aside(event.pk, pks[first : first + AT_ONCE], now, by)
    return done


@goes_again
def _set_aside(event_id, pks, now, by):
    with transaction.atomic():
        event = lock_event(event_id)
        people = lock_people(event, pks)
        for person in people:
            erased_contacts.remember(person)
        let_erasing_through()
        rows = Participant.objects.filter(pk__in=[person.pk for person in people])
        rows.update(erased_at=now, version=F("version") + 1)
        taken = blanking.hide(person.pk for person in people)
        SetAside.objects.bulk_create(
            SetAside(participant=person, words=words)
            for person, words in zip(people, taken.values(), strict=True)
        )
        audit.record_all("set_aside_person", people, by=by, event_id=event.pk)
        live.publish_all(event)
    return len(people)


def pending(event: Event) -> list[Press]:
    """The presses at this event that can still be taken back, the oldest first."""
    aside = Participant.objects.filter(event=event).set_aside()
    words = SetAside.objects.filter(participant__in=aside).values_list(
        "participant", "participant__erased_at", "words"
    )
    presses: dict[datetime, list[tuple[int, str]]] = {}
    for pk, at, taken in words.order_by("participant"):
        name = _own(taken, pk).get("name", "")
        presses.setdefault(at, []).append((pk, masked_name(name)))
    return [
        Press(
            at=at,
            people=len(people),
            masked=[name for _pk, name in people[:MASKED_SHOWN] if name],
            by=_who_pressed(people[0][0]),
        )
        for at, people in sorted(presses.items())
    ]


MASKED_SHOWN = 60


def _who_pressed(pk):
    entry = AuditEntry.objects.filter(subject=f"participant:{pk}", verb="set_aside_person").first()
    kind, _colon, number = (entry.actor if entry else "").partition(":")
    return User.objects.filter(pk=number).first() if kind == "user" else None


def aside_with(contact: str) -> list[Participant]:
    """People who are set aside and had this mobile or e-mail, as it is kept."""
    rows = SetAside.objects.alias(said=Cast("words", TextField())).filter(said__contains=contact)
    return [
        row.participant
        for row in rows.select_related("participant").order_by("participant")
        if contact in (_own(row.words, row.participant_id).get(name) for name in CONTACTS)
    ]


def _own(words, pk) -> dict:
    """What was put by of somebody's own row."""
    return words.get(Participant._meta.label, {}).get(str(pk), {})


# ---- taking back ---------------------------------------------------------------------------


def take_back(*, event: Event, at: datetime, by: User) -> int:
    """Put the people of one press back as they were; returns how many.

    Whoever applied again meanwhile under the same contact is there already, and stays erased.
    Raises Refused: too_late (nobody is left to put back), applied_again.
    """
    pks, back = _of_press(event, at), 0
    if not pks:
        raise Refused("too_late", _("这些人的信息已经删除，恢复不了了。"))
    for first in range(0, len(pks), AT_ONCE):
        back += _take_back(event.pk, pks[first : first + AT_ONCE], by)
    if back < len(pks):
        raise Refused(
            "applied_again",
            _("恢复了 %(back)d 人。还有 %(others)d 人已用同一联系方式重新报名，旧的那份仍会删除。")
            % {"back": back, "others": len(pks) - back},
        )
    return back


def _of_press(event, at):
    people = Participant.objects.filter(event=event, erased_at=at).set_aside()
    return sorted(people.values_list("pk", flat=True))


@goes_again
def _take_back(event_id, pks, by):
    with transaction.atomic():
        let_erasing_through()
        event, now = lock_event(event_id), clock.now()
        locked = Participant.objects.select_for_update(of=("self",)).set_aside()
        people = list(locked.filter(event=event, pk__in=pks).order_by("pk"))
        words = dict(
            SetAside.objects.filter(participant__in=people).values_list("participant", "words")
        )
        back = [one for one in people if not _applied_again(event, one, words.get(one.pk, {}))]
        for person in back:
            blanking.put_back(words.get(person.pk, {}))
            Participant.objects.filter(pk=person.pk).update(
                erased_at=None,
                confirm_by=_held_until(event, person, now),
                version=F("version") + 1,
            )
            person.refresh_from_db(fields=CONTACTS)
            erased_contacts.let_in_again(person)
        SetAside.objects.filter(participant__in=back).delete()
        audit.record_all("take_back_erasing", back, by=by, event_id=event.pk)
        live.publish_all(event)
        outbox.ring()
    return len(back)


def _applied_again(event, person, words):
    own = _own(words, person.pk)
    taken = Q()
    for contact in CONTACTS:
        if own.get(contact):
            taken |= Q(**{contact: own[contact]})
    return bool(taken) and Participant.objects.filter(taken, event=event).exists()


def _held_until(event, person, now):
    """A seat that is held for them is held as long as for anybody who hears of it now."""
    if person.status not in (Status.ACCEPTED, Status.OFFERED) or person.confirm_by is None:
        return person.confirm_by
    anew = event.confirmation_deadline(now, offered=person.status == Status.OFFERED)
    return max(person.confirm_by, anew)


# ---- for good ------------------------------------------------------------------------------


def finish_now(*, event: Event, at: datetime, by: User) -> int:
    """Erase the people of one press for good without waiting; returns how many."""
    return sum(_finish(event.pk, pk, by) for pk in _of_press(event, at))


def finish_due() -> int:
    """The clock's part: erase for good whoever has waited long enough; returns how many."""
    due = Participant.objects.set_aside().filter(erased_at__lte=clock.now() - WAITS)
    people = due.order_by("event", "pk").values_list("event", "pk")
    return sum(_finish(event_id, pk, None) for event_id, pk in list(people))


@goes_again
def _finish(event_id, pk, by):
    with transaction.atomic():
        event = lock_event(event_id)
        person = lock_for_good(event, pk)
        if person is None or person.erased_at is None:  # taken back, or erased by another
            return 0
        forget(event, person, by=by)
    return 1
