"""Groups of those who came: formed, published, joined late, moved by hand."""

import json
import threading
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.urls import reverse

from participants import erase
from salon import clock
from salon.errors import Refused
from tests.house import somebody_waits_for_us, until
from workshops import groups, judging, plans, stage
from workshops.models import Membership, Plan
from workshops.tests import scenes

pytestmark = pytest.mark.django_db


@pytest.fixture
def salon():
    return scenes.a_salon()


def formed(salon):
    out = StringIO()
    call_command("form_groups", salon.slug, "--json", stdout=out)
    return json.loads(out.getvalue())


def test_twenty_three_people_sit_in_fives_and_sixes(salon):
    room = scenes.people(salon, 23)
    answer = formed(salon)
    sizes = sorted(len(group["members"]) for group in answer["groups"])
    assert sizes == [5, 6, 6, 6]
    assert answer["note"] is None
    assert {pk for group in answer["groups"] for pk in group["members"]} == {p.pk for p in room}
    for group in answer["groups"]:
        assert group["leader"] in group["members"]
        assert group["recorder"] in set(group["members"]) - {group["leader"]}


def test_who_did_not_come_is_in_no_group_and_the_stream_has_its_own(salon):
    room = scenes.people(salon, 6)
    scenes.people(salon, 3, first=6, came=False)
    stream = scenes.people(salon, 5, first=20, online=True)
    answer = formed(salon)
    assert sorted(map(len, (set(g["members"]) for g in answer["groups"]))) == [5, 6]
    assert {frozenset(g["members"]) for g in answer["groups"]} == {
        frozenset(p.pk for p in room),
        frozenset(p.pk for p in stream),
    }


@pytest.mark.parametrize("count", [7, 8, 9, 13, 14, 19])
def test_numbers_that_cannot_be_split_say_so(salon, count):
    scenes.people(salon, count)
    answer = formed(salon)
    assert str(count) in answer["note"]
    assert sum(len(group["members"]) for group in answer["groups"]) == count


def test_the_same_seed_forms_the_same_groups(salon):
    scenes.people(salon, 17)
    first = formed(salon)
    assert formed(salon) == first


def test_with_nobody_here_the_command_says_so_and_an_unknown_event_ends_it(salon):
    answer = formed(salon)
    assert answer["groups"] == []
    assert "签到" in answer["note"]
    with pytest.raises(CommandError):
        call_command("form_groups", "nowhere")


def test_published_groups_are_not_formed_anew(salon):
    scenes.two_groups(salon)
    before = set(Membership.objects.values_list("participant", "group"))
    with pytest.raises(CommandError):
        call_command("form_groups", salon.slug)
    assert set(Membership.objects.values_list("participant", "group")) == before


def test_whoever_comes_late_joins_and_nobody_is_moved(salon):
    scenes.two_groups(salon, people_in_room=11)
    before = set(Membership.objects.values_list("participant", "group"))
    late = scenes.person(salon, "迟来的许多多")

    placed = groups.place_late(person=late)

    after = set(Membership.objects.values_list("participant", "group"))
    assert before < after
    assert len(after - before) == 1
    assert Membership.objects.filter(group=placed.group).count() == 6
    assert placed.group.memberships.get(participant=late).late
    again = groups.place_late(person=late)
    assert again.group == placed.group
    assert Membership.objects.count() == 12


def test_the_thirteenth_makes_a_group_of_seven_then_a_new_one_opens(salon):
    _room, (_first, _second) = scenes.two_groups(salon)
    for number in range(3):
        groups.place_late(person=scenes.person(salon, f"后到{number}"))
    sizes = [group.memberships.count() for group in salon.work_groups.all()]
    assert sizes == [7, 7, 1]
    opened = salon.work_groups.last()
    assert opened.published_at
    assert opened.leader


def test_before_publishing_and_for_those_who_stayed_away_nobody_is_placed(salon):
    late = scenes.person(salon, "许多多")
    assert groups.place_late(person=late) is None
    scenes.two_groups(salon)
    absent = scenes.person(salon, "没来的曹砚秋", came=False)
    assert groups.place_late(person=absent) is None


def test_all_who_came_since_are_placed_by_one_press(salon):
    scenes.two_groups(salon)
    scenes.people(salon, 3, first=40)
    scenes.people(salon, 1, first=60, online=True)
    assert len(groups.place_all_late(event=salon)) == 4
    assert groups.without_group(salon) == []


def test_a_move_by_hand_shows_what_is_out_of_order(salon):
    _room, (first, second) = scenes.two_groups(salon)
    chen = scenes.an_organiser(salon)
    leader = first.leader
    for member in [leader, *[m for m in scenes.members(first) if m != leader]][:2]:
        groups.move(event=salon, person=member, group=second, by=chen)
    standing = groups.standing(salon)
    sentences = " ".join(sentence for group in standing for sentence in group.problems)
    assert "只有 4 人" in sentences
    assert "有 8 人" in sentences
    assert "没有组长" in sentences


def test_two_organisers_move_one_person_and_the_second_is_told(salon):
    _room, (first, second) = scenes.two_groups(salon)
    chen, shen = scenes.an_organiser(salon), scenes.an_organiser(salon, "shen")
    lin = scenes.members(first)[0]
    groups.move(event=salon, person=lin, group=second, by=chen, seen_in=first.pk)
    with pytest.raises(Refused) as refused:
        groups.move(event=salon, person=lin, group=None, by=shen, seen_in=first.pk)
    assert f"{lin.name} 刚被移到“2. {second.name}”" in str(refused.value)
    assert Membership.objects.get(participant=lin).group == second


def test_who_did_not_come_is_put_into_no_group_by_hand(salon):
    _room, (first, _second) = scenes.two_groups(salon)
    absent = scenes.person(salon, "没来的曹砚秋", came=False)
    with pytest.raises(Refused, match="还没有签到"):
        groups.move(event=salon, person=absent, group=first, by=None, seen_in=0)


def test_a_new_leader_swaps_with_the_recorder(salon):
    _room, (first, _second) = scenes.two_groups(salon)
    leader, recorder = first.leader, first.recorder
    groups.appoint(group=first, role="leader", person=recorder, by=scenes.an_organiser(salon))
    first.refresh_from_db()
    assert (first.leader, first.recorder) == (recorder, leader)


def test_once_somebody_voted_the_groups_stay(salon):
    _room, (first, second) = scenes.two_groups(salon)
    scenes.start(salon, scenes.VOTE)
    voter = scenes.members(first)[0]
    judging.vote(person=voter, award=salon.awards.get(key="best"), group=second)
    scenes.end(salon, scenes.VOTE)
    assert scenes.why_not(groups.unpublish, event=salon, by=None) == "voted"
    assert groups.group_of(voter) == first


def test_while_the_vote_runs_the_ballot_stands_and_nobody_is_left_without_one(salon):
    _room, (first, second) = scenes.two_groups(salon)
    scenes.start(salon, scenes.VOTE)
    assert scenes.why_not(groups.unpublish, event=salon, by=None) == "voting"
    lin = scenes.members(first)[0]
    judging.vote(person=lin, award=salon.awards.get(key="best"), group=second)


def test_a_group_opened_for_latecomers_during_the_vote_is_not_offered(salon):
    _room, (first, second) = scenes.two_groups(salon)
    scenes.start(salon, scenes.VOTE)
    for number in range(3):
        groups.place_late(person=scenes.person(salon, f"后到{number}"))
    assert salon.work_groups.count() == 3
    lin = scenes.members(first)[0]
    assert list(judging.candidates(lin)) == [second]


# --- groups that nobody is in any more ----------------------------------------------------------


def emptied(group, other):
    for person in scenes.members(group):
        groups.move(event=group.event, person=person, group=other, by=None)
    return group


def test_an_emptied_group_is_dissolved_and_asked_for_no_plan(client, salon):
    _room, (first, second) = scenes.two_groups(salon)
    client.force_login(scenes.an_organiser(salon))
    dissolve = reverse("groups_change", args=[salon.slug, first.pk])
    page = reverse("groups", args=[salon.slug])
    assert "解散这一组" not in client.get(page).text
    client.post(dissolve, {"act": "dissolve"})
    assert salon.work_groups.count() == 2, "its people sit there"
    emptied(first, second)
    assert "解散这一组" in client.get(page).text
    assert "已解散" in client.post(dissolve, {"act": "dissolve"}, follow=True).text
    assert list(salon.work_groups.all()) == [second]
    assert [group.number for group in stage.groups_with_plans(salon)] == [second.number]
    assert groups.dissolve(group=first, by=None) is None, "a second press finds nothing to do"


def test_what_a_group_wrote_is_not_dissolved_with_it(salon):
    _room, (first, second) = scenes.two_groups(salon)
    scenes.start(salon, scenes.DESIGN)
    writer = scenes.members(first)[0]
    plans.save_plan(group=first, person=writer, version=0, title="七天破冰")
    emptied(first, second)
    assert scenes.why_not(groups.dissolve, group=first, by=None) == "written"


def test_the_next_latecomer_is_not_seated_alone_in_an_emptied_group(salon):
    _room, (first, second) = scenes.two_groups(salon, people_in_room=10)
    emptied(first, None)
    placed = groups.place_late(person=scenes.person(salon, "迟来的许多多"))
    assert placed.group == second


def test_an_erased_member_can_be_taken_out_of_the_group(client, salon):
    _room, (first, _second) = scenes.two_groups(salon)
    lin = scenes.members(first)[0]
    erase.erase_person(participant=lin, by=None)
    client.force_login(scenes.an_organiser(salon))
    form = {"person": lin.pk, "group": "", "seen_in": first.pk}
    client.post(reverse("groups_move", args=[salon.slug]), form)
    assert not Membership.objects.filter(participant=lin).exists()


def test_the_organiser_gives_a_group_another_name(client, salon):
    _room, (first, _second) = scenes.two_groups(salon)
    client.force_login(scenes.an_organiser(salon))
    page = client.get(reverse("groups", args=[salon.slug])).text
    assert 'value="rename"' in page
    rename = reverse("groups_change", args=[salon.slug, first.pk])
    client.post(rename, {"act": "rename", "name": "破冰小队"})
    first.refresh_from_db()
    assert first.name == "破冰小队"
    answer = client.post(rename, {"act": "rename", "name": "长" * 61}, follow=True)
    assert "最多 60 个字" in answer.text


def typed_too_late(group, lin, mentor):
    plan = plans.plan_of(group)
    plan.late_drafts.create(participant=lin, text={"title": "迟到的标题"}, at=clock.now())


def photographed_the_board(group, lin, mentor):
    plans.plan_of(group).photos.create(added_by=lin, image="plans/board.jpg")


def heard_the_mentor(group, lin, mentor):
    marks = dict.fromkeys(judging.MARKS, 4)
    judging.review(group=group, mentor=mentor, suggestion="先做一次试点。", **marks)


@pytest.mark.parametrize("did", [photographed_the_board, heard_the_mentor, typed_too_late])
def test_a_group_that_did_anything_is_not_taken_apart(salon, did):
    _room, (first, _second) = scenes.two_groups(salon)
    lin = scenes.members(first)[0]
    did(first, lin, scenes.mentor(salon))
    assert Plan.objects.get(group=first).version == 0
    with pytest.raises(Refused, match="不能撤回重分") as refused:
        groups.unpublish(event=salon, by=None)
    assert refused.value.code == "written"
    # Whatever came in while they were being taken back is not swept away either.
    salon.work_groups.update(published_at=None)
    with pytest.raises(Refused) as refused:
        groups.form(event=salon)
    assert refused.value.code == "written"
    emptied(first, None)
    assert scenes.why_not(groups.dissolve, group=first, by=None) == "written"
    assert salon.work_groups.filter(pk=first.pk).exists()


def test_whoever_leads_a_group_that_was_formed_anew_meanwhile_is_told_so(salon):
    scenes.people(salon, 12)
    groups.form(event=salon)
    page = salon.work_groups.first()
    lin = scenes.members(page)[0]
    groups.form(event=salon, seed=1)
    with pytest.raises(Refused) as refused:
        groups.appoint(group=page, role="leader", person=lin, by=None)
    assert refused.value.code == "foreign"


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_one_organiser_moves_lin_while_another_makes_her_leader():
    salon = scenes.a_salon()
    _room, (first, second) = scenes.two_groups(salon)
    lin = scenes.members(first)[-1]
    answers = []

    def appoint():
        try:
            groups.appoint(group=first, role="leader", person=lin, by=None)
        except Refused as refused:
            answers.append(refused.code)
        else:
            answers.append("appointed")
        finally:
            connection.close()

    other = threading.Thread(target=appoint)
    with transaction.atomic():
        groups.move(event=salon, person=lin, group=second, by=None)
        other.start()
        until(lambda: answers or somebody_waits_for_us(), what="the other organiser's press")
    other.join()
    assert answers == ["foreign"]
    first.refresh_from_db()
    assert first.leader != lin


def test_a_stranger_cannot_lead_a_group(salon):
    _room, (first, second) = scenes.two_groups(salon)
    with pytest.raises(Refused):
        groups.appoint(group=first, role="leader", person=second.leader, by=None)


# --- faces ------------------------------------------------------------------------------------


def test_from_preview_to_the_phones(client, salon):
    room = scenes.people(salon, 12)
    chen = scenes.an_organiser(salon)
    client.force_login(chen)
    url = reverse("groups", args=[salon.slug])
    what_ifs = reverse("groups_what_ifs", args=[salon.slug])
    assert what_ifs in client.get(url).text
    runs = client.get(what_ifs).context["runs"]
    assert len(runs) == 4
    assert salon.work_groups.count() == 0, "looking forms nothing"
    press = reverse("groups_press", args=[salon.slug])
    client.post(press, {"act": "form", "seed": runs[0].seed})
    assert "公布分组" in client.get(url).text
    client.logout()
    phone = scenes.phone_of(client, room[0])
    mine = reverse("me_group", args=[salon.slug])
    assert "还没有分到小组" in phone.get(mine).text
    client.force_login(chen)
    client.post(press, {"act": "publish"})
    page = phone.get(mine)
    assert room[0].membership.group.name in page.text
    assert salon.work_groups.first().leader_reason in groups.standing(salon)[0].leader_reason


def test_the_page_comes_before_anything_is_tried(client, salon):
    client.force_login(scenes.an_organiser(salon))
    url = reverse("groups", args=[salon.slug])
    page = client.get(url).text
    assert "还没有可以分组的人" in page
    assert "what-ifs" not in page, "with nobody here there is nothing to try"
    scenes.people(salon, 12)
    for asked in ("", "?seed=7"):
        page = client.get(url + asked).text
        assert f"groups/what-ifs/?seed={asked[-1:] or 0}" in page
        assert "ws-run" not in page


def test_dragging_posts_a_move_and_the_board_says_what_is_wrong(client, salon):
    _room, (first, second) = scenes.two_groups(salon)
    client.force_login(scenes.an_organiser(salon))
    somebody = scenes.members(first)[0]
    answer = client.post(
        reverse("groups_move", args=[salon.slug]),
        {"person": somebody.pk, "group": second.pk},
        headers={"accept": "application/json"},
    )
    assert answer.json() == {"ok": True}
    gone = client.post(
        reverse("groups_move", args=[salon.slug]), {"person": somebody.pk, "group": 987654}
    )
    assert "分组刚被重排" in client.get(gone.url).text
    board = client.get(reverse("groups_board", args=[salon.slug]))
    assert "有 7 人，多于 6 人" in board.text
    assert "打印" in client.get(reverse("table_cards", args=[salon.slug])).text


def test_the_page_of_a_full_house_costs_a_constant_number_of_queries(
    client, salon, django_assert_max_num_queries
):
    scenes.people(salon, 50)
    scenes.people(salon, 40, first=100, online=True)
    groups.form(event=salon)
    client.force_login(scenes.an_organiser(salon))
    with django_assert_max_num_queries(12):
        client.get(reverse("groups", args=[salon.slug]))
