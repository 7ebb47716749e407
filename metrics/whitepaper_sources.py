"""What the whitepaper may quote: plans, featured solutions and answered questions of people who
agreed to be credited (Consent.Purpose.WHITEPAPER_CREDIT). Read-only.

A plan is its group's: it may be quoted once one of its members agreed. A solution or a question is
one person's: without their consent it is not quoted at all. No maker's name is quoted along: who
agreed stands among the authors, by id, so that a consent withdrawn later takes the name with it.
"""

from dataclasses import dataclass, field

from django.utils.formats import date_format

from metrics.evaluation import attendee_ids
from metrics.whitepaper_starters import PREFACE, STARTERS
from participants.models import Consent, Participant
from workshops.models import MentorReview, Plan, Question, Solution

# What an editor has to replace before publishing: answers were given aloud.
TO_BE_WRITTEN = "（请在这里写下现场的回答。）"
SOMEBODY = "一位参与者"


@dataclass(frozen=True)
class Source:
    """One thing to quote: `key` finds it again in the next version, `authors` are ids of the
    consenting people who made it."""

    key: str
    module: str
    title: str
    text: str
    authors: list = field(default_factory=list)
    photos: list = field(default_factory=list)

    def as_section(self):
        return {
            "module": self.module,
            "title": self.title,
            "text": self.text,
            "source": self.key,
            "authors": self.authors,
            "photos": self.photos,
        }


def consenting_ids(event):
    """Who agreed to be credited, is not erased, and has not withdrawn it."""
    return set(
        Participant.objects.filter(event=event)
        .present()
        .consenting(Consent.Purpose.WHITEPAPER_CREDIT)
        .values_list("pk", flat=True)
    )


def gather(event):
    """Every Source of the event as it is now, by module in the order of the whitepaper."""
    agreed = consenting_ids(event)
    return [
        preface(event),
        *_plans(event, agreed),
        *(Source(s["source"], s["module"], s["title"], s["text"]) for s in STARTERS),
        *_solutions(event, agreed),
        *_questions(event, agreed),
    ]


def preface(event):
    date = date_format(event.local(event.starts_at), "Y年n月j日")
    text = PREFACE.format(title=event.title, date=date, people=len(attendee_ids(event)))
    return Source("starter:preface", "preface", "前言", text)


def _plans(event, agreed):
    elements = list(event.task_elements.values_list("key", "name"))
    plans = (
        Plan.objects.on_show()
        .filter(group__event=event, submitted_at__isnull=False)
        .select_related("group")
        .prefetch_related("rows", "photos", "group__memberships__participant", "group__awards_won")
        .order_by("group__number")
    )
    advice = {}
    for review in MentorReview.objects.filter(group__event=event).order_by("pk"):
        advice.setdefault(review.group_id, []).append(review.suggestion)
    for plan in plans:
        members = [membership.participant for membership in plan.group.memberships.all()]
        authors = [member.pk for member in members if member.pk in agreed]
        if authors:
            names = [member.name for member in members]
            yield Source(
                key=f"plan:{plan.pk}",
                module="cases",
                title=without(names, plan.title or plan.group.name, instead="组员"),
                text=_plan_text(plan, elements, names, advice.get(plan.group_id, [])),
                authors=authors,
                photos=[photo.pk for photo in plan.photos.all() if photo.is_shown],
            )


def _plan_text(plan, elements, names, advice):
    parts = []
    won = [award.name for award in plan.group.awards_won.all()]
    if won:
        parts.append(f"**{'、'.join(won)}** · {plan.group.name}")
    parts += [
        f"**{name}**：{plain(text)}"
        for key, name in elements
        if (text := (plan.elements.get(key) or "").strip())
    ]
    rows = list(plan.rows.all())
    if rows:
        lines = ["| 时间 | 负责人 | 资源 |", "|---|---|---|"]
        lines += [
            f"| {cell(row.time_node)} | {cell(_unnamed(row.owner, names))} | {cell(row.resources)} |"
            for row in rows
        ]
        parts.append("\n".join(lines))
    parts += [f"> 导师建议：{plain(text)}" for text in advice if text.strip()]
    return without(names, "\n\n".join(parts), instead="组员")


def _unnamed(owner, names):
    return "组员" if any(name and name in owner for name in names) else owner


def without(said, text, *, instead=SOMEBODY):
    """`text` with `instead` for every name or address of `said`, as it was typed or as Markdown
    writes it. A single letter is no name to look for."""
    for value in sorted(said, key=len, reverse=True):
        if len(value) > 1:
            for spelled in {value, plain(value)}:
                text = text.replace(spelled, instead)
    return text


def _solutions(event, agreed):
    found = (
        Solution.objects.on_the_wall()
        .filter(card__event=event, featured_at__isnull=False, participant__in=agreed)
        .select_related("card__merged_into", "participant")
        .order_by("card__merged_into_id", "card_id", "pk")
    )
    for solution in found:
        card = solution.card.merged_into or solution.card
        yield Source(
            key=f"solution:{solution.pk}",
            module="solutions",
            title=one_line(card.text),
            text=without([solution.participant.name], plain(solution.text)),
            authors=[solution.participant_id],
        )


def _questions(event, agreed):
    found = Question.objects.on_show().filter(
        event=event,
        kind=Question.Kind.QUESTION,
        answered_at__isnull=False,
        participant__in=agreed,
    )
    for question in found.select_related("participant").order_by("pk"):
        yield Source(
            key=f"question:{question.pk}",
            module="solutions",
            title=without([question.participant.name], one_line(question.text)),
            text=TO_BE_WRITTEN,
            authors=[question.participant_id],
        )


_MARKS = str.maketrans({mark: f"\\{mark}" for mark in r"\`*_{}[]<>#|~"})


def one_line(text):
    return " ".join(text.split())


def plain(text):
    """What people typed, as Markdown that means just that; one paragraph."""
    return one_line(text).translate(_MARKS)


def cell(text):
    return plain(text) or " "
