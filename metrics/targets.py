"""What an event sets itself: targets, how its definitions differ, and its own goals."""

from django.db import transaction

from events.models import Event
from metrics.definitions import BY_KEY
from metrics.models import Goal, Target
from salon import audit
from salon.seen import require_unchanged, stamp


def goal_rows(event):
    return list(event.goals.values("text", "target", "result", "source"))


def version_of(event):
    """A digest of the targets, definitions and goals as they are now, to be posted back with a page
    that shows them."""
    return stamp(*_shown(event))


def _shown(event):
    own = event.targets.order_by("key").values_list("key", "value", "definition")
    return list(own), goal_rows(event)


def save(*, event, version, targets, goals, by):
    """Replace the event's targets and goals, which were `version` when the editor was opened.

    `targets` is {metric key: (value or None, definition)}; a definition keeps only what differs
    from the default. `goals` are dicts of text, target, result, source, in order.
    Raises Refused("stale").
    """
    with transaction.atomic():
        Event.objects.select_for_update(no_key=True).get(pk=event.pk)
        require_unchanged(version, *_shown(event))
        for key, (value, definition) in targets.items():
            own = {
                option.key: definition[option.key]
                for option in BY_KEY[key].options
                if definition.get(option.key, option.default) != option.default
            }
            Target.objects.update_or_create(
                event=event, key=key, defaults={"value": value, "definition": own}
            )
        Goal.objects.filter(event=event).delete()
        Goal.objects.bulk_create(Goal(event=event, **goal) for goal in goals)
        audit.record("save_targets", event, by=by, event_id=event.pk, fields=["targets", "goals"])
