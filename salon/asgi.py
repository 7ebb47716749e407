"""ASGI: the live stream, and in `make run` everything. Pages in production: wsgi.py."""

import os
import resource

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "salon.settings")
django_pages = get_asgi_application()

from django.http import HttpResponse  # noqa: E402  after the apps are loaded

from events.access import desk_of, event_page  # noqa: E402
from participants.access import in_the_house, who_may_stay  # noqa: E402
from salon import bodies, live, logs  # noqa: E402

pages = bodies.bounded(django_pages)


@event_page
def visitor(request, slug):
    return HttpResponse("")


@in_the_house
def in_house(request, slug):
    viewer = request.person or desk_of(request, slug) or request.user
    return HttpResponse(f"{viewer._meta.model_name}:{viewer.pk}")


stream = live.Stream(visitors=visitor, house=in_house, who_may_stay=who_may_stay)


async def application(scope, receive, send):
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
    elif scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close"})
    elif scope["path"].startswith("/live/"):
        logs.begin()
        await stream(scope, receive, send)
    else:
        await pages(scope, receive, send)


async def lifespan(receive, send):
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            # Every stream is an open file, and 1 024 is a common default.
            _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            await stream.stop()
            await send({"type": "lifespan.shutdown.complete"})
            return
