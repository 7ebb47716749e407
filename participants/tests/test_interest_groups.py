"""Interest groups in the database: placed in batches, stable, and the host's hand on them."""

from datetime import timedelta

import pytest

from events.models import AgendaItem
from participants import interest_groups, tags
from participants.models import InterestGroup, TagCard
from participants.tests.door import Tablet, make_person, make_salon
from salon import clock
from salon.errors import Refused

pytestmark = pytest.mark.django_db

SILENT, NUMBERS = "新人进群三天就沉默", "数据散在各个平台，追不到转化"


@pytest.fixture
def salon():
    return make_salon()


@pytest.fixture
def tablet(client, salon):
    return Tablet(client, salon)


@pytest.fixture
def arrive(tablet, salon):
    """`arrive(name, industry, pain)`: somebody comes in and the clock rings."""

    def come(name, industry="education", pain=SILENT, *, place=True):
        person = make_person(salon, name, industry=industry, pains=[pain] if pain else [])
        tablet.scan(person)
        if place:
            interest_groups.place_arrivals(event=salon)
        return person

    return come


def groups(salon):
    return {
        group.name: [card.participant.name for card in group.people]
        for group in interest_groups.standing(salon)
    }


def test_three_of_one_trade_with_one_pain_are_a_group_named_in_words(arrive, salon):
    for name in ("甲", "乙", "丙"):
        arrive(name)
    [(name, people)] = groups(salon).items()
    assert name.startswith("教育·")
    assert name.endswith("组")
    assert people == ["甲", "乙", "丙"]
    [group] = interest_groups.standing(salon)
    assert (group.formed, group.missing) == (True, 0)


def test_two_wait_for_a_third(arrive, salon):
    lin = arrive("甲")
    arrive("乙")
    group = interest_groups.group_of(lin)
    assert (group.formed, group.missing) == (False, 1)


def test_a_batch_places_everybody_who_came_since(arrive, salon):
    for n in range(12):
        arrive(f"客{n}", place=False)
    assert groups(salon) == {}
    interest_groups.place_arrivals(event=salon)
    assert [len(people) for people in groups(salon).values()] == [12]


def test_asking_again_changes_nothing(arrive, salon):
    for name in ("甲", "乙", "丙"):
        arrive(name)
    before = list(TagCard.objects.order_by("pk").values_list("pk", "interest_group", "moved"))
    assert interest_groups.place_arrivals(event=salon) is False
    after = list(TagCard.objects.order_by("pk").values_list("pk", "interest_group", "moved"))
    assert before == after


def test_a_card_changed_later_moves_nobody_who_has_been_told_where_to_go(arrive, salon):
    people = [arrive(name) for name in ("甲", "乙", "丙")]
    home = people[0].tag_card.interest_group_id
    tags.save_card(
        person=people[0],
        by=people[0],
        industry="consumer",
        size_band="",
        expertise="",
        pain=NUMBERS,
    )
    interest_groups.place_arrivals(event=salon)
    assert TagCard.objects.get(participant=people[0]).interest_group_id == home


def test_an_undone_check_in_leaves_the_group(arrive, salon, tablet):
    people = [arrive(name) for name in ("甲", "乙", "丙", "丁")]
    body = {
        "client_id": "9e4c9e0e-34f5-4a53-a3b1-7a1f8f7a5a02",
        "participant": people[3].pk,
        "reason": "扫错人",
    }
    tablet.post("check-ins/undo", body)
    interest_groups.place_arrivals(event=salon)
    assert [len(people) for people in groups(salon).values()] == [3]


def end_check_in(salon, item=None):
    now = clock.now()
    AgendaItem.objects.create(
        event=salon,
        kind=AgendaItem.Kind.CHECK_IN,
        title="签到入场",
        starts_at=now - timedelta(minutes=30),
        ends_at=now - timedelta(seconds=1),
        planned_starts_at=now - timedelta(minutes=30),
        planned_ends_at=now - timedelta(seconds=1),
    )


def test_when_check_in_is_over_the_small_ones_join_the_nearest(arrive, salon):
    for name in ("甲", "乙", "丙"):
        arrive(name)
    lonely = arrive("丁", industry="consumer")
    interest_groups.settle(event=salon, by=None)
    assert sorted(len(people) for people in groups(salon).values()) == [4]
    card = TagCard.objects.get(participant=lonely)
    assert card.moved
    # A latecomer of the same kind follows, and nobody is moved a second time.
    late = arrive("戊", industry="consumer")
    assert interest_groups.group_of(late).pk == card.interest_group_id
    assert interest_groups.settle(event=salon, by=None) is False


def test_the_clock_settles_once_check_in_is_over(arrive, salon):
    for name in ("甲", "乙", "丙"):
        arrive(name)
    arrive("丁", industry="consumer")
    assert len(groups(salon)) == 2
    end_check_in(salon)
    interest_groups.place_everywhere()
    assert len(groups(salon)) == 1


def test_the_host_names_a_group_and_says_where(arrive, salon, client):
    lin = arrive("甲")
    arrive("乙")
    arrive("丙")
    [group] = interest_groups.standing(salon)
    interest_groups.rename(group=group, name="破冰小队", place="三号桌", by=None)
    interest_groups.place_arrivals(event=salon)
    told = interest_groups.group_of(lin)
    assert (told.name, told.place) == ("破冰小队", "三号桌")
    with pytest.raises(Refused):
        interest_groups.rename(group=group, name="  ", place="", by=None)


def test_two_groups_cannot_have_one_name(arrive, salon):
    arrive("甲")
    arrive("乙", industry="consumer")
    one, other = interest_groups.standing(salon)
    with pytest.raises(Refused) as refused:
        interest_groups.rename(group=other, name=one.name, place="", by=None)
    assert refused.value.code == "name_taken"


def test_a_merged_group_goes_along_and_its_latecomers_too(arrive, salon):
    people = [arrive("甲"), arrive("乙", industry="consumer", pain=NUMBERS)]
    source, target = interest_groups.standing(salon)
    interest_groups.merge(source=source, target=target, by=None)
    [group] = interest_groups.standing(salon)
    assert (group.pk, group.pinned, len(group.people)) == (target.pk, True, 2)
    late = arrive("丙")
    assert interest_groups.group_of(late).pk == target.pk
    assert interest_groups.group_of(people[0]).pk == target.pk
    with pytest.raises(Refused):
        interest_groups.merge(source=target, target=target, by=None)


def test_a_pinned_group_is_never_swallowed(arrive, salon):
    for name in ("甲", "乙", "丙"):
        arrive(name)
    arrive("丁", industry="consumer", pain=NUMBERS)
    alone = interest_groups.standing(salon)[1]
    interest_groups.pin(group=alone, pinned=True, by=None)
    interest_groups.settle(event=salon, by=None)
    assert len(groups(salon)) == 2


def test_placing_two_hundred_costs_no_more_questions_than_writing_them(
    arrive, salon, django_assert_max_num_queries
):
    for n in range(30):
        arrive(f"客{n}", place=False)
    interest_groups.place_arrivals(event=salon)
    with django_assert_max_num_queries(10):
        interest_groups.place_arrivals(event=salon)
    with django_assert_max_num_queries(2):
        interest_groups.standing(salon)


def test_the_phone_says_which_group_and_where(arrive, salon, client):
    from participants.access import issue_link

    lin = arrive("甲")
    arrive("乙")
    client.get(issue_link(participant=lin))
    assert "再来 1 位就成组" in client.get("/e/spring/me/card/").content.decode()
    arrive("丙")
    [group] = interest_groups.standing(salon)
    interest_groups.rename(group=group, name="破冰小队", place="三号桌", by=None)
    page = client.get("/e/spring/me/card/").content.decode()
    assert "破冰小队" in page
    assert "三号桌" in page


def test_the_phone_changes_the_card(arrive, salon, client):
    from participants.access import issue_link

    lin = arrive("甲")
    client.get(issue_link(participant=lin))
    bad = client.post("/e/spring/me/card/", {"industry": "magic", "pain": "x"})
    assert bad.status_code == 200
    assert "有一项没选对" in bad.content.decode()
    good = client.post(
        "/e/spring/me/card/",
        {"industry": "services", "size_band": "", "expertise": "\x00数据\u202e", "pain": NUMBERS},
    )
    assert good.status_code == 302
    card = TagCard.objects.get(participant=lin)
    assert (card.industry, card.expertise) == ("services", "数据")


def test_only_the_hosts_hand_reaches_the_groups(arrive, salon, client):
    arrive("甲")
    [group] = interest_groups.standing(salon)
    answer = client.post(f"/e/spring/host/tags/groups/{group.pk}/", {"act": "pin"})
    assert answer.status_code == 302
    assert "/login/" in answer["Location"]
    assert not InterestGroup.objects.get().pinned


def test_the_host_works_on_the_page(arrive, salon, client, django_user_model):
    client.force_login(django_user_model.objects.create_superuser("boss"))
    arrive("甲")
    arrive("乙", industry="consumer")
    one, other = interest_groups.standing(salon)
    assert client.get("/e/spring/host/tags/").status_code == 200
    for data in (
        {"act": "rename", "name": "破冰小队", "place": "三号桌"},
        {"act": "pin"},
        {"act": "merge", "target": other.pk},
    ):
        client.post(f"/e/spring/host/tags/groups/{one.pk}/", data)
    client.post("/e/spring/host/tags/regions/", {"regions": "pain"})
    client.post("/e/spring/host/tags/settle/")
    [left] = interest_groups.standing(salon)
    assert (left.pk, len(left.people)) == (other.pk, 2)
    assert InterestGroup.objects.get(pk=one.pk).name == "破冰小队"
    salon.refresh_from_db()
    assert salon.tag_regions == "pain"
