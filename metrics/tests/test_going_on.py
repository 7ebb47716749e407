"""After the day: the community of a series, letters of new matches, the monthly review."""

import json
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from events.models import Event, Series
from metrics import going_on, report
from metrics.evaluation import evaluate
from metrics.tests.scenes import a_past_salon, came, someone
from participants.access import issue_link
from participants.consents import set_consent
from participants.tests.scenes import an_organiser, now_stand
from salon import clock, outbox
from salon.errors import Refused
from salon.models import Message
from workshops import exchange
from workshops.models import Match

pytestmark = pytest.mark.django_db


@pytest.fixture
def series():
    return Series.objects.create(slug="growth", title="增长沙龙")


@pytest.fixture
def event(series, request):
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
        if name != "吴桐" and getattr(request, "param", "wanting letters"):
            wants_letters(person)
    return event


def wants_letters(person):
    for purpose in ("share_contact", "invite_again"):
        set_consent(participant=person, purpose=purpose, given=True, by=person)


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


# --- across the salons of the series --------------------------------------------------------------


@pytest.fixture
def lin(event):
    return event.participants.get(name="林知夏")


@pytest.fixture
def xu(event, series):
    """Of the winter salon; offers what Lin of the autumn salon needs."""
    winter = a_past_salon("winter", hours_ago=24 * 60, series=series)
    xu = came(winter, "徐来", 9)
    list_(xu, "四十人会议室场地随时可用", "短视频剪辑团队")
    wants_letters(xu)
    return xu


def list_(person, offer, need):
    table = person.event.theme_tables.first()
    return exchange.save_listing(person=person, table=table, offer=offer, need=need)


def phone_of(person):
    client = Client()
    client.get(issue_link(participant=person))
    return client


def ask(client, other):
    return client.post("/s/growth/ask/", {"person": other.pk}, follow=True)


def test_lin_and_xu_of_two_salons_find_each_other(lin, xu):
    lins, xus = phone_of(lin), phone_of(xu)
    board = lins.get("/s/growth/").content.decode()
    assert "推荐聊聊" in board
    assert "四十人会议室场地随时可用" in board
    assert xu.email not in board
    assert "问过了" in ask(lins, xu).content.decode()
    match = Match.objects.get()
    assert match.reason
    asked = xus.get("/s/growth/").content.decode()
    assert "林知夏 想和您对接" in asked
    assert lin.email not in asked
    assert lin.mobile[3:] not in asked
    # and on her own page of the winter salon, too
    assert "林知夏 想和您对接" in xus.get("/e/winter/me/exchange/").content.decode()
    assert xus.post(f"/s/growth/matches/{match.pk}/").status_code == 400  # neither yes nor no
    answer = xus.post(f"/s/growth/matches/{match.pk}/", {"act": "confirm"}, follow=True)
    assert lin.email in answer.content.decode()
    assert xu.email in lins.get("/s/growth/").content.decode()
    assert xu.mobile[3:] in lins.get(f"/e/{lin.event.slug}/me/exchange/").content.decode()


def test_without_consent_nothing_is_shown_even_then(lin, xu):
    set_consent(participant=xu, purpose="share_contact", given=False, by=xu)
    lins = phone_of(lin)
    ask(lins, xu)
    exchange.confirm(match=Match.objects.get(), person=xu)
    page = lins.get("/s/growth/").content.decode()
    assert "对方没有授权展示联系方式" in page
    assert xu.email not in page


def test_a_match_across_salons_belongs_to_the_community_not_to_a_day(event, lin, xu):
    match = exchange.request_match(person=lin, other=xu)
    evaluate(event=event)
    exchange.confirm(match=match, person=xu)
    for salon in (event, xu.event):
        assert exchange.counts(salon)["confirmed"] == 0
        metrics = {each["key"]: each for each in evaluate(event=salon).metrics}
        assert metrics["matches"]["numerator"] == 0
        assert metrics["conversion_rate"]["numerator"] == 1, "of the person it is one"


def test_strangers_waiting_people_and_people_of_other_series_do_not_get_in(event, lin, xu):
    assert ask(Client(), xu).status_code == 403
    waiting = someone(event, "候补的人", 40, status="waitlisted")
    assert ask(phone_of(waiting), xu).status_code == 403
    elsewhere = a_past_salon("elsewhere", series=Series.objects.create(slug="x", title="别的系列"))
    stranger = came(elsewhere, "何必来", 41)
    list_(stranger, "场地", "")
    assert ask(phone_of(stranger), xu).status_code == 403
    assert ask(phone_of(lin), stranger).status_code == 404
    match = exchange.request_match(person=lin, other=xu)
    third = event.participants.get(name="吴桐")
    answer = phone_of(third).post(f"/s/growth/matches/{match.pk}/", {"act": "confirm"})
    assert answer.status_code == 404
    for one, other in ((stranger, xu), (xu, stranger)):
        with pytest.raises(Refused) as refused:
            exchange.request_match(person=one, other=other)
        assert refused.value.code == "foreign"


@pytest.mark.parametrize("gone", ["withdrawn", "erased", "draft"])
def test_who_is_gone_cannot_be_asked(lin, xu, gone):
    if gone == "withdrawn":
        now_stand(xu.event.participants.filter(pk=xu.pk), "withdrawn")
    elif gone == "erased":
        xu.erased_at = clock.now()
        xu.save()
    else:
        Event.objects.filter(pk=xu.event_id).update(status=Event.Status.DRAFT)
    xu.refresh_from_db()
    assert ask(phone_of(lin), xu).status_code == 404
    xu.event.refresh_from_db()
    with pytest.raises(Refused):
        exchange.request_match(person=lin, other=xu)
    assert not Match.objects.exists()


def test_who_wrote_nothing_yet_is_led_to_where_it_is_written(event, xu):
    newcomer = came(event, "郑新", 42)
    phone = phone_of(newcomer)
    page = phone.get("/s/growth/").content.decode()
    assert "/s/growth/ask/" not in page
    assert f"/e/{event.slug}/me/exchange/" in page
    assert "双方都写下供需" in ask(phone, xu).content.decode()


def test_a_no_stands_whichever_link_is_used(event, series, lin, xu):
    """Lin came to both salons; what Xu declined in one she is not asked again through the other."""
    match = exchange.request_match(person=lin, other=xu)
    exchange.decline(match=match, person=xu)
    spring = a_past_salon("spring", hours_ago=24 * 100, series=series)
    again = came(spring, "林知夏", 50, mobile=lin.mobile)
    list_(again, "短视频剪辑", "场地")
    with pytest.raises(Refused) as refused:
        exchange.request_match(person=again, other=xu)
    assert refused.value.code == "declined"
    with pytest.raises(Refused) as refused:
        exchange.request_match(person=again, other=lin)
    assert refused.value.code == "self"
    assert Match.objects.count() == 1


def test_one_human_stands_on_the_common_board_once(series, lin, xu):
    list_(came(xu.event, "林知夏", 51, mobile=lin.mobile), "更新过的剪辑团队", "场地")
    board = exchange.common_board(series)
    assert [each.offer for each in board if each.participant.name == "林知夏"] == [
        "更新过的剪辑团队"
    ]


def test_the_letter_of_new_matches_looks_across_the_series(lin, xu):
    going_on.plan_digests()
    letter = outbox.preview(Message.objects.of_kind("digest").get(person_id=lin.pk))
    assert "四十人会议室场地随时可用" in letter.text
    answer = phone_of(lin).get(f"/e/{lin.event.slug}/me/series/")
    assert answer.url == "/s/growth/"


def test_a_full_common_board_costs_a_constant_number_of_queries(
    event, lin, xu, django_assert_max_num_queries
):
    for number in range(60, 90):
        list_(came(event, f"同行{number}", number), "场地", "短视频剪辑")
    phone = phone_of(lin)
    with django_assert_max_num_queries(16):
        phone.get("/s/growth/")


def test_a_long_series_costs_a_constant_number_of_queries(
    series, lin, client, django_assert_max_num_queries
):
    he, wu = (came(lin.event, name, n) for n, name in ((71, "何敏"), (72, "吴桐")))
    Match.objects.create(
        first=he,
        second=wu,
        requested_by=he,
        first_confirmed_at=clock.now(),
        second_confirmed_at=clock.now(),
    )
    for number in range(12):
        a_past_salon(f"s{number}", hours_ago=24 * (40 + number), series=series)
    with django_assert_max_num_queries(5):
        page = client.get("/s/growth/").content.decode()
    assert page.count("已达成") == 1
    assert "已达成 1 对对接" in page


def test_drafts_of_the_series_are_nobodys_business(series, client):
    a_past_salon("secret", series=series, status=Event.Status.DRAFT, title="还没公开的")
    assert "还没公开的" not in client.get("/s/growth/").content.decode()
    assert client.get("/s/nothing/").status_code == 404


def test_new_matches_are_written_once_to_those_who_share_and_want_letters(event):
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


@pytest.mark.parametrize("purpose", ["share_contact", "invite_again"])
def test_whoever_withdraws_gets_no_letter_that_was_planned(event, purpose):
    going_on.plan_digests()
    lin = event.participants.get(name="林知夏")
    message = Message.objects.of_kind("digest").get(person_id=lin.pk)
    assert "撤回“以后的活动也邀请我”" in outbox.preview(message).text
    set_consent(participant=lin, purpose=purpose, given=False, by=lin)
    assert outbox.preview(message) is None


@pytest.mark.parametrize("event", [None], indirect=True)
def test_a_label_of_before_goes_on_counting_until_either_is_withdrawn(event):
    """Sharing contact was taken for "write to me" before that was asked for by itself."""
    people = event.participants.filter(name__in=["林知夏", "何敏"])
    for person in people:
        set_consent(participant=person, purpose="share_contact", given=True, by=person)
    assert going_on.plan_digests() == 0, "a whole sentence speaks of sharing alone"
    for person in people:
        set_consent(participant=person, purpose="share_contact", given=False, by=person)
        person.consents.create(
            purpose="share_contact",
            wording="互相确认后交换联系方式",
            kept_as="label_only",
            given_at=clock.now(),
        )
    assert going_on.plan_digests() == 2
    lin = event.participants.get(name="林知夏")
    message = Message.objects.of_kind("digest").get(person_id=lin.pk)
    assert "撤回“互相确认后交换联系方式”" in outbox.preview(message).text
    for given in (True, False):
        set_consent(participant=lin, purpose="invite_again", given=given, by=lin)
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
