"""The record of who did what. Called inside the verb's own transaction."""

from salon.models import AuditEntry


def actor_name(by):
    """A short reference to whoever acts: "user:3", "person:12", "desk:5"; None is "system"."""
    return "system" if by is None else f"{by._meta.model_name}:{by.pk}"


def record(verb, subject, *, by, event_id=None, fields=()):
    """Write one audit row. `fields` are the names of what changed, never the values."""
    entry = _entry(verb, subject, by=by, event_id=event_id, fields=fields)
    entry.save()
    return entry


def record_all(verb, subjects, *, by, event_id=None, fields=()):
    """One audit row for each of `subjects`, in one statement."""
    AuditEntry.objects.bulk_create(
        _entry(verb, subject, by=by, event_id=event_id, fields=fields) for subject in subjects
    )


def _entry(verb, subject, *, by, event_id, fields):
    return AuditEntry(
        actor=actor_name(by),
        verb=verb,
        event_id=event_id if event_id is not None else getattr(subject, "event_id", None),
        subject=f"{subject._meta.model_name}:{subject.pk}",
        fields=list(fields),
    )
