"""Everything one person contributed: for their own page and export, and for forgetting them."""

from django.db.models import F, Value
from django.db.models.functions import Replace

from events.models import Gate
from workshops.models import (
    LateDraft,
    Listing,
    Match,
    Membership,
    MentorReview,
    PainCard,
    Plan,
    PlanEdit,
    PlanPhoto,
    PlanRow,
    Question,
    QuestionVote,
    Solution,
    SolutionLike,
    Tip,
    VoteTicket,
    WorkGroup,
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


BLANK = "〔已删除〕"


def forget(person):
    """Blank what the person wrote and every mention of their name, mobile or e-mail in this
    event's texts. The rows stay: they are counted."""
    PainCard.objects.filter(participant=person).update(text=BLANK, gate_word="")
    Solution.objects.filter(participant=person).update(text=BLANK, gate_word="")
    Question.objects.filter(participant=person).update(text=BLANK, gate_word="")
    Tip.objects.filter(participant=person).update(text=BLANK, gate_word="")
    # Counted nowhere, so it may go whole.
    LateDraft.objects.filter(participant=person).delete()
    listing = Listing.objects.filter(participant=person).first()
    if listing:
        listing.offer = listing.offer and BLANK
        listing.need = listing.need and BLANK
        listing.seated, listing.gate_word = False, ""
        listing.save(update_fields=["offer", "need", "seated", "gate_word"])
    # A reason quotes what both wrote.
    Match.objects.of([person.pk]).update(reason="")
    words = [word for word in {person.name, person.mobile, person.email} if len(word) > 1]
    # 13800000000 is how people write what is kept as +8613800000000.
    words += [person.mobile.removeprefix("+86")] if person.mobile.startswith("+86") else []
    for word in sorted(words, key=len, reverse=True):
        _strike(person.event, word)


def _strike(event, word):
    texts = (
        (PainCard.objects.filter(event=event), "text"),
        (Solution.objects.filter(card__event=event), "text"),
        (Question.objects.filter(event=event), "text"),
        (Tip.objects.filter(icebreaker__event=event), "text"),
        (Plan.objects.filter(group__event=event), "title"),
        (PlanRow.objects.filter(plan__group__event=event), "time_node"),
        (PlanRow.objects.filter(plan__group__event=event), "owner"),
        (PlanRow.objects.filter(plan__group__event=event), "resources"),
        (Listing.objects.filter(participant__event=event), "offer"),
        (Listing.objects.filter(participant__event=event), "need"),
        (Match.objects.touching(event), "reason"),
        (WorkGroup.objects.filter(event=event), "name"),
        (MentorReview.objects.filter(group__event=event), "suggestion"),
    )
    for rows, field in texts:
        found = rows.filter(**{f"{field}__contains": word})
        # One character, so that no column grows too long for its text.
        found.update(**{field: Replace(F(field), Value(word), Value("×"))})
    for plan in Plan.objects.filter(group__event=event):
        struck = _struck(plan.elements, word)
        if struck != plan.elements:
            plan.elements = struck
            plan.save(update_fields=["elements"])
    for draft in LateDraft.objects.filter(plan__group__event=event):
        struck = _struck(draft.text, word)
        if struck != draft.text:
            draft.text = struck
            draft.save(update_fields=["text"])


def _struck(value, word):
    if isinstance(value, str):
        return value.replace(word, "×")
    if isinstance(value, dict):
        return {key: _struck(inner, word) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_struck(inner, word) for inner in value]
    return value
