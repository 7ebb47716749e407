"""The pain wall: cards, solutions below them, one like per person, good ones marked by the host.

SALON §5. Everybody writes from the phone, on site or online; the projector shows the topic
"pains".
"""

from django.db import transaction
from django.db.models import Count, Prefetch, Q
from django.utils.translation import gettext_lazy as _

from participants.topics import topic_of
from salon import audit, clock, limits, live
from salon.errors import Refused
from salon.text import clean_text
from workshops.models import PainCard, Solution, SolutionLike


def shown_cards(event):
    """Cards on the wall with what hangs below them, the liveliest first; two queries."""
    solutions = (
        Solution.objects.filter(hidden_at=None)
        .annotate(like_count=Count("likes"))
        .order_by("-featured_at", "-like_count", "pk")
    )
    return (
        event.pain_cards.filter(hidden_at=None, merged_into=None)
        .annotate(solution_count=Count("solutions", filter=Q(solutions__hidden_at=None)))
        .prefetch_related(Prefetch("solutions", queryset=solutions, to_attr="shown_solutions"))
        .order_by("-solution_count", "pk")
    )


def solutions_of(event):
    return Solution.objects.filter(card__event=event, hidden_at=None)


def post_pain(*, person, text, client_id):
    """Put a pain card on the wall. The same `client_id` again answers with the same card.

    Raises Refused("empty"), Refused("too_often").
    """
    text = _said(text, 200)
    limits.require(f"pain:{person.pk}", times=20, seconds=600)
    with transaction.atomic():
        card, _created = PainCard.objects.get_or_create(
            client_id=client_id,
            defaults={
                "event_id": person.event_id,
                "participant": person,
                "text": text,
                "topic": topic_of(text).key,
            },
        )
        live.publish(person.event, "pains")
    return card


def post_solution(*, person, card, text, client_id):
    """Hang a solution below a card. The same `client_id` again answers with the same solution."""
    text = _said(text, 300)
    limits.require(f"solution:{person.pk}", times=30, seconds=600)
    with transaction.atomic():
        solution, _created = Solution.objects.get_or_create(
            client_id=client_id,
            defaults={"card": card.merged_into or card, "participant": person, "text": text},
        )
        live.publish(person.event, "pains")
    return solution


def like(*, person, solution):
    """One like per person; a second tap changes nothing. Returns the number of likes."""
    with transaction.atomic():
        SolutionLike.objects.bulk_create(
            [SolutionLike(solution=solution, participant=person)], ignore_conflicts=True
        )
        live.publish(person.event, "pains")
    return solution.likes.count()


def feature(*, solution, by, featured=True):
    """Mark a solution as a good one (优质方案), or take the mark back."""
    with transaction.atomic():
        solution.featured_at = clock.now() if featured else None
        solution.save(update_fields=["featured_at"])
        audit.record(
            "feature_solution",
            solution,
            by=by,
            event_id=solution.card.event_id,
            fields=["featured_at"],
        )
        live.publish(solution.card.event, "pains")


def _said(text, length):
    text = clean_text(text)
    if not text:
        raise Refused("empty", _("还没有写内容。"), status=400)
    if len(text) > length:
        raise Refused(
            "too_long",
            _("最多 %(length)d 个字,请再精简一些。") % {"length": length},
            status=400,
        )
    return text
