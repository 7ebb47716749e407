"""Salons with people, for the tests of this room and of those above it."""

import uuid
from datetime import timedelta

from events.agenda import Span
from events.tests import scenes as events
from participants import applications, blueprint, codes, contacts, letters, screening
from participants.models import Participant, StatusChange
from salon import clock, letter_kinds, outbox
from salon.models import Message

Status = Participant.Status
HOUSE_LETTERS = ("received", "link_again", *letters.SPEAKS_OF)

CORE = {
    "category": "core",
    "community_size": 12000,
    "active_rate": 45,
    "pain_points": ["新人进群三天就不说话了"],
}


def a_salon(slug="spring", *, in_days=30, **fields):
    """A published salon `in_days` from now with categories, criteria and channels."""
    starts_at = fields.pop("starts_at", None) or clock.now() + timedelta(days=in_days)
    event = events.a_salon(slug, starts_at=starts_at.replace(microsecond=0))
    # The blueprint brings its own frame.
    fields = {"registration_opens_at": None, "registration_closes_at": None} | fields
    for name, value in fields.items():
        setattr(event, name, value)
    event.save()
    blueprint.build(event, blueprint.DEFAULT, now=clock.now())
    return event


def code_of(number):
    """A check-in code of its own for each number."""
    return "".join(codes.ALPHABET[number >> 5 * place & 31] for place in range(codes.LENGTH))


def now_stand(people, status, **fields):
    """Put people (a queryset) where a test wants them, on record as every change of status is."""
    for pk, before in people.values_list("pk", "status"):
        StatusChange.objects.create(participant_id=pk, before=before, after=status, actor="system")
    people.update(status=status, **fields)


def span_of(event):
    return Span(event.starts_at, event.ends_at)


def an_organiser(event, username="chen"):
    return events.crew(event, username, is_staff=True)


def answers(name, number=0, **changed):
    """What somebody called `name` fills in; `number` makes their mobile and e-mail their own."""
    return {
        "name": name,
        "mobile": f"138{number:08}",
        "email": f"p{number}@example.com",
        "organisation": "拾光教育",
        "job_title": "社群运营",
        "industry": "education",
        "expertise": ["活动策划"],
        "expectation": "带走一套能用的流程",
        "online": False,
        "consents": ["processing", "wall_name"],
        **CORE,
        **changed,
    }


def an_applicant(event, name="林知夏", number=0, **changed):
    outcome = applications.apply(
        event=event, answers=answers(name, number, **changed), client_id=uuid.uuid4()
    )
    return outcome.participant


def applicants(event, count, *, first=0, **changed):
    return [
        an_applicant(event, f"报名者{first + number}", first + number, **changed)
        for number in range(count)
    ]


def accepted(event, name="林知夏", number=0, *, by, **changed):
    """Somebody accepted whose letter has been handed over."""
    person = an_applicant(event, name, number, **changed)
    batch = screening.decide(participant=person, to_status=Status.ACCEPTED, by=by)
    screening.release_batch(batch=batch, by=by)
    hears(person)
    return person


def hears(*people):
    """What they were to be told about a seat is handed over now."""
    about = Message.objects.open().released().of_kind(*letter_kinds.about_a_seat())
    for message in about.filter(person_id__in=[person.pk for person in people]).order_by("pk"):
        outbox._note_handed_over(message)
    for person in people:
        person.refresh_from_db()


def waitlisted(event, name, number=0, *, by, **changed):
    """Somebody on the waiting list who knows it."""
    person = an_applicant(event, name, number, **changed)
    batch = screening.decide(participant=person, to_status=Status.WAITLISTED, by=by)
    screening.release_batch(batch=batch, by=by)
    hears(person)
    return person


def confirmed(event, name="林知夏", number=0, *, by, **changed):
    """Somebody who opened the link in the letter and confirmed."""
    person = accepted(event, name, number, by=by, **changed)
    contacts.prove(participant=person, contacts=["email" if person.email else "mobile"], by=person)
    return screening.confirm(participant=person, by=person)


def a_crowd(event, count):
    """Many people at once, for pages and exports that must not mind: written in bulk."""
    categories = list(event.categories.prefetch_related("criteria"))
    now = clock.now()
    people = [
        Participant(
            event=event,
            category=categories[number % len(categories)],
            name=f"报名者{number}",
            pinyin=f"baomingzhe{number} bmz{number}",
            mobile=f"+86137{number:08}",
            organisation="拾光教育",
            industry="education",
            community_size=1000 + number,
            online=number % 3 == 0,
            code=codes.random_code(),
            submitted_at=now,
            score=number % 100,
        )
        for number in range(count)
    ]
    return Participant.objects.bulk_create(people)
