"""The pain blind box: 3–5 slips drawn on stage, spread over groups, and shown to be fair.

SALON §4. Sealing fixes slips and seed and publishes the commitment; the order of drawing follows
from both (fair_draw.py); revealing publishes the seed, and everybody can reckon it again.
"""

import uuid
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from events.gate import BELL, pass_gate
from events.models import Event, Gate, Kind
from participants.models import PainPoint, Participant
from participants.topics import OTHER, TOPICS, topic_named, topic_of
from salon import audit, clock, live
from salon.errors import Refused
from workshops import fair_draw
from workshops.models import BlindBox, Draw, PainCard

# A sign-up pain becomes one card, however often the box is filled.
_SIGN_UP = uuid.UUID("5f0f3f9e-8a55-4d6c-9c53-0f2a6c1b7d11")
TOPIC_KEYS = "1234567890-="


# --- reading ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Standing:
    """The box as everybody may see it: `seed` only once it is revealed; `draws` in order, each
    with `.label`, the words of its topic, and `.text`, "" when its slip was taken down since;
    `left`, how many slips can still be drawn."""

    box: BlindBox | None
    draws: list
    slips: int
    groups: int
    seed: str
    left: int

    @property
    def last(self):
        return self.draws[-1] if self.draws else None

    @property
    def can_draw(self):
        return (
            self.box is not None
            and not self.box.revealed_at
            and len(self.draws) < fair_draw.MOST
            and self.left > 0
        )

    @property
    def can_reveal(self):
        return (
            self.box is not None
            and not self.box.revealed_at
            and (len(self.draws) >= fair_draw.FEWEST or self.left == 0)
        )


def standing(event):
    box = BlindBox.objects.filter(event=event).first()
    if box is None:
        return Standing(None, [], 0, 0, "", 0)
    draws = list(box.draws.select_related("card", "card__interest_group"))
    for draw in draws:
        draw.label = topic_named(draw.topic).label
        draw.text = draw.card.text if draw.card.is_shown else ""
    return Standing(
        box,
        draws,
        len(box.slip_ids),
        len({group for _pk, group in box.slip_ids if group}),
        box.seed if box.revealed_at else "",
        len({pk for pk, _group in box.slip_ids} - {draw.card_id for draw in draws} - _hidden(box)),
    )


def proof(event):
    """What anybody needs to reckon the draw again, or None before the seed is out."""
    box = BlindBox.objects.filter(event=event, revealed_at__isnull=False).first()
    return box and {
        "commitment": box.commitment,
        "seed": box.seed,
        "slips": box.slip_ids,
        "drawn": list(box.draws.values_list("card", flat=True)),
        "holds": fair_draw.verify(box.commitment, box.seed, _slips(box)),
    }


def topics():
    """[(key on the keyboard, Topic)] to file a drawn slip under."""
    return list(zip(TOPIC_KEYS, (*TOPICS, OTHER), strict=False))


def _hidden(box):
    """Ids of slips that were taken down since, or wait."""
    slips = PainCard.objects.filter(pk__in=[pk for pk, _group in box.slip_ids])
    return set(slips.exclude(gate=Gate.SHOWN).values_list("pk", flat=True))


def _slips(box):
    return [fair_draw.Slip(pk, group) for pk, group in box.slip_ids]


# --- the host's hand --------------------------------------------------------------------------


def seal(*, event, by):
    """Put every pain on the wall and of those who came into the box and publish the commitment.

    As long as nothing is drawn it may be sealed anew. Raises Refused("drawn" | "too_few").
    """
    with transaction.atomic():
        Event.objects.select_for_update(no_key=True).get(pk=event.pk)
        BlindBox.objects.filter(event=event, draws=None).delete()
        _bring_in_sign_up_pains(event)
        slips = _sorted_slips(event)
        if len(slips) < fair_draw.FEWEST:
            raise Refused("too_few", _("盒子里不到 3 张，等多几个人签到或写下痛点再封盒。"))
        seed = fair_draw.new_seed()
        try:
            with transaction.atomic():
                box = BlindBox.objects.create(
                    event=event,
                    slip_ids=[[slip.id, slip.group] for slip in slips],
                    seed=seed,
                    commitment=fair_draw.commit(slips, seed),
                )
        except IntegrityError:
            raise Refused("drawn", _("已经抽过了，不能重新封盒。")) from None
        audit.record("seal_box", box, by=by)
        live.publish(event, "box", "box-bell", "pains", "pains-bell", BELL)
    return box


def _bring_in_sign_up_pains(event):
    """As cards; which group they are of is looked up for all cards alike."""
    people = Participant.objects.filter(event=event).present()
    here = people.checked_in() | people.online().confirmed()
    points = PainPoint.objects.filter(participant__in=here.values("pk")).exclude(text="")
    now = clock.now()
    PainCard.objects.bulk_create(
        [
            PainCard(
                event=event,
                participant_id=point.participant_id,
                text=point.text,
                topic=topic_of(point.text).key,
                client_id=uuid.uuid5(_SIGN_UP, str(point.pk)),
                **pass_gate(
                    event,
                    Kind.PAIN,
                    point.text,
                    seen=point.participant.gate_seen_at is not None,
                    now=now,
                ),
            )
            for point in points.select_related("participant")
        ],
        ignore_conflicts=True,
    )


def _sorted_slips(event):
    """Every card that hangs by itself, put down to the group its author is in now: groups are
    merged between one sealing and the next."""
    cards = event.pain_cards.on_show().filter(merged_into=None)
    cards = list(cards.select_related("participant__tag_card", "interest_group").order_by("pk"))
    for card in cards:
        card.interest_group_id = _group_of(card)
    PainCard.objects.bulk_update(cards, ["interest_group"])
    return [fair_draw.Slip(card.pk, card.interest_group_id) for card in cards]


def _group_of(card):
    tags = getattr(card.participant, "tag_card", None)
    if tags and tags.interest_group_id:
        return tags.interest_group_id
    kept = card.interest_group
    return kept and (kept.merged_into_id or kept.pk)


def draw(*, event, drawn, by):
    """Draw the next slip. `drawn` is how many the presser has seen drawn: a second press of the
    same moment draws nothing more and answers with the same slip.

    Raises Refused("not_sealed" | "empty" | "revealed").
    """
    with transaction.atomic():
        box = BlindBox.objects.select_for_update().filter(event=event).first()
        if box is None:
            raise Refused("not_sealed", _("先封盒，再抽。"))
        before = list(box.draws.order_by("position"))
        if drawn < len(before):
            return before[-1]
        if box.revealed_at:
            raise Refused("revealed", _("种子已经公布，不能再抽。"))
        slip = _next(box, {each.card_id for each in before})
        if slip is None:
            raise Refused("empty", _("抽满了，可以公布种子了。"))
        card = PainCard.objects.get(pk=slip.id)
        done = Draw.objects.create(
            box=box,
            card=card,
            position=len(before) + 1,
            topic=card.topic or topic_of(card.text).key,
        )
        audit.record("draw_slip", done, by=by, event_id=event.pk)
        live.publish(event, "box", "box-bell")
    return done


def _next(box, drawn):
    """By the order that was committed to; what the host has hidden since is passed over."""
    return fair_draw.next_slip(_slips(box), box.seed, drawn, _hidden(box))


def file_under(*, draw, topic, by):
    """File a drawn slip under a topic; the card on the pain wall follows."""
    if topic not in {each.key for _key, each in topics()}:
        raise Refused("topic", _("没有这个主题。"), status=400)
    with transaction.atomic():
        event = Event.objects.select_for_update(no_key=True).get(pk=draw.box.event_id)
        PainCard.objects.filter(pk=draw.card_id).update(topic=topic)
        draw.topic = topic
        draw.save(update_fields=["topic"])
        audit.record("file_slip", draw, by=by, event_id=event.pk, fields=["topic"])
        live.publish(event, "box", "box-bell")


def reveal(*, event, by):
    """Publish the seed; the box is closed for good. Raises Refused("too_few") while fewer are
    drawn than a draw has, and there are some to be drawn."""
    with transaction.atomic():
        box = BlindBox.objects.select_for_update().filter(event=event).first()
        drawn = set(box.draws.values_list("card", flat=True)) if box else set()
        if box is None or (len(drawn) < fair_draw.FEWEST and _next(box, drawn)):
            raise Refused("too_few", _("至少抽 3 张，再公布种子。"))
        if box.revealed_at is None:
            box.revealed_at = clock.now()
            box.save(update_fields=["revealed_at"])
            audit.record("reveal_box", box, by=by, fields=["revealed_at"])
            live.publish(event, "box", "box-bell")
    return box
