"""New salon: complete from the blueprint, the same again as a clone, refused with a sentence."""

import json
from datetime import date, datetime, time, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from events.models import Blueprint, Crew, Event
from events.tests.scenes import SHANGHAI
from participants.models import PrivacyTerms
from salon import blueprint, clock
from salon.models import User

pytestmark = pytest.mark.django_db
DAY = date(2031, 5, 17)


@pytest.fixture
def gu(db):
    return User.objects.create_user("gu", is_staff=True)


def salon(slug="spring", **more):
    return blueprint.new_salon(slug=slug, title="春天的沙龙", date=DAY, venue="徐汇", **more)


def test_everything_of_the_plan_is_there(gu):
    event = salon(by=gu)
    times = [
        (event.local(item.starts_at).strftime("%H:%M"), item.minutes, item.kind, item.title)
        for item in event.agenda.all()
    ]
    assert times == [
        ("13:30", 30, "check_in", "签到入场"),
        ("14:00", 20, "opening", "开场致辞"),
        ("14:20", 60, "talk", "主题分享一：用户分层互动策略"),
        ("15:20", 30, "break", "茶歇与资源对接"),
        ("15:50", 60, "talk", "主题分享二：数据驱动的互动优化"),
        ("16:50", 50, "workshop", "共创工作坊"),
        ("17:40", 20, "roundtable", "圆桌对话与总结"),
    ]
    shares = {category.key: category.share_percent for category in event.categories.all()}
    assert shares == {"core": 70, "brand": 10, "creator": 20}
    assert (event.on_site_capacity, event.online_capacity, event.confirmation_hours) == (
        50,
        100,
        72,
    )
    assert {m.days_before for m in event.milestones.all()} == {60, 30, 14, 7, 1}
    assert event.prep_groups.count() == 5
    assert event.materials.count() >= 10
    assert {plan.risk for plan in event.risk_plans.all()} >= {
        "speaker_absent",
        "projector",
        "stream",
        "network",
        "too_many",
        "too_few",
    }
    assert event.task_elements.count() == 6
    assert [(p.kind, p.minutes) for p in event.phases.all()] == [
        ("design", 20),
        ("review", 20),
        ("vote", 10),
    ]
    kinds = [question.kind for question in event.survey.questions.all()]
    assert (len(kinds), kinds.count("open")) == (12, 2)
    assert event.survey.questions.filter(scored=True).count() == 3
    assert event.targets.count() == 11
    assert event.goals.count() == 4
    assert event.status == Event.Status.DRAFT
    assert Crew.objects.get(event=event).user == gu


def test_a_clone_is_set_up_alike_without_people():
    source = salon()
    source.agenda.filter(kind="opening").update(title="院长致辞")
    source.on_site_capacity = 80
    source.save()
    PrivacyTerms.objects.update(handler="拾光教育", contact_days=400, texts_days=180)
    copy = blueprint.clone(source=source, slug="autumn", title="秋天", date=DAY + timedelta(150))
    assert blueprint.record(copy) == blueprint.record(source)
    assert copy.agenda.get(kind="opening").title == "院长致辞"
    assert copy.on_site_capacity == 80
    terms = copy.privacy
    assert (terms.handler, terms.contact_days, terms.texts_days) == ("拾光教育", 400, 180)
    assert copy.participants.count() == 0


def test_a_saved_blueprint_starts_the_next_one(client, gu):
    event = salon(by=gu)
    event.agenda.get(kind="roundtable").delete()
    client.force_login(gu, "django.contrib.auth.backends.ModelBackend")
    client.post(reverse("save_blueprint", args=["spring"]), {"name": "短版"})
    saved = Blueprint.objects.get(name="短版")
    answer = client.post(
        reverse("new_salon"),
        {"title": "短的", "slug": "short", "date": "2031-06-01", "start_from": f"b{saved.pk}"},
    )
    assert answer.url == reverse("control", args=["short"])
    assert Event.objects.get(slug="short").agenda.count() == 6


def test_an_old_salon_is_held_again_too(client, gu):
    old = salon(by=gu)
    old.agenda.filter(kind="opening").update(title="院长致辞")
    for number in range(31):
        day = DAY + timedelta(days=number + 1)
        starts_at = datetime.combine(day, time(13, 30), SHANGHAI)
        event = Event.objects.create(
            slug=f"later-{number}", title="后来的", starts_at=starts_at,
            ends_at=starts_at + timedelta(hours=4),
        )  # fmt: skip
        Crew.objects.create(event=event, user=gu, role="organiser")
    client.force_login(gu, "django.contrib.auth.backends.ModelBackend")
    page = client.get(reverse("new_salon"), {"from": f"e{old.pk}"}).content.decode()
    assert f'<option value="e{old.pk}" selected>' in page
    form = {"title": "再办", "slug": "again", "date": "2032-05-17", "start_from": f"e{old.pk}"}
    client.post(reverse("new_salon"), form)
    assert Event.objects.get(slug="again").agenda.get(kind="opening").title == "院长致辞"


@pytest.mark.parametrize("asked", ["e999", "e" + "9" * 30, "ee1", "e-1", "b7", "x", "e１"])
def test_a_salon_that_is_not_there_is_no_source(client, gu, asked):
    client.force_login(gu, "django.contrib.auth.backends.ModelBackend")
    assert client.get(reverse("new_salon"), {"from": asked}).status_code == 200
    form = {"title": "新", "slug": "new", "date": "2031-05-17", "start_from": asked}
    assert client.post(reverse("new_salon"), form).status_code == 200
    assert Event.objects.count() == 0


def test_yesterday_is_over_in_shanghai_before_it_is_in_utc(client, gu, travel):
    travel(datetime(2031, 5, 17, 7, 30, tzinfo=SHANGHAI))
    client.force_login(gu, "django.contrib.auth.backends.ModelBackend")
    form = {"title": "早", "slug": "early", "date": "2031-05-16"}
    assert "这一天已经过去了" in client.post(reverse("new_salon"), form).content.decode()
    answer = client.post(reverse("new_salon"), form | {"date": "2031-05-17"})
    assert answer.url == reverse("control", args=["early"])


def test_the_admin_begins_with_the_way_to_the_events(client, gu):
    client.force_login(gu, "django.contrib.auth.backends.ModelBackend")
    page = client.get(reverse("admin:index")).content.decode()
    way = page[page.index("办活动，从") :].split("<table")[0]
    assert f'href="{reverse("crew_home")}"' in way
    assert f'href="{reverse("new_salon")}"' in way


def test_the_page_keeps_what_was_typed_when_the_address_is_taken(client, gu):
    salon()
    client.force_login(gu, "django.contrib.auth.backends.ModelBackend")
    answer = client.post(
        reverse("new_salon"), {"title": "再来一场", "slug": "spring", "date": "2031-06-01"}
    )
    page = answer.content.decode()
    assert "已经有活动在用了" in page
    assert "再来一场" in page
    assert Event.objects.count() == 1


def test_a_day_beyond_the_calendar_is_told_beside_the_date(client, gu):
    client.force_login(gu, "django.contrib.auth.backends.ModelBackend")
    answer = client.post(
        reverse("new_salon"), {"title": "很久以后", "slug": "far", "date": "9999-12-31"}
    )
    assert "日期要在 2000 年到 2200 年之间。" in answer.content.decode()
    assert Event.objects.count() == 0


def test_the_command_prints_one_json_object(capsys):
    call_command("new_salon", "spring", title="春", date="2031-05-17", json=True)
    answer = json.loads(capsys.readouterr().out)
    assert set(answer) == {"slug", "admin_url", "public_url"}
    assert answer["public_url"].endswith("/e/spring/")
    event = Event.objects.get()
    assert event.date == DAY
    assert str(event.pk) in answer["admin_url"]


@pytest.mark.parametrize(
    ("slug", "title", "day", "venue"),
    [
        ("春天", "春", "2031-05-17", ""),
        ("a" * 61, "春", "2031-05-17", ""),
        ("spring", " \x00 ", "2031-05-17", ""),
        ("spring", "春" * 121, "2031-05-17", ""),
        ("spring", "春", "17.5.2031", ""),
        ("spring", "春", "2031-02-30", ""),
        ("spring", "春", "0001-01-01", ""),
        ("spring", "春", "9999-12-31", ""),
        ("spring", "春", "2031-05-17", "龙腾大道" * 51),
    ],
)
def test_bad_input_is_one_sentence_and_changes_nothing(slug, title, day, venue):
    with pytest.raises(CommandError) as refusal:
        call_command("new_salon", slug, title=title, date=day, venue=venue)
    assert "\n" not in str(refusal.value)
    assert Event.objects.count() == 0


def test_an_address_is_taken_only_once():
    salon()
    with pytest.raises(CommandError, match="spring"):
        call_command("new_salon", "spring", title="又一场", date="2031-05-18")


def test_a_salon_shortly_before_its_day_has_no_milestone_lost():
    event = blueprint.new_salon(
        slug="soon", title="后天", date=(clock.now() + timedelta(days=2)).date()
    )
    assert {m.days_before for m in event.milestones.all()} == {60, 30, 14, 7, 1}


def test_a_document_of_before_brings_its_days_of_keeping():
    document = blueprint.default_document()
    document["participants"] = document["participants"] | {"privacy": None}
    document["metrics"] = document["metrics"] | {
        "retention": {"not_selected_days": 200, "others_days": 180}
    }
    event = blueprint.new_salon(
        slug="old", title="旧蓝本", date=DAY, venue="徐汇", document=document
    )
    assert event.privacy.contact_days == event.privacy.texts_days == 180
    assert event.privacy.not_selected_days == 180, "nobody is kept longer than who came"
