"""After the day: the community of a series, letters of new matches, the monthly review."""

import json
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from events.models import Event, Series
from metrics import going_on, report
from metrics.evaluation import evaluate
from metrics.tests.scenes import a_past_salon, came
from participants.access import issue_link
from participants.applications import set_consent
from participants.tests.scenes import an_organiser
from salon import clock, outbox
from salon.models import Message
from workshops import exchange

pytestmark = pytest.mark.django_db


@pytest.fixture
def series():
    return Series.objects.create(slug="growth", title="增长沙龙")


@pytest.fixture
def event(series):
    event = a_past_salon(hours_ago=24 * 20, series=series)
    for number, (name, offer, need) in enumerate(
        (
            ("林知夏", "短视频剪辑团队可以帮忙", "想找三十人的会议室场地"),
            ("何敏", "三十人会议室场地周末可借", "想找短视频剪辑团队"),
            ("吴桐", "社群打卡小程序开发", "需要教育行业讲师"),
        ),
        1,
    ):
        person = came(event, name, number)
        table = event.theme_tables.first()
        exchange.save_listing(person=person, table=table, offer=offer, need=need)
        if name != "吴桐":
            set_consent(participant=person, purpose="share_contact", given=True, by=person)
    return event


def test_strangers_see_salons_and_published_pages_but_no_board(event, client):
    page = client.get("/s/growth/").content.decode()
    assert event.title in page
    assert "会议室" not in page
    assert f"/e/{event.slug}/report/" not in page
    evaluate(event=event)
    report.publish(event=event, by=an_organiser(event))
    assert f"/e/{event.slug}/report/" in client.get("/s/growth/").content.decode()


def test_lin_known_by_her_link_sees_the_boards_of_all_salons(event, series, client):
    other = a_past_salon("winter", hours_ago=24 * 60, series=series)
    xu = came(other, "徐来", 9)
    exchange.save_listing(person=xu, table=other.theme_tables.first(), offer="可以讲课", need="")
    client.get(issue_link(participant=event.participants.get(name="林知夏")))
    page = client.get("/s/growth/").content.decode()
    assert "三十人会议室场地周末可借" in page
    assert "可以讲课" in page
    assert f"/e/{event.slug}/me/exchange/" in page
    assert f"/e/{other.slug}/me/exchange/" not in page
    for person in event.participants.all():
        assert person.email not in page


def test_drafts_of_the_series_are_nobodys_business(series, client):
    a_past_salon("secret", series=series, status=Event.Status.DRAFT, title="还没公开的")
    assert "还没公开的" not in client.get("/s/growth/").content.decode()
    assert client.get("/s/nothing/").status_code == 404


def test_new_matches_are_written_once_to_those_who_share_their_contact(event):
    assert going_on.plan_digests() == 2
    assert going_on.plan_digests() == 0
    letters = {
        message.person_id: outbox.preview(message) for message in Message.objects.of_kind("digest")
    }
    to_lin = letters[event.participants.get(name="林知夏").pk]
    assert "三十人会议室场地周末可借" in to_lin.text
    assert "何敏" in to_lin.text
    assert "@" not in to_lin.text


def test_a_fortnight_later_only_what_is_new_is_written(event):
    going_on.plan_digests()
    Message.objects.update(created_at=clock.now() - timedelta(days=15))
    assert going_on.plan_digests() == 0
    xu = came(event, "徐来", 9)
    exchange.save_listing(
        person=xu,
        table=event.theme_tables.first(),
        offer="四十人会议室场地随时可用",
        need="短视频剪辑团队",
    )
    assert going_on.plan_digests() >= 1


def test_whoever_withdraws_gets_no_letter_that_was_planned(event):
    going_on.plan_digests()
    lin = event.participants.get(name="林知夏")
    message = Message.objects.of_kind("digest").get(person_id=lin.pk)
    set_consent(participant=lin, purpose="share_contact", given=False, by=lin)
    assert outbox.preview(message) is None


def test_within_the_first_fortnight_nobody_is_written_to(event):
    Event.objects.update(ends_at=clock.now() - timedelta(days=3))
    assert going_on.plan_digests() == 0


def test_the_monthly_review_is_an_hour_online(series, capsys):
    call_command("new_review", "growth", "--slug", "review-1", "--date", "2027-01-20", "--json")
    answer = json.loads(capsys.readouterr().out)
    event = Event.objects.get(slug="review-1")
    assert answer["slug"] == "review-1"
    assert (event.series, event.on_site_capacity, event.online_capacity) == (series, 0, 200)
    assert event.ends_at - event.starts_at == timedelta(hours=1)
    assert event.agenda.count() == 3
    assert not event.milestones.exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nothing", "--slug", "r", "--date", "2027-01-20"], "nothing"),
        (["growth", "--slug", "r", "--date", "someday"], ""),
        (["growth", "--slug", "r/r", "--date", "2027-01-20"], "网址名"),
    ],
)
def test_a_wrong_review_is_one_sentence(series, arguments, says):
    with pytest.raises(CommandError) as error:
        call_command("new_review", *arguments)
    assert says in str(error.value)
    assert not Event.objects.exists()
