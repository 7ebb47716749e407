"""Work groups: formed from those who came, moved by hand, published, extended by late arrivals.

SALON §6. The split itself is pure, see grouping.py; here it meets the database.
"""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from participants.models import Participant
from participants.tags import size_band_of
from salon import audit, clock, live
from salon.errors import Refused
from workshops import grouping
from workshops.models import Membership, WorkGroup


def attendees(event, *, online):
    """Those to be grouped: in the room whoever is checked in, on the stream whoever confirmed."""
    people = Participant.objects.filter(event=event).present().select_related("tag_card")
    return people.online().confirmed() if online else people.on_site().checked_in()


def as_attendee(person):
    """What the split needs to know of a person."""
    card = getattr(person, "tag_card", None)
    return grouping.Attendee(
        id=person.pk,
        industry=card.industry if card else person.industry,
        size_band=(card.size_band if card else size_band_of(person.community_size)) or None,
        experience=experience_of(person),
        name_key=person.pinyin,
        online=person.online,
    )


def experience_of(person):
    """For proposing leaders: people led (community or followers), then pains thought through."""
    return max(person.community_size or 0, (person.followers or 0) // 20)


def propose(event, *, seed=0):
    """What-if: the split of the room and of the stream, `(on_site, online)`; writes nothing."""
    return tuple(
        grouping.split([as_attendee(p) for p in attendees(event, online=online)], seed=seed)
        for online in (False, True)
    )


def form(*, event, by=None, seed=0):
    """Form groups anew from those who came, and keep them. Refused once published: late arrivals
    are placed without moving anyone, see `place`."""
    with transaction.atomic():
        event = type(event).objects.select_for_update().get(pk=event.pk)
        if event.work_groups.filter(published_at__isnull=False).exists():
            raise Refused("published", _("分组已经公布,不再重排。后到的人会直接补进小组。"))
        event.work_groups.all().delete()
        on_site, online = propose(event, seed=seed)
        groups = [_keep(event, group, online=False, number=n) for n, group in enumerate(on_site.groups, 1)]
        groups += [
            _keep(event, group, online=True, number=n)
            for n, group in enumerate(online.groups, len(groups) + 1)
        ]
        audit.record("form_groups", event, by=by, event_id=event.pk)
        live.publish(event, "workshop")
    return groups, on_site.note or online.note


def _keep(event, group, *, online, number):
    kept = WorkGroup.objects.create(
        event=event,
        number=number,
        name=group.name,
        online=online,
        leader_id=group.leader,
        leader_reason=str(group.leader_reason),
        recorder_id=group.recorder,
    )
    Membership.objects.bulk_create(
        Membership(group=kept, participant_id=member) for member in group.members
    )
    return kept


def publish(*, event, by):
    """Show everybody their group; from now on nobody is moved by the program."""
    with transaction.atomic():
        groups = event.work_groups.select_for_update().filter(published_at=None)
        count = groups.update(published_at=clock.now())
        if count:
            audit.record("publish_groups", event, by=by, event_id=event.pk)
            live.publish(event, "workshop", "plans")
    return count
