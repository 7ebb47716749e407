"""The parts that bench_live.py puts together, each a process of its own.

uvicorn benchmarks.live:application       the project's ASGI application with one topic more
python -m benchmarks.live bare PORT       the yardstick: an asyncio server that writes to a list
python -m benchmarks.live watch PORT N    N viewers; prints `ROUND TIME` when the last has it
"""

import asyncio
import os
import re
import sys
import time

SLUG = "bench"
ROUND = re.compile(rb"round-(\d+)\.")
# A wall of fifty slips is of this size.
FRAGMENT = "\n".join(f'<article class="slip" data-key="{n}">林晓 · 教育 · 新用户激活</article>' * 2
                     for n in range(50))  # fmt: skip


def frame(number):
    lines = "".join(f"data: {line}\n" for line in f"{FRAGMENT}\nround-{number}.".split("\n"))
    return f"event: bench\n{lines}\n".encode()


async def broadcast(port):
    from redis import asyncio as redis_asyncio

    writers = []

    async def welcome(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n" + frame(0))
        writers.append(writer)

    await asyncio.start_server(welcome, "127.0.0.1", port, backlog=2048)
    bell = redis_asyncio.Redis.from_url(os.environ["REDIS_URL"]).pubsub()
    await bell.subscribe("bench:bare")
    async for ring in bell.listen():
        if ring["type"] == "message":
            payload = frame(int(ring["data"]))
            for writer in writers:
                writer.write(payload)


class Viewer(asyncio.Protocol):
    def __init__(self, seen):
        self.seen, self.rest = seen, b""

    def connection_made(self, transport):
        transport.write(
            f"GET /live/{SLUG}/?topics=bench HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()
        )

    def data_received(self, data):
        for found in ROUND.finditer(self.rest + data):
            self.seen(int(found[1]))
        self.rest = data[-8:] if not ROUND.search(data[-8:]) else b""


async def watch(port, many):
    counts = {}

    def seen(number):
        counts[number] = counts.get(number, 0) + 1
        if counts[number] == many:
            print(number, time.monotonic(), flush=True)

    loop = asyncio.get_running_loop()
    for start in range(0, many, 100):
        await asyncio.gather(
            *(
                loop.create_connection(lambda: Viewer(seen), "127.0.0.1", port)
                for _ in range(start, min(start + 100, many))
            )
        )
    await asyncio.Event().wait()


if __name__ == "__main__":
    if sys.argv[1] == "bare":
        asyncio.run(broadcast(int(sys.argv[2])))
    else:
        asyncio.run(watch(int(sys.argv[2]), int(sys.argv[3])))
else:
    from django.apps import apps

    from salon import live
    from salon.asgi import application  # noqa: F401  what uvicorn is told to serve

    @live.topic("bench", public=True)
    def bench_topic(slug):
        event = apps.get_model("events", "Event").objects.get(slug=slug)
        return f"{FRAGMENT}\nround-{event.theme}."
