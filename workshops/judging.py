"""Mentor reviews and the two votes. SALON §6.

The vote is secret: a ticket says that a person voted, a counter says how many votes a group has,
and nothing joins the two. Counters cannot be read before the close by any page; and every vote
writes all counters of its award in one statement, so that no counter bears the number of one
ticket's transaction (xmin) or lies apart (ctid). Not protected: whoever compares copies of the
database from before and after one vote.
"""

import secrets
from dataclasses import dataclass
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.db.models import Case, Count, F, Sum, When
from django.utils.translation import gettext_lazy as _

from salon import audit, clock, live
from salon.errors import Refused
from workshops import phases, tally
from workshops.models import Award, MentorReview, Phase, VoteCount, VoteTicket, WorkGroup
from workshops.taking_part import require_presence, said

SUGGESTION_LENGTH = 500
MARKS = ("need_fit", "feasibility", "follow_up")


# --- mentors ----------------------------------------------------------------------------------


def review(*, group, mentor, need_fit, feasibility, follow_up, suggestion):
    """A mentor's three marks (1–5) and one suggestion for a group; saying it again replaces it.

    Raises Refused("mark" | "empty" | "too_long"), Refused("closed") once the awards are out.
    """
    marks = {"need_fit": need_fit, "feasibility": feasibility, "follow_up": follow_up}
    if not all(value in range(1, 6) for value in marks.values()):
        raise Refused("mark", _("三项都请打 1 到 5 分。"), status=400)
    suggestion = said(suggestion, SUGGESTION_LENGTH, multiline=True)
    with transaction.atomic():
        # The awards' rows, shared with close_vote: a mark is in the count or it is refused.
        awards = list(
            Award.objects.select_for_update(no_key=True).filter(event=group.event_id).order_by("pk")
        )
        if any(award.closed_at for award in awards):
            raise Refused("closed", _("奖项已经揭晓，评分不再改动。"))
        saved, _created = MentorReview.objects.update_or_create(
            group=group, mentor=mentor, defaults={**marks, "suggestion": suggestion}
        )
        audit.record("review_group", saved, by=mentor, event_id=group.event_id, fields=list(marks))
        live.publish(group.event, "workshop")
    return saved


def mentor_means(event):
    """Mean of all marks of all mentors by group id, not rounded: a rounded one would tie groups
    that are not. A group nobody reviewed is not in it."""
    sums = (
        MentorReview.objects.filter(group__event=event)
        .values_list("group")
        .annotate(total=Sum(F("need_fit") + F("feasibility") + F("follow_up")), reviews=Count("pk"))
    )
    # Divided here: in the database whole numbers would be divided to a whole number.
    return {group: Decimal(total) / (reviews * len(MARKS)) for group, total, reviews in sums}


# --- the vote ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ballot:
    """One award on somebody's phone: whether they have voted, never what."""

    award: Award
    voted: bool


def ballots(person):
    voted = set(VoteTicket.objects.filter(participant=person).values_list("award", flat=True))
    awards = Award.objects.filter(event=person.event_id).order_by("pk")
    return [Ballot(award, award.pk in voted) for award in awards]


def _title(group):
    plan = getattr(group, "plan", None)
    return plan.title if plan and plan.is_shown else ""


def candidates(person):
    """Groups one may vote for, each with the `.title` of its plan, as far as it is on show: those that stood when the vote was opened, without the own one. A
    group that opened since, for latecomers, has had no time for a plan."""
    on_the_ballot = VoteCount.objects.filter(award__event=person.event_id)
    groups = list(
        WorkGroup.objects.filter(pk__in=on_the_ballot.values("group"))
        .exclude(memberships__participant=person)
        .select_related("plan")
        .order_by("number")
    )
    for group in groups:
        group.title = _title(group)
    return groups


def vote(*, person, award, group):
    """One vote per person and award, none for the own group, none after the close.

    Raises Refused("closed" | "own_group" | "voted" | "foreign" | "not_taking_part" | "not_here").
    """
    require_presence(person)
    if award.event_id != person.event_id or group.event_id != person.event_id:
        raise Refused("foreign", _("这不是本场的投票。"), status=404)
    try:
        with transaction.atomic():
            # Locked, so that the close waits for votes under way and none slips in behind it.
            if phases.open_phase(person.event, Phase.Kind.VOTE).select_for_update().first() is None:
                raise Refused("closed", _("投票没有开放，或已经结束。"))
            if group.memberships.filter(participant=person).exists():
                raise Refused("own_group", _("不能投给自己的小组，请选别的组。"))
            VoteTicket.objects.create(award=award, participant=person)
            counters = VoteCount.objects.filter(award=award)
            if not counters.filter(group=group).exists():
                raise Refused("foreign", _("这个小组不在候选名单里。"), status=404)
            theirs = Case(When(group=group, then=1), default=0)
            counters.update(votes=F("votes") + theirs)
            live.publish(person.event, "workshop", "control")
    except IntegrityError:
        raise Refused("voted", _("这个奖项您已经投过了，谢谢。")) from None


def turnout(event):
    """How many have voted for each award, for the host; not what. [(award, people)]"""
    return [
        (award, award.voted)
        for award in Award.objects.filter(event=event)
        .annotate(voted=Count("tickets"))
        .order_by("pk")
    ]


def close_vote(*, event, by):
    """Count once and for all: most votes, then the higher mentor mean, then a recorded lot.

    Again is harmless: the result stays. Raises Refused("not_open") before the vote began.
    """
    with transaction.atomic():
        phase = Phase.objects.select_for_update().get(event=event, kind=Phase.Kind.VOTE)
        if phase.started_at is None:
            raise Refused("not_open", _("投票还没有开始。"))
        now = clock.now()
        phase.ends_at = max(min(phase.ends_at, now), phase.started_at)
        phase.save(update_fields=["ends_at"])
        awards = list(
            Award.objects.select_for_update(no_key=True).filter(event=event).order_by("pk")
        )
        counted = [award for award in awards if award.closed_at is None]
        means = mentor_means(event)
        for award in counted:
            _count(award, means, now)
        # Every counter is written once more, by one hand: what each vote left is overwritten.
        VoteCount.objects.filter(award__in=counted).update(votes=F("votes"))
        if counted:
            audit.record("close_vote", phase, by=by, event_id=event.pk)
            live.publish(event, "plans", "workshop", "control")
    return awards


def _count(award, means, now):
    votes = dict(award.counts.order_by("group").values_list("group", "votes"))
    result = tally.result(votes, means, seed=secrets.token_hex(16))
    award.winner_id = result.winner
    award.result = {
        "votes": {str(pk): count for pk, count in votes.items()},
        "tied": list(result.tied),
        "broken_by": result.broken_by,
        "mentor_means": {str(pk): str(means[pk]) for pk in votes if pk in means},
        "lot_seed": result.lot_seed,
    }
    award.closed_at = now
    award.save(update_fields=["winner", "result", "closed_at"])


def result_of(award):
    """The kept count told again as a `tally.AwardResult`, in the reader's language; None while
    the vote is not closed."""
    if award.closed_at is None:
        return None
    kept = award.result
    return tally.result(
        {int(pk): count for pk, count in kept["votes"].items()},
        {int(pk): Decimal(mean) for pk, mean in kept["mentor_means"].items()},
        seed=kept["lot_seed"] or "",
    )


def results(event):
    """Awards whose count is out, each with `.told` (the result), `.title` of the winning plan as
    far as it is on show, and `.standing`: [(group, votes)] the most votes first. Empty until the
    vote is closed."""
    awards = list(
        Award.objects.filter(event=event, closed_at__isnull=False)
        .select_related("winner__plan")
        .order_by("pk")
    )
    groups = WorkGroup.objects.in_bulk(
        {int(pk) for award in awards for pk in award.result["votes"]}
    )
    for award in awards:
        award.told = result_of(award)
        award.title = _title(award.winner) if award.winner else ""
        award.standing = sorted(
            (
                (groups[int(pk)], votes)
                for pk, votes in award.result["votes"].items()
                if int(pk) in groups
            ),
            key=lambda row: (row[0].pk != award.winner_id, -row[1], row[0].number),
        )
    return awards


# --- what was marked, for faces ---------------------------------------------------------------


def mark_labels():
    """The three marks as `[(field, words)]`."""
    return [(name, MentorReview._meta.get_field(name).verbose_name) for name in MARKS]


def reviews_by(event, mentor):
    return MentorReview.objects.filter(group__event=event, mentor=mentor)


def reviewed(event):
    """How many mentors have reviewed each group: {group id: (reviews, mean as it is told)}."""
    means = mentor_means(event)
    counts = (
        MentorReview.objects.filter(group__event=event)
        .values("group")
        .annotate(reviews=Count("pk"))
        .values_list("group", "reviews")
    )
    return {group: (reviews, tally.told(means[group])) for group, reviews in counts}
