"""Who gets a seat: shares become seats, a queue becomes a list, a freed seat moves someone up.

Everything here is a pure step on dataclasses (SALON §3): the caller fetches the
facts, and writes down what it decides to do with the answer.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from django.utils.translation import gettext as _

from participants.criteria import Number, number_text

Labels = Mapping[str, str]


# ---------------------------------------------------------------- shares → seats


@dataclass(frozen=True)
class SeatShare:
    """One category's seats and how the rounding came about."""

    key: str
    share: Fraction  # per cent
    exact: Fraction  # seats before rounding
    floor: int
    remainder: Fraction  # 0 ≤ remainder < 1
    extra: int  # 1 if a left-over seat came here
    seats: int

    @property
    def sentence(self) -> str:
        figures = {
            "share": number_text(self.share),
            "exact": number_text(self.exact),
            "floor": self.floor,
            "remainder": number_text(self.remainder),
            "seats": self.seats,
        }
        if self.remainder == 0:
            sentence = _("占比 %(share)s %%，正好 %(seats)s 席。")
        elif self.extra:
            sentence = _(
                "占比 %(share)s %%，应得 %(exact)s 席：先取 %(floor)s 席，"
                "余数 %(remainder)s 靠前，补 1 席，共 %(seats)s 席。"
            )
        else:
            sentence = _(
                "占比 %(share)s %%，应得 %(exact)s 席：取 %(seats)s 席，"
                "余数 %(remainder)s 靠后，不补。"
            )
        return sentence % figures


def shares_problem(capacity: int, shares: Mapping[str, Number]) -> str | None:
    """The sentence that says why these shares give no seats, or None when they do."""
    if capacity < 0:
        return _("名额不能是负数。")
    if not shares:
        return _("还没有设置任何类别的占比。")
    if any(Fraction(str(share)) < 0 for share in shares.values()):
        return _("占比不能是负数。")
    total = sum(Fraction(str(share)) for share in shares.values())
    figures = {"total": number_text(total), "gap": number_text(abs(100 - total))}
    if total < 100:
        return _("各类别占比合计 %(total)s %%，还差 %(gap)s %%，请改到正好 100 %%。") % figures
    if total > 100:
        return _("各类别占比合计 %(total)s %%，多出 %(gap)s %%，请改到正好 100 %%。") % figures
    return None


def seats(capacity: int, shares: Mapping[str, Number]) -> list[SeatShare]:
    """Turn shares (per cent) into whole seats by largest remainder (SALON §3).

    Each category gets the whole part of ``capacity × share / 100``; the seats left
    over go, one each, to the largest remainders. Equal remainders: the larger share
    first, then the order given. Fewer seats are left over than there are categories
    with a remainder, so one round is enough, every result lies within one seat of
    the exact figure, and the seats add up to the capacity.

    Raises ValueError with the sentence of `shares_problem`.
    """
    if problem := shares_problem(capacity, shares):
        raise ValueError(problem)
    percents = {key: Fraction(str(share)) for key, share in shares.items()}
    exact = {key: capacity * percent / 100 for key, percent in percents.items()}
    floors = {key: value.numerator // value.denominator for key, value in exact.items()}
    left_over = capacity - sum(floors.values())
    by_remainder = sorted(percents, key=lambda key: (floors[key] - exact[key], -percents[key]))
    lucky = set(by_remainder[:left_over])
    return [
        SeatShare(
            key=key,
            share=percents[key],
            exact=exact[key],
            floor=floors[key],
            remainder=exact[key] - floors[key],
            extra=int(key in lucky),
            seats=floors[key] + (key in lucky),
        )
        for key in percents
    ]


# ---------------------------------------------------------------- fill to quota


@dataclass(frozen=True)
class Candidate:
    """A person in the queue. ``not_met`` and ``unknown`` hold labels of criteria."""

    id: int
    category: str
    score: Decimal
    submitted_at: datetime
    not_met: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


Ranked = tuple[int, Candidate]


@dataclass(frozen=True)
class Pick:
    candidate: Candidate
    rank: int  # from 1, within the category
    why: str


@dataclass(frozen=True)
class Unfilled:
    category: str
    seats: int
    sentence: str


@dataclass(frozen=True)
class FillPlan:
    """What "fill to quota" would do. ``by_hand``: people a rule speaks against."""

    accept: list[Pick] = field(default_factory=list)
    waitlist: list[Pick] = field(default_factory=list)
    by_hand: list[Pick] = field(default_factory=list)
    unfilled: list[Unfilled] = field(default_factory=list)


def rank_key(person: "Candidate | WaitingPerson") -> tuple:
    """Best score first, then who came first, then the id: a total order."""
    return (-person.score, person.submitted_at, person.id)


def plan_fill(
    candidates: Iterable[Candidate],
    seats: Mapping[str, int],
    taken: Mapping[str, int],
    *,
    labels: Labels | None = None,
) -> FillPlan:
    """Preview who would be accepted, who would wait and which seats stay empty (SALON §3).

    Within each category the free seats go to the best by score, then submission time,
    then id. Someone who does not meet a criterion is never taken by the plan, since a
    person taken against a rule carries a written reason: they are listed ``by_hand``.
    An unknown answer does not bar, it earns no points and is named in ``why``.

    ``seats`` are per category, after releases; ``taken`` counts those already held. Where
    a category holds more than its seats, the others get fewer, so that the total never
    passes the capacity; the seats that remain then go to the best of all categories.
    """
    queues = _ranked_by_category(candidates)
    categories = sorted(queues.keys() | seats.keys())
    free = {key: max(0, seats.get(key, 0) - taken.get(key, 0)) for key in categories}
    chosen = {key: _able(queues.get(key, ()))[: free[key]] for key in categories}
    kept = _within_capacity(chosen, room=sum(seats.values()) - sum(taken.values()))
    plan = FillPlan()
    for key in categories:
        words = {
            "category": (labels or {}).get(key, key),
            "seats": seats.get(key, 0),
            "taken": taken.get(key, 0),
        }
        _sort_out(plan, queues.get(key, ()), chosen[key], kept, words)
        if empty := free[key] - len(chosen[key]):
            sentence = _why_empty(empty, queues.get(key, ()), words)
            plan.unfilled.append(Unfilled(key, empty, sentence))
    return plan


def _ranked_by_category(candidates: Iterable[Candidate]) -> dict[str, list[Ranked]]:
    queues: dict[str, list[Ranked]] = {}
    for candidate in sorted(candidates, key=rank_key):
        queue = queues.setdefault(candidate.category, [])
        queue.append((len(queue) + 1, candidate))
    return queues


def _able(queue: Sequence[Ranked]) -> list[Candidate]:
    return [person for _rank, person in queue if not person.not_met]


def _within_capacity(chosen: Mapping[str, list[Candidate]], room: int) -> set[int]:
    """Ids of the best ``room`` among the chosen of all categories."""
    everyone = sorted((person for people in chosen.values() for person in people), key=rank_key)
    return {person.id for person in everyone[: max(0, room)]}


def _sort_out(
    plan: FillPlan,
    queue: Sequence[Ranked],
    chosen: Sequence[Candidate],
    kept: set[int],
    seat_words: dict,
) -> None:
    """Put each person of one category where they belong in the plan, with the reason."""
    inside_quota = {person.id for person in chosen}
    waiting = 0
    for rank, person in queue:
        words = seat_words | {"rank": rank, "score": number_text(person.score)}
        if person.id in kept:
            why = _(
                "%(category)s第 %(rank)s 名，%(score)s 分；名额 %(seats)s 席，已占 %(taken)s 席。"
            )
            plan.accept.append(Pick(person, rank, why % words + _to_verify(person)))
            continue
        if person.not_met:
            words["labels"] = _("、").join(person.not_met)
            why = _("%(category)s第 %(rank)s 名，未达到：%(labels)s。若要录取，请逐个写明理由。")
            plan.by_hand.append(Pick(person, rank, why % words))
            continue
        waiting += 1
        words["place"] = waiting
        if person.id in inside_quota:
            why = _(
                "%(category)s第 %(rank)s 名，%(score)s 分；本类还有名额，"
                "但其他类别已超出，全场满员，候补第 %(place)s 位。"
            )
        else:
            why = _(
                "%(category)s第 %(rank)s 名，%(score)s 分；%(seats)s 席已满，候补第 %(place)s 位。"
            )
        plan.waitlist.append(Pick(person, rank, why % words + _to_verify(person)))


def _to_verify(person: Candidate) -> str:
    if not person.unknown:
        return ""
    return _("待核实：%(labels)s。") % {"labels": _("、").join(person.unknown)}


def _why_empty(empty: int, queue: Sequence[Ranked], seat_words: dict) -> str:
    against = sum(bool(person.not_met) for _rank, person in queue)
    words = seat_words | {"empty": empty, "against": against}
    if not against:
        return _("%(category)s还空 %(empty)s 席：没有更多人可选，可释放给其他类别。") % words
    sentence = _(
        "%(category)s还空 %(empty)s 席：符合条件的都已排上，"
        "另有 %(against)s 人未达到条件，可写明理由录取，或把空席释放给其他类别。"
    )
    return sentence % words


# ---------------------------------------------------------------- waiting list


@dataclass(frozen=True)
class WaitingPerson:
    """``against``: a criterion is not met, so that only a hand that writes the reason takes them."""

    id: int
    category: str
    score: Decimal
    submitted_at: datetime
    against: bool = False


@dataclass(frozen=True)
class Promotion:
    person: WaitingPerson
    sentence: str


@dataclass(frozen=True)
class NobodyMoved:
    """Why a free moment moved nobody up; shown to the organiser (SALON §3)."""

    # full, over_full, nobody_waiting, only_other_categories, against_rules; callers add their own
    code: str
    sentence: str


def next_up(
    waiting: Iterable[WaitingPerson],
    category: str,
    free_seats: int,
    *,
    labels: Labels | None = None,
) -> Promotion | NobodyMoved:
    """Who moves up inside the category when a seat frees, or why nobody does.

    As in `plan_fill`, nobody is taken against a rule without a written reason: they are passed
    over, and the sentence says so.
    """
    promoted, nobody = move_up(waiting, category, free_seats, 1, labels=labels)
    return nobody or promoted[0]


def move_up(
    waiting: Iterable[WaitingPerson],
    category: str,
    free_seats: int,
    seats: int,
    *,
    labels: Labels | None = None,
) -> tuple[list[Promotion], NobodyMoved | None]:
    """As `next_up` for so many seats one after the other: who moves up, and why nobody more does;
    None when each seat found somebody."""
    waiting = list(waiting)
    inside = sorted((person for person in waiting if person.category == category), key=rank_key)
    words = {"category": (labels or {}).get(category, category)}
    promoted: list[Promotion] = []
    passed = 0
    for person in inside:
        if len(promoted) >= min(seats, free_seats):
            break
        if person.against:
            passed += 1
            continue
        here = words | {
            "waiting": len(inside) - len(promoted),
            "place": passed + 1,
            "passed": passed,
        }
        sentence = _("%(category)s空出名额，候补 %(waiting)s 人中的第 %(place)s 位递补。")
        if passed:
            sentence += _("排在前面的 %(passed)s 人有条件未达到，要录取请逐个写明理由。")
        promoted.append(Promotion(person, sentence % here))
    if len(promoted) >= seats:
        return promoted, None
    gone = {promotion.person.id for promotion in promoted}
    left = [person for person in waiting if person.id not in gone]
    return promoted, _nobody(left, category, free_seats - len(promoted), words, labels or {})


def _nobody(
    waiting: Sequence[WaitingPerson],
    category: str,
    free_seats: int,
    words: dict,
    labels: Labels,
) -> NobodyMoved:
    if free_seats < 0:
        sentence = _("没有人递补，因为%(category)s已经超出名额 %(over)s 席。")
        return NobodyMoved("over_full", sentence % (words | {"over": -free_seats}))
    if free_seats == 0:
        return NobodyMoved("full", _("没有人递补，因为%(category)s没有空出的名额。") % words)
    if inside := sum(person.category == category for person in waiting):
        sentence = _(
            "没有人递补，因为%(category)s候补的 %(waiting)s 人都有条件未达到；"
            "要录取请逐个写明理由。"
        )
        return NobodyMoved("against_rules", sentence % (words | {"waiting": inside}))
    if not waiting:
        sentence = _("没有人递补，因为%(category)s空出了名额，但候补名单是空的。")
        return NobodyMoved("nobody_waiting", sentence % words)
    counts = Counter(person.category for person in waiting)
    others = _("、").join(
        _("%(category)s %(count)s 人") % {"category": labels.get(key, key), "count": counts[key]}
        for key in sorted(counts)
    )
    sentence = _(
        "没有人递补，因为%(category)s没有人候补；候补的是%(others)s。要让他们递补，请先释放名额。"
    )
    return NobodyMoved("only_other_categories", sentence % (words | {"others": others}))
