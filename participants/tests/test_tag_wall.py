"""Tag cards and the tag wall: what the room reads, and what it may not."""

import pytest

from events.models import Event
from participants import checkin, rooms, screening, tags, walls
from participants.models import TagCard
from participants.tests import scenes
from participants.tests.door import Tablet, make_person, make_salon
from salon import live
from salon.errors import Refused

pytestmark = pytest.mark.django_db


@pytest.fixture
def salon():
    return make_salon()


@pytest.fixture
def tablet(client, salon):
    return Tablet(client, salon)


def names_by_region(salon):
    salon.refresh_from_db()
    wall = tags.tag_wall(salon)
    return {region.name: [slip.name for slip in region.slips] for region in wall.regions}


# ---- the card --------------------------------------------------------------------------------


def test_check_in_makes_a_card_from_the_application(tablet, salon):
    lin = make_person(
        salon,
        "林知夏",
        industry="consumer",
        community_size=12_000,
        expertise=["裂变", "内容"],
        pains=["今天天气不错", "新人进群三天就沉默"],
    )
    tablet.scan(lin)
    card = lin.tag_card
    assert (card.industry, card.size_band, card.expertise) == ("consumer", "10k_50k", "裂变")
    assert card.pain == "新人进群三天就沉默"  # the first one that has a topic
    assert card.topic not in ("", "other")


@pytest.mark.parametrize(
    ("people", "band"),
    [
        (None, ""),
        (0, "under_5k"),
        (4_999, "under_5k"),
        (5_000, "5k_10k"),
        (9_999, "5k_10k"),
        (10_000, "10k_50k"),
        (50_000, "50k_200k"),
        (199_999, "50k_200k"),
        (200_000, "over_200k"),
    ],
)
def test_a_community_falls_into_its_band(people, band):
    assert tags.size_band(people) == band


def test_a_creators_followers_stand_for_the_community(tablet, salon):
    he = make_person(salon, category="creator", community_size=None, followers=130_000)
    tablet.scan(he)
    assert he.tag_card.size_band == "50k_200k"


def test_a_card_changed_before_the_door_is_not_overwritten_at_the_door(tablet, salon):
    lin = make_person(salon, pains=["新人进群三天就沉默"])
    tags.save_card(
        person=lin, by=lin, industry="services", size_band="", expertise="数据", pain="看不懂数据"
    )
    tablet.scan(lin)
    assert TagCard.objects.get(participant=lin).expertise == "数据"


def test_a_new_pain_is_filed_anew_and_empty_is_no_topic(salon):
    lin = make_person(salon)
    card = tags.save_card(
        person=lin, by=lin, industry="services", size_band="", expertise="", pain=""
    )
    assert card.topic == ""
    card = tags.save_card(
        person=lin, by=lin, industry="services", size_band="", expertise="", pain="数据追不到"
    )
    assert card.topic


@pytest.mark.parametrize("field", ["industry", "size_band"])
def test_a_word_that_is_not_on_the_list_is_refused(salon, field):
    lin = make_person(salon)
    values = {"industry": "services", "size_band": "", "expertise": "", "pain": ""}
    with pytest.raises(Refused) as refused:
        tags.save_card(person=lin, by=lin, **values | {field: "magic"})
    assert refused.value.code == field


# ---- the wall --------------------------------------------------------------------------------


def test_the_wall_names_only_those_who_agreed(tablet, salon):
    open_, shy = (
        make_person(salon, "林知夏", consents=["wall_name"], pains=["没人说话"]),
        make_person(salon, "陈一诺", pains=["没人复盘"]),
    )
    for person in (open_, shy):
        tablet.scan(person)
    html = walls.tag_wall("spring")
    assert "林知夏" in html
    assert "陈一诺" not in html
    assert "一位同行" in html
    assert "没人复盘" in html


def test_a_consent_taken_back_takes_the_name_off_the_wall(tablet, salon):
    lin = make_person(salon, "林知夏", consents=["wall_name"])
    tablet.scan(lin)
    lin.consents.update(withdrawn_at=lin.submitted_at)
    assert "林知夏" not in walls.tag_wall("spring")


def test_who_has_not_come_or_was_taken_back_is_not_on_the_wall(tablet, salon):
    lin = make_person(salon, "林知夏", consents=["wall_name"])
    tags.save_card(person=lin, by=lin, industry="services", size_band="", expertise="", pain="")
    assert "林知夏" not in walls.tag_wall("spring")
    tablet.scan(lin)
    assert "林知夏" in walls.tag_wall("spring")
    undo = {
        "client_id": "9e4c9e0e-34f5-4a53-a3b1-7a1f8f7a5a01",
        "participant": lin.pk,
        "reason": "错",
    }
    tablet.post("check-ins/undo", undo)
    assert "林知夏" not in walls.tag_wall("spring")


def test_who_confirms_changes_rooms_or_withdraws_moves_the_count_on_the_wall(monkeypatch):
    event = scenes.a_salon()
    lin = scenes.accepted(event, by=scenes.an_organiser(event))
    rung = []
    monkeypatch.setattr(live, "publish", lambda event, *topics: rung.extend(topics))
    seen = [walls.arrivals(event.slug)]
    for act in (
        lambda: screening.confirm(participant=lin, by=lin),
        lambda: rooms.move_room(participant=lin, online=True, by=lin),
        lambda: rooms.move_room(participant=lin, online=False, by=lin),
        lambda: screening.withdraw(participant=lin, by=lin),
    ):
        rung.clear()
        act()
        seen.append(walls.arrivals(event.slug))
        assert seen[-1] != seen[-2]
        assert "arrivals" in rung


def test_the_host_switches_the_regions_and_the_wall_follows(tablet, salon):
    lin = make_person(
        salon,
        "林知夏",
        industry="consumer",
        community_size=12_000,
        pains=["新人进群三天就沉默"],
        consents=["wall_name"],
    )
    wu = make_person(salon, "吴越", industry="education", consents=["wall_name"])
    for person in (lin, wu):
        tablet.scan(person)
    assert names_by_region(salon) == {"教育": ["吴越"], "消费": ["林知夏"]}
    tags.switch_regions(event=salon, regions="size", by=None)
    assert names_by_region(salon) == {"1–5 万": ["林知夏"], "规模未填": ["吴越"]}
    tags.switch_regions(event=salon, regions="pain", by=None)
    [pain, none] = names_by_region(salon)
    assert none == "痛点未填"
    assert pain != none
    with pytest.raises(Refused):
        tags.switch_regions(event=salon, regions="star sign", by=None)


def test_the_more_people_the_closer_the_slips_hang(salon):
    assert [
        next(word for word, most, _rows in tags.DENSITIES if total <= most)
        for total in (1, 16, 17, 50, 64, 150, 180, 181, 5000)
    ] == ["roomy", "roomy", "full", "full", "full", "dense", "dense", "packed", "packed"]


def test_the_wall_costs_the_same_for_one_and_for_fifty(tablet, salon, django_assert_num_queries):
    tablet.scan(make_person(salon, consents=["wall_name"]))
    with django_assert_num_queries(3):
        walls.tag_wall("spring")
    for _ in range(49):
        tablet.scan(make_person(salon))
    with django_assert_num_queries(3):
        walls.tag_wall("spring")


def test_what_people_write_is_text_on_the_wall(tablet, salon):
    lin = make_person(
        salon,
        "<img src=x onerror=alert(1)>",
        pains=["</li><script>alert(1)</script>"],
        expertise=["<b>"],
        consents=["wall_name"],
    )
    tablet.scan(lin)
    html = walls.tag_wall("spring")
    assert "<script" not in html
    assert "<img" not in html


def test_before_the_first_guest_the_wall_says_welcome(salon):
    assert "欢迎" in walls.tag_wall("spring")


def test_the_wall_is_for_the_house(client, salon):
    assert client.get("/e/spring/wall/tags/").status_code == 403
    tablet = Tablet(client, salon)
    assert tablet.client.get("/e/spring/wall/tags/").status_code == 200


def test_every_region_of_the_event_has_a_name():
    for arranged in Event.TagRegions.values:
        assert all(name for _key, name in tags._region_names(arranged))


# ---- self check-in ---------------------------------------------------------------------------


def as_person(client, person):
    from participants.access import issue_link

    client.get(issue_link(participant=person))
    return client


def test_lin_checks_herself_in_with_the_venues_qr(client, salon):
    checkin.switch_self(event=salon, on=True, by=None)
    lin = make_person(salon, "林知夏")
    as_person(client, lin)
    page = client.get("/e/spring/here/")
    assert page.status_code == 200
    assert checkin.came(lin) is None  # looking changes nothing
    assert "欢迎到场" in client.post("/e/spring/here/").content.decode()
    assert checkin.came(lin)["by"] == "本人"
    row = lin.check_ins.get()
    assert (row.method, row.desk) == ("self", None)
    assert lin.tag_card
    client.post("/e/spring/here/")
    assert lin.check_ins.count() == 1


def test_the_venues_qr_does_nothing_when_switched_off_too_early_or_unconfirmed(client, salon):
    from datetime import timedelta

    lin = make_person(salon)
    as_person(client, lin)
    assert client.post("/e/spring/here/").status_code == 409
    checkin.switch_self(event=salon, on=True, by=None)
    Event.objects.update(starts_at=salon.starts_at + timedelta(hours=2))
    assert client.post("/e/spring/here/").status_code == 409
    Event.objects.update(starts_at=salon.starts_at)
    for status, online, answer in (("accepted", False, 403), ("confirmed", True, 409)):
        scenes.now_stand(salon.participants.filter(pk=lin.pk), status, online=online)
        assert client.post("/e/spring/here/").status_code == answer
    assert lin.check_ins.count() == 0


def test_without_a_session_of_ones_own_the_venues_qr_opens_nothing(client, salon):
    checkin.switch_self(event=salon, on=True, by=None)
    make_person(salon)
    assert client.post("/e/spring/here/").status_code == 403
