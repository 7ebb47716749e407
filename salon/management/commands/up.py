"""`make run`: the whole house in one terminal, from migrations to the addresses to open."""

import contextlib
import fcntl
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, connections
from django.db.migrations.executor import MigrationExecutor

from events.models import Event
from salon import demo, demo_accounts, embedded, tables

STOP_WITHIN_SECONDS = 5
READY_WITHIN_SECONDS = 60
DEATHS = 3  # of one process …
WITHIN_SECONDS = 60  # … in this time, and we give up
ALL = "0.0.0.0"  # noqa: S104  only when asked for
ONLY_HERE = {"127.0.0.1", "localhost", "::1"}
# What others on the network get: pages without a word of the program's inside, over plain HTTP,
# with style sheets although nobody collected them, and a demo that is entered without an app.
ON_A_NETWORK = {
    "DEBUG": "0",
    "COLLECTED_STATICS": "0",
    "SUPERUSER_SECOND_FACTOR": os.environ.get("SUPERUSER_SECOND_FACTOR", "0"),
}
COLOURS = {"web": 36, "worker": 33, "beat": 35, "salon": 31}


def address_of_this_machine():
    """As others on the local network see it; no packet is sent for this."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return "127.0.0.1"
        return probe.getsockname()[0]


class Terminal:
    """One log for all: a line at a time, each behind the name of who says it."""

    def __init__(self, stream):
        self.stream = stream
        self.lock = threading.Lock()
        self.colour = stream.isatty() and "NO_COLOR" not in os.environ
        with contextlib.suppress(AttributeError):
            stream.reconfigure(errors="replace")  # a terminal that knows no Chinese

    def line(self, name, text):
        if self.colour:
            name = f"\033[{COLOURS[name]}m{name:6}\033[0m"
        self.text(f"{name:6} | {text}")

    def text(self, text):
        # A closed terminal must not keep us from ending the processes in order.
        with self.lock, contextlib.suppress(OSError, ValueError):
            self.stream.write(text + "\n")
            self.stream.flush()


class Child:
    """One process of the house, with its output on our terminal."""

    def __init__(self, name, command, terminal):
        self.name, self.command, self.terminal = name, command, terminal
        self.process, self.deaths = None, []

    def start(self):
        self.process = subprocess.Popen(
            [sys.executable, *self.command],
            cwd=embedded.CHECKOUT,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,  # the terminal's Ctrl-C is for us, who end them in order
            preexec_fn=embedded.end_with_parent(),
        )
        threading.Thread(target=self._listen, args=[self.process.stdout], daemon=True).start()

    def _listen(self, output):
        with contextlib.suppress(ValueError), output:
            for line in output:
                self.terminal.line(self.name, line.rstrip())

    def has_died(self):
        return self.process is not None and self.process.poll() is not None

    def dies_again_and_again(self):
        now = time.monotonic()
        self.deaths = [at for at in self.deaths if at > now - WITHIN_SECONDS] + [now]
        return len(self.deaths) >= DEATHS

    def ask_to_stop(self):
        if self.process is not None and not self.has_died():
            self.process.terminate()

    def is_stopping(self):
        return self.process is not None and not self.has_died()

    def end(self):
        """Whatever is left of it: itself when it hangs, and children it left behind."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


class Command(BaseCommand):
    help = "启动整个系统 / Runs the whole house in this terminal; Ctrl-C ends it."
    hurry = ending = False

    def add_arguments(self, parser):
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--host", default="127.0.0.1", help=f"{ALL}: for phones nearby")
        parser.add_argument("--no-demo", action="store_true", help="no demo on the first start")

    def handle(self, *, host, port, no_demo, **options):
        self.terminal = Terminal(sys.stdout)
        held = self.hold_the_checkout()
        if held is None:
            return
        for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(sign, self.interrupt)
        self.children = []
        try:
            port = self.free_port(host, port)
            self.address = f"http://{address_of_this_machine() if host == ALL else host}:{port}"
            os.write(held, json.dumps({"address": self.address}).encode())
            if "PUBLIC_URL" not in os.environ:
                # Known only now; for the processes to come, and for links the demo prints.
                os.environ["PUBLIC_URL"] = settings.PUBLIC_URL = self.address
            self.migrate()
            self.make_demo(no_demo=no_demo)
            if host not in ONLY_HERE:
                self.open_to_a_network()
            connections.close_all()
            self.start(host, port)
            self.wait_until_ready()
            self.greet()
            self.watch()
        except KeyboardInterrupt:
            self.terminal.text("")
        finally:
            self.stop()
            os.ftruncate(held, 0)
            os.close(held)
            embedded.leave()

    def interrupt(self, *_):
        for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(sign, self.hurry_up)
        # Python drops an exception that is raised while it cleans up an object: hence the flag.
        self.ending = True
        raise KeyboardInterrupt

    def hurry_up(self, *_):
        self.hurry = True

    # --- before

    def hold_the_checkout(self):
        """The descriptor of our lock, or None when another `up` has it; says where that one is."""
        embedded.prepare(embedded.HOME)
        path = embedded.HOME / "up.lock"
        try:
            return embedded.lock(path, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except PermissionError:
            raise CommandError(f"{path} belongs to somebody else.") from None
        except BlockingIOError:
            address = None
            with contextlib.suppress(OSError, ValueError, KeyError):
                address = json.loads(path.read_text())["address"]
            if address:
                self.terminal.text(f"已经在运行 / It runs already: {address}")
            else:
                self.terminal.text("正在启动中 / It is being started already.")
            return None

    def free_port(self, host, port):
        for candidate in range(port, min(port + 50, 65536)):
            if embedded.is_free(candidate, host):
                if candidate != port:
                    self.terminal.text(
                        f"端口 {port} 已被占用，改用 {candidate} / "
                        f"Port {port} is taken; this uses {candidate}."
                    )
                return candidate
        raise CommandError(f"No free port from {port} upwards on {host}.")

    def migrate(self):
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()) or not tables.is_current():
            self.terminal.line("salon", "正在准备数据库 / preparing the database …")
            call_command("migrate", verbosity=0, interactive=False)

    def make_demo(self, *, no_demo):
        if not no_demo and not Event.objects.exists():
            self.terminal.line("salon", "正在生成演示活动 / making the demo events …")
            call_command("demo")

    def open_to_a_network(self):
        os.environ.update(ON_A_NETWORK)
        demo_accounts.close_to_strangers()

    # --- while it runs

    def start(self, host, port):
        web = [
            *("-m", "uvicorn", "salon.asgi:application", "--host", host, "--port", str(port)),
            # Its access log would hold personal links.
            *("--no-access-log", "--log-level", "warning", "--timeout-graceful-shutdown", "2"),
        ]
        for name, command in {
            "web": web,
            "worker": ["manage.py", "worker"],
            "beat": ["manage.py", "beat"],
        }.items():
            child = Child(name, command, self.terminal)
            self.children.append(child)
            child.start()

    def wait_until_ready(self):
        """Until /healthz says that all processes live; letters still to be sent may take longer."""
        end = time.monotonic() + READY_WITHIN_SECONDS
        report = {}
        while not (report.get("worker") and report.get("beat_age") is not None):
            if time.monotonic() > end:
                if not report:
                    raise CommandError("The web server does not answer; see the lines above.")
                self.terminal.line("salon", f"{self.address}/healthz: {json.dumps(report)}")
                return
            self.look_after()
            time.sleep(0.2)
            report = self.health()

    def health(self):
        """What /healthz reports, well or not; empty as long as nobody answers."""
        connection = http.client.HTTPConnection(self.address.removeprefix("http://"), timeout=5)
        try:
            connection.request("GET", "/healthz")
            return json.loads(connection.getresponse().read())
        except (OSError, http.client.HTTPException, ValueError):
            return {}
        finally:
            connection.close()

    def watch(self):
        while not self.ending:
            self.look_after()
            time.sleep(0.5)

    def look_after(self):
        """Put back on its feet what has died, the keeper of the servers among it."""
        if embedded.is_held() and not embedded.is_kept():
            self.terminal.line("salon", "数据库已停止，正在重启 / the servers are started again …")
            try:
                embedded.use()
            except embedded.CannotStart as error:
                raise CommandError(str(error)) from error
        for child in self.children:
            if not child.has_died():
                continue
            code = child.process.returncode
            child.end()
            if child.dies_again_and_again():
                raise CommandError(
                    f"{child.name} 反复退出，已放弃 / "
                    f"{child.name} ended {DEATHS} times (last with {code}); giving up."
                )
            self.terminal.line(
                "salon", f"{child.name} 退出了（{code}），重新启动 / {child.name} is started again"
            )
            child.start()

    def greet(self):
        lines = [
            "",
            "沙龙已就绪 · The salon is ready",
            "",
            f"  首页 Public page        {self.address}/",
            f"  管理后台 Organisers     {self.address}/admin/",
        ]
        if accounts := demo.accounts():
            lines += ["", "  演示账号 Demo accounts"]
            lines += [f"    {label}  {value}" for label, value in accounts]
        if os.environ.get("SUPERUSER_SECOND_FACTOR", "0") == "0":
            lines += [
                "",
                "  管理员登录的第二步验证在正式部署时才要求 A second step is asked in production",
            ]
        lines += ["", "  Ctrl-C 停止 ends everything", ""]
        self.terminal.text("\n".join(lines))
        connections.close_all()

    def stop(self):
        for child in self.children:
            child.ask_to_stop()
        end = time.monotonic() + STOP_WITHIN_SECONDS
        while any(child.is_stopping() for child in self.children):
            if self.hurry or time.monotonic() > end:
                break
            time.sleep(0.05)
        for child in self.children:
            child.end()
