"""Tag cards and the tag wall.

A card is made at check-in from the application and changed by a tap: at the desk, on the person's
phone, or later from a paper card. The wall names only those who consented to it.
"""

import math
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Exists, F, OuterRef
from django.utils.translation import gettext_lazy as _

from events.gate import BELL, pass_gate
from events.models import Event, Gate, Kind
from participants import known_as
from participants.desk_requests import Answer, answered_once, earlier_answer, keep_answer
from participants.models import Consent, Participant, TagCard
from participants.standing import hold
from participants.topics import OTHER, TOPICS, topic_of
from salon import audit, live
from salon.errors import Refused
from salon.meeting import goes_again
from salon.text import clean_text

# Lower ends of the bands, the largest first.
_BANDS = (
    (200_000, TagCard.SizeBand.OVER_200K),
    (50_000, TagCard.SizeBand.FROM_50K),
    (10_000, TagCard.SizeBand.FROM_10K),
    (5_000, TagCard.SizeBand.FROM_5K),
    (0, TagCard.SizeBand.UNDER_5K),
)


def size_band(people):
    """The band of a community of so many people; "" when the number is unknown."""
    if people is None:
        return ""
    return next(band for lowest, band in _BANDS if people >= lowest)


def prefilled(person, *, pains):
    """A card's fields from the application: the first pain that has a topic, else the first."""
    pain = next((text for text in pains if topic_of(text) is not OTHER), next(iter(pains), ""))
    size = person.community_size if person.community_size is not None else person.followers
    return {
        "industry": person.industry or Participant.Industry.OTHER,
        "size_band": size_band(size),
        "expertise": person.expertise[0] if person.expertise else "",
        "pain": pain,
        "topic": topic_of(pain).key if pain else "",
    }


# ---- the card --------------------------------------------------------------------------------


def card_of(person):
    """The person's card, or an unsaved one prefilled from the application."""
    card = TagCard.objects.filter(participant=person).select_related("interest_group").first()
    if card is None:
        pains = list(person.pain_points.values_list("text", flat=True))
        card = TagCard(participant=person, **prefilled(person, pains=pains))
    return card


@goes_again
def save_card(*, person, by, industry, size_band, expertise, pain):
    """Write the card's four tags. A new pain is filed under its topic.

    Whoever is in a formed interest group stays there: people were told where to go. Raises
    Refused("industry" | "size_band", 400) for a word that is not on the list.
    """
    if industry not in Participant.Industry.values:
        raise Refused("industry", _("请从列表里选择行业。"), status=400)
    if size_band and size_band not in TagCard.SizeBand.values:
        raise Refused("size_band", _("请从列表里选择社群规模。"), status=400)
    pain = clean_text(pain, max_length=200)
    values = {
        "industry": industry,
        "size_band": size_band,
        "expertise": clean_text(expertise, max_length=40),
        "pain": pain,
        "topic": topic_of(pain).key if pain else "",
    }
    with transaction.atomic():
        hold(person)
        # The desk may make it in the same second, by checking the person in.
        first = values | _at_the_gate(TagCard(), person, values, by=by)
        card, made = TagCard.objects.get_or_create(participant=person, defaults=first)
        changed = list(values) if made else _rewrite(card.pk, person, values, by=by)
        audit.record("save_tag_card", card, by=by, event_id=person.event_id, fields=changed)
        live.publish(person.event, "tags", BELL)
    return card_of(person)


def _rewrite(pk, person, values, *, by):
    """Write the tags over a card that is there; the names of those that changed."""
    card = TagCard.objects.select_for_update().get(pk=pk)
    changed = [field for field, value in values.items() if getattr(card, field) != value]
    written = {field: values[field] for field in changed}
    if {"expertise", "pain"} & set(changed):
        written |= _at_the_gate(card, person, values, by=by)
    for field, value in written.items():
        setattr(card, field, value)
    card.save(update_fields=[*written, "updated_at"])
    return changed


def _at_the_gate(card, person, values, *, by):
    texts = values["expertise"], values["pain"]
    seen = by != person or (card.gate != Gate.HIDDEN and known_as.has_been_read(person, *texts))
    return pass_gate(person.event, Kind.CARD, *texts, was=card, seen=seen)


@answered_once
def save_card_at_desk(*, request, participant_id, **tags):
    """`save_card` from a tablet, repeatable. Result "saved", or "unknown" for a foreign person."""
    if answer := earlier_answer(request):
        return answer
    person = (
        Participant.objects.present()
        .select_related("category", "event")
        .filter(event=request.desk.event_id, pk=participant_id)
        .first()
    )
    if person is None:
        return keep_answer(request, Answer("unknown"))
    save_card(person=person, by=request.desk, **tags)
    return keep_answer(request, Answer("saved", person))


def is_named(person):
    """Whether the wall may show the person's name."""
    return Participant.objects.consenting(Consent.Purpose.WALL_NAME).filter(pk=person.pk).exists()


# ---- the wall --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Slip:
    """One paper slip: what the room may read of one person. `name` is "" without consent;
    `detail` leaves out what the region says already."""

    id: int
    name: str
    category: str
    detail: str
    pain: str


# How many slips hang below each other, and up to how many in all, per density of wall.css.
DENSITIES = (("roomy", 16, 3), ("full", 64, 8), ("dense", 180, 13), ("packed", 10**6, 20))


@dataclass(frozen=True)
class Region:
    """`columns` is how wide the region has to be for its slips, 1 to 12."""

    key: str
    name: str
    slips: tuple
    columns: int


@dataclass(frozen=True)
class TagWall:
    """`density` is how closely the slips hang, a word of wall.css: the more people, the fewer
    words a slip, so that it can be read from ten metres."""

    arranged: str
    regions: tuple
    total: int
    expected: int
    density: str


def arrived_cards(event):
    """Cards of the people who are here, in the order they came, with `named` by consent."""
    consent = Consent.objects.filter(
        participant=OuterRef("participant"),
        purpose=Consent.Purpose.WALL_NAME,
        withdrawn_at=None,
    )
    return (
        TagCard.objects.filter(
            participant__event=event,
            participant__erased_at=None,
            participant__check_ins__isnull=False,
            participant__check_ins__voided_at=None,
        )
        .select_related("participant__category")
        .annotate(named=Exists(consent), came_at=F("participant__check_ins__at"))
        .order_by("came_at", "pk")
    )


def _region_of(card, arranged):
    if arranged == Event.TagRegions.SIZE:
        return card.size_band
    if arranged == Event.TagRegions.PAIN:
        return card.topic
    return card.industry


def _detail(card, arranged):
    industry, size = card.get_industry_display(), card.get_size_band_display()
    words = {
        Event.TagRegions.INDUSTRY: (size, _shown(card, card.expertise)),
        Event.TagRegions.SIZE: (industry, _shown(card, card.expertise)),
        Event.TagRegions.PAIN: (industry,),
    }[arranged]
    return " · ".join(filter(None, map(str, words)))


def _shown(card, text):
    """The card of somebody whose words wait hangs without them: they are here."""
    return text if card.is_shown else ""


def _region_names(arranged):
    """Every region's key and name in the order of the wall."""
    if arranged == Event.TagRegions.SIZE:
        return [*TagCard.SizeBand.choices, ("", _("规模未填"))]
    if arranged == Event.TagRegions.PAIN:
        return [
            *((topic.key, topic.label) for topic in TOPICS),
            (OTHER.key, OTHER.label),
            ("", _("痛点未填")),
        ]
    return Participant.Industry.choices


def tag_wall(event):
    """The wall as it hangs now: regions with their slips, empty regions left out."""
    by_region = {}
    cards = list(arrived_cards(event))
    for card in cards:
        if card.gate == Gate.HIDDEN:
            continue
        slip = Slip(
            id=card.participant_id,
            name=card.participant.shown_name if card.named else "",
            category=card.participant.category.key,
            detail=_detail(card, event.tag_regions),
            pain="" if event.tag_regions == Event.TagRegions.PAIN else _shown(card, card.pain),
        )
        by_region.setdefault(_region_of(card, event.tag_regions), []).append(slip)
    density, below = next((word, rows) for word, most, rows in DENSITIES if len(cards) <= most)
    regions = tuple(
        Region(
            key or "none",
            str(name),
            tuple(by_region[key]),
            min(12, math.ceil(len(by_region[key]) / below)),
        )
        for key, name in _region_names(event.tag_regions)
        if key in by_region
    )
    expected = event.participants.present().on_site().confirmed().count()
    return TagWall(event.tag_regions, regions, len(cards), expected, density)


def switch_regions(*, event, regions, by):
    """Hang the wall by industry, size or pain; every projector follows."""
    if regions not in Event.TagRegions.values:
        raise Refused("regions", _("没有这种分区方式。"), status=400)
    with transaction.atomic():
        Event.objects.filter(pk=event.pk).update(tag_regions=regions)
        audit.record("switch_tag_regions", event, by=by, event_id=event.pk, fields=["tag_regions"])
        live.publish(event, "tags")
