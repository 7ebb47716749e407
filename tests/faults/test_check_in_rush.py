"""PostgreSQL goes down three times in a rush of 1 200 scans: 0 lost, 0 double (DESIGN §5)."""

import http.client
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections import Counter
from datetime import UTC, datetime

import psycopg2
import pytest

from salon import embedded
from tests.house import until

pytestmark = pytest.mark.fault

PEOPLE, DESKS, SCANS = 600, 8, 1200
PATIENCE_SECONDS = 60


class Tablet(threading.Thread):
    """Posts its scans one after another and repeats each, unchanged, until it is answered."""

    def __init__(self, house, salon, cookie, people):
        super().__init__(daemon=True)
        self.house, self.salon, self.cookie, self.people = house, salon, cookie, people
        self.statuses, self.results = Counter(), {}

    def run(self):
        for person in self.people:
            body = {
                "client_id": str(uuid.uuid4()),
                "participant": person,
                "scanned_at": datetime.now(UTC).isoformat(),
                "method": "qr",
            }
            end = time.monotonic() + PATIENCE_SECONDS
            while (answer := self.ask(body)) is None and time.monotonic() < end:
                time.sleep(random.uniform(0.05, 0.2))
            self.results[body["client_id"]] = answer and answer["result"]

    def ask(self, body):
        connection = http.client.HTTPConnection("127.0.0.1", self.house.port, timeout=20)
        try:
            connection.request(
                "POST",
                f"/e/{self.salon['slug']}/desk/api/check-ins",
                json.dumps(body),
                {
                    "Content-Type": "application/json",
                    "Cookie": f"{self.salon['cookie_name']}={self.cookie}",
                },
            )
            answer = connection.getresponse()
            self.statuses[answer.status] += 1
            told = answer.read()
            if answer.status == 503:
                assert answer.headers["Retry-After"]
            return json.loads(told) if answer.status == 200 else None
        except (OSError, http.client.HTTPException):
            self.statuses["lost"] += 1
            return None
        finally:
            connection.close()


def write_salon(house):
    """On the database of the house apart, which this process's ORM does not see."""
    told = subprocess.run(
        [sys.executable, "-m", "tests.faults.rush", str(PEOPLE), str(DESKS)],
        cwd=embedded.CHECKOUT,
        env=os.environ | house.environment,
        check=True,
        capture_output=True,
        text=True,
    )
    return json.loads(told.stdout)


def count(house, what):
    with psycopg2.connect(house.database_url) as connection, connection.cursor() as cursor:
        cursor.execute(what)
        return cursor.fetchone()[0]


@pytest.mark.timeout(240)
def test_three_restarts_in_a_rush_lose_nothing_and_double_nothing(house_apart):
    salon = write_salon(house_apart)
    # Everybody is scanned twice, at two desks.
    scans = [person for person in salon["people"] for _ in range(SCANS // PEOPLE)]
    random.Random(7).shuffle(scans)
    tablets = [
        Tablet(house_apart, salon, cookie, scans[place::DESKS])
        for place, cookie in enumerate(salon["cookies"])
    ]
    for tablet in tablets:
        tablet.start()

    def done():
        return sum(len(tablet.results) for tablet in tablets)

    for blow, at in ((signal.SIGINT, 200), (signal.SIGQUIT, 500), (signal.SIGKILL, 800)):
        until(lambda at=at: done() >= at, within=PATIENCE_SECONDS, what=f"scan {at}")
        house_apart.postgres.process.send_signal(blow)
        house_apart.postgres.process.wait(20)
        seen = sum(tablet.statuses[503] for tablet in tablets)
        # The tablets meet the dead database before it comes back.
        until(
            lambda seen=seen: sum(tablet.statuses[503] for tablet in tablets) >= seen + DESKS,
            what="eight times 503",
        )
        house_apart.postgres.start()
    for tablet in tablets:
        tablet.join(PATIENCE_SECONDS)

    statuses = sum((tablet.statuses for tablet in tablets), Counter())
    results = Counter(result for tablet in tablets for result in tablet.results.values())
    assert done() == SCANS
    assert statuses[500] == 0, house_apart.log.read_text().partition("Internal Server")[2][:9000]
    assert statuses[503] >= 3 * DESKS
    assert set(statuses) <= {200, 503, "lost"}
    assert results == {"checked_in": PEOPLE, "already": SCANS - PEOPLE}
    assert count(house_apart, "SELECT count(*) FROM participants_checkin") == PEOPLE
    assert count(house_apart, "SELECT count(*) FROM participants_tagcard") == PEOPLE
    assert count(house_apart, "SELECT count(*) FROM participants_deskrequest") == SCANS
