"""WHO: the person, from the application to the tag card on the wall."""

from participants.models.arrival import CheckIn, DeskRequest, InterestGroup, TagCard
from participants.models.cases import Case
from participants.models.contact_changes import ContactChange
from participants.models.erasing import SetAside
from participants.models.importing import ImportFile
from participants.models.person import (
    ERASED,
    Channel,
    Consent,
    PainPoint,
    Participant,
    PersonalLink,
    Wording,
)
from participants.models.privacy import ErasedContact, Notice, PrivacyTerms
from participants.models.reminders import ReminderDays
from participants.models.screening import (
    Call,
    Category,
    Criterion,
    FreedSeat,
    ScreeningBatch,
    SeatRelease,
    StatusChange,
)

__all__ = [
    "ERASED",
    "Call",
    "Case",
    "Category",
    "Channel",
    "CheckIn",
    "Consent",
    "ContactChange",
    "Criterion",
    "DeskRequest",
    "ErasedContact",
    "FreedSeat",
    "ImportFile",
    "InterestGroup",
    "Notice",
    "PainPoint",
    "Participant",
    "PersonalLink",
    "PrivacyTerms",
    "ReminderDays",
    "ScreeningBatch",
    "SeatRelease",
    "SetAside",
    "StatusChange",
    "TagCard",
    "Wording",
]
