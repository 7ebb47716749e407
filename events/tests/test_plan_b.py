"""Something goes wrong, and the afternoon goes on."""

import threading
from datetime import timedelta

import pytest
from django.db import connection

from events import agenda, blueprint, plan_b, upstairs
from events.models import Crew, Event, RiskTrigger, Speaker
from events.tests.scenes import a_salon, crew, times
from events.tests.test_running_the_agenda import press_together
from salon import clock
from salon.errors import Refused
from salon.models import AuditEntry


@pytest.fixture
def salon(db):
    return a_salon()


@pytest.fixture
def told(monkeypatch):
    """What the people would be told."""
    heard = []
    monkeypatch.setattr(
        upstairs, "when_agenda_changes", [lambda event, *, change, by: heard.append(change)]
    )
    return heard


def risk(salon, name):
    return salon.risk_plans.get(risk=name)


def talk(salon):
    return salon.agenda.get(title__startswith="主题分享一")


def switch(salon, instead, *, by=None, **more):
    return plan_b.replace_speaker(
        event=salon,
        plan_id=risk(salon, "speaker_absent").pk,
        item_id=talk(salon).pk,
        instead=instead,
        by=by,
        **more,
    )


def test_an_absent_speaker_becomes_a_case_clinic_in_one_action(salon, told):
    lu = Speaker.objects.create(event=salon, name="陆以宁")
    salon.agenda.filter(pk=talk(salon).pk).update(speaker=lu)
    was = times(salon)
    trigger = switch(salon, "clinic")
    item = trigger.item
    assert (item.title, item.kind, item.interactive) == ("圆桌与案例门诊", "roundtable", True)
    assert item.speaker is None
    assert "案例门诊" in item.cue
    assert [row[1:] for row in times(salon)] == [row[1:] for row in was], "no time moves"
    assert agenda.programme(salon).share.percent == 92
    assert [str(change) for change in told] == [
        "“主题分享一：用户分层互动策略”改为“圆桌与案例门诊”，时间不变。"
    ]
    assert AuditEntry.objects.filter(verb="plan_b", event_id=salon.pk).count() == 1


def test_a_backup_speaker_stands_in_and_no_name_goes_into_the_messages(salon, told):
    shen = Speaker.objects.create(event=salon, name="沈确", is_backup=True)
    switch(salon, "backup", backup_id=shen.pk)
    assert talk(salon).speaker == shen
    assert [str(change) for change in told] == [
        "“主题分享一：用户分层互动策略”改由备选嘉宾分享，时间不变。"
    ]


def test_undo_brings_back_the_talk_and_keeps_the_delay_of_the_meantime(salon, told):
    trigger = switch(salon, "clinic")
    agenda.extend(
        event=salon, item_id=salon.agenda.first().pk, minutes=10, how="along", seen=0, by=None
    )
    plan_b.undo(event=salon, trigger_id=trigger.pk, by=None)
    assert times(salon)[2] == ("主题分享一：用户分层互动策略", "14:30", "15:30")
    assert talk(salon).kind == "talk"
    assert told[-1].sentence == "“圆桌与案例门诊”改回“主题分享一：用户分层互动策略”，时间不变。"
    assert told[-1].key != told[0].key
    plan_b.undo(event=salon, trigger_id=trigger.pk, by=None)
    assert len(told) == 2, "undoing twice tells once"


def test_the_same_talk_may_be_replaced_again_after_an_undo(salon, told):
    first = switch(salon, "clinic")
    plan_b.undo(event=salon, trigger_id=first.pk, by=None)
    second = switch(salon, "clinic")
    assert second.before["title"] == "主题分享一：用户分层互动策略"
    assert len({change.key for change in told}) == 3


def test_undoing_a_backup_speaker_keeps_what_was_edited_meanwhile(salon):
    lu = Speaker.objects.create(event=salon, name="陆以宁")
    shen = Speaker.objects.create(event=salon, name="沈确", is_backup=True)
    salon.agenda.filter(pk=talk(salon).pk).update(speaker=lu)
    trigger = switch(salon, "backup", backup_id=shen.pk)
    salon.agenda.filter(pk=trigger.item_id).update(title="主题分享一：改过的题目", cue="先介绍沈确")
    plan_b.undo(event=salon, trigger_id=trigger.pk, by=None)
    item = talk(salon)
    assert (item.title, item.cue, item.speaker) == ("主题分享一：改过的题目", "先介绍沈确", lu)


def held_clinic(salon):
    """The clinic took the place of the talk, and is over."""
    trigger = switch(salon, "clinic")
    agenda.start(event=salon, item_id=trigger.item_id, seen=0, by=None)
    agenda.finish(event=salon, seen=agenda.seen_of(salon), by=None)
    return trigger


def held_and_never_finished(salon):
    """The host put the phone away, and the evening came."""
    trigger = switch(salon, "clinic")
    Event.objects.filter(pk=salon.pk).update(
        starts_at=clock.now() - timedelta(hours=5), ends_at=clock.now()
    )
    return trigger


@pytest.mark.parametrize("happened", [held_clinic, held_and_never_finished])
def test_what_has_happened_is_not_rewritten_that_evening(salon, told, client, happened):
    trigger = happened(salon)
    del told[:]
    client.force_login(crew(salon, "shen"))
    assert "预案进行中" not in client.get("/admin/e/spring/").content.decode()
    assert "plan-running" not in client.get("/e/spring/host/plan-b/").content.decode()
    assert "照此讲完" in client.get("/admin/e/spring/risks/").content.decode()
    with pytest.raises(Refused) as refused:
        plan_b.undo(event=salon, trigger_id=trigger.pk, by=None)
    assert refused.value.code == "over"
    assert salon.agenda.get(pk=trigger.item_id).title == "圆桌与案例门诊"
    assert told == []
    assert blueprint.record(salon)["agenda"] == blueprint.DEFAULT["agenda"]
    assert plan_b.stands(trigger.item_id) == "clinic"
    assert trigger.item not in plan_b.replaceable(salon)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"instead": "backup"}, "no_backup"),
        ({"instead": "backup", "backup_id": 10**12}, "no_backup"),
    ],
)
def test_without_a_backup_speaker_the_clinic_is_offered(salon, given, code):
    with pytest.raises(Refused) as refused:
        switch(salon, **given)
    assert refused.value.code == code
    assert talk(salon).kind == "talk"


def test_a_speaker_of_another_event_or_no_backup_cannot_stand_in(salon):
    theirs = Speaker.objects.create(event=a_salon("autumn"), name="别人", is_backup=True)
    ours = Speaker.objects.create(event=salon, name="陆以宁")
    for speaker in (theirs, ours):
        with pytest.raises(Refused):
            switch(salon, "backup", backup_id=speaker.pk)


def test_what_is_finished_is_not_replaced(salon):
    for _press in range(4):
        agenda.advance(event=salon, seen=agenda.seen_of(salon), by=None)
    with pytest.raises(Refused) as refused:
        switch(salon, "clinic")
    assert refused.value.code == "no_item"


def test_a_dead_projector_is_noted_once_and_settled(salon, told):
    plan = risk(salon, "projector")
    first = plan_b.put_in_force(event=salon, plan_id=plan.pk, note="主投影黑屏", by=None)
    assert plan_b.put_in_force(event=salon, plan_id=plan.pk, by=None) == first
    assert [t.plan for t in plan_b.in_force(salon)] == [plan]
    plan_b.undo(event=salon, trigger_id=first.pk, by=None)
    assert not plan_b.in_force(salon).exists()
    assert told == [], "people are told of a changed agenda, not of a dead lamp"


def test_a_clone_gets_the_talk_and_not_its_replacement(salon):
    switch(salon, "clinic")
    assert blueprint.record(salon)["agenda"] == blueprint.DEFAULT["agenda"]


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_two_hosts_switching_at_once_replace_once():
    salon = a_salon()
    outcomes = press_together(*[lambda: switch(salon, "clinic")] * 4)
    assert outcomes == ["done", "in_force", "in_force", "in_force"]
    assert RiskTrigger.objects.get().before["title"].startswith("主题分享一")


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_without_the_lock_two_switches_are_two():
    salon = a_salon()
    plan, item = risk(salon, "speaker_absent"), talk(salon)
    looked = threading.Barrier(2)

    def unlocked_switch():
        taken = plan_b.in_force(salon).filter(item=item).exists()
        looked.wait(10)
        if not taken:
            RiskTrigger.objects.create(plan=plan, item=item, before={})
        connection.close()

    press_together(unlocked_switch, unlocked_switch)
    assert RiskTrigger.objects.count() == 2


# --- on the pages -------------------------------------------------------------------------------


@pytest.fixture
def host(salon, client):
    user = crew(salon, "hejing", Crew.Role.HOST)
    client.force_login(user)
    return user


@pytest.mark.usefixtures("host", "told")
def test_the_host_switches_and_undoes_from_the_page(salon, client):
    page = client.get("/e/spring/host/plan-b/").content.decode()
    assert "改为圆桌与案例门诊" in page
    assert "请备选嘉宾上场" not in page, "there is none"
    plan = risk(salon, "speaker_absent")
    client.post(f"/e/spring/host/plan-b/{plan.pk}/", {"item": talk(salon).pk, "instead": "clinic"})
    page = client.get("/e/spring/host/plan-b/").content.decode()
    assert "主题分享一：用户分层互动策略 → 圆桌与案例门诊" in page
    assert "圆桌与案例门诊" in client.get("/e/spring/").content.decode()
    trigger = RiskTrigger.objects.get()
    client.post(f"/e/spring/host/plan-b/undo/{trigger.pk}/")
    assert talk(salon).kind == "talk"


@pytest.mark.usefixtures("host")
@pytest.mark.parametrize(
    "form",
    [{}, {"instead": "dance"}, {"instead": "clinic"}, {"instead": "clinic", "item": "9" * 99}],
)
def test_nonsense_is_answered_with_a_sentence(salon, client, form):
    plan = risk(salon, "speaker_absent")
    page = client.post(f"/e/spring/host/plan-b/{plan.pk}/", form, follow=True)
    assert 'class="notice notice-error"' in page.content.decode()
    assert RiskTrigger.objects.count() == 0


@pytest.mark.usefixtures("host")
def test_checklists_list_every_step_and_bring_their_worker(client):
    page = client.get("/e/spring/host/checklists/").content.decode()
    assert "打开备用 4G 路由器，主持电脑和签到平板先连。" in page
    worker = client.get("/e/spring/host/checklists/worker.js")
    assert worker["Content-Type"].startswith("text/javascript")
    assert b"caches.match" in worker.content


def test_the_run_sheet_holds_the_day_on_paper(salon, client):
    client.force_login(crew(salon, "shen"))
    page = client.get("/admin/e/spring/run-sheet/").content.decode()
    for words in ("14:20–15:20", "欢迎现场和线上的朋友", "场务", "备用投影", "现场断网"):
        assert words in page


def test_the_organiser_reads_plans_and_log(salon, client, told):
    shen = crew(salon, "shen")
    client.force_login(shen)
    switch(salon, "clinic", by=shen, note="航班取消")
    page = client.get("/admin/e/spring/risks/").content.decode()
    assert "航班取消" in page
    assert "还没有备选嘉宾" in page
