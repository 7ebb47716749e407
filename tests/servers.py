"""Servers for the tests; pytest loads this before Django reads its settings (`-p tests.servers`).

PostgreSQL is the checkout's own (or DATABASE_URL), with a database for each run and each xdist
worker: several runs at once do not meet. Valkey is a fresh one for each test process, because
its channels know no databases and because a test may want to stop or wipe it.
"""

import contextlib
import fcntl
import os
import tempfile
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from salon import embedded

embedded.ensure(valkey=False)
os.environ["SALON_EMBEDDED"] = "1"  # tests go as `make run` goes, also beside a given database


def free_slot():
    """The lowest number that no other test run on this machine holds, held until this run ends."""
    for slot in range(1000):
        path = Path(tempfile.gettempdir()) / f"salon-tests-{os.getuid()}-{slot}.lock"
        with contextlib.suppress(BlockingIOError):
            embedded.lock(path, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return slot
    raise RuntimeError("a thousand test runs at once")


if "PYTEST_XDIST_WORKER" not in os.environ:  # its workers inherit the environment made here
    parts = urlsplit(os.environ["DATABASE_URL"])
    own = parts._replace(path=f"{parts.path}_{free_slot()}")
    os.environ["DATABASE_URL"] = urlunsplit(own)
    os.environ.setdefault("SECRET_KEY", "only-for-the-tests-" + "x" * 40)
    os.environ.setdefault("ALLOWED_HOSTS", "*")
    os.environ["DEBUG"] = "1"

_directory = tempfile.TemporaryDirectory(prefix="salon-valkey-")
valkey = embedded.Valkey(Path(_directory.name))
valkey.start()
os.environ["REDIS_URL"] = valkey.url


def database_name():
    """What this run's databases are named after."""
    return urlsplit(os.environ["DATABASE_URL"]).path.strip("/")


def pytest_unconfigure():
    valkey.stop()
    _directory.cleanup()
