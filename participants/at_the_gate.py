"""What this room keeps at the gate: how people are called, and their tag cards."""

from events import gate
from events.models import Kind
from participants.models import Participant, TagCard

gate.keep(
    Kind.NAME,
    Participant,
    # Who has no seat is named to nobody.
    rows=lambda event: event.participants.present().holding_a_seat(),
    named=lambda person: (person.name,),
    said=lambda person: (person.organisation,),
    author=lambda person: person,
    find=("name", "pinyin", "organisation"),
)
gate.keep(
    Kind.CARD,
    TagCard,
    rows=lambda event: TagCard.objects.filter(
        participant__event=event, participant__erased_at=None
    ).select_related("participant"),
    said=lambda card: (card.expertise, card.pain),
    find=("expertise", "pain", "participant__name"),
)
