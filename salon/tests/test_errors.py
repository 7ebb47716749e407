"""What is said when something is not there or nothing was pressed."""

import pytest
from django.urls import reverse

from participants.tests import scenes

pytestmark = pytest.mark.django_db


def test_a_tab_that_a_phone_opens_again_is_told_to_press_the_button(client):
    event = scenes.a_salon()
    client.force_login(scenes.an_organiser(event))
    answer = client.get(reverse("screening_decide", args=[event.slug]))
    assert answer.status_code == 405
    assert answer["Allow"] == "POST"
    assert "请返回上一页，再按一次" in answer.text


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize("path", ["/nowhere/", "/e/nowhere/", "/l/abc"])
def test_a_wrong_address_looks_the_same_at_home_and_in_production(client, settings, path, debug):
    settings.DEBUG = debug
    answer = client.get(path)
    assert answer.status_code == 404
    assert "没有这一页" in answer.text
    assert "urlconf" not in answer.text.casefold()


@pytest.mark.parametrize("debug", [False, True])
def test_a_forgotten_slash_is_added(client, settings, debug):
    settings.DEBUG = debug
    event = scenes.a_salon()
    assert client.get(f"/e/{event.slug}").url == f"/e/{event.slug}/"
