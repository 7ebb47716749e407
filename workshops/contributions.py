"""Everything one person contributed: for their own page and export, and for forgetting them."""

from django.db.models import F

from events.models import Gate
from workshops.models import (
    LateDraft,
    Listing,
    Match,
    Membership,
    PainCard,
    Plan,
    PlanEdit,
    PlanPhoto,
    Question,
    QuestionVote,
    Solution,
    SolutionLike,
    Tip,
    VoteTicket,
)


def of(person):
    """JSON-able: what the person wrote, liked, offered, and where they took part.

    Of the vote it says that they voted, because that is all there is.
    """
    membership = Membership.objects.filter(participant=person).select_related("group").first()
    listing = Listing.objects.filter(participant=person).select_related("table").first()
    return {
        "pain_cards": list(
            PainCard.objects.filter(participant=person).values("text", "topic", "created_at")
        ),
        "solutions": [
            {
                "pain": _readable(solution.card, person),
                "text": solution.text,
                "featured": solution.featured_at is not None,
                "created_at": solution.created_at,
            }
            for solution in Solution.objects.filter(participant=person).select_related("card")
        ],
        "likes": list(
            SolutionLike.objects.filter(participant=person, solution__gate=Gate.SHOWN)
            .order_by("pk")
            .values("solution__text", "at")
        ),
        "questions": list(
            Question.objects.filter(participant=person).values(
                "kind", "text", "created_at", "answered_at", state=F("gate")
            )
        ),
        "upvotes": QuestionVote.objects.filter(participant=person).count(),
        "tips": list(Tip.objects.filter(participant=person).values("text", "place", "finished_at")),
        "listing": listing
        and {"table": listing.table.name, "offer": listing.offer, "need": listing.need},
        "matches": Match.objects.of([person.pk]).count(),
        "group": membership and {"name": membership.group.name, "number": membership.group.number},
        "plan_edits": PlanEdit.objects.filter(participant=person).count(),
        "late_drafts": list(LateDraft.objects.filter(participant=person).values("text", "at")),
        "photos": PlanPhoto.objects.filter(added_by=person).count(),
        "voted_for_awards": list(
            VoteTicket.objects.filter(participant=person).values_list("award__name", flat=True)
        ),
    }


def _readable(card, person):
    """The pain that was answered, as long as others may read it."""
    return card.text if card.is_shown or card.participant_id == person.pk else ""


def forget(person):
    """Their late drafts go whole: counted nowhere. Their words elsewhere are taken by their columns
    (participants/personal.py); what a mate still has on the screen, their name in it, is stale."""
    theirs = Plan.objects.filter(group__memberships__participant=person)
    theirs.update(version=F("version") + 1)
    LateDraft.objects.filter(participant=person).delete()
