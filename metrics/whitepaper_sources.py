"""What the whitepaper may quote: plans, featured solutions and answered questions of people who
agreed to be credited (Consent.Purpose.WHITEPAPER_CREDIT). Read-only.

A plan is its group's: it may be quoted once one of its members agreed, and names those who did.
A solution or a question is one person's: without their consent it is not quoted at all.
"""

from dataclasses import dataclass, field

from django.utils.formats import date_format

from metrics.evaluation import attendee_ids
from metrics.whitepaper_starters import PREFACE, STARTERS
from participants.models import Consent, Participant
from workshops.models import MentorReview, Plan, Question, Solution

# What an editor has to replace before publishing: answers were given aloud.
TO_BE_WRITTEN = "（请在这里写下现场的回答。）"


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
        Plan.objects.filter(group__event=event, submitted_at__isnull=False)
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
            hidden = [member.name for member in members if member.pk not in agreed]
            yield Source(
                key=f"plan:{plan.pk}",
                module="cases",
                title=plan.title or plan.group.name,
                text=_plan_text(plan, elements, hidden, advice.get(plan.group_id, [])),
                authors=authors,
                photos=[photo.pk for photo in plan.photos.all()],
            )


def _plan_text(plan, elements, hidden, advice):
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
            f"| {cell(row.time_node)} | {cell(_unnamed(row.owner, hidden))} | {cell(row.resources)} |"
            for row in rows
        ]
        parts.append("\n".join(lines))
    parts += [f"> 导师建议：{plain(text)}" for text in advice if text.strip()]
    return _without(hidden, "\n\n".join(parts))


def _unnamed(owner, hidden):
    return "组员" if any(name and name in owner for name in hidden) else owner


def _without(hidden, text):
    """The names of those who did not agree do not stand in their group's text either."""
    for name in sorted(filter(None, hidden), key=len, reverse=True):
        if len(name) > 1:
            text = text.replace(name, "组员")
    return text


def _solutions(event, agreed):
    found = (
        Solution.objects.filter(
            card__event=event,
            featured_at__isnull=False,
            hidden_at=None,
            card__hidden_at=None,
            participant__in=agreed,
        )
        .select_related("card__merged_into")
        .order_by("card__merged_into_id", "card_id", "pk")
    )
    for solution in found:
        card = solution.card.merged_into or solution.card
        yield Source(
            key=f"solution:{solution.pk}",
            module="solutions",
            title=one_line(card.text),
            text=plain(solution.text),
            authors=[solution.participant_id],
        )


def _questions(event, agreed):
    found = Question.objects.filter(
        event=event,
        kind=Question.Kind.QUESTION,
        answered_at__isnull=False,
        participant__in=agreed,
    ).exclude(state="hidden")
    for question in found.order_by("pk"):
        yield Source(
            key=f"question:{question.pk}",
            module="solutions",
            title=one_line(question.text),
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
