"""Mentor reviews and the two votes. SALON §6.

The vote is secret: a ticket says that a person voted, a counter says how many votes a group has,
and nothing joins the two. Counters cannot be read before the close by any page.
"""

import secrets
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.db.models import Avg, F
from django.utils.translation import gettext_lazy as _

from salon import audit, clock, live
from salon.errors import Refused
from salon.text import clean_text
from workshops import tally
from workshops.models import Award, MentorReview, Phase, VoteCount, VoteTicket, WorkGroup


def review(*, group, mentor, need_fit, feasibility, follow_up, suggestion):
    """A mentor's three marks (1–5) and one suggestion for a group; saying it again replaces it."""
    marks = {"need_fit": need_fit, "feasibility": feasibility, "follow_up": follow_up}
    if not all(1 <= value <= 5 for value in marks.values()):
        raise Refused("mark", _("每一项请打 1 到 5 分。"), status=400)
    suggestion = clean_text(suggestion, multiline=True)
    if not suggestion:
        raise Refused("suggestion", _("请给这个小组写一条建议。"), status=400)
    with transaction.atomic():
        saved, _created = MentorReview.objects.update_or_create(
            group=group, mentor=mentor, defaults={**marks, "suggestion": suggestion}
        )
        audit.record("review_group", saved, by=mentor, event_id=group.event_id, fields=list(marks))
        live.publish(group.event, "plans")
    return saved


def mentor_means(event):
    """Mean of all marks of all mentors, by group id; a group nobody reviewed is not in it."""
    means = (
        MentorReview.objects.filter(group__event=event)
        .values("group")
        .annotate(mean=Avg((F("need_fit") + F("feasibility") + F("follow_up")) / Decimal(3)))
    )
    return {row["group"]: row["mean"] for row in means}


def open_vote(event):
    """The event's vote phase if it is open by the database's clock, else none."""
    return event.phases.filter(
        kind=Phase.Kind.VOTE,
        started_at__lte=clock.database_now(),
        ends_at__gt=clock.database_now(),
    )


def vote(*, person, award, group):
    """One vote per person and award, none for the own group, none after the close.

    Raises Refused("closed" | "own_group" | "voted" | "foreign").
    """
    if award.event_id != person.event_id or group.event_id != person.event_id:
        raise Refused("foreign", _("这不是本场的投票。"), status=404)
    if group.memberships.filter(participant=person).exists():
        raise Refused("own_group", _("不能投给自己的小组,请选别的组。"))
    try:
        with transaction.atomic():
            # Locked, so that the close waits for votes under way and none slips in behind it.
            if open_vote(person.event).select_for_update().first() is None:
                raise Refused("closed", _("投票没有开放,或已经结束。"))
            VoteTicket.objects.create(award=award, participant=person)
            VoteCount.objects.bulk_create(
                [VoteCount(award=award, group=group)], ignore_conflicts=True
            )
            VoteCount.objects.filter(award=award, group=group).update(votes=F("votes") + 1)
    except IntegrityError:
        raise Refused("voted", _("这个奖项您已经投过了,谢谢。")) from None


def close_vote(*, event, by):
    """Count once and for all: most votes, then the higher mentor mean, then a recorded lot."""
    with transaction.atomic():
        phase = Phase.objects.select_for_update().get(event=event, kind=Phase.Kind.VOTE)
        now = clock.now()
        if phase.ends_at is None:
            raise Refused("not_open", _("投票还没有开始。"))
        phase.ends_at = min(phase.ends_at, max(now, phase.started_at))
        phase.save(update_fields=["ends_at"])
        means = mentor_means(event)
        groups = {group.pk: group for group in WorkGroup.objects.filter(event=event)}
        awards = list(Award.objects.select_for_update().filter(event=event, closed_at=None))
        for award in awards:
            votes = dict(award.counts.values_list("group", "votes"))
            seed = secrets.token_hex(16)
            result = tally.result(votes, {pk: means.get(pk) for pk in votes}, seed=seed)
            award.winner = groups.get(result.winner)
            award.result = {
                "votes": {str(pk): count for pk, count in votes.items()},
                "tied": sorted(result.tied),
                "broken_by": result.broken_by,
                "lot_seed": result.lot_seed,
            }
            award.closed_at = now
            award.save(update_fields=["winner", "result", "closed_at"])
        audit.record("close_vote", phase, by=by, event_id=event.pk)
        live.publish(event, "plans", "workshop")
    return awards
