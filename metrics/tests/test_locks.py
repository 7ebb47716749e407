"""What the evaluation's side locks of an event, nobody at the door waits for."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from metrics import evaluation, report, stream_import, targets, whitepaper
from metrics.tests.scenes import a_past_salon
from participants.tests.scenes import an_organiser

CHAT = "时间,昵称,内容\n2026-12-19 14:00:00,林知夏,求模板\n".encode()


def import_chat(event, by):
    look = stream_import.look(event=event, content=CHAT, name="chat.csv")
    stream_import.commit(event=event, look=look, by=by)


VERBS = {
    "the clock evaluates": lambda event, by: evaluation.evaluate_if_due(event=event),
    "a chat is imported": import_chat,
    "the targets are saved": lambda event, by: targets.save(
        event=event, version=targets.version_of(event), targets={}, goals=[], by=by
    ),
    "the report is saved": lambda event, by: report.save_report(
        event=event, version=report.version_of(report.report_of(event)), intro="", parts=[], by=by
    ),
    "the whitepaper is drafted": lambda event, by: whitepaper.draft(event=event, by=by),
}


def can_be_checked_in(event):
    """Whether a row that belongs to the event can be written now: its key can be shared."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT id FROM events_event WHERE id = %s FOR KEY SHARE SKIP LOCKED", [event.pk]
            )
            return cursor.fetchone() is not None
    finally:
        connection.close()


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("verb", VERBS)
def test_lin_is_checked_in_while(verb):
    event = a_past_salon()
    organiser = an_organiser(event)
    with transaction.atomic(), ThreadPoolExecutor(1) as desk:
        VERBS[verb](event, organiser)
        assert desk.submit(can_be_checked_in, event).result()
