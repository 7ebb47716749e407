"""Doors, tokens and the login."""

import pytest
from django.core.checks import run_checks
from django.db import OperationalError
from django.http import HttpResponse
from django.test import Client, override_settings
from django.urls import path, reverse

from salon import access
from salon.errors import Refused
from salon.models import User


def no_door(request):
    return HttpResponse("come in")


@access.public
def open_door(request):
    return HttpResponse("come in")


class Bare:
    urlpatterns = [path("open/", open_door), path("forgotten/", no_door)]


def test_a_view_without_a_door_fails_the_check():
    with override_settings(ROOT_URLCONF=Bare):
        errors = [error for error in run_checks() if error.id == "salon.E001"]
    assert [error.msg for error in errors] == ["The view at /forgotten/ declares no door."]


def test_every_view_of_the_house_has_a_door():
    assert [error for error in run_checks() if error.id == "salon.E001"] == []


def test_a_token_is_long_and_only_its_hash_is_kept():
    token, kept = access.new_token()
    assert len(token) >= 27  # 160 bits
    assert token not in kept
    assert access.digest(token) == kept
    assert access.new_token()[0] != token


def test_odd_tokens_are_only_unknown():
    assert access.digest("\udcff\x00") != access.digest("")


# --- the login ------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def quick_hashes(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def chen(db):
    return User.objects.create_user("chen", password="kept-in-a-drawer", is_staff=True)


def log_in(client, username="chen", password="wrong", **extra):
    return client.post(reverse("login"), {"username": username, "password": password}, **extra)


def test_the_crew_logs_in_and_is_taken_where_they_wanted(chen):
    client = Client()
    answer = client.post(
        reverse("login") + "?next=/admin/",
        {"username": "chen", "password": "kept-in-a-drawer", "next": "/admin/"},
    )
    assert answer.status_code == 302
    assert answer["Location"] == "/admin/"


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example/", "javascript:1"])
def test_the_login_leads_nowhere_else(chen, elsewhere):
    data = {"username": "chen", "password": "kept-in-a-drawer", "next": elsewhere}
    assert Client().post(reverse("login"), data)["Location"] == reverse("crew_home")


def test_a_wrong_password_keeps_the_name_and_says_what_to_do(chen):
    answer = log_in(Client())
    assert answer.status_code == 200
    page = answer.content.decode()
    assert "账号或密码不对" in page
    assert 'value="chen"' in page
    assert "wrong" not in page


@pytest.mark.parametrize("where", ["login", "admin:login"])
@pytest.mark.parametrize("username", ["空\x00字", "名" * 10_000, "\u202echen", "<script>", ""])
def test_odd_names_are_only_wrong(db, where, username):
    answer = Client().post(reverse(where), {"username": username, "password": "wrong"})
    assert answer.status_code == 200
    assert "<script>" not in answer.content.decode().partition("<form")[2]


def test_logging_in_needs_its_csrf_token(chen):
    careful = Client(enforce_csrf_checks=True)
    assert log_in(careful, password="kept-in-a-drawer").status_code == 403


def test_looking_never_logs_anybody_out(chen):
    client = Client()
    client.force_login(chen)
    assert client.get(reverse("logout")).status_code == 405
    assert client.get(reverse("admin:index")).status_code == 200
    assert client.post(reverse("logout")).status_code == 302


# --- refusals -------------------------------------------------------------------------------------


@access.public
def refuses(request, **kwargs):
    raise Refused("full", "名额刚刚满了。", status=409)


@access.public
def loses_its_database(request, **kwargs):
    raise OperationalError("server closed the connection unexpectedly: password=geheim")


@access.staff
def for_staff(request):
    return HttpResponse("staff")


@access.signed_in
def for_accounts(request):
    return HttpResponse("accounts")


class Failing:
    urlpatterns = [
        path("refuses/", refuses),
        path("api/refuses", refuses),
        path("lost/", loses_its_database),
        path("staff/", for_staff),
        path("accounts/", for_accounts),
        path("language/", open_door, name="set_language"),
        path("login/", open_door, name="login"),
    ]


@pytest.fixture
def failing(settings):
    settings.ROOT_URLCONF = Failing
    return Client(raise_request_exception=True)


@pytest.mark.django_db
@pytest.mark.parametrize("debug", [True, False])
@pytest.mark.parametrize(
    ("charset", "status"), [("utf-16", 400), ("gbk", 400), ("utf8", 200), ("x", 200)]
)
def test_a_form_in_another_encoding_is_refused_and_an_address_in_one_is_read(
    client, settings, debug, charset, status
):
    settings.DEBUG = debug
    client.raise_request_exception = False
    for kind in ("application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        answer = client.generic("POST", "/login/", b"--x--\r\n", f"{kind}; charset={charset}")
        assert answer.status_code == status
    address = client.get("/login/?next=%2Fcrew%2F", CONTENT_TYPE=f"text/plain; charset={charset}")
    assert address.status_code == 200


def test_a_refusal_is_a_page_for_people_and_json_for_machines(failing):
    page = failing.get("/refuses/")
    assert page.status_code == 409
    assert "名额刚刚满了。" in page.content.decode()
    assert "full" in page.content.decode()
    for machine in (
        failing.get("/api/refuses"),
        failing.get("/refuses/", headers={"Accept": "application/json"}),
    ):
        assert machine.status_code == 409
        assert machine.json() == {"error": "full", "message": "名额刚刚满了。"}


def test_a_lost_database_asks_to_come_again_and_tells_no_secret(failing, caplog):
    answer = failing.get("/lost/")
    assert (answer.status_code, answer["Retry-After"]) == (503, "2")
    assert "geheim" not in answer.content.decode() + caplog.text


def test_the_doors_of_the_platform(failing, chen):
    lin = User.objects.create_user("lin")
    assert failing.get("/staff/").status_code == 302
    assert failing.get("/accounts/").status_code == 302
    failing.force_login(lin)
    assert failing.get("/staff/").status_code == 403
    assert failing.get("/accounts/").status_code == 200
    failing.force_login(chen)
    assert failing.get("/staff/").status_code == 200
