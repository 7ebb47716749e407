"""What every benchmark gets: databases of its own, the production server, the bare yardstick."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass

import psycopg2

from benchmarks.load import load_in_turns, request
from salon import embedded

GUNICORN = ("--worker-class", "gthread", "--workers", "2", "--threads", "4")


@dataclass(frozen=True)
class Row:
    """One line of the table. `ratio` is the measured value divided by the reference's.

    `at_least` or `at_most` is the ratio's budget; a row without either is only shown.
    """

    name: str
    measured: str
    reference: str = ""
    ratio: float | None = None
    at_least: float | None = None
    at_most: float | None = None

    @property
    def budget(self):
        if self.at_least is not None:
            return f"≥ {self.at_least:g}"
        return f"≤ {self.at_most:g}" if self.at_most is not None else ""

    @property
    def kept(self):
        if self.ratio is None:
            return self.at_least is None and self.at_most is None
        low = self.at_least is None or self.ratio >= self.at_least
        return low and (self.at_most is None or self.ratio <= self.at_most)


class Bench:
    def __init__(self, server_url, owner_url):
        """Addresses on a server that may be given further databases: the application's, and that
        of who may make them."""
        self.server_url, self.owner_url = server_url, owner_url

    @contextlib.contextmanager
    def database(self, name):
        """An empty database, dropped afterwards; yields its address."""
        self._sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)', f'CREATE DATABASE "{name}"')
        try:
            yield self._at(self.server_url, name)
        finally:
            self._sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    @staticmethod
    def _at(url, name):
        return url.rpartition("/")[0] + "/" + name

    def _sql(self, *statements):
        with contextlib.closing(psycopg2.connect(self.owner_url)) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)

    @contextlib.contextmanager
    def serve(self, application="salon.wsgi:application", **environment):
        """gunicorn with threads and persistent connections, as in production; yields its port."""
        port = embedded.free_port()
        server = subprocess.Popen(
            [
                *(sys.executable, "-m", "gunicorn", application, *GUNICORN),
                *("--bind", f"127.0.0.1:{port}", "--log-level", "warning"),
            ],
            cwd=embedded.CHECKOUT,
            env=os.environ | {"CONN_MAX_AGE": "60"} | environment,
            preexec_fn=embedded.end_with_parent(signal.SIGTERM),
        )
        try:
            end = time.monotonic() + 30
            while embedded.is_free(port):
                if server.poll() is not None or time.monotonic() > end:
                    raise RuntimeError(f"{application} did not start")
                time.sleep(0.05)
            yield port
        finally:
            server.terminate()
            server.wait(30)

    @contextlib.contextmanager
    def serve_bare(self):
        """The bare view: session, auth, CSRF, one SELECT, one guarded UPDATE; yields its port and
        six thousand requests."""
        with self.database("bench_bare"):
            # It makes its own table, and has no other role.
            url = self._at(self.owner_url, "bench_bare")
            prepared = subprocess.run(
                [sys.executable, "-m", "benchmarks.bare", "6000"],
                cwd=embedded.CHECKOUT,
                env=os.environ | {"DATABASE_URL": url},
                stdout=subprocess.PIPE,
                text=True,
                check=True,
            )
            desk = json.loads(prepared.stdout)
            headers = {
                "Cookie": desk["cookie"],
                "X-CSRFToken": desk["csrf"],
                "Content-Type": "application/json",
            }
            requests = [
                request("POST", "/use/", headers=headers, body=json.dumps({"code": code}).encode())
                for code in desk["codes"]
            ]
            with self.serve("benchmarks.bare:application", DATABASE_URL=url) as port:
                yield port, requests

    def beside_bare(self, requests, *, connections=8):
        """`(ours, bare)`: the Loads of `requests` and of the bare view, taken in turns."""
        with self.serve() as port, self.serve_bare() as bare:
            ours, yardstick = load_in_turns(
                [(port, requests), bare], connections=connections, within=8
            )
        if set(yardstick.statuses) != {200}:
            raise RuntimeError(f"the bare view answered {dict(yardstick.statuses)}")
        return ours, yardstick
