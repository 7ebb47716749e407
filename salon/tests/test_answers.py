"""What every answer carries: headers, and nothing but headers for whoever asks by HEAD."""

import io

import pytest
from django.http import FileResponse, HttpResponse
from django.test import RequestFactory
from django.urls import reverse

from events.access import issue_desk_pass
from participants.access import issue_link
from participants.tests import scenes
from salon import access, answers

SHUT = "camera=()"


def asked(view, method="HEAD"):
    return answers.answer_head(view)(RequestFactory().generic(method, "/"))


def test_head_gets_the_length_and_not_the_text():
    def page(request):
        assert request.method == "GET"
        return HttpResponse("您好", headers={"Content-Length": "6"})

    answer = asked(page)
    assert (answer.content, answer["Content-Length"]) == (b"", "6")
    assert asked(lambda request: HttpResponse(request.method), "POST").content == b"POST"


@pytest.mark.django_db
def test_head_of_a_file_reads_nothing_and_closes_it():
    file = io.BytesIO(b"photo")
    answer = asked(lambda request: FileResponse(file, content_type="image/jpeg"))
    assert list(answer) == []
    assert file.tell() == 0
    answer.close()
    assert file.closed


@pytest.mark.django_db
def test_a_mail_scanner_that_only_looks_at_a_link_is_answered_like_its_reader(client, caplog):
    link = issue_link(participant=scenes.an_applicant(scenes.a_salon()))
    looked, read = client.head(link), client.get(link)
    assert (looked.status_code, looked.url) == (302, read.url)
    assert client.head("/l/unknown").status_code == 404
    assert "Method Not Allowed" not in caplog.text


@pytest.mark.django_db
def test_the_camera_is_for_the_desk_alone(client):
    event = scenes.a_salon()
    for path in ("/", reverse("event", args=[event.slug]), reverse("login"), "/nowhere/"):
        assert SHUT in client.get(path)["Permissions-Policy"]
    assert SHUT in client.get(reverse("desk", args=[event.slug]))["Permissions-Policy"]
    _pass, token, pin = issue_desk_pass(event=event, desk="一号台", by=None)
    client.post(reverse("desk_link", args=[token]), {"pin": pin})
    policy = client.get(reverse("desk", args=[event.slug]))["Permissions-Policy"]
    assert "camera=(self)" in policy
    assert "microphone=()" in policy


@pytest.mark.django_db
def test_a_page_behind_a_door_is_kept_nowhere_unless_its_view_says_so(rf, admin_user):
    request = rf.get("/")
    request.user = admin_user
    kept = access.staff(lambda request: HttpResponse(headers={"Cache-Control": "private"}))
    assert kept(request)["Cache-Control"] == "private"
    assert access.staff(lambda request: HttpResponse())(request)["Cache-Control"] == (
        "no-store, private"
    )
    assert "Cache-Control" not in access.public(lambda request: HttpResponse())(request)


def test_the_stream_has_the_headers_of_a_page(settings):
    settings.SECURE_HSTS_SECONDS = 60
    answers.headers_of_every_answer.cache_clear()
    plain, safe = (dict(answers.headers_of_every_answer(secure=secure)) for secure in (False, True))
    answers.headers_of_every_answer.cache_clear()
    assert plain[b"x-content-type-options"] == b"nosniff"
    assert plain[b"x-frame-options"] == b"DENY"
    assert plain[b"referrer-policy"] == b"same-origin"
    assert b"default-src 'self'" in plain[b"content-security-policy"]
    assert b"camera=()" in plain[b"permissions-policy"]
    assert b"strict-transport-security" not in plain
    assert safe[b"strict-transport-security"].startswith(b"max-age=60")
