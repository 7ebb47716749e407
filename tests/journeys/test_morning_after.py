"""The morning after: from the host's last press to a whitepaper in Word.

沈曼青 organises and 陆以南 hosts; 林知夏, 何敏 and 吴桐 came, 白露 watched from home. Web, worker
and SMTP server are processes of their own; the clock jumps a month once.
"""

import io
from datetime import timedelta

import pytest
from docx import Document
from playwright.sync_api import expect

from events import agenda
from events.models import Crew, Event
from events.tests.scenes import PASSWORD, crew
from metrics.models import Evaluation, SurveyTicket, Whitepaper
from metrics.tests.scenes import a_past_salon, came, someone
from participants.consents import set_consent
from salon import clock
from salon.models import Message
from tests.house import until
from tests.journeys.crew import log_in
from workshops.models import Membership, PainCard, Plan, PlanRow, Question, Solution, WorkGroup

pytestmark = [pytest.mark.journey, pytest.mark.timeout(300)]

DELIVER = "salon.tasks.deliver_due_messages"


def a_day_nearly_over():
    """What the afternoon left behind; only its last item still runs."""
    event = a_past_salon("autumn", hours_ago=-0.05, title="让沉默的用户开口")
    last = event.agenda.order_by("starts_at").last()
    event.agenda.exclude(pk=last.pk).update(
        started_at=clock.now() - timedelta(hours=3), finished_at=clock.now() - timedelta(hours=1)
    )
    last.started_at = clock.now() - timedelta(minutes=15)
    last.save()
    people = {name: came(event, name, number) for number, name in enumerate(NAMES, 1)}
    people["白露"] = someone(event, "白露", 9, online=True)
    for name in ("林知夏", "吴桐"):
        set_consent(
            participant=people[name], purpose="whitepaper_credit", given=True, by=people[name]
        )
    group = WorkGroup.objects.create(event=event, number=1, name="第一组", published_at=clock.now())
    for person in people.values():
        Membership.objects.create(group=group, participant=person)
    plan = Plan.objects.create(
        group=group,
        title="七天开口计划",
        submitted_at=clock.now(),
        elements=dict.fromkeys(event.task_elements.values_list("key", flat=True), "用得上的话"),
    )
    PlanRow.objects.create(plan=plan, position=1, time_node="第 1 天", owner="组长", resources="卡")
    card = PainCard.objects.create(event=event, participant=people["何敏"], text="群里没人说话")
    Solution.objects.create(
        card=card, participant=people["吴桐"], text="先请三位老成员接话", featured_at=clock.now()
    )
    Question.objects.create(
        event=event,
        participant=people["林知夏"],
        kind="question",
        text="老用户怎么请回来？",
        gate="shown",
        answered_at=clock.now(),
    )
    return event, people


NAMES = ("林知夏", "何敏", "吴桐")


def test_from_the_last_press_to_a_whitepaper_in_word(house, phone, desktop, travel):
    event, people = a_day_nearly_over()
    shen = crew(event, "shen", is_staff=True, types_password=True)
    host = crew(event, "lu", Crew.Role.HOST)

    # The host finishes the last item: the day is over, the survey opens by itself.
    agenda.finish(event=event, seen=agenda.seen_of(event), by=host)
    house.start_worker()
    house.ring("metrics.tasks.run_surveys")
    until(lambda: SurveyTicket.objects.count() == 3, what="three people asked")

    # An hour later the letters go; Lin opens hers on the phone.
    travel(Event.objects.get().ended_at + timedelta(hours=1, minutes=1))
    house.ring(DELIVER)
    letter = until(lambda: house.mailbox.to(people["林知夏"].email), what="Lin's letter")[0]
    link = next(line for line in letter.get_body(("plain",)).get_content().split() if "/l/" in line)
    lin = phone()
    lin.goto("/" + link.split("/", 3)[3])
    answer_the_survey(lin)
    lin.get_by_text("谢谢，您答过了").wait_for()

    # Twenty hours later the others are reminded, and Lin is not.
    travel(Event.objects.get().ended_at + timedelta(hours=20, minutes=1))
    house.ring(DELIVER)
    until(lambda: len(house.mailbox.to(people["何敏"].email)) == 2, what="He's reminder")
    until(lambda: not Message.objects.of_kind("survey_nag").open().exists(), what="the nag")
    assert len(house.mailbox.to(people["林知夏"].email)) == 1

    # The organiser brings the stream's file; the figures follow by themselves.
    organiser = desktop()
    log_in(organiser, shen, PASSWORD)
    organiser.goto("/admin/e/autumn/stream/")
    organiser.set_input_files("#file", stream_file(event))
    organiser.get_by_role("button", name="试读").click()
    organiser.get_by_role("row", name="白露").get_by_text("对上").wait_for()
    organiser.get_by_role("button", name="导入", exact=True).click()
    organiser.get_by_text("已导入 1 条").wait_for()
    house.ring("metrics.tasks.evaluate_due")
    until(Evaluation.objects.exists, what="the evaluation")
    organiser.goto("/admin/e/autumn/evaluation/")
    attendance = organiser.locator("#attendance_rate")
    expect(attendance.locator(".figure-num")).to_have_text("100%")
    organiser.locator("#interaction_rate").get_by_role("link").click()
    organiser.get_by_role("row", name="白露").wait_for()

    # What outsiders see is what she publishes, and not before.
    stranger = phone(tolerant=True)
    # A field of this form is called "matches", like the browser's own word for it.
    organiser.goto("/admin/e/autumn/evaluation/settings/")
    organiser.get_by_role("button", name="保存").click()
    organiser.get_by_text("下一次计算按新的目标和口径").wait_for()

    assert stranger.goto("/e/autumn/report/").status == 404
    organiser.goto("/admin/e/autumn/report/")
    organiser.get_by_role("button", name="公开报告").click()
    organiser.get_by_text("已公开", exact=True).wait_for()
    stranger.goto("/e/autumn/report/")
    stranger.get_by_role("heading", name="现场与线上").wait_for()
    assert not any(name in stranger.content() for name in people)

    write_the_whitepaper(organiser)
    download_it(stranger)

    # A month later: the question that closes the circle.
    travel(Event.objects.get().ended_at + timedelta(days=30, hours=1))
    house.ring(DELIVER)
    until(lambda: len(house.mailbox.to(people["林知夏"].email)) == 2, what="the follow-up")
    lin.goto("/e/autumn/me/followup/")
    lin.get_by_label("月活率").fill("约 58％")
    lin.get_by_role("button", name="告诉主办方").click()
    lin.get_by_text("已收到").wait_for()
    house.ring("metrics.tasks.evaluate_due")
    newest = until(lambda: Evaluation.objects.filter(facts__follow_ups=1).first())
    uplift = next(row for row in newest.metrics if row["key"] == "community_uplift")
    assert (uplift["value"], uplift["met"]) == (13, True)  # 58 − 45


def answer_the_survey(page):
    """One question a screen: taps go on by themselves, open ones wait."""
    for number in range(1, 11):
        page.get_by_text(f"第 {number} 题").wait_for()
        page.locator("fieldset:not([hidden]) label.choice").last.tap()
    page.get_by_text("第 11 题").wait_for()
    page.get_by_role("textbox").fill("认识了三位同行")
    page.get_by_role("button", name="下一题").tap()
    page.get_by_text("第 12 题").wait_for()
    page.get_by_role("button", name="交卷").tap()


def stream_file(event):
    times = [event.local(moment) for moment in (event.starts_at, event.ends_at)]
    joined, left = (f"{moment:%Y-%m-%d %H:%M:%S}" for moment in times)
    text = f"会议主题\t沙龙\n昵称\t入会时间\t退会时间\n白露\t{joined}\t{left}\n"
    return {"name": "visits.csv", "mimeType": "text/csv", "buffer": text.encode("gb18030")}


def write_the_whitepaper(page):
    """Draft, look at the preview while typing, fill the gap, publish."""
    page.goto("/admin/e/autumn/whitepaper/")
    page.get_by_role("button", name="起草").click()
    page.get_by_role("link", name="老用户怎么请回来？").click()  # the list above leads there
    gap = page.locator("fieldset:target", has=page.get_by_text("等着写", exact=True))
    gap.locator("textarea").fill("**先问近况**，三天之内不推东西。")
    gap.locator(".mt-preview strong", has_text="先问近况").wait_for()
    page.get_by_role("button", name="保存草稿").click()
    page.get_by_text("草稿已保存").wait_for()
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="发布").click()
    page.get_by_text("已发布；").wait_for()
    assert Whitepaper.objects.get().published_at is not None


def download_it(page):
    """A stranger leaves an address, reads, and takes the file home."""
    page.goto("/e/autumn/whitepaper/")
    page.get_by_label("邮箱").fill("reader@example.com")
    page.get_by_role("button", name="领取白皮书").tap()
    page.get_by_role("heading", name="致谢").wait_for()
    with page.expect_download() as download:
        page.get_by_role("link", name="下载 Word").tap()
    document = Document(io.BytesIO(download.value.path().read_bytes()))
    headings = [p.text for p in document.paragraphs if p.style.name.startswith("Heading")]
    assert headings[:3] == ["前言", "1 标杆案例", "1.1 七天开口计划"]
    text = "\n".join(paragraph.text for paragraph in document.paragraphs)
    assert "先问近况" in text
    assert "吴桐、林知夏" in text or "林知夏、吴桐" in text
    assert "何敏" not in text
