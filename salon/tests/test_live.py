"""The live stream: real uvicorn, real PostgreSQL, real Valkey, viewers on plain sockets.

The board below shows the event's title and which rendering it is, so that a viewer can tell one
rendering for all from one for each.
"""

import contextlib
import os
import signal
import socket
import threading
import time
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import IntegrityError, connection, transaction
from django.http import HttpResponse
from django.template import Context, Template
from django.test import Client

from events.access import desk_cookie, issue_desk_pass, open_desk, revoke_desk_pass
from events.models import Crew, Event
from participants import guests
from participants.access import find_link, issue_link, person_cookie, set_person_cookie
from participants.models import Category, Participant
from participants.tests.scenes import now_stand
from salon import asgi, broker, live
from salon.models import User
from salon.tests.viewers import Viewer, rendering_of, serving
from tests.house import until

pytestmark = pytest.mark.django_db(transaction=True)

RENDERINGS = count(1)
BOARD = Template(
    "{% load i18n %}<p data-rendering='{{ number }}'>{{ title }}</p>\n\n"
    "<i>{% translate '待发送' %}</i>"
)


@live.topic("test_board", public=True)
def board(slug):
    title = Event.objects.get(slug=slug).title
    return BOARD.render(Context({"title": title, "number": next(RENDERINGS)}))


@live.topic("test_inner")
def inner(slug):
    return f"内部 {Event.objects.get(slug=slug).title}"


@live.topic("test_calm", public=True)
def calm(slug):
    """Says the same however often it is rendered."""
    return "原样"


@live.topic("test_big", public=True)
def big(slug):
    return f"{Event.objects.get(slug=slug).title} {'墙' * 300_000}"


@live.topic("test_faulty", public=True)
def faulty(slug):
    title = Event.objects.get(slug=slug).title
    if title == "坏了":
        raise ZeroDivisionError(title)
    return title


class Gate(threading.Event):
    """Closed, it holds up the rendering of the topic below."""

    renderings = 0
    waiting = False


GATE = Gate()


@live.topic("test_gated", public=True)
def gated(slug):
    GATE.renderings += 1
    GATE.waiting = True
    assert GATE.wait(20)
    GATE.waiting = False
    return f"<p data-rendering='{GATE.renderings}'>{Event.objects.get(slug=slug).title}</p>"


@pytest.fixture
def gate():
    GATE.set()
    yield GATE
    GATE.set()


def a_salon(slug="spring", title="第一版", **fields):
    start = datetime(2026, 12, 19, 5, 30, tzinfo=UTC)
    day = {"starts_at": start, "ends_at": start + timedelta(hours=4), "venue": "西岸"}
    return Event.objects.create(**day, slug=slug, title=title, status="published", **fields)


@pytest.fixture
def salon():
    return a_salon()


@pytest.fixture
def port(salon, monkeypatch):
    """The server, without its second looks: what arrives here arrives because it was rung."""
    monkeypatch.setattr(live, "LOOK_AGAIN_SECONDS", 3600)
    monkeypatch.setattr(broker, "LEFT_ALONE_SECONDS", -1)
    # What the test before let strangers into is another salon of the same name.
    asgi.stream.open_until = {}
    with serving() as port:
        yield port


@pytest.fixture
def watch(port):
    """`watch("/live/…", cookies=…)` opens one more stream; all are closed at the end."""
    viewers = []

    def open_stream(path="/live/spring/?topics=test_board", **options):
        viewers.append(Viewer(port, path, **options))
        return viewers[-1]

    yield open_stream
    for viewer in viewers:
        viewer.close()


def hub():
    return asgi.stream.hub


def retitle(event, title, *topics):
    """The verb of these tests: one change, published with its transaction."""
    with transaction.atomic():
        Event.objects.filter(pk=event.pk).update(title=title)
        live.publish(event, *(topics or ["test_board"]))


def settled():
    """Subscribed, and nothing left to render."""
    until(
        lambda: hub() and hub().hears and not any(f.task for f in list(hub().fragments.values())),
        what="the hub's coming to rest",
    )


# --- one rendering for all ------------------------------------------------------------------------


def test_fifty_viewers_are_served_by_one_rendering(salon, watch):
    viewers = [watch() for _ in range(50)]
    for viewer in viewers:
        viewer.sees("第一版")
    settled()
    before = next(RENDERINGS)
    retitle(salon, "第二版")
    for viewer in viewers:
        viewer.sees("第二版")
    assert next(RENDERINGS) - before == 2  # one, and this asking


def test_those_who_arrive_together_are_rendered_for_once(salon, watch, gate):
    watch("/live/spring/?topics=test_calm")
    settled()
    gate.clear()
    viewers = [watch("/live/spring/?topics=test_gated") for _ in range(20)]
    until(lambda: len(hub().viewers) == 21)
    gate.set()
    assert len({rendering_of(viewer.next()) for viewer in viewers}) == 1


def test_what_happens_during_a_rendering_is_gathered_into_one_more(salon, watch, gate):
    viewer = watch("/live/spring/?topics=test_gated")
    viewer.sees("第一版")
    settled()
    gate.clear()
    retitle(salon, "第二版", "test_gated")
    until(lambda: gate.waiting)
    before = gate.renderings
    for number in range(40):
        retitle(salon, f"第 {number} 稿。", "test_gated")
    gate.set()
    viewer.sees("第 39 稿。")
    # The one that was held up, the one after it; and one more when a ring crossed with its start.
    assert gate.renderings - before <= 2


def test_a_burst_costs_four_renderings_a_second(salon, watch):
    viewer = watch()
    viewer.sees("第一版")
    settled()
    before, start = next(RENDERINGS), time.monotonic()
    for number in range(60):
        retitle(salon, f"第 {number} 稿。")
    viewer.sees("第 59 稿。")
    # However slow this machine is; one more for the first, one for this asking.
    assert next(RENDERINGS) - before <= 2 + (time.monotonic() - start) / live.GATHER_SECONDS


def test_what_has_not_changed_is_not_sent(salon, watch):
    viewer = watch("/live/spring/?topics=test_calm,test_board")
    viewer.next("test_calm")
    viewer.sees("第一版")
    settled()
    retitle(salon, "第二版", "test_calm", "test_board")
    until_second = []
    for topic, data in viewer.events():
        until_second.append(topic)
        if "第二版" in data:
            break
    retitle(salon, "第三版", "test_calm", "test_board")
    for topic, data in viewer.events():
        until_second.append(topic)
        if "第三版" in data:
            break
    assert "test_calm" not in until_second


def test_a_returning_viewer_gets_the_current_state_first(salon, watch):
    stays, leaves = watch(), watch()
    stays.sees("第一版")
    leaves.sees("第一版")
    leaves.close()
    retitle(salon, "换了名字")
    stays.sees("换了名字")
    assert "换了名字" in watch().next()


def test_the_last_viewer_gone_nothing_is_kept_and_the_next_sees_what_is_so(salon, watch):
    viewer = watch()
    viewer.sees("第一版")
    viewer.close()
    until(lambda: not hub().viewers)
    assert not hub().fragments
    assert not hub().by_key
    retitle(salon, "没人看的时候改的")
    assert "没人看的时候改的" in watch().next()


def test_nothing_is_rung_for_a_transaction_that_failed(salon, watch):
    viewer = watch()
    viewer.sees("第一版")
    settled()
    with contextlib.suppress(IntegrityError), transaction.atomic():
        live.publish(salon, "test_board")
        a_salon(slug="spring")
    assert connection.run_on_commit == []
    retitle(salon, "之后")
    assert viewer.sees("之后") <= 2


def test_a_line_of_the_stream_cannot_be_forged(salon, watch):
    Event.objects.filter(pk=salon.pk).update(title="一\r\n\r\nevent: test_inner\rdata: 二\n\n: 三")
    viewer = watch()
    topic, data = next(viewer.events())
    assert topic == "test_board"
    assert "event: test_inner" in data


def test_a_broken_fragment_is_logged_without_its_words_and_recovers(
    salon, watch, caplog, monkeypatch
):
    monkeypatch.setattr(live, "POLL_SECONDS", 0.2)
    Event.objects.filter(pk=salon.pk).update(title="坏了")
    viewer = watch("/live/spring/?topics=test_faulty,test_calm")
    assert viewer.next("test_calm") == "原样"
    until(lambda: "ZeroDivisionError" in caplog.text)
    assert "坏了" not in caplog.text
    Event.objects.filter(pk=salon.pk).update(title="修好了")
    assert viewer.next("test_faulty") == "修好了"


def test_each_language_is_rendered_for_itself(salon, watch):
    settings_cookie = {settings.LANGUAGE_COOKIE_NAME: "en"}
    chinese, english = watch(), watch(cookies=settings_cookie)
    by_hand = watch("/live/spring/?topics=test_board&lang=en")
    assert "待发送" in chinese.next()
    english.next()
    by_hand.next()
    assert hub().fragments.keys() == {
        ("spring", live._topics["test_board"], language) for language in ("zh-hans", "en")
    }


# --- Redis comes and goes -------------------------------------------------------------------------


def test_walls_outlive_a_redis_that_stops_and_comes_back(salon, watch, valkey, monkeypatch):
    monkeypatch.setattr(live, "POLL_SECONDS", 0.3)
    viewer = watch()
    viewer.sees("第一版")
    settled()
    valkey.kill()
    until(lambda: not hub().hears, what="noticing that Redis is away")
    retitle(salon, "没有铃也看得到")
    viewer.sees("没有铃也看得到")  # looked for by itself
    valkey.start()
    settled()
    retitle(salon, "铃又响了")
    viewer.sees("铃又响了")


def test_a_change_that_nobody_rang_for_just_after_the_return_is_found_by_the_second_look(
    salon, watch, valkey, monkeypatch
):
    monkeypatch.setattr(live, "POLL_SECONDS", 0.3)
    monkeypatch.setattr(broker, "LEFT_ALONE_SECONDS", 0.5)
    viewer = watch()
    viewer.sees("第一版")
    settled()
    valkey.kill()
    until(lambda: not hub().hears)
    valkey.start()
    settled()
    monkeypatch.setattr(broker, "_left_alone_until", time.monotonic() + 3600)
    retitle(salon, "没人敲钟")
    viewer.sees("没人敲钟")


def test_a_redis_that_falls_silent_without_a_word_is_noticed(salon, watch, valkey, monkeypatch):
    monkeypatch.setattr(live, "POLL_SECONDS", 0.3)
    viewer = watch()
    viewer.sees("第一版")
    settled()
    os.kill(valkey.process.pid, signal.SIGSTOP)
    try:
        until(lambda: not hub().hears, what="noticing the silence")
        retitle(salon, "一样看得到")
        viewer.sees("一样看得到")
    finally:
        os.kill(valkey.process.pid, signal.SIGCONT)
    settled()


def test_a_dead_redis_is_asked_once_and_then_left_alone(salon, settings, monkeypatch, caplog):
    calls = []
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes calls, never answers
        settings.REDIS_URL = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        monkeypatch.setattr(broker, "_left_alone_until", 0)

        def count_calls():
            while True:
                try:
                    calls.append(silent.accept())
                except OSError:
                    return

        listener = threading.Thread(target=count_calls)
        listener.start()
        for number in range(20):
            retitle(salon, f"第 {number} 稿")
        silent.shutdown(socket.SHUT_RDWR)
        listener.join()
    for call, _address in calls:
        call.close()
    salon.refresh_from_db()
    assert salon.title == "第 19 稿"
    assert len(calls) == 1
    assert "Redis is away" in caplog.text


def test_a_restarted_redis_hears_the_very_next_ring(salon, watch, valkey, monkeypatch):
    viewer = watch()
    viewer.sees("第一版")
    settled()
    retitle(salon, "第二版")  # the client has a connection now
    viewer.sees("第二版")
    valkey.stop()
    valkey.start()
    rung = []
    assert broker.attempt(lambda redis: rung.append(redis.publish(live.CHANNEL, "spring x")))
    assert len(rung) == 1


# --- who may watch --------------------------------------------------------------------------------


INNER = "/live/spring/?topics=test_inner"


def a_person(event, name="林晓", status="confirmed"):
    category = Category.objects.create(
        event=event, key="operator", name="核心运营者", share_percent=100
    )
    return Participant.objects.create(
        event=event,
        category=category,
        name=name,
        email="lin@example.com",
        industry="internet",
        code="7K3MPQ",
        status=status,
        confirm_by=event.starts_at if status in {"accepted", "offered"} else None,
        told_reason="名额有限" if status == "not_selected" else "",
        submitted_at=event.starts_at - timedelta(days=20),
    )


def cookies_of(participant):
    response = HttpResponse()
    token = issue_link(participant=participant).removeprefix("/l/")
    set_person_cookie(response, find_link(token))
    return {name: morsel.value for name, morsel in response.cookies.items()}


def cookies_of_account(user):
    client = Client()
    client.force_login(user)
    return {settings.SESSION_COOKIE_NAME: client.cookies[settings.SESSION_COOKIE_NAME].value}


def test_strangers_see_public_topics_and_nothing_else(salon, watch):
    assert watch().status == 200
    assert watch(INNER).status == 403
    assert watch("/live/spring/?topics=test_board,test_inner").status == 403


def test_a_participant_watches_the_own_salon_and_no_other(salon, watch):
    lin = cookies_of(a_person(salon))
    assert "内部 第一版" in watch(INNER, cookies=lin).next()
    a_salon(slug="autumn")
    assert watch("/live/autumn/?topics=test_inner", cookies=lin).status == 403
    forged = {person_cookie("autumn"): lin[person_cookie("spring")]}
    assert watch("/live/autumn/?topics=test_inner", cookies=forged).status == 403


STANDINGS = [status for status in Participant.Status.values if status != "confirmed"]


@pytest.mark.parametrize("status", STANDINGS)
def test_whoever_is_no_guest_hears_why_and_sees_nothing(salon, watch, status):
    lin = a_person(salon, status=status)
    refused = watch(INNER, cookies=cookies_of(lin))
    assert refused.status == 403
    assert refused.rest().decode().strip() == str(guests.turned_away(lin))
    assert watch(cookies=cookies_of(lin)).status == 200  # what everybody may see


def test_a_draft_is_not_found_by_the_guests_it_has_already(salon, watch):
    lin = cookies_of(a_person(salon))
    Event.objects.update(status="draft")
    for path in (INNER, "/live/spring/?topics=test_board"):
        refused, unknown = watch(path, cookies=lin), watch(path.replace("spring", "summer"))
        assert (refused.status, refused.rest()) == (unknown.status, unknown.rest())
        assert refused.headers | {"date": ""} == unknown.headers | {"date": ""}


def test_who_stops_being_a_guest_is_put_out_of_an_open_stream(salon, watch, monkeypatch):
    monkeypatch.setattr(live, "STANDING_SECONDS", 0.3)
    lin, gu = a_person(salon), User.objects.create_user("gu", is_staff=True)
    crew = Crew.objects.create(event=salon, user=gu, role="host")
    desk_pass, _token, pin = issue_desk_pass(event=salon, desk="一号台", by=None)
    desk = {desk_cookie("spring"): open_desk(desk_pass=desk_pass, pin=pin)}
    viewers = {
        "person": watch(INNER, cookies=cookies_of(lin)),
        "crew": watch(INNER, cookies=cookies_of_account(gu)),
        "desk": watch(INNER, cookies=desk),
        "stranger": watch(),
    }
    for viewer in viewers.values():
        viewer.sees("第一版")
    time.sleep(1)  # looked at, and found to belong
    assert len(hub().viewers) == 4
    now_stand(salon.participants.filter(pk=lin.pk), "withdrawn")
    assert viewers["person"].rest() == b""
    crew.delete()
    assert viewers["crew"].rest() == b""
    revoke_desk_pass(desk_pass=desk_pass, by=None)
    assert viewers["desk"].rest() == b""
    until(lambda: len(hub().viewers) == 1)  # its end is read a moment before it is put away


def test_a_desk_watches_the_own_salon_until_its_pass_is_revoked(salon, watch):
    desk_pass, _token, pin = issue_desk_pass(event=salon, desk="一号台", by=None)
    cookies = {desk_cookie("spring"): open_desk(desk_pass=desk_pass, pin=pin)}
    assert watch(INNER, cookies=cookies).status == 200
    desk_pass.revoked_at = desk_pass.expires_at
    desk_pass.save()
    assert watch(INNER, cookies=cookies).status == 403


def test_the_crew_watches_a_draft_that_nobody_else_knows_of(salon, watch):
    salon.status = Event.Status.DRAFT
    salon.save()
    chen = get_user_model().objects.create_user("chen")
    Crew.objects.create(event=salon, user=chen, role=Crew.Role.HOST)
    stranger = get_user_model().objects.create_user("stranger", is_staff=True)
    assert watch().status == 404
    assert watch(cookies=cookies_of_account(stranger)).status == 404
    assert watch(cookies=cookies_of_account(chen)).status == 200
    assert watch(INNER, cookies=cookies_of_account(chen)).status == 200
    assert watch(INNER, cookies=cookies_of_account(stranger)).status == 404


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/live/nowhere/?topics=test_board", 404),
        ("/live/spring/?topics=no_such_topic", 404),
        ("/live/spring/?topics=test_board,no_such_topic", 404),
        ("/live/spring/", 404),
        ("/live/spring/?topics=,,", 404),
        ("/live/", 404),
        ("/live/spring", 404),
        ("/live/spring/more/?topics=test_board", 404),
        ("/live/%00%ff/?topics=test_board", 404),
        ("/live/spring/?topics=%00%ED%A0%80", 404),
    ],
)
def test_what_does_not_exist_is_not_found(watch, path, status):
    assert watch(path).status == status


def test_only_looking_is_possible(watch):
    assert watch(method="POST").status == 405


def test_a_database_away_is_said_as_503(watch, monkeypatch):
    monkeypatch.setitem(connection.settings_dict, "NAME", "no_such_database")
    stranger = watch()
    assert stranger.status == 503
    assert stranger.headers["retry-after"] == "5"


# --- many, slow and dead viewers ------------------------------------------------------------------


def test_a_slow_viewer_holds_nobody_up_and_skips_to_the_newest_state(salon, watch):
    path = "/live/spring/?topics=test_big"
    slow, quick = watch(path, buffer=4096), watch(path)
    quick.sees("第一版")
    settled()
    for number in range(8):
        retitle(salon, f"第 {number} 稿。", "test_big")
        quick.sees(f"第 {number} 稿。")
    # What the kernel and the server had taken already, and then the newest at once.
    assert slow.sees("第 7 稿。") < 8


def test_the_ninth_stream_of_a_person_ends_the_first(salon, watch):
    lin = cookies_of(a_person(salon))
    streams = [watch(INNER, cookies=lin) for _ in range(live.STREAMS_PER_VIEWER)]
    until(lambda: len(hub().viewers) == live.STREAMS_PER_VIEWER)
    newest = watch(INNER, cookies=lin)
    newest.sees("第一版")
    assert b"\xe5\x86\x85" in streams[0].rest()  # reads to the end: the server closed it
    retitle(salon, "还看得到", "test_inner")
    streams[1].sees("还看得到")
    newest.sees("还看得到")
    assert len(hub().viewers) == live.STREAMS_PER_VIEWER


def test_a_full_process_says_so_and_visitors_leave_a_quarter_to_the_house(salon, watch):
    lin = cookies_of(a_person(salon))
    watch(INNER, cookies=lin).sees("第一版")
    hub().room = 4
    assert [watch().status for _ in range(4)] == [200, 200, 200, 503]
    full = watch(INNER, cookies=lin)
    assert (full.status, full.headers["retry-after"]) == (503, "5")


def test_a_quiet_stream_beats_like_a_heart(salon, watch, monkeypatch):
    monkeypatch.setattr(live, "HEARTBEAT_SECONDS", 1)
    viewer = watch("/live/spring/?topics=test_calm")
    viewer.sees("原样")
    lines = viewer.lines()
    assert next(lines) == ":"
    assert next(lines) == ""
    assert next(lines) == ":"


def test_a_stream_ends_after_its_time_so_that_the_door_is_passed_anew(salon, watch, monkeypatch):
    monkeypatch.setattr(live, "LONGEST_SECONDS", 1)
    viewer = watch()
    assert "第一版" in viewer.rest().decode()
    until(lambda: not hub().viewers)


def test_a_stream_says_when_to_come_back_and_keeps_out_of_caches(watch):
    viewer = watch()
    assert viewer.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert viewer.headers["cache-control"] == "no-store"
    for open_or_refused in (viewer, watch("/live/nowhere/?topics=test_board")):
        assert open_or_refused.headers["x-content-type-options"] == "nosniff"
        assert "camera=()" in open_or_refused.headers["permissions-policy"]
    name, _colon, pause = next(viewer.lines()).partition(": ")
    assert name == "retry"
    assert 1000 <= int(pause) <= 4000


def test_a_server_that_shuts_down_ends_its_streams(salon):
    with serving() as port:
        viewer = Viewer(port, "/live/spring/?topics=test_board")
        viewer.sees("第一版")
    viewer.rest()
    viewer.close()
    assert hub() is None


def test_no_connection_to_the_database_stays_open_behind_a_rendering(salon, watch):
    for viewer in [watch() for _ in range(5)]:
        viewer.sees("第一版")

    def others():
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            return cursor.fetchone()[0]

    until(lambda: others() == 0)


def test_two_topics_cannot_share_a_name():
    with pytest.raises(ValueError, match="test_board"):
        live.topic("test_board")(board)
