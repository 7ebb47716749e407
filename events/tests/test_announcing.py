from datetime import timedelta

import pytest

from events import announcing, upstairs
from events.models import Event
from salon import clock
from salon.errors import Refused
from salon.models import AuditEntry

pytestmark = pytest.mark.django_db


@pytest.fixture
def event():
    starts_at = clock.now() + timedelta(days=30)
    return Event.objects.create(
        slug="spring",
        title="春季沙龙",
        venue="徐汇",
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=4),
    )


def test_publishing_twice_is_publishing_once(event):
    announcing.publish(event=event, by=None)
    published = announcing.publish(event=event, by=None)
    assert published.status == Event.Status.PUBLISHED
    assert AuditEntry.objects.filter(verb="publish_event").count() == 1


def test_without_a_venue_nobody_would_find_it(event):
    Event.objects.update(venue="")
    with pytest.raises(Refused, match=r"no_venue|场地"):
        announcing.publish(event=event, by=None)
    event.refresh_from_db()
    assert event.status == Event.Status.DRAFT


def test_calling_off_tells_the_rooms_above_once_and_is_final(event, monkeypatch):
    told = []
    monkeypatch.setattr(upstairs, "when_called_off", [lambda event, by: told.append(event.pk)])
    announcing.call_off(event=event, by=None)
    announcing.call_off(event=event, by=None)
    assert told == [event.pk]
    with pytest.raises(Refused, match="取消"):
        announcing.publish(event=event, by=None)
