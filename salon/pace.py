"""How fast letters go: so many a minute to each mailer that minds, all workers together, and none
to a server that does not answer.

One row for each of them says when the next letter may go; it is moved on in the statement that asks.
An event may go slower than the house, never faster.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Case, Count, IntegerField, Q, QuerySet, Value, When

from salon import audit, clock, letter_kinds
from salon.models import EventPace, Message, Pace
from salon.seen import LOOK_AGAIN, require_unchanged

MAIL_SERVER, SMS_SERVER = "server email", "server sms"
SERVERS = {"email": MAIL_SERVER, "sms": SMS_SERVER}
# A server that hangs costs one try of EMAIL_TIMEOUT in each of these, and is found well soon after.
LEFT_ALONE = [timedelta(seconds=seconds) for seconds in (15, 30, 60, 120)]
LONGEST_PAUSE = timedelta(hours=1)
MOST_A_MINUTE = 600
STANDS_STILL = timedelta(minutes=1)  # nobody took a turn that was free for so long


# --- asking for a turn ----------------------------------------------------------------------------

_TAKE = """
    WITH wanted (name, every) AS (
        SELECT %(domain)s, %(every)s
        UNION ALL
        SELECT concat(%(domain)s, ' ', event_id), interval '1 minute' / per_minute
        FROM salon_eventpace
        WHERE event_id = %(event_id)s AND interval '1 minute' / per_minute > %(every)s
    ), busy AS (
        SELECT FROM salon_pace JOIN wanted USING (name) WHERE next_free_at > clock_timestamp()
    ), taken AS (
        INSERT INTO salon_pace AS pace (name, next_free_at, failures)
        SELECT name, clock_timestamp() + every, 0 FROM wanted
        WHERE every > interval '0' AND NOT EXISTS (SELECT FROM busy)
        ON CONFLICT (name) DO UPDATE SET next_free_at = excluded.next_free_at
        WHERE pace.next_free_at <= clock_timestamp()
        RETURNING name
    )
    SELECT NOT EXISTS (SELECT FROM busy)
        AND (SELECT count(*) FROM taken) = (SELECT count(*) FROM wanted WHERE every > interval '0')
"""


def take_turn(domain: str, event_id: int | None) -> bool:
    """Whether a letter may go to this domain now; if so, the next one waits its interval from now.
    One statement."""
    every = _between(settings.MAIL_PER_MINUTE.get(domain, 0))
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, {"domain": domain, "every": every, "event_id": event_id})
        return cursor.fetchone()[0]


def _between(per_minute):
    return timedelta(minutes=1) / per_minute if per_minute else timedelta(0)


_PAUSE = """
    INSERT INTO salon_pace AS pace (name, next_free_at, failures)
    VALUES (%(name)s, clock_timestamp() + (%(pauses)s::interval[])[1], 1)
    ON CONFLICT (name) DO UPDATE SET
        failures = least(pace.failures + 1, 1000),
        next_free_at = greatest(pace.next_free_at, clock_timestamp()
            + (%(pauses)s::interval[])[least(pace.failures + 1, cardinality(%(pauses)s::interval[]))])
"""


def _pause(name, pauses):
    with connection.cursor() as cursor:
        cursor.execute(_PAUSE, {"name": name, "pauses": list(pauses)})


def pause_domain(domain: str, least: timedelta) -> None:
    """Nothing more to this domain for a while: at first `least`, and longer each time."""
    _pause(domain, [min(least * factor, max(least, LONGEST_PAUSE)) for factor in (1, 2, 4, 8)])


def leave_alone(server: str) -> None:
    """Nothing more to this server for a while, a longer one each time."""
    _pause(server, LEFT_ALONE)


def went_well(*names: str) -> None:
    """The next pause of these begins from the shortest again."""
    Pace.objects.filter(name__in=names, failures__gt=0).update(failures=0)


def forget_the_idle() -> int:
    """Remove the rows of what nothing went to for a day: a domain may be a person's name."""
    idle = Pace.objects.filter(next_free_at__lt=clock.now() - timedelta(days=1))
    return idle.delete()[0]


# --- who goes next --------------------------------------------------------------------------------


def by_urgency() -> Case:
    """Who goes first when not all can: the urgency of a message's kind."""
    kinds = {}
    for kind in letter_kinds.KINDS.values():
        kinds.setdefault(kind.urgency, []).append(kind.key)
    return Case(
        *(When(kind__in=keys, then=Value(int(urgency))) for urgency, keys in kinds.items()),
        default=Value(int(letter_kinds.Urgency.NEWS)),
        output_field=IntegerField(),
    )


def next_in_turn(due: QuerySet[Message], now: datetime) -> QuerySet[Message]:
    """Of the due messages those that may go now, the most urgent first: all of those for which
    nothing is known to wait, and one for each domain whose turn it is."""
    due = due.annotate(urgency=by_urgency())
    for name in Pace.objects.filter(next_free_at__gt=now).values_list("name", flat=True):
        due = due.exclude(_held_by(name))
    ordered = ("urgency", "due_at", "pk")
    first_of_each = due.exclude(domain="").order_by("domain", *ordered).distinct("domain")
    return due.filter(Q(domain="") | Q(pk__in=first_of_each.values("pk"))).order_by(*ordered)


def _held_by(name):
    """The messages that wait for this row."""
    for channel, server in SERVERS.items():
        if name == server:
            return Q(channel=channel)
    domain, _space, event_id = name.partition(" ")
    return Q(domain=domain, event_id=int(event_id)) if event_id else Q(domain=domain)


def next_turn(now: datetime, within: timedelta) -> datetime | None:
    """When to look again for those whose turn comes within that time: when the next domain is free,
    or at once; None if there are none."""
    busy = dict(Pace.objects.filter(next_free_at__gt=now).values_list("name", "next_free_at"))
    soon = Message.objects.due(now).exclude(domain="")
    for name, free_at in busy.items():
        if free_at > now + within:
            soon = soon.exclude(_held_by(name))
    if not soon.exists():
        return None
    return min((at for at in busy.values() if at <= now + within), default=now)


def overdue(now: datetime) -> QuerySet[Message]:
    """What should have gone by now, the oldest first. A retry's pause is no excuse; a place in a
    queue that moves is one."""
    moving = Pace.objects.filter(failures=0, next_free_at__gt=now - STANDS_STILL).values("name")
    queueing = Q(attempts=0, domain__in=moving) & ~Q(domain="")
    return Message.objects.due_whatever_its_tries(now).exclude(queueing).order_by("due_at", "pk")


# --- what organisers see and set ------------------------------------------------------------------


def last_one_out(messages: QuerySet[Message], now: datetime) -> datetime | None:
    """When the last of the due messages among these will be out, as far as their domains' pace
    decides that; None when none of them waits for its turn. Two statements and one for each
    event that goes slower."""
    mine = dict(_waiting(messages, now))
    everybody = dict(_waiting(Message.objects.filter(domain__in=mine), now)) if mine else {}
    free = dict(Pace.objects.filter(name__in=mine).values_list("name", "next_free_at"))
    slower = _slowest_of(messages)
    ends = []
    for domain, number in mine.items():
        begins = max(now, free.get(domain, now))
        every = _between(settings.MAIL_PER_MINUTE.get(domain, 0))
        ends.append(begins + (everybody.get(domain, number) - 1) * every)
        ends.append(begins + (number - 1) * _between(slower))
    return max(ends, default=None)


def _waiting(messages, now):
    return (
        messages.due_whatever_its_tries(now)
        .exclude(domain="")
        .order_by()
        .values_list("domain")
        .annotate(Count("pk"))
    )


def _slowest_of(messages):
    ids = messages.order_by().values_list("event_id", flat=True).distinct()[:20]
    paces = EventPace.objects.filter(event_id__in=[pk for pk in ids if pk])
    return min(paces.values_list("per_minute", flat=True), default=0)


def set_event_pace(*, event, per_minute: int | None, by, was: str | None = None) -> None:
    """Let the letters of this event go slower, so many a minute to each domain; None or 0: as fast
    as the house's. Raises Refused("stale") when `was` is not the stamp of what stands."""
    row = EventPace(event_id=event.pk, per_minute=min(per_minute or 0, MOST_A_MINUTE))
    with transaction.atomic():
        there = EventPace.objects.select_for_update().filter(pk=row.pk).first()
        require_unchanged(was, there and there.per_minute, told=LOOK_AGAIN)
        if per_minute:
            row.save()
        else:
            EventPace.objects.filter(pk=row.pk).delete()
        audit.record("set_event_pace", row, by=by, fields=["per_minute"])
