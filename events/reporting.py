"""What this room shows to whoever counts: the events themselves."""

from salon import tables

tables.view(
    "event",
    says="One row for each event.",
    columns={
        "event_id": "the event",
        "slug": "as in its address",
        "title": "its name",
        "series_id": "the series it belongs to",
        "status": "draft, published, cancelled",
        "starts_at": "planned beginning",
        "ends_at": "planned end",
        "on_site_capacity": "seats in the room",
        "online_capacity": "seats on the stream",
    },
    sql="""
        SELECT id, slug, title, series_id, status, starts_at, ends_at, on_site_capacity,
            online_capacity
        FROM events_event
    """,
)
