"""Answers become judgements: which rule of a category is met, and what it is worth.

A pure step on dataclasses (SALON §3, "Criteria are data"); it runs without a database.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from django.utils.translation import gettext as _

Number = int | Decimal | Fraction | float


def number_text(value: Number) -> str:
    """A number as people write it: thousands parted, at most two decimals, no idle zeros."""
    rounded = round(Fraction(str(value)), 2)
    if rounded.denominator == 1:
        return f"{rounded.numerator:,}"
    return f"{float(rounded):,.2f}".rstrip("0")


Operator = Literal["gte", "lte", "present", "min_count", "any_of_present"]
State = Literal["met", "not_met", "unknown"]

# What people type when they mean "none". An answer, unlike a blank.
NONE_WORDS = frozenset({"无", "没有", "暂无", "暂时没有", "没", "否", "不", "none", "no", "n/a"})


@dataclass(frozen=True)
class Criterion:
    """One rule of a category, as the organiser keeps it.

    ``field`` names the answer; for ``any_of_present`` several, parted by "|".
    ``threshold`` is in the answer's own unit (people, per cent, entries), and
    ``unit`` is only the word that follows it in a sentence.
    """

    field: str
    operator: Operator
    label: str
    weight: int
    threshold: Number | None = None
    unit: str = ""

    @property
    def fields(self) -> list[str]:
        return [name.strip() for name in self.field.split("|")]


@dataclass(frozen=True)
class CriterionResult:
    key: str
    state: State
    sentence: str


@dataclass(frozen=True)
class ScorePart:
    key: str
    points: Decimal
    most: Decimal
    sentence: str


@dataclass(frozen=True)
class Judgement:
    items: list[CriterionResult]
    score: Decimal
    parts: list[ScorePart]

    def labels_with(self, state: State, criteria: Sequence[Criterion]) -> tuple[str, ...]:
        """Labels of the criteria in this state, for chips and for `Candidate`."""
        return tuple(
            str(criterion.label)
            for criterion, item in zip(criteria, self.items, strict=True)
            if item.state == state
        )


def judge(criteria: Iterable[Criterion], answers: Mapping[str, object]) -> Judgement:
    """Judge one person's answers: met, not met or unknown, each with its sentence.

    A missing or blank answer is unknown and earns nothing, but is never called
    "not met" (SALON §3: never a silent zero). Zero, False and words such as 无 are
    answers. ``answers`` holds numbers, texts, booleans or lists, by field name.
    """
    items, parts = [], []
    for criterion in criteria:
        state, value, sentence = _judge_one(criterion, answers)
        items.append(CriterionResult(criterion.field, state, sentence))
        parts.append(_points(criterion, state, value))
    return Judgement(items, sum((part.points for part in parts), Decimal(0)), parts)


def _judge_one(
    criterion: Criterion, answers: Mapping[str, object]
) -> tuple[State, Fraction | None, str]:
    if criterion.operator in ("gte", "lte"):
        return _judge_number(criterion, answers.get(criterion.field))
    if criterion.operator == "min_count":
        return _judge_count(criterion, answers.get(criterion.field))
    if criterion.operator in ("present", "any_of_present"):
        states = [presence(answers.get(name)) for name in criterion.fields]
        return _judge_presence(criterion, states)
    raise ValueError(f"unknown operator {criterion.operator!r}")


def _judge_number(criterion: Criterion, answer: object) -> tuple[State, Fraction | None, str]:
    value = _as_number(answer)
    words = {
        "label": criterion.label,
        "threshold": number_text(criterion.threshold),
        "unit": criterion.unit,
    }
    if value is None:
        if _is_blank(answer):
            return "unknown", None, _("%(label)s没有填写，需要核实。") % words
        words["answer"] = str(answer)[:40]
        return "unknown", None, _("%(label)s填的是“%(answer)s”，看不出数目，需要核实。") % words
    words["value"] = number_text(value)
    if criterion.operator == "gte":
        if value >= criterion.threshold:
            sentence = _("%(label)s %(value)s %(unit)s，达到 %(threshold)s %(unit)s。")
            return "met", value, sentence % words
        sentence = _("%(label)s %(value)s %(unit)s，低于要求的 %(threshold)s %(unit)s。")
        return "not_met", value, sentence % words
    if value <= criterion.threshold:
        sentence = _("%(label)s %(value)s %(unit)s，不超过 %(threshold)s %(unit)s。")
        return "met", value, sentence % words
    sentence = _("%(label)s %(value)s %(unit)s，高于上限 %(threshold)s %(unit)s。")
    return "not_met", value, sentence % words


def _judge_count(criterion: Criterion, answer: object) -> tuple[State, Fraction | None, str]:
    entries = answer if isinstance(answer, list | tuple | set | frozenset) else [answer]
    written = [entry for entry in entries if not _is_blank(entry)]
    words = {
        "label": criterion.label,
        "threshold": number_text(criterion.threshold),
        "unit": criterion.unit,
    }
    if not written:
        return "unknown", None, _("%(label)s没有填写，需要核实。") % words
    count = Fraction(sum(presence(entry) == "met" for entry in written))
    words["count"] = number_text(count)
    if count >= criterion.threshold:
        return "met", count, _("%(label)s写了 %(count)s %(unit)s。") % words
    sentence = _("%(label)s写了 %(count)s %(unit)s，至少要 %(threshold)s %(unit)s。")
    return "not_met", count, sentence % words


def _judge_presence(criterion: Criterion, states: list[State]) -> tuple[State, None, str]:
    """Three-valued "or": one met is enough; not met only when all are known and none is."""
    words = {"label": criterion.label}
    if "met" in states:
        return "met", None, _("%(label)s：有。") % words
    if "unknown" in states:
        return "unknown", None, _("%(label)s没有填写，需要核实。") % words
    return "not_met", None, _("%(label)s：本人说没有。") % words


def presence(answer: object) -> State:
    """Whether an answer names something; a blank is unknown, 无 or False is a no."""
    if _is_blank(answer):
        return "unknown"
    if isinstance(answer, list | tuple | set | frozenset):
        states = [presence(entry) for entry in answer if not _is_blank(entry)]
        return "met" if "met" in states else "not_met"
    if isinstance(answer, str):
        said = answer.strip().rstrip("。.!").lower()
        return "not_met" if said in NONE_WORDS else "met"
    return "met" if answer else "not_met"


def _is_blank(answer: object) -> bool:
    if isinstance(answer, str):
        return not answer.strip()
    if isinstance(answer, list | tuple | set | frozenset):
        return all(_is_blank(entry) for entry in answer)
    return answer is None


def _as_number(answer: object) -> Fraction | None:
    if isinstance(answer, bool) or not isinstance(answer, int | float | Decimal | Fraction):
        return None
    try:
        return Fraction(answer)
    except (ValueError, OverflowError):  # NaN and infinities
        return None


# A met "not less than" earns a tenth of its weight more for each doubling of the
# threshold, up to three: among people who all meet the rules the stronger come first,
# yet no size ever outweighs a rule that is not met.
PER_DOUBLING = Fraction(1, 10)
MOST_DOUBLINGS = 3


def _points(criterion: Criterion, state: State, value: Fraction | None) -> ScorePart:
    grades = criterion.operator == "gte" and (criterion.threshold or 0) > 0
    bonus = criterion.weight * PER_DOUBLING * MOST_DOUBLINGS if grades else Fraction(0)
    most = _hundredths(criterion.weight + bonus)
    words = {"label": criterion.label, "weight": criterion.weight, "most": number_text(most)}
    if state == "unknown":
        sentence = _("%(label)s：未知，暂不计分（最多 %(most)s 分）。") % words
        return ScorePart(criterion.field, Decimal(0), most, sentence)
    if state == "not_met":
        sentence = _("%(label)s：未达到，0 分。") % words
        return ScorePart(criterion.field, Decimal(0), most, sentence)
    if not grades:
        sentence = _("%(label)s：达到，%(weight)s 分。") % words
        return ScorePart(criterion.field, most, most, sentence)
    times = value / Fraction(str(criterion.threshold))
    graded = _hundredths(criterion.weight * PER_DOUBLING * doublings(times))
    words |= {"times": number_text(times), "graded": number_text(graded)}
    sentence = _(
        "%(label)s：达到，%(weight)s 分；是门槛的 %(times)s 倍，"
        "加 %(graded)s 分（最多 %(most)s 分）。"
    )
    return ScorePart(criterion.field, criterion.weight + graded, most, sentence % words)


def doublings(times: Fraction) -> Fraction:
    """How often 1 was doubled to reach ``times`` ≥ 1, at most three times; exact.

    Between two doublings it grows in a straight line (1.5 times is half a doubling),
    so that it can be reckoned by hand and is the same on every machine.
    """
    for whole in range(MOST_DOUBLINGS):
        if times < 2 ** (whole + 1):
            return whole + times / 2**whole - 1
    return Fraction(MOST_DOUBLINGS)


def _hundredths(points: Fraction) -> Decimal:
    """Rounded down to what the database keeps."""
    return Decimal(int(points * 100)) / 100
