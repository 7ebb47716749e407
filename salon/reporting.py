"""What the platform shows to whoever counts: how far messages came."""

from django.conf import settings

from salon import tables
from salon.tables import literal

tables.view(
    "message_funnel",
    says="Messages by event, kind, channel, day they were due and state; one row for each.",
    columns={
        "event_id": "the event; empty for the house's own letters",
        "kind": "which letter: received, accepted, t7 …",
        "channel": "email, sms, group_bot …",
        "day": f"the day they were due, in {settings.TIME_ZONE}",
        "state": "how far they came",
        "messages": "how many",
        "people": "to how many people",
        "tried": "of these, how many were tried at least once",
        "handed_over": "of these, how many the far side took, or somebody was told by hand",
        "perhaps_twice": "of these, how many may have gone twice",
    },
    sql=f"""
        SELECT event_id, kind, channel, (due_at AT TIME ZONE {literal(settings.TIME_ZONE)})::date,
            state, count(*), count(DISTINCT person_id), count(*) FILTER (WHERE attempts > 0),
            count(handed_over_at), count(*) FILTER (WHERE uncertain)
        FROM salon_message GROUP BY 1, 2, 3, 4, 5
    """,
)
