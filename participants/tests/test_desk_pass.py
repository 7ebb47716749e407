"""A desk's link and PIN: issued by an organiser or a command, opened on a tablet, revoked."""

import json
from datetime import timedelta
from io import StringIO
from urllib.parse import urlsplit

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from events.access import issue_desk_pass, revoke_desk_pass
from events.models import DeskPass
from participants.tests.door import make_person, make_salon, scan_body
from salon import clock

pytestmark = pytest.mark.django_db


def issue(slug="spring", **options):
    out = StringIO()
    call_command("desk_pass", slug, stdout=out, **options)
    return out.getvalue()


def test_the_command_gives_a_link_and_a_pin_that_open_the_desk(client):
    salon = make_salon()
    given = json.loads(issue(desk="一号台", json=True))
    assert set(given) == {"url", "pin", "expires_at"}
    path = urlsplit(given["url"]).path
    assert client.get(path).status_code == 200
    assert client.get("/e/spring/desk/api/roster").status_code == 401
    opened = client.post(path, {"pin": given["pin"]})
    assert (opened.status_code, opened["Location"]) == (302, "/e/spring/desk/")
    cookie = opened.cookies["desk-spring"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Strict"
    lin = make_person(salon)
    answer = client.post(
        "/e/spring/desk/api/check-ins",
        scan_body(participant=lin.pk),
        content_type="application/json",
    )
    assert answer.json()["first"]["desk"] == "一号台"


def test_nothing_of_link_and_pin_is_kept_in_clear():
    make_salon()
    given = json.loads(issue(desk="一号台", json=True))
    kept = DeskPass.objects.get()
    token = urlsplit(given["url"]).path.split("/")[-1]
    assert token not in (kept.token_digest, kept.pin_digest)
    assert given["pin"] not in kept.pin_digest


def test_a_wrong_pin_opens_nothing_and_ten_of_them_close_the_desk_for_a_while(client):
    salon = make_salon()
    _pass, token, pin = issue_desk_pass(event=salon, desk="一号台", by=None)
    wrong = "000000" if pin != "000000" else "111111"
    for _ in range(10):
        refused = client.post(f"/d/{token}", {"pin": wrong})
        assert refused.status_code == 403
        assert "PIN 不对" in refused.content.decode()
    assert "desk-spring" not in client.cookies
    assert "太频繁" in client.post(f"/d/{token}", {"pin": pin}).content.decode()


def test_a_revoked_or_expired_link_is_gone(client):
    salon = make_salon()
    revoked, token, _pin = issue_desk_pass(event=salon, desk="一号台", by=None)
    revoke_desk_pass(desk_pass=revoked, by=None)
    assert client.get(f"/d/{token}").status_code == 404
    old, token, _pin = issue_desk_pass(event=salon, desk="二号台", by=None)
    old.expires_at = clock.now() - timedelta(seconds=1)
    old.save()
    assert client.get(f"/d/{token}").status_code == 404
    assert client.get("/d/nonsense").status_code == 404


def test_the_command_says_in_one_sentence_that_there_is_no_such_event():
    with pytest.raises(CommandError, match="没有网址名为 nowhere 的活动"):
        issue("nowhere")
    assert not DeskPass.objects.exists()


def test_right_pins_use_up_no_try_and_wrong_ones_of_others_lock_no_desk_that_was_in(client):
    event = make_salon()
    _pass, token, pin = issue_desk_pass(event=event, desk="一号台", by=None)
    address = f"/d/{token}"
    for _ in range(15):
        assert Client().post(address, {"pin": pin}).status_code == 302
    assert client.post(address, {"pin": pin}).status_code == 302
    for _ in range(12):
        Client().post(address, {"pin": "wrong"})
    assert Client().post(address, {"pin": pin}).status_code == 429
    client.cookies.pop(f"desk-{event.slug}")  # its pass ran out, and the next one …
    assert client.post(address, {"pin": pin}).status_code == 302
    _pass, token, pin = issue_desk_pass(event=event, desk="一号台", by=None)
    for _ in range(12):
        Client().post(f"/d/{token}", {"pin": "wrong"})
    assert client.post(f"/d/{token}", {"pin": pin}).status_code == 302


def test_a_desk_that_is_signed_in_is_known_without_any_other_cookie(client):
    event = make_salon()
    _pass, token, pin = issue_desk_pass(event=event, desk="一号台", by=None)
    client.post(f"/d/{token}", {"pin": pin})
    client.cookies.pop("known")
    for _ in range(12):
        Client().post(f"/d/{token}", {"pin": "wrong"})
    assert client.post(f"/d/{token}", {"pin": pin}).status_code == 302


def test_a_known_desk_that_types_wrong_ones_is_shut_out_alone(client):
    event = make_salon()
    _pass, token, pin = issue_desk_pass(event=event, desk="一号台", by=None)
    client.post(f"/d/{token}", {"pin": pin})
    answers = [client.post(f"/d/{token}", {"pin": "wrong"}).status_code for _ in range(11)]
    assert answers == [403] * 10 + [429]
    assert Client().post(f"/d/{token}", {"pin": pin}).status_code == 302
