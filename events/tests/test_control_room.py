"""The control room and the admin: what organisers of an event see, and nobody else."""

import threading
from datetime import timedelta

import pytest
from django import forms
from django.db import connection, transaction
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils.safestring import mark_safe

from events import agenda, announcing, control, plan_b, upstairs
from events.access import issue_desk_pass
from events.admin import EventAdmin
from events.models import Crew, Event, Milestone, PrepGroup, PrepMember, Series
from events.tests.scenes import DAY, a_salon, at, crew, somebody
from salon import clock
from salon.models import Heartbeat, Message
from salon.seen import SeenForm
from tests.asked import press_and_say_yes
from tests.house import somebody_waits_for_us, until

pytestmark = pytest.mark.django_db
ROOM = "/admin/e/spring/"


@pytest.fixture
def salon(travel):
    travel(at("09:00"))
    return a_salon()


@pytest.fixture
def shen(salon, client):
    user = crew(salon, "shen", is_staff=True)
    client.force_login(user)
    return user


def room(client):
    return client.get(ROOM).content.decode()


def test_agenda_people_and_plan_b_in_one_place(salon, shen, client, monkeypatch):
    monkeypatch.setattr(upstairs, "headcount", [lambda event: {"heads": 47, "arrived": 12}])
    agenda.advance(event=salon, seen=0, by=None)
    plan = salon.risk_plans.get(risk="projector")
    plan_b.put_in_force(event=salon, plan_id=plan.pk, by=None)
    page = room(client)
    assert "<b>签到入场</b>" in page
    assert "接下来 14:00 开场致辞" in page
    assert '<b class="figure-num">12</b>' in page
    assert "预案进行中：投影故障" in page


def test_rooms_above_bring_their_panels(salon, shen, client, monkeypatch):
    monkeypatch.setattr(
        upstairs,
        "panels",
        [lambda event: ("提问", mark_safe("<i>3 条待审</i>")), lambda event: None],
    )
    page = room(client)
    assert "<h2>提问</h2><i>3 条待审</i>" in page


def test_before_the_day_preparation_stands_there_and_on_the_day_it_is_gone(salon, shen, client):
    assert "看筹备进度" in room(client)
    agenda.advance(event=salon, seen=0, by=None)
    assert "看筹备进度" not in room(client)


def message(salon, number, **fields):
    return Message.objects.create(
        dedup_key=f"m{number}",
        event_id=salon.pk,
        kind="milestone_due",
        **{"due_at": at("12:00"), "released_at": at("08:00")} | fields,
    )


def test_the_outbox_is_counted_and_a_standstill_is_said(salon):
    Message.objects.all().delete()
    message(salon, 1)
    message(salon, 2, released_at=None)
    message(salon, 3, state="handed_over", handed_over_at=at("08:00"))
    message(salon, 4, state="not_delivered")
    message(a_salon("autumn"), 5, state="not_delivered")
    found = control.outbox_of(salon, now=at("09:00"))
    assert (found.waiting, found.held, found.handed_over, found.not_delivered) == (1, 1, 1, 1)
    assert found.late_since is None
    assert control.outbox_of(salon, now=at("12:02")).late_since is None
    assert control.outbox_of(salon, now=at("12:04")).late_since == at("12:00")


def test_a_silent_worker_and_a_stopped_redis_are_named(salon, valkey):
    now = clock.now()
    Heartbeat.objects.create(name="beat", at=now)
    Heartbeat.objects.create(name="worker", at=now - timedelta(minutes=4))
    found = control.health(now=now)
    assert (found.redis, found.worker, found.beat, found.well) == (True, False, True, False)
    valkey.stop()
    assert control.health(now=now).redis is False


def test_publishing_and_calling_off(salon, shen, client):
    Event.objects.update(status="draft")
    assert "活动还没有公开" in room(client)
    client.post(f"{ROOM}announce/", {"act": "publish"})
    salon.refresh_from_db()
    assert salon.status == "published"
    page = client.post(f"{ROOM}announce/", {"act": "call_off"})
    assert "写信告诉" in page.content.decode()
    salon.refresh_from_db()
    assert salon.status == "published"
    press_and_say_yes(client, f"{ROOM}announce/", {"act": "call_off"})
    salon.refresh_from_db()
    assert salon.status == "cancelled"
    assert (
        "活动已取消，不能再公开"
        in client.post(f"{ROOM}announce/", {"act": "publish"}, follow=True).content.decode()
    )


def test_the_room_is_for_organisers_of_this_event(salon, client):
    for path in (ROOM, f"{ROOM}panels/"):
        assert client.get(path).status_code == 302
    client.force_login(crew(salon, "hejing", Crew.Role.HOST))
    assert client.get(ROOM).status_code == 403
    client.force_login(crew(a_salon("autumn"), "zhou"))
    assert client.get(ROOM).status_code == 404


def test_two_salons_at_once_each_with_its_own_crew_and_figures(salon, client):
    other = a_salon("autumn", title="秋场")
    zhou = crew(other, "zhou")
    agenda.advance(event=salon, seen=0, by=None)
    client.force_login(zhou)
    page = client.get("/admin/e/autumn/").content.decode()
    assert "秋场" in page
    assert "还没开始" in page


# --- the admin ----------------------------------------------------------------------------------


def test_an_organiser_finds_only_her_own_events_and_rows(salon, shen, client):
    other = a_salon("autumn", title="别人的场")
    page = client.get(reverse("admin:events_event_changelist")).content.decode()
    assert "用户互动沙龙" in page
    assert "别人的场" not in page
    assert "新建沙龙" in page
    theirs = other.milestones.first()
    answer = client.get(reverse("admin:events_milestone_change", args=[theirs.pk]))
    assert answer.status_code == 302, "like a row that is not there"


@pytest.mark.parametrize("name", ["event", "prepgroup", "milestone", "material", "riskplan",
                                  "agendastep", "deskpass"])  # fmt: skip
def test_every_list_and_form_of_the_admin_opens(salon, shen, client, name):
    agenda.advance(event=salon, seen=0, by=shen)
    assert client.get(reverse(f"admin:events_{name}_changelist")).status_code == 200
    model = {"event": Event, "prepgroup": PrepGroup, "milestone": Milestone}.get(name)
    if model:
        row = model.objects.first()
        assert client.get(reverse(f"admin:events_{name}_change", args=[row.pk])).status_code == 200


def test_what_cannot_be_changed_in_the_admin_has_nothing_to_save(salon, shen, client):
    agenda.advance(event=salon, seen=0, by=shen)
    desk_pass, _token, _pin = issue_desk_pass(event=salon, desk="一号台", by=shen)
    for row in (desk_pass, salon.agenda_steps.first()):
        address = reverse(f"admin:events_{row._meta.model_name}_change", args=[row.pk])
        page = client.get(address).content.decode()
        assert "查看" in page
        assert 'name="_save"' not in page


def test_a_milestone_cannot_be_tied_to_a_group_of_another_event(salon, shen, client):
    autumn = a_salon("autumn")
    Crew.objects.create(event=autumn, user=shen, role="organiser")
    milestone, theirs = salon.milestones.first(), autumn.prep_groups.first()
    stranger = PrepMember.objects.create(group=theirs, name="别组的人")
    address = reverse("admin:events_milestone_change", args=[milestone.pk])
    page = client.get(address).content.decode()
    assert page.count(f">{theirs.name}</option>") == 1, "not one for each of her salons"
    assert "别组的人" not in page
    form = {"title": "新名", "days_before": "50", "group": "", "owner": ""}
    for wrong in ({"group": theirs.pk}, {"owner": stranger.pk}):
        assert client.post(address, form | wrong).status_code == 200
    client.post(address, form)
    milestone.refresh_from_db()
    assert (milestone.title, milestone.due_on) == ("新名", (DAY - timedelta(days=50)).date())


def test_a_new_milestone_takes_group_and_owner_from_its_own_event(salon, shen, client):
    autumn = a_salon("autumn", title="秋场")
    Crew.objects.create(event=autumn, user=shen, role="organiser")
    theirs = autumn.prep_groups.first()
    stranger = PrepMember.objects.create(group=theirs, name="别组的人")
    address = reverse("admin:events_milestone_add")
    page = client.get(address).content.decode()
    assert f"{theirs.name} · 秋场" in page
    assert "别组的人 · 秋场" in page
    form = {"event": salon.pk, "title": "彩排", "days_before": "3", "group": "", "owner": ""}
    for wrong in ({"group": theirs.pk}, {"owner": stranger.pk}):
        assert "请选择同一场活动里的" in client.post(address, form | wrong).content.decode()
    assert client.post(address, form).status_code == 302
    assert salon.milestones.get(title="彩排").due_on == (DAY - timedelta(days=3)).date()


def test_a_milestone_that_is_done_keeps_the_date_it_was_due(salon, shen, client):
    milestone = salon.milestones.first()
    due_on = milestone.due_on
    Milestone.objects.filter(pk=milestone.pk).update(done_at=clock.now())
    form = {"title": "新名", "days_before": "5", "group": "", "owner": ""}
    client.post(reverse("admin:events_milestone_change", args=[milestone.pk]), form)
    milestone.refresh_from_db()
    assert (milestone.title, milestone.due_on) == ("新名", due_on)


def posted(client, salon, **changes):
    """The event's admin form as a browser would send it back."""
    page = client.get(reverse("admin:events_event_change", args=[salon.pk]))
    context = page.context["adminform"].form
    form = {
        name: value
        for name in context.fields
        if (value := context[name].value()) not in (None, False)
    }
    for edge in ("registration_opens_at", "registration_closes_at"):
        local = salon.local(form.pop(edge))
        form |= {f"{edge}_0": f"{local:%Y-%m-%d}", f"{edge}_1": f"{local:%H:%M}"}
    for inline in ("crew", "speakers", "staff_roles"):
        form |= {f"{inline}-TOTAL_FORMS": 0, f"{inline}-INITIAL_FORMS": 0}
    return form | changes


def test_the_second_of_two_organisers_is_told(salon, shen, client):
    address = reverse("admin:events_event_change", args=[salon.pk])
    first, second = posted(client, salon, theme="甲"), posted(client, salon, theme="乙")
    assert client.post(address, first).status_code == 302
    assert "这里刚被改过" in client.post(address, second).content.decode()
    salon.refresh_from_db()
    assert (salon.theme, salon.starts_at) == ("甲", DAY)


def save_event(client, salon, **changes):
    address = reverse("admin:events_event_change", args=[salon.pk])
    answer = client.post(address, posted(client, salon, **changes))
    salon.refresh_from_db()
    return answer


def test_two_salons_of_one_series_are_still_edited(salon, shen, client):
    series = Series.objects.create(slug="monthly", title="月月沙龙")
    autumn = a_salon("autumn", series=series)
    Crew.objects.create(event=autumn, user=shen, role="organiser")
    Event.objects.update(series=series)
    salon.refresh_from_db()
    page = client.get(reverse("admin:events_event_change", args=[salon.pk])).content.decode()
    assert page.count(">月月沙龙</option>") == 1
    assert save_event(client, salon, venue="杨浦滨江").status_code == 302
    assert (salon.venue, salon.series) == ("杨浦滨江", series)


def test_a_series_begins_with_a_salon(salon, shen, client):
    Series.objects.create(slug="theirs", title="别人的系列")
    Series.objects.create(slug="spring", title="也叫 spring")
    page = client.get(reverse("admin:events_event_change", args=[salon.pk])).content.decode()
    assert "别人的系列" not in page, "a series opens its common board"
    assert save_event(client, salon, new_series=" 月月沙龙 ").status_code == 302
    assert (salon.series.title, salon.series.slug) == ("月月沙龙", "spring-2")
    assert client.get("/admin/e/spring/next-review/").status_code == 200
    both = save_event(client, salon, new_series="再来一个")
    assert "不能两样都要" in both.content.decode()


def test_who_runs_a_salon_of_a_series_may_rename_it_and_leaves_its_address(salon, shen, client):
    monthly = Series.objects.create(slug="monthly", title="月月沙笼")
    theirs = Series.objects.create(slug="theirs", title="别人的系列")
    change = "admin:events_series_change"
    assert client.get(reverse(change, args=[monthly.pk])).status_code == 403, "not hers yet"
    Event.objects.filter(pk=salon.pk).update(series=monthly)
    listed = client.get(reverse("admin:events_series_changelist")).content.decode()
    assert "月月沙笼" in listed
    assert "别人的系列" not in listed
    client.post(reverse(change, args=[monthly.pk]), {"title": "月月沙龙", "slug": "taken"})
    client.post(reverse(change, args=[theirs.pk]), {"title": "也是我的"})
    kept = set(Series.objects.values_list("title", "slug"))
    assert kept == {("月月沙龙", "monthly"), ("别人的系列", "theirs")}
    assert client.post(reverse("admin:events_series_delete", args=[monthly.pk])).status_code == 403


def test_what_the_host_switches_on_the_day_is_not_switched_back_by_an_old_form(salon, shen, client):
    form = posted(
        client,
        salon,
        theme="新主题",
        looked_at_first="photo",
        blocked_words="",
        tag_regions="industry",
    )
    Event.objects.update(
        looked_at_first=["pain"], blocked_words=["刷单"], tag_regions="pain", self_check_in=True
    )
    client.post(reverse("admin:events_event_change", args=[salon.pk]), form)
    salon.refresh_from_db()
    assert salon.theme == "新主题"
    assert (salon.looked_at_first, salon.blocked_words) == (["pain"], ["刷单"])
    assert (salon.tag_regions, salon.self_check_in) == ("pain", True)


def save_while_called_off(client, salon, shen):
    """A colleague saves the venue while calling off is not committed yet. Returns the answer."""
    form, answers = posted(client, salon, venue="杨浦滨江"), []

    def save():
        colleague = Client()
        colleague.force_login(shen)
        address = reverse("admin:events_event_change", args=[salon.pk])
        answers.append(colleague.post(address, form))
        connection.close()

    with transaction.atomic():
        announcing.call_off(event=salon, by=shen)
        saving = threading.Thread(target=save)
        saving.start()
        until(somebody_waits_for_us, what="the colleague at the lock")
    saving.join(30)
    salon.refresh_from_db()
    return answers[0]


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_a_salon_that_is_being_called_off_is_not_called_on_again_by_a_form(client):
    salon = a_salon()
    shen = crew(salon, "shen", is_staff=True)
    client.force_login(shen)
    answer = save_while_called_off(client, salon, shen)
    assert "这里刚被改过" in answer.content.decode()
    assert (salon.status, salon.venue) == ("cancelled", "徐汇滨江 · 西岸艺术中心")


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_without_the_lock_the_form_calls_it_on_again(client, monkeypatch):
    monkeypatch.setattr(SeenForm, "clean", forms.ModelForm.clean)
    salon = a_salon()
    shen = crew(salon, "shen", is_staff=True)
    client.force_login(shen)
    assert save_while_called_off(client, salon, shen).status_code == 302
    assert (salon.status, salon.venue) == ("published", "杨浦滨江")


@pytest.mark.parametrize("field", ["registration_opens_at", "registration_closes_at"])
@pytest.mark.parametrize("day", ["0001-01-01", "2201-01-01"])
def test_a_registration_beyond_the_calendar_closes_no_page(salon, shen, client, field, day):
    changes = {f"{field}_0": day, f"{field}_1": "00:00"}
    answer = save_event(client, salon, **changes)
    assert "日期要在 2000 年到 2200 年之间。" in answer.content.decode()
    assert client.get("/").status_code == 200


def test_however_many_hours_are_written_a_seat_is_held_until_the_doors_open(salon, shen, client):
    assert save_event(client, salon, confirmation_hours=99_999_999).status_code == 302
    now = salon.starts_at - timedelta(days=9)
    assert salon.confirmation_deadline(now) == salon.starts_at
    assert salon.confirmation_deadline(salon.ends_at) == salon.ends_at


def test_a_larger_room_is_said_to_the_rooms_above(salon, shen, client, monkeypatch):
    heard = []
    monkeypatch.setattr(
        upstairs,
        "when_room_grows",
        [lambda event, *, online, was, by: heard.append((online, was, by))],
    )
    save_event(client, salon, on_site_capacity=60, online_capacity=80)
    assert heard == [(False, 50, shen)]


def test_a_host_has_no_business_in_the_admin(salon, client):
    client.force_login(crew(salon, "hejing", Crew.Role.HOST, is_staff=True))
    assert client.get(reverse("admin:events_event_changelist")).status_code == 403


def test_events_are_neither_added_nor_deleted_there(salon, client):
    client.force_login(somebody("root", is_staff=True, is_superuser=True))
    assert client.get(reverse("admin:events_event_add")).status_code == 403
    assert client.get(reverse("admin:events_event_delete", args=[salon.pk])).status_code == 403
    assert not EventAdmin(Event, None).has_delete_permission(RequestFactory().get("/"))
