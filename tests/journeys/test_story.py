"""One salon from sign-up to evaluation, told in Chromium against the running house.

林知夏 runs a parents' community and comes for the first time; 顾景行 organises, 沈以南 hosts,
陆清和 is the mentor. Phones, a tablet at the door, a laptop, a projector; a web server, a Celery
worker and an SMTP server of their own.
"""

import asyncio
import json
import re
import subprocess
import sys
import threading
import uuid
from datetime import datetime, time, timedelta

import icalendar
import pytest
from playwright.sync_api import expect

from events import announcing
from events.access import issue_desk_pass
from events.models import Crew, Event
from metrics.definitions import METRICS
from participants import applications, checkin, screening
from participants.access import issue_link
from participants.desk_requests import Request
from participants.models import CheckIn, Consent, Participant
from salon import clock, embedded
from salon.blueprint import new_salon
from salon.models import Message, User
from tests.house import until
from tests.journeys.door import open_desk, result, scan
from tests.journeys.pictures import keep
from workshops import pains
from workshops.models import PainCard, Plan, VoteTicket

# A whole day with ten screens takes longer than the two minutes of other tests may.
pytestmark = [pytest.mark.journey, pytest.mark.timeout(400)]

PASSWORD = "yi-chang-sha-long"
SLUG = "spring"
DELIVER = "salon.tasks.deliver_due_messages"
LIN = {
    "name": "林知夏",
    "mobile": "１３８ ０１３８ ００００",  # as some keyboards type it
    "email": "lin@example.com",
    "organisation": "悦读亲子社群",
    "job_title": "社群运营负责人",
    "community_size": "1.2万",
    "active_rate": "46",
}
PAINS = ("新人进群三天就不说话了", "打卡活动越办人越少")
# name, industry, community size, pain
OTHERS = (
    ("周明远", "education", 8000, "家长只看不说"),
    ("陈晓彤", "education", 15000, "话题总是老师在抛"),
    ("许清如", "internet", 26000, "新用户不知道先做什么"),
    ("何俊杰", "internet", 6000, "数据散在好几个工具里"),
    ("孙若溪", "consumer", 32000, "发券才有人说话"),
    ("郑文博", "education", 9000, "老成员慢慢不来了"),
    ("冯雨桐", "services", 12000, "群多了顾不过来"),
    ("韩予安", "consumer", 18000, "活动做完就冷下来"),
    ("杨舒然", "internet", 7000, "没人愿意当组长"),
    ("朱以恒", "education", 21000, "内容重复，看的人少了"),
    ("秦念真", "education", 11000, "作业打卡没人互评"),
)
ELEMENTS = (
    "入群不到七天的新家长",
    "七天内主动说第一句话",
    "每天一张三分钟的小任务卡",
    "一句开场白、一个选择题、一次互评",
    "不用下载，点一下就能答",
    "首次发言率、七日留存",
)
# (which of OTHERS' pains, what helps)
SOLUTIONS = (
    (0, "把问题换成选择题，先让大家点一下"),
    (0, "请一位家长当天值日，只负责接话"),
    (1, "每周五固定一个主题夜，老师最后才说话"),
    (2, "入群先发一张三步地图，做完第一步再发第二步"),
    (3, "一张表每天只记三个数，周会只看这张表"),
    (4, "积分只换身份不换钱，成本降了一半"),
)
SURVEY_WORDS = "分组讨论最有用，下次想多留十分钟。"


# --- the stage ------------------------------------------------------------------------------------


def crew(event, username, name, role):
    user = User.objects.create_user(
        username,
        f"{username}@example.com",
        PASSWORD,
        first_name=name,
        is_staff=role == Crew.Role.ORGANISER,
    )
    Crew.objects.create(event=event, user=user, role=role)
    return user


class Story:
    """A published salon in twenty days with its crew; the hours are those of its own zone."""

    def __init__(self, house, travel):
        self.house, self.travel = house, travel
        evening = clock.now().astimezone(Event().zone).replace(hour=20, minute=10, second=0)
        travel(evening + timedelta(days=1))
        self.day = (evening + timedelta(days=21)).date()
        self.organiser = User.objects.create_user(
            "gu", "gu@example.com", PASSWORD, first_name="顾景行", is_staff=True
        )
        self.event = announcing.publish(
            event=new_salon(
                slug=SLUG,
                title="社群互动沙龙·让沉默的用户开口",
                date=self.day,
                venue="上海市徐汇区龙腾大道 2350 号",
                by=self.organiser,
            ),
            by=self.organiser,
        )
        self.host = crew(self.event, "shen", "沈以南", Crew.Role.HOST)
        self.mentor = crew(self.event, "lu", "陆清和", Crew.Role.MENTOR)

    def at(self, when, minute=0):
        """It is this moment; a number is an hour of the day itself."""
        if isinstance(when, int):
            when = datetime.combine(self.day, time(when, minute), self.event.zone)
        self.travel(when)

    def guest(self, number, *, online=False):
        """One of OTHERS applies, as the form would have it."""
        name, industry, size, pain = OTHERS[number]
        return applications.apply(
            event=self.event,
            answers={
                "name": name,
                "email": f"guest{number}@example.com",
                "organisation": "自家社群",
                "industry": industry,
                "category": "core",
                "community_size": size,
                "active_rate": 40 + number,
                "pain_points": [pain],
                "online": online,
                "consents": list(Consent.Purpose.values),
            },
            client_id=uuid.uuid4(),
            device=f"phone-{number}",
        ).participant

    def accepted(self, people):
        """Decided in one go and released; the worker delivers. Returns the batch."""
        batch, refused = screening.decide_many(
            event=self.event,
            people=[person.pk for person in people],
            to_status=Participant.Status.ACCEPTED,
            by=self.organiser,
        )
        assert refused == {}
        screening.release_batch(batch=batch, by=self.organiser)
        return batch

    def guests(self, *, on_site, online):
        """Others, confirmed."""
        people = [self.guest(n, online=n >= on_site) for n in range(on_site + online)]
        self.accepted(people)
        return [screening.confirm(participant=person, by=person) for person in people]

    def comes(self, person, desk):
        """Through the door at another desk."""
        body = {"participant": person.pk}
        answer = checkin.check_in(
            request=Request.of(verb="check_in", body=body, client_id=uuid.uuid4(), desk=desk),
            participant_id=person.pk,
            scanned_at=clock.now(),
            method="search",
        )
        assert answer.result == "checked_in"

    def fills_the_wall(self, guests):
        """What the others write on their phones meanwhile."""
        cards = [
            pains.post_pain(person=person, text=OTHERS[number][3], client_id=uuid.uuid4())
            for number, person in enumerate(guests[:6])
        ]
        for number, (pain, text) in enumerate(SOLUTIONS):
            solution = pains.post_solution(
                person=guests[number], card=cards[pain], text=text, client_id=uuid.uuid4()
            )
            for fan in guests[number + 1 : 2 * number + 2]:
                pains.like(person=fan, solution=solution)
        pains.feature(solution=solution, by=self.host)


@pytest.fixture
def story(house, travel):
    return Story(house, travel)


def log_in(page, username, next_page):
    page.goto(f"/login/?next={next_page}")
    page.get_by_label("账号").fill(username)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    page.wait_for_url(f"**{next_page}")


def text_of(letter):
    return letter.get_body(("plain",)).get_content()


def link_in(letter):
    return re.search(r"http://[^/\s]+(/l/\S+)", text_of(letter))[1]


def letter_about(house, address, word):
    """The letter to `address` whose subject says `word`, when it has come.

    The web server's own clock has not travelled, so it does not see that the letter is due and
    does not ring by itself.
    """
    house.ring(DELIVER)
    found = until(
        lambda: [letter for letter in house.mailbox.to(address) if word in letter["Subject"]],
        what=f"the letter “{word}”",
    )
    return found[0]


def no_reload(page):
    """A mark that a reload would wipe away."""
    page.evaluate("window.notReloaded = true")
    return lambda: page.evaluate("window.notReloaded === true")


# --- the chapters ---------------------------------------------------------------------------------


def applies_on_her_phone(page):
    page.goto(f"/e/{SLUG}/")
    keep(page, "01-event-phone")
    page.goto(f"/e/{SLUG}/apply/?c=gzh")
    page.get_by_text("内容创作者").click()
    page.get_by_label("粉丝量").wait_for()
    expect(page.get_by_label("社群规模")).to_be_hidden()
    page.get_by_text("核心运营者").click()
    expect(page.get_by_label("粉丝量")).to_be_hidden()
    for field, text in LIN.items():
        page.locator(f"[name={field}]").fill(text)
    page.get_by_label("行业").select_option("education")
    lines = page.locator("[name=pain_points]")
    lines.first.fill(PAINS[0])
    page.get_by_role("button", name="再加一条").click()
    lines.nth(1).fill(PAINS[1])
    keep(page, "02-apply-phone")
    page.get_by_text("到现场", exact=True).click()
    for purpose in ("处理个人信息", "姓名"):
        page.locator(".consents .form-check", has_text=purpose).get_by_role(
            "checkbox"
        ).first.check()
    page.get_by_role("button", name="提交报名").click()
    page.wait_for_url(f"**/e/{SLUG}/apply/done/")


def accepts_and_releases(page):
    """顾景行 reads the answers, accepts, and lets the letter go."""
    page.on("dialog", lambda dialog: dialog.accept())
    log_in(page, "gu", f"/admin/e/{SLUG}/screening/")
    row = page.locator("[data-row]", has_text="林知夏")
    row.click()
    page.locator("#detail", has_text=PAINS[0]).wait_for()
    page.keyboard.press("a")
    page.locator("#queue .notice", has_text="1 人").wait_for()
    assert Participant.objects.get(name="林知夏").status == "accepted"
    page.goto(f"/admin/e/{SLUG}/messages/")
    page.get_by_role("link", name="看内容").first.click()
    # Nothing has come back from her address yet: until then no letter repeats what was typed.
    expect(page.locator(".letter")).to_contain_text("您好")
    expect(page.locator(".letter")).not_to_contain_text("林知夏")
    keep(page, "04-messages-desktop")
    page.get_by_role("button", name="发送这一批").click()
    page.get_by_text("1 条通知马上发出").wait_for()


def confirms(page, link):
    page.goto(link)
    page.wait_for_url(f"**/e/{SLUG}/me/")
    page.get_by_role("button", name="确认参加").click()
    code = page.locator(".qr-code")
    code.wait_for()
    assert page.locator(".qr img").evaluate("image => image.naturalWidth") > 0
    keep(page, "05-own-page-phone")
    return code.inner_text()


def takes_the_calendar_file(page):
    answer = page.request.get(f"/e/{SLUG}/event.ics")
    calendar = icalendar.Calendar.from_ical(answer.body())
    return [str(entry["SUMMARY"]) for entry in calendar.walk("VEVENT")], calendar


def posts_a_pain(page, text):
    page.goto(f"/e/{SLUG}/me/pains/")
    page.get_by_label("我的痛点").fill(text)
    page.get_by_role("button", name="贴上墙").click()
    page.locator(".ws-card", has_text=text).wait_for()


def posts_a_solution(page, pain, text):
    page.goto(f"/e/{SLUG}/me/pains/")
    card = page.locator(".ws-card", has_text=pain)
    card.get_by_text("我有办法").click()
    card.get_by_label("解决方案").fill(text)
    card.get_by_role("button", name="贴在下面").click()
    page.locator(".ws-solutions", has_text=text).wait_for()


def groups_are_published(page):
    page.goto(f"/admin/e/{SLUG}/groups/")
    page.get_by_role("button", name="用这种分法").first.click()
    page.get_by_role("button", name="公布分组").wait_for()
    keep(page, "11-groups-desktop")
    page.get_by_role("button", name="公布分组").click()
    page.get_by_text("已公布").first.wait_for()


def writes_the_plan(page):
    """Task card, rows and marks, saved while typing, then handed in."""
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(f"/e/{SLUG}/me/group/")
    page.get_by_label("方案名称").fill("七天开口计划")
    fields = page.locator("[name^=element-]")
    expect(fields).to_have_count(len(ELEMENTS))
    for number, text in enumerate(ELEMENTS):
        fields.nth(number).fill(text)
    for name, text in (("node", "第 1 天"), ("owner", "值班组长"), ("resources", "欢迎卡 50 张")):
        page.locator(f"[name={name}]").first.fill(text)
    page.locator("[data-plan-mark][data-state=saved]").wait_for()
    page.evaluate("scrollTo(0, 0)")
    keep(page, "12-plan-phone")
    page.get_by_role("button", name="提交方案").click()
    page.get_by_text("已提交").first.wait_for()


def reviews(page, *, groups):
    log_in(page, "lu", f"/e/{SLUG}/review/")
    for number in range(groups):
        form = page.locator("details.ws-review").nth(number)
        if not form.evaluate("details => details.open"):
            form.locator("summary").click()
        for name, mark in (("need_fit", 5), ("feasibility", 4 - number), ("follow_up", 4)):
            form.locator(f"[name={name}][value='{mark}']").check()
        form.get_by_label("一条建议").fill("先在一个群里试七天，再推开。")
        if number == 0:
            keep(page, "13-review-phone")
        form.get_by_role("button", name="提交点评").click()
        page.get_by_role("heading", name=f"点评了 {number + 1} / {groups} 组").wait_for()


def votes(page, title):
    page.goto(f"/e/{SLUG}/me/vote/")
    ballots = page.locator("form:has([name=award])")
    while ballots.count():
        left = ballots.count()
        ballots.first.locator(".choice", has_text=title).click()
        keep(page, "14-vote-phone")
        ballots.first.get_by_role("button", name="投这一票").click()
        until(lambda left=left: ballots.count() == left - 1, what="one ballot fewer")


def presses(page, act, word):
    """The host's button on the page of the workshop."""
    page.goto(f"/e/{SLUG}/host/workshop/")
    page.locator(f"button[value={act}]", has_text=word).first.click()
    page.wait_for_load_state()


def answers_the_survey(page, link):
    """One question a screen: a tap goes on by itself, after words it takes the button."""
    page.goto(link)
    page.wait_for_url(f"**/e/{SLUG}/me/survey/")
    questions = page.locator("[data-question]").all()
    assert len(questions) == 12
    for number, question in enumerate(questions):
        question.wait_for()
        if question.get_attribute("data-kind") == "open":
            question.locator("textarea").fill(SURVEY_WORDS)
            if question is not questions[-1]:
                page.locator("[data-next]").click()
        else:
            if number == 3:
                keep(page, "17-survey-phone")
            question.locator(".choice").last.click()
    page.locator("[data-send]").click()
    page.get_by_text("谢谢").first.wait_for()


def figures_on(page):
    """`{key: (figure, formula, target)}` as a reader sees them."""
    found = {}
    for metric in METRICS:
        box = page.locator(f"#{metric.key}")
        found[metric.key] = tuple(
            box.locator(part).inner_text()
            for part in (".figure-num", ".mt-formula", ".figure-target")
        )
    return found


def evaluate_as_json(house):
    told = subprocess.run(
        [sys.executable, "manage.py", "evaluate", SLUG, "--json"],
        cwd=embedded.CHECKOUT,
        env=house.environment,
        check=True,
        capture_output=True,
        text=True,
    )
    return json.loads(told.stdout)


# --- the story ------------------------------------------------------------------------------------


def test_a_salon_from_sign_up_to_evaluation(story, phone, tablet, desktop, projector):
    house = story.house
    house.start_worker()
    lin_phone, laptop = phone(), desktop()

    # Twenty days before, in the evening: she applies and gets a link of her own.
    applies_on_her_phone(lin_phone)
    lin = Participant.objects.get(name="林知夏")
    assert (lin.mobile, lin.community_size) == ("+8613801380000", 12000)
    assert [point.text for point in lin.pain_points.all()] == list(PAINS)
    assert lin.channel.code == "gzh"
    assert lin.code not in text_of(letter_about(house, "lin@example.com", "收到"))

    # The organiser accepts her; nothing goes before the release; the worker delivers by SMTP.
    accepts_and_releases(laptop)
    letter = letter_about(house, "lin@example.com", "确认")
    assert Message.objects.get(person_id=lin.pk, kind="accepted").state == "handed_over"

    # She confirms on the page behind the link of the letter.
    code = confirms(lin_phone, link_in(letter))
    lin.refresh_from_db()
    assert (lin.status, lin.code) == ("confirmed", code)
    entries, calendar = takes_the_calendar_file(lin_phone)
    assert any(story.event.title in entry for entry in entries)
    assert calendar.walk("VEVENT")[0]["DTSTART"].dt == story.event.starts_at

    # Others come, too: eleven in the room with her, none of them by hand here.
    guests = story.guests(on_site=10, online=1)
    online = guests[-1]

    # The day itself. The wall is idle until her code is read at the desk.
    story.at(13, 25)
    wall, desk = projector(), tablet()
    log_in(wall, "shen", f"/e/{SLUG}/wall/tags/")
    wall.locator(".wall-idle").wait_for()
    stayed = no_reload(wall)
    open_desk(desk, story.event)
    scan(desk, code)
    result(desk, "checked_in", "林知夏")
    keep(desk, "06-desk-tablet")
    wall.locator(".wall-slip", has_text="林知夏").wait_for()
    other_desk = issue_desk_pass(event=story.event, desk="二号台", by=story.organiser)[0]
    for guest in guests[1:-1]:
        story.comes(guest, other_desk)
    scan(desk, guests[0].code)
    result(desk, "checked_in", guests[0].name)
    until(lambda: wall.locator(".wall-slip").count() == 11, what="eleven cards on the wall")
    assert stayed()
    keep(wall, "07-tag-wall-projector")
    scan(desk, code)
    assert "一号台" in result(desk, "already", "林知夏")
    assert CheckIn.objects.count() == 11

    # Pain wall: her card, a solution from the stream, both on the projector as they are posted.
    host = desktop()
    host.on("dialog", lambda dialog: dialog.accept())
    log_in(host, "shen", f"/e/{SLUG}/host/")
    for item in story.event.agenda.all()[:4]:
        story.at(item.starts_at)
        host.locator("[data-host-next]", has_text=item.title).click()
        host.get_by_role("heading", name=item.title, level=1).wait_for()
    wall.goto(f"/e/{SLUG}/wall/pains/")
    wall.locator(".wall-idle").wait_for()
    stayed = no_reload(wall)
    posts_a_pain(lin_phone, PAINS[0])
    wall.locator(".wall-card", has_text=PAINS[0]).wait_for()
    story.fills_the_wall(guests)
    stream_phone = phone()
    stream_phone.goto(issue_link(participant=online))
    posts_a_solution(stream_phone, PAINS[0], "入群第三天发一个三分钟能做完的小任务")
    wall.locator(".wall-card li", has_text="三分钟").wait_for()
    assert stayed()
    keep(wall, "09-pain-wall-projector")
    keep(lin_phone, "10-pains-phone")
    card = PainCard.objects.get(text=PAINS[0])
    assert card.participant == lin
    assert card.solutions.get(text__contains="三分钟").participant == online

    # Two groups from those who came; both write and hand in.
    for item in story.event.agenda.all()[4:6]:
        story.at(item.starts_at)
        host.locator("[data-host-next]", has_text=item.title).click()
        host.get_by_role("heading", name=item.title, level=1).wait_for()
    host.locator(".stage-now [data-countdown-state]").wait_for()
    keep(host, "08-host-desktop")
    groups_are_published(laptop)
    groups = list(story.event.work_groups.filter(online=False))
    assert [group.memberships.count() for group in groups] == [6, 5]
    presses(host, "start", "设计")
    writers = {}
    for group in groups:
        writers[group] = phone()
        writers[group].goto(issue_link(participant=group.recorder))
        writes_the_plan(writers[group])
    plan = Plan.objects.get(group=groups[0])
    assert [plan.submitted_at is not None, plan.rows.get().time_node] == [True, "第 1 天"]
    presses(host, "start", "点评")
    reviews(phone(), groups=story.event.work_groups.count())
    presses(host, "start", "投票")
    for page in writers.values():
        votes(page, "七天开口计划")
    assert VoteTicket.objects.count() == 4
    keep(host, "15-workshop-desktop")
    presses(host, "close_vote", "公布")
    host.get_by_text("最佳互动方案").first.wait_for()
    wall.goto(f"/e/{SLUG}/wall/plans/")
    wall.get_by_text("最佳互动方案").first.wait_for()
    keep(wall, "16-awards-projector")

    # The host ends it; an hour later the survey is in her letters.
    story.at(17, 44)
    host.goto(f"/e/{SLUG}/host/")
    for item in story.event.agenda.all()[6:]:
        host.locator("[data-host-next]", has_text=item.title).click()
        host.get_by_role("heading", name=item.title, level=1).wait_for()
    story.at(18, 2)
    host.locator("[data-host-next]", has_text="结束本场").click()
    host.get_by_text("全部流程走完了").wait_for()
    story.event.refresh_from_db()
    assert story.event.ended_at is not None
    house.ring("metrics.tasks.run_surveys")
    until(lambda: Message.objects.filter(person_id=lin.pk, kind="survey").exists(), what="survey")
    story.at(19, 10)
    answers_the_survey(lin_phone, link_in(letter_about(house, "lin@example.com", "三分钟")))

    # The worker evaluates; the report tells what `evaluate --json` tells.
    house.ring("metrics.tasks.evaluate_due")
    until(story.event.evaluations.exists, what="the evaluation")
    laptop.goto(f"/admin/e/{SLUG}/report/")
    laptop.locator("button[name=public][value=yes]").click()
    laptop.get_by_text("报告已公开").wait_for()
    reader = desktop()
    reader.goto(f"/e/{SLUG}/report/")
    keep(reader, "18-report-desktop")
    figures = figures_on(reader)
    told = {row["key"]: row for row in evaluate_as_json(house)["metrics"]}
    assert set(told) == set(figures) == {metric.key for metric in METRICS}
    for key, (figure, formula, target) in figures.items():
        assert formula, key
        assert "目标" in target, key
        if key == "survey_score":  # of one sheet: it would tell what she answered
            assert (told[key]["value"], figure) == (None, "满 5 份再看")
        elif told[key]["value"] is None:
            assert figure == "没有数据", key
        else:
            shown = float(re.match(r"-?[\d.]+", figure)[0])
            assert shown == pytest.approx(told[key]["value"], abs=0.05), key
    assert told["attendance_rate"]["value"] == 100
    assert (told["attendance_rate"]["numerator"], told["attendance_rate"]["denominator"]) == (
        11,
        11,
    )
    assert told["solutions"]["value"] == 1 + len(SOLUTIONS)
    assert told["mean_watch_minutes"]["value"] is None
    assert told["whitepaper_claims"]["met"] in {None, False}


class HeldLetter:
    """The SMTP server takes two letters of the batch and does not answer the third."""

    def __init__(self, mailbox):
        self.mailbox = mailbox
        self.held = threading.Event()
        self.go_on = threading.Event()
        self.take = mailbox.handle_DATA
        mailbox.handle_DATA = self.handle

    async def handle(self, server, session, envelope):
        if len(self.mailbox.letters) == 2 and not self.go_on.is_set():
            self.held.set()
            while not self.go_on.is_set():
                await asyncio.sleep(0.02)
            return "451 the line is dead"
        return await self.take(server, session, envelope)


def test_the_worker_dies_between_two_letters_and_no_letter_is_lost(story, phone):
    house = story.house
    people = [story.guest(number) for number in range(6)]
    Message.objects.filter(kind="received").delete()
    line = HeldLetter(house.mailbox)
    try:
        house.start_worker()
        story.accepted(people)
        house.ring(DELIVER)
        assert line.held.wait(30)
        house.kill(house.worker)
    finally:
        line.go_on.set()
        house.mailbox.handle_DATA = line.take
    assert Message.objects.filter(kind="accepted", state="handed_over").count() < len(people)

    story.travel(clock.now() + timedelta(minutes=2))  # what the dead worker held is free again
    house.start_worker()
    house.ring(DELIVER)
    until(
        lambda: Message.objects.filter(kind="accepted", state="handed_over").count() == len(people)
    )
    letters = {n: house.mailbox.to(f"guest{n}@example.com") for n in range(len(people))}
    assert all(letters.values()), "somebody was not told"
    assert sum(map(len, letters.values())) <= len(people) + 2  # the batch at hand may come twice

    # Each letter's link opens its own reader's page.
    page = phone()
    page.goto(link_in(letters[5][0]))
    page.wait_for_url(f"**/e/{SLUG}/me/")
    page.get_by_text(OTHERS[5][0]).first.wait_for()
