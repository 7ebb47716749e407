"""WHAT THEY MAKE: pains and solutions, questions, matches, groups, plans, reviews, votes."""

from workshops.models.exchange import (
    Listing,
    Match,
    ThemeTable,
)
from workshops.models.judging import (
    Award,
    MentorReview,
    VoteCount,
    VoteTicket,
)
from workshops.models.pains import (
    BlindBox,
    Draw,
    Icebreaker,
    PainCard,
    PainMerge,
    Solution,
    SolutionLike,
    Tip,
)
from workshops.models.plans import (
    LateDraft,
    Membership,
    Phase,
    Plan,
    PlanEdit,
    PlanPhoto,
    PlanRow,
    TaskElement,
    WorkGroup,
)
from workshops.models.questions import (
    Question,
    QuestionVote,
)

__all__ = [
    "Award",
    "BlindBox",
    "Draw",
    "Icebreaker",
    "LateDraft",
    "Listing",
    "Match",
    "Membership",
    "MentorReview",
    "PainCard",
    "PainMerge",
    "Phase",
    "Plan",
    "PlanEdit",
    "PlanPhoto",
    "PlanRow",
    "Question",
    "QuestionVote",
    "Solution",
    "SolutionLike",
    "TaskElement",
    "ThemeTable",
    "Tip",
    "VoteCount",
    "VoteTicket",
    "WorkGroup",
]
