"""The pages of applicants and organisers over HTTP."""

import io
import json
import re
import uuid
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from events.models import Event
from participants import calls, exporting, import_runs, notes, queue, screening
from participants.access import issue_link
from participants.forms import OwnAnswersForm
from participants.models import CheckIn, ImportFile, Participant
from participants.tests import scenes
from participants.tests.test_import_runs import a_sheet
from salon import clock
from salon.models import AuditEntry, Message
from salon.sheets import open_table, write_table
from salon.text import pinyin_for_search

pytestmark = pytest.mark.django_db
Status = Participant.Status


def filled(**changed):
    return {
        "client_id": str(uuid.uuid4()),
        "category": "core",
        "name": "林知夏",
        "mobile": "138 0013 8000",
        "email": "lin@example.com",
        "organisation": "拾光教育",
        "industry": "education",
        "community_size": "1.2万",
        "active_rate": "45%",
        "pain_points": ["新人进群三天就不说话了", "", "老用户流失"],
        "online": "0",
        "consents": ["processing", "wall_name"],
        **changed,
    }


def address(name, *args):
    return reverse(name, args=["spring", *args])


def as_it_stands(page, **changed):
    """What a browser sends when the form of a page is posted as it stands, with changes."""
    form = page.context["form"]
    shown = {field.html_name: field.value() for field in form}
    return {name: value for name, value in shown.items() if value is not None} | changed


def as_person(client, person):
    client.get(issue_link(participant=person))
    return client


@pytest.fixture
def event(db):
    return scenes.a_salon()


@pytest.fixture
def chen(event, client):
    user = scenes.an_organiser(event)
    client.force_login(user)
    return user


# ---- the applicant -----------------------------------------------------------------------


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
    Participant.objects.update(status=Status.CONFIRMED)
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
    assert after == before | {"organisation": "拾光教育", "version": before["version"] + 1}


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


# ---- the organiser -----------------------------------------------------------------------


def test_screening_two_thousand_costs_twelve_statements(client, event, chen):
    scenes.a_crowd(event, 2000)
    with_queries(client, address("screening"), most=12)
    with_queries(client, address("screening") + "?status=all&q=b&page=3&sort=name", most=12)


def with_queries(client, url, *, most):
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url).status_code == 200
    assert len(captured) <= most, "\n".join(q["sql"][:120] for q in captured)


@pytest.mark.parametrize("words", ["林知夏", "lin", "lzx", "linzhixia", "0001", "拾光", "知"])
def test_a_person_is_found_by_name_pinyin_mobile_tail_or_organisation(client, event, chen, words):
    scenes.an_applicant(event, "林知夏", 10001)
    scenes.an_applicant(event, "周晓", 20002, organisation="别处")
    text = client.get(address("screening"), {"q": words}).content.decode()
    assert "勾选 林知夏" in text
    assert "勾选 周晓" not in text


def test_chips_and_scores_explain_themselves(client, event, chen):
    lin = scenes.an_applicant(event, community_size=300, active_rate=None)
    text = client.get(address("screening_person", lin.pk)).content.decode()
    assert "低于要求的 5,000" in text
    assert "没有填写，需要核实" in text
    assert "未知，暂不计分" in text


def test_deciding_answers_with_the_queue_as_it_is_then(client, event, chen):
    lin, zhou = scenes.applicants(event, 2)
    answer = client.post(
        address("screening_decide"),
        {"to": "accepted", "people": [lin.pk, zhou.pk], "status": "submitted"},
        headers={"HX-Request": "true"},
    )
    text = answer.content.decode()
    assert "2 人 → 已通过·待确认" in text
    assert "<html" not in text
    client.post(address("screening_undo"), headers={"HX-Request": "true"})
    assert Participant.objects.with_status(Status.SUBMITTED).count() == 2


def test_without_scripts_a_decision_is_a_form_as_well(client, event, chen):
    lin = scenes.an_applicant(event)
    answer = client.post(address("screening_decide"), {"to": "waitlisted", "people": [lin.pk]})
    assert answer.url == address("screening")
    lin.refresh_from_db()
    assert lin.status == "waitlisted"


def test_after_a_decision_the_organiser_is_led_to_a_page_of_this_house(client, event, chen):
    lin = scenes.an_applicant(event)
    for back_to, page in (
        (str(lin.pk), address("screening_person", lin.pk)),
        ("https://evil.example/", address("screening")),
        ("//evil.example/", address("screening")),
        ("javascript:alert(1)", address("screening")),
        ("\x00", address("screening")),
    ):
        answer = client.post(
            address("screening_decide"), {"back_to": back_to, "next_page": back_to}
        )
        assert answer.url == page


@pytest.mark.parametrize("odd", ["\x00", "9" * 30, "²", "abc"])
def test_no_odd_value_breaks_an_organisers_page(client, event, chen, odd):
    lin = scenes.an_applicant(event)
    group = event.interest_groups.create(name="教育·新用户激活组")
    merge = reverse("interest_group", args=["spring", group.pk])
    assert client.post(merge, {"act": "merge", "target": odd}).status_code == 404
    assert client.post(merge, {"act": "rename", "name": odd}).status_code == 302
    seats = {"source": odd, "target": odd, "seats": odd, "reason": odd}
    assert client.post(address("screening_release"), seats).status_code == 404
    step = address("screening_step", lin.pk, "category")
    assert client.post(step, {"category": odd}).status_code == 404
    letters = client.get(address("messages_batch"), {"batch": odd, "kind": odd})
    assert letters.status_code in (200, 404)
    for name in ("messages_release", "messages_hold"):
        assert client.post(address(name), {"batch": odd}).status_code == 302


def test_filling_from_the_page(client, event, chen):
    people = scenes.applicants(event, 3)
    assert client.get(address("screening_fill")).status_code == 200
    client.post(
        address("screening_fill_apply"),
        {
            "room": "on_site",
            f"to-{people[0].pk}": "accept",
            f"to-{people[1].pk}": "waitlist",
            f"to-{people[2].pk}": "leave",
        },
    )
    assert list(Participant.objects.order_by("pk").values_list("status", flat=True)) == [
        "accepted",
        "waitlisted",
        "submitted",
    ]


def test_letters_are_read_released_and_reworded(client, event, chen):
    lin = scenes.an_applicant(event)
    batch = screening.decide(participant=lin, to_status=Status.ACCEPTED, by=chen)
    name = f"screening:{batch.pk}"
    page = client.get(address("messages")).content.decode()
    assert "通过，请确认" in page
    text = client.get(address("messages_batch"), {"batch": name}).content.decode()
    assert "您报名的“用户互动沙龙”已经通过" in text
    refused = client.post(
        address("messages_wording", "accepted"), {"subject": "好", "body": "{名字} 您好"}
    )
    assert "没有这个字段" in refused.content.decode()
    assert "{名字} 您好" in refused.content.decode()
    client.post(address("messages_wording", "accepted"), {"subject": "好", "body": "{姓名} 您好"})
    text = client.get(address("messages_batch"), {"batch": name}).content.decode()
    assert "林知夏 您好" in text
    client.post(address("messages_release"), {"batch": name})
    assert not Message.objects.held().exists()


def test_an_evening_of_single_decisions_is_released_at_once(client, event, chen):
    people = scenes.applicants(event, 3)
    screening.decide(participant=people[0], to_status=Status.ACCEPTED, by=chen)
    assert "放行全部决定" not in client.get(address("messages")).content.decode()
    screening.decide(participant=people[1], to_status=Status.WAITLISTED, by=chen)
    screening.decide(
        participant=people[2], to_status=Status.NOT_SELECTED, told_reason="这次名额有限", by=chen
    )
    assert "放行全部决定（3 封）" in client.get(address("messages")).content.decode()
    client.post(address("messages_release_all"))
    held = Message.objects.held()
    assert not held.exclude(kind="received").exists()
    assert "放行全部决定" not in client.get(address("messages")).content.decode()


def test_where_nobody_is_there_is_nothing_to_decide_but_the_last_step_can_be_undone(
    client, event, chen
):
    def shown(marks=("data-all", "data-decide", "data-undo-last", "queue-tools")):
        page = client.get(address("screening")).content.decode()
        return [mark for mark in marks if mark in page]

    assert shown() == []
    lin = scenes.an_applicant(event)
    assert shown() == ["data-all", "data-decide", "queue-tools"]
    screening.decide(participant=lin, to_status=Status.ACCEPTED, by=chen)
    assert shown() == ["data-undo-last", "queue-tools"]


def test_a_caller_works_through_the_queue(client, event, chen):
    lin = scenes.an_applicant(event)
    screening.decide(participant=lin, to_status=Status.PHONE_SCREENING, by=chen)
    client.post(address("calls_claim"))
    call = lin.calls.get()
    page = client.get(address("calls")).content.decode()
    assert 'href="tel:+86' in page
    assert "data-countdown-to" in page
    kept = client.post(
        address("calls_finish", call.pk),
        {"outcome": "not_a_fit", "told_reason": "", "notes": "聊了八分钟"},
    ).content.decode()
    assert "聊了八分钟" in kept
    client.post(address("calls_finish", call.pk), {"outcome": "pass", "notes": "很好"})
    lin.refresh_from_db()
    assert lin.status == "accepted"


def fields_of(page):
    """{id: text} of the textareas of a page."""
    return dict(re.findall(r'<textarea[^>]* id="([^"]+)"[^>]*>([^<]*)</textarea>', page))


def test_the_notes_of_a_lost_call_stay_on_the_page_and_out_of_the_next_persons_form(
    client, event, chen
):
    lin, zhao = scenes.applicants(event, 2)
    screening.decide_many(
        event=event, people=[lin.pk, zhao.pk], to_status=Status.PHONE_SCREENING, by=chen
    )
    client.post(address("calls_claim"))
    lost = lin.calls.get()
    calls.give_back(call=lost, by=chen)
    posted = {"outcome": "pass", "notes": "聊了八分钟"}
    fields = fields_of(client.post(address("calls_finish", lost.pk), posted).content.decode())
    assert fields["c-apart"] == "聊了八分钟"
    screening.decide(participant=lin, to_status=Status.SUBMITTED, by=chen)
    assert calls.claim_next(event=event, by=chen).participant == zhao
    fields = fields_of(client.post(address("calls_finish", lost.pk), posted).content.decode())
    assert (fields["c-apart"], fields["c-notes"]) == ("聊了八分钟", "")
    fields = fields_of(client.post(address("calls_give_back", lost.pk), posted).content.decode())
    assert (fields["c-apart"], fields["c-notes"]) == ("聊了八分钟", "")


def test_beside_a_half_written_call_everything_opens_in_a_tab_of_its_own(client, event, chen):
    lin = scenes.an_applicant(event)
    screening.decide(participant=lin, to_status=Status.PHONE_SCREENING, by=chen)
    client.post(address("calls_claim"))
    page = client.get(address("calls")).content.decode()
    steps = re.findall(
        rf"<form[^>]*/screening/{lin.pk}/[^>]*>|<a[^>]*/screening/{lin.pk}/[^>]*>", page
    )
    assert len(steps) >= 5
    assert all('target="_blank"' in step for step in steps)
    alone = client.get(address("screening_person", lin.pk)).content.decode()
    assert 'target="_blank"' not in alone


def test_a_sheet_is_uploaded_looked_at_and_imported(client, event, chen):
    answer = client.post(
        address("applications_import"), {"file": SimpleUploadedFile("a.xlsx", a_sheet())}
    )
    file = ImportFile.objects.get()
    assert answer.url == address("applications_import_file", file.pk)
    page = client.get(answer.url).content.decode()
    assert "导入这 2 行" in page
    assert "没有填姓名" in page
    client.post(address("applications_import_start", file.pk))
    running = client.get(answer.url, headers={"HX-Request": "true"}).content.decode()
    assert "<progress" in running
    import_runs.run(file.pk)
    assert "导入了 2 人" in client.get(answer.url).content.decode()


def test_a_bad_file_is_one_sentence_on_the_page(client, event, chen):
    page = client.post(
        address("applications_import"), {"file": SimpleUploadedFile("a.xlsx", b"nonsense")}
    )
    assert "这份文件不能导入" in page.content.decode()
    assert not ImportFile.objects.exists()


def test_what_is_exported_is_text_and_comes_back(client, event, chen):
    scenes.an_applicant(event, '=HYPERLINK("http://x")知夏', 1, organisation="@SUM(A1)")
    answer = client.get(address("applications_export"), {"status": "all"})
    content = b"".join(answer.streaming_content)
    answer.close()
    rows = list(open_table(content, name="x.xlsx").rows())
    assert rows[0][1][:2] == ("姓名", "手机")
    assert rows[1][1][1] == "13800000001"
    assert rows[1][1][3] == "@SUM(A1)"


def test_the_export_costs_the_same_for_few_and_for_many(event):
    scenes.a_crowd(event, 40)
    asked = queue.Asked.of({"status": "all"}, list(event.categories.all()))
    with CaptureQueriesContext(connection) as captured:
        assert len(list(exporting.people_of(event, asked))) == 40
    assert len(captured) <= 4


def test_pages_of_another_event_are_not_there(client, event, chen):
    other = scenes.a_salon("other")
    stranger = scenes.an_applicant(other, "外人", 9)
    assert client.get(address("screening_person", stranger.pk)).status_code == 404
    assert client.get(reverse("screening", args=["other"])).status_code == 404
    client.post(address("screening_decide"), {"to": "accepted", "people": [stranger.pk]})
    stranger.refresh_from_db()
    assert stranger.status == "submitted"


def test_whose_link_an_organiser_asked_for_is_on_record(client, event, chen):
    lin = scenes.an_applicant(event)
    answer = client.post(address("screening_step", lin.pk, "link"), follow=True)
    path = re.search(r"/l/([\w-]+)", answer.content.decode())
    assert client.get(path[0]).url == address("me")
    entry = AuditEntry.objects.get(verb="hand_out_link")
    assert (entry.actor, entry.subject) == (f"user:{chen.pk}", f"participant:{lin.pk}")
    assert path[1] not in str(AuditEntry.objects.values_list())


def test_a_hundred_invitations_cost_the_admin_no_more_than_three(client, event, chen):
    address_of_list = reverse("admin:participants_channel_changelist")

    def statements():
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address_of_list).status_code == 200
        return len(captured)

    few = statements()
    for number in range(100):
        event.channels.create(kind="invitation", code=f"i{number}", label=f"邀请{number}")
    assert statements() == few


def test_the_admin_accepts_by_the_verb(client, event, chen):
    lin = scenes.an_applicant(event)
    url = reverse("admin:participants_participant_changelist")
    assert client.get(url).status_code == 200
    client.post(url, {"action": "accept", "_selected_action": [lin.pk]})
    lin.refresh_from_db()
    assert lin.status == "accepted"
    assert Message.objects.held().get().kind == "accepted"
    page = client.get(reverse("admin:participants_participant_change", args=[lin.pk]))
    assert page.status_code == 200


def as_the_admin_stands(page, **changed):
    """What a browser sends when an admin page is saved as it stands, with changes."""
    adminform, *formsets = (page.context["adminform"].form, *page.context["inline_admin_formsets"])
    shown = {field.html_name: field.value() for field in adminform}
    for inline in formsets:
        forms = [inline.formset.management_form, *inline.formset.forms]
        shown |= {field.html_name: field.value() for form in forms for field in form}
    return {name: value for name, value in shown.items() if value is not None} | changed


def test_a_correction_in_the_admin_is_found_judged_and_noticed(client, event, chen):
    """The desk finds the corrected name, the score follows, the seat stays, and an open form of
    the person's own does not write over it."""
    lin = scenes.confirmed(event, "林只夏", by=chen, can_bring="拉新案例\n三页")
    url = reverse("admin:participants_participant_change", args=[lin.pk])
    own = OwnAnswersForm(person=lin).initial["version"]
    page = client.get(url)
    saved = client.post(
        url,
        as_the_admin_stands(
            page,
            name="单知夏",
            community_size="100",
            pain_points="潜水的人多\n\n活动没人来",
            note="重名",
        ),
    )
    assert saved.status_code == 302
    before, lin = lin, Participant.objects.get()
    assert (lin.name, lin.status, lin.note) == ("单知夏", "confirmed", "重名")
    assert lin.pinyin == pinyin_for_search("单知夏")
    assert lin.score < before.score
    assert lin.version > own
    assert lin.can_bring == "拉新案例\n三页"
    assert [point.text for point in lin.pain_points.all()] == ["潜水的人多", "活动没人来"]
    edited = AuditEntry.objects.get(verb="edit_answers")
    assert edited.fields == ["community_size", "name", "pain_points"]
    assert edited.actor == f"user:{chen.pk}"
    # Who saves second is told.
    again = client.post(url, as_the_admin_stands(page, name="林知夏"))
    assert "刚被改过" in again.content.decode()


def test_somebody_who_walked_in_without_a_number_is_corrected_too(client, event, chen):
    lin = scenes.an_applicant(event)
    Participant.objects.update(source="walk_in", mobile="", email="")
    url = reverse("admin:participants_participant_change", args=[lin.pk])
    saved = client.post(url, as_the_admin_stands(client.get(url), organisation="山海文化"))
    assert saved.status_code == 302
    assert AuditEntry.objects.get(verb="edit_answers").fields == ["organisation"]


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"name": "🌱🌱"}, "请填写姓名"),
        ({"pain_points": "一\n二\n三\n四\n五\n六"}, "最多 5 条"),
        ({"pain_points": "长" * 201}, "每条最多 200 字"),
    ],
)
def test_what_cannot_be_kept_is_said_in_the_admin(client, event, chen, changed, sentence):
    lin = scenes.an_applicant(event)
    url = reverse("admin:participants_participant_change", args=[lin.pk])
    answer = client.post(url, as_the_admin_stands(client.get(url), **changed))
    assert answer.status_code == 200
    assert sentence in answer.content.decode()
    assert not AuditEntry.objects.filter(verb="edit_answers").exists()


def test_criteria_are_edited_in_the_admin_and_scores_follow(client, event, chen):
    lin = scenes.an_applicant(event)
    core = event.categories.get(key="core")
    url = reverse("admin:participants_category_change", args=[core.pk])
    rules = list(core.criteria.all())
    data = {
        "key": "core",
        "name": "核心运营者",
        "share_percent": "70",
        "position": "0",
        "criteria-TOTAL_FORMS": len(rules),
        "criteria-INITIAL_FORMS": len(rules),
        "criteria-MIN_NUM_FORMS": 0,
        "criteria-MAX_NUM_FORMS": 1000,
    }
    for number, rule in enumerate(rules):
        for field in (
            "id",
            "field",
            "operator",
            "threshold",
            "label",
            "unit",
            "weight",
            "position",
        ):
            value = getattr(rule, field)
            data[f"criteria-{number}-{field}"] = "" if value is None else value
    data["criteria-0-threshold"] = "50000"
    before = lin.score
    client.post(url, data)
    lin.refresh_from_db()
    assert lin.score < before
    data["criteria-0-field"] = "shoe_size"
    assert "没有这个字段" in client.post(url, data).content.decode()


def test_the_printed_command_is_one_json_object(event, tmp_path):
    file = tmp_path / "a.xlsx"
    file.write_bytes(a_sheet())
    out = io.StringIO()
    call_command("import_applications", "spring", str(file), "--json", stdout=out)
    assert set(json.loads(out.getvalue())) == {"rows", "importable", "imported", "known", "errors"}


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
    came.save()
    assert what_comes_first(client) == ["word", "qr", "now"]


def test_online_what_is_on_comes_first_as_soon_as_it_begins(event, chen, client):
    su = scenes.confirmed(event, "苏禾", 1, by=chen, online=True)
    as_person(client, su)
    assert what_comes_first(client) == ["word", "qr", "now"]
    Event.objects.update(starts_at=clock.now() - timedelta(minutes=5))
    assert what_comes_first(client) == ["now", "word", "qr"]
