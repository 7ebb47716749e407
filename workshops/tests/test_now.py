"""What is on now is one tap away."""

import pytest
from django.urls import reverse

from events import agenda
from participants.models import InterestGroup, TagCard
from workshops import exchange, groups, icebreaker, judging, now, tasks
from workshops.models import Membership
from workshops.tests import scenes

pytestmark = pytest.mark.django_db


@pytest.fixture
def salon():
    return scenes.a_salon()


def go_to(salon, kind):
    """The host goes on until the part of this kind runs."""
    host = scenes.host(salon, f"host-{kind}")
    while True:
        agenda.advance(event=salon, seen=agenda.seen_of(salon), by=host)
        current = agenda.programme(salon).current
        if current.kind == kind:
            return


def first(person):
    return now.now_for(person).first.name


def test_the_way_follows_the_host(salon):
    room, _groups = scenes.two_groups(salon)
    lin = room[0]
    ways = []
    for kind in ("check_in", "opening", "talk", "break"):
        go_to(salon, kind)
        ways.append(first(lin))
    assert ways == ["me_card", "me_questions", "me_questions", "me_exchange"]


def test_a_running_minute_a_design_and_a_vote_come_first(salon):
    room, published = scenes.two_groups(salon)
    lin = room[0]
    interest = InterestGroup.objects.create(event=salon, name="教育·新用户激活组")
    TagCard.objects.create(participant=lin, industry="education", interest_group=interest)
    icebreaker.start(event=salon, by=None)
    assert first(lin) == "me_icebreaker"
    icebreaker.finish(person=lin, text="先问名字")
    scenes.start(salon, scenes.DESIGN)
    assert first(lin) == "me_group"
    scenes.end(salon, scenes.DESIGN)
    scenes.start(salon, scenes.VOTE)
    assert first(lin) == "me_vote"
    other = next(group for group in published if group != lin.membership.group)
    for award in salon.awards.all():
        judging.vote(person=lin, award=award, group=other)
    assert now.now_for(lin).doors[1].note == "已投完"


def test_after_the_event_the_survey_is_first(salon, travel):
    lin = scenes.person(salon, "林知夏")
    travel(salon.ends_at)
    assert first(lin) == "me_survey"


def test_a_request_shows_at_the_door_of_the_corner(client, salon):
    lin, zhou = scenes.people(salon, 2)
    for person in (lin, zhou):
        exchange.save_listing(
            person=person, table=salon.theme_tables.first(), offer="场地", need=""
        )
    exchange.request_match(person=lin, other=zhou)
    page = scenes.phone_of(client, zhou).get(reverse("me_now", args=[salon.slug]))
    assert "1 人想和您对接" in page.text


def test_what_one_gave_is_there_to_read(client, salon):
    lin = scenes.person(salon, "林知夏")
    page = scenes.phone_of(client, lin).get(reverse("me_given", args=[salon.slug]))
    assert "还没有写过什么" in page.text


def test_the_top_of_the_page_costs_the_same_for_everybody(
    client, salon, django_assert_max_num_queries
):
    room, _groups = scenes.two_groups(salon, people_in_room=40)
    phone = scenes.phone_of(client, room[0])
    with django_assert_max_num_queries(18):
        phone.get(reverse("me_now", args=[salon.slug]))


def test_the_clock_places_those_who_came_late(salon):
    scenes.two_groups(salon)
    late = scenes.person(salon, "许多多")
    tasks.place_latecomers()
    assert Membership.objects.get(participant=late).late
    assert groups.group_of(late)


def test_after_the_event_nobody_is_placed_any_more(salon, travel):
    scenes.two_groups(salon)
    late = scenes.person(salon, "许多多")
    travel(salon.ends_at)
    tasks.place_latecomers()
    assert groups.group_of(late) is None
