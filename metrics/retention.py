"""Keeping people no longer than promised: a daily clearing that reports what it did.

After an event, by the days of its PrivacyTerms:
- who was never given a seat, withdrew or was called off goes after `not_selected_days`;
- everybody else goes after `contact_days`, unless one of their lasting consents is in force: to
  share contact with a match (the board of offers and needs lives on) or to be credited in the
  whitepaper. Those stay until they withdraw the consent or erase themselves;
- whoever has withdrawn the consent to be processed at all goes at the next clearing.
Their consents for the day itself (name on the wall, photo) keep nobody.
"""

from collections import Counter
from datetime import timedelta

from django.db.models import Exists, OuterRef

from events.models import Event
from metrics.models import RetentionRun, StreamUpload
from participants import notices
from participants.erase import erase_person
from participants.models import Consent, Participant
from salon import clock

Purpose, Status = Consent.Purpose, Participant.Status
LASTING = (Purpose.SHARE_CONTACT, Purpose.WHITEPAPER_CREDIT)
EVERY = timedelta(hours=20)
UPLOADS_KEPT = timedelta(days=1)


def due(event, *, now):
    """[(participant, reason), …] who are to go now; reason is not_selected, over or withdrawn."""
    kept = notices.terms_of(event)
    people = Participant.objects.filter(event=event).present()
    given = Consent.objects.filter(participant=OuterRef("pk"), withdrawn_at=None)
    processing = Consent.objects.filter(participant=OuterRef("pk"), purpose=Purpose.PROCESSING)
    withdrawn = people.filter(
        Exists(processing.filter(withdrawn_at__isnull=False)),
        ~Exists(given.filter(purpose=Purpose.PROCESSING)),
    )
    found = {person.pk: (person, "withdrawn") for person in withdrawn}
    if now >= event.over_at + timedelta(days=kept.not_selected_days):
        for person in people.exclude(status=Status.CONFIRMED).exclude(
            check_ins__voided_at=None, check_ins__isnull=False
        ):
            found.setdefault(person.pk, (person, "not_selected"))
    if now >= event.over_at + timedelta(days=kept.contact_days):
        for person in people.filter(~Exists(given.filter(purpose__in=LASTING))):
            found.setdefault(person.pk, (person, "over"))
    return list(found.values())


def clear(*, now=None):
    """Erase everybody who is due, one transaction each, and keep a report: the RetentionRun."""
    now = now or clock.now()
    counts = Counter()
    for event in Event.objects.filter(ends_at__lte=now).order_by("pk"):
        for person, reason in due(event, now=now):
            erase_person(participant=person, by=None)
            counts[event.slug, reason] += 1
    uploads, _kinds = StreamUpload.objects.filter(uploaded_at__lt=now - UPLOADS_KEPT).delete()
    report = {"erased": {}, "files": uploads}
    for (slug, reason), number in sorted(counts.items()):
        report["erased"].setdefault(slug, {})[reason] = number
    return RetentionRun.objects.create(at=now, report=report)


def clear_if_due():
    """The clock's clearing: once a day, however often it rings."""
    now = clock.now()
    if RetentionRun.objects.filter(at__gt=now - EVERY).exists():
        return None
    return clear(now=now)
