"""What this room shows to whoever counts: people by number, and where they stood when."""

from salon import tables

tables.view(
    "person_event",
    says="One row for each person at each event: who they are is not in it.",
    columns={
        "person_id": "the person at this event; another number at another one",
        "event_id": "the event",
        "category": "key of the category they applied for",
        "channel_id": "where the application came from",
        "channel": "kind of that channel",
        "source": "form, import, walk_in",
        "online": "on the stream, not in the room",
        "industry": "what they do",
        "community_size": "people in their community",
        "active_rate": "of these active in a month, in percent",
        "followers": "who follows them",
        "status": "where they stand now",
        "score": "by the criteria of their category",
        "submitted_at": "when they applied",
        "status_changed_at": "since when they stand there",
        "reached": "a contact of theirs was proven",
        "came": "a check-in of theirs is in force",
        "erased": "their values are gone",
    },
    sql="""
        SELECT p.id, p.event_id, c.key, p.channel_id, ch.kind, p.source, p.online, p.industry,
            p.community_size, p.active_rate, p.followers, p.status, p.score, p.submitted_at,
            p.status_changed_at, coalesce(p.mobile_proven_at, p.email_proven_at) IS NOT NULL,
            EXISTS (SELECT FROM participants_checkin i
                    WHERE i.participant_id = p.id AND i.voided_at IS NULL),
            p.erased_at IS NOT NULL
        FROM participants_participant p JOIN participants_category c ON c.id = p.category_id
            LEFT JOIN participants_channel ch ON ch.id = p.channel_id
    """,
)
tables.view(
    "status_history",
    says="Every change of where somebody stands, in the order of change_id; nothing is ever changed.",
    columns={
        "change_id": "grows",
        "person_id": "as in person_event",
        "event_id": "the event",
        "before": "where they stood; empty at the beginning",
        "after": "where they stand from then on",
        "at": "when",
        "by": "user, person, desk or system",
        "batch_id": "decisions taken together",
        "told_at": "when the batch was released; empty where nothing was held back",
    },
    sql="""
        SELECT s.id, s.participant_id, p.event_id, s.before, s.after, s.at,
            split_part(s.actor, ':', 1), s.batch_id, b.released_at
        FROM participants_statuschange s JOIN participants_participant p ON p.id = s.participant_id
            LEFT JOIN participants_screeningbatch b ON b.id = s.batch_id
    """,
)
