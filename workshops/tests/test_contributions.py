"""What a person gave is theirs to read, and theirs to have forgotten; the counts stay."""

import json

import pytest
from django.db import connection
from django.urls import reverse

from events import gate
from participants import applications, consents, erase, tags
from participants.models import ERASED, Consent, Participant
from participants.tests import scenes as participants
from salon import live
from workshops import contributions, exchange, groups, judging, pains, plans, questions
from workshops.models import Match, PainCard, Solution
from workshops.tests import scenes
from workshops.tests.scenes import new_id

pytestmark = pytest.mark.django_db


@pytest.fixture
def busy():
    """林知夏, who did everything there is to do, and her salon."""
    salon = scenes.a_salon()
    room, formed = scenes.two_groups(salon)
    lin, other = room[0], room[1]
    lin.name = "林知夏金丝雀"
    lin.save()
    card = pains.post_pain(person=lin, text="林知夏金丝雀的痛点", client_id=new_id())
    solution = pains.post_solution(
        person=other, card=card, text="找林知夏金丝雀聊", client_id=new_id()
    )
    pains.post_solution(person=lin, card=card, text=f"打 {lin.mobile[3:]}", client_id=new_id())
    pains.like(person=lin, solution=solution)
    questions.send(person=lin, kind="question", text=f"写信到 {lin.email}", client_id=new_id())
    for person in (lin, other):
        exchange.save_listing(
            person=person, table=salon.theme_tables.first(), offer=f"{lin.name}的场地", need=""
        )
    exchange.confirm(match=exchange.request_match(person=lin, other=other), person=other)
    scenes.start(salon, scenes.DESIGN)
    mine = lin.membership.group
    plans.save_plan(
        group=mine,
        person=lin,
        version=0,
        title="林知夏金丝雀计划",
        elements={"content": "由林知夏金丝雀来写"},
        rows=[("第 1 天", "林知夏金丝雀", "")],
    )
    scenes.end(salon, scenes.DESIGN)
    late = {"elements": {"content": "林知夏金丝雀来写第二天"}}
    mate = next(each for each in scenes.members(mine) if each != lin)
    assert scenes.why_not(plans.save_plan, group=mine, person=mate, version=1, **late) == "closed"
    marks = {"need_fit": 4, "feasibility": 4, "follow_up": 4}
    advice = f"请林知夏金丝雀再算一次预算，有问题打 {lin.mobile[3:]}"
    judging.review(group=mine, mentor=scenes.mentor(salon), suggestion=advice, **marks)
    groups.rename(group=mine, name="林知夏金丝雀的小组", by=None)
    scenes.start(salon, scenes.VOTE)
    others = next(group for group in formed if group != mine)
    judging.vote(person=lin, award=salon.awards.first(), group=others)
    return salon, lin


def test_the_export_tells_everything_but_the_secret(client, busy):
    salon, lin = busy
    data = json.loads(scenes.phone_of(client, lin).get(reverse("me_data", args=[salon.slug])).text)
    mine = data["contributions"]
    assert mine["pain_cards"][0]["text"] == "林知夏金丝雀的痛点"
    assert mine["solutions"][0]["text"].startswith("打 138")
    assert mine["likes"][0]["solution__text"] == "找林知夏金丝雀聊"
    assert mine["listing"]["offer"] == "林知夏金丝雀的场地"
    assert mine["group"]["name"] == lin.membership.group.name
    assert (mine["matches"], mine["plan_edits"]) == (1, 1)
    assert mine["voted_for_awards"] == ["最佳互动方案"]
    other_group = salon.work_groups.exclude(pk=lin.membership.group_id).get().name
    assert other_group not in json.dumps(mine, ensure_ascii=False)


def test_a_late_draft_is_its_authors_to_read_and_to_take_away(busy):
    _salon, lin = busy
    group = lin.membership.group
    late = {"person": lin, "version": 1, "title": "太迟的标题"}
    assert scenes.why_not(plans.save_plan, group=group, **late) == "closed"
    assert contributions.of(lin)["late_drafts"][0]["text"]["title"] == "太迟的标题"
    erase.erase_person(participant=lin, by=None)
    [mates] = group.plan.late_drafts.all()
    assert mates.text["elements"]["content"] == "×来写第二天"


def rooms_tables():
    return [
        name for name in connection.introspection.table_names() if name.startswith("workshops_")
    ]


def test_erased_the_name_is_in_no_table_of_the_room_and_every_count_stays(busy):
    salon, lin = busy
    words = (lin.name, lin.mobile[3:], lin.email)
    before = {}
    with connection.cursor() as cursor:
        for table in rooms_tables():
            cursor.execute(f"SELECT count(*) FROM {table}")
            before[table] = cursor.fetchone()[0]
    erase.erase_person(participant=lin, by=None)
    with connection.cursor() as cursor:
        for table, count in before.items():
            cursor.execute(
                f"SELECT count(*), coalesce(string_agg(t::text, ' '), '') FROM {table} t"
            )
            rows, text = cursor.fetchone()
            assert rows == count, table
            for word in words:
                assert word not in text, table
    assert Participant.objects.get(pk=lin.pk).erased_at
    assert pains.pain_wall(salon).solutions == 2
    assert Match.objects.count() == 1


@pytest.fixture
def rung(monkeypatch):
    """The topics that are rung from now on."""
    topics = set()
    monkeypatch.setattr(live, "publish", lambda event, *which: topics.update(which))
    return topics


def walls(salon):
    """What hangs on every wall of the house; other tests have topics of their own."""
    house = {name: topic for name, topic in live._topics.items() if not name.startswith("test_")}
    return {name: topic.render(salon.slug) for name, topic in house.items()}


def on_the_tag_wall(lin):
    consents.set_consent(participant=lin, purpose=Consent.Purpose.WALL_NAME, given=True, by=lin)
    tags.save_card(
        person=lin, by=lin, industry="education", size_band="", expertise="", pain="没人说话"
    )


def test_every_wall_that_showed_the_erased_is_rung(busy, rung):
    salon, lin = busy
    on_the_tag_wall(lin)
    before = walls(salon)
    assert "林知夏金丝雀" in before["tags"]
    assert "林知夏金丝雀" in before["pains"]
    rung.clear()
    erase.erase_person(participant=lin, by=lin)
    after = walls(salon)
    assert not any("林知夏金丝雀" in html for html in after.values())
    assert {name for name in before if before[name] != after[name]} <= rung


def test_a_name_given_changed_or_taken_back_rings_every_wall_that_says_it(busy, rung):
    salon, lin = busy
    on_the_tag_wall(lin)
    assert {"tags", "plans"} <= rung  # where she leads, the plan on stage says so
    assert "林知夏金丝雀" in walls(salon)["tags"]
    rung.clear()
    renamed = participants.answers("林知秋", mobile=lin.mobile, email=lin.email)
    applications.edit(participant=lin, answers=renamed, version=lin.version, by=lin)
    assert {"tags", "plans"} <= rung
    assert "林知夏金丝雀" in walls(salon)["tags"], "the new name waits to be looked at"
    rung.clear()
    lin.refresh_from_db()
    gate.show(event=salon, row=lin, by=None)
    assert {"tags", "plans"} <= rung
    assert "林知秋" in walls(salon)["tags"]
    rung.clear()
    consents.set_consent(participant=lin, purpose=Consent.Purpose.WALL_NAME, given=False, by=lin)
    assert {"tags", "plans"} <= rung


def test_what_others_wrote_stays_readable(busy):
    _salon, lin = busy
    erase.erase_person(participant=lin, by=None)
    assert Solution.objects.exclude(participant=lin).get().text == "找×聊"
    assert PainCard.objects.get(participant=lin).text == ERASED
