"""`manage.py up` in a checkout of its own: what a stranger meets who types `make run`."""

import http.client
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

from salon import embedded
from tests.house import until

# The first start makes every table; a machine that does something else as well takes its time.
READY_WITHIN_SECONDS = 240
pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def checkout():
    """A copy of what git knows of this checkout, with a `.dev` of its own."""
    copy = Path(tempfile.mkdtemp(prefix="salon-test-", dir="/var/tmp"))
    copy.chmod(0o711)
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=embedded.CHECKOUT,
        capture_output=True,
        check=True,
    ).stdout
    for name in filter(None, listed.decode().split("\0")):
        if (embedded.CHECKOUT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(embedded.CHECKOUT / name, copy / name)
    yield copy
    until(lambda: not processes_of(copy), what="the end of all processes")
    shutil.rmtree(copy)


class Up:
    """`up` as a child of this process, in a session of its own like a terminal's."""

    def __init__(self, checkout, *arguments):
        descriptor, log = tempfile.mkstemp(prefix="up-", suffix=".log", dir=checkout)
        self.log = Path(log)
        clean = {
            name: value
            for name, value in os.environ.items()
            if name
            not in {
                *("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL"),
                *("DEBUG", "ALLOWED_HOSTS", "PUBLIC_URL"),
            }
        }
        with open(descriptor, "w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "up", "--no-demo", *arguments],
                cwd=checkout,
                env=clean,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def said(self):
        return self.log.read_text()

    def address(self):
        def ready():
            assert self.process.poll() is None, self.said()
            return "Ctrl-C" in self.said()

        until(ready, within=READY_WITHIN_SECONDS, what="the greeting")
        return re.search(r"http://[\d.]+:\d+", self.said()).group()

    def end(self, sign):
        self.process.send_signal(sign)
        return self.process.wait(30)


def status(address, path="/healthz"):
    connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=10)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except OSError:
        return None
    finally:
        connection.close()


def processes_of(checkout, word=""):
    """`{pid: command line}` of everything that runs in or from `checkout`. What has no command line
    has ended: its memory is gone, and the kernel is about to take the rest."""
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            words = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            here = os.readlink(entry / "cwd")
        except OSError:
            continue
        ours = here.startswith(str(checkout)) or str(checkout) in words
        if ours and words and word in words:
            found[int(entry.name)] = words
    return found


def worker(checkout):
    return set(processes_of(checkout, "manage.py worker"))


@pytest.mark.fault
def test_up_starts_once_heals_itself_and_ends_without_a_trace(checkout):
    with socket.socket() as somebody_else:
        somebody_else.bind(("127.0.0.1", 0))
        somebody_else.listen()
        taken = somebody_else.getsockname()[1]
        up = Up(checkout, "--port", str(taken))
        address = up.address()
    assert f"Port {taken} is taken" in up.said()
    assert not address.endswith(f":{taken}")
    assert status(address) == 200

    again = Up(checkout, "--port", str(taken))
    assert again.process.wait(30) == 0
    assert f"It runs already: {address}" in again.said()

    killed = worker(checkout)
    os.kill(min(killed), signal.SIGKILL)
    until(lambda: worker(checkout) and not worker(checkout) & killed, what="a new worker")

    (keeper,) = processes_of(checkout, "embedded.py")
    os.kill(keeper, signal.SIGKILL)
    until(
        lambda: set(processes_of(checkout, "embedded.py")) - {keeper} and status(address) == 200,
        what="the servers' return",
    )

    assert up.end(signal.SIGINT) == 0
    assert processes_of(checkout) == {}


@pytest.mark.fault
@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGHUP])
def test_up_ends_with_its_terminal_even_when_a_child_hangs(checkout, sign):
    up = Up(checkout)
    up.address()
    for pid in worker(checkout):
        os.kill(pid, signal.SIGSTOP)
    assert up.end(sign) == 0
    assert processes_of(checkout) == {}


@pytest.mark.fault
def test_a_killed_up_takes_everything_along(checkout):
    up = Up(checkout)
    up.address()
    up.end(signal.SIGKILL)
    until(lambda: not processes_of(checkout), what="the end of all processes")


@pytest.mark.fault
def test_up_gives_up_with_a_sentence_when_a_child_dies_again_and_again(checkout):
    asgi = checkout / "salon" / "asgi.py"
    whole = asgi.read_text()
    asgi.write_text("raise SystemExit('the roof is leaking')")
    try:
        up = Up(checkout)
        assert up.process.wait(READY_WITHIN_SECONDS) == 1
    finally:
        asgi.write_text(whole)
    assert "the roof is leaking" in up.said()
    assert "web ended 3 times" in up.said()
    assert processes_of(checkout) == {}


# --- open to a network ----------------------------------------------------------------------------


def manage(checkout, *arguments):
    kept_out = {"DATABASE_URL", "REDIS_URL", "DEBUG", "ALLOWED_HOSTS", "PUBLIC_URL"}
    clean = {name: value for name, value in os.environ.items() if name not in kept_out}
    subprocess.run([sys.executable, "manage.py", *arguments], cwd=checkout, env=clean, check=True)


class Visitor:
    """Somebody at another address of this machine than the house's own, with a cookie jar."""

    def __init__(self, port):
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
        self.house = f"http://127.0.0.2:{port}"

    def get(self, path, **form):
        data = urllib.parse.urlencode(form).encode() if form else None
        headers = {"Referer": self.house + path}
        request = urllib.request.Request(self.house + path, data, headers)
        try:
            with self.opener.open(request, timeout=20) as answer:
                return answer.status, answer.geturl(), answer.read().decode()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.geturl(), refused.read().decode()

    def signs_in(self, username, password):
        page = self.get("/login/?next=/admin/")[2]
        token = re.search(r'csrfmiddlewaretoken" value="(\w+)"', page)[1]
        form = {"csrfmiddlewaretoken": token, "username": username, "password": password}
        _status, url, _page = self.get("/login/?next=/admin/", next="/admin/", **form)
        return url == f"{self.house}/admin/"


@pytest.mark.fault
def test_a_house_open_to_the_network_tells_nothing_and_knows_no_common_password(checkout):
    manage(checkout, "migrate", "--verbosity", "0")
    make = "from salon import demo_accounts as d; d.account('admin', 'x', is_staff=True, "
    manage(checkout, "shell", "--verbosity", "0", "-c", make + "is_superuser=True)")

    printed = []
    for _start in range(2):
        up = Up(checkout, "--host", "0.0.0.0")
        address = up.address()
        said = up.said()
        printed.append(re.search(r"admin / ([-\w]{14})\n", said)[1])
        visitor = Visitor(address.rpartition(":")[2])
        status, _url, home = visitor.get("/")
        assert status == 200
        for path in re.findall(r'(?:href|src)="(/static/[^"]+)"', home):
            assert visitor.get(path)[0] == 200, path
        for path in ("/nowhere/", "/e/nowhere/", "/l/nothing", "/login/?next=%00"):
            _status, _url, page = visitor.get(path)
            for inside in ("urlconf", "Traceback", "REDIS", "SECRET", "DEBUG", "settings"):
                assert inside not in page, (path, inside)
        assert not visitor.signs_in("admin", "salon-demo")
        assert visitor.signs_in("admin", printed[-1])
        assert up.end(signal.SIGINT) == 0
        until(lambda: not processes_of(checkout), what="the end of all processes")
    assert printed[0] == printed[1]
