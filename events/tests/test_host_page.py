"""The host's page: what it shows, what its buttons do, who may press them."""

from datetime import timedelta

import pytest

from events import agenda, announcing, upstairs
from events.models import Crew
from events.tests.scenes import a_salon, at, crew

pytestmark = pytest.mark.django_db
PRESS = "/e/spring/host/press/"


@pytest.fixture
def salon():
    return a_salon()


@pytest.fixture
def host(salon, client, travel):
    travel(at("12:00"))
    user = crew(salon, "hejing", Crew.Role.HOST)
    client.force_login(user)
    return user


def press(client, salon, act, htmx=True, **given):
    headers = {"HX-Request": "true"} if htmx else {}
    form = {"act": act, "seen": agenda.seen_of(salon), **given}
    return client.post(PRESS, form, headers=headers)


@pytest.mark.usefixtures("host")
def test_the_page_says_what_is_now_what_is_next_and_what_to_say(salon, client, travel):
    travel(at("13:30"))
    page = client.get("/e/spring/host/").content.decode()
    assert "还没开始" in page
    assert "开始：签到入场" in page
    travel(at("14:07"))
    press(client, salon, "advance")
    page = press(client, salon, "advance").content.decode()
    assert "正在进行 · 开场" in page
    assert "开始：主题分享一：用户分层互动策略" in page
    assert "欢迎现场和线上的朋友" in page
    assert "晚了 7 分钟" in page


@pytest.mark.usefixtures("host")
def test_the_stage_calls_a_rehearsal_a_rehearsal_to_the_last_press(salon, client, travel):
    travel(at("20:00") - timedelta(days=20))
    for _press in range(8):
        page = press(client, salon, "advance").content.decode()
        assert "可以当作彩排" in page
    assert "全部流程走完了" in page
    assert "问卷会按计划自动发给到场的人" not in page
    travel(at("23:59") + timedelta(minutes=6))
    assert "可以当作彩排" not in client.get("/e/spring/host/").content.decode(), "it went on late"


@pytest.mark.usefixtures("host")
def test_stage_and_wall_say_that_the_salon_was_called_off(salon, client, travel):
    announcing.call_off(event=salon, by=None)
    stage = client.get("/e/spring/host/").content.decode()
    assert "本场活动已取消" in stage
    assert "可以当作彩排" not in stage
    wall = client.get("/e/spring/wall/agenda/").content.decode()
    assert "已取消" in wall
    assert "即将开始" not in wall


@pytest.mark.usefixtures("host")
def test_lateness_is_offered_as_the_minutes_to_extend(salon, client, travel):
    travel(at("13:42"))
    page = press(client, salon, "advance").content.decode()
    assert 'name="minutes" type="number" min="1" max="120" value="12"' in page


@pytest.mark.usefixtures("host")
def test_the_preview_names_each_change_and_changes_nothing(salon, client):
    item = salon.agenda.first()
    query = {"act": "extend", "item": item.pk, "minutes": 10, "how": "break", "seen": 0}
    page = client.get("/e/spring/host/preview/", query).content.decode()
    assert "<b>15:30–15:50</b>" in page
    assert "剩 20 分钟" in page
    assert salon.agenda.first().ends_at == item.ends_at
    press(client, salon, "extend", item=item.pk, minutes=10, how="break")
    assert salon.agenda.first().ends_at == at("14:10")


@pytest.mark.usefixtures("host")
def test_a_preview_that_cannot_be_done_says_why(salon, client):
    query = {"item": salon.agenda.last().pk, "minutes": 10, "how": "break"}
    page = client.get("/e/spring/host/preview/", query).content.decode()
    assert "后面没有茶歇可以缩短了" in page


@pytest.mark.usefixtures("host")
def test_without_scripts_a_press_leads_back_to_the_page(salon, client):
    answer = press(client, salon, "advance", htmx=False)
    assert answer.status_code == 302
    assert answer["Location"] == "/e/spring/host/"


@pytest.mark.usefixtures("host")
def test_the_second_host_sees_the_new_stage_and_a_word_about_it(salon, client):
    seen = agenda.seen_of(salon)
    agenda.advance(event=salon, seen=seen, by=None)
    answer = client.post(PRESS, {"act": "advance", "seen": seen}, headers={"HX-Request": "true"})
    page = answer.content.decode()
    assert "刚才已有人操作过" in page
    assert "开始：开场致辞" in page
    assert salon.agenda_steps.count() == 1


@pytest.mark.usefixtures("host")
def test_a_page_that_was_outdated_while_it_was_made_does_not_press_blindly(
    salon, client, monkeypatch
):
    def other_host(event, item):
        agenda.advance(event=event, seen=agenda.seen_of(event), by=None)
        return ""

    monkeypatch.setattr(upstairs, "host_controls", [other_host])
    answer = client.get("/e/spring/host/")
    assert answer.context["programme"].following.title == "签到入场"
    monkeypatch.undo()
    form = {"act": "advance", "seen": answer.context["seen"]}
    page = client.post(PRESS, form, headers={"HX-Request": "true"}).content.decode()
    assert "刚才已有人操作过" in page
    assert salon.agenda_steps.count() == 1


@pytest.mark.usefixtures("host")
@pytest.mark.parametrize(
    "form",
    [
        {},
        {"act": "dance"},
        {"act": "advance", "seen": "x"},
        {"act": "start", "item": "9" * 400},
        {"act": "extend", "minutes": "ten"},
        {"act": "extend", "how": "sideways"},
        {"act": "start", "item": "0"},
    ],
)
def test_nonsense_is_answered_with_a_sentence(salon, client, form):
    answer = client.post(PRESS, form, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert 'class="notice notice-warn"' in answer.content.decode()
    assert salon.agenda_steps.count() == 0


def test_only_host_and_organisers_of_this_event_may_press(salon, client):
    assert client.post(PRESS).status_code == 302
    client.force_login(crew(salon, "lu", Crew.Role.MENTOR))
    assert client.post(PRESS).status_code == 403
    client.force_login(crew(a_salon("autumn"), "zhou"))
    assert client.post(PRESS).status_code == 404
    client.force_login(crew(salon, "shen"))
    assert press(client, salon, "advance", htmx=False).status_code == 302
    assert client.get(PRESS).status_code == 405


@pytest.mark.usefixtures("host")
def test_rooms_above_add_controls_and_people(salon, client, monkeypatch):
    monkeypatch.setattr(upstairs, "host_controls", [lambda event, item: f"[{item.kind}]"])
    monkeypatch.setattr(
        upstairs, "headcount", [lambda event: {"heads": 47, "arrived": 31}, lambda event: {}]
    )
    page = client.get("/e/spring/host/").content.decode()
    assert "[check_in]" in page
    assert "31<small> / 47" in page


@pytest.mark.usefixtures("host")
def test_the_stage_costs_the_same_in_the_morning_and_in_the_evening(
    salon, client, django_assert_max_num_queries
):
    for _step in range(7):
        with django_assert_max_num_queries(20):
            client.get("/e/spring/host/")
        press(client, salon, "advance")
