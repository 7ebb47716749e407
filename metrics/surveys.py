"""The survey: opens when the event ends, once per person, and nobody can tell who said what.

SALON §7. The ticket says that a person was asked and has answered; the sheet of answers carries
no person, no time and a random key. Nothing joins the two.
"""

from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from events.models import Event
from metrics.evaluation import attendee_ids
from metrics.models import Survey, SurveyQuestion, SurveyResponse, SurveyTicket
from salon import audit, clock, outbox
from salon.errors import Refused
from salon.text import clean_text

FIRST_LETTER = timedelta(hours=1)
NAG = timedelta(hours=20)
ASK_WITHIN = timedelta(hours=24)
OPEN_FOR = timedelta(days=14)
OPEN_ANSWER_LENGTH = 1000


def open_survey(*, event, by=None):
    """Open the survey of an ended event and ask everyone who came; again is harmless.

    Plans two letters a person: one hour after the end, and 20 hours after it for those who
    have not answered by then. Returns the number of people newly asked.
    """
    with transaction.atomic():
        survey = Survey.objects.select_for_update().get(event=event)
        ended_at = event.ended_at or event.ends_at
        if survey.opened_at is None:
            survey.opened_at = clock.now()
            survey.closes_at = ended_at + OPEN_FOR
            survey.save(update_fields=["opened_at", "closes_at"])
            audit.record("open_survey", survey, by=by, fields=["opened_at"])
        asked = set(survey.tickets.values_list("participant", flat=True))
        newcomers = sorted(set(attendee_ids(event)) - asked)
        SurveyTicket.objects.bulk_create(
            SurveyTicket(survey=survey, participant_id=pk) for pk in newcomers
        )
        for pk in newcomers:
            for kind, after in (("survey", FIRST_LETTER), ("survey_nag", NAG)):
                outbox.plan(
                    dedup_key=f"{kind}:{event.pk}:{pk}",
                    kind=kind,
                    event_id=event.pk,
                    person_id=pk,
                    due_at=ended_at + after,
                )
    return len(newcomers)


def events_to_ask(now):
    """Events that ended within the last day: the survey goes to everyone who came within 24 h."""
    return Event.objects.ended(now).filter(
        Q(ended_at__gt=now - ASK_WITHIN) | Q(ended_at=None, ends_at__gt=now - ASK_WITHIN),
        survey__isnull=False,
    )


def may_answer(*, person):
    """The person's open survey if there is one still to answer, else None."""
    return Survey.objects.filter(
        event=person.event,
        opened_at__lte=clock.database_now(),
        closes_at__gt=clock.database_now(),
        tickets__participant=person,
        tickets__answered=False,
    ).first()


def answer(*, person, answers):
    """Hand in one sheet: `answers` is {question id: raw value}. Once per person.

    Raises Refused("closed" | "answered" | "incomplete").
    """
    with transaction.atomic():
        ticket = (
            SurveyTicket.objects.select_for_update()
            .select_related("survey")
            .filter(participant=person, survey__event=person.event)
            .first()
        )
        if ticket is None or may_answer(person=person) is None:
            if ticket is not None and ticket.answered:
                raise Refused("answered", _("您已经答过了,谢谢!"))
            raise Refused("closed", _("问卷没有开放,或已经截止。"))
        sheet = {
            str(question.pk): value
            for question in ticket.survey.questions.all()
            if (value := _checked(question, answers.get(question.pk))) is not None
        }
        SurveyResponse.objects.create(survey=ticket.survey, answers=sheet)
        ticket.answered = True
        ticket.save(update_fields=["answered"])


def _checked(question, raw):
    text = clean_text(str(raw), multiline=True) if raw is not None else ""
    if not text:
        if question.required:
            raise Refused(
                "incomplete",
                _("第 %(number)d 题还没有答。") % {"number": question.position},
                status=400,
            )
        return None
    if question.kind == SurveyQuestion.Kind.OPEN:
        return text[:OPEN_ANSWER_LENGTH]
    allowed = (
        range(1, 6) if question.kind == SurveyQuestion.Kind.SCALE else range(len(question.options))
    )
    if not text.isascii() or not text.isdigit() or int(text) not in allowed:
        raise Refused(
            "incomplete",
            _("第 %(number)d 题请从选项里选一个。") % {"number": question.position},
            status=400,
        )
    return int(text)


def results(survey):
    """Distributions and open answers: a list of dicts, one a question, in order."""
    sheets = list(survey.responses.values_list("answers", flat=True))
    return [_result(question, sheets) for question in survey.questions.all()]


def _result(question, sheets):
    given = [sheet[key] for sheet in sheets if (key := str(question.pk)) in sheet]
    if question.kind == SurveyQuestion.Kind.OPEN:
        return {"question": question, "answered": len(given), "texts": sorted(given)}
    labels = (
        [(mark, str(mark)) for mark in range(1, 6)]
        if question.kind == SurveyQuestion.Kind.SCALE
        else list(enumerate(question.options))
    )
    return {
        "question": question,
        "answered": len(given),
        "bars": [(label, given.count(value)) for value, label in labels],
        "mean": sum(given) / len(given)
        if given and question.kind == SurveyQuestion.Kind.SCALE
        else None,
    }
