"""The survey: opens when the event ends, once per person, and nobody can tell who said what.

SALON §7. The ticket says that a person was asked and has answered; the sheet of answers carries
no person, no time and a random key.

What the tables do not tell, either: rows written by one transaction share its number (xmin) and
lie near each other (ctid), so ticket and sheet of one answer could be paired by them. Therefore
every answer writes all sheets of the survey anew, in the order of their random keys, and all
tickets, under the survey's lock: afterwards all bear the latest answer's number. Not protected:
whoever compares copies of the database from before and after one answer (backups, the write-ahead
log, dead rows before the next vacuum), and what a person gives away in an open answer.

Nor do the pages: while the survey is open, whatever is told of it speaks of the newest multiple of
STEP sheets, or two looks, one answer apart, would show the sheet between them.
"""

from datetime import timedelta

from django.db import connection, transaction
from django.db.models import Case, F, Q, When
from django.utils.translation import gettext_lazy as _

from events.models import Event
from metrics.contributions import attendee_ids
from metrics.models import Survey, SurveyQuestion, SurveyResponse, SurveyTicket
from participants.applications import channel_of
from participants.models import Participant, PersonalLink
from salon import audit, clock, outbox
from salon.errors import Refused
from salon.models import Message
from salon.seen import STALE
from salon.text import clean_text

FIRST_LETTER = timedelta(hours=1)
NAG = timedelta(hours=20)
# Who is found to have come only later (a stream file imported the day after) is asked then.
NAG_AFTER_ASKING = NAG - FIRST_LETTER
FOLLOW_UP = timedelta(days=30)
OPEN_FOR = timedelta(days=14)
OPEN_ANSWER_LENGTH = 1000
# How many sheets come into sight at once while the survey is open. Of fewer, open answers stand
# apart from the shares, and from each other's questions: else they are one person's with a voice.
STEP = 5
# Fewer sheets than this are not shown one question at a time: two people can tell each other's.
FEWEST_SHOWN = 3
# The same as SurveyResponse.objects.in_sight(), of a sheet `r` and its survey `s`.
IN_SIGHT = """(r.counted OR s.opened_at IS NULL OR s.opened_at > clock_timestamp()
    OR s.closes_at IS NULL OR s.closes_at <= clock_timestamp())"""


def open_survey(*, event, by=None):
    """Open the survey of an ended event and ask everyone who came; again is harmless.

    Plans three letters a person: one hour after the end, 20 hours after it for those who have
    not answered by then, and the follow-up after 30 days. Who turns out not to have come (the
    wrong stream file, a check-in undone) is asked no more. Returns the number of people newly
    asked. Raises Refused("not_over") before the end.
    """
    with transaction.atomic():
        survey = Survey.objects.select_for_update().get(event=event)
        now = clock.now()
        if not event.is_over(now):
            raise Refused("not_over", _("活动还没有结束，结束后问卷会自动开放。"))
        if survey.opened_at is None:
            survey.opened_at = now
            survey.closes_at = event.over_at + OPEN_FOR
            survey.save(update_fields=["opened_at", "closes_at"])
            audit.record("open_survey", survey, by=by, fields=["opened_at"])
        came = set(attendee_ids(event))
        survey.tickets.filter(answered=False).exclude(participant__in=came).delete()
        newcomers = list(_not_yet_asked(survey, came).order_by("pk"))
        SurveyTicket.objects.bulk_create(
            SurveyTicket(survey=survey, participant=person) for person in newcomers
        )
        times = due_times(event)
        for person in newcomers:
            _ask(person, times, now)
    return len(newcomers)


def _not_yet_asked(survey, came):
    asked = set(survey.tickets.values_list("participant", flat=True))
    return Participant.objects.present().filter(pk__in=came - asked)


def how_many_to_ask(event) -> int:
    """How many people would be asked if the survey were opened now."""
    survey = Survey.objects.get(event=event)
    return _not_yet_asked(survey, set(attendee_ids(event))).count()


_LETTER = [field.column for field in Message._meta.concrete_fields if not field.primary_key]
_NOBODYS = {
    "dedup_key": "'survey_nag:' || gen_random_uuid()",  # the old one says whom it was for
    "person_id": "NULL",
    "due_at": "%(due_at)s",
    **dict.fromkeys(("recipient", "subject", "body", "failure", "domain"), "''"),
}
_FORGET = """
    WITH done AS (DELETE FROM salon_message WHERE id = ANY(%(ids)s) RETURNING *)
    INSERT INTO salon_message ({columns}) SELECT {values} FROM done ORDER BY random()
""".format(
    columns=", ".join(_LETTER), values=", ".join(_NOBODYS.get(name, name) for name in _LETTER)
)


def forget_who_was_reminded():
    """Of reminders that are done with, gone or not needed, the number stays and no name: who had
    answered by then is nobody's to read. Written anew, as a letter lies beside the others that were
    planned for its reader."""
    done = Message.objects.of_kind("survey_nag").over().exclude(person_id=None)
    for event in Event.objects.filter(pk__in=done.values("event_id")):
        with transaction.atomic():
            rows = done.of_event(event).select_for_update(skip_locked=True)
            ids = list(rows.values_list("pk", flat=True))
            PersonalLink.objects.filter(message_id__in=ids).update(message_id=None)
            with connection.cursor() as cursor:
                cursor.execute(_FORGET, {"ids": ids, "due_at": due_times(event)["survey_nag"]})


def due_times(event):
    """{kind: moment} of the letters to those who came."""
    ended_at = event.over_at
    return {
        "survey": ended_at + FIRST_LETTER,
        "survey_nag": ended_at + NAG,
        "follow_up": ended_at + FOLLOW_UP,
    }


def _ask(person, times, now):
    first = max(times["survey"], now)
    for kind, due_at in (
        ("survey", first),
        ("survey_nag", max(times["survey_nag"], first + NAG_AFTER_ASKING)),
        ("follow_up", max(times["follow_up"], first)),
    ):
        outbox.plan(
            dedup_key=f"{kind}:{person.event_id}:{person.pk}",
            kind=kind,
            event_id=person.event_id,
            person_id=person.pk,
            due_at=due_at,
            channel=channel_of(person),
            batch=f"reminder:{kind}",
        )


def events_to_ask(now):
    """Ended events whose survey is still to be opened or still open to latecomers."""
    return Event.objects.ended(now).filter(
        Q(survey__closes_at__gt=now) | Q(survey__closes_at=None, ends_at__gt=now - OPEN_FOR),
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


def has_answered(*, person):
    return SurveyTicket.objects.filter(
        survey__event=person.event, participant=person, answered=True
    ).exists()


def is_closed(*, event):
    """Whether the survey has been open and its time is over."""
    return Survey.objects.filter(event=event, closes_at__lte=clock.database_now()).exists()


def answer(*, person, answers):
    """Hand in one sheet: `answers` is {question id: raw value}. Once per person.

    Raises Refused("closed" | "answered" | "incomplete").
    """
    with transaction.atomic():
        survey = Survey.objects.select_for_update().filter(event=person.event).first()
        ticket = SurveyTicket.objects.filter(survey=survey, participant=person).first()
        if ticket is None or may_answer(person=person) is None:
            if ticket is not None and ticket.answered:
                raise Refused("answered", _("您已经答过了，谢谢！"))
            raise Refused("closed", _("问卷没有开放，或已经截止。"))
        sheet = {
            str(question.pk): value
            for question in survey.questions.all()
            if (value := _checked(question, answers.get(question.pk))) is not None
        }
        SurveyResponse.objects.create(survey=survey, answers=sheet)
        _write_all_anew(survey)
        theirs = Case(When(participant=person, then=True), default=F("answered"))
        survey.tickets.update(answered=theirs)


def _write_all_anew(survey):
    """See the module: leaves neither a transaction number nor a place to pair sheets by. Every
    STEP-th sheet brings those before it into sight."""
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH taken AS (DELETE FROM metrics_surveyresponse WHERE survey_id = %s"
            " RETURNING answers, counted) SELECT answers::text, counted FROM taken",
            [survey.pk],
        )
        found = cursor.fetchall()
        all_counted = len(found) % STEP == 0
        cursor.execute(
            "INSERT INTO metrics_surveyresponse (id, survey_id, answers, counted)"
            " SELECT key, %s, sheet, counted FROM (SELECT gen_random_uuid() AS key, sheet::jsonb,"
            " counted FROM unnest(%s, %s) AS sheets (sheet, counted)) AS fresh ORDER BY key",
            [
                survey.pk,
                [sheet for sheet, _counted in found],
                [counted or all_counted for _sheet, counted in found],
            ],
        )


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
    if not text.isascii() or not text.isdigit() or len(text) > 3 or int(text) not in allowed:
        raise Refused(
            "incomplete",
            _("第 %(number)d 题请从选项里选一个。") % {"number": question.position},
            status=400,
        )
    return int(text)


# --- what came back -------------------------------------------------------------------------------


def turnout(survey):
    """(people asked, people who answered)."""
    tickets = survey.tickets
    return tickets.count(), tickets.filter(answered=True).count()


def fewest_shown(*, event):
    """How many sheets have to be in before anything is told of them."""
    return FEWEST_SHOWN if is_closed(event=event) else STEP


def results(survey):
    """Distributions and open answers of the sheets in sight: a list of dicts, one a question, in
    order; empty while fewer than FEWEST_SHOWN are. Of fewer than STEP the open answers come last,
    `{"question": None, "answered", "texts"}`, of all questions in one."""
    sheets = list(survey.responses.in_sight().values_list("answers", flat=True))
    if len(sheets) < FEWEST_SHOWN:
        return []
    found = [_result(question, sheets) for question in survey.questions.all()]
    return found if len(sheets) >= STEP else _apart(found)


def _apart(found):
    texts = sorted(text for result in found for text in result.get("texts", ()))
    shares = [result for result in found if "bars" in result]
    return [*shares, {"question": None, "answered": len(texts), "texts": texts}]


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
        "bars": [
            {
                "label": label,
                "number": given.count(value),
                "percent": round(100 * given.count(value) / len(given)) if given else 0,
            }
            for value, label in labels
        ],
        "mean": round(sum(given) / len(given), 2)
        if given and question.kind == SurveyQuestion.Kind.SCALE
        else None,
    }


# --- editing it before it opens -------------------------------------------------------------------


def save(*, event, version, title, intro, questions, by):
    """Replace the survey's text and questions; `questions` are dicts of kind, text, options,
    scored, required, in order. Raises Refused("opened" | "stale" | "empty" | "options")."""
    questions = [_clean_question(question) for question in questions]
    title = clean_text(title, max_length=120)
    if not title or not questions:
        raise Refused("empty", _("要有标题，至少一道题。"), status=422)
    with transaction.atomic():
        survey = Survey.objects.select_for_update().get(event=event)
        if survey.opened_at is not None:
            raise Refused(
                "opened",
                _("问卷已经开放，题目不能再改：先答和后答的人要答同样的题。您写的还在这一页。"),
            )
        if survey.version != version:
            raise Refused("stale", STALE)
        survey.title = title
        survey.intro = clean_text(intro, multiline=True, max_length=1000)
        survey.version += 1
        survey.save(update_fields=["title", "intro", "version"])
        survey.questions.all().delete()
        SurveyQuestion.objects.bulk_create(
            SurveyQuestion(survey=survey, position=position, **question)
            for position, question in enumerate(questions, 1)
        )
        audit.record("save_survey", survey, by=by, event_id=event.pk, fields=["questions"])
    return survey


def _clean_question(question):
    kind = SurveyQuestion.Kind(question["kind"])
    options = [clean_text(option, max_length=80) for option in question.get("options", ())]
    options = list(dict.fromkeys(option for option in options if option))
    text = clean_text(question["text"], max_length=200)
    if kind == SurveyQuestion.Kind.CHOICE and len(options) < 2:
        raise Refused("options", _("“%(text)s”至少要有两个选项。") % {"text": text}, status=422)
    return {
        "kind": kind,
        "text": text,
        "options": options if kind == SurveyQuestion.Kind.CHOICE else [],
        "scored": bool(question.get("scored")) and kind == SurveyQuestion.Kind.SCALE,
        "required": bool(question.get("required")),
    }
