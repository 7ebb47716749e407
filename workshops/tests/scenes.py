"""People in the room and on the stream, for the tests of this room and of those above it."""

import uuid
from datetime import timedelta

from events.models import Crew
from events.tests import scenes as events
from participants import blueprint as participants_blueprint
from participants.access import issue_link, person_cookie
from participants.models import CheckIn, Participant
from participants.tests import scenes as participants
from salon import clock
from salon.errors import Refused
from salon.text import pinyin_of
from workshops import blueprint, groups, phases
from workshops.models import Phase

NAMES = [
    "林知夏",
    "周明远",
    "陈晓彤",
    "王一诺",
    "赵子墨",
    "孙若溪",
    "李思远",
    "吴佳宁",
    "郑文博",
    "冯雨桐",
    "何俊杰",
    "许清如",
    "沈星河",
    "韩予安",
    "杨舒然",
    "朱以恒",
    "秦念真",
    "尤嘉树",
    "许多多",
    "曹砚秋",
    "严知行",
    "华念慈",
    "金亦凡",
    "魏书瑶",
]


def a_salon(slug="spring", **fields):
    """A published salon of today, with everything the blueprints bring."""
    fields = {"starts_at": (clock.now() - timedelta(hours=1)).replace(microsecond=0)} | fields
    event = events.a_salon(slug, **fields)
    event.on_site_capacity = 200
    event.save(update_fields=["on_site_capacity"])
    participants_blueprint.build(event, participants_blueprint.DEFAULT, now=clock.now())
    blueprint.build(event, blueprint.DEFAULT, now=clock.now())
    return event


def people(event, count, *, first=None, online=False, came=True, **fields):
    """Confirmed people; in the room they are checked in, too, unless `came` is False."""
    now = clock.now()
    first = event.participants.count() if first is None else first
    category = event.categories.order_by("pk").first()
    rows = [
        Participant(
            event=event,
            category=category,
            name=(name := NAMES[number % len(NAMES)] + str(number // len(NAMES) or "")),
            pinyin=" ".join(pinyin_of(name)),
            mobile=f"+86138{number:08}",
            email=f"p{number}@example.com",
            industry=Participant.Industry.values[number % 3],
            community_size=3000 * (number % 7 + 1),
            active_rate=30 + number % 30,
            expertise=["活动策划", "内容"][: number % 3],
            online=online,
            status=Participant.Status.CONFIRMED,
            code=participants.code_of(number + 1_000_000 * online),
            submitted_at=now,
            **fields,
        )
        for number in range(first, first + count)
    ]
    rows = Participant.objects.bulk_create(rows)
    if came and not online:
        CheckIn.objects.bulk_create(
            CheckIn(event=event, participant=person, method="code", at=now, received_at=now)
            for person in rows
        )
    return rows


def person(event, name="林知夏", **fields):
    somebody = people(event, 1, **fields)[0]
    somebody.name = name
    somebody.save(update_fields=["name"])
    return somebody


def phone_of(client, somebody):
    """The test client becomes somebody's phone, and is nobody else's any more."""
    client.cookies.pop(person_cookie(somebody.event.slug), None)
    client.get(issue_link(participant=somebody))
    return client


def two_groups(event, *, by=None, people_in_room=12):
    """Twelve people in the room, in two published groups."""
    room = people(event, people_in_room)
    groups.form(event=event, by=by)
    groups.publish(event=event, by=by)
    return room, list(event.work_groups.order_by("number"))


def start(event, kind, *, by=None):
    return phases.start_phase(phase=event.phases.get(kind=kind), by=by)


def end(event, kind, *, by=None):
    return phases.end_phase(phase=event.phases.get(kind=kind), by=by)


def members(group):
    return [m.participant for m in group.memberships.select_related("participant").order_by("pk")]


def host(event, username="qiao"):
    return events.crew(event, username, role=Crew.Role.HOST)


def mentor(event, username="gu"):
    return events.crew(event, username, role=Crew.Role.MENTOR)


def an_organiser(event, username="chen"):
    return participants.an_organiser(event, username)


def new_id():
    return uuid.uuid4()


DESIGN, REVIEW, VOTE = Phase.Kind.DESIGN, Phase.Kind.REVIEW, Phase.Kind.VOTE


def why_not(act, **given):
    """The code of the refusal, or None when it was done."""
    try:
        act(**given)
    except Refused as refused:
        return refused.code
    return None
