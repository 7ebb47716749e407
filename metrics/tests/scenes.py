"""A salon that is over, and the people who came, for the tests of this room."""

from datetime import timedelta

from metrics import blueprint
from participants.models import CheckIn
from participants.tests import scenes as people
from salon import clock
from workshops import blueprint as workshops

ORGANISER = people.an_organiser
# Answers to the twelve questions of the default survey: scales 1–3, choices 4–10, open 11–12.
SHEET = [5, 4, 5, 0, 1, 0, 2, 0, 1, 0, "认识了同行", "茶歇再长一点"]


def a_past_salon(slug="autumn", *, hours_ago=24, **fields):
    """A published salon of four and a half hours that ended `hours_ago`."""
    starts_at = clock.now() - timedelta(hours=hours_ago + 4.5)
    event = people.a_salon(slug, starts_at=starts_at, **fields)
    for room in (workshops, blueprint):
        room.build(event, room.DEFAULT, now=clock.now())
    return event


def came(event, name="林知夏", number=0, *, online=False, **fields):
    """Somebody confirmed who came: checked in at the door, or expected on the stream."""
    with_answers = {name: fields.pop(name) for name in ("community_size",) if name in fields}
    person = someone(event, name, number, online=online, **with_answers)
    for field, value in fields.items():
        setattr(person, field, value)
    person.save()
    if not online:
        at = event.starts_at + timedelta(minutes=number)
        CheckIn.objects.create(
            event=event, participant=person, method="search", at=at, received_at=at
        )
    return person


def someone(event, name, number=0, *, online=False, status="confirmed", **answers):
    """A participant as the form would have left them; the form itself closed with the event."""
    given = people.answers(name, number, online=online, **answers)
    category = event.categories.get(key=given["category"])
    person = category.participants.create(
        event=event,
        name=name,
        mobile=f"+86{given['mobile']}",
        email=given["email"],
        organisation=given["organisation"],
        industry=given["industry"],
        community_size=given["community_size"],
        active_rate=given["active_rate"],
        online=online,
        status=status,
        told_reason="名额有限" if status == "not_selected" else "",
        code=people.code_of(number),
        submitted_at=event.starts_at - timedelta(days=20),
        mobile_proven_at=event.starts_at - timedelta(days=20),
        email_proven_at=event.starts_at - timedelta(days=20),
    )
    person.pain_points.create(position=1, text=given["pain_points"][0])
    for purpose in ("processing", "wall_name"):
        person.consents.create(purpose=purpose, wording=purpose, given_at=event.created_at)
    return person


def sheet(event, answers=SHEET):
    """{question id: raw value}, as the page posts it."""
    return {
        question.pk: str(value)
        for question, value in zip(event.survey.questions.all(), answers, strict=True)
    }
