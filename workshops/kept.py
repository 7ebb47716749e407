"""What this room keeps of people: what they wrote goes with their texts, what groups made stays."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from participants import keeping
from participants.keeping import Holding
from participants.models import ERASED
from salon import keeping as house
from workshops.models import Listing, Match, Plan, PlanPhoto

_GONE = {"text": ERASED, "gate_word": ""}

keeping.also(
    "texts",
    Holding("workshops.PainCard", _GONE),
    Holding("workshops.Solution", _GONE, quoted=True),
    Holding("workshops.Question", _GONE, quoted=True),
    Holding("workshops.Tip", _GONE),
    Holding("workshops.LateDraft", {"text": {}, "gate_word": ""}),
)
house.keep(
    house.Kept(
        key="board",
        what=gettext_lazy("供需板上写的，和谁与谁对接"),
        why=gettext_lazy("供需板在活动后继续；本人随时能改、能撤。"),
        until=lambda event=None: _("和本人的联系方式一样久"),
        columns=(
            *("workshops.Listing.offer", "workshops.Listing.need", "workshops.Listing.gate_word"),
            "workshops.Match.reason",
        ),
        count=house.together(
            house.counting(
                lambda: Listing.objects.exclude(offer="", need=""), "participant__event_id"
            ),
            house.counting(lambda: Match.objects.exclude(reason=""), "first__event_id"),
        ),
    )
)
house.keep(
    house.Kept(
        key="plans",
        what=gettext_lazy("小组的方案、照片和点评"),
        why=gettext_lazy("是全组的成果；有人删除自己时，划掉方案里他们的姓名。"),
        until=lambda event=None: _("到主办方删掉"),
        columns=(
            *(f"workshops.Plan.{name}" for name in ("title", "elements", "gate_word")),
            *(f"workshops.PlanRow.{name}" for name in ("time_node", "owner", "resources")),
            *("workshops.PlanPhoto.image", "workshops.PlanPhoto.gate_word"),
            *("workshops.MentorReview.suggestion", "workshops.WorkGroup.name"),
            *("workshops.WorkGroup.leader_reason", "workshops.WorkGroup.recorder_reason"),
        ),
        count=house.together(
            house.counting(Plan.objects.all, "group__event_id"),
            house.counting(PlanPhoto.objects.all, "plan__group__event_id"),
        ),
    )
)
house.names_nobody(
    {
        "workshops.PainCard.topic": "one of the topics",
        "workshops.PainMerge": "numbers of cards",
        "workshops.BlindBox": "numbers of cards, and the proof of the draw",
        "workshops.Draw": "one of the topics",
        "workshops.ThemeTable": "the organisers' own",
        "workshops.TaskElement": "the organisers' own",
        "workshops.Award": "the organisers' own, and counts of votes",
    }
)
