"""The pain wall: cards, solutions below them, one like per person, good ones marked by the host.

SALON §5. Everybody writes from the phone, on site or online; the projector shows the topic
"pains". The host hangs same pains together; the last time can be undone.
"""

from dataclasses import dataclass

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from events import gate
from events.models import Event, Gate, Kind
from participants.topics import topic_of
from salon import audit, clock, live
from salon.errors import Refused
from workshops import upstairs
from workshops.models import Draw, PainCard, PainMerge, Solution, SolutionLike
from workshops.taking_part import require_part, require_presence, said, sent_once

TEXT_LENGTH, SOLUTION_LENGTH = 200, 300
TOPICS = ("pains", "pains-bell", gate.BELL)
# What nobody else has done anything with yet; its author may still add to it.
CARD_AT_REST = (
    Q(solutions=None, merged=None, merged_into=None)
    & ~Q(gate=Gate.HIDDEN)
    & ~Exists(Draw.objects.filter(card=OuterRef("pk")))
)
SOLUTION_AT_REST = Q(likes=None, featured_at=None) & ~Q(gate=Gate.HIDDEN)


# --- reading ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class PainWall:
    """`own` are the person's cards and solutions that nobody else sees. `cards` carry `.shown` (their own and their merged cards' solutions, the best first, each
    with `.like_count`), `.under` (the cards merged into them) and `.same` (how many people have
    this pain)."""

    cards: list
    solutions: int
    target: int | None
    own: tuple = ()


def pain_wall(event, *, person=None):
    """The wall as it hangs now, the liveliest card first, in two queries (three with a person,
    whose own likes are marked with `.liked`), and one for the target."""
    found = event.pain_cards.on_the_wall()
    own_cards, own_solutions = [], []
    if person is not None:
        found |= event.pain_cards.unseen_of(person)
    cards = {}
    for card in found:
        if card.is_shown:
            cards[card.pk] = card
        else:
            own_cards.append(card)
    tops = {pk: cards[card.merged_into_id or pk] for pk, card in cards.items()}
    hanging = [card for card in cards.values() if card.merged_into_id is None]
    for card in hanging:
        card.shown, card.under, card.pk_text = [], [], str(card.pk)
    for pk, card in cards.items():
        if card.merged_into_id:
            tops[pk].under.append(card)
    liked = set()
    if person is not None:
        liked = set(
            SolutionLike.objects.filter(participant=person).values_list("solution", flat=True)
        )
    total = 0
    for solution in shown_solutions(event, and_unseen_of=person):
        if not solution.is_shown:
            own_solutions.append(solution)
            continue
        top = tops.get(solution.card_id)
        if top is None:  # hung up since the cards were read
            continue
        solution.liked = solution.pk in liked
        top.shown.append(solution)
        total += 1
    for card in hanging:
        card.same = _people_behind([card, *card.under])
        card.shown.sort(key=lambda s: (s.featured_at is None, -s.like_count, s.pk))
        card.featured = any(s.featured_at for s in card.shown)
    hanging.sort(key=lambda card: (-len(card.shown), -card.same, card.pk))
    own = own_cards, own_solutions
    return PainWall(hanging, total, upstairs.target_of(event, "solutions"), own)


def look_for(cards, *, words="", topic=""):
    """Of the wall's cards those that say `words`, in their own text, in one merged into them or in
    a solution, and of one topic, if one is given."""
    words = words.casefold()
    return [
        card
        for card in cards
        if topic in ("", card.topic)
        and any(words in each.text.casefold() for each in (card, *card.under, *card.shown))
    ]


def _people_behind(cards):
    """Of one person several cards are one; whose author is not known is somebody's own."""
    known = {card.participant_id for card in cards if card.participant_id}
    return len(known) + sum(card.participant_id is None for card in cards)


def shown_solutions(event, *, and_unseen_of=None):
    """Solutions that hang and count; each with `.like_count`. With them, if a person is named,
    what only they see."""
    found = Solution.objects.on_the_wall()
    if and_unseen_of is not None:
        found |= Solution.objects.unseen_of(and_unseen_of)
    return found.filter(card__event=event).annotate(like_count=Count("likes")).order_by("pk")


def hidden_of(event):
    """What the host took off the wall: `(cards, solutions)`."""
    return (
        list(event.pain_cards.hidden()),
        list(Solution.objects.filter(card__event=event).hidden()),
    )


def card_of(event, pk):
    """A card that still hangs, for answering below it. Raises Refused("gone", 404)."""
    card = event.pain_cards.on_the_wall().filter(pk=pk).first()
    if card is None:
        raise Refused("gone", _("这张痛点卡片已经不在墙上了。"), status=404)
    return card


def solution_of(event, pk):
    solution = Solution.objects.on_the_wall().filter(pk=pk, card__event=event).first()
    if solution is None:
        raise Refused("gone", _("这条解决方案已经不在墙上了。"), status=404)
    return solution


# --- from the phones --------------------------------------------------------------------------


def post_pain(*, person, text, client_id):
    """Put a pain card on the wall. The same `client_id` again answers with the same card.

    Raises Refused: "not_taking_part", "empty", "too_long", and as `sent_once`.
    """
    require_part(person)
    text = said(text, TEXT_LENGTH)
    return sent_once(
        PainCard,
        person=person,
        client_id=client_id,
        pace=("pain", 20, 600),
        topics=TOPICS,
        at_rest=CARD_AT_REST,
        event_id=person.event_id,
        text=text,
        topic=topic_of(text).key,
        **gate.pass_gate(person.event, Kind.PAIN, text),
    )


def post_solution(*, person, card, text, client_id):
    """Hang a solution below a card. The same `client_id` again answers with the same solution."""
    require_part(person)
    if card.event_id != person.event_id:
        raise Refused("foreign", _("这不是本场的卡片。"), status=404)
    text = said(text, SOLUTION_LENGTH)
    return sent_once(
        Solution,
        person=person,
        client_id=client_id,
        pace=("solution", 30, 600),
        topics=TOPICS,
        at_rest=SOLUTION_AT_REST,
        card=card,
        text=text,
        **gate.pass_gate(person.event, Kind.SOLUTION, text),
    )


def like(*, person, solution):
    """One like per person; a second tap changes nothing. Returns the number of likes.

    Raises Refused("not_taking_part" | "not_here")."""
    require_presence(person)
    with transaction.atomic():
        SolutionLike.objects.bulk_create(
            [SolutionLike(solution=solution, participant=person)], ignore_conflicts=True
        )
        live.publish(person.event, *TOPICS)
    return solution.likes.count()


def unlike(*, person, solution):
    with transaction.atomic():
        SolutionLike.objects.filter(solution=solution, participant=person).delete()
        live.publish(person.event, *TOPICS)
    return solution.likes.count()


# --- the host's hand --------------------------------------------------------------------------


def feature(*, solution, by, featured=True):
    """Mark a solution as a good one (优质方案), or take the mark back."""
    event = solution.card.event
    with transaction.atomic():
        solution.featured_at = clock.now() if featured else None
        solution.save(update_fields=["featured_at"])
        audit.record("feature_solution", solution, by=by, event_id=event.pk, fields=["featured_at"])
        live.publish(event, "pains", "pains-bell")


def hide(*, event, row, by, hidden=True):
    """Take a card or a solution off the wall, or hang it up again."""
    verb = gate.hide if hidden else gate.show
    verb(event=event, row=row, by=by)


def merge(*, event, kept, cards, by):
    """Hang `cards` under `kept` as one; their solutions show there, none is rewritten.

    Cards that hung under one of them move along. Raises Refused("nothing" | "foreign").
    """
    with transaction.atomic():
        Event.objects.select_for_update(no_key=True).get(pk=event.pk)
        ids = {card.pk for card in cards} - {kept.pk}
        rows = list(
            PainCard.objects.select_for_update()
            .filter(Q(pk__in=ids | {kept.pk}) | Q(merged_into__in=ids), event=event)
            .order_by("pk")
        )
        top = next((row for row in rows if row.pk == kept.pk), None)
        if top is None or top.merged_into_id or not top.is_shown:
            raise Refused("gone", _("要保留的卡片已经不在墙上了，请刷新再选。"))
        moved = [row for row in rows if kept.pk not in (row.pk, row.merged_into_id)]
        if not moved:
            raise Refused("nothing", _("请至少再选一张要合并的卡片。"), status=400)
        done = PainMerge.objects.create(
            event=event, kept=top, before={str(row.pk): row.merged_into_id for row in moved}
        )
        PainCard.objects.filter(pk__in=[row.pk for row in moved]).update(merged_into=top)
        audit.record("merge_pains", done, by=by, fields=["merged_into"])
        live.publish(event, "pains", "pains-bell")
    return done


def last_merge(event):
    """The newest merge that is still in force, or None."""
    return event.pain_merges.filter(undone_at=None).select_related("kept").first()


def undo_merge(*, event, by):
    """Take the newest merge apart again. Raises Refused("nothing") when there is none."""
    with transaction.atomic():
        Event.objects.select_for_update(no_key=True).get(pk=event.pk)
        done = event.pain_merges.filter(undone_at=None).first()
        if done is None:
            raise Refused("nothing", _("没有可撤销的合并。"))
        for row in PainCard.objects.filter(pk__in=[int(pk) for pk in done.before]):
            row.merged_into_id = done.before[str(row.pk)]
            row.save(update_fields=["merged_into"])
        done.undone_at = clock.now()
        done.save(update_fields=["undone_at"])
        audit.record("undo_merge_pains", done, by=by, fields=["merged_into"])
        live.publish(event, "pains", "pains-bell")
    return done
