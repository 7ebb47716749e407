"""Everything the house knows of one person, as JSON-able data for themselves.

A room above adds its part from AppConfig.ready:

    @own_data.part("pain_cards")
    def cards_of(participant): return [...]
"""

import json
from itertools import chain

from django.core.serializers.json import DjangoJSONEncoder

from participants import cases, contact_changes
from participants.models import Participant
from participants.standing import told_status, unheard
from salon.meeting import one_instant
from salon.models import Message
from salon.text import national_mobile

_parts = {}
# To a contact that is perhaps another's: that one went or none would tell the asker which.
ABOUT_A_CONTACT = ("contact_change", "address_changed")

ANSWERS = (
    *("name", "mobile", "email", "organisation", "job_title", "industry", "community_size"),
    *("active_rate", "followers", "creator_field", "can_bring", "cooperation_need"),
    *("resource_offer", "expertise", "expectation", "online", "code"),
    *("submitted_at", "source"),
)


def part(name):
    """Register `collect(participant) -> JSON-able` under a name in the export."""

    def register(collect):
        _parts[name] = collect
        return collect

    return register


@one_instant()
def of(participant):
    """The export: answers, consents, where they stood, letters, check-ins, and what rooms add.

    Decisions that the organiser has not released are no answer yet and stay out.
    """
    person = Participant.objects.select_related("event", "category", "channel").get(
        pk=participant.pk
    )
    told = told_status(person)
    data = {
        "event": {"slug": person.event.slug, "title": person.event.title},
        "answers": {name: getattr(person, name) for name in ANSWERS}
        | contact_changes.own_of(person)
        | {
            "status": told,
            "told_reason": person.told_reason if told == person.status else "",
            "category": person.category.name,
            "channel": person.channel.label if person.channel else "",
            "pain_points": [point.text for point in person.pain_points.all()],
        },
        "consents": list(
            person.consents.order_by("given_at").values(
                "purpose", "wording", "kept_as", "notice__version", "given_at", "withdrawn_at"
            )
        ),
        "status_changes": told_changes(person),
        "phone_notes": list(
            person.calls.order_by("pk").values("claimed_at", "outcome", "notes", "call_back_at")
        ),
        "note": person.note,
        "letters": list(
            Message.objects.of_person(person.pk)
            .filter(event_id=person.event_id)
            .exclude(kind__in=ABOUT_A_CONTACT)
            .released()
            .order_by("pk")
            .values("kind", "channel", "state", "due_at", "handed_over_at", "subject", "body")
        ),
        "check_ins": list(person.check_ins.order_by("at").values("at", "method", "voided_at")),
        "tag_card": person_card(person),
        "cases": cases.of(person),
        "contact_changes": contact_changes.of(person),
        "links": list(person.links.order_by("pk").values("channel", "created_at", "revoked_at")),
    }
    return data | {name: collect(person) for name, collect in _parts.items()}


def without_contacts(data, person):
    """The export with the person's mobile and e-mail blotted out wherever they stand."""
    text = json.dumps(data, cls=DjangoJSONEncoder)
    asked = person.contact_changes.values_list("old", "new")
    theirs = {person.mobile, person.email, *chain.from_iterable(asked)}
    for contact in filter(None, {*theirs, *map(national_mobile, theirs)}):
        text = text.replace(json.dumps(contact)[1:-1], "＊＊＊")
    return json.loads(text)


def told_changes(person):
    """Where they stood as they were told of it, oldest first."""
    changes = list(person.status_changes.order_by("pk"))
    kept_back = unheard(changes)
    stood, told = changes[0].before if changes else "", []
    for change in changes:
        if change.pk in kept_back or change.after == stood:
            continue
        told.append(
            {"before": stood, "after": change.after, "reason": change.reason, "at": change.at}
        )
        stood = change.after
    return told


def person_card(person):
    card = getattr(person, "tag_card", None)
    if card is None:
        return None
    fields = ("industry", "size_band", "expertise", "pain", "topic")
    return {name: getattr(card, name) for name in fields}
