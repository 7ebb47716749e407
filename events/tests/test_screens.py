"""The control room knows which walls are on a screen, and which screen fell silent."""

from datetime import timedelta

import pytest
from django.conf import settings
from redis import Redis

from events import agenda, screens
from events.screens import Sighting, Watched
from events.tests.scenes import a_salon, at, crew
from salon import broker, clock, live
from salon.errors import Refused

THE_WALL = "/e/spring/wall/agenda/"
PANELS = "/admin/e/spring/panels/"


def minutes(number, seconds=0):
    return at("14:00") + timedelta(minutes=number, seconds=seconds)


def seen(wall, since, at):
    return Sighting(wall, minutes(since), minutes(at))


def test_screens_heard_of_a_moment_ago_are_there():
    found = [seen("tags", 0, 9.8), seen("tags", 5, 10), seen("pains", 0, 10)]
    assert screens.tell(found, "tags", now=minutes(10)) == Watched(screens=2)
    assert screens.tell(found, "plans", now=minutes(10)) == Watched()


def test_one_that_fell_silent_is_lost_since_then_beside_those_that_stay():
    found = [seen("tags", 0, 7), seen("tags", 0, 10)]
    assert screens.tell(found, "tags", now=minutes(10)) == Watched(1, lost_at=minutes(7))


def test_a_computer_started_anew_replaces_the_one_that_fell_silent():
    found = [seen("tags", 0, 7), seen("tags", 9, 10)]
    assert screens.tell(found, "tags", now=minutes(10)) == Watched(1)


def test_after_an_hour_nobody_asks_where_it_is():
    assert screens.tell([seen("tags", 0, 7)], "tags", now=minutes(68)) == Watched()
    assert screens.tell([seen("tags", 0, 7)], "tags", now=minutes(66)).lost_at == minutes(7)


# --- with Redis -----------------------------------------------------------------------------------


@pytest.fixture
def salon(db, travel, valkey, monkeypatch):
    travel(at("14:00"), tick=False)
    monkeypatch.setattr(broker, "_left_alone_until", 0)
    with Redis.from_url(settings.REDIS_URL) as redis:
        redis.flushall()
    return a_salon()


@pytest.fixture
def bells(monkeypatch):
    rung = []
    monkeypatch.setattr(live, "publish", lambda event, *topics: rung.append(topics))
    return rung


def says_here(salon, wall="tags", screen="a1"):
    screens.here(salon, screen=screen, pass_=screens.pass_for(salon, wall))


def says_gone(salon, wall="tags", screen="a1"):
    screens.gone(salon, screen=screen, pass_=screens.pass_for(salon, wall))


def watched(salon):
    return screens.watched(salon, now=clock.now())


def test_a_screen_is_counted_once_however_often_it_speaks(salon, bells):
    for _word in range(5):
        says_here(salon)
    says_here(salon, screen="b2")
    assert watched(salon) == {"tags": Watched(2)}
    assert bells == [("control",)] * 2, "one for each that came, none for a word"


def test_leaving_is_not_losing(salon, bells):
    says_here(salon)
    says_gone(salon)
    says_here(salon, wall="pains", screen="b2")
    assert watched(salon) == {"pains": Watched(1)}
    says_gone(salon, screen="never-seen".replace("-", ""))
    assert len(bells) == 3


def test_silence_is_losing_and_the_next_word_is_coming_back(salon, travel, bells):
    says_here(salon)
    travel(at("14:01"), tick=False)
    assert watched(salon) == {"tags": Watched(0, lost_at=at("14:00"))}
    says_here(salon)
    assert watched(salon) == {"tags": Watched(1)}
    assert len(bells) == 2


def test_one_that_flickers_does_not_storm_the_control_room(salon, bells):
    for _flicker in range(50):
        says_here(salon)
        says_gone(salon)
    assert len(bells) == screens.BELLS


def test_nobody_fills_the_memory(salon, travel, monkeypatch):
    monkeypatch.setattr(screens, "MOST_SCREENS", 3)
    for number in range(9):
        says_here(salon, screen=f"s{number}")
    assert watched(salon) == {"tags": Watched(3)}
    travel(at("15:30"), tick=False)
    says_here(salon, screen="fresh")
    assert watched(salon)["tags"] == Watched(1)


def test_each_event_counts_its_own(salon):
    autumn = a_salon("autumn")
    says_here(salon)
    assert watched(autumn) == {}
    with pytest.raises(Refused):
        screens.here(autumn, screen="a1", pass_=screens.pass_for(salon, "tags"))


@pytest.mark.parametrize(
    ("screen", "pass_"),
    [("a1", ""), ("a1", "1:tags:forged"), ("", None), ("a b", None), ("a" * 33, None)],
)
def test_a_forged_word_is_refused_with_a_sentence(salon, screen, pass_):
    with pytest.raises(Refused) as refused:
        screens.here(
            salon, screen=screen, pass_=screens.pass_for(salon, "tags") if pass_ is None else pass_
        )
    assert refused.value.code == "bad_pass"
    assert watched(salon) == {}


# --- on the pages ---------------------------------------------------------------------------------


def post(client, salon, act="here", wall="agenda"):
    words = {"pass": screens.pass_for(salon, wall), "screen": "a1", "act": act}
    return client.post("/e/spring/wall/screen/", words)


@pytest.mark.parametrize("wall", screens.WALLS)
def test_every_wall_says_which_it_is(salon, client, wall):
    client.force_login(crew(salon, "shen"))
    page = client.get(f"/e/spring/wall/{wall}/").content.decode()
    assert f'data-screen="{screens.pass_for(salon, wall)}"' in page
    assert 'data-screen-url="/e/spring/wall/screen/"' in page
    assert "js/screen.js" in page


def test_a_stranger_may_say_here_for_the_wall_a_stranger_may_see(salon, client):
    assert "data-screen=" in client.get(THE_WALL).content.decode()
    assert post(client, salon).status_code == 204
    assert watched(salon) == {"agenda": Watched(1)}
    assert client.get("/e/spring/wall/screen/").status_code == 405


def test_the_organiser_reads_who_watches(salon, client, travel):
    client.force_login(crew(salon, "shen"))
    assert "没有屏幕在看" in client.get(PANELS).content.decode()
    post(client, salon)
    assert "1 块屏在看" in client.get(PANELS).content.decode()
    travel(at("14:05"), tick=False)
    page = client.get(PANELS).content.decode()
    assert "流程墙 14:00 断开" in page, "said at the top"
    assert page.count("14:00 断开") == 2, "and at the wall"
    assert "看看那台电脑的网络和电源" in page
    post(client, salon, act="gone")
    assert "断开" not in client.get(PANELS).content.decode()


def test_when_the_salon_is_over_nobody_is_alarmed_by_a_projector_switched_off(
    salon, client, travel
):
    client.force_login(crew(salon, "shen"))
    for _item in range(salon.agenda.count() + 1):
        agenda.advance(event=salon, seen=agenda.seen_of(salon), by=None)
    travel(at("17:59"), tick=False)
    post(client, salon)
    travel(at("18:30"), tick=False)
    salon.refresh_from_db()
    assert agenda.programme(salon).over
    assert "断开" not in client.get(PANELS).content.decode()


def test_without_redis_the_page_says_that_it_cannot_tell(salon, client, valkey, monkeypatch):
    client.force_login(crew(salon, "shen"))
    post(client, salon)
    valkey.stop()
    page = client.get(PANELS).content.decode()
    assert "未知" in page
    assert "看不出哪面墙开着" in page
    assert "块屏在看" not in page
    assert post(client, salon).status_code == 204
    valkey.start()
    monkeypatch.setattr(broker, "_left_alone_until", 0)
    post(client, salon)
    assert "1 块屏在看" in client.get(PANELS).content.decode()
