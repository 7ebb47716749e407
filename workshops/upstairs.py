"""What the room above hands down to this one; see events/upstairs.py for how."""

from events.upstairs import Hatch, gather

# f(event, key) -> the number that a metric of the event is measured against, or None.
target = Hatch()


def target_of(event, key):
    """The event's target as a whole number, None when nobody has set one."""
    return next((int(value) for value in gather(target, event, key)), None)
