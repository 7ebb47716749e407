"""The screening queue: finding people among two thousand by status, category, word and order."""

import re
from dataclasses import dataclass

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, OuterRef, Q, Window
from django.db.models.functions import JSONObject
from django.utils.translation import gettext_lazy as _

from events.models import Event
from participants.applications import judge_person
from participants.categories import rules_of
from participants.models import Case, PainPoint, Participant
from participants.out_of_reach import astray
from salon import clock, floods
from salon.models import Message
from salon.text import clean_text, national_mobile

Status = Participant.Status

SORTS = {
    "score": (_("得分"), ("-score", "submitted_at", "pk")),
    "new": (_("最新报名"), ("-submitted_at", "-pk")),
    "old": (_("最早报名"), ("submitted_at", "pk")),
    "name": (_("姓名"), ("pinyin", "pk")),
}
PAGE = 100
# Beside the statuses: whom no letter about their seat has reached.
UNREACHED = "unreached"


@dataclass(frozen=True)
class Asked:
    """What the page asks for; every value is one that exists, whatever was in the address."""

    status: str = Status.SUBMITTED
    category: int | None = None
    online: bool | None = None
    words: str = ""
    sort: str = "score"
    page: int = 1

    @classmethod
    def of(cls, params, categories):
        status = params.get("status", Status.SUBMITTED)
        category, room, page = (
            params.get("category", ""),
            params.get("room", ""),
            params.get("page"),
        )
        return cls(
            status=status if status in (*Status.values, "all", UNREACHED) else Status.SUBMITTED,
            category=next((c.pk for c in categories if c.key == category), None),
            online={"on_site": False, "online": True}.get(room),
            words=clean_text(params.get("q"), max_length=60),
            sort=params.get("sort") if params.get("sort") in SORTS else "score",
            page=int(page) if page and re.fullmatch(r"\d{1,6}", page) and int(page) else 1,
        )


def found(event, asked):
    """The people asked for, in order, as a queryset; each row carries `of_all`, the number of all
    that were found, and `pains`, the texts of their pain points."""
    people = Participant.objects.filter(event=event).present()
    if asked.status == UNREACHED:
        people = astray(people)
    elif asked.status != "all":
        people = people.with_status(asked.status)
    if asked.category:
        people = people.filter(category=asked.category)
    if asked.online is not None:
        people = people.filter(online=asked.online)
    for word in asked.words.split():
        people = people.filter(matching(word))
    pains = (
        PainPoint.objects.filter(participant=OuterRef("pk"))
        .order_by("position")
        .values_list("text", flat=True)
    )
    return people.annotate(of_all=Window(Count("pk")), pains=ArraySubquery(pains)).order_by(
        *SORTS[asked.sort][1]
    )


def page_of(people, asked):
    """`(people of the asked page, number of all)`, in one statement."""
    start = (asked.page - 1) * PAGE
    rows = list(people[start : start + PAGE])
    return rows, rows[0].of_all if rows else 0


def to_settle(event):
    """`(open cases, people in doubt as {"pk", "name"}, people whom no letter reached, when each
    letter goes that was held back)` of the event, in one statement."""
    of_event = {"event": OuterRef("pk")}
    letters = floods.held_back(
        Message.objects.filter(event_id=OuterRef("pk")), clock.database_now()
    )
    doubted = Participant.objects.filter(**of_event).present().in_doubt().order_by("pk")
    unreached = astray(Participant.objects.filter(**of_event).present())
    [found] = (
        Event.objects.filter(pk=event.pk)
        .annotate(
            open_cases=ArraySubquery(Case.objects.filter(**of_event).open().values("pk")),
            in_doubt=ArraySubquery(doubted.values(person=JSONObject(pk="pk", name="name"))),
            unreached=ArraySubquery(unreached.values("pk")),
            held_back=ArraySubquery(letters.order_by("due_at").values("due_at")),
        )
        .values_list("open_cases", "in_doubt", "unreached", "held_back")
    )
    cases, in_doubt, unreached, held_back = found
    return len(cases), in_doubt, len(unreached), held_back


def matching(word):
    """By name, full pinyin or initials from its start, mobile tail, organisation or code."""
    matches = Q(name__icontains=word) | Q(organisation__icontains=word)
    if re.fullmatch(r"[A-Za-z]+", word):
        low = word.lower()
        matches |= Q(pinyin__startswith=low) | Q(pinyin__contains=f" {low}")
    if re.fullmatch(r"\d{3,}", word):
        matches |= Q(mobile__endswith=word)
    if "@" in word:
        matches |= Q(email__istartswith=word)
    if re.fullmatch(r"[2-9A-Za-z]{6}", word):
        matches |= Q(code=word.upper())
    return matches


def judged(people, categories):
    """The people as a list, each with `category` and its rules loaded, `chips` and `judgement`."""
    by_pk = {category.pk: category for category in categories}
    rules = {category.pk: rules_of(category) for category in categories}
    found_people = list(people)
    for person in found_people:
        person.category = by_pk[person.category_id]
        judge(person, rules=rules[person.category_id])
    return found_people


def judge(person, *, rules=None):
    pains = getattr(person, "pains", None)  # queue.found brings them along
    person.judgement = judge_person(person, rules=rules, pain_points=pains)
    person.chips = [
        {"label": finding.label, "state": finding.state, "sentence": finding.sentence}
        for finding in person.judgement.findings
    ]
    person.shown_mobile = national_mobile(person.mobile)
    person.against = person.judgement.labels_with("not_met")
    return person
