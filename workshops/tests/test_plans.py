"""One writes, all read, and the house's clock says when it is over."""

import threading
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.urls import reverse

from salon import clock
from salon.errors import Refused
from workshops import groups, phases, plans, stage
from workshops.models import Phase, Plan
from workshops.tests import scenes
from workshops.tests.test_pains import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def salon():
    return scenes.a_salon()


@pytest.fixture
def group(salon):
    _room, (first, _second) = scenes.two_groups(salon)
    scenes.start(salon, scenes.DESIGN)
    return first


@pytest.fixture
def lin(group):
    return scenes.members(group)[0]


@pytest.fixture
def zhou(group):
    return scenes.members(group)[1]


def write(group, person, version=0, **given):
    given = given or {"elements": {"target_users": "进群三天内的新人"}}
    return plans.save_plan(group=group, person=person, version=version, **given)


def refused(act, *args, **given):
    with pytest.raises(Refused) as raised:
        act(*args, **given)
    return raised.value.code


def test_what_lin_writes_zhou_reads(group, lin, zhou):
    plan = write(
        group,
        lin,
        title="七天点名",
        elements={"target_users": "新人", "nonsense": "x"},
        rows=[("第 1 天", "组长", "欢迎语"), ("", "", ""), ("第 7 天", "", "奖状")],
        marks={"ease": 5, "cost": 2},
    )
    assert (plan.version, plan.title, plan.elements) == (1, "七天点名", {"target_users": "新人"})
    assert plans.rows_of(plan) == [("第 1 天", "组长", "欢迎语"), ("第 7 天", "", "奖状")]
    assert plans.rows_as_written(plan)[1:] == [("", "", ""), ("第 7 天", "", "奖状")]
    assert plans.effect(plan).now == Decimal("22.5")
    assert plans.effect(plan).easier is None


def test_lowering_the_threshold_raises_the_effect(group, lin):
    plan = write(group, lin, marks={"need_fit": 4, "appeal": 3, "ease": 2, "cost": 3})
    assert plans.effect(plan) == plans.Effect(Decimal("8.0"), Decimal("12.0"))


def test_while_lin_writes_zhou_is_told_who_has_the_pen(group, lin, zhou):
    write(group, lin)
    with pytest.raises(Refused) as raised:
        write(group, zhou, version=1)
    assert raised.value.code == "pen_taken"
    assert lin.name in str(raised.value)
    desk = plans.desk_of(plans.read(group), zhou)
    assert (desk.writer, desk.may_write, desk.mine) == (lin, False, False)


def test_zhou_takes_over_visibly_and_lin_is_refused_then(group, lin, zhou):
    write(group, lin)
    plans.take_pen(group=group, person=zhou, by_force=True)
    assert refused(write, group, lin, version=1) == "pen_taken"
    assert write(group, zhou, version=1, title="周明远的标题").title == "周明远的标题"


def test_a_pen_that_rests_is_free_after_a_while(group, lin, zhou, travel):
    write(group, lin)
    travel(clock.now() + plans.WRITER_HOLDS + timedelta(seconds=1))
    assert write(group, zhou, version=1).writer == zhou


def test_a_laid_down_pen_is_free_at_once(group, lin, zhou):
    write(group, lin)
    plans.lay_down_pen(group=group, person=lin)
    assert write(group, zhou, version=1).version == 2


def test_whoever_has_written_enough_lays_the_pen_down_by_a_button(client, salon, group, lin, zhou):
    phone, url = scenes.phone_of(client, lin), reverse("me_group", args=[salon.slug])
    assert 'value="lay_down"' not in phone.get(url).text
    write(group, lin)
    assert 'value="lay_down"' in phone.get(url).text
    phone.post(reverse("me_group_pen", args=[salon.slug]), {"act": "lay_down"})
    assert 'value="lay_down"' not in phone.get(url).text
    assert "没有人在写" in scenes.phone_of(client, zhou).get(url).text


def test_whoever_read_an_older_version_overwrites_nothing(group, lin):
    write(group, lin)
    assert refused(write, group, lin, version=0, title="旧") == "stale"
    assert Plan.objects.get(group=group).title == ""


def test_before_the_phase_nothing_is_written(salon):
    _room, (first, _second) = scenes.two_groups(salon)
    assert refused(write, first, scenes.members(first)[0]) == "not_begun"


def test_after_zero_it_is_refused_politely_and_kept_as_a_draft(group, lin, salon, travel):
    write(group, lin, title="准时写的")
    ends_at = phases.phase_of(salon, Phase.Kind.DESIGN).ends_at
    travel(ends_at + timedelta(seconds=1))
    assert refused(write, group, lin, version=1, title="迟到的标题") == "closed"
    plan = Plan.objects.get(group=group)
    assert plan.title == "准时写的"
    [late] = plans.late_drafts(plan, [], [], person=lin)
    assert (late.author, late.parts) == (lin.name, [("方案名称", "迟到的标题")])
    assert late.at > ends_at
    assert refused(plans.submit, group=group, person=lin) == "closed"


def test_two_who_are_late_lose_nothing_to_each_other(client, salon, group, lin, zhou):
    """Each draft keeps its author and its hour, for the group and for the host."""
    write(group, lin, elements={"core_goal": "次周留存", "content": "欢迎语"})
    scenes.end(salon, scenes.DESIGN)
    assert refused(write, group, lin, elements={"core_goal": "林的迟到目标"}) == "closed"
    assert refused(write, group, zhou, elements={"core_goal": "周的迟到目标"}) == "closed"
    assert refused(write, group, lin, rows=[("第 3 天", "林", "")]) == "closed"
    plan = Plan.objects.get(group=group)
    assert plan.elements["core_goal"] == "次周留存"
    elements = list(salon.task_elements.all())
    told = {
        late.author: dict(late.parts) for late in plans.late_drafts(plan, elements, [], person=lin)
    }
    assert told == {
        zhou.name: {"核心目标": "周的迟到目标"},
        lin.name: {"核心目标": "林的迟到目标", "活动方案表": "第 3 天 · 林"},
    }
    page = scenes.phone_of(client, scenes.members(group)[2]).get(
        reverse("me_group", args=[salon.slug])
    )
    assert "2 份迟到的草稿" in page.text
    client.force_login(scenes.host(salon))
    hand = client.get(reverse("workshop_host", args=[salon.slug])).text
    for words in (lin.name, zhou.name, "林的迟到目标", "周的迟到目标"):
        assert words in page.text
        assert words in hand


def test_what_says_nothing_new_is_no_draft(salon, group, lin):
    write(group, lin, title="准时", elements={"core_goal": "次周留存"})
    scenes.end(salon, scenes.DESIGN)
    assert refused(write, group, lin, title="准时", elements={"core_goal": "次周留存"}) == "closed"
    assert not group.plan.late_drafts.exists()


def test_a_late_draft_changes_the_groups_mark_so_that_every_phone_looks_again(salon, group, lin):
    def mark():
        groups = stage.workshop_context(salon)["groups"]
        return next(each.mark for each in groups if each.pk == group.pk)

    write(group, lin)
    scenes.end(salon, scenes.DESIGN)
    before = mark()
    assert refused(write, group, lin, title="迟到的标题") == "closed"
    assert mark() != before


def test_the_last_second_still_counts_by_the_database_clock(group, lin, salon, travel):
    travel(phases.phase_of(salon, Phase.Kind.DESIGN).ends_at - timedelta(seconds=2), tick=False)
    assert write(group, lin).version == 1


def test_a_submitted_plan_rests_until_it_is_taken_back(group, lin, zhou):
    assert refused(plans.submit, group=group, person=lin) == "empty"
    write(group, lin)
    plans.submit(group=group, person=zhou)
    assert refused(write, group, lin, version=1, title="再改") == "closed"
    plans.take_back(group=group, person=lin)
    assert write(group, lin, version=1, title="再改").title == "再改"


def test_the_other_group_cannot_write_here(group, salon):
    stranger = scenes.members(salon.work_groups.last())[0]
    assert refused(write, group, stranger) == "foreign"
    assert refused(plans.take_pen, group=group, person=stranger, by_force=True) == "foreign"


@pytest.mark.parametrize("value", [0, 6, -1])
def test_marks_go_from_one_to_five(group, lin, value):
    assert refused(write, group, lin, marks={"ease": value}) == "mark"


# --- faces ------------------------------------------------------------------------------------


def form_of(page, **changed):
    """What the browser sends back of the form on a page, with some fields typed anew."""
    form = page.context["form"]
    card = {f"element-{element.key}": text for element, text in form["card"]}
    numbers = {name: form[name] for name in ("group", "version", "title")}
    return {**numbers, **card, **changed}


def test_a_phone_without_scripts_writes_and_submits(client, salon, group, lin):
    phone = scenes.phone_of(client, lin)
    page = phone.get(reverse("me_group", args=[salon.slug]))
    assert 'name="element-target_users"' in page.text
    save = reverse("me_group_save", args=[salon.slug])
    form = form_of(page, **{"element-core_goal": "次周留存到 40%"}, need_fit="4", act="submit")
    form |= {"node": ["第 1 天", ""], "owner": ["组长", ""], "resources": ["欢迎语", ""]}
    assert phone.post(save, form).status_code == 302
    plan = Plan.objects.get(group=group)
    assert plan.submitted_at
    assert (plan.elements["core_goal"], plan.need_fit) == ("次周留存到 40%", 4)
    assert plans.rows_of(plan) == [("第 1 天", "组长", "欢迎语")]
    assert "已提交" in phone.get(reverse("me_group", args=[salon.slug])).text


def test_a_late_form_comes_back_with_every_word(client, salon, group, lin):
    phone = scenes.phone_of(client, lin)
    page = phone.get(reverse("me_group", args=[salon.slug]))
    scenes.end(salon, scenes.DESIGN)
    answer = phone.post(
        reverse("me_group_save", args=[salon.slug]),
        form_of(page, title="来不及了", **{"element-content": "第一天发欢迎语"}),
    )
    assert answer.status_code == 409
    assert "来不及了" in answer.text
    assert "第一天发欢迎语" in answer.text
    assert "时间到" in answer.text
    assert group.plan.late_drafts.get().text["title"] == "来不及了"


def test_the_script_hears_the_new_version_and_the_effect(client, salon, group, lin):
    phone = scenes.phone_of(client, lin)
    answer = phone.post(
        reverse("me_group_save", args=[salon.slug]),
        {"group": group.pk, "version": 0, "title": "七天点名", "cost": "1"},
        headers={"accept": "application/json"},
    )
    assert answer.json() == {"ok": True, "version": 1, "effect": {"now": "27.0", "easier": "36.0"}}


@pytest.mark.parametrize("junk", [{"version": "x"}, {"version": "1", "ease": "many"}, {}])
def test_an_unreadable_form_is_a_sentence(client, salon, group, lin, junk):
    phone = scenes.phone_of(client, lin)
    save = reverse("me_group_save", args=[salon.slug])
    assert phone.post(save, {"group": group.pk, **junk}).status_code == 400
    assert phone.post(save, {"version": 0, **junk}).status_code == 400


def moved_to_the_second(group, person):
    second = group.event.work_groups.last()
    groups.move(event=group.event, person=person, group=second, by=None)
    return second


def test_what_lin_wrote_for_her_old_group_never_enters_the_new_one(client, salon, group, lin):
    phone = scenes.phone_of(client, lin)
    page = phone.get(reverse("me_group", args=[salon.slug]))
    second = moved_to_the_second(group, lin)
    write(second, scenes.members(second)[0], title="第二组的方案")
    for version in ("0", "1"):
        form = form_of(page, title="第一组的方案", version=version)
        answer = phone.post(reverse("me_group_save", args=[salon.slug]), form)
        assert answer.status_code == 409
        assert f"您已经换到“{second.name}”" in answer.text
        assert "第二组的方案" in answer.text
        # Her words are there, and pressed again they are refused again.
        assert form_of(answer)["title"] == "第一组的方案"
        assert form_of(answer)["group"] == str(group.pk)
    assert Plan.objects.get(group=second).title == "第二组的方案"


def test_without_scripts_the_second_press_overwrites_nobody_either(client, salon, group, lin, zhou):
    phone, save = scenes.phone_of(client, lin), reverse("me_group_save", args=[salon.slug])
    page = phone.get(reverse("me_group", args=[salon.slug]))
    write(group, zhou, elements={"core_goal": "周的目标"})
    plans.lay_down_pen(group=group, person=zhou)
    form = form_of(
        page, **{"element-core_goal": "林的目标", "element-content": "林的内容"}, ease="5"
    )
    for _press in range(2):
        answer = phone.post(save, form)
        assert answer.status_code == 409
        assert "刚才有人改过" in answer.text
        assert "周的目标" in answer.text, "what she would write over is before her eyes"
        form = form_of(
            answer, **{name: mark for name, _words, mark in answer.context["form"]["marks"]}
        )
        assert (form["element-core_goal"], form["element-content"]) == ("林的目标", "林的内容")
        assert form["ease"] == "5"
    assert Plan.objects.get(group=group).elements["core_goal"] == "周的目标"


def test_a_plan_too_empty_to_hand_in_is_saved_and_can_be_written_on(client, salon, group, lin):
    phone, save = scenes.phone_of(client, lin), reverse("me_group_save", args=[salon.slug])
    page = phone.get(reverse("me_group", args=[salon.slug]))
    answer = phone.post(save, form_of(page, title="七天点名", act="submit"))
    assert (answer.status_code, Plan.objects.get(group=group).title) == (400, "七天点名")
    form = form_of(answer, **{"element-core_goal": "次周留存"}, act="submit")
    assert phone.post(save, form).status_code == 302
    assert Plan.objects.get(group=group).submitted_at


# --- two writers ------------------------------------------------------------------------------


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_of_two_who_write_at_once_one_is_told():
    salon = scenes.a_salon()
    _room, (group, _second) = scenes.two_groups(salon)
    scenes.start(salon, scenes.DESIGN)
    lin, zhou = scenes.members(group)[:2]
    for number in range(5):
        version = Plan.objects.get(group=group).version
        plans.take_pen(group=group, person=lin, by_force=True)
        plans.lay_down_pen(group=group, person=lin)
        raised = at_once(
            lambda v=version: write(group, lin, version=v, title="林"),
            lambda v=version: write(group, zhou, version=v, title="周"),
        )
        told = [error.code for error in raised if error is not None]
        assert told == ["pen_taken"], f"round {number}"
        assert Plan.objects.get(group=group).version == version + 1


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_of_two_who_write_without_the_lock_one_is_overwritten_silently():
    """The unlocked twin: both read version 0, both write, nobody is told."""
    salon = scenes.a_salon()
    _room, (group, _second) = scenes.two_groups(salon)
    scenes.start(salon, scenes.DESIGN)
    both_have_read = threading.Barrier(2)

    def write_unlocked(title):
        with transaction.atomic():
            plan = Plan.objects.get(group=group)
            both_have_read.wait()
            assert plan.version == 0
            plan.title, plan.version = title, plan.version + 1
            plan.save()

    assert at_once(lambda: write_unlocked("林"), lambda: write_unlocked("周")) == [None, None]
    assert Plan.objects.get(group=group).version == 1, "two were written, one is left"
    connection.close()
