"""What this room shows to whoever counts: who was there, and what they contributed."""

import re

from metrics.contributions import CONTRIBUTIONS
from salon import tables

# The metrics ask it of one event; here it is asked of all.
_OF_ALL_EVENTS = re.sub(r"(\b\w+\.)?event_id = %\(event\)s", "true", CONTRIBUTIONS)

tables.view(
    "contribution",
    says="One row for each thing that somebody contributed, as the metrics count them.",
    columns={
        "person_id": "as in person_event",
        "event_id": "the event",
        "kind": "solution, like, question, danmaku, tip, offer, plan, vote",
        "at": "when; empty for votes, which have no time so that nobody can tell whose is whose",
    },
    sql=f"""
        SELECT c.participant_id, p.event_id, c.what, c.at FROM ({_OF_ALL_EVENTS}) AS c
        JOIN participants_participant p ON p.id = c.participant_id
    """,
)
tables.view(
    "attendance",
    says="One row for each check-in and each stay on the stream.",
    columns={
        "person_id": "as in person_event; empty for a viewer who did not apply",
        "event_id": "the event",
        "way": "door, stream",
        "method": "at the door: qr, code, search, walk_in, self",
        "from": "when they came",
        "until": "when they left the stream; nobody checks out at the door",
        "counts": "false for a check-in taken back and for a file that was undone",
    },
    sql="""
        SELECT participant_id, event_id, 'door', method, at, NULL::timestamptz, voided_at IS NULL
        FROM participants_checkin
        UNION ALL
        SELECT v.participant_id, i.event_id, 'stream', NULL, v.joined_at, v.left_at,
            i.undone_at IS NULL
        FROM metrics_streamvisit v JOIN metrics_streamimport i ON i.id = v.source_id
    """,
)
