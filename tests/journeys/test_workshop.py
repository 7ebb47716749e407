"""An afternoon in the room: pains, groups, plans, reviews and the vote, on twelve phones at once."""

import re

import pytest
from playwright.sync_api import expect

from events.models import Crew
from events.tests.scenes import PASSWORD, crew
from participants.access import issue_link
from tests.house import until
from tests.journeys.crew import log_in
from tests.journeys.pictures import keep
from workshops.models import Award, Membership, PainCard, Plan, SolutionLike, VoteCount, VoteTicket
from workshops.tests import scenes

# Sixteen browsers on two cores take their time.
pytestmark = [pytest.mark.journey, pytest.mark.timeout(420)]


TEN_MINUTES_FAST = """
    const now = Date.now;
    Date.now = () => now() + 600_000;
"""


def test_twelve_phones_two_groups_a_mentor_a_host_and_the_projector(
    house, phone, projector, desktop
):
    salon = scenes.a_salon()
    people = scenes.people(salon, 12)
    # Lin's network will go; the last one's clock is ten minutes fast.
    phones = {person.pk: phone(tolerant=person == people[0]) for person in people}
    fast = phones[people[-1].pk]
    fast.add_init_script(TEN_MINUTES_FAST)
    for person in people:
        phones[person.pk].goto(issue_link(participant=person))
        phones[person.pk].on("dialog", lambda dialog: dialog.accept())
    lin, zhou = people[0], people[1]
    wall, chen, qiao, gu = projector(), desktop(), phone(), phone()
    for page, name, role in (
        (chen, "chen", Crew.Role.ORGANISER),
        (qiao, "qiao", Crew.Role.HOST),
        (gu, "gu", Crew.Role.MENTOR),
        (wall, "screen", Crew.Role.HOST),
    ):
        page.on("dialog", lambda dialog: dialog.accept())
        log_in(page, crew(salon, name, role=role, types_password=True), PASSWORD)

    the_pain_wall(wall, phones, lin, zhou)
    the_groups(chen, phones)
    the_hour_begins(qiao, wall, phones, fast)
    the_plans(qiao, wall, phones)
    the_reviews(gu)
    the_vote(salon, qiao, wall, phones)


def the_pain_wall(wall, phones, lin, zhou):
    """Lin writes without a network and loses nothing, Zhou answers, ten like it; phones and
    projector follow by themselves."""
    wall.goto("/e/spring/wall/pains/")
    wall.get_by_text("您的痛点是什么？").wait_for()
    for page in phones.values():
        page.goto("/e/spring/me/pains/")
    page = phones[lin.pk]
    page.context.set_offline(True)
    page.get_by_label("我的痛点").fill("新人进群三天就不说话了")
    page.get_by_role("button", name="贴上墙").click()
    page.get_by_text("没有网络，内容已留在手机里").wait_for()
    expect(page.get_by_label("我的痛点")).to_have_value("新人进群三天就不说话了")
    assert not PainCard.objects.exists()
    page.context.set_offline(False)
    wall.locator(".wall-card", has_text="新人进群三天就不说话了").wait_for()
    assert PainCard.objects.count() == 1

    page = phones[zhou.pk]
    page.locator(".ws-card").get_by_text("我有办法").click()
    page.get_by_label("解决方案").fill("进群当天让老成员点名欢迎")
    page.get_by_role("button", name="贴在下面").click()
    wall.locator(".wall-card li", has_text="点名欢迎").wait_for()

    for pk, page in phones.items():
        if pk not in (lin.pk, zhou.pk):
            page.get_by_role("button", name="点赞").click()
    wall.get_by_text("10 赞").wait_for()
    assert SolutionLike.objects.count() == 10
    keep(wall, "pain-wall")


def the_groups(chen, phones):
    """Chen looks at several splits, takes one and publishes it; every phone says which."""
    for page in phones.values():
        page.goto("/e/spring/me/group/")
        page.get_by_text("还没有分到小组").wait_for()
    chen.goto("/admin/e/spring/groups/")
    chen.get_by_role("button", name="用这种分法").first.click()
    chen.get_by_role("button", name="公布分组").click()
    chen.get_by_text("已公布").first.wait_for()
    keep(chen, "groups")
    for pk, page in phones.items():
        name = Membership.objects.get(participant=pk).group.name
        page.get_by_role("heading", name=name).wait_for()


def in_group(number):
    return [
        member.participant_id
        for member in Membership.objects.filter(group__number=number).order_by("pk")
    ]


def the_hour_begins(qiao, wall, phones, fast):
    """The host presses once: projector, every group's phone and a phone at its home page follow,
    and all count down by the server's clock, whatever their own says."""
    home = phones[in_group(1)[2]]
    home.goto("/e/spring/me/")
    home.locator(".ws-now").wait_for()
    wall.goto("/e/spring/wall/plans/")
    qiao.goto("/e/spring/host/workshop/")
    qiao.get_by_role("button", name="开始设计").click()
    wall.locator(".ws-wall-phase", has_text="设计").wait_for()
    for page in phones.values():
        if page is not home:
            page.locator(".ws-phase", has_text="设计").wait_for()
            page.get_by_label("方案名称").wait_for()
    home.locator(".ws-now .btn-seal", has_text="我的小组").wait_for()
    assert abs(seconds_left(fast) - seconds_left(wall)) < 60
    home.locator(".ws-now .btn-seal").click()
    home.get_by_label("方案名称").wait_for()


def seconds_left(page):
    minutes, seconds = page.locator(".countdown").first.inner_text().split(":")
    return int(minutes) * 60 + int(seconds)


def the_plans(qiao, wall, phones):
    """One writes and all read; the pen goes over visibly; one group submits, one runs out of time."""
    first, second, *_others = (phones[pk] for pk in in_group(1))
    writes(first, "七天点名计划", "进群三天内的新人")
    second.get_by_text("正在填写").wait_for()
    second.get_by_role("heading", name="七天点名计划").wait_for()
    wall.locator(".ws-groups", has_text="七天点名计划").wait_for()

    second.get_by_role("button", name="接过笔").click()
    second.get_by_label("核心目标").fill("次周留存到 30%")
    second.locator("[data-plan-mark][data-state=saved]").wait_for()
    first.get_by_text("正在填写").wait_for()
    first.get_by_text("次周留存到 30%").wait_for()
    keep(second, "plan-on-a-phone")
    second.get_by_role("button", name="提交方案").click()
    first.get_by_text("已提交").first.wait_for()

    late = phones[in_group(2)[0]]
    writes(late, "十秒破冰", "潜水的老成员")
    qiao.get_by_role("button", name="提前结束").click()
    late.get_by_text("时间到，已锁定").wait_for()
    assert Plan.objects.get(group__number=2).submitted_at is None
    assert Plan.objects.get(group__number=1).elements["core_goal"] == "次周留存到 30%"


def writes(page, title, users):
    page.get_by_label("方案名称").fill(title)
    page.get_by_label("目标用户").fill(users)
    page.locator("[data-plan-mark][data-state=saved]").wait_for()
    until(lambda: Plan.objects.filter(title=title, elements__target_users=users).exists())


def the_reviews(gu):
    gu.goto("/e/spring/review/")
    for number, (title, marks) in enumerate((("七天点名计划", "545"), ("十秒破冰", "333"))):
        card = gu.locator("details.ws-review", has_text=title)
        if card.get_attribute("open") is None:
            card.locator("summary").first.click()
        for name, mark in zip(("need_fit", "feasibility", "follow_up"), marks, strict=True):
            card.locator(f"label:has([name={name}][value='{mark}'])").click()
        card.get_by_label("一条建议").fill("第一天就要有数据。")
        card.get_by_role("button", name="提交点评").click()
        gu.get_by_text(f"点评了 {number + 1} / 2 组").wait_for()


def the_vote(salon, qiao, wall, phones):
    """Twelve vote for the other group, six against six; the mentors' marks break the tie."""
    for page in phones.values():
        page.goto("/e/spring/me/vote/")
    qiao.get_by_role("button", name="开始投票").click()
    for page in phones.values():
        for award in ("最佳互动方案", "最具创意方案"):
            ballot = page.get_by_role("region", name=award)
            ballot.locator("label.choice").first.wait_for()
            expect(ballot.locator("label.choice"), "the own group is no choice").to_have_count(1)
            ballot.locator("label.choice").click()
            ballot.get_by_role("button", name="投这一票").click()
            page.get_by_role("region", name=award).get_by_text("已投").wait_for()
    assert VoteTicket.objects.count() == 24
    counted = re.compile("[0-9]+ 票")
    expect(wall.locator("main"), "hidden until closed").not_to_contain_text(counted)
    qiao.locator("li", has_text="最佳互动方案").get_by_text("12 人已投").wait_for()

    qiao.get_by_role("button", name="关闭投票，公布结果").click()
    wall.locator(".ws-awards h2", has_text="七天点名计划").first.wait_for()
    for how in wall.locator(".ws-how").all_inner_texts():
        assert how == "2 组同得 6 票，导师评分均值 4.67 较高者胜出。"
    keep(wall, "awards")
    phones[in_group(1)[0]].get_by_text("导师评分均值").first.wait_for()
    assert [award.winner.number for award in Award.objects.filter(event=salon)] == [1, 1]
    assert sorted(VoteCount.objects.values_list("votes", flat=True)) == [6, 6, 6, 6]
