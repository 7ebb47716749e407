"""The pages of applicants over HTTP."""

import io
import json
import re
from datetime import timedelta
from decimal import Decimal

import pytest

from events.models import Event
from participants import applications, import_runs, notes, screening
from participants.access import issue_link
from participants.models import CheckIn, Participant
from participants.tests import scenes
from participants.tests.pages import address, as_it_stands, as_person, filled
from salon import clock
from salon.models import AuditEntry
from salon.sheets import write_table

pytestmark = pytest.mark.django_db
Status = Participant.Status


@pytest.fixture
def event(db):
    return scenes.a_salon()


@pytest.fixture
def chen(event, client):
    user = scenes.an_organiser(event)
    client.force_login(user)
    return user


def test_lin_applies_on_her_phone(client, event):
    page = client.get(address("apply"), {"c": "gzh"})
    assert page.status_code == 200
    answer = client.post(address("apply") + "?c=gzh", filled())
    assert answer.url == address("applied")
    lin = Participant.objects.get()
    assert (lin.mobile, lin.community_size, lin.channel.code) == ("+8613800138000", 12000, "gzh")
    assert lin.active_rate == 45
    assert lin.pain_points.count() == 2


@pytest.mark.parametrize("code", ["%00", "gzh%00", "%ff", "%F0%9F%8C%B1", "x" * 5000])
def test_a_broken_channel_code_sends_nobody_away(client, event, code):
    answer = client.post(f"{address('apply')}?c={code}", filled())
    assert answer.url == address("applied")
    assert Participant.objects.get().name == "林知夏"


def test_everybody_reads_the_same_answer(client, event):
    scenes.an_applicant(event, "林知夏", 1)
    new = client.post(address("apply"), filled(), follow=True)
    again = client.post(
        address("apply"), filled(name="旁人", mobile="", email="p1@example.com"), follow=True
    )
    masked = [re.sub(rb'value="[A-Za-z0-9]{64}"', b"", page.content) for page in (new, again)]
    assert masked[0] == masked[1]
    assert Participant.objects.count() == 2


def test_a_script_that_fills_the_trap_is_thanked_and_forgotten(client, event):
    answer = client.post(address("apply"), filled(website="http://spam.example"))
    assert answer.url == address("applied")
    assert not Participant.objects.exists()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"name": ""}, "请写姓名"),
        ({"mobile": "1380013800"}, "手机号码不对"),
        ({"mobile": "", "email": ""}, "手机和邮箱至少填一项"),
        ({"email": "lin@"}, "邮箱地址不对"),
        ({"industry": ""}, "请选择行业"),
        ({"category": ""}, "请选择您的身份"),
        ({"community_size": "很多"}, "请写一个数字"),
        ({"active_rate": "450"}, "百分比"),
        ({"pain_points": ["", " "]}, "至少写一条痛点"),
        ({"pain_points": ["长" * 201]}, "每条最多 200 字"),
        ({"organisation": "长" * 121}, "最多 120 字"),
        ({"consents": ["photo"]}, "需要您同意处理个人信息"),
    ],
)
def test_a_mistake_is_said_beside_its_field_and_nothing_is_lost(client, event, change, sentence):
    page = client.post(address("apply"), filled(**change))
    assert page.status_code == 200
    text = page.content.decode()
    assert sentence in text
    assert "拾光教育" in text or "organisation" in change
    assert not Participant.objects.exists()


def test_a_refusal_that_is_no_fields_is_said_once_above_the_form(client, event, monkeypatch):
    monkeypatch.setitem(applications.NEW_PER_DEVICE, "times", 0)
    client.get(address("apply"))  # the phone's own number
    text = client.post(address("apply"), filled()).content.decode()
    assert text.count("操作太频繁了") == 1
    assert 'value="林知夏"' in text


def test_what_is_missing_is_listed_as_the_page_asks_it(client, event):
    empty = filled(category="", name="", industry="", pain_points=[], consents=[])
    text = client.post(address("apply"), empty).content.decode()
    listed = text.partition("data-form-errors")[2].partition("</ul>")[0]
    links = re.findall(r'href="#div_id_(\w+)"', listed)
    assert links == ["category", "name", "industry", "pain_points", "consents"]


@pytest.mark.parametrize("field", ["name", "organisation", "expectation", "client_id", "industry"])
@pytest.mark.parametrize(
    "text",
    ["\x00", "\ud800", "\u202e林", "👩‍👩‍👧", "夏" * 10_000, "<script>alert(1)</script>", "=1+1"],
)
def test_no_text_breaks_the_form(client, event, field, text):
    body = "&".join(
        f"{name}={value}"
        for name, value in {"category": "core", "online": "0", field: "%00"}.items()
    )
    assert client.post(
        address("apply"), body, content_type="application/x-www-form-urlencoded"
    ).status_code in (200, 302)
    data = filled(**{field: text.encode("utf-8", "replace").decode()})
    page = client.post(address("apply"), data)
    assert page.status_code in (200, 302)
    assert b"<script>alert" not in page.content


@pytest.mark.parametrize("state", ["closed", "full", "not_yet", "cancelled"])
def test_the_form_says_when_it_cannot_take_one_as_usual(client, event, state):
    changes = {
        "closed": {"registration_closes_at": event.created_at},
        "full": {"on_site_capacity": 0, "online_capacity": 0},
        "not_yet": {"registration_opens_at": event.starts_at},
        "cancelled": {"status": "cancelled"},
    }
    type(event).objects.update(**changes[state])
    text = client.get(address("apply")).content.decode()
    if state in ("closed", "full"):
        assert "候补" in text
        assert "提交报名" in text
    else:
        assert "提交报名" not in text


@pytest.mark.django_db(transaction=True)  # no savepoint of the test's own is counted
def test_the_sign_up_post_keeps_its_budget(client, django_assert_max_num_queries):
    scenes.a_salon()
    client.get(address("apply"))
    with django_assert_max_num_queries(12):
        client.post(address("apply") + "?c=gzh", filled())
    assert Participant.objects.get().channel.code == "gzh"


def test_a_personal_link_opens_the_own_page_and_leaves_the_address(client, event):
    lin = scenes.an_applicant(event)
    answer = client.get(issue_link(participant=lin))
    assert answer.url == address("me")
    text = client.get(address("me")).content.decode()
    assert "待审核" in text
    assert "林知夏" in text


def test_a_decision_not_released_is_not_told(client, event):
    chen, lin = scenes.an_organiser(event), scenes.an_applicant(event)
    batch = screening.decide(participant=lin, to_status=Status.ACCEPTED, by=chen)
    as_person(client, lin)
    assert "待审核" in client.get(address("me")).content.decode()
    screening.release_batch(batch=batch, by=chen)
    text = client.get(address("me")).content.decode()
    assert "已通过·待确认" in text
    assert "确认参加" in text


def test_lin_confirms_and_sees_her_code(client, event):
    lin = scenes.accepted(event, by=scenes.an_organiser(event))
    as_person(client, lin)
    client.post(address("me_confirm"))
    text = client.get(address("me")).content.decode()
    assert "已确认" in text
    assert lin.code in text
    assert "data:image/svg+xml" in text


def test_the_code_in_the_address_opens_nothing_for_a_stranger(client, event):
    lin = scenes.confirmed(event, by=scenes.an_organiser(event))
    page = client.get(address("me"), {"k": lin.code})
    assert page.status_code == 403
    assert "林知夏" not in page.content.decode()


def test_opening_links_changes_nothing(client, event):
    lin = scenes.accepted(event, by=scenes.an_organiser(event))
    link = issue_link(participant=lin)
    before = Participant.objects.values().get()
    for _scan in range(5):
        client.get(link)
        client.head(link)
        client.get(address("me"))
        client.get(address("me_edit"))
        client.get(address("me_erase"))
    assert Participant.objects.values().get() == before


@pytest.mark.parametrize(
    ("step", "status"), [("me_withdraw", "withdrawn"), ("me_confirm", "confirmed")]
)
def test_own_steps(client, event, step, status):
    lin = scenes.accepted(event, by=scenes.an_organiser(event))
    as_person(client, lin).post(address(step))
    lin.refresh_from_db()
    assert lin.status == status


def test_a_seat_not_told_yet_cannot_be_confirmed_by_guessing_its_address(client, event):
    chen, lin = scenes.an_organiser(event), scenes.an_applicant(event)
    batch = screening.decide(participant=lin, to_status=Status.ACCEPTED, by=chen)
    page = as_person(client, lin).post(address("me_confirm"), follow=True)
    assert "现在没有需要您确认的名额" in page.content.decode()
    lin.refresh_from_db()
    assert lin.status == "accepted"
    screening.release_batch(batch=batch, by=chen)
    client.post(address("me_confirm"))
    lin.refresh_from_db()
    assert lin.status == "confirmed"


def test_a_page_left_open_withdraws_nobody_once_the_salon_is_over(client, event, travel):
    lin = scenes.confirmed(event, by=scenes.an_organiser(event))
    travel(event.ends_at + timedelta(hours=3))
    page = as_person(client, lin).post(address("me_withdraw"), follow=True)
    assert "现在没有可以取消的报名" in page.content.decode()
    lin.refresh_from_db()
    assert lin.status == "confirmed"


def test_who_was_not_selected_does_not_come_back_by_withdrawing_first(client, event):
    chen, lin = scenes.an_organiser(event), scenes.an_applicant(event)
    batch = screening.decide(
        participant=lin, to_status=Status.NOT_SELECTED, by=chen, told_reason="这一场名额有限"
    )
    screening.release_batch(batch=batch, by=chen)
    as_person(client, lin)
    for step in ("me_withdraw", "me_return"):
        client.post(address(step))
    lin.refresh_from_db()
    assert (lin.status, lin.told_reason) == ("not_selected", "这一场名额有限")


def test_lin_edits_her_answers(client, event):
    lin = scenes.an_applicant(event)
    as_person(client, lin)
    page = client.get(address("me_edit")).content.decode()
    assert "新人进群三天就不说话了" in page
    data = filled(version=lin.version, mobile="13800000000", email=lin.email, job_title="群主")
    data["pain_points"] = ["只有一条"]
    assert client.post(address("me_edit"), data).url == address("me")
    lin.refresh_from_db()
    assert lin.job_title == "群主"
    assert [point.text for point in lin.pain_points.all()] == ["只有一条"]


def test_lin_sees_what_was_changed_elsewhere_and_saves_again(client, event):
    lin = scenes.an_applicant(event)
    as_person(client, lin)
    page = client.get(address("me_edit"))
    elsewhere = as_it_stands(page, organisation="山海文化", active_rate="30%")
    client.post(address("me_edit"), elsewhere)
    stale = client.post(address("me_edit"), as_it_stands(page, job_title="群主"))
    assert "刚刚在别处改过" in stale.content.decode()
    assert [(str(label), text) for label, text in stale.context["at_variance"]] == [
        ("机构", "山海文化"),
        ("岗位", "社群运营"),
        ("近6个月平均月活率（%）", "30%"),
    ]
    again = as_it_stands(stale, organisation="山海文化")
    assert again["job_title"] == "群主"
    assert client.post(address("me_edit"), again).url == address("me")
    lin.refresh_from_db()
    assert (lin.organisation, lin.job_title, lin.active_rate) == ("山海文化", "群主", 45)


def test_a_decision_meanwhile_costs_lin_one_more_press_and_says_what_it_means(client, event, chen):
    lin = scenes.an_applicant(event)
    as_person(client, lin)
    page = client.get(address("me_edit"))
    assert "有几项改了要重新审核" not in page.content.decode()
    batch = screening.decide(participant=lin, to_status=Status.ACCEPTED, by=chen)
    screening.release_batch(batch=batch, by=chen)
    told = client.post(address("me_edit"), as_it_stands(page, job_title="群主"))
    assert "有几项改了要重新审核" in told.content.decode()
    assert client.post(address("me_edit"), as_it_stands(told)).url == address("me")
    lin.refresh_from_db()
    assert (lin.job_title, lin.status) == ("群主", "accepted")


IMPORTED = {
    "姓名": "林知夏",
    "手机": "+81 90-1234-5678",
    "邮箱": "Lin@Example.com",
    "行业": "教育",
    "社群规模（人）": "1.2万",
    "近6个月平均月活率": "1%",
    "痛点1": "1、潜水的人多",
    "创作领域": "短视频\n图文",
    "可以带来的案例或方法": "拉新案例：\n\n从 0 到 5 万人",
    "合作需求": "招募体验官\n长期",
    "可以提供的资源": "试用装\t200 份\n场地",
    "擅长领域": "数据分析\n" + "\n".join(f"本事{number}" for number in range(14)) + "\n活动策划",
    "期望收获": "一套流程\n几位朋友",
    "同意处理个人信息": "是",
}


@pytest.mark.parametrize("identity", ["社群核心运营者", "品牌方代表", "内容创作者"])
def test_whoever_was_imported_and_corrects_one_thing_changes_nothing_else(client, event, identity):
    sheet = io.BytesIO()
    cells = IMPORTED | {"身份": identity}
    write_table(sheet, sheets=[("报名表", list(cells), [list(cells.values())], None)])
    reading = import_runs.look(event=event, source=sheet.getvalue())
    import_runs.take(event=event, reading=reading, by=scenes.an_organiser(event))
    lin = Participant.objects.get()
    scenes.now_stand(event.participants, Status.CONFIRMED)
    before = Participant.objects.values().get()
    as_person(client, lin)
    data = as_it_stands(client.get(address("me_edit")), organisation="拾光教育")
    # A browser writes the lines of a textarea with CR LF, and none in a single line.
    data = {
        name: str(v).replace("\n", "\r\n") if isinstance(v, str) else v for name, v in data.items()
    }
    assert client.post(address("me_edit"), data).url == address("me")
    assert AuditEntry.objects.get(verb="edit_answers").fields == ["organisation"]
    after = Participant.objects.values().get()
    looked_at = ("gate_at", "gate_seen_at")  # the new answer is not, so far
    expected = {name: after[name] for name in looked_at}
    expected |= {"organisation": "拾光教育", "version": before["version"] + 1}
    assert after == before | expected


def test_a_small_rate_stays_small_when_lin_corrects_her_organisation(client, event):
    lin = scenes.an_applicant(event, active_rate=Decimal(1))
    as_person(client, lin)
    data = as_it_stands(client.get(address("me_edit")), organisation="知夏工作室")
    client.post(address("me_edit"), data)
    lin.refresh_from_db()
    assert (lin.organisation, lin.active_rate) == ("知夏工作室", 1)


def test_a_guest_inside_is_offered_nothing_that_would_lose_the_seat(client, event, chen):
    lin = scenes.confirmed(event, by=chen)
    as_person(client, lin)
    page = client.get(address("me")).content.decode()
    assert "取消报名" in page
    assert "改为线上参加" in page
    now = clock.now()
    CheckIn.objects.create(event=event, participant=lin, method="code", at=now, received_at=now)
    page = client.get(address("me")).content.decode()
    assert "已签到" in page
    assert "取消报名" not in page
    assert "改为线上参加" not in page
    assert "名额暂时不保留" not in client.get(address("me_edit")).content.decode()
    client.post(address("me_withdraw"))  # from a page opened before
    lin.refresh_from_db()
    assert lin.status == "confirmed"


def test_consents_are_changed_one_by_one(client, event):
    lin = scenes.an_applicant(event)
    as_person(client, lin).post(address("me_consents"), {"consents": ["photo"]})
    given = lin.consents.filter(withdrawn_at=None).values_list("purpose", flat=True)
    assert set(given) == {"processing", "photo"}


def test_own_data_is_complete_json(client, event):
    chen = scenes.an_organiser(event)
    lin = scenes.confirmed(event, by=chen)
    notes.save_note(participant=lin, note="想坐前排", by=chen)
    data = json.loads(as_person(client, lin).get(address("me_data")).content)
    assert data["note"] == "想坐前排"
    assert data["answers"]["name"] == "林知夏"
    assert data["answers"]["pain_points"] == ["新人进群三天就不说话了"]
    assert {row["purpose"] for row in data["consents"]} == {"processing", "wall_name"}
    assert [row["after"] for row in data["status_changes"]] == ["accepted", "confirmed"]


def test_lin_erases_herself(client, event):
    lin = scenes.confirmed(event, by=scenes.an_organiser(event))
    as_person(client, lin)
    assert client.get(address("me_erase")).status_code == 200
    page = client.post(address("me_erase"), {"sure": "yes"})
    assert "已经删除" in page.content.decode()
    assert client.get(address("me")).status_code == 403
    lin.refresh_from_db()
    assert (lin.name, lin.mobile, lin.email) == ("", "", "")


def what_comes_first(client):
    """The parts of the own page in the order they stand."""
    page = client.get(address("me")).content.decode()
    places = {"now": 'id="now"', "word": 'class="status status-lg"', "qr": 'class="qr '}
    assert page.count(places["now"]) == 1
    return sorted(places, key=lambda part: page.index(places[part]))


def test_before_the_door_the_code_comes_first_and_behind_it_what_is_on(event, chen, client):
    lin = scenes.confirmed(event, by=chen)
    as_person(client, lin)
    assert what_comes_first(client) == ["word", "qr", "now"]
    assert "进门时出示" in client.get(address("me")).content.decode()
    came = CheckIn.objects.create(
        event=event, participant=lin, method="qr", at=clock.now(), received_at=clock.now()
    )
    assert what_comes_first(client) == ["now", "word", "qr"]
    page = client.get(address("me")).content.decode()
    assert "已签到，不用再出示" in page
    assert "欢迎到场" in page
    came.voided_at = clock.now()
    came.save(update_fields=["voided_at"])
    assert what_comes_first(client) == ["word", "qr", "now"]


def test_online_what_is_on_comes_first_as_soon_as_it_begins(event, chen, client):
    su = scenes.confirmed(event, "苏禾", 1, by=chen, online=True)
    as_person(client, su)
    assert what_comes_first(client) == ["word", "qr", "now"]
    Event.objects.update(starts_at=clock.now() - timedelta(minutes=5))
    assert what_comes_first(client) == ["now", "word", "qr"]


# ---- an address that is probably misspelt --------------------------------------------------


def test_lin_is_asked_whether_she_meant_qq_com_and_takes_it_with_one_tap(client, event):
    typed = filled(email="lin@qq.con")
    asked = client.post(address("apply"), typed)
    page = asked.content.decode()
    assert "是不是 lin@qq.com？" in page
    assert 'name="email_take" value="lin@qq.com"' in page
    assert not Participant.objects.exists()
    taken = client.post(
        address("apply"), typed | {"email_kept": "lin@qq.con", "email_take": "lin@qq.com"}
    )
    assert taken.status_code == 302
    assert Participant.objects.get().email == "lin@qq.com"


def test_ma_keeps_an_address_that_only_looks_misspelt(client, event):
    typed = filled(email="ma@gmial.com")
    assert "是不是 ma@gmail.com？" in client.post(address("apply"), typed).content.decode()
    kept = client.post(address("apply"), typed | {"email_kept": "ma@gmial.com"})
    assert kept.status_code == 302
    assert Participant.objects.get().email == "ma@gmial.com"


def test_another_slip_after_the_first_is_asked_about_again(client, event):
    typed = filled(email="lin@163.cm") | {"email_kept": "lin@qq.con"}
    assert "是不是 lin@163.com？" in client.post(address("apply"), typed).content.decode()
