"""Work groups: formed from those who came, moved by hand, published, extended by late arrivals.

SALON §6. The split itself is pure, see grouping.py; here it meets the database.
"""

from dataclasses import dataclass

from django.db import transaction
from django.db.models import Max, Prefetch, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events.models import Event
from participants.models import Participant, TagCard
from participants.tags import size_band
from salon import audit, clock, live
from salon.errors import Refused
from salon.seen import LOOK_AGAIN, require_unchanged
from workshops import grouping, phases
from workshops.models import Membership, Phase, Plan, VoteTicket, WorkGroup
from workshops.taking_part import said

SIZE_POINTS = {band: points for points, band in enumerate(TagCard.SizeBand.values)}
ACTIVE_RATE = 40  # percent; the criterion of a core operator, SALON §3


# --- who is to be grouped ---------------------------------------------------------------------


def attendees(event, *, online):
    """Those to be grouped: in the room whoever is checked in, on the stream whoever confirmed."""
    people = Participant.objects.filter(event=event).present().select_related("tag_card")
    people = people.online().confirmed() if online else people.on_site().checked_in()
    return people.order_by("pk")


def as_attendee(person):
    """What the split needs to know of a person."""
    card = getattr(person, "tag_card", None)
    size = person.community_size if person.community_size is not None else person.followers
    return grouping.Attendee(
        id=person.pk,
        industry=(card.industry if card else "") or person.industry,
        size_band=(card.size_band if card else "") or size_band(size),
        experience=experience_of(person),
        name_key=person.pinyin,
        online=person.online,
    )


def experience_of(person):
    """Points for proposing leaders, 0 to 12: the size of what they run (0–4, SALON §4's bands),
    an active community (2), fields of expertise (up to 3), a case or method they bring (3)."""
    size = person.community_size if person.community_size is not None else person.followers
    return (
        SIZE_POINTS.get(size_band(size), 0)
        + 2 * (person.active_rate is not None and person.active_rate >= ACTIVE_RATE)
        + min(len(person.expertise), 3)
        + 3 * bool(person.can_bring)
    )


def industry_words():
    return {key: str(word) for key, word in Participant.Industry.choices}


# --- forming ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Proposal:
    """One what-if run: the groups of the room, then those of the stream, numbered through.

    `groups` are (number, name, grouping.Group); `tables` the same to be read, (number, name,
    [(person's name, "leader" | "recorder" | "")]). `score` says how alike people are within their
    groups, 0 to 1, over all of them.
    """

    seed: int
    groups: tuple
    tables: tuple
    note: str | None
    score: float
    people: int

    @property
    def percent(self):
        return round(100 * self.score)


def propose(event, *, seed=0):
    """What-if: the split of the room and of the stream with this seed; writes nothing."""
    return propose_several(event, seeds=[seed])[0]


def propose_several(event, *, seeds):
    """Several runs, the best first; two queries however many runs."""
    rooms = [list(attendees(event, online=online)) for online in (False, True)]
    names = {person.pk: str(person) for room in rooms for person in room}
    people = [[as_attendee(person) for person in room] for room in rooms]
    labels = industry_words()
    runs = [
        _joined([grouping.split(room, seed=seed, labels=labels) for room in people], seed, names)
        for seed in seeds
    ]
    return sorted(runs, key=lambda run: (-run.score, run.seed))


def _joined(runs, seed, names):
    groups, taken = [], set()
    for run in runs:
        for group in run.groups:
            name = group.name
            if name in taken:
                name = _("%(name)s（线上）") % {"name": name}
            taken.add(name)
            groups.append((len(groups) + 1, name, group))
    notes = [run.note for run in runs if run.note]
    if not groups:
        notes = [_("还没有人签到，也没有已确认的线上参与者，没有可以分组的人。")]
    return Proposal(
        seed,
        tuple(groups),
        tuple((number, name, _table(group, names)) for number, name, group in groups),
        " ".join(dict.fromkeys(notes)) or None,
        grouping.score_of([group for _number, _name, group in groups]),
        len(names),
    )


def _table(group, names):
    roles = {group.recorder: "recorder", group.leader: "leader"}
    return [(names[member.id], roles.get(member.id, "")) for member in group.members]


def form(*, event, by=None, seed=0):
    """Form groups anew from those who came, and keep them: `(groups, note)`.

    Refused("published") once the phones show them: late arrivals are placed without moving
    anyone, see `place_late`. Refused("written") when one of those that would go has work in it.
    """
    with transaction.atomic():
        event = _lock(event)
        if event.work_groups.filter(published_at__isnull=False).exists():
            raise Refused("published", _("分组已经公布，不再重排。后到的人会直接补进小组。"))
        _require_no_work(event)
        event.work_groups.all().delete()
        proposal = propose(event, seed=seed)
        groups = [_keep(event, *numbered) for numbered in proposal.groups]
        audit.record("form_groups", event, by=by, event_id=event.pk)
        _tell(event)
    return groups, proposal.note


def _lock(event):
    return Event.objects.select_for_update(no_key=True).get(pk=event.pk)


def _tell(event):
    live.publish(event, "workshop", "plans", "control")


def _keep(event, number, name, group):
    kept = WorkGroup.objects.create(
        event=event,
        number=number,
        name=name,
        online=any(member.online for member in group.members),
        leader_id=group.leader,
        leader_reason=group.leader_reason,
        recorder_id=group.recorder,
        recorder_reason=group.recorder_reason,
    )
    Membership.objects.bulk_create(
        Membership(group=kept, participant_id=member.id) for member in group.members
    )
    return kept


def publish(*, event, by):
    """Show everybody their group; from now on nobody is moved by the program."""
    with transaction.atomic():
        event = _lock(event)
        if not event.work_groups.exists():
            raise Refused("no_groups", _("还没有分组，先分好再公布。"))
        count = event.work_groups.filter(published_at=None).update(published_at=clock.now())
        if count:
            groups = event.work_groups.filter(plan=None)
            Plan.objects.bulk_create(Plan(group=group) for group in groups)
            audit.record("publish_groups", event, by=by, event_id=event.pk)
            _tell(event)
    return count


def unpublish(*, event, by):
    """Take the groups back from the phones, to form them anew. Refused once there is work that
    would go with its group, while the vote runs, and once somebody voted."""
    with transaction.atomic():
        event = _lock(event)
        _require_no_work(event)
        _require_no_vote(event)
        if event.work_groups.update(published_at=None):
            audit.record("unpublish_groups", event, by=by, event_id=event.pk)
            _tell(event)


WITH_WORK = (
    Q(plan__version__gt=0)
    | Q(plan__submitted_at__isnull=False)
    | Q(plan__photos__isnull=False)
    | Q(plan__late_drafts__isnull=False)
    | Q(reviews__isnull=False)
)


def _require_no_work(event):
    if event.work_groups.filter(WITH_WORK).exists():
        raise Refused(
            "written",
            _("已经有小组写了方案、传了照片或得了点评，不能撤回重分，可以手动调整。"),
        )


def _require_no_vote(event):
    """What is on the ballot stays there: votes that are in would go with their groups, and nobody
    votes twice. Waits for a vote that is being opened or cast."""
    phase = event.phases.select_for_update().filter(kind=Phase.Kind.VOTE).first()
    if phase and phases.is_open(event, phase.kind):
        raise Refused("voting", _("正在投票，小组先不动。投票结束后再调整。"))
    if VoteTicket.objects.filter(award__event=event).exists():
        raise Refused("voted", _("已经有人投票，不能再撤回或解散小组，可以手动调整。"))


# --- reading ----------------------------------------------------------------------------------


def standing(event):
    """The groups that are kept, each with `.people` (late ones last), `.as_value`, `.problems`
    (sentences) and `.would` (what a move would put out of order); three queries."""
    memberships = Membership.objects.select_related("participant__tag_card").order_by(
        "late", "participant__pinyin", "pk"
    )
    groups = list(
        event.work_groups.prefetch_related(Prefetch("memberships", queryset=memberships))
        .select_related("leader", "recorder")
        .order_by("number")
    )
    for group in groups:
        group.people = list(group.memberships.all())
        for member in group.people:
            card = getattr(member.participant, "tag_card", None)
            member.band = card.get_size_band_display() if card else ""
        group.as_value = _as_value(group)
    problems, words = {}, industry_words()
    for problem in grouping.problems_of([group.as_value for group in groups], labels=words):
        problems.setdefault(problem.group, []).append(problem.sentence)
    for group in groups:
        group.problems = problems.get(group.number, [])
        group.would = grouping.would_be(group.as_value, labels=words)
    return groups


def _as_value(group):
    return grouping.Group(
        number=group.number,
        name=group.name,
        members=tuple(as_attendee(membership.participant) for membership in group.people),
        leader=group.leader_id,
        leader_reason=group.leader_reason,
        recorder=group.recorder_id,
        recorder_reason=group.recorder_reason,
    )


def note_of(groups):
    """The sentence on sizes for groups as they are kept; None when all are as wanted."""
    notes = [
        grouping.size_note([len(group.people) for group in groups if group.online == online])
        for online in (False, True)
    ]
    return " ".join(filter(None, notes)) or None


def group_of(person):
    """The published group of one person, or None."""
    return (
        WorkGroup.objects.filter(memberships__participant=person, published_at__isnull=False)
        .select_related("event", "leader", "recorder")
        .first()
    )


def without_group(event):
    """Those who came and have no group yet, room before stream, two queries."""
    return [
        person
        for online in (False, True)
        for person in attendees(event, online=online).filter(membership=None)
    ]


# --- after publishing -------------------------------------------------------------------------


@dataclass(frozen=True)
class Placed:
    group: WorkGroup
    sentence: str


def place_late(*, person, by=None):
    """Put somebody who came late into a group, moving nobody; where they are when they have one.

    Returns `Placed`, or None while no groups are published or the person has not come.
    """
    with transaction.atomic():
        event = _lock(person.event)
        if not event.work_groups.filter(published_at__isnull=False).exists():
            return None
        here = attendees(event, online=person.online).filter(pk=person.pk).first()
        if here is None:
            return None
        mine = Membership.objects.filter(participant=here).select_related("group").first()
        if mine:
            return Placed(mine.group, _("您已经在%(name)s。") % {"name": mine.group.name})
        groups = standing(event)
        placement = grouping.place_late(
            [group.as_value for group in groups if group.online == here.online],
            as_attendee(here),
            labels=industry_words(),
        )
        home = _late_home(event, groups, placement)
        Membership.objects.create(group=home, participant=here, late=True)
        audit.record("place_late", home, by=by, fields=["memberships"])
        _tell(event)
    return Placed(home, placement.sentence)


def _late_home(event, groups, placement):
    if placement.kind != "opened":
        home = next(group for group in groups if group.number == placement.group.number)
        value = placement.group
        if (home.leader_id, home.recorder_id) != (value.leader, value.recorder):
            home.leader_id, home.leader_reason = value.leader, value.leader_reason
            home.recorder_id, home.recorder_reason = value.recorder, value.recorder_reason
            home.save(update_fields=["leader", "leader_reason", "recorder", "recorder_reason"])
        return home
    person = placement.group.members[0]
    last = event.work_groups.aggregate(last=Max("number"))["last"] or 0
    taken = {group.name for group in groups}
    name = placement.group.name
    if name in taken:
        name = f"{name} {last + 1}"
    home = WorkGroup.objects.create(
        event=event,
        number=last + 1,
        name=name,
        online=person.online,
        leader_id=placement.group.leader,
        leader_reason=placement.group.leader_reason,
        published_at=clock.now(),
    )
    Plan.objects.create(group=home)
    return home


def place_all_late(*, event, by=None):
    """Everybody who came since and has no group yet; returns what was done for each."""
    if not event.work_groups.filter(published_at__isnull=False).exists():
        return []
    people = without_group(event)
    return [placed for person in people if (placed := place_late(person=person, by=by))]


# --- the organiser's hand ---------------------------------------------------------------------


def move(*, event, person, group, by, seen_in=None):
    """Move somebody to another group by hand, or out of all of them with `group` None.

    Constraints are shown, not enforced: the organiser sees the room. Roles that the person had
    are given up. `seen_in` is the id of the group in which the mover saw the person, 0 for none.
    Raises Refused("foreign"), Refused("moved") when the person stands elsewhere by now,
    Refused("not_come") for somebody without a group who has not come.
    """
    with transaction.atomic():
        event = _lock(event)
        if group is not None and group.event_id != event.pk:
            raise Refused("foreign", _("这不是本场的小组。"), status=404)
        home = WorkGroup.objects.filter(memberships__participant=person).first()
        if seen_in is not None and seen_in != (home.pk if home else 0):
            raise Refused("moved", _moved_meanwhile(person, home))
        if home is None and not attendees(event, online=person.online).filter(pk=person.pk):
            raise Refused(
                "not_come", _("%(name)s 还没有签到，签到后才能进组。") % {"name": person.name}
            )
        event.work_groups.filter(leader=person).exclude(pk=group and group.pk).update(
            leader=None, leader_reason=""
        )
        event.work_groups.filter(recorder=person).exclude(pk=group and group.pk).update(
            recorder=None, recorder_reason=""
        )
        if group is None:
            Membership.objects.filter(participant=person).delete()
        else:
            Membership.objects.update_or_create(participant=person, defaults={"group": group})
        audit.record("move_member", event, by=by, event_id=event.pk, fields=["memberships"])
        _tell(event)


def _moved_meanwhile(person, home):
    if home is None:
        return _("%(name)s 刚被移出小组，没有再移动。请看最新的分组。") % {"name": person.name}
    words = {"name": person.name, "group": f"{home.number}. {home.name}"}
    return _("%(name)s 刚被移到“%(group)s”，没有再移动。请看最新的分组。") % words


BY_HAND = gettext_lazy("主办方指定。")


def appoint(*, group, role, person, by):
    """Make a member leader or recorder (`role`); the other role is given up if they had it.

    Raises Refused("foreign") for somebody who is not in the group, or not any more.
    """
    other = {"leader": "recorder", "recorder": "leader"}[role]
    with transaction.atomic():
        # The event's lock, as everything that moves people or forms the groups anew takes it.
        event = _lock(group.event)
        member = Membership.objects.filter(group=group, participant=person)
        member = member.select_related("group").first()
        if member is None:
            raise Refused("foreign", _("这位参与者不在这一组。"), status=400)
        group = member.group
        if getattr(group, f"{other}_id") == person.pk:
            setattr(group, f"{other}_id", getattr(group, f"{role}_id"))
            setattr(group, f"{other}_reason", getattr(group, f"{role}_reason"))
        setattr(group, f"{role}_id", person.pk)
        setattr(group, f"{role}_reason", str(BY_HAND))
        group.save()
        audit.record(f"appoint_{role}", group, by=by, fields=[role])
        _tell(event)
    return group


def rename(*, group, name, by, was: str | None = None):
    """`was` is the stamp of the name that the page showed. Raises Refused("stale")."""
    name = said(name, 60)
    with transaction.atomic():
        _lock(group.event)
        group.refresh_from_db(fields=["name"])
        require_unchanged(was, group.name, told=LOOK_AGAIN)
        group.name = name
        group.save(update_fields=["name"])
        audit.record("rename_group", group, by=by, fields=["name"])
        _tell(group.event)


def dissolve(*, group, by):
    """Take away a group that nobody is in any more and that has nothing to show: it would stand
    on the wall and on the ballot, and be counted among those that did not submit.

    Again is harmless. Raises Refused("people" | "written" | "voting" | "voted").
    """
    with transaction.atomic():
        event = _lock(group.event)
        if group.memberships.exists():
            raise Refused("people", _("这一组还有人。先把他们移到别的组，再解散。"))
        if WorkGroup.objects.filter(WITH_WORK, pk=group.pk).exists():
            raise Refused("written", _("这一组已经有方案，不能解散。"))
        _require_no_vote(event)
        deleted, _per_table = WorkGroup.objects.filter(pk=group.pk).delete()
        if deleted:
            audit.record("dissolve_group", group, by=by, event_id=event.pk)
            _tell(event)


def place_everywhere():
    """Place late arrivals of every event that is under way and has published groups.

    Rung by a clock: a check-in shall not wait for a group. Returns how many were placed.
    """
    now = clock.now()
    events = Event.objects.not_over(now).filter(
        pk__in=WorkGroup.objects.filter(published_at__isnull=False).values("event")
    )
    return sum(len(place_all_late(event=event)) for event in events)
