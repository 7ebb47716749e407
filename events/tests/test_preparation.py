"""Sixty days before: milestones, owners, reminders, groups, readiness, materials."""

from datetime import date, timedelta
from io import BytesIO

import pytest
from openpyxl import load_workbook

from events import agenda, announcing, letters, materials, preparation, readiness, upstairs
from events.models import Crew, Material, Milestone, Speaker
from events.tests.scenes import DAY, a_salon, at, crew
from salon import outbox
from salon.errors import Refused
from salon.models import AuditEntry, Message

pytestmark = pytest.mark.django_db


@pytest.fixture
def salon(travel):
    travel(at("09:00", DAY - timedelta(days=65)))
    return a_salon(route="云锦路站 2 号口")


@pytest.fixture
def shen(salon, client):
    user = crew(salon, "shen")
    client.force_login(user)
    return user


def titled(salon, title):
    return salon.milestones.get(title=title)


def tick(salon, title, done=True, by=None):
    return preparation.set_done(event=salon, milestone_id=titled(salon, title).pk, done=done, by=by)


def member(salon, group, name, **more):
    group = salon.prep_groups.get(name=group)
    return preparation.add_member(event=salon, group_id=group.pk, name=name, by=None, **more)


# --- the board ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days_before", "overdue_soon_later"),
    [
        (65, (0, 4, 12)),
        (60, (0, 4, 12)),
        (59, (4, 0, 12)),
        (20, (7, 3, 6)),
        (7, (10, 6, 0)),
        (0, (16, 0, 0)),
    ],
)
def test_each_milestone_stands_where_its_day_puts_it(salon, days_before, overdue_soon_later):
    now = at("12:00", DAY - timedelta(days=days_before))
    board = preparation.board(salon, now=now)
    assert (len(board.overdue), len(board.soon), len(board.later)) == overdue_soon_later


def test_today_is_the_event_s_today_and_not_the_server_s():
    event = a_salon("tokyo", timezone="Asia/Tokyo")
    due = event.milestones.filter(days_before=7).first().due_on
    # 15:30 UTC is already tomorrow in Tokyo.
    evening = at("23:30", DAY - timedelta(days=7)).replace(hour=23)
    assert preparation.board(event, now=evening).today == due + timedelta(days=1)


def test_a_tick_says_when_and_by_whom_and_can_be_taken_back(salon, shen, travel):
    travel(at("10:00", DAY - timedelta(days=62)), tick=False)
    done = tick(salon, "确定主题", by=shen)
    assert (done.done_at, done.done_by) == (at("10:00", DAY - timedelta(days=62)), shen)
    again = tick(salon, "确定主题", by=None)
    assert again.done_by == shen, "the second tick is no second deed"
    assert tick(salon, "确定主题", done=False).done_at is None
    verbs = AuditEntry.objects.filter(subject=f"milestone:{done.pk}").values_list("verb", flat=True)
    assert sorted(verbs) == ["finish_milestone", "reopen_milestone"]


def test_a_milestone_reopened_after_a_move_gets_the_day_it_would_have(salon):
    tick(salon, "确定主题")
    agenda.move_event(event=salon, starts_at=DAY + timedelta(days=30), by=None)
    assert titled(salon, "确定主题").due_on == date(2026, 10, 20)
    salon.refresh_from_db()
    tick(salon, "确定主题", done=False)
    assert titled(salon, "确定主题").due_on == date(2026, 11, 19)


def test_owners_come_from_this_event_only(salon):
    theirs = member(a_salon("autumn"), "策划组", "别人")
    with pytest.raises(Refused) as refused:
        preparation.assign(
            event=salon, milestone_id=titled(salon, "定下场地").pk, owner_id=theirs.pk, by=None
        )
    assert refused.value.code == "gone"


def test_a_group_has_one_lead(salon):
    lin = member(salon, "物料组", "林知夏", is_lead=True)
    with pytest.raises(Refused) as refused:
        member(salon, "物料组", "周予安", is_lead=True)
    assert refused.value.code == "lead"
    zhou = member(salon, "物料组", "周予安")
    preparation.make_lead(event=salon, member_id=zhou.pk, by=None)
    lin.refresh_from_db()
    assert not lin.is_lead
    preparation.remove_member(event=salon, member_id=zhou.pk, by=None)
    assert [m.name for m in preparation.members(salon)] == ["林知夏"]


# --- reminders ----------------------------------------------------------------------------------


def planned(salon, kind):
    return Message.objects.of_event(salon).open().filter(kind=kind)


def test_every_open_milestone_has_its_reminders_from_the_first_day(salon):
    assert planned(salon, "milestone_due").count() == 16
    assert planned(salon, "milestones_of_day").count() == 5
    first = planned(salon, "milestone_due").first()
    assert first.due_at == at("09:00", DAY - timedelta(days=62))
    bot = planned(salon, "milestones_of_day").first()
    assert (bot.channel, bot.due_at) == ("group_bot", at("09:00", DAY - timedelta(days=60)))


def test_what_is_done_reminds_nobody_and_what_is_reopened_does_again(salon):
    milestone = tick(salon, "采购物料")
    about = {"kind": "milestone_due", "context__about": str(milestone.pk)}
    assert not Message.objects.open().filter(**about).exists()
    tick(salon, "采购物料", done=False)
    assert Message.objects.open().filter(**about).count() == 1


def test_reminders_move_with_the_event_and_come_back_with_it(salon):
    away = DAY + timedelta(days=21)
    for day in (away, DAY, away):
        agenda.move_event(event=salon, starts_at=day, by=None)
        salon.refresh_from_db()
        moments = set(planned(salon, "milestone_due").values_list("due_at", flat=True))
        assert moments == {at("09:00", day - timedelta(days=n + 2)) for n in (60, 30, 14, 7, 1)}
        days = set(planned(salon, "milestones_of_day").values_list("due_at", flat=True))
        assert days == {at("09:00", day - timedelta(days=n)) for n in (60, 30, 14, 7, 1)}


def test_the_owner_is_written_to_else_the_lead_else_an_organiser(salon, shen):
    milestone = titled(salon, "采购物料")
    message = Message.objects.get(kind="milestone_due", context__about=str(milestone.pk))
    assert outbox.preview(message).to == "shen@example.com"
    member(salon, "物料组", "林知夏", email="lin@example.com", is_lead=True)
    assert outbox.preview(message).to == "lin@example.com"
    zhou = member(salon, "物料组", "周予安", email="zhou@example.com")
    preparation.assign(event=salon, milestone_id=milestone.pk, owner_id=zhou.pk, by=None)
    letter = outbox.preview(message)
    assert letter.to == "zhou@example.com"
    assert "周予安，您好" in letter.text
    assert "/admin/e/spring/preparation/" in letter.text
    assert "周予安" not in str(message.context)


def test_the_crew_s_group_hears_what_is_due_and_what_is_late(salon):
    bot = planned(salon, "milestones_of_day").get(context__about="2026-11-19")
    tick(salon, "确定主题")
    text = letters.milestones_of_day(bot).text
    assert "今天要完成 3 件事" in text
    assert "· 开放报名（宣传组）" in text
    assert "已逾期" in text
    assert "定下场地" in text
    assert "确定主题" not in text
    for title in ("发布宣传", "开放报名", "开始筛选"):
        tick(salon, title)
    assert letters.milestones_of_day(bot) is None


def test_a_cancelled_event_reminds_nobody(salon):
    message = planned(salon, "milestone_due").first()
    announcing.call_off(event=salon, by=None)
    assert letters.milestone_due(message) is None
    assert not planned(salon, "milestone_due").exists()
    assert not planned(salon, "milestones_of_day").exists()


def test_making_a_salon_late_plans_no_reminder_for_days_gone_by(travel):
    travel(at("12:00", DAY - timedelta(days=10)))
    late = a_salon("late")
    assert {m.due_at for m in planned(late, "milestones_of_day")} == {
        at("09:00", DAY - timedelta(days=7)),
        at("09:00", DAY - timedelta(days=1)),
    }


# --- ready? -------------------------------------------------------------------------------------


def test_a_fresh_salon_is_honest_about_everything_it_lacks(salon):
    checks = {check.sentence: check for check in readiness.checks(salon)}
    assert "T-60 确定主题" in checks["T-7 之前的事都做完了"].missing
    assert "T-1 布置场地" not in checks["T-7 之前的事都做完了"].missing
    assert "策划组还差 2 人" in checks["筹备组人齐，各有组长"].missing
    assert "技术组没有组长" in checks["筹备组人齐，各有组长"].missing
    assert checks["场地、路线、直播链接都填好了"].missing == ("直播链接",)
    assert len(checks["每场分享都有嘉宾"].missing) == 2
    assert "标签卡还差 50" in checks["物料备齐"].missing
    assert checks["互动时间达到目标"].ok
    assert checks["流程没有空档"].ok
    assert checks["每种风险都有预案和负责人"].ok


def test_what_is_missing_comes_first(salon):
    order = [check.ok for check in readiness.checks(salon)]
    assert order == sorted(order)


def make_ready(salon):
    for milestone in salon.milestones.all():
        group = milestone.group.name
        if not preparation.members(salon).filter(group=milestone.group).exists():
            size = milestone.group.size
            for number in range(size):
                member(salon, group, f"{group}{number}", is_lead=number == 0)
        owner = preparation.members(salon).filter(group=milestone.group).first()
        preparation.assign(event=salon, milestone_id=milestone.pk, owner_id=owner.pk, by=None)
        if milestone.days_before >= 7:
            tick(salon, milestone.title)
    speaker = Speaker.objects.create(event=salon, name="陆以宁")
    Speaker.objects.create(event=salon, name="沈确", is_backup=True)
    salon.agenda.update(speaker=speaker)
    for role in salon.staff_roles.all():
        preparation.fill_role(event=salon, role_id=role.pk, people="何静", by=None)
    crew(salon, "hejing", Crew.Role.HOST)
    salon.stream_link = "https://live.example.com/1"
    salon.save()
    for supply in materials.supplies(salon)[1]:
        materials.count(
            event=salon, material_id=supply.material.pk, procured=supply.needed, by=None
        )


def test_when_everything_is_done_it_says_so(salon, monkeypatch):
    monkeypatch.setattr(upstairs, "readiness", [])
    make_ready(salon)
    assert [check.sentence for check in readiness.checks(salon) if not check.ok] == []


@pytest.mark.parametrize("page", ["", "?view=list", "ready/", "groups/"])
def test_the_pages_stand_and_cost_the_same_with_more_rows(
    salon, shen, client, page, django_assert_max_num_queries
):
    make_ready(salon)
    address = f"/admin/e/spring/preparation/{page}"
    with django_assert_max_num_queries(40):
        assert client.get(address).status_code == 200
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as before:
        client.get(address)
    for number in range(20):
        preparation.add_milestone(event=salon, title=f"补 {number}", days_before=3, by=None)
        member(salon, "执行组", f"志愿者{number}")
    with CaptureQueriesContext(connection) as after:
        client.get(address)
    assert len(after) == len(before)


# --- on the pages -------------------------------------------------------------------------------


def test_ticking_assigning_and_adding_on_the_page(salon, shen, client):
    base = "/admin/e/spring/preparation/"
    zhou = member(salon, "物料组", "周予安")
    milestone = titled(salon, "采购物料")
    client.post(f"{base}{milestone.pk}/", {"act": "assign", "owner": zhou.pk})
    client.post(f"{base}{milestone.pk}/", {"act": "done"})
    milestone.refresh_from_db()
    assert (milestone.owner, milestone.done_by) == (zhou, shen)
    client.post(f"{base}add/", {"title": "订盒饭", "days_before": "3"})
    assert titled(salon, "订盒饭").due_on == date(2026, 12, 16)
    refused = client.post(f"{base}add/", {"title": "\0", "days_before": "-1"}, follow=True)
    assert "请写下要做的事" in refused.content.decode()


def test_another_event_s_milestone_is_not_there(salon, shen, client):
    other = a_salon("autumn").milestones.first()
    client.post(f"/admin/e/spring/preparation/{other.pk}/", {"act": "done"})
    other.refresh_from_db()
    assert other.done_at is None


# --- materials ----------------------------------------------------------------------------------


def test_needs_follow_confirmed_people_and_groups(salon, monkeypatch):
    counted, rows = materials.supplies(salon)
    assert (counted.heads, counted.groups, counted.estimated) == (50, 9, True)
    monkeypatch.setattr(
        upstairs, "headcount", [lambda event: {"heads": 43}, lambda event: {"groups": 7}]
    )
    counted, rows = materials.supplies(salon)
    assert not counted.estimated
    needed = {row.material.name: row.needed for row in rows}
    assert (needed["标签卡"], needed["白板"], needed["彩色马克笔"], needed["投影仪"]) == (
        43,
        7,
        42,
        1,
    )


def test_a_tap_that_arrives_twice_counts_once_and_what_is_packed_was_procured(salon):
    cards = salon.materials.get(name="标签卡")
    for _tap in range(2):
        row = materials.count(event=salon, material_id=cards.pk, packed=50, by=None)
        assert (row.packed, row.procured) == (50, 50)


@pytest.mark.parametrize("typed", ["-1", "many", "", "1" * 30, "½"])
def test_nonsense_quantities_are_refused_and_change_nothing(salon, shen, client, typed):
    cards = salon.materials.get(name="标签卡")
    address = f"/admin/e/spring/materials/{cards.pk}/"
    answer = client.post(address, {"procured": typed}, headers={"HX-Request": "true"})
    assert "数量写整数" in answer.content.decode()
    assert Material.objects.get(pk=cards.pk).procured == 0


def test_packing_with_the_thumb(salon, shen, client):
    cards = salon.materials.get(name="标签卡")
    assert "50" in client.get("/admin/e/spring/materials/packing/").content.decode()
    address = f"/admin/e/spring/materials/{cards.pk}/"
    form = {"page": "packing", "packed": "50"}
    row = client.post(address, form, headers={"HX-Request": "true"}).content.decode()
    assert 'aria-pressed="true"' in row
    assert '<span class="num" id="packed" hx-swap-oob="true">1</span>' in row
    plain = client.post(address, form | {"packed": "0"})
    assert plain["Location"] == f"/admin/e/spring/materials/packing/#material-{cards.pk}"
    assert Material.objects.get(pk=cards.pk).packed == 0


def test_the_list_goes_out_as_a_spreadsheet(salon, shen, client):
    Material.objects.filter(name="签到墙").update(name="=1+1")
    answer = client.get("/admin/e/spring/materials/list.xlsx")
    sheet = load_workbook(BytesIO(b"".join(answer.streaming_content))).active
    rows = list(sheet.values)
    assert rows[0][:4] == ("类别", "物料", "依据", "需要")
    assert len(rows) == 15
    assert ("签到", "标签卡", "每人", 50, 0, 0, "张") in rows
    assert sheet["B2"].value == "=1+1"
    assert sheet["B2"].data_type == "s"


def test_only_organisers_see_preparation(salon, client):
    client.force_login(crew(salon, "hejing", Crew.Role.HOST))
    for page in ("preparation/", "preparation/ready/", "preparation/groups/", "materials/",
                 "materials/packing/", "materials/list.xlsx", "risks/", "run-sheet/", "move/"):  # fmt: skip
        assert client.get(f"/admin/e/spring/{page}").status_code == 403
    assert Milestone.objects.done().count() == 0
