"""A small HTTP loader for loopback: persistent connections, a bounded number of requests."""

import asyncio
import itertools
import time
from collections import Counter
from dataclasses import dataclass

# Which worker takes a connection is chance: kept for the whole run, an uneven split would be the
# result. A phone or a proxy does not keep one for ever either.
REQUESTS_PER_CONNECTION = 50


@dataclass(frozen=True)
class Load:
    per_second: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    statuses: Counter
    seconds: float

    @property
    def requests(self):
        return self.statuses.total()


def request(method, path, *, headers=None, body=b""):
    """The bytes of one HTTP/1.1 request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def load(port, requests, *, connections=8, within=10.0, warm_up=50):
    """Send `requests` (an iterable of bytes) over `connections` for at most `within` seconds.

    The first `warm_up` are sent before the clock starts. Returns a `Load`.
    """
    requests = iter(requests)
    if warm_up:
        asyncio.run(_load(port, itertools.islice(requests, warm_up), connections, within))
    return asyncio.run(_load(port, requests, connections, within))


async def _load(port, requests, connections, within):
    times, statuses = [], Counter()
    start = time.perf_counter()
    end = start + within

    async def one_connection():
        reader = writer = None
        for number, message in enumerate(requests):
            sent = time.perf_counter()
            if sent > end:
                break
            if writer is None:
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(message)
            status, stays_open = await _answer(reader)
            times.append(time.perf_counter() - sent)
            statuses[status] += 1
            if not stays_open or number % REQUESTS_PER_CONNECTION == REQUESTS_PER_CONNECTION - 1:
                writer.close()
                writer = None
        if writer is not None:
            writer.close()

    await asyncio.gather(*(one_connection() for _ in range(connections)))
    seconds = time.perf_counter() - start
    times.sort()

    def percentile(share):
        return 1000 * times[min(len(times) - 1, int(len(times) * share))] if times else 0.0

    return Load(
        per_second=len(times) / seconds,
        p50_ms=percentile(0.50),
        p95_ms=percentile(0.95),
        p99_ms=percentile(0.99),
        statuses=statuses,
        seconds=seconds,
    )


async def _answer(reader):
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.split("\r\n")
    headers = {
        name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)
    }
    status = int(first.split()[1])
    if "content-length" in headers:
        await reader.readexactly(int(headers["content-length"]))
    elif status not in {204, 304}:
        raise ValueError(f"an answer without a length ({first})")
    return status, headers.get("connection", "").lower() != "close"
