"""The evaluation in the admin and the public report: figures, rows behind, what outsiders see."""

import io
import json
import re
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import translation

from events.models import Event, Series
from events.tests.scenes import crew
from metrics import evaluation, report, rows, surveys, targets, tasks
from metrics.models import StreamImport
from metrics.tests.scenes import a_past_salon, came, sheet, someone
from participants.tests.scenes import an_organiser
from salon import clock
from salon.errors import Refused
from salon.sheets import open_table
from workshops.models import Match, PainCard, Question, Solution

pytestmark = pytest.mark.django_db


@pytest.fixture
def event():
    event = a_past_salon()
    lin, he = came(event, "林知夏", 1), came(event, "何敏", 2)
    someone(event, "徐未到", 3)
    card = PainCard.objects.create(event=event, participant=he, text="没人说话")
    Solution.objects.create(card=card, participant=lin, text="先私聊三位老用户")
    surveys.open_survey(event=event)
    surveys.answer(person=lin, answers=sheet(event))
    return event


@pytest.fixture
def organiser(event, client):
    organiser = an_organiser(event)
    client.force_login(organiser)
    return organiser


def address(event, rest=""):
    return f"/admin/e/{event.slug}/evaluation/{rest}"


def test_before_any_evaluation_the_page_says_so(event, organiser, client):
    page = client.get(address(event))
    assert "还没有评估" in page.content.decode()


def test_the_page_shows_every_metric_with_formula_result_and_target(event, organiser, client):
    client.post(address(event, "now/"))
    page = client.get(address(event)).content.decode()
    for metric in evaluation.METRICS:
        assert str(metric.name) in page
        assert str(metric.spelled_out({})) in page
    assert "66.67" in page  # two of three came
    assert "没有数据" in page
    assert page.count('id="attendance_rate"') == 1


def test_the_page_needs_as_many_queries_for_many_evaluations(
    event, organiser, client, django_assert_max_num_queries
):
    for _ in range(12):
        evaluation.evaluate(event=event)
    with django_assert_max_num_queries(16):
        client.get(address(event))


def test_every_earlier_evaluation_can_be_reached_and_stays_along_the_way(
    event, organiser, client, monkeypatch
):
    yesterday = clock.now() - timedelta(days=1)
    with monkeypatch.context() as earlier:
        earlier.setattr(clock, "now", lambda: yesterday)
        made = [evaluation.evaluate(event=event)]
    made += [evaluation.evaluate(event=event) for _ in range(14)]
    page = client.get(address(event)).content.decode()
    assert all(f'"?at={each.pk}"' in page for each in made)
    tabs = re.search(r'class="tabs">(.*?)</div>', page, re.S)[1]
    assert re.findall(r"at=(\d+)", tabs) == [str(made[-1].pk), str(made[0].pk)]
    at = f"?at={made[3].pk}"
    page = client.get(address(event) + at).content.decode()
    assert f'"{address(event, "rows/attendance_rate/")}{at}"' in page
    Event.objects.update(on_site_capacity=200)
    for number in range(20, 130):
        someone(event, f"来宾{number}", number)
    rows_page = client.get(address(event, "rows/attendance_rate/") + at).content.decode()
    assert f'"{address(event)}{at}#attendance_rate"' in rows_page
    assert f'"{at}&amp;page=2"' in rows_page
    listed = client.get("/admin/metrics/evaluation/").content.decode()
    assert f'href="{address(event)}{at}"' in listed


@pytest.mark.parametrize("key", [metric.key for metric in evaluation.METRICS])
def test_every_figure_leads_to_its_rows(event, organiser, client, key):
    evaluation.evaluate(event=event)
    assert client.get(address(event, f"rows/{key}/")).status_code == 200


def test_the_rows_name_who_counts_and_who_does_not(event, organiser, client):
    page = client.get(address(event, "rows/attendance_rate/")).content.decode()
    assert "林知夏" in page
    assert "徐未到" in page
    assert "未到" in page
    assert client.get(address(event, "rows/nothing/")).status_code == 404


def test_a_hosts_page_it_is_not(event, client):
    client.force_login(crew(event, "shen", "host"))
    assert client.get(address(event)).status_code == 403
    assert client.get(address(event, "rows/attendance_rate/")).status_code == 403


def test_the_download_holds_the_figures_and_every_list(event, organiser, client):
    evaluation.evaluate(event=event)
    answer = client.get(address(event, "rows.xlsx"))
    table = open_table(io.BytesIO(answer.content), name="e.xlsx")
    assert len(table.sheets) == 1 + len(evaluation.METRICS)
    figures = [values for _number, values in table.sheets[0].rows()]
    assert figures[1][1:7] == ("现场到场率", figures[1][2], 2, 3, 66.67, 90)
    people = [values[0] for _number, values in table.sheets[1].rows()]
    assert people[1:3] == ["林知夏", "何敏"]


def test_a_formula_in_a_solution_is_text_in_the_download(event, organiser, client):
    Solution.objects.update(text='=HYPERLINK("http://evil")')
    evaluation.evaluate(event=event)
    content = client.get(address(event, "rows.xlsx")).content
    table = open_table(io.BytesIO(content), name="e.xlsx")
    texts = [values[0] for _number, values in table.sheets[4].rows()]
    assert '=HYPERLINK("http://evil")' in texts


def test_what_lin_wrote_stands_among_the_rows_word_by_word(event, organiser):
    lin = event.participants.get(name="林知夏")
    for word in ("like", "tip", "own"):
        Question.objects.create(
            event=event, participant=lin, kind="danmaku", text=word, online=True, gate="shown"
        )
    found = rows.behind(event, "online_interactions").rows
    assert [row[4] for row in found] == ["like", "tip", "own"]
    assert {tuple(row[1:3]) for row in found} == {("本站", "弹幕")}


def test_the_rows_say_what_the_definition_leaves_out(event, organiser):
    Question.objects.create(event=event, kind="question", text="录播在哪", online=True)
    source = StreamImport.objects.create(event=event, kind="visits", file_digest="0f")
    source.visits.create(viewer="0e", joined_at=event.starts_at, left_at=event.ends_at)
    assert rows.behind(event, "online_interactions").states == {"计入": 1}
    assert rows.behind(event, "mean_watch_minutes").states == {"访客，计入": 1}
    only = {"online_interactions": {"sources": ["imported"]}, "mean_watch_minutes": {"viewers": []}}
    for key, definition in only.items():
        event.targets.filter(key=key).update(definition=definition)
    assert rows.behind(event, "online_interactions").states == {"按口径不计": 1}
    assert rows.behind(event, "mean_watch_minutes").states == {"访客，不计": 1}


def test_the_marks_of_fewer_than_five_are_nobodys_to_read(event, organiser, client):
    surveys.answer(person=event.participants.get(name="何敏"), answers=sheet(event))
    page = client.get(address(event, "rows/survey_score/")).content.decode()
    assert rows.behind(event, "survey_score").rows == []
    assert "满 5 份再看" in page
    for number in range(3):
        surveys.answer(person=comes_late(event, number), answers=sheet(event))
    assert rows.behind(event, "survey_score").rows[0][2:] == [5, 5, "计入"]


def comes_late(event, number):
    person = came(event, f"来宾{number}", 10 + number)
    surveys.open_survey(event=event)
    return person


def test_two_peoples_score_is_told_to_nobody_and_once_closed_to_the_command(
    event, organiser, client, capsys, travel
):
    def told():
        call_command("evaluate", event.slug, "--json")
        found = {row["key"]: row for row in json.loads(capsys.readouterr().out)["metrics"]}
        return found["survey_score"]["numerator"], found["survey_score"]["value"]

    def held_back(until):
        for place in (address(event), address(event, "rows/survey_score/"), "/e/autumn/report/"):
            page = client.get(place).content.decode()
            assert f"满 {until} 份再看" in page
            for secret in ("3.17", "4.67", "19 ÷ 6", "14 ÷ 3"):
                assert secret not in page
        content = client.get(address(event, "rows.xlsx")).content
        figures = open_table(io.BytesIO(content), name="e.xlsx").sheets[0].rows()
        assert [values[3:6] for _n, values in figures if values[1] == "问卷满意度"] == [
            (None, None, f"满 {until} 份再看")
        ]

    he = event.participants.get(name="何敏")
    first = evaluation.evaluate(event=event)
    surveys.answer(person=he, answers=sheet(event, [1, 2, 2, *[0] * 7, "", ""]))
    assert told() == (None, None)
    report.publish(event=event, by=organiser)
    held_back(until=5)
    travel(clock.now() + timedelta(days=15))
    client.force_login(organiser)
    assert told() == (19, 3.17)
    held_back(until=3)
    second = event.evaluations.first()
    assert "survey_score" not in {each.key for each in evaluation.differences(first, second)}


def test_targets_definitions_and_goals_are_edited_and_count_from_then_on(event, organiser, client):
    page = client.get(address(event, "settings/"))
    form = page.context["form"]
    posted = {
        name: field.initial for name, field in form.fields.items() if field.initial is not None
    }
    posted |= {
        "attendance_rate": "60",
        "solutions": "",
        "interaction_rate-kinds": ["like"],
        "goal-TOTAL_FORMS": "2",
        "goal-INITIAL_FORMS": "0",
        "goal-0-text": "达成合作意向",
        "goal-0-target": "5",
        "goal-0-source": "matches",
        "goal-1-text": "整理两份模板",
        "goal-1-target": "2",
        "goal-1-result": "1",
    }
    assert client.post(address(event, "settings/"), posted).status_code == 302
    measured = {row["key"]: row for row in evaluation.evaluate(event=event).metrics}
    assert (measured["attendance_rate"]["target"], measured["attendance_rate"]["met"]) == (60, True)
    assert (measured["solutions"]["target"], measured["solutions"]["met"]) == (None, None)
    assert measured["interaction_rate"]["value"] == 0
    assert report.line(measured["interaction_rate"]).formula.endswith("；算作互动 点赞")
    assert event.evaluations.first().goals == [
        {"text": "达成合作意向", "target": 5, "result": 0, "met": False},
        {"text": "整理两份模板", "target": 2, "result": 1, "met": False},
    ]


def test_the_formula_says_the_points_in_force_once_and_in_the_readers_language(
    event, organiser, client
):
    event.targets.filter(key="conversion_rate").update(
        definition={"uplift_points": 5, "ways": ["match", "uplift"]}
    )
    made = evaluation.evaluate(event=event)
    (measured,) = [each for each in made.metrics if each["key"] == "conversion_rate"]
    said = str(report.line(measured).formula)
    assert "提升 ≥ 5 个百分点" in said
    assert "10" not in said
    assert said.endswith("；算作转化 双方确认的对接、月活率提升")
    with translation.override("en"):
        ends = "; Counts as conversion Matches confirmed by both, Active-rate uplift"
        assert str(report.line(measured).formula).endswith(ends)
    assert "≥ 5 个百分点" in client.get(address(event, "settings/")).content.decode()
    table = open_table(io.BytesIO(client.get(address(event, "rows.xlsx")).content), name="e.xlsx")
    assert said in [values[2] for _number, values in table.sheets[0].rows()]


def test_people_without_a_channel_are_named_in_the_readers_language(event, organiser):
    with translation.override("en"):
        made = evaluation.evaluate(event=event)
    label = report.charts_of(made, event)["by_channel"].lines[0]["label"]
    assert label == "没有渠道码"


def test_a_fall_draws_no_bar(event, organiser, client):
    old = a_past_salon("spring", hours_ago=24 * 60)
    an_organiser(old)
    for each in (old, event):
        made = evaluation.evaluate(event=each)
        for measured in made.metrics:
            if measured["key"] == "community_uplift":
                measured |= {"value": -3.5, "numerator": -7, "denominator": 2}
        made.pk = None
        made.save()
    page = client.get(address(event)).content.decode()
    assert page.count("-3.5") >= 3
    assert 'width="-' not in page


def test_the_second_to_save_the_targets_is_told_and_decides_after_comparing(
    event, organiser, client
):
    form = client.get(address(event, "settings/")).context["form"]
    opened = {name: field.initial for name, field in form.fields.items() if field.initial}
    opened |= {"goal-TOTAL_FORMS": "1", "goal-INITIAL_FORMS": "0", "goal-0-target": "3"}
    first = opened | {"attendance_rate": "80", "goal-0-text": "第一位的目标"}
    second = opened | {"attendance_rate": "70", "goal-0-text": "第二位的目标"}
    assert client.post(address(event, "settings/"), first).status_code == 302
    told = client.post(address(event, "settings/"), second)
    assert told.status_code == 422
    assert "没有覆盖" in told.content.decode()
    assert "第二位的目标" in told.content.decode()
    assert event.targets.get(key="attendance_rate").value == 80
    assert [goal.text for goal in event.goals.all()] == ["第一位的目标"]
    compared = second | {"version": told.context["form"]["version"].value()}
    assert client.post(address(event, "settings/"), compared).status_code == 302
    assert event.targets.get(key="attendance_rate").value == 70


def test_the_second_to_save_the_report_is_told_and_decides_after_comparing(
    event, organiser, client
):
    place = f"/admin/e/{event.slug}/report/"
    opened = {"version": client.get(place).context["version"], "parts": ["goals"]}
    assert client.post(place, opened | {"intro": "第一位写的前言"}).status_code == 302
    told = client.post(place, opened | {"intro": "第二位写的前言", "parts": ["arrivals"]})
    assert told.status_code == 409
    page = told.content.decode()
    assert "没有覆盖" in page
    assert "第二位写的前言" in page
    assert re.findall(r'value="(\w+)" id="part-\w+" checked', page) == ["arrivals"]
    assert report.report_of(event).intro == "第一位写的前言"
    compared = {"version": told.context["version"], "intro": "第二位写的前言"}
    assert client.post(place, compared).status_code == 302


def test_a_wrong_target_is_told_beside_its_field(event, organiser, client):
    answer = client.post(
        address(event, "settings/"), {"attendance_rate": "很多", "goal-TOTAL_FORMS": "0"}
    )
    assert answer.status_code == 422
    assert event.targets.get(key="attendance_rate").value == 90


def test_a_definition_keeps_only_what_differs(event, organiser):
    everything = {"ways": ["match", "whitepaper", "uplift"], "uplift_points": 10}
    targets.save(
        event=event,
        version=targets.version_of(event),
        targets={"conversion_rate": (30, everything), "solutions": (40, {})},
        goals=[],
        by=organiser,
    )
    assert event.targets.get(key="conversion_rate").definition == {}


def test_two_evaluations_are_explained(event):
    for number in range(3):
        surveys.answer(person=comes_late(event, number), answers=sheet(event))
    first = evaluation.evaluate(event=event)
    came(event, "吴桐", 7)
    he = event.participants.get(name="何敏")
    surveys.answer(person=he, answers=sheet(event, [3, 3, 3, *[0] * 7, "", ""]))
    second = evaluation.evaluate(event=event)
    found = {change.key: change for change in evaluation.differences(first, second)}
    assert (found["attendance_rate"].before, found["attendance_rate"].after) == (83.33, 85.71)
    assert found["attendance_rate"].because == ["名单变了", "多了 1 次签到"]
    assert found["attendance_rate"].unit == "%"
    assert found["survey_score"].because == ["多了 5 份答卷"]
    assert "solutions" not in found


def test_the_report_is_nobodys_business_until_it_is_published(event, client):
    address = f"/e/{event.slug}/report/"
    evaluation.evaluate(event=event)
    assert client.get(address).status_code == 404
    organiser = an_organiser(event)
    client.force_login(organiser)
    assert "还没有公开" in client.get(address).content.decode()
    report.publish(event=event, by=organiser)
    client.logout()
    page = client.get(address).content.decode()
    assert "66.67" in page
    report.publish(event=event, by=organiser, public=False)
    assert client.get(address).status_code == 404


def test_without_an_evaluation_there_is_nothing_to_publish(event):
    with pytest.raises(Refused) as refused:
        report.publish(event=event, by=an_organiser(event))
    assert refused.value.code == "not_evaluated"


def test_the_public_report_names_nobody(event, client):
    organiser = an_organiser(event)
    report.save_report(
        event=event,
        version=report.version_of(report.report_of(event)),
        intro="谢谢大家",
        parts=list(report.PARTS),
        by=organiser,
    )
    for number in range(4, 7):
        guest = came(event, f"来宾{number}", number)
        surveys.open_survey(event=event)
        surveys.answer(person=guest, answers=sheet(event))
    evaluation.evaluate(event=event)
    report.publish(event=event, by=organiser)
    page = client.get(f"/e/{event.slug}/report/").content.decode()
    assert "谢谢大家" in page
    for person in event.participants.all():
        for value in (person.name, person.mobile[3:], person.email):
            assert value not in page
    assert "认识了同行" not in page  # open answers stay with the organiser
    assert "先私聊三位老用户" not in page


def test_only_the_chosen_parts_are_shown(event, client):
    organiser = an_organiser(event)
    evaluation.evaluate(event=event)
    client.force_login(organiser)
    page = client.get(f"/admin/e/{event.slug}/report/")
    client.post(
        f"/admin/e/{event.slug}/report/",
        {"version": page.context["version"], "intro": "", "parts": ["goals", "made-up"]},
    )
    client.post(f"/admin/e/{event.slug}/report/publish/", {"public": "yes"})
    client.logout()
    page = client.get(f"/e/{event.slug}/report/").content.decode()
    assert "本场目标" in page
    assert "attendance_rate" not in page
    assert report.report_of(event).parts == ["goals"]


def test_the_command_prints_the_contract(event, capsys):
    call_command("evaluate", event.slug, "--json")
    answer = json.loads(capsys.readouterr().out)
    assert list(answer) == ["event", "computed_at", "metrics"]
    assert answer["event"] == event.slug
    promised = ["key", "dimension", "numerator", "denominator", "value", "unit", "target", "met"]
    assert [list(row) for row in answer["metrics"]] == [promised] * 11


def test_the_report_beside_earlier_salons_shows_published_ones_only(event, client):
    series = Series.objects.create(slug="growth", title="增长沙龙")
    organiser = an_organiser(event)
    old = a_past_salon("spring", hours_ago=24 * 60, series=series)
    secret = a_past_salon("winter", hours_ago=24 * 90, series=series)
    event.series = series
    event.save()
    for each in (old, secret, event):
        evaluation.evaluate(event=each)
    report.publish(event=old, by=organiser)
    shown = report.beside_earlier(event.evaluations.first(), event)
    assert shown["events"] == [old, event]
    for each in (old, secret):
        an_organiser(each)
    own = report.beside_earlier(event.evaluations.first(), event, by=organiser)
    assert own["events"] == [secret, old, event]


def test_another_organisers_figures_are_read_by_those_who_run_that_salon(event, organiser, client):
    bo = an_organiser(event, "bo")
    alone = a_past_salon("alone", hours_ago=24 * 60, title="波一个人办的")
    an_organiser(alone, "bo")
    for each in (alone, event):
        evaluation.evaluate(event=each)
    assert "波一个人办的" not in client.get(address(event)).content.decode()
    client.force_login(bo)
    assert "波一个人办的" in client.get(address(event)).content.decode()


def test_of_an_earlier_salon_only_its_newest_evaluation_is_read(event, organiser):
    old = a_past_salon("spring", hours_ago=24 * 60)
    an_organiser(old)
    evaluation.evaluate(event=old)
    came(old, "吴桐", 7)
    evaluation.evaluate(event=old)
    shown = report.beside_earlier(evaluation.evaluate(event=event), event, by=organiser)
    assert shown["events"] == [old, event]
    assert shown["lines"][0]["values"] == [100, 66.67]


def test_the_clock_evaluates_once_and_again_when_late_data_comes(event):
    tasks.evaluate_due()
    tasks.evaluate_due()
    assert event.evaluations.count() == 1
    came(event, "吴桐", 7)
    tasks.evaluate_due()
    assert event.evaluations.count() == 2


def test_what_has_not_ended_is_not_evaluated():
    event = a_past_salon("tomorrow", hours_ago=-1)
    tasks.evaluate_due()
    assert not event.evaluations.exists()


def test_the_events_page_leads_to_the_report_once_it_is_there(event, client):
    evaluation.evaluate(event=event)
    address = f"/e/{event.slug}/report/"
    assert address not in client.get(f"/e/{event.slug}/").content.decode()
    report.publish(event=event, by=an_organiser(event))
    assert address in client.get(f"/e/{event.slug}/").content.decode()


def test_who_does_not_count_is_told_in_the_readers_language(event):
    """An evaluation is frozen once, by whoever presses; it is read in either language."""
    one, other = (came(event, name, number) for number, name in ((81, "徐来"), (82, "何敏")))
    Match.objects.create(first=one, second=other, requested_by=one)
    with translation.override("en"):
        made = evaluation.evaluate(event=event)
        (measured,) = [each for each in made.metrics if each["key"] == "matches"]
        assert report.line(measured).left_out == [("Still waiting for one side to confirm", 1)]
    assert report.line(measured).left_out == [("还在等一方确认", 1)]
