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
    names = [f"{subject._meta.model_name}:{subject.pk}" for subject in subjects]
    events = [
        getattr(subject, "event_id", None) if event_id is None else event_id for subject in subjects
    ]
    _write(verb, names, events, by, fields)


def record_rows(verb, model, rows, *, by, fields=()):
    """`record_all` for rows of a model that are not loaded: `(pk, event_id)` of each."""
    names = [f"{model._meta.model_name}:{pk}" for pk, _event_id in rows]
    _write(verb, names, [event_id for _pk, event_id in rows], by, fields)


def _write(verb, subjects, events, by, fields):
    with connection.cursor() as cursor:
        cursor.execute(
            _RECORD,
            {
                "actor": actor_name(by),
                "verb": verb,
                "fields": list(fields),
                "events": events,
                "subjects": subjects,
            },
        )
