"""What the room above hands down to this one; see events/upstairs.py for how."""

from events.upstairs import Hatch, gather

# f(event, key) -> the number that a metric of the event is measured against, or None.
target = Hatch()

# f(person) -> now.Door or None: what waits for somebody once the event is over.
afterwards = Hatch()


def target_of(event, key):
    """The event's target as a whole number, None when nobody has set one."""
    return next((int(value) for value in gather(target, event, key)), None)
