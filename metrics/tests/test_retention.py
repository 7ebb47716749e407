"""Keeping people no longer than promised; a canary person erased from everywhere."""

from datetime import timedelta

import pytest
from django.apps import apps
from django.core.files.base import ContentFile
from django.db import connection
from django.db.models import FileField

from metrics import claims, evaluation, retention, stream_import, surveys, whitepaper
from metrics.models import FollowUp, RetentionRun, StreamUpload
from metrics.tests.scenes import a_past_salon, came, sheet, someone
from participants.consents import set_consent
from participants.erase import erase_person
from participants.models import Participant, PrivacyTerms
from participants.tests.scenes import an_organiser
from salon import clock
from salon.models import Message
from workshops.models import Membership, PainCard, Plan, PlanPhoto, Question, Solution, WorkGroup

pytestmark = pytest.mark.django_db


def days_ago(days):
    event = a_past_salon(f"d{days}", hours_ago=24 * days)
    people = {
        "came": came(event, "林知夏", 1),
        "shares": came(event, "吴桐", 2),
        "credited": came(event, "徐来", 3),
        "not_selected": someone(event, "何敏", 4, status="not_selected"),
        "waited": someone(event, "白露", 5, status="waitlisted"),
    }
    for who, purpose in (("shares", "share_contact"), ("credited", "whitepaper_credit")):
        set_consent(participant=people[who], purpose=purpose, given=True, by=None)
    return event, people


def keep(event, **days):
    PrivacyTerms.objects.update_or_create(event=event, defaults=days)


def left():
    return set(Participant.objects.present().values_list("name", flat=True))


def test_nobody_goes_before_their_time():
    days_ago(89)
    run = retention.clear()
    assert len(left()) == 5
    assert run.report == {"erased": {}, "files": 0}


def test_the_days_are_counted_from_the_day_not_from_its_rehearsal():
    event, _people = days_ago(89)
    event.ended_at = event.starts_at - timedelta(days=7)
    event.save()
    retention.clear()
    assert len(left()) == 5


def test_who_had_no_seat_goes_after_ninety_days_and_the_report_says_so():
    event, _people = days_ago(91)
    run = retention.clear()
    assert left() == {"林知夏", "吴桐", "徐来"}
    assert run.report["erased"] == {event.slug: {"not_selected": 2}}
    assert RetentionRun.objects.count() == 1


def test_the_days_are_the_events_own():
    event, _people = days_ago(20)
    keep(event, not_selected_days=10, contact_days=15, texts_days=15, answers_days=15)
    retention.clear()
    assert left() == {"吴桐", "徐来"}


def test_who_shares_contact_or_is_credited_stays_until_they_withdraw_it():
    _event, people = days_ago(731)
    retention.clear()
    assert left() == {"吴桐", "徐来"}
    set_consent(participant=people["shares"], purpose="share_contact", given=False, by=None)
    retention.clear()
    assert left() == {"徐来"}


def test_withdrawn_processing_is_cleared_at_once():
    _event, people = days_ago(1)
    people["came"].consents.filter(purpose="processing").update(withdrawn_at=clock.now())
    run = retention.clear()
    assert "林知夏" not in left()
    assert list(run.report["erased"].values()) == [{"withdrawn": 1}]


def test_the_clock_clears_once_a_day_however_often_it_rings():
    assert retention.clear_if_due() is not None
    assert retention.clear_if_due() is None
    RetentionRun.objects.update(at=clock.now() - timedelta(hours=21))
    assert retention.clear_if_due() is not None


def test_figures_stay_when_people_go():
    event, _people = days_ago(731)
    before = evaluation.measure(event)
    retention.clear()
    assert evaluation.measure(event) == before


def test_a_forgotten_upload_goes_after_a_day():
    event = a_past_salon()
    stream_import.keep_upload(event=event, content=b"x", name="v.csv", by=an_organiser(event))
    StreamUpload.objects.update(uploaded_at=clock.now() - timedelta(hours=25))
    assert retention.clear().report["files"] == 1
    assert not StreamUpload.objects.exists()


# --- the canary -----------------------------------------------------------------------------------

NAME, MOBILE, EMAIL = "金丝雀子", "+8613912345678", "canary.bird@example.com"
CANARY = (NAME, MOBILE, MOBILE[3:], EMAIL)


def everywhere():
    """(table, row) of every table that holds one of the canary's values, logs and queue too."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for (table,) in cursor.fetchall():
            cursor.execute(
                f'SELECT t::text FROM "{table}" t WHERE t::text LIKE ANY(%s)',
                [[f"%{value}%" for value in CANARY]],
            )
            for (row,) in cursor.fetchall():
                yield table, row


def test_the_canary_is_erased_from_every_table_file_and_letter(
    settings, tmp_path, caplog, django_capture_on_commit_callbacks
):
    settings.MEDIA_ROOT = tmp_path
    event = a_past_salon(hours_ago=24)
    organiser = an_organiser(event)
    canary = came(event, NAME, 7, mobile=MOBILE, email=EMAIL, online=True)
    other = came(event, "林知夏", 8)
    for person in (canary, other):
        set_consent(participant=person, purpose="whitepaper_credit", given=True, by=None)
    leave_traces_everywhere(event, organiser, canary, other)
    traced = {table for table, _row in everywhere()}
    assert {
        *("participants_participant", "metrics_chatline", "metrics_whitepaperclaim"),
        *("metrics_followup", "metrics_whitepaper", "metrics_streamimport", "salon_message"),
    } <= traced
    counted = [
        (row["key"], row["numerator"], row["denominator"]) for row in evaluation.measure(event)
    ]

    with django_capture_on_commit_callbacks(execute=True):
        erase_person(participant=canary, by=None)

    assert list(everywhere()) == []
    assert not StreamUpload.objects.exists()
    assert counted == [
        (row["key"], row["numerator"], row["denominator"]) for row in evaluation.measure(event)
    ]
    kept = 0
    for file in tmp_path.rglob("*"):
        if file.is_file():
            kept += 1
            assert not any(value.encode() in file.read_bytes() for value in CANARY)
    assert kept == 1, "the photo of somebody else in the group is the group's"
    assert not any(value in caplog.text for value in CANARY)


def leave_traces_everywhere(event, organiser, canary, other):
    """The canary does everything that this room keeps something of."""
    start = f"{event.local(event.starts_at):%Y-%m-%d %H:%M:%S}"
    end = f"{event.local(event.ends_at):%Y-%m-%d %H:%M:%S}"
    visits = f"昵称,手机,入会时间,退会时间\n{NAME},{MOBILE[3:]},{start},{end}\n".encode()
    chat = f"时间,昵称,内容\n{start},{NAME},我是{NAME}\n".encode()
    for content, name in ((visits, f"{NAME}.csv"), (chat, "chat.csv")):
        look = stream_import.look(event=event, content=content, name=name)
        stream_import.commit(event=event, look=look, by=organiser)
    stream_import.keep_upload(event=event, content=visits, name="v.csv", by=organiser)
    card = PainCard.objects.create(event=event, participant=canary, text=f"{NAME}的痛点")
    Solution.objects.create(
        card=card, participant=canary, text=f"找{NAME}", featured_at=clock.now()
    )
    Question.objects.create(
        event=event, participant=canary, kind="question", text=f"{NAME}问", answered_at=clock.now()
    )
    group = WorkGroup.objects.create(event=event, number=1, name="第一组", published_at=clock.now())
    for person in (canary, other):
        Membership.objects.create(group=group, participant=person)
    plan = Plan.objects.create(
        group=group,
        title="方案",
        submitted_at=clock.now(),
        elements={event.task_elements.first().key: f"{NAME}负责"},
    )
    for person, content in ((canary, f"{NAME} in a picture"), (other, "the group's")):
        photo = PlanPhoto(plan=plan, added_by=person)
        photo.image.save("p.jpg", ContentFile(content.encode()))
    surveys.open_survey(event=event)
    surveys.answer(person=canary, answers=sheet(event))
    Message.objects.of_person(canary.pk).update(recipient=EMAIL, body=NAME)
    FollowUp.objects.create(
        participant=canary, active_rate=50, note=f"{NAME}写的", answered_at=clock.now()
    )
    evaluation.evaluate(event=event)
    paper, _gone, _come = whitepaper.draft(event=event, by=organiser)
    sections = [
        {"module": s["module"], "title": s["title"], "text": s["text"], "was": n}
        for n, s in enumerate(paper.sections)
        if "请在这里写下" not in s["text"]
    ]
    sections.append({"module": "cases", "title": f"{NAME}的案例", "text": f"写信给 {EMAIL}"})
    paper = whitepaper.save(
        paper=paper,
        edit_version=paper.edit_version,
        title=paper.title,
        sections=sections,
        by=organiser,
    )
    whitepaper.publish(paper=paper, by=organiser)
    claims.claim(event=event, email=EMAIL, wants_news=True, device="phone", person=canary)
    claims.claim(event=event, email="other@example.com", wants_news=True, device="phone")


def test_every_table_of_the_room_was_looked_at():
    """A new model with text of people has to be thought of here and in for_below.forget."""
    texts = {
        f"{model.__name__}.{field.name}"
        for model in apps.get_app_config("metrics").get_models()
        for field in model._meta.fields
        if field.get_internal_type() in ("TextField", "CharField", "BinaryField", "JSONField")
        or isinstance(field, FileField)
    }
    written_by_organisers = {
        *("Survey.title", "Survey.intro", "SurveyQuestion.kind", "SurveyQuestion.text"),
        *("SurveyQuestion.options", "Target.definition", "Goal.text", "Goal.source"),
        *("Report.intro", "Report.parts", "Whitepaper.title"),
    }
    counts_and_keys = {
        *("Evaluation.metrics", "Evaluation.facts", "Evaluation.charts", "Evaluation.goals"),
        *("StreamImport.kind", "StreamImport.file_digest", "StreamImport.counts"),
        *("RetentionRun.report", "StreamVisit.viewer", "ChatLine.viewer", "Whitepaper.left_out"),
    }
    anonymous = {"SurveyResponse.answers"}
    forgotten = {
        *("ChatLine.text", "FollowUp.note", "WhitepaperClaim.email", "Whitepaper.sections"),
        *("StreamUpload.content", "StreamUpload.filename", "StreamImport.filename"),
    }
    assert texts - {"Target.key"} == (
        written_by_organisers | counts_and_keys | anonymous | forgotten
    )
