"""The house that journeys run against stands, works, and forgets."""

import os

import pytest
import redis
from django.utils import timezone
from playwright.sync_api import expect

from salon.models import Heartbeat, User
from tests.house import until


@pytest.mark.journey
def test_the_house_answers_and_its_worker_hears_the_bell(house):
    house.start_worker()
    until(lambda: Heartbeat.objects.filter(name="worker").exists(), what="the worker's first sign")
    Heartbeat.objects.all().delete()
    house.ring("salon.tasks.beat_of_the_worker")
    until(lambda: Heartbeat.objects.filter(name="worker").exists(), what="the rung bell")


@pytest.mark.journey
def test_the_beat_says_that_it_lives(house):
    house.start_beat()
    until(lambda: Heartbeat.objects.filter(name="beat").exists(), what="the beat's first sign")


@pytest.mark.journey
def test_phone_and_projector_see_the_same_house_at_their_own_size(house, phone, projector):
    User.objects.create_user("lin")
    for page, width in ((phone(), 390), (projector(), 1920)):
        page.goto("/login/")
        assert page.evaluate("innerWidth") == width
        expect(page.locator("input[name=username]")).to_be_visible()


@pytest.mark.journey
def test_the_next_test_finds_the_house_empty(house):
    assert not User.objects.exists()
    assert not Heartbeat.objects.exists()
    assert house.mailbox.letters == []


@pytest.mark.journey
def test_letters_arrive_in_the_mailbox(house):
    import smtplib

    with smtplib.SMTP("127.0.0.1", house.mailbox.port) as smtp:
        smtp.sendmail("salon@x.cn", ["lin@x.cn"], "To: lin@x.cn\nSubject: hi\n\nyou")
    assert [letter["Subject"] for letter in house.mailbox.to("lin@x.cn")] == ["hi"]


@pytest.mark.fault
def test_a_wiped_and_killed_valkey_is_back_for_the_next_test(valkey):
    client = redis.Redis.from_url(os.environ["REDIS_URL"])
    client.set("a", "b")
    valkey.kill()
    with pytest.raises(redis.ConnectionError):
        client.ping()
    valkey.start()
    assert client.get("a") is None
    client.close()


@pytest.mark.fault
def test_a_house_apart_outlives_its_postgres(house_apart):
    assert house_apart.get("/login/").status == 200
    house_apart.postgres.kill()
    assert house_apart.get("/login/").status >= 200  # an answer, whatever it says
    house_apart.postgres.start()
    assert house_apart.get("/login/").status == 200


def test_travel_moves_both_clocks_and_they_return(db, travel):
    from datetime import UTC, datetime, timedelta

    from salon import clock

    opening = datetime(2030, 5, 18, 5, 30, tzinfo=UTC)
    travel(opening, tick=False)
    assert clock.now() == timezone.now() == opening
    travel(opening + timedelta(hours=1))
    assert timedelta(0) < clock.now() - opening - timedelta(hours=1) < timedelta(minutes=1)


def test_after_travelling_it_is_today_again(db):
    from salon import clock

    assert abs((clock.now() - timezone.now()).total_seconds()) < 60
