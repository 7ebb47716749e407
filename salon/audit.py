"""The record of who did what. Called inside the verb's own transaction."""

from django.db import connection


def actor_name(by):
    """A short reference to whoever acts: "user:3", "person:12", "desk:5"; None is "system"."""
    return "system" if by is None else f"{by._meta.model_name}:{by.pk}"


_RECORD = """
    INSERT INTO salon_auditentry (at, actor, verb, event_id, subject, fields)
    SELECT clock_timestamp(), %(actor)s, %(verb)s, event_id, subject, %(fields)s::text[]
    FROM unnest(%(events)s::bigint[], %(subjects)s::text[]) AS rows (event_id, subject)
"""


def record(verb, subject, *, by, event_id=None, fields=()):
    """Write one audit row. `fields` are the names of what changed, never the values."""
    record_all(verb, [subject], by=by, event_id=event_id, fields=fields)


def record_all(verb, subjects, *, by, event_id=None, fields=()):
    """One audit row for each of `subjects`, in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            _RECORD,
            {
                "actor": actor_name(by),
                "verb": verb,
                "fields": list(fields),
                "events": [
                    getattr(subject, "event_id", None) if event_id is None else event_id
                    for subject in subjects
                ],
                "subjects": [f"{subject._meta.model_name}:{subject.pk}" for subject in subjects],
            },
        )
