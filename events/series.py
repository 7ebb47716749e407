"""Series: salons that belong together. One begins with a salon."""

from itertools import count

from events.models import Series
from salon import audit


def begin(*, title, first, by):
    """A new series, with the address of the event it begins with. Returns the Series."""
    numbers, is_new = count(2), False
    slug = stem = first.slug[:40]
    while not is_new:
        series, is_new = Series.objects.get_or_create(slug=slug, defaults={"title": title})
        slug = f"{stem}-{next(numbers)}"
    audit.record("begin_series", series, by=by, event_id=first.pk)
    return series
