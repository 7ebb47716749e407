"""What the projector shows of the workshop, and what fits on it."""

import threading

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from participants.models import Consent
from salon import clock
from tests.house import somebody_waits_for_us, until
from workshops import groups, now, plans, stage
from workshops.models import PlanRow, WorkGroup
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


def test_the_wall_names_the_leader_who_agreed_and_not_the_one_who_did_not(client, salon):
    _room, (first, second) = scenes.two_groups(salon)
    Consent.objects.create(
        participant=first.leader,
        purpose=Consent.Purpose.WALL_NAME,
        wording="同意",
        given_at=clock.now(),
    )
    client.force_login(scenes.host(salon))
    wall = client.get(reverse("wall_plans", args=[salon.slug])).text
    assert f"组长 {first.leader.name}" in wall
    assert second.leader.name not in wall


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


def marks(salon):
    context = stage.workshop_context(salon)
    return [context["groups_mark"], *(group.mark for group in context["groups"])]


def test_two_who_change_places_are_noticed_by_a_phone_that_slept_through_it(salon, group):
    second = salon.work_groups.last()
    lin, zhou = (scenes.members(each)[-1] for each in (group, second))
    for each in (group, second):
        # Roles would give it away.
        each.leader = each.recorder = None
        each.save()
    before = marks(salon)
    groups.move(event=salon, person=lin, group=second, by=None)
    groups.move(event=salon, person=zhou, group=group, by=None)
    assert [was == now for was, now in zip(before, marks(salon), strict=True)] == [False] * 3
    assert marks(salon) == marks(salon)


# --- two presses in one moment ----------------------------------------------------------------


def while_one_press_is_under_way(first_press, second_press):
    """What became of the second press, made before the first was through."""
    answers = []

    def press():
        try:
            second_press()
        except IntegrityError:
            answers.append("broke")
        else:
            answers.append("shown")
        finally:
            connection.close()

    other = threading.Thread(target=press)
    with transaction.atomic():
        first_press()
        other.start()
        until(lambda: answers or somebody_waits_for_us(), what="the other press")
    other.join()
    return answers


def two_presses(put_on_stage):
    salon = scenes.a_salon()
    _room, (first, second) = scenes.two_groups(salon)
    answers = while_one_press_is_under_way(
        lambda: put_on_stage(salon, first), lambda: put_on_stage(salon, second)
    )
    return answers, list(WorkGroup.objects.filter(on_stage=True)), second


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_of_two_presses_in_one_moment_the_later_plan_is_on_the_projector():
    answers, shown, second = two_presses(
        lambda salon, group: stage.show(event=salon, group=group, by=None)
    )
    assert (answers, shown) == (["shown"], [second])


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_without_the_events_lock_the_later_press_breaks():
    """The unlocked twin: clearing the stage and taking it, with nobody made to wait."""

    def take(salon, group):
        with transaction.atomic():
            WorkGroup.objects.filter(event=salon, on_stage=True).update(on_stage=False)
            WorkGroup.objects.filter(pk=group.pk).update(on_stage=True)

    answers, shown, second = two_presses(take)
    assert answers == ["broke"]
    assert second not in shown
