"""Interest groups in the database: the steps of interest.py, taken under the event's lock.

Arrivals are placed in batches by a clock, not one by one at the desk: a check-in shall not wait
for a group, and two desks shall not open the same group twice.
"""

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from events.models import AgendaItem, Event
from participants import interest
from participants.checkin import EARLIEST_BEFORE_START
from participants.models import InterestGroup, Participant, TagCard
from participants.tags import arrived_cards
from participants.topics import OTHER
from salon import audit, clock, live
from salon.errors import Refused
from salon.seen import LOOK_AGAIN, require_unchanged
from salon.text import clean_text


def industry_words():
    return {key: str(word) for key, word in Participant.Industry.choices}


def standing(event):
    """The groups in force, for pages, in two queries: each with `.people` (cards in order of
    arrival), `.formed` and `.missing`."""
    groups = list(event.interest_groups.filter(merged_into=None).order_by("pk"))
    people = {}
    for card in arrived_cards(event).filter(interest_group__isnull=False):
        people.setdefault(card.interest_group_id, []).append(card)
    for group in groups:
        group.people = people.get(group.pk, [])
        seen = interest.InterestGroup(
            group.pk,
            group.name,
            group.industry,
            group.topic,
            tuple(_member(card) for card in group.people),
            group.pinned,
        )
        group.formed, group.missing = seen.formed, seen.missing
    return groups


def largest_first(groups):
    """For a wall with room for a few: formed groups, the largest first."""
    return sorted((g for g in groups if g.formed), key=lambda g: (-len(g.people), g.pk))


def group_of(person):
    """The standing group of one person with `.people`, or None while there is none yet."""
    card = TagCard.objects.filter(participant=person, interest_group__isnull=False).first()
    return card and next(
        (g for g in standing(person.event) if g.pk == card.interest_group_id), None
    )


# ---- reading and writing the steps -----------------------------------------------------------


def _member(card):
    return interest.Member(card.pk, *_cell(card), card.moved)


def _cell(card):
    # Who has named no pain belongs with those whose pain has no topic, not beside them.
    return card.industry, card.topic or OTHER.key


def _lock(event):
    """All rows of the event's groups, with the event's row held to the end of the transaction."""
    Event.objects.select_for_update(no_key=True).get(pk=event.pk)
    return {row.pk: row for row in InterestGroup.objects.filter(event=event).order_by("pk")}


def _as_values(event, rows):
    members, also = {}, {}
    for card in TagCard.objects.filter(interest_group__event=event).order_by("pk"):
        members.setdefault(card.interest_group_id, []).append(_member(card))
    for row in rows.values():
        home = row
        while home.merged_into_id:
            home = rows[home.merged_into_id]
        if home is not row:
            also.setdefault(home.pk, []).append((row.industry, row.topic))
    return tuple(
        interest.InterestGroup(
            number=row.pk,
            name=row.name,
            industry=row.industry,
            topic=row.topic,
            members=tuple(members.get(row.pk, ())),
            pinned=row.pinned,
            also=tuple(also.get(row.pk, ())),
        )
        for row in rows.values()
        if row.merged_into_id is None
    )


def _write(event, rows, before, after):
    """Make the rows say `after`. Returns whether anything changed."""
    homes, taken = {}, {row.name for row in rows.values()}
    for group in after:
        row = rows.get(group.number)
        if row is None:
            name = interest.unique_name(group.name, taken)
            row = InterestGroup.objects.create(
                event=event, name=name, industry=group.industry, topic=group.topic
            )
            taken.add(name)
        elif row.name != group.name:
            row.name = interest.unique_name(group.name, taken - {row.name})
            row.save(update_fields=["name"])
        homes[group.number] = row
    was = {member.id: (g.number, member.moved) for g in before for member in g.members}
    now = {member.id: (g.number, member.moved) for g in after for member in g.members}
    for card in was.keys() - now.keys():
        TagCard.objects.filter(pk=card).update(interest_group=None)
    for card, (number, moved) in now.items():
        if was.get(card) != (number, moved):
            TagCard.objects.filter(pk=card).update(interest_group=homes[number], moved=moved)
    return was != now or len(before) != len(after)


# ---- the clock's and the host's verbs --------------------------------------------------------


def place_arrivals(*, event):
    """Place everybody who came since the last time, and let go of undone check-ins.

    Once the check-in item of the agenda is over, groups that stayed too small join the nearest.
    Returns whether anything changed.
    """
    with transaction.atomic():
        rows = _lock(event)
        before = groups = _as_values(event, rows)
        here = {card.pk: card for card in arrived_cards(event)}
        for group in before:
            for member in group.members:
                if member.id not in here:
                    groups = interest.leave(member.id, groups)
        for card in here.values():
            if card.interest_group_id is None:
                arrival = interest.Arrival(card.pk, *_cell(card))
                groups = interest.place(arrival, groups, labels=industry_words()).groups
        changed = _write(event, rows, before, groups)
        if changed:
            live.publish(event, "interest")
    if check_in_is_over(event, clock.now()):
        changed = settle(event=event, by=None) or changed
    return changed


def place_everywhere():
    """`place_arrivals` for every event whose doors are open: from hours before to its end."""
    now = clock.now()
    open_now = (
        Event.objects.published().not_over(now).filter(starts_at__lte=now + EARLIEST_BEFORE_START)
    )
    for event in open_now:
        place_arrivals(event=event)


def check_in_is_over(event, now):
    return (
        event.agenda.filter(kind=AgendaItem.Kind.CHECK_IN)
        .filter(Q(finished_at__isnull=False) | Q(ends_at__lte=now))
        .exists()
    )


def settle(*, event, by):
    """Groups that are too small join the nearest; only those who still wait are moved."""
    with transaction.atomic():
        rows = _lock(event)
        before = _as_values(event, rows)
        settlement = interest.settle(before, labels=industry_words())
        if not settlement.moves:
            return False
        _write(event, rows, before, settlement.groups)
        stands = {group.number for group in settlement.groups}
        into = {move.source: move.target for move in settlement.moves}
        for source, target in into.items():
            if source not in stands:
                # Latecomers of a group that went along follow it: the row stays as a signpost.
                InterestGroup.objects.filter(pk=source).update(merged_into=rows[target])
        audit.record("settle_interest_groups", event, by=by, event_id=event.pk)
        live.publish(event, "interest")
    return True


def rename(*, group, name, place, by, was: str | None = None):
    """Give a group the host's own name and meeting place. `was` is the stamp of both as the page
    showed them. Raises Refused("name" | "name_taken" | "stale")."""
    name, place = clean_text(name, max_length=60), clean_text(place, max_length=60)
    if not name:
        raise Refused("name", _("请给小组起个名字。"), status=400)
    with transaction.atomic():
        _lock(group.event)
        group.refresh_from_db(fields=["name", "place"])
        require_unchanged(was, group.name, group.place, told=LOOK_AGAIN)
        if group.event.interest_groups.filter(name=name).exclude(pk=group.pk).exists():
            raise Refused("name_taken", _("已经有一个小组叫这个名字。"))
        InterestGroup.objects.filter(pk=group.pk).update(name=name, place=place)
        audit.record("rename_interest_group", group, by=by, fields=["name", "place"])
        live.publish(group.event, "interest")


def pin(*, group, pinned, by):
    """A pinned group stands however few it has, and nobody in it is moved."""
    with transaction.atomic():
        _lock(group.event)
        InterestGroup.objects.filter(pk=group.pk).update(pinned=pinned)
        audit.record("pin_interest_group", group, by=by, fields=["pinned"])
        live.publish(group.event, "interest")


def merge(*, source, target, by):
    """Join one group to another: its people go along, latecomers too; the result is pinned.

    Raises Refused("merge") for a group with itself or one that does not stand any more.
    """
    event = target.event
    with transaction.atomic():
        rows = _lock(event)
        before = _as_values(event, rows)
        try:
            after = interest.merge(before, source.pk, target.pk)
        except ValueError as error:
            raise Refused("merge", str(error)) from None
        _write(event, rows, before, after)
        InterestGroup.objects.filter(pk=source.pk).update(merged_into=target)
        InterestGroup.objects.filter(pk=target.pk).update(pinned=True)
        audit.record("merge_interest_groups", target, by=by, fields=["merged_into"])
        live.publish(event, "interest")
