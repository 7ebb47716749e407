"""A salon worth a whitepaper, and its paper drafted and published."""

from metrics import whitepaper
from metrics.tests.scenes import a_past_salon, came
from participants.consents import set_consent
from salon import clock
from workshops.models import (
    Membership,
    PainCard,
    Plan,
    PlanRow,
    Question,
    Solution,
    WorkGroup,
)

SCRIPTS = (
    "<script>alert(1)</script>",
    '<img src=x onerror="alert(1)">',
    "[点我](javascript:alert(1))",
    "![](http://evil.example/x.png)",
    '<a href="data:text/html,x">x</a>',
    "<svg/onload=alert(1)>",
    '<p style="background:url(x)">x</p>',
    "<iframe src=//evil></iframe>",
    "[x]: javascript:alert(1)\n[x]",
    '<a href="https://a.example" onclick="x()">x</a>',
    "`<script>`",
    "<https://a.example/?q=<script>>",
)


def agrees(person, given=True):
    set_consent(participant=person, purpose="whitepaper_credit", given=given, by=person)


def a_salon_to_write_of():
    """Lin and Wu agreed to be credited, He did not; one group's plan, two good solutions."""
    event = a_past_salon()
    event.lin, event.he, event.wu = (
        came(event, name, number) for number, name in enumerate(("林知夏", "何明敏", "吴桐雨"), 1)
    )
    agrees(event.lin)
    agrees(event.wu)
    group = WorkGroup.objects.create(event=event, number=1, name="第一组", published_at=clock.now())
    for person in (event.lin, event.he):
        Membership.objects.create(group=group, participant=person)
    first = event.task_elements.first()
    plan = Plan.objects.create(
        group=group,
        title="七天激活计划",
        submitted_at=clock.now(),
        elements={first.key: "进群三天没开口的新人，由何明敏跟进"},
    )
    PlanRow.objects.create(
        plan=plan, position=1, time_node="第 1 天", owner="何明敏", resources="卡片"
    )
    PlanRow.objects.create(
        plan=plan, position=2, time_node="第 2 天", owner="林知夏", resources="话题"
    )
    card = PainCard.objects.create(event=event, participant=event.he, text="新人三天就不说话")
    for person, text in (
        (event.wu, "先私聊 *三位* 老用户"),
        (event.he, "何明敏自己的秘方"),
        (event.lin, "没有被选中的"),
    ):
        Solution.objects.create(
            card=card,
            participant=person,
            text=text,
            featured_at=None if person == event.lin else clock.now(),
        )
    Question.objects.create(
        event=event,
        participant=event.wu,
        kind="question",
        text="怎么让老用户回来？",
        gate="shown",
        answered_at=clock.now(),
    )
    return event


def drafted(event, organiser):
    return whitepaper.draft(event=event, by=organiser)[0]


def sections_of(paper, **changed):
    """The paper's sections as the editor posts them."""
    return [
        {"module": s["module"], "title": s["title"], "text": s["text"], "was": n} | changed
        for n, s in enumerate(paper.sections)
    ]


def published(event, organiser):
    paper = drafted(event, organiser)
    sections = [s for s in sections_of(paper) if "请在这里写下" not in s["text"]]
    paper = whitepaper.save(
        paper=paper,
        edit_version=paper.edit_version,
        title=paper.title,
        sections=sections,
        by=organiser,
    )
    return whitepaper.publish(paper=paper, by=organiser)


def text_of(paper):
    return "\n".join(f"{s['title']}\n{s['text']}" for s in paper.sections)
