"""Seats: two rooms, on site and online, each shared out among the categories by quota.seats."""

from dataclasses import dataclass
from fractions import Fraction

from django.db.models import Count, Q
from django.utils.translation import gettext as _

from participants import quota
from participants.models import Category, Participant


def capacity(event, *, online):
    return event.online_capacity if online else event.on_site_capacity


def free_seats(event, *, online):
    """Seats of one room that nobody holds; a promise only under the event's lock."""
    held = Participant.objects.filter(event=event, online=online).holding_a_seat().count()
    return capacity(event, online=online) - held


@dataclass(frozen=True)
class CategorySeats:
    """One category in one room. `share` is None while the shares do not add up to 100 %."""

    category: Category
    share: quota.SeatShare | None
    released_in: int
    released_out: int
    held: dict  # status → people, for the three statuses that hold a seat
    waiting: int
    to_decide: int

    @property
    def seats(self):
        return max(0, self._own)

    @property
    def overdrawn(self):
        """Seats given to others that are not there any more: the room shrank afterwards."""
        return max(0, -self._own)

    @property
    def _own(self):
        return (self.share.seats if self.share else 0) + self.released_in - self.released_out

    @property
    def taken(self):
        return sum(self.held.values())

    @property
    def confirmed(self):
        return self.held.get(Participant.Status.CONFIRMED, 0)

    @property
    def free(self):
        return self.seats - self.taken

    @property
    def over(self):
        return max(0, -self.free)


@dataclass(frozen=True)
class RoomSeats:
    """One room: `rows` in the order of the categories, `problem` a sentence or None."""

    online: bool
    capacity: int
    rows: list
    problem: str | None

    @property
    def taken(self):
        return sum(row.taken for row in self.rows)

    @property
    def free(self):
        return self.capacity - self.taken

    def of(self, category):
        return next(row for row in self.rows if row.category.pk == category.pk)

    def free_in(self, category):
        """Seats of the category that may be given away now: never more than the room has."""
        inside = self.of(category).free if self.problem is None else self.free
        return min(inside, self.free) if self.free > 0 or inside < 0 else 0


def count_people(event):
    """{(category id, online, status): people} of the event, in one statement. The seats of those
    who are set aside are taken, and so are those of erased people who are inside."""
    return count_and_see(event)[0]


def count_and_see(event):
    """`(count_people, {status: people one may look at})`, in one statement."""
    rows = (
        Participant.objects.filter(event=event)
        .filter(Q(erased_at=None) | Q(status__in=Participant.SEATED))
        .order_by()
        .values("category", "online", "status")
        .annotate(n=Count("pk"), seen=Count("pk", filter=Q(erased_at=None)))
    )
    counts, seen = {}, dict.fromkeys(Participant.Status.values, 0)
    for row in rows:
        counts[row["category"], row["online"], row["status"]] = row["n"]
        seen[row["status"]] += row["seen"]
    return counts, seen


def room_seats(event, *, online, room=None, categories=None, counts=None, releases=None):
    """The room's seats per category with the rounding shown; at most three statements.

    `room` asks how it would be with so many seats.
    """
    categories = list(event.categories.all()) if categories is None else categories
    counts = count_people(event) if counts is None else counts
    if releases is None:
        releases = event.seat_releases.all()
    releases = [release for release in releases if release.online == online]
    shares = {category.key: Fraction(category.share_percent) for category in categories}
    room = capacity(event, online=online) if room is None else room
    problem = quota.shares_problem(room, shares)
    by_key = {} if problem else {share.key: share for share in quota.seats(room, shares)}
    rows = [
        CategorySeats(
            category=category,
            share=by_key.get(category.key),
            released_in=sum(r.seats for r in releases if r.target_id == category.pk),
            released_out=sum(r.seats for r in releases if r.source_id == category.pk),
            held={
                status: counts.get((category.pk, online, status), 0)
                for status in Participant.SEATED
            },
            waiting=counts.get((category.pk, online, Participant.Status.WAITLISTED), 0),
            to_decide=counts.get((category.pk, online, Participant.Status.SUBMITTED), 0)
            + counts.get((category.pk, online, Participant.Status.PHONE_SCREENING), 0),
        )
        for category in categories
    ]
    return RoomSeats(online, room, rows, problem or _overdrawn(rows))


def _overdrawn(rows):
    for row in rows:
        if row.share and row.overdrawn:
            return _(
                "%(category)s调剂给别的类别的名额比现有的多出 %(seats)s 席。"
                "请把这 %(seats)s 席调剂回来，或改名额和占比。"
            ) % {"category": row.category.name, "seats": row.overdrawn}
    return None
