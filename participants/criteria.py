"""Answers become judgements: which rule of a category is met, and what it is worth.

A pure step on dataclasses (SALON §3, "Criteria are data"); it runs without a database. Sentences
are made when somebody reads them: an import judges thousands of people and shows none.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
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

# A met "not less than" earns a tenth of its weight more for each doubling of the
# threshold, up to three: among people who all meet the rules the stronger come first,
# yet no size ever outweighs a rule that is not met.
PER_DOUBLING = Fraction(1, 10)
MOST_DOUBLINGS = 3


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

    @cached_property
    def fields(self) -> list[str]:
        return [name.strip() for name in self.field.split("|")]

    @cached_property
    def limit(self) -> Fraction:
        """The threshold, exact."""
        return Fraction(str(self.threshold or 0))

    @property
    def grades(self) -> bool:
        return self.operator == "gte" and self.limit > 0

    @cached_property
    def most(self) -> Decimal:
        """The most points that it gives."""
        bonus = self.weight * PER_DOUBLING * MOST_DOUBLINGS if self.grades else 0
        return _hundredths(self.weight + bonus)


@dataclass(frozen=True)
class Finding:
    """One rule looked at for one person.

    ``value`` is the number that was compared, None where none was; ``answer`` is what was
    written in a field that should hold a number.
    """

    criterion: Criterion
    state: State
    value: Fraction | None = None
    answer: object = None

    @property
    def key(self) -> str:
        return self.criterion.field

    @property
    def label(self) -> str:
        return self.criterion.label

    @cached_property
    def points(self) -> Decimal:
        """Points earned, in hundredths, rounded down; a "not less than" is graded."""
        if self.state != "met":
            return Decimal(0)
        if not self.criterion.grades:
            return self.criterion.most
        return self.criterion.weight + self._bonus

    @property
    def _bonus(self) -> Decimal:
        times = self.value / self.criterion.limit
        return _hundredths(self.criterion.weight * PER_DOUBLING * doublings(times))

    @property
    def sentence(self) -> str:
        """Why it is met, not met or unknown."""
        words = {"label": self.label, "unit": self.criterion.unit}
        if self.criterion.threshold is not None:
            words["threshold"] = number_text(self.criterion.threshold)
        if self.state == "unknown":
            if _is_blank(self.answer):
                return _("%(label)s没有填写，需要核实。") % words
            words["answer"] = str(self.answer)[:40]
            return _("%(label)s填的是“%(answer)s”，看不出数目，需要核实。") % words
        if self.value is None:
            met, not_met = _("%(label)s：有。"), _("%(label)s：本人说没有。")
            return (met if self.state == "met" else not_met) % words
        words["value"] = words["count"] = number_text(self.value)
        return self._compared() % words

    def _compared(self) -> str:
        met = self.state == "met"
        if self.criterion.operator == "min_count":
            if met:
                return _("%(label)s写了 %(count)s %(unit)s。")
            return _("%(label)s写了 %(count)s %(unit)s，至少要 %(threshold)s %(unit)s。")
        if self.criterion.operator == "gte":
            if met:
                return _("%(label)s %(value)s %(unit)s，达到 %(threshold)s %(unit)s。")
            return _("%(label)s %(value)s %(unit)s，低于要求的 %(threshold)s %(unit)s。")
        if met:
            return _("%(label)s %(value)s %(unit)s，不超过 %(threshold)s %(unit)s。")
        return _("%(label)s %(value)s %(unit)s，高于上限 %(threshold)s %(unit)s。")

    @property
    def points_sentence(self) -> str:
        """How the points came about."""
        criterion = self.criterion
        words = {
            "label": self.label,
            "weight": criterion.weight,
            "most": number_text(criterion.most),
        }
        if self.state == "unknown":
            return _("%(label)s：未知，暂不计分（最多 %(most)s 分）。") % words
        if self.state == "not_met":
            return _("%(label)s：未达到，0 分。") % words
        if not criterion.grades:
            return _("%(label)s：达到，%(weight)s 分。") % words
        words["times"] = number_text(self.value / criterion.limit)
        words["graded"] = number_text(self._bonus)
        sentence = _(
            "%(label)s：达到，%(weight)s 分；是门槛的 %(times)s 倍，"
            "加 %(graded)s 分（最多 %(most)s 分）。"
        )
        return sentence % words


@dataclass(frozen=True)
class Judgement:
    findings: list[Finding]

    @property
    def score(self) -> Decimal:
        return sum((finding.points for finding in self.findings), Decimal(0))

    def labels_with(self, state: State) -> tuple[str, ...]:
        """Labels of the criteria in this state, for chips and for `Candidate`."""
        return tuple(str(finding.label) for finding in self.findings if finding.state == state)


def judge(criteria: Iterable[Criterion], answers: Mapping[str, object]) -> Judgement:
    """Judge one person's answers: met, not met or unknown, each with its sentence.

    A missing or blank answer is unknown and earns nothing, but is never called
    "not met" (SALON §3: never a silent zero). Zero, False and words such as 无 are
    answers. ``answers`` holds numbers, texts, booleans or lists, by field name.
    """
    return Judgement([_look(criterion, answers) for criterion in criteria])


def _look(criterion: Criterion, answers: Mapping[str, object]) -> Finding:
    if criterion.operator in ("gte", "lte"):
        return _look_at_number(criterion, answers.get(criterion.field))
    if criterion.operator == "min_count":
        return _look_at_count(criterion, answers.get(criterion.field))
    if criterion.operator in ("present", "any_of_present"):
        return _look_for_any(criterion, [presence(answers.get(name)) for name in criterion.fields])
    raise ValueError(f"unknown operator {criterion.operator!r}")


def _look_at_number(criterion: Criterion, answer: object) -> Finding:
    value = _as_number(answer)
    if value is None:
        return Finding(criterion, "unknown", answer=answer)
    enough = value >= criterion.limit if criterion.operator == "gte" else value <= criterion.limit
    return Finding(criterion, "met" if enough else "not_met", value)


def _look_at_count(criterion: Criterion, answer: object) -> Finding:
    entries = answer if isinstance(answer, list | tuple | set | frozenset) else [answer]
    written = [entry for entry in entries if not _is_blank(entry)]
    if not written:
        return Finding(criterion, "unknown")
    count = Fraction(sum(presence(entry) == "met" for entry in written))
    return Finding(criterion, "met" if count >= criterion.limit else "not_met", count)


def _look_for_any(criterion: Criterion, states: list[State]) -> Finding:
    """Three-valued "or": one met is enough; not met only when all are known and none is."""
    if "met" in states:
        return Finding(criterion, "met")
    return Finding(criterion, "unknown" if "unknown" in states else "not_met")


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
