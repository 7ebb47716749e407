"""What the projector shows of the workshop, and what fits on it."""

import pytest
from django.urls import reverse

from workshops import now, plans, stage
from workshops.models import PlanRow
from workshops.tests import scenes

pytestmark = pytest.mark.django_db


@pytest.fixture
def salon():
    return scenes.a_salon()


@pytest.fixture
def group(salon):
    _room, (first, _second) = scenes.two_groups(salon)
    scenes.start(salon, scenes.DESIGN)
    stage.show(event=salon, group=first, by=None)
    return first


def with_rows(group, count):
    PlanRow.objects.bulk_create(
        PlanRow(plan=group.plan, position=position, time_node=f"第 {position} 天")
        for position in range(1, count + 1)
    )


@pytest.mark.parametrize(("rows", "shown", "more"), [(0, 0, 0), (6, 6, 0), (7, 5, 2), (30, 5, 25)])
def test_rows_beyond_the_projectors_edge_are_counted_not_cut(salon, group, rows, shown, more):
    with_rows(group, rows)
    on_stage = stage.context(salon)["shown"]
    assert (len(on_stage.shown_rows), on_stage.more_rows) == (shown, more)


def test_a_photo_takes_room_from_the_rows(salon, group):
    with_rows(group, 5)
    group.plan.photos.create(image="plans/x.jpg")
    on_stage = stage.context(salon)["shown"]
    assert (len(on_stage.shown_rows), on_stage.more_rows) == (3, 2)


@pytest.mark.parametrize(("length", "density"), [(36, "roomy"), (54, "full"), (55, "dense")])
def test_letters_are_as_large_as_the_longest_element_allows(salon, group, length, density):
    lin = scenes.members(group)[0]
    elements = {"core_goal": "字" * length, "content": "短"}
    plans.save_plan(group=group, person=lin, version=0, elements=elements)
    assert stage.context(salon)["shown"].density == density


def test_a_group_that_wrote_nothing_is_asked_to_tell_it(client, salon, group):
    client.force_login(scenes.host(salon))
    wall = client.get(reverse("wall_plans", args=[salon.slug])).text
    assert "这一组还没有写下什么" in wall
    assert "目标用户" not in wall


def kinds(salon):
    return [phase.kind for phase in stage.workshop_context(salon)["current"]]


def test_of_two_phases_that_run_phones_show_both_and_the_wall_the_one_started_last(salon, group):
    scenes.start(salon, scenes.VOTE)
    assert kinds(salon) == [scenes.VOTE, scenes.DESIGN]
    assert stage.context(salon)["phase"].kind == scenes.VOTE
    scenes.end(salon, scenes.VOTE)
    assert kinds(salon) == [scenes.DESIGN]
    scenes.end(salon, scenes.DESIGN)
    assert kinds(salon) == [scenes.DESIGN], "the last that ended stays there as ended"


def test_the_vote_page_counts_down_the_vote_whatever_else_runs(client, salon, group):
    scenes.start(salon, scenes.VOTE)
    scenes.start(salon, scenes.REVIEW)
    lin = scenes.members(group)[0]
    page = scenes.phone_of(client, lin).get(reverse("me_vote", args=[salon.slug])).text
    bar = page[page.index('data-own="vote"') :]
    assert 'data-kind="vote"' in bar
    assert now.now_for(lin).first.name == "me_vote"


def test_the_host_is_asked_before_two_phases_run_together(client, salon, group):
    client.force_login(scenes.host(salon))
    hand = reverse("workshop_host", args=[salon.slug])
    assert "两个一起走？" in client.get(hand).text
    scenes.end(salon, scenes.DESIGN)
    assert "两个一起走？" not in client.get(hand).text


def test_the_vote_is_closed_by_no_button_before_it_began(client, salon, group):
    client.force_login(scenes.host(salon))
    hand = reverse("workshop_host", args=[salon.slug])
    assert "close_vote" not in client.get(hand).text
    scenes.start(salon, scenes.VOTE)
    assert "close_vote" in client.get(hand).text
