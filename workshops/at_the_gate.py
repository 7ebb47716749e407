"""What this room keeps at the gate: everything that is written or sent from phones."""

from django.urls import reverse

from events import gate
from events.models import Kind
from workshops import plans
from workshops.models import LateDraft, Listing, PainCard, Plan, PlanPhoto, Question, Solution, Tip

gate.keep(
    Kind.PAIN,
    PainCard,
    rows=lambda event: event.pain_cards.select_related("participant"),
    said=lambda card: (card.text,),
    find=("text", "participant__name"),
)
gate.keep(
    Kind.SOLUTION,
    Solution,
    rows=lambda event: Solution.objects.filter(card__event=event).select_related("participant"),
    said=lambda solution: (solution.text,),
    find=("text", "participant__name"),
)
gate.keep(
    Kind.TIP,
    Tip,
    rows=lambda event: Tip.objects.filter(icebreaker__event=event).select_related("participant"),
    said=lambda tip: (tip.text,),
    find=("text", "participant__name"),
)
gate.keep(
    Kind.LISTING,
    Listing,
    rows=lambda event: Listing.objects.filter(
        participant__event=event, participant__erased_at=None
    ).select_related("participant"),
    said=lambda listing: (listing.offer, listing.need),
    find=("offer", "need", "participant__name"),
)
gate.keep(
    Kind.PLAN,
    Plan,
    rows=lambda event: (
        Plan.objects.filter(group__event=event).select_related("group").prefetch_related("rows")
    ),
    said=plans.texts_of,
    author=lambda plan: plan.group,
    find=("title", "group__name"),
)
gate.keep(
    Kind.PLAN,
    LateDraft,
    rows=lambda event: LateDraft.objects.filter(plan__group__event=event).select_related(
        "participant"
    ),
    said=plans.texts_of_draft,
    find=("participant__name",),
)
gate.keep(
    Kind.PHOTO,
    PlanPhoto,
    rows=lambda event: PlanPhoto.objects.filter(plan__group__event=event).select_related(
        "added_by", "plan__group__event"
    ),
    author=lambda photo: photo.added_by,
    picture=lambda photo: reverse("plan_photo", args=[photo.plan.group.event.slug, photo.pk]),
    find=("added_by__name", "plan__group__name"),
)
for _kind in (Kind.QUESTION, Kind.DANMAKU):
    gate.keep(
        _kind,
        Question,
        rows=lambda event, kind=_kind: event.questions.filter(kind=kind.value).select_related(
            "participant"
        ),
        said=lambda question: (question.text,),
        find=("text", "participant__name"),
    )
