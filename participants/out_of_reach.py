"""People whom no letter about their seat has reached: told by hand, or their seat given away.

Telling by hand is a channel like any other. A seat is given away by an organiser and never by a
clock, and on record as what it is: we could not reach them.
"""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import CharField, OuterRef, Q, QuerySet, Subquery
from django.utils import translation
from django.utils.translation import gettext as _

from events.models import Event
from events.readiness import Check
from participants import letters
from participants.deadlines import UNCONFIRMED
from participants.models import Participant
from participants.standing import UNREACHED, lock_event, lock_people, stand, write_letters
from participants.waitlist import seats_freed
from salon import audit, clock, letter_kinds, outbox
from salon.channels import Letter, NotDelivered
from salon.errors import Refused
from salon.meeting import goes_again
from salon.models import Message, User

Status = Participant.Status
# From so long before the day the T-7 page asks what becomes of their seats.
ASKS_FROM = timedelta(days=3)
NAMED = 12


def of_event(event: Event) -> QuerySet[Participant]:
    """Those of whom the newest letter about a seat, true of where they stand now, is astray; each
    with `letter_id`, those with a seat to confirm first."""
    people = Participant.objects.filter(event=event).present()
    return astray(people).order_by("-confirmable", "pk")


def astray(people: QuerySet[Participant]) -> QuerySet[Participant]:
    newest = (
        Message.objects.filter(person_id=OuterRef("pk"), kind__in=letter_kinds.about_a_seat())
        .exclude(state__in=[Message.State.CANCELLED, Message.State.EXPIRED])
        .order_by("-pk")
    )
    stands = Q()
    for kind in letter_kinds.about_a_seat():
        stands |= Q(letter_kind=kind, status__in=letters.SPEAKS_OF.get(kind, ()))
    return people.annotate(
        letter_id=Subquery(newest.values("pk")[:1]),
        letter_kind=Subquery(newest.values("kind")[:1], output_field=CharField()),
        letter_state=Subquery(newest.values("state")[:1], output_field=CharField()),
        confirmable=Q(status__in=UNCONFIRMED),
    ).filter(stands, letter_state__in=Message.ASTRAY)


def to_tell(event: Event) -> list[Participant]:
    """`of_event` as a list, each with `letter`, the Message that has to be told."""
    people = list(of_event(event).select_related("category"))
    found = Message.objects.in_bulk([person.letter_id for person in people])
    for person in people:
        person.event, person.letter = event, found[person.letter_id]
    return people


def words_for(*, message: Message, by: User) -> Letter:
    """What somebody of the crew tells the person or sends them in a chat, with a fresh link of
    theirs in it, which is on record. Raises Refused("overtaken") when there is nothing to tell any
    more."""
    message.channel = (
        Message.Channel.HAND
    )  # on this instance: the words are not going any other way
    with transaction.atomic():
        letter = letter_kinds.compose(message)
        if letter is None:
            raise Refused("overtaken", _("这个人的情况后来变了，这条通知不用再发了。"))
        try:
            words = Letter(to=letter.to, subject=letter.subject, text=letter.as_sent())
        except NotDelivered as trouble:  # their contact is being changed at this moment
            raise Refused("overtaken", trouble.reason) from None
        audit.record("hand_out_link", message, by=by)
    return words


def told(*, message: Message, by: User) -> Message:
    """They have been told: as good as handed over, by whom and when is kept. See outbox.told."""
    return outbox.told(message, by=by)


@goes_again
def give_away(*, event: Event, people: list[int], by: User) -> tuple[int, dict[int, Refused]]:
    """Release the seats of people (pks) who could not be reached: cancelled, with that reason, and
    the next on the waiting list move up. Returns how many, and who keeps theirs with why.
    """
    with transaction.atomic():
        event = lock_event(event.pk)
        found = lock_people(event, people)
        missed = set(
            astray(Participant.objects.filter(pk__any_of={person.pk for person in found}))
            .with_status(*UNCONFIRMED)
            .values_list("pk", flat=True)
        )
        refused = {
            person.pk: Refused(
                "reached", _("%(name)s的名额不能这样收回：通知已经送到。") % {"name": person.name}
            )
            for person in found
            if person.pk not in missed
        }
        losing, now = [person for person in found if person.pk in missed], clock.now()
        with translation.override(settings.LANGUAGE_CODE):
            told_reason = _("我们没能联系上您，名额先让给了候补的朋友，很抱歉。")
        changes = stand(
            losing, Status.CANCELLED, now=now, by=by, reason=UNREACHED, told_reason=told_reason
        )
        write_letters(changes, "unreached", now=now)
        audit.record_all("give_away_seat", losing, by=by, event_id=event.pk, fields=["status"])
        seats = [(person.category, person.online) for person in losing]
        seats_freed(event=event, seats=seats, now=now, by=by)
    return len(losing), refused


def everybody_was_told(event: Event, *, url: str) -> Check:
    return Check(_("名额的通知都送到了本人"), _names(of_event(event)), url)


def no_seat_is_kept(event: Event, *, url: str) -> Check | None:
    """From T-3 on: whose seat is kept although they could not be reached."""
    if event.starts_at - clock.now() > ASKS_FROM:
        return None
    kept = of_event(event).with_status(*UNCONFIRMED)
    return Check(_("联系不上的人，名额都收回了"), _names(kept), url)


def _names(people):
    people = list(people.values_list("name", flat=True))
    more, names = len(people) - NAMED, people[:NAMED]
    return (*names, _("另有 %(n)s 人") % {"n": more}) if more > 0 else tuple(names)
