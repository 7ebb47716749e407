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
    sides = [(port, requests)]
    return load_in_turns(sides, connections=connections, within=within, warm_up=warm_up, turns=1)[0]


def load_in_turns(sides, *, connections=8, within=10.0, warm_up=50, turns=10):
    """Load several (port, requests) one after the other, `turns` times over, so that a machine
    that changes its pace changes it for all. A `Load` of at most `within` seconds for each."""
    runs = [_Run(port, iter(requests), connections) for port, requests in sides]
    if warm_up:
        for run in runs:
            warm = _Run(run.port, itertools.islice(run.requests, warm_up), connections)
            asyncio.run(warm.go_on(within))
    for _turn in range(turns):
        for run in runs:
            asyncio.run(run.go_on(within / turns))
    return [run.load() for run in runs]


class _Run:
    def __init__(self, port, requests, connections):
        self.port, self.requests, self.connections = port, requests, connections
        self.times, self.statuses, self.seconds = [], Counter(), 0.0

    async def go_on(self, within):
        start = time.perf_counter()
        await asyncio.gather(
            *(self._one_connection(start + within) for _ in range(self.connections))
        )
        self.seconds += time.perf_counter() - start

    async def _one_connection(self, end):
        reader = writer = None
        number = 0
        while time.perf_counter() < end and (message := next(self.requests, None)):
            sent = time.perf_counter()
            if writer is None:
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            writer.write(message)
            status, stays_open = await _answer(reader)
            self.times.append(time.perf_counter() - sent)
            self.statuses[status] += 1
            number += 1
            if not stays_open or number % REQUESTS_PER_CONNECTION == 0:
                writer.close()
                writer = None
        if writer is not None:
            writer.close()

    def load(self):
        times = sorted(self.times)

        def percentile(share):
            return 1000 * times[min(len(times) - 1, int(len(times) * share))] if times else 0.0

        return Load(
            per_second=len(times) / self.seconds,
            p50_ms=percentile(0.50),
            p95_ms=percentile(0.95),
            p99_ms=percentile(0.99),
            statuses=self.statuses,
            seconds=self.seconds,
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
