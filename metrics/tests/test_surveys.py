"""The survey: opened by itself, sent to those who came, once each, and nobody can be told."""

from datetime import timedelta

import pytest
from django.db import connection

from metrics import blueprint, evaluation, rows, stream_import, surveys, tasks
from metrics.models import StreamImport, StreamVisit, SurveyResponse, SurveyTicket
from metrics.tests.scenes import SHEET, a_past_salon, came, sheet, someone
from participants import reminders
from participants.models import PersonalLink
from participants.tests.scenes import a_salon, an_organiser
from salon import clock, letter_kinds, outbox
from salon.access import digest
from salon.errors import Refused
from salon.models import Message

pytestmark = pytest.mark.django_db


def letters_to(person):
    return list(
        Message.objects.of_person(person.pk)
        .of_kind("survey", "survey_nag", "follow_up")
        .order_by("due_at")
    )


def test_the_survey_and_the_look_back_are_on_the_plan_before_anybody_has_come():
    event = a_salon()
    blueprint.build(event, blueprint.DEFAULT, now=clock.now())
    coming = {kind: at - event.ends_at for kind, at, _people in reminders.who_gets_what(event)}
    assert coming["survey"] == timedelta(hours=1)
    assert coming["survey_nag"] == timedelta(hours=20)
    assert coming["follow_up"] == timedelta(days=30)


def test_the_survey_opens_by_the_clock_and_asks_those_who_came():
    event = a_past_salon(hours_ago=0.5)
    lin, absent = came(event, "林知夏", 1), someone(event, "何敏", 2)
    tasks.run_surveys()
    event.survey.refresh_from_db()
    assert event.survey.opened_at is not None
    assert [message.kind for message in letters_to(lin)] == ["survey", "survey_nag", "follow_up"]
    assert [message.due_at - event.ends_at for message in letters_to(lin)] == [
        timedelta(hours=1),
        timedelta(hours=20),
        timedelta(days=30),
    ]
    assert letters_to(absent) == []
    assert not event.survey.tickets.filter(participant=absent).exists()


def test_the_survey_opens_when_the_host_has_finished_early():
    event = a_past_salon(hours_ago=-1)
    lin = came(event, "林知夏", 1)
    tasks.run_surveys()
    assert surveys.may_answer(person=lin) is None
    event.ended_at = clock.now()
    event.save()
    tasks.run_surveys()
    assert surveys.may_answer(person=lin) == event.survey


def test_a_rehearsal_opens_no_survey_and_the_day_itself_does():
    event = a_past_salon(hours_ago=-24)
    lin = came(event, "林知夏", 1)
    event.ended_at = clock.now() - timedelta(days=20)
    event.save()
    tasks.run_surveys()
    assert letters_to(lin) == []
    event.starts_at, event.ends_at = (
        moment - timedelta(hours=24.5) for moment in (event.starts_at, event.ends_at)
    )
    event.save()
    tasks.run_surveys()
    assert [message.due_at - event.ends_at for message in letters_to(lin)] == [
        timedelta(hours=1),
        timedelta(hours=20),
        timedelta(days=30),
    ]
    event.survey.refresh_from_db()
    assert event.survey.closes_at == event.ends_at + timedelta(days=14)


def test_whoever_only_a_wrong_stream_file_brought_is_asked_no_more():
    event = a_past_salon(hours_ago=30)
    lin = came(event, "林知夏", 1)
    wu, xu = (came(event, name, n, online=True) for n, name in ((3, "吴桐"), (4, "徐来")))
    source = StreamImport.objects.create(event=event, kind="visits", file_digest="0f")
    for person in (wu, xu):
        source.visits.create(
            participant=person,
            viewer=digest(person.name),
            joined_at=event.starts_at,
            left_at=event.ends_at,
        )
    tasks.run_surveys()
    surveys.answer(person=xu, answers=sheet(event))
    assert surveys.turnout(event.survey) == (3, 1)
    stream_import.undo(source=source, by=an_organiser(event))
    tasks.run_surveys()
    # Xu's sheet is nobody's and stays; Wu is asked nothing any more.
    assert surveys.turnout(event.survey) == (2, 1)
    assert surveys.may_answer(person=wu) is None
    assert [outbox.preview(letter) for letter in letters_to(wu)] == [None] * 3
    assert outbox.preview(letters_to(lin)[2]).to == lin.email


def test_before_the_end_nobody_opens_it():
    event = a_past_salon(hours_ago=-1)
    with pytest.raises(Refused) as refused:
        surveys.open_survey(event=event)
    assert refused.value.code == "not_over"


def test_ringing_twice_asks_once():
    event = a_past_salon()
    came(event, "林知夏", 1)
    assert [surveys.open_survey(event=event) for _ in range(2)] == [1, 0]
    assert Message.objects.of_kind("survey").count() == 1


def test_a_viewer_found_in_the_stream_file_the_day_after_is_asked_then():
    event = a_past_salon(hours_ago=30)
    wu = came(event, "吴桐", 3, online=True)
    tasks.run_surveys()
    assert letters_to(wu) == []
    source = StreamImport.objects.create(event=event, kind="visits", file_digest="0f")
    StreamVisit.objects.create(
        source=source,
        participant=wu,
        viewer=digest("w"),
        joined_at=event.starts_at,
        left_at=event.ends_at,
    )
    tasks.run_surveys()
    first, nag, _follow_up = letters_to(wu)
    assert abs(first.due_at - clock.now()) < timedelta(minutes=1)
    assert nag.due_at - first.due_at == timedelta(hours=19)


def test_whoever_has_answered_is_not_nagged():
    event = a_past_salon()
    lin, he = came(event, "林知夏", 1), came(event, "何敏", 2)
    surveys.open_survey(event=event)
    surveys.answer(person=lin, answers=sheet(event))
    nag_lin = outbox.preview(letters_to(lin)[1])
    nag_he = outbox.preview(letters_to(he)[1])
    assert nag_lin is None
    assert nag_he.to == he.email
    assert event.title in nag_he.subject
    assert "{" not in nag_he.text.replace("{{", "")


def test_the_letter_opens_the_survey_in_one_step(client):
    event = a_past_salon()
    lin = came(event, "林知夏", 1)
    surveys.open_survey(event=event)
    letter = letter_kinds.compose(letters_to(lin)[0])
    path = letter.as_sent().split("http")[1].split("\n")[0].split("/", 3)[3]
    answer = client.get("/" + path)
    assert answer.url == f"/e/{event.slug}/me/survey/"
    assert "(" not in letter.as_kept().split("填写：")[1].split("\n")[0]
    assert client.get(answer.url).status_code == 200


def test_lin_answers_once():
    event = a_past_salon()
    lin = came(event, "林知夏", 1)
    surveys.open_survey(event=event)
    surveys.answer(person=lin, answers=sheet(event))
    with pytest.raises(Refused) as refused:
        surveys.answer(person=lin, answers=sheet(event))
    assert refused.value.code == "answered"
    assert SurveyResponse.objects.count() == 1


def test_who_did_not_come_cannot_answer():
    event = a_past_salon()
    absent = someone(event, "何敏", 2)
    surveys.open_survey(event=event)
    with pytest.raises(Refused) as refused:
        surveys.answer(person=absent, answers=sheet(event))
    assert refused.value.code == "closed"


def test_after_two_weeks_it_is_closed():
    event = a_past_salon()
    lin = came(event, "林知夏", 1)
    surveys.open_survey(event=event)
    event.survey.__class__.objects.update(closes_at=clock.now())
    with pytest.raises(Refused) as refused:
        surveys.answer(person=lin, answers=sheet(event))
    assert refused.value.code == "closed"


@pytest.mark.parametrize("value", ["", "6", "0", "-1", "５", "1e3", "9" * 5000, "\x00", "好"])
def test_a_mark_is_one_to_five_or_nothing_is_kept(value):
    event = a_past_salon()
    lin = came(event, "林知夏", 1)
    surveys.open_survey(event=event)
    with pytest.raises(Refused) as refused:
        surveys.answer(person=lin, answers=sheet(event, [value, *SHEET[1:]]))
    assert refused.value.code == "incomplete"
    assert "1" in str(refused.value)
    assert not SurveyResponse.objects.exists()
    assert surveys.may_answer(person=lin) is not None


def test_open_questions_may_be_left_empty_and_hold_what_people_type():
    event = a_past_salon()
    lin, he = came(event, "林知夏", 1), came(event, "何敏", 2)
    surveys.open_survey(event=event)
    surveys.answer(person=lin, answers=sheet(event, [*SHEET[:10], "", ""]))
    odd = "\ud800<script>alert(1)</script>\x00👨‍👩‍👧" + "长" * 5000
    surveys.answer(person=he, answers=sheet(event, [*SHEET[:10], odd, "=1+1"]))
    texts = sorted(len(r.answers) for r in SurveyResponse.objects.all())
    assert texts == [10, 12]


def as_it_lies(table, *columns):
    """What an insider sees of a table: [(the hand that wrote it, *columns)] as the rows lie."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT xmin::text || ':' || cmin::text, {', '.join(columns)} FROM {table}"
            " ORDER BY ctid"
        )
        return cursor.fetchall()


def test_no_row_tells_whose_sheet_it_is():
    event = a_past_salon()
    guests = [came(event, f"来宾{n}", n) for n in range(7)]
    surveys.open_survey(event=event)
    asked = [person for _hand, person in as_it_lies("metrics_surveyticket", "participant_id")]
    for number in (4, 0, 5, 2, 6, 1):
        mark = [number % 5 + 1, *SHEET[1:]]
        surveys.answer(person=guests[number], answers=sheet(event, mark))
    columns = {field.name for field in SurveyResponse._meta.fields}
    assert columns == {"id", "survey", "answers", "counted"}
    assert {field.name for field in SurveyTicket._meta.fields} == {
        *("id", "survey", "participant", "answered"),
    }
    sheets = as_it_lies("metrics_surveyresponse", "id", "counted")
    # One statement wrote them all, in the order of keys drawn in that statement.
    assert len({hand for hand, _key, _counted in sheets}) == 1
    assert [key for _hand, key, _counted in sheets] == sorted(key for _hand, key, _c in sheets)
    assert sorted(counted for _hand, _key, counted in sheets) == [False, *[True] * 5]
    # And one all tickets: who answered last, and so wrote the sheet that is not counted yet, does
    # not lie apart.
    tickets = as_it_lies("metrics_surveyticket", "participant_id", "answered")
    assert len({hand for hand, *_ticket in tickets}) == 1
    assert [person for _hand, person, _answered in tickets] == asked
    assert {person for _hand, person, answered in tickets if not answered} == {guests[3].pk}


def test_once_the_nagsare_gone_nothing_tells_who_had_answered_by_then(travel, client):
    event = a_past_salon(hours_ago=0.5)
    guests = [came(event, f"来宾{n}", n) for n in range(6)]
    tasks.run_surveys()
    for guest in guests[:3]:
        surveys.answer(person=guest, answers=sheet(event))
    travel(clock.now() + timedelta(hours=20))
    outbox.deliver_due()
    tasks.run_surveys()
    nags = Message.objects.of_event(event).of_kind("survey_nag")
    # The number stays …
    assert sorted(nags.values_list("state", flat=True)) == [
        *["cancelled"] * 3,
        *["handed_over"] * 3,
    ]
    # … and of the people nothing: no name, no key, no place beside their other letters.
    told = nags.values_list("person_id", "recipient", "subject", "body", "due_at")
    assert set(told) == {(None, "", "", "", surveys.due_times(event)["survey_nag"])}
    others = Message.objects.of_event(event).exclude(kind="survey_nag")
    assert nags.order_by("pk").first().pk > others.order_by("pk").last().pk
    numbers = {f":{guest.pk}" for guest in guests}
    assert not any(key.endswith(tuple(numbers)) for key in nags.values_list("dedup_key", flat=True))
    links = PersonalLink.objects.filter(message_id__isnull=False)
    assert set(links.values_list("message_id", flat=True)) <= set(
        others.values_list("pk", flat=True)
    )
    client.force_login(an_organiser(event))
    page = client.get(f"/admin/e/{event.slug}/messages/batch/?batch=reminder:survey_nag").text
    assert "第 6 封" in page
    assert not any(guest.name in page for guest in guests)
    # And nobody is reminded twice.
    tasks.run_surveys()
    assert nags.count() == 6


def test_every_answer_draws_all_keys_anew():
    event = a_past_salon()
    lin, he = came(event, "林知夏", 1), came(event, "何敏", 2)
    surveys.open_survey(event=event)
    surveys.answer(person=lin, answers=sheet(event))
    before = set(SurveyResponse.objects.values_list("pk", flat=True))
    surveys.answer(person=he, answers=sheet(event))
    assert before.isdisjoint(SurveyResponse.objects.values_list("pk", flat=True))
    assert SurveyResponse.objects.count() == 2


def marks_shown(event):
    """How many of each mark the first question is told to have, and what is told to `evaluate`."""
    shown = surveys.results(event.survey)
    told = {each["key"]: each for each in evaluation.evaluate(event=event).metrics}
    bars = [bar["number"] for bar in shown[0]["bars"]] if shown else None
    return bars, told["survey_score"]["denominator"] or 0


def test_an_open_survey_tells_of_the_newest_multiple_of_five_and_a_closed_one_of_all(travel):
    event = a_past_salon()
    guests = [came(event, f"来宾{n}", n) for n in range(12)]
    surveys.open_survey(event=event)
    seen = [
        (*marks_shown(event), surveys.turnout(event.survey)[1])
        for guest, mark in zip(guests, (5, 5, 3, 1, 2, 1, 1, 1, 1, 1, 4, 4), strict=True)
        if surveys.answer(person=guest, answers=sheet(event, [mark, *SHEET[1:]])) is None
    ]
    nothing, five, ten = (None, 0), ([1, 1, 1, 0, 2], 15), ([6, 1, 1, 0, 2], 30)
    assert [(bars, told) for bars, told, _n in seen] == [*[nothing] * 4, *[five] * 5, *[ten] * 3]
    assert [number for _bars, _told, number in seen] == list(range(1, 13))
    assert {row[3] for row in rows.behind(event, "survey_score").rows if row[0] == 1} == {1, 2, 6}
    travel(clock.now() + timedelta(days=15))
    assert marks_shown(event) == ([6, 1, 1, 2, 2], 36)


def test_of_fewer_than_five_what_was_written_stands_apart_from_what_was_marked(travel):
    event = a_past_salon()
    guests = [came(event, f"来宾{n}", n) for n in range(4)]
    surveys.open_survey(event=event)
    for guest, mark in zip(guests, (5, 5, 3, 2), strict=True):
        surveys.answer(person=guest, answers=sheet(event, [mark, *SHEET[1:]]))
    travel(clock.now() + timedelta(days=15))
    *shares, written = surveys.results(event.survey)
    assert {share["question"].kind for share in shares} == {"scale", "choice"}
    assert written["question"] is None
    assert written["texts"] == sorted(["认识了同行", "茶歇再长一点"] * 4)


def test_of_two_sheets_nothing_is_told_even_when_it_is_closed(travel):
    event = a_past_salon()
    guests = [came(event, f"来宾{n}", n) for n in range(2)]
    surveys.open_survey(event=event)
    for guest in guests:
        surveys.answer(person=guest, answers=sheet(event))
    travel(clock.now() + timedelta(days=15))
    assert surveys.results(event.survey) == []


def test_results_show_distributions():
    event = a_past_salon()
    guests = [came(event, f"来宾{n}", n) for n in range(5)]
    surveys.open_survey(event=event)
    for guest, mark in zip(guests, (5, 5, 3, 5, 5), strict=True):
        surveys.answer(person=guest, answers=sheet(event, [mark, *SHEET[1:]]))
    first, *_others, opened, _last = surveys.results(event.survey)
    assert first["mean"] == 4.6
    assert [(bar["label"], bar["number"]) for bar in first["bars"]] == [
        ("1", 0),
        ("2", 0),
        ("3", 1),
        ("4", 0),
        ("5", 4),
    ]
    assert opened["texts"] == ["认识了同行"] * 5
    assert surveys.turnout(event.survey) == (5, 5)


def test_an_organiser_is_no_participant(client):
    event = a_past_salon()
    client.force_login(an_organiser(event))
    assert client.get(f"/e/{event.slug}/me/survey/").status_code == 403
