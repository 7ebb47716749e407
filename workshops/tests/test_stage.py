"""What the projector shows of the workshop, and what fits on it."""

import pytest
from django.urls import reverse

from workshops import plans, stage
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


def test_of_two_phases_that_run_the_one_started_last_is_shown(salon, group):
    scenes.start(salon, scenes.VOTE)
    assert stage.workshop_context(salon)["phase"].kind == scenes.VOTE
    scenes.end(salon, scenes.VOTE)
    assert stage.workshop_context(salon)["phase"].kind == scenes.DESIGN


def test_the_vote_is_closed_by_no_button_before_it_began(client, salon, group):
    client.force_login(scenes.host(salon))
    hand = reverse("workshop_host", args=[salon.slug])
    assert "close_vote" not in client.get(hand).text
    scenes.start(salon, scenes.VOTE)
    assert "close_vote" in client.get(hand).text
