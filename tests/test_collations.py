"""Lists that people look through come out alike in whatever collation the database was made."""

import contextlib

import pytest
from django.db import connection
from psycopg2.errors import FeatureNotSupported

from conftest import CLOCK, EMPTY
from metrics import rows
from metrics.tests.scenes import a_past_salon, came
from participants import queue, roster
from participants.models import Participant
from salon.text import pinyin_for_search
from tests import template
from tests.house import database_url

# With spaces, signs, digits and capitals, where collations differ most; as a sheet of names has them.
NAMES = [
    "张 伟",
    "张伟伟",
    "Zhang-Wei",
    "zhang",
    "Ärzte",
    "欧阳修",
    "O'Brien",
    "3号嘉宾",
    "_安",
    "安",
]


@pytest.fixture
def kinds(transactional_db):
    """How this server may be asked to make a database: {name: clause of CREATE DATABASE}."""
    with template.server() as cursor:
        cursor.execute("SHOW server_version_num")
        version = int(cursor.fetchone()[0])
        cursor.execute("SELECT collname FROM pg_collation WHERE collprovider = 'i' LIMIT 1")
        icu = cursor.fetchone()
        cursor.execute(
            "SELECT DISTINCT collcollate FROM pg_collation WHERE collprovider = 'c'"
            " AND collcollate ~* 'utf-?8'"
        )
        libc = "LOCALE_PROVIDER libc " if version >= 150_000 else ""
        found = {f"libc {name}": f"{libc}LOCALE '{name}'" for (name,) in cursor.fetchall()}
    if version >= 170_000:
        found["builtin"] = "LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LOCALE 'C'"
    if icu:
        for locale in ("und", "zh", "en-US"):
            found[f"icu {locale}"] = f"LOCALE_PROVIDER icu ICU_LOCALE '{locale}' LOCALE 'C'"
    return found


@contextlib.contextmanager
def a_database(clause):
    own = connection.settings_dict["NAME"]
    name = f"{own}_sorted"
    template.drop(name)
    with template.server() as cursor:
        cursor.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING UTF8 {clause}")
    try:
        template.pour_into(database_url(name, owner=True), with_sql=CLOCK + EMPTY)
        with template.server() as cursor:
            cursor.execute(
                f"ALTER DATABASE {name} SET search_path = public, travelling, pg_catalog"
            )
        template.look_into(name)
        yield
    finally:
        template.look_into(own)
        template.drop(name)


def lists():
    """{list: names as somebody reads them} of a salon where everybody of NAMES came."""
    event = a_past_salon()
    for number, name in enumerate(NAMES):
        came(event, name, number, pinyin=pinyin_for_search(name))
    printed = roster.printed(event)["blocks"]
    screening = queue.found(event, queue.Asked(status="all", sort="name"))
    return {
        "printed at the door": [(letter, [p.name for p in people]) for letter, people in printed],
        "screening, by name": [person.name for person in screening],
        "screening, looked for": [
            person.name
            for person in queue.found(event, queue.Asked(status="all", words="zhang", sort="name"))
        ],
        "who contributed": [row[0] for row in rows.behind(event, "interaction_rate").rows],
    }


def test_the_same_lists_in_every_collation_of_the_server(kinds):
    assert kinds
    seen = {}
    for kind, clause in kinds.items():
        # Listed in the catalogue of a server that was built without it.
        with contextlib.suppress(FeatureNotSupported), a_database(clause):
            seen[kind] = lists()
    assert {"builtin"} <= seen.keys() or any(kind.startswith("libc") for kind in seen)
    first = next(iter(seen.values()))
    assert len(first["screening, by name"]) == len(NAMES)
    for kind, lines in seen.items():
        assert lines == first, kind


def test_what_lists_go_by_is_compared_by_code_points():
    pinyin = Participant._meta.get_field("pinyin")
    assert pinyin.db_collation == "C"
