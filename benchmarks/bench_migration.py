"""A house in use, from before contacts could be proven, is brought to today's tables: as it was, and
with 20 000 people in one of its salons."""

import gzip
import os
import subprocess
import sys
import time
from contextlib import closing

import psycopg2

from benchmarks.bench import Row
from salon import embedded

DUMP = embedded.CHECKOUT / "tests" / "data" / "a_house_in_use.sql.gz"
SIZES = ((0, 120), (20_000, 300))  # people more, seconds

# One of the house's people, many times over, with what hangs on everybody.
GROW = """
    CREATE TEMP TABLE one AS SELECT p.* FROM participants_participant p
        JOIN events_event e ON e.id = p.event_id
        WHERE e.slug = 'house-spring' AND p.status = 'submitted' ORDER BY p.id LIMIT 1;
    UPDATE one SET client_id = NULL;
    CREATE TEMP TABLE many AS SELECT one.*, n FROM one, generate_series(1, {people}) n;
    UPDATE many SET id = nextval('participants_participant_id_seq'),
        mobile = '+86190' || lpad(n::text, 8, '0'), email = 'grown' || n || '@example.com',
        code = translate(upper(lpad(to_hex(n), 6, '0')), '01', 'GH'), source_key = '';
    ALTER TABLE many DROP COLUMN n;
    INSERT INTO participants_participant SELECT * FROM many;
    INSERT INTO participants_consent (participant_id, purpose, wording, given_at)
        SELECT id, 'processing', '处理个人信息用于本次活动', submitted_at FROM many;
    INSERT INTO participants_statuschange (participant_id, before, after, actor, reason, at)
        SELECT id, '', 'submitted', 'person', '', submitted_at FROM many;
    INSERT INTO participants_painpoint (participant_id, position, text)
        SELECT id, place, '没人说话' FROM many, generate_series(1, 2) place;
    INSERT INTO participants_personallink (participant_id, token_digest, created_at)
        SELECT id, encode(sha256(('k' || id)::bytea), 'hex'), submitted_at FROM many;
    INSERT INTO salon_message (dedup_key, event_id, person_id, kind, batch, channel, context, state,
            due_at, attempts, uncertain, failure, only_in_mailbox, recipient, subject, body, sent_at,
            created_at)
        SELECT 'grown:' || kind || ':' || id, event_id, id, kind, '', 'email', '{{}}', 'sent',
            submitted_at, 1, false, '', false, email, '收到您的报名', repeat('林知夏，您好。', 60),
            submitted_at, submitted_at
        FROM many, unnest(ARRAY['received', 'invited', 'news']) AS kind;
    ANALYZE;
"""


def run(bench):
    for people, seconds in SIZES:
        spent, rows = migrated(bench, people)
        yield Row(
            f"migrate: {people:,} people more",
            f"{spent:.1f} s, {rows:,} rows",
            f"{seconds} s",
            ratio=spent / seconds,
            at_most=1,
        )


def migrated(bench, people):
    """(seconds that `migrate` takes, rows of people and of what hangs on them)."""
    with bench.database("bench_migration") as url:
        owner = bench._at(bench.owner_url, "bench_migration")
        with closing(psycopg2.connect(owner)) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(gzip.decompress(DUMP.read_bytes()).decode())
                cursor.execute("SET search_path = public")
                if people:
                    cursor.execute(GROW.format(people=people))
                cursor.execute(
                    "SELECT sum(n) FROM (SELECT count(*) n FROM participants_participant"
                    " UNION ALL SELECT count(*) FROM participants_statuschange"
                    " UNION ALL SELECT count(*) FROM salon_message) AS counted"
                )
                rows = int(cursor.fetchone()[0])
        start = time.perf_counter()
        subprocess.run(
            [sys.executable, "manage.py", "migrate", "--verbosity", "0"],
            cwd=embedded.CHECKOUT,
            env=os.environ | {"DATABASE_URL": url, "DATABASE_OWNER_URL": owner},
            check=True,
        )
        return time.perf_counter() - start, rows
