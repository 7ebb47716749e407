"""Live walls and phones: a topic's fragment is rendered once for everybody who watches it.

A room registers a topic with its render function, its verbs publish the topic, a page includes
the same fragment and names the stream. What travels is always the whole state of a topic, never
a change: a lost ring cannot leave a wrong wall, and a slow viewer simply skips states.

    verb ── commit ── publish ──▶ Redis ──▶ Hub (one a process) ── render once ──▶ every viewer

Redis is only the bell. While it is away the hub renders what is watched every few seconds by
itself; walls go on, slower.
"""

import asyncio
import io
import logging
import random
import re
import resource
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from itertools import product

from django.conf import settings
from django.contrib import auth
from django.core.exceptions import PermissionDenied
from django.core.handlers.asgi import ASGIRequest
from django.db import DatabaseError, InterfaceError, connections, transaction
from django.http import Http404
from django.utils import translation
from django.utils.functional import SimpleLazyObject
from django.utils.module_loading import import_string
from redis import RedisError
from redis import asyncio as redis_asyncio
from redis.backoff import NoBackoff

from salon import broker
from salon.answers import headers_of_every_answer
from salon.errors import Refused

log = logging.getLogger(__name__)

CHANNEL = "salon:live"
GATHER_SECONDS = 0.25  # at most four renderings a second of one topic
HEARTBEAT_SECONDS = 12  # the page takes 40 s of silence for a dead connection
POLL_SECONDS = 5  # how often what is watched is rendered while Redis is away …
LOOK_AGAIN_SECONDS = 30  # … and while it is there, in case a ring was lost
STREAMS_PER_VIEWER = 8  # of one cookie; the newest stay
MOST_STREAMS = 8_000  # of one process; a quarter of it is kept for the house
STUCK_SECONDS = 60  # without a byte getting through
LONGEST_SECONDS = 30 * 60  # then a stream ends, and the page opens the next
STANDING_SECONDS = 30  # how often it is looked whether those who watch may still watch

_PATH = re.compile(r"/live/(?P<slug>[-a-zA-Z0-9_]+)/")
_LINE_END = re.compile(r"\r\n|\r|\n")
_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),  # nginx would collect the stream before passing it on
]


# --- what the rooms use ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Topic:
    name: str
    public: bool
    render: Callable[[str], str]


_topics: dict[str, Topic] = {}


def topic(name, *, public=False):
    """Register `render(slug) -> HTML str` for a topic of an event.

    Runs in a thread of the stream's process, in the viewers' language. Only a `public` topic is
    shown to people who are not in the house. A module with topics is imported in its
    AppConfig.ready.
    """

    def register(render):
        if name in _topics:
            raise ValueError(f"two topics named {name!r}")
        _topics[name] = Topic(name, public, render)
        return render

    return register


def publish(event, *topics):
    """Say that the topics of `event` have changed, once the transaction is committed.

    Never fails: without Redis the walls notice a few seconds later by themselves.
    """
    ring = f"{event.slug} {','.join(topics)}"
    transaction.on_commit(
        lambda: broker.attempt(lambda redis: redis.publish(CHANNEL, ring)), robust=True
    )


def publish_all(event):
    """The same for every topic there is: what somebody wrote is gone from everywhere at once."""
    publish(event, *_topics)


# --- one topic of one event in one language -------------------------------------------------------


class Fragment:
    """The newest state of a topic as bytes for the wire, and who watches it.

    One task renders while there is something new; all who arrive meanwhile are served by the
    same rendering or the next.
    """

    def __init__(self, hub, slug, topic, language):
        self.hub, self.slug, self.topic, self.language = hub, slug, topic, language
        self.viewers = set()
        self.newcomers = []
        self.payload = b""
        self.is_stale = True
        self.rendered_at = float("-inf")
        self.task = None

    def join(self, viewer):
        self.viewers.add(viewer)
        if self.payload and not self.is_stale and self.hub.hears:
            viewer.show(self)
            return
        self.newcomers.append(viewer)
        if self.task is None or not self.hub.hears:
            self.ring()

    def ring(self):
        self.is_stale = True
        if self.task is None:
            self.task = asyncio.create_task(self._keep_up())

    async def _keep_up(self):
        try:
            while self.is_stale and self.viewers:
                await asyncio.sleep(self.rendered_at + GATHER_SECONDS - self.hub.now())
                # Cleared before rendering: what is committed from here on rings again.
                self.is_stale = False
                self.rendered_at = self.hub.now()
                await self._renew()
        finally:
            self.task = None

    async def _renew(self):
        try:
            payload = await self.hub.in_thread(self._render)
        except Exception:
            log.exception("live topic %s", self.topic.name)
            self.hub.loop.call_later(POLL_SECONDS, self.ring)
            return
        behind = self.newcomers if payload == self.payload else list(self.viewers)
        self.payload, self.newcomers = payload, []
        for viewer in behind:
            viewer.show(self)

    def _render(self):
        with translation.override(self.language):
            html = self.topic.render(self.slug)
        lines = "".join(f"data: {line}\n" for line in _LINE_END.split(html.strip()))
        return f"event: {self.topic.name}\n{lines}\n".encode()


class Viewer:
    """One open stream. It holds at most the newest state of each of its topics: a state that
    could not be sent before the next one came is never sent."""

    def __init__(self, hub, send, fragments):
        self.hub, self.send, self.fragments = hub, send, fragments
        self.slug = fragments[0][0]
        self.unsent = {}
        self.heart = self.ending = False
        self.sending = None
        self.sent_at = hub.now()
        self.ends_at = self.sent_at + LONGEST_SECONDS * random.uniform(0.7, 1)  # noqa: S311
        self.task = asyncio.current_task()

    def show(self, fragment):
        self.unsent[fragment] = None
        self._wake()

    def beat(self):
        self.heart = True
        self._wake()

    def _wake(self):
        if self.sending is not None:
            return
        writing = self._write()
        try:
            waits_for = writing.send(None)
        except StopIteration:
            return  # the rule: the server took it without waiting, and no task was needed
        self.sending = asyncio.create_task(_finish(writing, waits_for))

    async def _write(self):
        try:
            while self.unsent or self.heart:
                # Read only now: since show() a newer state may have come.
                states = b"".join([fragment.payload for fragment in self.unsent])
                self.unsent.clear()
                self.heart = False
                await self.send(_body(states or b":\n\n"))
                self.sent_at = self.hub.now()
        except Exception as error:
            # Servers differ in what they say of a connection that is gone.
            log.info("a live stream ends: %s", type(error).__name__)
            self.end()
        finally:
            self.sending = None

    def end(self):
        """End the stream from this side; the page comes back by itself if it still wants."""
        if not self.ending:
            self.ending = True
            self.task.cancel()


class _Begun:
    """A coroutine whose first step was taken outside a task, and what that step waits for.

    A task for each of five thousand sends costs as much as the sends. (Python 3.12 can start
    tasks eagerly; 3.11 cannot.)
    """

    def __init__(self, coroutine, waits_for):
        self.coroutine, self.waits_for = coroutine, waits_for

    def __await__(self):
        waits_for = self.waits_for
        while True:
            try:
                result = yield waits_for
                step = partial(self.coroutine.send, result)
            except BaseException as error:  # a cancellation, passed on like everything else
                step = partial(self.coroutine.throw, error)
            try:
                waits_for = step()
            except StopIteration:
                return


async def _finish(coroutine, waits_for):
    await _Begun(coroutine, waits_for)


class Hub:
    """All streams of one process, on its event loop: one subscription, one rendering a change."""

    def __init__(self, who_may_stay):
        self.loop = asyncio.get_running_loop()
        self.now = self.loop.time
        self.who_may_stay = who_may_stay
        self.fragments = {}
        self.viewers = {}  # viewer: key of whoever watches, "" unknown
        self.by_key = defaultdict(dict)  # key: viewers, the oldest first
        self.hears = False
        files, _most = resource.getrlimit(resource.RLIMIT_NOFILE)
        self.room = min(MOST_STREAMS, files - 100) if files > 0 else MOST_STREAMS
        # Of our own, so that pages in the same process and walls never wait for each other.
        self.threads = ThreadPoolExecutor(4, thread_name_prefix="live")
        self.tasks = [
            asyncio.create_task(each) for each in (self._listen(), self._tick(), self._look_round())
        ]

    async def stop(self):
        for viewer in list(self.viewers):
            viewer.end()
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        self.threads.shutdown(wait=False, cancel_futures=True)

    async def in_thread(self, work):
        """Run `work` beside the loop; no database connection stays open behind it."""

        def run():
            try:
                return work()
            finally:
                connections.close_all()

        return await self.loop.run_in_executor(self.threads, run)

    def has_room_for(self, key):
        if len(self.viewers) >= self.room:
            return False
        return bool(key) or len(self.by_key.get("", ())) < self.room * 3 // 4

    def add(self, viewer, key):
        theirs = self.by_key[key]
        theirs[viewer] = None
        self.viewers[viewer] = key
        if key and len(theirs) > STREAMS_PER_VIEWER:
            # Most likely a dead one of a phone that changed networks; a refusal would lock it out.
            next(iter(theirs)).end()
        for place in viewer.fragments:
            if place not in self.fragments:
                self.fragments[place] = Fragment(self, *place)
            self.fragments[place].join(viewer)

    def remove(self, viewer):
        key = self.viewers.pop(viewer, None)
        if key is None:
            return
        self.by_key[key].pop(viewer)
        if not self.by_key[key]:
            del self.by_key[key]
        for place in viewer.fragments:
            fragment = self.fragments[place]
            fragment.viewers.discard(viewer)
            if not fragment.viewers:
                del self.fragments[place]
        if viewer.sending is not None:
            viewer.sending.cancel()

    # --- the bell ---

    async def _listen(self):
        pause = 0.1
        while True:
            # Its own retries would hide from us that rings may have been missed.
            redis = redis_asyncio.Redis.from_url(
                settings.REDIS_URL,
                socket_connect_timeout=2,
                retry=redis_asyncio.retry.Retry(NoBackoff(), 0),
            )
            try:
                async with redis, redis.pubsub() as bell:
                    await bell.subscribe(CHANNEL)
                    async for ring in self._rings(bell):
                        pause = 0.1
                        self._hear(ring)
            except (RedisError, OSError) as error:
                if self.hears or pause == 0.1:
                    log.warning("the live bell is away: %s", type(error).__name__)
            finally:
                self.hears = False
            await asyncio.sleep(pause * random.uniform(0.7, 1.3))  # noqa: S311
            pause = min(pause * 2, POLL_SECONDS)

    async def _rings(self, bell):
        """What the bell says; RedisError when it keeps silent to a question, too."""
        asked = False
        while True:
            ring = await bell.get_message(timeout=POLL_SECONDS)
            if ring is not None:
                asked = False
                yield ring
            elif asked:
                raise RedisError("no answer")
            else:
                asked = True
                await bell.ping()

    def _hear(self, ring):
        if ring["type"] == "subscribe":
            self.hears = True
            self._ring_all()
            # A verb that found Redis away a moment ago does not ring it yet.
            self.loop.call_later(broker.LEFT_ALONE_SECONDS + 1, self._ring_all)
        elif ring["type"] == "message":
            slug, _space, names = ring["data"].decode("utf-8", "replace").partition(" ")
            for name, (language, _label) in product(names.split(","), settings.LANGUAGES):
                fragment = self.fragments.get((slug, _topics.get(name), language))
                if fragment is not None:
                    fragment.ring()

    def _ring_all(self):
        for fragment in self.fragments.values():
            fragment.ring()

    async def _tick(self):
        while True:
            await asyncio.sleep(1)
            now = self.now()
            for viewer in list(self.viewers):
                if now > viewer.ends_at or now > viewer.sent_at + STUCK_SECONDS:
                    viewer.end()
                elif now > viewer.sent_at + HEARTBEAT_SECONDS:
                    viewer.beat()
            patience = LOOK_AGAIN_SECONDS if self.hears else POLL_SECONDS
            for fragment in self.fragments.values():
                if now > fragment.rendered_at + patience:
                    fragment.ring()

    async def _look_round(self):
        """End the streams of those who may not watch any more: whoever withdrew, a desk whose pass
        was revoked. One look for all, however many watch."""
        while True:
            await asyncio.sleep(STANDING_SECONDS)
            inside = {
                viewer: (viewer.slug, key) for viewer, key in list(self.viewers.items()) if key
            }
            if not inside:
                continue
            try:
                staying = await self.in_thread(partial(self.who_may_stay, set(inside.values())))
            except (DatabaseError, InterfaceError) as error:
                log.warning("who watches could not be looked up: %s", type(error).__name__)
                continue
            for viewer, asked in inside.items():
                if asked not in staying:
                    viewer.end()


# --- the door and the wire ------------------------------------------------------------------------


class Refusal(Exception):
    def __init__(self, status, sentence=""):
        super().__init__(status)
        self.status, self.sentence = status, sentence


class Stream:
    """The ASGI application behind `/live/<slug>/?topics=a,b`.

    `visitors` and `house` are Django views `(request, slug)` with a door on them, which answer
    200 with the key of whoever watches as their text ("person:12", "" unknown): the first lets in
    whoever may see the event's page, the second whoever may see the walls. `who_may_stay` is given
    the `(slug, key)` of those whom the second let in, and answers with those who may stay.
    """

    def __init__(self, *, visitors, house, who_may_stay):
        self.visitors, self.house, self.who_may_stay = visitors, house, who_may_stay
        self.hub = None
        self.open_until = {}  # slug of the event that strangers were last let into: until when

    async def __call__(self, scope, receive, send):
        if self.hub is None or self.hub.loop is not asyncio.get_running_loop():
            self.hub = Hub(self.who_may_stay)
        try:
            key, fragments = await self._admit(scope)
        except Refusal as refusal:
            await _refuse(send, refusal, scope)
            return
        viewer = Viewer(self.hub, send, fragments)
        try:
            headers = [*_headers(scope), *_HEADERS]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            # A hall of phones that lost the network at once comes back one by one.
            retry = f"retry: {random.randint(1000, 4000)}\n\n"  # noqa: S311
            await send(_body(retry.encode()))
            self.hub.add(viewer, key)
            while (await receive())["type"] != "http.disconnect":
                pass
        except OSError:
            pass
        except asyncio.CancelledError:
            # By us or by a server that shuts down; the response is ended properly for both.
            viewer.task.uncancel()
            with suppress(TimeoutError, OSError):
                await asyncio.wait_for(send(_body(b"", more=False)), 1)
        finally:
            self.hub.remove(viewer)

    async def stop(self):
        if self.hub is not None:
            await self.hub.stop()
            self.hub = None

    async def _admit(self, scope):
        """Who watches which fragments: `(key, [(slug, topic, language), …])`; or Refusal.

        Apart from __call__, which stays for as long as the stream does and the request need not.
        """
        slug, topics, request = self._asked(scope)
        key = await self._viewer(request, slug, topics)
        if not self.hub.has_room_for(key):
            raise Refusal(503)
        language = translation.get_language_from_request(request)
        if request.GET.get("lang") in dict(settings.LANGUAGES):
            language = request.GET["lang"]
        return key, [(slug, topic, language) for topic in topics]

    def _asked(self, scope):
        match = _PATH.fullmatch(scope["path"])
        if match is None:
            raise Refusal(404)
        if scope["method"] != "GET":
            raise Refusal(405)
        request = ASGIRequest(scope, io.BytesIO())
        names = list(dict.fromkeys(filter(None, request.GET.get("topics", "").split(","))))
        if not names or not all(name in _topics for name in names):
            raise Refusal(404)
        return match["slug"], [_topics[name] for name in names], request

    async def _viewer(self, request, slug, topics):
        """The key of whoever asks, once through the door; Refusal otherwise."""
        public = all(topic.public for topic in topics)
        if public and self.hub.now() < self.open_until.get(slug, 0):
            return ""
        key = await self.hub.in_thread(
            lambda: self._enter(request, slug, self.visitors if public else self.house)
        )
        if public and settings.SESSION_COOKIE_NAME not in request.COOKIES:
            # What a stranger may see everybody may: a crowd at this door costs a look a second.
            self.open_until = {slug: self.hub.now() + 1}
        return key

    def _enter(self, request, slug, door):
        """Through the door, as a page would go. Runs in a thread."""
        sessions = import_string(f"{settings.SESSION_ENGINE}.SessionStore")
        request.session = sessions(request.COOKIES.get(settings.SESSION_COOKIE_NAME))
        request.user = SimpleLazyObject(lambda: auth.get_user(request))
        try:
            answer = door(request, slug=slug)
        except Http404:
            raise Refusal(404) from None
        except PermissionDenied:
            raise Refusal(403) from None
        except Refused as refused:
            raise Refusal(refused.status, str(refused)) from None
        except (DatabaseError, InterfaceError):
            raise Refusal(503) from None
        if answer.status_code != HTTPStatus.OK:
            raise Refusal(403)  # a page would be sent to the login
        return answer.content.decode()


def _body(payload, *, more=True):
    return {"type": "http.response.body", "body": payload, "more_body": more}


def _headers(scope):
    return headers_of_every_answer(secure=ASGIRequest(scope, io.BytesIO()).is_secure())


async def _refuse(send, refusal, scope):
    headers = [
        *_headers(scope),
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"cache-control", b"no-store"),
        *([(b"retry-after", b"5")] if refusal.status == HTTPStatus.SERVICE_UNAVAILABLE else []),
    ]
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    sentence = refusal.sentence or HTTPStatus(refusal.status).phrase
    await send(_body(f"{sentence}\n".encode(), more=False))
