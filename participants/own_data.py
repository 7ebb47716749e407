"""Everything the house knows of one person, as JSON-able data for themselves.

A room above adds its part from AppConfig.ready:

    @own_data.part("pain_cards")
    def cards_of(participant): return [...]
"""

from participants.models import Participant
from salon.models import Message

_parts = {}

ANSWERS = (
    *("name", "mobile", "email", "organisation", "job_title", "industry", "community_size"),
    *("active_rate", "followers", "creator_field", "can_bring", "cooperation_need"),
    *("resource_offer", "expertise", "expectation", "online", "status", "told_reason", "code"),
    *("submitted_at", "source"),
)


def part(name):
    """Register `collect(participant) -> JSON-able` under a name in the export."""

    def register(collect):
        _parts[name] = collect
        return collect

    return register


def of(participant):
    """The export: answers, consents, where they stood, letters, check-ins, and what rooms add."""
    person = Participant.objects.select_related("event", "category", "channel").get(
        pk=participant.pk
    )
    data = {
        "event": {"slug": person.event.slug, "title": person.event.title},
        "answers": {name: getattr(person, name) for name in ANSWERS}
        | {
            "category": person.category.name,
            "channel": person.channel.label if person.channel else "",
            "pain_points": [point.text for point in person.pain_points.all()],
        },
        "consents": list(
            person.consents.order_by("given_at").values(
                "purpose", "wording", "given_at", "withdrawn_at"
            )
        ),
        "status_changes": list(
            person.status_changes.order_by("pk").values("before", "after", "reason", "at")
        ),
        "phone_notes": list(
            person.calls.order_by("pk").values("claimed_at", "outcome", "notes", "call_back_at")
        ),
        "note": person.note,
        "letters": list(
            Message.objects.of_person(person.pk)
            .filter(event_id=person.event_id)
            .order_by("pk")
            .values("kind", "channel", "state", "due_at", "sent_at", "subject", "body")
        ),
        "check_ins": list(person.check_ins.order_by("at").values("at", "method", "voided_at")),
        "tag_card": person_card(person),
    }
    return data | {name: collect(person) for name, collect in _parts.items()}


def person_card(person):
    card = getattr(person, "tag_card", None)
    if card is None:
        return None
    fields = ("industry", "size_band", "expertise", "pain", "topic")
    return {name: getattr(card, name) for name in fields}
