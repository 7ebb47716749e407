"""The desk's page and the shell that keeps it: what a tablet needs without a network."""

import json
import re
from html import unescape

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

from participants import desk_app
from participants.tests.door import Tablet, make_person, make_salon

pytestmark = pytest.mark.django_db


@pytest.fixture
def salon():
    return make_salon()


@pytest.fixture
def tablet(client, salon):
    return Tablet(client, salon)


def kept_files(client):
    script = client.get("/e/spring/desk/sw.js").content.decode()
    return json.loads(re.match(r"const KEEP = (\{.*\});\n", script)[1])


def test_the_page_opens_for_a_desk_and_for_nobody_else(tablet):
    assert tablet.client.get("/e/spring/desk/").status_code == 200
    assert Client().get("/e/spring/desk/").status_code == 401


def test_the_page_that_a_tablet_keeps_holds_no_guest(tablet, salon):
    lin = make_person(salon, "林知夏", mobile="+8613800138000")
    page = tablet.client.get("/e/spring/desk/").content.decode()
    for value in (lin.name, lin.code, "8000", lin.email):
        assert value not in page


def test_the_service_worker_may_rule_the_desk_and_no_more(client, salon):
    answer = client.get("/e/spring/desk/sw.js")
    assert answer["Content-Type"] == "text/javascript"
    assert "no-cache" in answer["Cache-Control"]
    assert "Service-Worker-Allowed" not in answer


def test_everything_the_page_loads_is_kept_for_the_hour_without_a_network(tablet):
    page = unescape(tablet.client.get("/e/spring/desk/").content.decode())
    loaded = set(re.findall(r'(?:src|href)="(/static/[^"]+)"', page))
    setup = json.loads(re.search(r'id="desk-setup"[^>]*>(.*?)</script>', page, re.DOTALL)[1])
    loaded |= {setup["wasm"], setup["ponyfill"]}
    kept = set(kept_files(tablet.client)["files"])
    assert loaded <= kept


def test_every_module_and_picture_that_a_kept_file_asks_for_is_kept_too(client, salon):
    kept = set(kept_files(client)["files"])
    for name in (*desk_app.FILES, *desk_app.MODULES):
        if not name.endswith((".js", ".css")) or name.startswith("vendor/"):
            continue
        with open(finders.find(name)) as file:
            text = file.read()
        folder = "/static/" + name.rpartition("/")[0]
        for wanted in re.findall(r'from "\./([\w.]+)"', text):
            assert f"{folder}/{wanted}" in kept, (name, wanted)
        if name.endswith(".css"):
            for wanted in re.findall(r'url\("?\.\./([\w/.-]+)"?\)', text):
                assert f"/static/{wanted}" in kept, (name, wanted)


def test_every_kept_file_is_there(client, salon):
    for address in kept_files(client)["files"]:
        assert finders.find(address.removeprefix("/static/")), address


def test_another_byte_is_another_version(client, salon, monkeypatch):
    before = kept_files(client)["version"]
    read = desk_app._read
    monkeypatch.setattr(
        desk_app, "_read", lambda name: read(name) + (b" " if name == "css/desk.css" else b"")
    )
    assert kept_files(client)["version"] != before


def test_the_manifest_makes_it_installable(client, salon):
    manifest = client.get("/e/spring/desk/app.webmanifest").json()
    assert manifest["start_url"] == manifest["scope"] == "/e/spring/desk/"
    assert manifest["display"] == "standalone"
    assert {icon["sizes"] for icon in manifest["icons"]} >= {"192x192", "512x512"}
    for icon in manifest["icons"]:
        assert finders.find(icon["src"].removeprefix("/static/"))


def test_every_word_that_the_script_says_is_given_to_it(tablet):
    given = set(desk_app.words())
    said = set()
    for name in desk_app.MODULES:
        with open(finders.find(name)) as file:
            text = file.read()
        said |= set(re.findall(r"\bwords\.(\w+)", text))
        said |= set(re.findall(r'\bsay\("(\w+)"', text))
    assert said - {"reasons"} <= given
    for result in ("checked_in", "already", "not_confirmed", "unknown", "full", "undone", "saved"):
        assert result in given


def test_the_printed_list_stands_by_pinyin(tablet, salon):
    for name in ("张三", "安然", "李四"):
        make_person(salon, name, mobile=f"+86138001380{len(name)}{ord(name[0]) % 10}")
    tablet.scan(salon.participants.get(name="李四"))
    page = tablet.client.get("/e/spring/desk/list/").content.decode()
    assert page.index("安然") < page.index("李四") < page.index("张三")
    assert page.count("✓") == 1


def test_the_printed_list_costs_the_same_for_many(tablet, salon, django_assert_max_num_queries):
    for _ in range(10):
        make_person(salon)
    with django_assert_max_num_queries(3):
        tablet.client.get("/e/spring/desk/list/")
