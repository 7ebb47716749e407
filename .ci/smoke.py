"""`make run` as a stranger does it: the first start, a second one, and nothing left behind."""

import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
FIRST_START_SECONDS = 300  # installs, migrates, makes the demo
SECOND_START_SECONDS = 5  # promised on a quiet machine; told when it takes longer
STUCK_SECONDS = 20
WELL_WITHIN_SECONDS = 60
END_SECONDS = 20


def fail(sentence):
    sys.exit(f"make run: {sentence}")


def processes_of(directory):
    """Ids of everything that runs in or from `directory`, PostgreSQL and Valkey among it."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) in {os.getpid(), os.getppid()}:
            continue
        try:
            words = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            here = os.readlink(entry / "cwd")
        except OSError:
            continue
        servers = ("manage.py", "uvicorn", "celery", "embedded.py", "postgres", "valkey")
        if (str(directory) in words or here.startswith(str(directory))) and any(
            server in words for server in servers
        ):
            found.append(f"{entry.name} {words[:100]}")
    return found


def start(log):
    began = time.monotonic()
    process = subprocess.Popen(
        ["make", "run"],
        cwd=CHECKOUT,
        stdin=subprocess.DEVNULL,
        stdout=log.open("w"),
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    while "http://" not in (said := log.read_text()) or "Ctrl-C" not in said:
        if process.poll() is not None:
            fail(f"ended with {process.returncode} before it was ready:\n{said}")
        if time.monotonic() - began > FIRST_START_SECONDS:
            os.killpg(process.pid, signal.SIGKILL)
            fail(f"was not ready within {FIRST_START_SECONDS} s:\n{said}")
        time.sleep(0.05)
    address = re.search(r"http://[\d.]+:\d+", said).group()
    return process, address, time.monotonic() - began


def get(address, path):
    connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=10)
    connection.request("GET", path)
    answer = connection.getresponse()
    return answer.status, answer.read()


def expect(address, path, wanted=200):
    status, body = get(address, path)
    if status != wanted:
        fail(f"{path} answered {status}: {body[:500]!r}")
    return body


def expect_health(address):
    """The demo leaves letters that are due: the worker may first have to send them."""
    until = time.monotonic() + WELL_WITHIN_SECONDS
    while (answer := get(address, "/healthz"))[0] != http.HTTPStatus.OK:
        if time.monotonic() > until:
            fail(f"/healthz still answered {answer} after {WELL_WITHIN_SECONDS} s")
        time.sleep(0.5)
    return json.loads(answer[1])


def end(process):
    """As the terminal does for Ctrl-C: SIGINT to make and to what it runs."""
    began = time.monotonic()
    os.killpg(process.pid, signal.SIGINT)
    try:
        process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        fail(f"was still there {END_SECONDS} s after Ctrl-C")
    took = time.monotonic() - began
    left = processes_of(CHECKOUT)
    if left:
        fail("left behind after Ctrl-C:\n" + "\n".join(left))
    return took


def main():
    # The steps before had servers of their own, which end a moment after their last user.
    until = time.monotonic() + END_SECONDS
    while (running := processes_of(CHECKOUT)) and time.monotonic() < until:
        time.sleep(0.1)
    if running:
        fail("something runs in this checkout already:\n" + "\n".join(running))
    shutil.rmtree(CHECKOUT / ".dev", ignore_errors=True)
    log = CHECKOUT / ".dev-smoke.log"
    try:
        process, address, took = start(log)
        print(f"first start: {took:.1f} s at {address}")
        print("/healthz:", expect_health(address))
        for path in ("/", "/admin/login/"):
            print(f"{path}: {len(expect(address, path))} bytes")
        again = subprocess.run(["make", "run"], cwd=CHECKOUT, capture_output=True, text=True)
        if again.returncode or address not in again.stdout:
            fail(f"started twice, it said {again.stdout!r} {again.stderr!r}")
        print(f"ended in {end(process):.1f} s")

        process, address, took = start(log)
        print(f"second start: {took:.1f} s")
        if took > SECOND_START_SECONDS:
            print(f"that is more than the promised {SECOND_START_SECONDS} s: is the machine busy?")
        if took > STUCK_SECONDS:
            fail(f"the second start took {took:.1f} s")
        expect_health(address)
        print(f"ended in {end(process):.1f} s")
    finally:
        log.unlink(missing_ok=True)


main()
