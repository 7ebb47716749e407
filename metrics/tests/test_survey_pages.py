"""The survey's pages: edited before it opens, answered on a phone, read afterwards; follow-up."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest

from metrics import evaluation, follow_ups, surveys
from metrics.models import FollowUp, SurveyResponse
from metrics.tests.papers import published
from metrics.tests.scenes import a_past_salon, came, sheet, someone
from participants.access import issue_link
from participants.tests.scenes import an_organiser
from salon import clock, outbox
from salon.errors import Refused
from salon.models import Message
from workshops import now

pytestmark = pytest.mark.django_db


@pytest.fixture
def event():
    return a_past_salon()


def visits(client, person, page):
    """The person opens a page of their own by their link."""
    client.get(issue_link(participant=person))
    return client.get(f"/e/{person.event.slug}/me/{page}/")


def posted(page, **changed):
    """What the editor's page sends back unchanged, with changes."""
    form, questions = page.context["form"], page.context["questions"]
    data = {
        "version": form["version"].value(),
        "title": form["title"].value(),
        "intro": form["intro"].value(),
        "question-TOTAL_FORMS": len(questions.forms),
        "question-INITIAL_FORMS": questions.initial_form_count(),
    }
    for row in questions.forms:
        for name in ("place", "kind", "text", "options"):
            data[f"{row.prefix}-{name}"] = row[name].value() or ""
        for name in ("scored", "required"):
            if row[name].value():
                data[f"{row.prefix}-{name}"] = "on"
    data["question-12-kind"] = data["question-13-kind"] = "open"
    return data | changed


def test_who_has_answered_is_led_on_to_the_whitepaper_once_it_is_out(event):
    lin = came(event)
    surveys.open_survey(event=event)
    assert now.now_for(lin).first.name == "me_survey"
    surveys.answer(person=lin, answers=sheet(event))
    assert now.now_for(lin).first.name == "me_given"
    published(event, an_organiser(event))
    assert now.now_for(lin).first.name == "whitepaper"


def test_who_did_not_come_is_not_thanked_for_coming(event, client):
    client.get(issue_link(participant=someone(event, "何明敏", 2)))
    page = client.get(f"/e/{event.slug}/me/")
    assert "这次没能见到您，希望下一场见" in page.text
    client.cookies.clear()
    client.get(issue_link(participant=came(event)))
    assert "谢谢您来。问卷和白皮书" in client.get(f"/e/{event.slug}/me/").text


def test_the_organiser_edits_the_survey_before_it_opens(event, client):
    client.force_login(an_organiser(event))
    address = f"/admin/e/{event.slug}/survey/"
    page = client.get(address)
    data = posted(
        page,
        **{
            "title": "反馈",
            "question-3-text": "",
            "question-12-place": "1",
            "question-12-kind": "choice",
            "question-12-text": "从哪里知道这场活动？",
            "question-12-options": "公众号\n\n朋友\n公众号",
        },
    )
    assert client.post(address, data).status_code == 302
    event.survey.refresh_from_db()
    questions = list(event.survey.questions.all())
    assert event.survey.title == "反馈"
    assert len(questions) == 12
    assert {question.text for question in questions[:2]} == {
        "从哪里知道这场活动？",
        "今天的内容对您的工作有用吗？",
    }
    added = next(question for question in questions if question.kind == "choice")
    assert added.options == ["公众号", "朋友"]
    assert sum(question.scored for question in questions) == 3


def test_the_second_of_two_editors_is_told_and_loses_nothing(event, client):
    client.force_login(an_organiser(event))
    address = f"/admin/e/{event.slug}/survey/"
    data = posted(client.get(address))
    assert client.post(address, data | {"title": "第一位"}).status_code == 302
    answer = client.post(address, data | {"title": "第二位"})
    assert answer.status_code == 422
    assert "第二位" in answer.content.decode()
    event.survey.refresh_from_db()
    assert event.survey.title == "第一位"
    compared = data | {"title": "第二位", "version": answer.context["form"]["version"].value()}
    assert client.post(address, compared).status_code == 302


def test_what_was_typed_while_the_clock_opened_the_survey_stays_on_the_page(event, client):
    client.force_login(an_organiser(event))
    address = f"/admin/e/{event.slug}/survey/"
    data = posted(client.get(address)) | {"question-3-text": "半小时想出来的一题"}
    surveys.open_survey(event=event)
    answer = client.post(address, data)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "题目不能再改" in page
    assert "半小时想出来的一题" in page
    assert "半小时想出来的一题" not in client.get(address).content.decode()


def test_whatever_is_too_long_is_marked_where_it_stands(event, client):
    client.force_login(an_organiser(event))
    address = f"/admin/e/{event.slug}/survey/"
    long = {"intro": "长" * 1001, "question-3-options": "选\n" * 1001, "question-4-kind": "none"}
    answer = client.post(address, posted(client.get(address), **long))
    assert answer.status_code == 422
    errors = re.findall(r'class="field-error"[^>]*>', answer.content.decode())
    assert len(errors) == 3


def test_an_open_survey_is_not_edited_any_more(event):
    surveys.open_survey(event=event)
    with pytest.raises(Refused) as refused:
        surveys.save(
            event=event,
            version=1,
            title="改",
            intro="",
            questions=[{"kind": "open", "text": "?"}],
            by=None,
        )
    assert refused.value.code == "opened"


@pytest.mark.parametrize(
    ("question", "code"),
    [({"kind": "choice", "text": "选", "options": ["一"]}, "options"), (None, "empty")],
)
def test_a_survey_that_cannot_be_answered_is_refused(event, question, code):
    with pytest.raises(Refused) as refused:
        surveys.save(
            event=event,
            version=1,
            title="问卷",
            intro="",
            questions=[question] if question else [],
            by=None,
        )
    assert refused.value.code == code
    assert event.survey.questions.count() == 12


def test_the_organiser_reads_distributions_and_open_answers(event, client):
    guests = [came(event, f"来宾{n}", n) for n in range(6)]
    surveys.open_survey(event=event)
    client.force_login(an_organiser(event))
    for guest in guests[:5]:
        page = client.get(f"/admin/e/{event.slug}/survey/").content.decode()
        assert "满 5 份再看" in page
        surveys.answer(person=guest, answers=sheet(event))
    page = client.get(f"/admin/e/{event.slug}/survey/").content.decode()
    assert "茶歇再长一点" in page
    assert "/ 6" in page
    for guest in guests:
        assert guest.name not in page


def test_lin_answers_on_her_phone_and_nothing_is_lost_on_a_gap(event, client):
    lin = came(event, "林知夏", 1)
    assert "还没有开放" in visits(client, lin, "survey").content.decode()
    surveys.open_survey(event=event)
    assert visits(client, lin, "survey").content.decode().count("<fieldset") == 12
    answers = {f"q{pk}": value for pk, value in sheet(event).items()}
    gap = dict(answers)
    missing = next(iter(gap))
    del gap[missing]
    again = client.post(f"/e/{event.slug}/me/survey/", gap)
    assert again.status_code == 400
    assert "认识了同行" in again.content.decode()
    done = client.post(f"/e/{event.slug}/me/survey/", answers, follow=True)
    assert "谢谢" in done.content.decode()
    assert SurveyResponse.objects.count() == 1
    assert client.post(f"/e/{event.slug}/me/survey/", answers).status_code == 409
    assert SurveyResponse.objects.count() == 1


def test_what_only_the_script_keeps_is_promised_only_by_the_script(event, client):
    lin = came(event)
    surveys.open_survey(event=event)
    page = visits(client, lin, "survey").content.decode()
    said = re.search(r"<p([^>]*)>([^<]*填过的都还在[^<]*)</p>", page)
    assert "hidden" in said[1]
    assert "这个页面不关" in said[2]  # kept in the tab: a closed one forgets


def test_script_in_an_open_answer_is_only_text(event, client):
    guests = [came(event, f"来宾{n}", n) for n in range(5)]
    surveys.open_survey(event=event)
    for guest in guests:
        answers = list(sheet(event).values())
        answers[10] = "<script>alert(1)</script>"
        surveys.answer(person=guest, answers=sheet(event, answers))
    client.force_login(an_organiser(event))
    page = client.get(f"/admin/e/{event.slug}/survey/").content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page


# --- thirty days later ----------------------------------------------------------------------------


def a_month_later(event):
    shift = timedelta(days=31)
    event.starts_at, event.ends_at = event.starts_at - shift, event.ends_at - shift
    event.save()


def test_thirty_days_later_lin_is_asked_and_may_correct_herself(event, client):
    lin = came(event, "林知夏", 1, active_rate=Decimal(30))
    surveys.open_survey(event=event)
    assert "还没有开放" in visits(client, lin, "followup").content.decode()
    a_month_later(event)
    assert "30%" in visits(client, lin, "followup").content.decode()
    address = f"/e/{event.slug}/me/followup/"
    assert client.post(address, {"active_rate": "约45％", "note": "用了接龙"}).status_code == 302
    assert client.post(address, {"active_rate": "42"}).status_code == 302
    assert FollowUp.objects.get().active_rate == 42
    rows = {row["key"]: row for row in evaluation.measure(event)}
    assert (rows["community_uplift"]["value"], rows["conversion_rate"]["value"]) == (12, 100)


def test_a_small_rate_stays_small_when_lin_corrects_her_note(event, client):
    lin = came(event, "林知夏", 1)
    surveys.open_survey(event=event)
    a_month_later(event)
    follow_ups.answer(person=lin, active_rate=Decimal(1), note="")
    page = visits(client, lin, "followup").content.decode()
    [shown] = re.findall(r'name="active_rate" value="([^"]*)"', page)
    client.post(f"/e/{event.slug}/me/followup/", {"active_rate": shown, "note": "还在"})
    assert FollowUp.objects.get().active_rate == 1


@pytest.mark.parametrize("value", ["", "很高", "101", "-1", "nan", "\x00"])
def test_a_rate_that_is_none_is_told_beside_its_field(event, client, value):
    lin = came(event, "林知夏", 1)
    surveys.open_survey(event=event)
    a_month_later(event)
    visits(client, lin, "followup")
    answer = client.post(f"/e/{event.slug}/me/followup/", {"active_rate": value, "note": "还在"})
    assert answer.status_code == 422
    assert "还在" in answer.content.decode()
    assert not FollowUp.objects.exists()


def test_a_line_break_counts_as_the_browser_counts_it(event, client):
    lin = came(event, "林知夏", 1)
    surveys.open_survey(event=event)
    a_month_later(event)
    visits(client, lin, "followup")
    address = f"/e/{event.slug}/me/followup/"
    note = "\r\n".join(["接" * 100, "龙" * 100, "好" * 98])  # 300 to the browser's maxlength
    assert client.post(address, {"active_rate": "45", "note": note}).status_code == 302
    assert len(FollowUp.objects.get().note) == 300
    long = client.post(address, {"active_rate": "45", "note": "长" * 301})
    assert long.status_code == 422
    assert "300" in re.search(r'class="field-error"[^>]*>([^<]+)', long.content.decode())[1]


def test_who_did_not_come_is_not_asked(event):
    absent = someone(event, "何敏", 2)
    surveys.open_survey(event=event)
    a_month_later(event)
    with pytest.raises(Refused):
        follow_ups.answer(person=absent, active_rate=40, note="")


def test_the_letter_goes_after_thirty_days_to_those_who_have_not_told_us(event):
    lin, he = came(event, "林知夏", 1), came(event, "何敏", 2)
    surveys.open_survey(event=event)
    a_month_later(event)
    follow_ups.answer(person=lin, active_rate=40, note="")
    to_lin, to_he = (
        outbox.preview(Message.objects.of_kind("follow_up").get(person_id=each.pk))
        for each in (lin, he)
    )
    assert to_lin is None
    assert to_he.to == he.email
    assert Message.objects.of_kind("follow_up").first().due_at > clock.now()
