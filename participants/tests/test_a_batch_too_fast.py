"""Eleven accepted at once, most of them on qq.com, and servers that find that too fast."""

from datetime import timedelta

import pytest

from participants import screening, waitlist
from participants.models import Participant
from participants.tests import scenes
from salon import clock, outbox
from salon.models import Message
from tests.difficult_post import DifficultPost

pytestmark = pytest.mark.django_db
Status = Participant.Status
TOO_FAST = "550 Connection frequency limited. http://service.mail.qq.com/"
QUOTA = "554 5.7.0 quota exceeded, Try again later"


@pytest.fixture
def world(settings):
    post = DifficultPost()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", post.port
    settings.EMAIL_IS_CONFIGURED = True
    yield post
    post.stop()


def test_a_batch_that_went_too_fast_arrives_and_costs_nobody_a_seat(world, travel):
    start = clock.now()
    event = scenes.a_salon(in_days=30)
    chen = scenes.an_organiser(event)
    addresses = [f"guest{number}@qq.com" for number in range(10)] + ["gu@163.com"]
    people = [
        scenes.an_applicant(event, f"报名者{number}", number, email=email)
        for number, email in enumerate(addresses)
    ]
    Message.objects.all().delete()
    for person in people:
        batch = screening.decide(participant=person, to_status=Status.ACCEPTED, by=chen)
        screening.release_batch(batch=batch, by=chen)

    def go_on(seconds):
        """The worker's clock for so long, a turn every three seconds."""
        nonlocal start
        for _ in range(0, seconds, 3):
            travel(start, tick=False)
            outbox.deliver_due()
            start += timedelta(seconds=3)

    go_on(9)
    assert len(world.letters) in (3, 4)  # three to qq.com, and the one to 163.com
    world.answers |= {"rcpt": TOO_FAST, "text": QUOTA}
    go_on(60)
    told = Message.objects.handed_over().count()
    assert told < 11
    assert not Message.objects.astray().exists()
    assert "frequency limited" in "".join(Message.objects.values_list("failure", flat=True))

    start += timedelta(hours=5)  # QQ's hour is over
    world.answers.clear()
    go_on(45)
    assert Message.objects.handed_over().count() == 11
    assert {letter["To"] for letter in world.letters} == set(addresses)

    # Three days after the first letters, those that came five hours later still have their time.
    travel(start + timedelta(hours=69), tick=False)
    waitlist.expire_due()
    statuses = list(Participant.objects.values_list("status", flat=True))
    assert statuses.count(Status.ACCEPTED) == 11 - told
    assert statuses.count(Status.WITHDRAWN) == told
