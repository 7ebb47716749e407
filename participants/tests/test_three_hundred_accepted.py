"""Three hundred are accepted and a third cannot be reached, in three ways. Nobody loses a seat for
it: ten contacts are mended, forty people are told by hand, the seats of the rest are given away."""

from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from participants import applications, case_decisions, out_of_reach, screening, waitlist
from participants.models import Participant
from participants.tests import scenes
from salon import clock, outbox
from salon.models import Message
from salon.tests.letters import Post

pytestmark = pytest.mark.django_db
Status = Participant.Status


@pytest.fixture
def post(settings):
    post = Post()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", post.port
    settings.EMAIL_IS_CONFIGURED = True
    yield post
    post.stop()


def applied(event, number):
    """Of three one is out of reach: only a mobile, an address nobody has, a mailbox that is full."""
    way = number % 9
    contact = {
        0: {"email": ""},
        3: {"email": f"gone{number}@example.com"},
        6: {"email": f"full{number}@example.com"},
    }.get(way, {})
    return scenes.an_applicant(event, f"报名者{number}", number, **contact)


def deliver_for_days(travel, days):
    for _quarter in range(4 * days):
        outbox.deliver_due()
        travel(clock.now() + timedelta(hours=6))
        waitlist.expire_due()


def test_nobody_loses_a_seat_by_a_silence_of_ours(travel, post):
    event = scenes.a_salon(in_days=40, on_site_capacity=300)
    event.categories.update(share_percent=0)
    event.categories.filter(key="core").update(share_percent=100)
    chen = scenes.an_organiser(event)
    people = [applied(event, number) for number in range(300)]
    batch, refused = screening.decide_many(
        event=event, people=[person.pk for person in people], to_status="accepted", by=chen
    )
    assert not refused
    with CaptureQueriesContext(connection) as captured:
        assert screening.release_batch(batch=batch, by=chen) == 300
    assert len(captured) <= 20
    outbox.deliver_due()
    for person in people:  # whoever was reached says yes
        if Message.objects.of_person(person.pk).get(kind="accepted").state == "handed_over":
            screening.confirm(participant=person, by=person)
    deliver_for_days(travel, 6)
    stands = Counter(event.participants.values_list("status", flat=True))
    assert stands == {"confirmed": 200, "accepted": 100}
    assert set(
        event.participants.filter(status="accepted").values_list("confirm_by", flat=True)
    ) == {None}
    missed = out_of_reach.to_tell(event)
    assert len(missed) == 100
    assert set(Counter(person.letter.state for person in missed)) == {"by_hand", "not_delivered"}

    mended = [person for person in missed if person.letter.state == "not_delivered"][:10]
    for number, person in enumerate(mended):
        applications.edit(
            participant=person,
            answers=case_decisions.answers_of(person) | {"email": f"mended{number}@example.com"},
            version=person.version,
            by=chen,
        )
    outbox.try_again(
        Message.objects.filter(pk__in=[person.letter.pk for person in mended]), by=chen
    )
    outbox.deliver_due()
    missed = out_of_reach.to_tell(event)
    assert len(missed) == 90
    for person in missed[:40]:
        assert "/l/" in out_of_reach.words_for(message=person.letter, by=chen).text
        out_of_reach.told(message=person.letter, by=chen)
    told = event.participants.filter(pk__in=[person.pk for person in mended + missed[:40]])
    assert set(told.values_list("status", flat=True)) == {"accepted"}
    assert all(confirm_by > clock.now() for confirm_by in told.values_list("confirm_by", flat=True))
    rest = [person.pk for person in out_of_reach.to_tell(event)]
    assert out_of_reach.give_away(event=event, people=rest, by=chen) == (50, {})
    stands = Counter(event.participants.values_list("status", flat=True))
    assert stands == {"confirmed": 200, "accepted": 50, "cancelled": 50}
    reasons = event.participants.filter(pk__in=rest).values_list(
        "status_changes__reason", flat=True
    )
    assert Counter(reasons)["unreached"] == 50
    travel(clock.now() + timedelta(days=4))
    waitlist.expire_due()  # these fifty were told, and were silent
    stands = Counter(event.participants.values_list("status", flat=True))
    assert stands == {"confirmed": 200, "withdrawn": 50, "cancelled": 50}
