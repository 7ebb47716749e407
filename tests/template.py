"""Test databases as copies of one that was migrated once."""

import contextlib
import hashlib
import os
import subprocess
import sys

import psycopg2
from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.db import connection, connections
from psycopg2 import sql

from salon import embedded, tables
from salon.embedded import CHECKOUT
from tests.house import database_url

# Any number: who makes the template holds this lock of PostgreSQL's.
LOCK = 5_400_000_018


def copy_to(name, *, with_sql):
    """Make the database `name` anew, with every migration applied and `with_sql` executed."""
    with server() as cursor, ready(cursor, with_sql) as template:
        drop(name)
        cursor.execute(identifiers("CREATE DATABASE {} TEMPLATE {}", name, template))
        # Tests have nothing that must survive a power cut. The path puts the clock that can be
        # moved before PostgreSQL's own.
        cursor.execute(identifiers("ALTER DATABASE {} SET synchronous_commit = off", name))
        path = "public, travelling, pg_catalog"
        cursor.execute(identifiers(f"ALTER DATABASE {{}} SET search_path = {path}", name))


def pour_into(url, *, with_sql):
    """Give a database that is empty, on this server or another, the same tables; `url` is its
    owner's."""
    binaries = embedded.postgres_binaries()
    with server() as cursor, ready(cursor, with_sql) as template:
        dump = subprocess.run(
            [binaries / "pg_dump", "--no-owner", database_url(template, owner=True)],
            stdout=subprocess.PIPE,
            check=True,
        )
    subprocess.run(
        [binaries / "psql", "-q", "-v", "ON_ERROR_STOP=1", url],
        input=dump.stdout,
        stdout=subprocess.DEVNULL,
        check=True,
    )


def look_into(name):
    """This process's Django works in the database `name` from here on."""
    connections.close_all()
    connection.settings_dict["NAME"] = name
    ContentType.objects.clear_cache()


@contextlib.contextmanager
def ready(cursor, with_sql):
    """The template's name, while nobody makes another one."""
    template = f"salon_template_{fingerprint(with_sql)}"
    cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
    cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [template])
    if cursor.fetchone() is None:
        make(cursor, template, with_sql)
    yield template
    cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


def make(cursor, template, with_sql):
    cursor.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [r"salon\_template\_%"])
    for (old,) in cursor.fetchall():
        drop(old)
    unfinished = "salon_template_unfinished"
    cursor.execute(identifiers("CREATE DATABASE {}", unfinished))
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity", "0"],
        cwd=CHECKOUT,
        env=os.environ | {"DATABASE_URL": database_url(unfinished)},
        check=True,
    )
    with server(unfinished) as own:
        own.execute(with_sql)
    cursor.execute(identifiers("ALTER DATABASE {} RENAME TO {}", unfinished, template))


def drop(name):
    with server() as cursor:
        cursor.execute(identifiers("DROP DATABASE IF EXISTS {} WITH (FORCE)", name))


def fingerprint(with_sql):
    """Changes with every migration, with every package that might bring some, and with every rule
    and view that the models give their tables."""
    given = with_sql + str(settings.INSTALLED_APPS) + str(tables.wanted()) + str(tables.views())
    digest = hashlib.sha256(given.encode())
    for path in [
        CHECKOUT / "requirements.txt",
        *sorted(CHECKOUT.glob("*/migrations/*.py")),
        *sorted(CHECKOUT.glob("salon/tables/*.py")),
    ]:
        digest.update(str(path.relative_to(CHECKOUT)).encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def identifiers(statement, *names):
    return sql.SQL(statement).format(*map(sql.Identifier, names))


@contextlib.contextmanager
def server(database="postgres"):
    """A cursor of the owner's, outside any transaction."""
    with contextlib.closing(psycopg2.connect(database_url(database, owner=True))) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            yield cursor
