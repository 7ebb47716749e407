"""Lin applies on her phone in the underground, and later changes her mind about nothing."""

import pytest
from playwright.sync_api import expect

from participants import applications, screening
from participants.access import issue_link
from participants.models import Participant
from participants.tests import scenes
from tests.house import until

pytestmark = pytest.mark.journey


def fill_in(page):
    page.get_by_label("核心运营者").check()
    page.get_by_role("textbox", name="姓名").fill("林知夏")
    page.get_by_role("textbox", name="手机").fill("１３８ 0013 8000")
    page.get_by_role("textbox", name="邮箱").fill("lin@example.com")
    page.get_by_role("combobox", name="行业").select_option("education")
    page.get_by_role("textbox", name="社群规模（人）").fill("1.2万")
    page.get_by_role("textbox", name="近6个月平均月活率（%）").fill("45%")
    page.get_by_label("活动策划").check()
    page.get_by_label("第 1 条").fill("新人进群三天就不说话了")
    page.get_by_role("button", name="再加一条").click()
    page.get_by_label("第 2 条").fill("老用户流失没有预警")
    page.get_by_label("处理个人信息用于本次活动").check()


def test_lin_applies_underground_confirms_and_shows_her_code(house, phone):
    event = scenes.a_salon()
    chen = scenes.an_organiser(event)
    lin = phone(tolerant=True)  # the network is cut on purpose
    lin.goto("/e/spring/apply/?c=gzh")

    # Fields of other categories are not asked.
    expect(lin.get_by_role("textbox", name="粉丝量")).to_be_hidden()
    fill_in(lin)
    expect(lin.get_by_role("textbox", name="粉丝量")).to_be_hidden()
    expect(lin.get_by_role("textbox", name="社群规模（人）")).to_be_visible()

    # A tunnel: nothing is lost, neither by sending nor by a reload afterwards.
    lin.context.set_offline(True)
    lin.get_by_role("button", name="提交报名").click()
    lin.get_by_text("网络断了，内容都在").wait_for()
    lin.wait_for_timeout(400)  # longer than the draft waits after the last key
    expect(lin.get_by_text("网络断了，内容都在")).to_be_visible()
    lin.context.set_offline(False)
    lin.reload()
    expect(lin.get_by_role("textbox", name="姓名")).to_have_value("林知夏")
    expect(lin.get_by_label("第 2 条")).to_have_value("老用户流失没有预警")
    expect(lin.get_by_label("核心运营者")).to_be_checked()

    # A slip is said beside the field.
    lin.get_by_role("textbox", name="手机").fill("138001380")
    lin.get_by_role("button", name="提交报名").click()
    lin.locator("#div_id_mobile .invalid-feedback").wait_for()
    expect(lin.locator("#div_id_mobile")).to_contain_text("手机号码不对")
    lin.get_by_role("textbox", name="手机").fill("１３８ 0013 8000")
    lin.get_by_role("button", name="提交报名").click()
    lin.wait_for_url("**/apply/done/")
    row = Participant.objects.get()
    assert (row.mobile, row.community_size, row.channel.code) == ("+8613800138000", 12000, "gzh")

    # The draft is gone with it.
    lin.goto("/e/spring/apply/")
    expect(lin.get_by_role("textbox", name="姓名")).to_have_value("")

    # The letter brings the link, the link her page.
    house.start_worker()
    house.ring("salon.tasks.deliver_due_messages")
    letter = until(lambda: house.mailbox.to("lin@example.com"), what="the receipt")[0]
    lin.goto(link_in(letter))
    assert lin.url.endswith("/e/spring/me/")
    expect(lin.locator("main")).to_contain_text("待审核")

    # Accepted, but not told before the release.
    batch = screening.decide(participant=row, to_status="accepted", by=chen)
    lin.reload()
    expect(lin.locator("main")).to_contain_text("待审核")
    screening.release_batch(batch=batch, by=chen)
    house.ring("salon.tasks.deliver_due_messages")
    until(lambda: len(house.mailbox.to("lin@example.com")) == 2, what="the acceptance")
    lin.goto(link_in(house.mailbox.to("lin@example.com")[1]))
    lin.get_by_role("button", name="确认参加").click()
    lin.get_by_text("已确认，到时见！").wait_for()
    expect(lin.locator("main")).to_contain_text(row.code)
    expect(lin.locator(".qr img")).to_be_visible()

    # She changes what may be changed, and one thing that has to be looked at again.
    lin.get_by_role("link", name="修改").click()
    lin.get_by_role("textbox", name="岗位").fill("社群负责人")
    lin.get_by_role("button", name="保存").click()
    lin.wait_for_url("**/me/")
    row.refresh_from_db()
    assert (row.status, row.job_title) == ("confirmed", "社群负责人")
    with lin.expect_download() as download:
        lin.get_by_role("link", name="下载我的全部数据").click()
    assert "新人进群三天就不说话了" in download.value.path().read_text()


def test_lins_changes_survive_a_closed_page_and_an_edit_made_elsewhere(house, phone):
    event = scenes.a_salon()
    row = scenes.an_applicant(event)
    lin = phone()
    lin.goto(issue_link(participant=row))
    lin.goto("/e/spring/me/edit/")
    lin.get_by_role("textbox", name="岗位").fill("社群负责人")
    lin.get_by_text("草稿已存在这台手机上").wait_for()
    lin.goto("/e/spring/me/")
    lin.goto("/e/spring/me/edit/")
    expect(lin.get_by_role("textbox", name="岗位")).to_have_value("社群负责人")
    expect(lin.get_by_text("上次没保存的修改还在")).to_be_visible()

    # Her colleague wrote to the organiser meanwhile.
    answers = scenes.answers("林知夏", organisation="山海文化")
    applications.edit(participant=row, answers=answers, version=row.version, by=row)
    lin.get_by_role("button", name="保存").click()
    lin.get_by_text("现在存的和您填的不同").wait_for()
    expect(lin.locator(".notice dl")).to_contain_text("山海文化")
    lin.get_by_role("textbox", name="机构").fill("山海文化")
    lin.get_by_role("button", name="保存").click()
    lin.wait_for_url("**/me/")
    lin.get_by_text("改好了。").wait_for()
    row.refresh_from_db()
    assert (row.job_title, row.organisation) == ("社群负责人", "山海文化")

    # What is saved is no draft any more.
    lin.goto("/e/spring/me/edit/")
    expect(lin.get_by_text("上次没保存的修改还在")).to_be_hidden()


def link_in(letter):
    text = letter.get_body(preferencelist=("plain",)).get_content()
    return next(line for line in text.splitlines() if "/l/" in line).strip()
