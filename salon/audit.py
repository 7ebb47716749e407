"""The record of who did what. Called inside the verb's own transaction."""

from django.db import connection
from django.utils.translation import gettext as _

from salon.models import User


def actor_name(by):
    """A short reference to whoever acts: "user:3", "person:12", "desk:5"; None is "system"."""
    return "system" if by is None else f"{by._meta.model_name}:{by.pk}"


def names_of(actors):
    """{actor: what organisers read}, for short references as `actor_name` makes them."""
    pks = [int(actor[5:]) for actor in actors if actor.startswith("user:")]
    users = User.objects.in_bulk(pks) if pks else {}
    kinds = {"participant": _("本人"), "desk": _("签到台"), "deskpass": _("签到台")}

    def name_of(actor):
        kind, _colon, pk = actor.partition(":")
        if kind == "user":
            return str(users.get(int(pk)) or _("已删除的账号"))
        return kinds.get(kind, _("系统"))

    return {actor: name_of(actor) for actor in actors}


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
