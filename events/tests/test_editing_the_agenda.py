"""The organiser rearranges the afternoon; the event moves to another day."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse

from events import agenda, upstairs
from events.forms import lines_of
from events.models import Crew, Event, Speaker
from events.tests.scenes import DAY, a_salon, at, crew, times
from salon.errors import Refused

pytestmark = pytest.mark.django_db


@pytest.fixture
def salon():
    return a_salon()


@pytest.fixture
def shen(salon, client):
    """An organiser at her desk."""
    user = crew(salon, "shen")
    client.force_login(user)
    return user


EDIT = "/admin/e/spring/agenda/"


def typed(salon, changes=(), *, extra=(), version=None):
    """The posted editor: the agenda as it is, with `changes` {(line, field): value}."""
    lines = [
        {name: "" if value is None else value for name, value in line.items()}
        for line in lines_of(salon)
    ]
    known = len(lines)
    lines += extra
    form = {
        "version": salon.version if version is None else version,
        "line-TOTAL_FORMS": len(lines),
        "line-INITIAL_FORMS": known,
    }
    for number, line in enumerate(lines):
        for name, value in line.items():
            form[f"line-{number}-{name}"] = f"{value:%H:%M}" if isinstance(value, time) else value
        if not form[f"line-{number}-interactive"]:
            del form[f"line-{number}-interactive"]
    for (number, name), value in dict(changes).items():
        form[f"line-{number}-{name}"] = value
    return form


def test_typing_a_new_time_and_saving(salon, shen, client):
    answer = client.post(EDIT, typed(salon, {(0, "start"): "13:00", (0, "minutes"): "60"}))
    assert answer.status_code == 302
    salon.refresh_from_db()
    assert times(salon)[0] == ("签到入场", "13:00", "14:00")
    assert (salon.starts_at, salon.ends_at, salon.version) == (at("13:00"), at("18:00"), 2)


@pytest.mark.parametrize("start", ["13:00", "13：00", "１３：００", "1300", " 13:00 "])
def test_a_time_may_be_typed_in_any_hand(salon, shen, client, start):
    client.post(EDIT, typed(salon, {(0, "start"): start}))
    assert times(salon)[0] == ("签到入场", "13:00", "13:30")


def test_an_overlap_is_refused_with_both_names_and_nothing_typed_is_lost(salon, shen, client):
    answer = client.post(EDIT, typed(salon, {(1, "minutes"): "25", (1, "title"): "新开场"}))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "“新开场”和“主题分享一：用户分层互动策略”的时间重叠了" in page
    assert 'value="新开场"' in page
    assert "data-refused" in page, "the page goes on saying that it is not saved"
    assert "data-refused" not in client.get(EDIT).content.decode()
    assert times(salon)[1] == ("开场致辞", "14:00", "14:20")


def test_lines_can_be_added_and_removed(salon, shen, client):
    encore = {
        "id": "", "start": "18:00", "minutes": "15", "title": "合影", "kind": "roundtable",
        "interactive": True, "form": "", "speaker": "", "cue": "",
    }  # fmt: skip
    client.post(EDIT, typed(salon, {(1, "DELETE"): "on"}, extra=[encore]))
    assert [row[0] for row in times(salon)][-1] == "合影"
    assert "开场致辞" not in str(times(salon))
    salon.refresh_from_db()
    assert salon.ends_at == at("18:15")
    assert agenda.programme(salon).gaps[0].minutes == 20


@pytest.mark.usefixtures("shen")
@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("start", "quarter past", "时间写成 14:20 这样"),
        ("minutes", "0", "大于或等于"),
        ("minutes", "½", "时长写整数分钟"),
        ("title", "", "必填项"),
        ("title", "\0\0", "必填项"),
        ("kind", "party", "有效"),
    ],
)
def test_nonsense_gets_a_sentence_beside_its_field(salon, client, field, value, sentence):
    answer = client.post(EDIT, typed(salon, {(2, field): value}))
    assert answer.status_code == 422
    assert sentence in answer.content.decode()


def test_surrogates_emoji_and_long_texts_do_no_harm(salon, shen, client):
    rude = {(2, "title"): "🎤 分享 \u202e", (2, "cue"): "长" * 4000}
    assert client.post(EDIT, typed(salon, rude)).status_code == 302
    assert client.post(EDIT, typed(salon, {(2, "cue"): "长" * 4001})).status_code == 422


def test_the_second_of_two_editors_is_told_and_overwrites_nothing(salon, shen, client):
    first, second = typed(salon, {(0, "title"): "甲"}), typed(salon, {(0, "title"): "乙"})
    assert client.post(EDIT, first).status_code == 302
    answer = client.post(EDIT, second)
    assert answer.status_code == 422
    assert "另一位同事刚保存过流程" in answer.content.decode()
    assert 'value="乙"' in answer.content.decode()
    assert salon.agenda.first().title == "甲"


def test_an_editor_opened_before_the_host_extended_is_told_too(salon, shen, client):
    opened = typed(salon, {(6, "title"): "圆桌"})
    agenda.extend(
        event=salon, item_id=salon.agenda.first().pk, minutes=10, how="along", seen=0, by=None
    )
    assert "另一位同事" in client.post(EDIT, opened).content.decode()
    assert times(salon)[0] == ("签到入场", "13:30", "14:10")


def test_what_has_begun_cannot_be_removed(salon, shen, client):
    agenda.advance(event=salon, seen=0, by=None)
    salon.refresh_from_db()
    answer = client.post(EDIT, typed(salon, {(0, "DELETE"): "on"}))
    assert "已经开始的环节不能删除" in answer.content.decode()


def test_a_line_of_another_event_cannot_be_taken_over(salon, shen, client):
    other = a_salon("autumn")
    theirs = other.agenda.first()
    answer = client.post(EDIT, typed(salon, {(0, "id"): theirs.pk}))
    assert answer.status_code == 422
    assert other.agenda.filter(pk=theirs.pk).exists()


def test_a_speaker_of_another_event_is_not_offered(salon, shen, client):
    theirs = Speaker.objects.create(event=a_salon("autumn"), name="陆以宁")
    answer = client.post(EDIT, typed(salon, {(2, "speaker"): theirs.pk}))
    assert answer.status_code == 422


def test_an_evening_past_midnight(salon, shen, client):
    late = typed(salon, {(6, "start"): "00:10", (6, "minutes"): "30"})
    assert client.post(EDIT, late).status_code == 302
    salon.refresh_from_db()
    assert salon.ends_at == at("00:40", DAY + timedelta(days=1))
    assert times(salon)[6] == ("圆桌对话与总结", "00:10", "00:40")


@pytest.mark.parametrize("starts", ["06:00", "10:00", "12:29", "13:30", "20:00"])
def test_whenever_it_starts_the_party_at_half_past_midnight_is_the_night_after(
    shen, client, starts
):
    salon = a_salon("long", starts_at=at(starts))
    Crew.objects.create(event=salon, user=shen, role="organiser")
    late = typed(salon, {(6, "start"): "00:30", (6, "minutes"): "30"})
    assert client.post("/admin/e/long/agenda/", late).status_code == 302
    salon.refresh_from_db()
    assert salon.starts_at == at(starts)
    assert salon.ends_at == at("01:00", DAY + timedelta(days=1))


def test_a_salon_before_sunrise_may_begin_earlier_still(shen, client):
    salon = a_salon("sunrise", starts_at=at("05:00"))
    Crew.objects.create(event=salon, user=shen, role="organiser")
    client.post("/admin/e/sunrise/agenda/", typed(salon, {(0, "start"): "04:30"}))
    salon.refresh_from_db()
    assert salon.starts_at == at("04:30")


def test_the_editor_is_for_organisers_of_this_event(salon, client):
    assert client.get(EDIT).status_code == 302
    client.force_login(crew(salon, "hejing", Crew.Role.HOST))
    assert client.get(EDIT).status_code == 403
    client.force_login(crew(a_salon("autumn"), "zhou"))
    assert client.get(EDIT).status_code == 404


def test_the_editor_costs_the_same_with_any_number_of_lines(
    salon, shen, client, django_assert_max_num_queries
):
    with django_assert_max_num_queries(16):
        client.get(EDIT)


# --- moving the event ---------------------------------------------------------------------------


NEXT_YEAR = datetime(2027, 1, 16, 14, 0, tzinfo=ZoneInfo("Asia/Shanghai"))


def test_moving_takes_along_agenda_milestones_and_registration(salon, travel):
    travel(at("09:00", DAY - timedelta(days=40)))
    done = salon.milestones.filter(days_before=60)
    done.update(done_at=at("09:00", DAY - timedelta(days=60)))
    agenda.move_event(event=salon, starts_at=NEXT_YEAR, by=None)
    salon.refresh_from_db()
    assert (salon.starts_at, salon.ends_at) == (NEXT_YEAR, NEXT_YEAR + timedelta(minutes=270))
    assert times(salon)[0] == ("签到入场", "14:00", "14:30")
    assert times(salon)[-1] == ("圆桌对话与总结", "18:10", "18:30")
    assert set(done.values_list("due_on", flat=True)) == {date(2026, 10, 20)}
    open_ = salon.milestones.not_done()
    assert set(open_.filter(days_before=7).values_list("due_on", flat=True)) == {date(2027, 1, 9)}
    assert salon.registration_opens_at == NEXT_YEAR.replace(hour=10, minute=30) - timedelta(days=30)
    assert salon.registration_closes_at > salon.registration_opens_at


def test_an_open_registration_stays_open(salon, travel):
    travel(at("09:00", DAY - timedelta(days=10)))
    opened = salon.registration_opens_at
    agenda.move_event(event=salon, starts_at=NEXT_YEAR, by=None)
    salon.refresh_from_db()
    assert salon.registration_opens_at == opened
    assert salon.registration_closes_at == at("20:30", NEXT_YEAR - timedelta(days=3))


def test_an_event_pulled_forward_takes_applications_until_its_doors_open(salon, travel):
    travel(at("09:00", DAY - timedelta(days=10)))
    agenda.move_event(event=salon, starts_at=DAY - timedelta(days=8), by=None)
    salon.refresh_from_db()
    assert salon.registration_closes_at is None
    assert salon.registration_is_open(DAY - timedelta(days=9))


def test_clock_times_survive_the_change_to_summer_time():
    berlin = ZoneInfo("Europe/Berlin")
    winter = datetime(2027, 3, 20, 13, 30, tzinfo=berlin)
    event = a_salon("berlin", starts_at=winter, timezone="Europe/Berlin")
    agenda.move_event(event=event, starts_at=datetime(2027, 4, 3, 13, 30, tzinfo=berlin), by=None)
    event.refresh_from_db()
    assert times(event)[0] == ("签到入场", "13:30", "14:00")
    assert times(event)[-1] == ("圆桌对话与总结", "17:40", "18:00")
    assert event.starts_at.astimezone(UTC).hour == 11


def test_the_rooms_above_hear_of_the_move_with_the_old_times(salon, monkeypatch):
    heard = []
    note = lambda event, *, before, by: heard.append((event.starts_at, before.starts_at, by))  # noqa: E731
    monkeypatch.setattr(upstairs, "when_moved", [note])
    by = crew(salon, "shen")
    agenda.move_event(event=salon, starts_at=NEXT_YEAR, by=by)
    assert heard == [(NEXT_YEAR, DAY, by)]


@pytest.mark.parametrize("begun", [True, False])
def test_what_has_begun_or_lies_behind_cannot_be_a_new_date(salon, begun):
    if begun:
        agenda.advance(event=salon, seen=0, by=None)
    to = NEXT_YEAR if begun else at("13:30", DAY.replace(year=2020))
    with pytest.raises(Refused) as refused:
        agenda.move_event(event=salon, starts_at=to, by=None)
    assert refused.value.code == ("started" if begun else "past")
    assert Event.objects.get(pk=salon.pk).starts_at == DAY


@pytest.mark.parametrize("to", ["9999-12-31T23:59", "2201-01-01T10:00"])
def test_a_day_beyond_the_calendar_is_refused_and_nothing_moves(salon, shen, client, to):
    answer = client.post(reverse("move_event", args=["spring"]), {"starts_at": to})
    assert answer.status_code == 422
    assert "日期要在 2000 年到 2200 年之间。" in answer.content.decode()
    salon.refresh_from_db()
    assert salon.starts_at == DAY


def test_the_organiser_moves_the_event_on_its_page(salon, shen, client):
    page = client.get(reverse("move_event", args=["spring"]))
    assert "2026年12月19日 13:30" in page.content.decode()
    answer = client.post(reverse("move_event", args=["spring"]), {"starts_at": "2027-01-16T14:00"})
    assert answer.status_code == 302
    salon.refresh_from_db()
    assert salon.starts_at == NEXT_YEAR
    refused = client.post(reverse("move_event", args=["spring"]), {"starts_at": "sometime"})
    assert refused.status_code == 422
