"""Nothing that is posted is kept or read beyond what its address takes: pages under WSGI, and under
ASGI, where the whole body comes before the first middleware."""

import ast
import asyncio
import inspect
import json

import pytest
from asgiref.sync import async_to_sync
from django.test import AsyncRequestFactory
from django.urls import resolve

from salon import asgi, bodies
from salon.access import views_of
from salon.bodies import MEGABYTE, MOST_BYTES, MOST_BYTES_WITH_FILES

WITHOUT_FILES, WITH_FILES = "/login/", "/admin/e/spring/import/"
PIECE = b"x" * MEGABYTE


def test_every_view_that_takes_files_says_so_and_no_other():
    takes = {view_of.__module__ + "." + view_of.__name__ for view_of in views_with_files()}
    said = {
        f"{view.__module__}.{view.__name__}"
        for _route, _namespaces, view in views_of()
        if bodies.limit_of(view) != MOST_BYTES
    }
    assert takes == said
    assert len(takes) == 3


def views_with_files():
    """Views in whose own words, or in those of a function beside them that they call, `.FILES` is."""
    for view in {view for _route, _namespaces, view in views_of() if hasattr(view, "door")}:
        module = inspect.getmodule(inspect.unwrap(view))
        functions = {
            node.name: node
            for node in ast.parse(inspect.getsource(module)).body
            if isinstance(node, ast.FunctionDef)
        }
        asked, seen = [view.__name__], set()
        while asked:
            name = asked.pop()
            if name in functions and name not in seen:
                seen.add(name)
                nodes = list(ast.walk(functions[name]))
                if any(isinstance(node, ast.Attribute) and node.attr == "FILES" for node in nodes):
                    yield view
                    break
                asked += [node.id for node in nodes if isinstance(node, ast.Name)]


# --- pages in production, under WSGI --------------------------------------------------------------


def posted(client, path, length, **headers):
    """A POST that says how long it is; whoever read it would find nothing there, and fail."""
    return client.generic("POST", path, b"", CONTENT_LENGTH=str(length), headers=headers)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "most"), [(WITHOUT_FILES, MOST_BYTES), (WITH_FILES, MOST_BYTES_WITH_FILES)]
)
def test_a_body_above_its_addresss_limit_is_told_so_in_one_sentence(client, path, most):
    page = posted(client, path, most + 1)
    assert (page.status_code, page["Content-Type"]) == (413, "text/html; charset=utf-8")
    assert f"最多收 {most // MEGABYTE} MB" in page.text
    told = posted(client, path, most + 1, accept="application/json")
    assert (told.status_code, told.json()["error"]) == (413, "too_large")
    # The limit itself is not above the limit.
    assert client.post(path, {"a": "x" * 1000}).status_code != 413


@pytest.mark.django_db
def test_a_body_that_does_not_say_how_long_it_is_is_told_so(client):
    page = client.generic("POST", WITHOUT_FILES, b"", headers={"Transfer-Encoding": "chunked"})
    assert page.status_code == 411
    assert "没有说明内容有多长" in page.text


@pytest.mark.django_db
def test_what_is_sent_to_no_address_is_not_found(client):
    assert posted(client, "/nowhere/", 10**12).status_code == 404


# --- the same under ASGI --------------------------------------------------------------------------


class Sender:
    """Somebody who goes on sending a megabyte at a time, and says how much was taken."""

    def __init__(self, pieces):
        self.left, self.taken, self.gone = pieces, 0, False
        self.status, self.headers, self.answer = None, {}, b""

    async def receive(self):
        if not self.left:
            await asyncio.Event().wait()  # and goes on listening
        self.left -= 1
        self.taken += 1
        return {"type": "http.request", "body": PIECE, "more_body": self.left > 0}

    async def send(self, message):
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], dict(message["headers"])
        self.answer += message.get("body", b"")


def sends(path, pieces, *, says=None, **headers):
    factory = AsyncRequestFactory()
    scope = factory.post(path, headers=headers).scope
    scope["headers"] = [
        pair for pair in scope["headers"] if pair[0] not in (b"content-length", b"content-type")
    ]
    scope["headers"].append((b"content-type", b"application/x-www-form-urlencoded"))
    if says is not None:
        scope["headers"].append((b"content-length", str(says).encode()))
    sender = Sender(pieces)
    kept = []

    async def counted(scope, receive, send):
        async def read():
            message = await receive()
            kept.append(len(message.get("body", b"")))
            return message

        await asgi.django_pages(scope, read, send)

    async_to_sync(bodies.bounded(counted))(scope, sender.receive, sender.send)
    sender.kept = sum(kept)
    return sender


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "most"), [(WITHOUT_FILES, MOST_BYTES), (WITH_FILES, MOST_BYTES_WITH_FILES)]
)
def test_under_asgi_no_more_is_kept_than_the_limit_whether_its_length_was_told_or_not(path, most):
    too_many = most // MEGABYTE + 5
    unsaid = sends(path, too_many)
    assert (unsaid.status, unsaid.kept <= most) == (413, True)
    assert f"最多收 {most // MEGABYTE} MB" in unsaid.answer.decode()
    said = sends(path, too_many, says=too_many * MEGABYTE)
    assert (said.status, said.kept) == (413, 0)
    as_json = sends(path, too_many, accept="application/json")
    assert json.loads(as_json.answer)["error"] == "too_large"


@pytest.mark.django_db
def test_under_asgi_what_is_within_the_limit_arrives_whole():
    for says in (None, 2 * MEGABYTE):
        small = sends(WITHOUT_FILES, 2, says=says)
        assert (small.status in {200, 403}, small.kept) == (True, 2 * MEGABYTE)


@pytest.mark.django_db
def test_under_asgi_a_flood_to_no_address_is_thrown_away():
    flood = sends("/nowhere/", 40)
    assert (flood.status, flood.kept <= MOST_BYTES) == (404, True)


def test_an_address_may_say_its_own_limit():
    @bodies.body_limit(300 * MEGABYTE)
    def restore(request):
        """Writes to disk as it comes."""

    assert bodies.limit_of(restore) == 300 * MEGABYTE
    assert bodies.limit_of(resolve(WITH_FILES).func) == MOST_BYTES_WITH_FILES
