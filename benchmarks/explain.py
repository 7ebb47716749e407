"""`python -m benchmarks.explain > docs/explain.md`: the ten heaviest statements, as PostgreSQL does them.

A house of one salon with 20 000 people and 100 000 contributions; every page and verb below is asked
warm, three times, and the ten statements that took longest are explained.
"""

import itertools
import os
import re
import sys
import time
from datetime import timedelta

from benchmarks.__main__ import close_django, set_up_django
from salon import embedded

PEOPLE, CONTRIBUTIONS, TOLD = 20_000, 100_000, 10
# The best of so many: what else the machine does is no property of a statement.
TIMES = 3
LONGEST_LINE = 150
READS = re.compile(r"\s*(SELECT|WITH)\b", re.IGNORECASE)


def main():
    embedded.ensure()
    os.environ["DJANGO_SETTINGS_MODULE"] = "salon.settings"
    os.environ |= {"DEBUG": "0", "SSL_REDIRECT": "0", "PUBLIC_URL": "http://127.0.0.1"}
    os.environ.setdefault("ALLOWED_HOSTS", "*")

    from benchmarks.bench import Bench

    url = os.environ["DATABASE_URL"]
    bench = Bench(url, os.environ.get("DATABASE_OWNER_URL", url))
    with bench.database("bench_explain") as url:
        os.environ["DATABASE_URL"] = url
        set_up_django()
        event = a_house()
        write(sys.stdout, event, heaviest(event))
        close_django()


def a_house():
    from django.db import connection

    from benchmarks.bench_signup import open_salon
    from benchmarks.evaluation import contribute
    from events.models import Event
    from salon import clock

    event = open_salon("big")
    Event.objects.filter(pk=event.pk).update(
        starts_at=clock.now() - timedelta(hours=5), ends_at=clock.now() + timedelta(hours=1)
    )
    event.refresh_from_db()
    with connection.cursor() as cursor:
        contribute(cursor, event, people=PEOPLE, contributions=CONTRIBUTIONS)
        cursor.execute(LETTERS, {"event": event.pk})
        cursor.execute("ANALYZE")
    return event


LETTERS = """
    INSERT INTO salon_message (dedup_key, event_id, person_id, kind, due_at, released_at)
    SELECT 'bench:' || kind || ':' || p.id, p.event_id, p.id, kind,
        now() + interval '20 days', now()
    FROM participants_participant p, unnest(ARRAY['received', 't1', 'survey']) AS kind
    WHERE p.event_id = %(event)s
"""


def asked(event):
    """[(what somebody does, a function that does it)]."""
    from django.contrib.auth import get_user_model
    from django.test import Client
    from django.urls import reverse

    from metrics import evaluation
    from participants import fill, roster
    from participants.keys import issue_link
    from participants.models import Participant

    chen = get_user_model().objects.create_superuser("bench", password=None)
    for role in ("organiser", "host"):
        event.crew.create(user=chen, role=role)
    organiser = Client(headers={"Host": "127.0.0.1"})
    organiser.force_login(chen, "django.contrib.auth.backends.ModelBackend")
    phone = Client(headers={"Host": "127.0.0.1"})
    lin = Participant.objects.filter(event=event, check_ins__isnull=False).first()
    phone.get(issue_link(participant=lin))

    def page(name, *more, browser=organiser, **query):
        address = reverse(name, args=[event.slug, *more])
        return f"GET {address.replace(event.slug, '…')}", lambda: browser.get(address, query)

    yield from (
        page(name)
        for name in (
            *("screening", "messages", "cases", "calls", "kept", "evaluation", "host"),
            *("questions_host", "pains_host", "wall_tags", "wall_pains", "wall_danmaku", "control"),
        )
    )
    yield page("screening", q="p19")
    yield page("evaluation_rows", "interaction_rate")
    yield from (
        page(name, browser=phone)
        for name in ("me", "me_questions", "me_pains", "me_exchange", "me_vote")
    )
    yield "the desk's roster", lambda: roster.printed(event)
    yield "evaluate", lambda: evaluation.evaluate(event=event)
    yield "fill: preview", lambda: fill.preview(event=event, online=False)


def heaviest(event):
    """[(milliseconds, what asked it, statement, values)], the ten longest, each statement once."""
    from django.db import connection

    found = {}
    for what, act in asked(event):
        act()  # warm
        for _ in range(TIMES):
            for sql, values, spent in _captured(connection, act):
                known = found.get(sql)
                if READS.match(sql) and (known is None or spent < known[0]):
                    found[sql] = (spent, what, sql, values)
    return sorted(found.values(), key=lambda row: row[0], reverse=True)[:TOLD]


def _captured(connection, act):
    captured = []

    def note(execute, sql, params, many, context):
        start = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            captured.append((sql, params, time.perf_counter() - start))

    with connection.execute_wrapper(note):
        act()
    return captured


def plan_of(sql, values):
    from django.db import connection, transaction

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("EXPLAIN (ANALYZE, BUFFERS, COSTS OFF, SUMMARY ON) " + sql, values)
        plan = [line for (line,) in cursor.fetchall()]
        transaction.set_rollback(True)
    return [line[:LONGEST_LINE] + ("…" if len(line) > LONGEST_LINE else "") for line in plan]


def shortened(sql):
    """The statement on few lines: columns that are only named are not what it costs."""
    text = re.sub(r"\s+", " ", sql).replace('"', "").strip()
    text = re.sub(r"SELECT (DISTINCT )?((?:\w+\.\w+, ){4}).*?(?= FROM )", r"SELECT \1\2…", text)
    words, line, lines = text.split(" "), "", []
    for word in words:
        if len(line) + len(word) > 110:
            lines.append(line)
            line = ""
        line = f"{line} {word}".strip()
    return list(itertools.islice([*lines, line], 24))


def write(file, event, rows):
    from django.db import connection

    def line(text=""):
        print(text, file=file)

    line("# 最重的十条语句 · The ten heaviest statements\n")
    line(
        f"One salon with {PEOPLE:,} people and {CONTRIBUTIONS:,} contributions on PostgreSQL"
        f" {connection.pg_version // 10_000}, two cores; every page below was asked warm, and what"
        " took longest (the best of three) is explained. Made by `python -m benchmarks.explain > docs/explain.md`."
    )
    line(
        "\n`python -m benchmarks migration` times the migration of a"
        " house in use, from before contacts could be proven, to today's tables.\n"
    )
    line("| | ms | asked by |\n|---|---|---|")
    for number, (spent, what, _sql, _values) in enumerate(rows, 1):
        line(f"| [{number}](#{number}) | {1000 * spent:.0f} | {what} |")
    for number, (spent, what, sql, values) in enumerate(rows, 1):
        line(f"\n## {number}\n\n{what}: {1000 * spent:.0f} ms\n\n```sql")
        for text in shortened(sql):
            line(text)
        line("```\n```")
        for text in plan_of(sql, values):
            line(text)
        line("```")


if __name__ == "__main__":
    main()
