"""The pages of organisers over HTTP."""

import io
import json
import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from participants import calls, contacts, exporting, import_runs, queue, screening
from participants.forms import OwnAnswersForm
from participants.models import ImportFile, Participant
from participants.tests import scenes
from participants.tests.pages import address
from participants.tests.test_import_runs import a_sheet
from salon import clock
from salon.models import AuditEntry, Message
from salon.sheets import open_table
from salon.text import pinyin_for_search

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


def test_a_plan_for_two_thousand_is_applied_as_it_stands_on_the_page(client, event, chen):
    scenes.a_crowd(event, 2000)
    page = client.get(address("screening_fill")).content.decode()
    posted = dict(re.findall(r'name="(to-\d+)" value="(\w+)" checked', page))
    posted |= dict.fromkeys(re.findall(r'name="(reason-\d+)"', page), "")
    assert len(posted) > 1000
    assert client.post(address("screening_fill_apply"), posted).status_code == 302
    stand = {f"to-{person.pk}": person.status for person in Participant.objects.all()}
    became = {"accept": "accepted", "waitlist": "waitlisted", "leave": "submitted"}
    for name, to in posted.items():
        assert name.startswith("reason-") or stand[name] == became[to]


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
    assert ("林知夏 您好" in text, "您好" in text) == (False, True)  # not proven to be hers
    contacts.prove(participant=lin, contacts=["email"], by=lin)
    text = client.get(address("messages_batch"), {"batch": name}).content.decode()
    assert "林知夏 您好" in text
    client.post(address("messages_release"), {"batch": name})
    assert not Message.objects.held().exists()


def test_an_evening_of_single_decisions_is_released_at_once(client, event, chen):
    people = scenes.applicants(event, 3)
    screening.decide(participant=people[0], to_status=Status.ACCEPTED, by=chen)
    assert "发送全部决定的通知" not in client.get(address("messages")).content.decode()
    screening.decide(participant=people[1], to_status=Status.WAITLISTED, by=chen)
    screening.decide(
        participant=people[2], to_status=Status.NOT_SELECTED, told_reason="这次名额有限", by=chen
    )
    assert "发送全部决定的通知（3 条）" in client.get(address("messages")).content.decode()
    client.post(address("messages_release_all"))
    held = Message.objects.held()
    assert not held.exclude(kind="received").exists()
    assert "发送全部决定的通知" not in client.get(address("messages")).content.decode()


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
    again = SimpleUploadedFile("b.xlsx", a_sheet())
    page = client.post(address("applications_import"), {"file": again}, follow=True)
    assert "表里的人都已经报过名" in page.content.decode()
    assert "导入这" not in page.content.decode()


def test_a_bad_file_is_one_sentence_on_the_page(client, event, chen):
    page = client.post(
        address("applications_import"), {"file": SimpleUploadedFile("a.xlsx", b"nonsense")}
    )
    assert "这份文件不能导入" in page.content.decode()
    assert not ImportFile.objects.exists()


def test_what_is_exported_is_text_and_comes_back(client, event, chen):
    scenes.an_applicant(event, '=HYPERLINK("x")知夏', 1, organisation="@SUM(A1)")
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
    before = lin.score
    client.post(url, as_the_admin_stands(client.get(url), **{"criteria-0-threshold": "50000"}))
    lin.refresh_from_db()
    assert lin.score < before


def test_a_criterion_is_read_in_words_and_plain_numbers(client, event, chen):
    core = event.categories.get(key="core")
    url = reverse("admin:participants_category_change", args=[core.pk])
    page = client.get(url)
    text = page.content.decode()
    assert "<summary>社群规模（人）</summary>" in text
    assert 'name="criteria-0-threshold" value="5000"' in text
    assert 'name="share_percent" value="70"' in text
    client.post(url, as_the_admin_stands(page))
    assert AuditEntry.objects.get(verb="edit_category").fields == []


def test_a_criterion_may_look_at_several_answers(client, event, chen):
    core = event.categories.get(key="core")
    url = reverse("admin:participants_category_change", args=[core.pk])
    data = as_the_admin_stands(client.get(url)) | {
        "criteria-0-field": ["community_size", "followers"],
        "criteria-0-operator": "any_of_present",
    }
    assert client.post(url, data).status_code == 302
    assert core.criteria.first().field == "community_size|followers"
    assert "<summary>社群规模（人）、粉丝量</summary>" in client.get(url).content.decode()


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"field": []}, "请选择看哪一项"),
        ({"field": ["shoe_size"]}, "没有“shoe_size”这一项"),
        ({"field": ["community_size", "followers"]}, "只有“任填其一”可以选几项"),
        ({"field": ["pain_points"]}, "只能用在数字上"),
        ({"threshold": ""}, "请写门槛"),
        ({"weight": "32000"}, "分值合计最多 1000 分"),
    ],
)
def test_a_criterion_that_cannot_be_judged_is_refused(client, event, chen, changed, sentence):
    core = event.categories.get(key="core")
    url = reverse("admin:participants_category_change", args=[core.pk])
    changed = {f"criteria-0-{name}": value for name, value in changed.items()}
    answer = client.post(url, as_the_admin_stands(client.get(url), **changed))
    assert answer.status_code == 200
    assert sentence in answer.content.decode()


def test_the_printed_command_is_one_json_object(event, tmp_path):
    file = tmp_path / "a.xlsx"
    file.write_bytes(a_sheet())
    out = io.StringIO()
    call_command("import_applications", "spring", str(file), "--json", stdout=out)
    counts = {"rows", "importable", "imported", "known", "erased"}
    assert set(json.loads(out.getvalue())) == {*counts, "errors"}


def test_of_many_batches_that_went_what_went_astray_and_the_latest_stand_first(client, event, chen):
    first = clock.now() - timedelta(days=40)
    for number in range(30):
        Message.objects.create(
            event_id=event.pk,
            kind="accepted",
            batch=f"screening:{1000 + number}",
            dedup_key=f"many:{number}",
            due_at=first + timedelta(days=number),
            state=Message.State.NOT_DELIVERED if number == 3 else Message.State.HANDED_OVER,
            handed_over_at=None if number == 3 else clock.now(),
        )
    page = client.get(address("messages")).content.decode()
    gone = re.findall(r"batch=screening%3A1(\d{3})", page[page.index("已经发送的") :])
    assert gone[:3] == ["003", "029", "028"]
    assert gone[-1] == "000"
    assert page.index("更早的 10 批") > page.index("screening%3A1011")
