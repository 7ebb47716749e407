"""Hand-computed figures of small events, to the digit."""

from datetime import timedelta

import pytest

from events.models import Event
from metrics import blueprint, charts, evaluation, rows
from metrics.models import FollowUp, StreamImport, StreamVisit, SurveyResponse, WhitepaperClaim
from participants.models import Category, CheckIn, Participant
from participants.tests.scenes import code_of
from salon import clock
from salon.access import digest
from workshops.models import (
    Award,
    Match,
    PainCard,
    Plan,
    Question,
    Solution,
    SolutionLike,
    VoteTicket,
    WorkGroup,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def event():
    now = clock.now().replace(microsecond=0)
    event = Event.objects.create(
        slug="yesterday",
        title="昨天的沙龙",
        venue="徐汇",
        starts_at=now - timedelta(hours=24),
        ends_at=now - timedelta(hours=19, minutes=30),
        status=Event.Status.PUBLISHED,
    )
    blueprint.build(event, blueprint.DEFAULT, now=now)
    Category.objects.create(event=event, key="core", name="核心运营者", share_percent=100)
    return event


def person(event, number, *, status="confirmed", online=False, rate=None, came=False, **more):
    someone = Participant.objects.create(
        event=event,
        category=event.categories.get(),
        name=f"来宾{number}",
        email=f"guest{number}@example.com",
        industry="internet",
        code=code_of(number),
        status=status,
        online=online,
        active_rate=rate,
        submitted_at=event.starts_at,
        **more,
    )
    if came:
        CheckIn.objects.create(
            event=event,
            participant=someone,
            method="qr" if came is True else came,
            at=event.starts_at,
            received_at=event.starts_at,
        )
    return someone


def visits(event, *stays):
    source = StreamImport.objects.create(event=event, kind="visits", file_digest="0f")
    for viewer, someone, start, end in stays:
        StreamVisit.objects.create(
            source=source,
            viewer=digest(viewer),
            participant=someone,
            joined_at=event.starts_at + timedelta(minutes=start),
            left_at=event.starts_at + timedelta(minutes=end),
        )
    return source


def figure(event, key):
    return next(row for row in evaluation.measure(event) if row["key"] == key)


def worth(event, key):
    row = figure(event, key)
    return row["numerator"], row["denominator"], row["value"], row["met"]


def test_an_empty_event_has_no_data_rather_than_zero_or_all(event):
    rows = {row["key"]: row for row in evaluation.measure(event)}
    assert list(rows) == [
        "attendance_rate",
        "mean_watch_minutes",
        "interaction_rate",
        "solutions",
        "plan_submission_rate",
        "online_interactions",
        "survey_score",
        "conversion_rate",
        "matches",
        "whitepaper_claims",
        "community_uplift",
    ]
    for key in (
        "attendance_rate",
        "mean_watch_minutes",
        "interaction_rate",
        "plan_submission_rate",
        "survey_score",
        "conversion_rate",
        "community_uplift",
    ):
        assert (rows[key]["value"], rows[key]["met"]) == (None, None), key
    assert rows["solutions"]["value"] == 0
    assert rows["solutions"]["met"] is False


def test_in_the_room_is_who_was_checked_in(event):
    wu = person(event, 1)  # confirmed for the room, watched from home
    lin = person(event, 2, online=True, came=True)  # meant to watch, came to the door
    visits(event, ("wu", wu, 0, 60))
    for each in (wu, lin):
        Question.objects.create(event=event, participant=each, kind="danmaku", text="来了")
    rooms = charts.room_and_stream(event)
    assert (rooms["came"], rooms["active"]) == ([1, 1], [1, 1])
    assert rooms["kinds"] == [["danmaku", 1, 1]]
    found = rows.behind(event, "interaction_rate").rows
    assert {row[0]: row[1] for row in found} == {"来宾1": "线上", "来宾2": "现场"}


def test_attendance_counts_confirmed_people_and_leaves_walk_ins_apart(event):
    for number in range(9):
        person(event, number, came=number < 8)
    person(event, 10, status="withdrawn")
    person(event, 11, online=True)
    person(event, 12, source="walk_in", came=True)
    assert worth(event, "attendance_rate") == (8, 9, 88.89, False)
    assert figure(event, "attendance_rate")["left_out"] == [["现场报名的人单独计数", 1]]


def test_an_applicant_who_was_given_a_seat_at_the_door_is_a_walk_in(event):
    person(event, 1, came=True)
    person(event, 2)
    person(event, 3, came="walk_in")
    assert worth(event, "attendance_rate") == (1, 2, 50, False)
    assert figure(event, "attendance_rate")["left_out"] == [["现场报名的人单独计数", 1]]
    assert {row[0]: row[-1] for row in rows.behind(event, "attendance_rate").rows} == {
        "来宾1": "计入",
        "来宾2": "未到",
        "来宾3": "现场报名，另计",
    }


def test_a_voided_check_in_is_no_attendance(event):
    someone = person(event, 1, came=True)
    someone.check_ins.update(voided_at=event.ends_at, void_reason="扫错人")
    assert worth(event, "attendance_rate") == (0, 1, 0, False)


def test_watch_time_merges_overlaps_and_cuts_at_the_event(event):
    lin = person(event, 1, online=True)
    visits(
        event,
        ("lin", lin, -10, 30),  # 30 inside
        ("lin", lin, 20, 50),  # 20 more
        ("guest", None, 260, 300),  # 10 inside
        ("early", None, -60, -5),  # not inside at all
    )
    assert worth(event, "mean_watch_minutes") == (60, 2, 30, False)
    assert figure(event, "mean_watch_minutes")["left_out"] == [
        ["其中未对上名单的访客，一并计入", 1]
    ]


def test_an_undone_import_counts_nowhere(event):
    source = visits(event, ("lin", person(event, 1, online=True), 0, 60))
    source.undone_at = event.ends_at
    source.save()
    assert figure(event, "mean_watch_minutes")["value"] is None
    assert figure(event, "interaction_rate")["value"] is None


def test_interaction_counts_each_attendee_once_whatever_they_did(event):
    lin, wu, he, xu = (person(event, n, came=True) for n in range(4))
    online = person(event, 5, online=True)
    absent = person(event, 6)
    visits(event, ("o", online, 0, 60))
    card = PainCard.objects.create(event=event, participant=he, text="没人说话")
    tip = Solution.objects.create(card=card, participant=lin, text="先私聊三位")
    Solution.objects.create(card=card, participant=lin, text="再来一条")
    SolutionLike.objects.create(solution=tip, participant=wu)
    Question.objects.create(event=event, participant=online, kind="danmaku", text="6", online=True)
    Question.objects.create(event=event, participant=absent, kind="question", text="?")
    VoteTicket.objects.create(
        award=Award.objects.create(event=event, key="best", name="最佳"), participant=xu
    )
    # He only named a pain, which is no contribution; the absent one did not come.
    assert worth(event, "interaction_rate") == (4, 5, 80, True)
    assert worth(event, "solutions") == (2, None, 2, False)
    assert worth(event, "online_interactions") == (1, None, 1, False)


def test_below_a_hidden_card_no_solution_counts_nor_below_one_merged_into_it(event):
    lin = person(event, 1, came=True)
    hidden = PainCard.objects.create(event=event, text="没人说话", gate="hidden")
    merged = PainCard.objects.create(event=event, text="大家潜水", merged_into=hidden)
    for card in (hidden, merged):
        Solution.objects.create(card=card, participant=lin, text="先私聊三位")
    assert worth(event, "solutions") == (0, None, 0, False)
    assert figure(event, "solutions")["left_out"] == [["已隐藏的不计", 2]]
    assert rows.behind(event, "solutions").states == {"已隐藏，不计": 2}
    assert evaluation.facts(event)["solutions"] == 0


def test_plans_are_counted_over_published_groups(event):
    now = clock.now()
    groups = [
        WorkGroup.objects.create(event=event, number=n, name=f"第{n}组", published_at=now)
        for n in (1, 2)
    ]
    WorkGroup.objects.create(event=event, number=3, name="草稿组")
    Plan.objects.create(group=groups[0], submitted_at=now)
    Plan.objects.create(group=groups[1])
    assert worth(event, "plan_submission_rate") == (1, 2, 50, False)


def test_the_survey_score_is_the_mean_of_the_three_scored_questions(event):
    scored = list(event.survey.questions.filter(scored=True))
    other = event.survey.questions.get(position=4)
    opened = event.survey.questions.get(position=11)
    for marks in ((5, 5, 4), (5, 4, 4)):
        answers = {str(q.pk): mark for q, mark in zip(scored, marks, strict=True)}
        SurveyResponse.objects.create(
            survey=event.survey, answers={**answers, str(other.pk): 3, str(opened.pk): "很好"}
        )
    assert worth(event, "survey_score") == (27, 6, 4.5, True)


def test_conversion_takes_a_match_a_claim_or_ten_points_of_uplift(event):
    people = [person(event, n, came=True, rate=30) for n in range(6)]
    now = clock.now()
    Match.objects.create(
        first=people[0], second=people[1], first_confirmed_at=now, second_confirmed_at=now
    )
    Match.objects.create(first=people[2], second=people[3], first_confirmed_at=now)
    for claim in (
        {"participant": people[2], "email": "a@example.com", "proven_at": now},
        {"email": "stranger@example.com", "proven_at": now},
        {"email": "typed@example.com"},
        {"participant": people[5], "email": "b@example.com"},
    ):
        WhitepaperClaim.objects.create(event=event, **claim)
    # Typed by people whom nobody has reached yet.
    Participant.objects.filter(pk=people[5].pk).update(mobile_proven_at=None, email_proven_at=None)
    for someone, rate in ((people[3], 40), (people[4], 39), (people[1], 20)):
        FollowUp.objects.create(participant=someone, active_rate=rate, answered_at=now)
    assert worth(event, "conversion_rate") == (4, 6, 66.67, True)
    assert worth(event, "matches") == (1, None, 1, False)
    assert worth(event, "whitepaper_claims") == (2, None, 2, False)
    # 40−30, 39−30, 20−30 over the three who answered
    assert worth(event, "community_uplift") == (9, 3, 3, False)


def test_what_changes_no_count_of_rows_makes_an_evaluation_due_as_well(event):
    lin, gu = (person(event, n, came=n == 1, rate=30) for n in (1, 2))
    evaluation.evaluate(event=event)
    lin.online = True
    lin.save()
    assert evaluation.is_due(event)
    evaluation.evaluate(event=event)
    CheckIn.objects.filter(participant=lin).update(voided_at=clock.now())
    CheckIn.objects.create(
        event=event, participant=gu, method="qr", at=event.starts_at, received_at=event.starts_at
    )
    assert evaluation.is_due(event)
    evaluation.evaluate(event=event)
    Participant.objects.filter(pk=gu.pk).update(active_rate=31)
    assert evaluation.is_due(event)
    evaluation.evaluate(event=event)
    Event.objects.filter(pk=event.pk).update(ends_at=event.ends_at + timedelta(minutes=20))
    assert evaluation.is_due(event)
    evaluation.evaluate(event=event)
    assert not evaluation.is_due(event)


def test_a_later_evaluation_leaves_the_earlier_one_as_it_was(event):
    first = evaluation.evaluate(event=event)
    assert not evaluation.is_due(event)
    person(event, 1, came=True)
    assert evaluation.is_due(event)
    second = evaluation.evaluate(event=event)
    first.refresh_from_db()
    assert first.metrics[0]["value"] is None
    assert second.metrics[0]["value"] == 100
    assert list(event.evaluations.all()) == [second, first]
