"""The running house for journeys and fault tests: web and live, worker, beat, SMTP server.

Each is a real process of its own (the SMTP server a thread) on the test's database and Valkey.
"""

import contextlib
import email
import email.policy
import http.client
import os
import signal
import subprocess
import sys
import time
from urllib.parse import urlsplit

from aiosmtpd.controller import Controller
from django.db import connection

from salon import embedded

WITHIN_SECONDS = 30


def until(happens, within=WITHIN_SECONDS, what="it"):
    """Call `happens` until it answers something true, and return that. Raises AssertionError."""
    end = time.monotonic() + within
    while True:
        found = happens()
        if found:
            return found
        assert time.monotonic() < end, f"{what} did not happen within {within} s"
        time.sleep(0.03)


def somebody_waits_for_us():
    """Whether anybody waits for a lock of this connection: other tests wait in databases of their
    own on the same server. The number of those who do."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks"
            " WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
        )
        return cursor.fetchone()[0]


class Mailbox:
    """A real SMTP server on loopback that keeps what it is given."""

    def __init__(self):
        self.letters = []
        self.refuse = None  # set to an SMTP answer such as "451 later" and letters are refused
        self.controller = Controller(self, hostname="127.0.0.1", port=embedded.free_port())
        self.controller.start()

    @property
    def port(self):
        return self.controller.port

    async def handle_DATA(self, server, session, envelope):  # noqa: N802  aiosmtpd's name
        if self.refuse:
            return self.refuse
        letter = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.letters.append(letter)
        return "250 kept"

    def to(self, address):
        """Letters to `address`, oldest first, as `email.message.EmailMessage`."""
        return [letter for letter in list(self.letters) if address in (letter["To"] or "")]

    def stop(self):
        self.controller.stop()


class House:
    """`url`, `mailbox`, `log` (a path), and the processes `web`, `worker`, `beat`.

    Only web is started with it. A process is a `subprocess.Popen`, or None.
    """

    def __init__(self, *, database_url, redis_url, directory):
        self.mailbox = Mailbox()
        self.port = embedded.free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = directory / "house.log"
        self.web = self.worker = self.beat = None
        self.environment = os.environ | {
            "DJANGO_SETTINGS_MODULE": "salon.settings",
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "DEBUG": "1",
            "PUBLIC_URL": self.url,
            "EMAIL_HOST": "127.0.0.1",
            "EMAIL_PORT": str(self.mailbox.port),
            "MEDIA_ROOT": str(directory / "media"),
            "PYTHONUNBUFFERED": "1",
        }
        self.start_web()

    def _run(self, *command):
        with self.log.open("a") as log:
            return subprocess.Popen(
                [sys.executable, *command],
                cwd=embedded.CHECKOUT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=embedded.end_with_parent(signal.SIGKILL),
            )

    def start_web(self):
        self.web = self._run(
            *("-m", "uvicorn", "salon.asgi:application", "--no-access-log"),
            *("--port", str(self.port), "--timeout-graceful-shutdown", "1"),
        )
        until(self._answers, what=f"the web server's first answer (see {self.log})")

    def _answers(self):
        assert self.web.poll() is None, f"the web server ended:\n{embedded.tail(self.log, 30)}"
        try:
            return self.get("/healthz").status
        except OSError:
            return None

    def get(self, path, headers=()):
        """GET without a browser; the answer is read already: `.status`, `.headers`, `.body`."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path, headers=dict(headers))
            answer = connection.getresponse()
            answer.body = answer.read()
            return answer
        finally:
            connection.close()

    def start_worker(self, concurrency=1):
        self.worker = self._run("manage.py", "worker", "--concurrency", str(concurrency))

    def start_beat(self):
        self.beat = self._run("manage.py", "beat")

    def ring(self, task, *args):
        """Ring a doorbell through the queue, by the task's name, without waiting for the beat."""
        from salon.celery import app  # after the environment names the queue

        app.send_task(task, args=args)

    def kill(self, process):
        """kill -9, with all its children."""
        if process is not None:
            end_group(process, signal.SIGKILL)

    def stop_helpers(self):
        """End worker and beat, so that nothing writes any more."""
        self.kill(self.worker)
        self.kill(self.beat)
        self.worker = self.beat = None

    def stop(self):
        self.stop_helpers()
        self.kill(self.web)
        self.mailbox.stop()


def end_group(process, sign):
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, sign)
    process.wait(WITHIN_SECONDS)


def database_url(name, *, owner=False):
    """The address of the test run's server with another database, for the application or for the
    owner of its tables."""
    given = (owner and os.environ.get("DATABASE_OWNER_URL")) or os.environ["DATABASE_URL"]
    return urlsplit(given)._replace(path=f"/{name}").geturl()
