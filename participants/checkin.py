"""Check-in at the door: one person, one attendance, whatever the network, the clocks and two
desks do.

Three promises hold this file together (DESIGN §5):

* A desk may repeat a request for ever, see desk_requests.py: one effect, one answer.
* The unique index `check_in_once_per_person` decides between desks, no lock and no "is there one
  already?" before. Who loses reads the winner's row once more and answers with it.
* Time is the tablet's, corrected by what it knows of its own error and clamped to what is possible.
  A wrong clock is never a reason to refuse.

A check-in costs four statements, five for the loser of a race: the desk's door, one look, the
check-in with its tag card, the kept answer.
"""

import json
from datetime import UTC, datetime, timedelta

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from events.gate import pass_gate
from events.models import Event, Kind
from participants import standing, tags
from participants.desk_requests import Answer, answered_once, earlier_answer, keep_answer, replay
from participants.models import Category, CheckIn, DeskRequest, Participant
from salon import audit, clock, live
from salon.errors import Refused
from salon.text import clean_text

CHECKED_IN, ALREADY, NOT_CONFIRMED, UNKNOWN = "checked_in", "already", "not_confirmed", "unknown"
UNDONE, NOTHING_TO_UNDO = "undone", "nothing"

# A desk opens some hours before the event; nothing can have been scanned before that.
EARLIEST_BEFORE_START = timedelta(hours=3)
SELF_BEFORE_START = timedelta(hours=1)


# ---- the look --------------------------------------------------------------------------------

# By hand, because of its hour: composed by the ORM this one question costs as much time as the
# rest of a check-in. `asked` is the answer kept for a request, if there is one.
_NEEDED = {
    *("id", "event_id", "category_id", "name", "status", "online", "code", "industry"),
    *("community_size", "followers", "expertise", "gate_seen_at"),
}
# In the model's order, as `from_db` takes them.
_FIELDS = [f.attname for f in Participant._meta.concrete_fields if f.attname in _NEEDED]
_MORE = (
    *("category_key", "category_name", "came_at", "came_desk", "came_by", "came_method"),
    *("pains", "asked_digest", "asked_answer", "looked_at", "first_desk_at"),
)
_PERSON = f"""
    SELECT {", ".join(f"p.{name}" for name in _FIELDS)},
        c.key, c.name, came.at, came.desk_name, came.operator, came.method,
        ARRAY(
            SELECT text FROM participants_painpoint WHERE participant_id = p.id ORDER BY position
        ),
        encode(asked.body_digest, 'hex'), asked.answer, clock_timestamp(),
        (SELECT min(created_at) FROM events_deskpass WHERE event_id = p.event_id)
    FROM participants_participant p
    JOIN participants_category c ON c.id = p.category_id
    LEFT JOIN participants_checkin came ON came.participant_id = p.id AND came.voided_at IS NULL
    LEFT JOIN participants_deskrequest asked ON asked.client_id = %(client_id)s
    WHERE p.event_id = %(event)s AND p.erased_at IS NULL AND
"""  # noqa: S608  names of our own columns
_PERSON_BY = {
    "pk": _PERSON + "p.id = %(value)s",
    "code": _PERSON + "p.code = %(value)s",
    "mobile": _PERSON + "p.mobile = %(value)s",
    "email": _PERSON + "p.email = %(value)s",
}


def at_the_door(event_id, *, client_id=None, **whom):
    """The person of the event by `pk`, `code`, `mobile` or `email`, or None; one statement.

    With the category, `.pains`, the check-in in force as `.came_…`, the database's hour as
    `.looked_at`, that of the event's first desk as `.first_desk_at`, and as `.asked_…` what was
    answered to the request `client_id`.
    """
    [(by, value)] = whom.items()
    if not value or (by == "pk" and not 0 < value < 2**63):
        return None
    with connection.cursor() as cursor:
        cursor.execute(_PERSON_BY[by], {"event": event_id, "value": value, "client_id": client_id})
        row = cursor.fetchone()
    if row is None:
        return None
    fields, more = row[: len(_FIELDS)], row[len(_FIELDS) :]
    person = Participant.from_db(connection.alias, _FIELDS, fields)
    vars(person).update(zip(_MORE, more, strict=True))
    person.category = Category(
        pk=person.category_id, key=person.category_key, name=person.category_name
    )
    return person


def first_of(person):
    """The check-in in force of a person fetched by `at_the_door`."""
    if person.came_at is None:
        return None
    return _told(person.came_at, person.came_desk, person.came_by, person.came_method)


def _told(at, desk, operator, method):
    by = operator or (str(_("本人")) if method == CheckIn.Method.SELF else desk)
    return {"at": at.astimezone(UTC).isoformat(), "desk": desk, "by": by}


# ---- the effect ------------------------------------------------------------------------------

# One statement for the attendance and its tag card: 50 people in 15 minutes wait for each one.
# ON CONFLICT leaves the decision between two desks to the unique index. FOR SHARE waits for whoever
# is deciding about this person, a withdrawal or an erasing, and then looks again; two desks share.
_CHECK_IN = """
    WITH held AS (
        SELECT id, event_id FROM participants_participant
        WHERE id = %(person)s AND status = 'confirmed' AND NOT online AND erased_at IS NULL
        FOR SHARE
    ), came AS (
        INSERT INTO participants_checkin
            (event_id, participant_id, desk_id, desk_name, operator, method, at, scanned_at,
             received_at, void_reason)
        SELECT event_id, id, %(desk)s, %(desk_name)s, %(operator)s, %(method)s, %(at)s,
             %(scanned_at)s, %(now)s, ''
        FROM held
        ON CONFLICT (participant_id) WHERE voided_at IS NULL DO NOTHING
        RETURNING id, participant_id
    ), card AS (
        INSERT INTO participants_tagcard
            (participant_id, industry, size_band, expertise, pain, topic, moved, updated_at,
             gate, gate_word, gate_at, gate_seen_at)
        SELECT participant_id, %(industry)s, %(size_band)s, %(expertise)s, %(pain)s, %(topic)s,
             false, %(now)s, %(gate)s, %(gate_word)s, %(gate_at)s, %(gate_seen_at)s
        FROM came
        ON CONFLICT (participant_id) DO NOTHING
    )
    SELECT id FROM came
"""


def admit(*, person, event, desk, method, at, scanned_at, operator=""):
    """Insert the check-in and a card from the application; the check-in's id, None if it lost: to
    another desk, or to a change that the person is not expected any more after.

    `person` comes from `at_the_door`, whose hour is taken for the hour of receipt.
    """
    card = tags.prefilled(person, pains=person.pains)
    stand = pass_gate(
        event,
        Kind.CARD,
        card["expertise"],
        card["pain"],
        seen=person.gate_seen_at is not None,
        now=person.looked_at,
    )
    with connection.cursor() as cursor:
        cursor.execute(
            _CHECK_IN,
            {
                "person": person.pk,
                "desk": desk and desk.pk,
                "desk_name": desk.desk if desk else "",
                "operator": operator,
                "method": method,
                "at": at,
                "scanned_at": scanned_at,
                "now": person.looked_at,
                **card,
                **stand,
            },
        )
        row = cursor.fetchone()
    return row and row[0]


def corrected(scanned_at, *, offset_ms, person, event):
    """When it happened: device time plus the device's known error, clamped to what is possible.

    Not after now, and not before the event had a desk or opened one. Any desk: what a tablet kept
    while its pass was ended goes out under the next one.
    """
    now = person.looked_at
    earliest = min(now, max(person.first_desk_at, event.starts_at - EARLIEST_BEFORE_START))
    try:
        at = scanned_at + timedelta(milliseconds=offset_ms)
    except OverflowError:
        at = now
    return max(earliest, min(at, now))


@answered_once
def check_in(
    *,
    request,
    code=None,
    participant_id=None,
    scanned_at,
    method,
    offset_ms=0,
    operator="",
    admitted=False,
):
    """Check somebody in at a desk, by `code` (as `codes.code_in` gives it) or `participant_id`.

    `scanned_at` is the device's aware time, `offset_ms` what must be added to it by the device's
    own measure. Returns an `Answer` whose result is one of CHECKED_IN, ALREADY, NOT_CONFIRMED,
    UNKNOWN. Raises Refused("other_body", 422) when the client id was used for something else.
    """
    whom = {"pk": participant_id} if code is None else {"code": code}
    person = at_the_door(request.desk.event_id, client_id=request.client_id, **whom)
    if person is None:
        return earlier_answer(request) or _not_let_in(request, Answer(UNKNOWN), admitted)
    if person.asked_digest:
        return replay(request, person.asked_digest, json.loads(person.asked_answer))
    if first := first_of(person):
        return _not_let_in(request, Answer(ALREADY, person, first), admitted)
    if person.status != Participant.Status.CONFIRMED or person.online:
        return _not_let_in(request, Answer(NOT_CONFIRMED, person), admitted)
    desk = request.desk
    at = corrected(scanned_at, offset_ms=offset_ms, person=person, event=desk.event)
    row = admit(
        person=person,
        event=desk.event,
        desk=desk,
        method=method,
        at=at,
        scanned_at=scanned_at,
        operator=operator,
    )
    if row is None:
        return _came_second(request, person, admitted)
    live.publish(desk.event, "tags", "arrivals")
    answer = Answer(CHECKED_IN, person, _told(at, desk.desk, operator, method))
    return keep_answer(request, answer, check_in=row)


def _came_second(request, person, admitted):
    """Whoever won committed after our look began: only a new statement sees it."""
    person = at_the_door(person.event_id, pk=person.pk)
    first = person and first_of(person)
    result = ALREADY if first else NOT_CONFIRMED if person else UNKNOWN
    return _not_let_in(request, Answer(result, person, first or None), admitted)


def _not_let_in(request, answer, admitted):
    return keep_answer(request, answer, **({"conflict": True} if admitted else {}))


def conflicts(event):
    """What tablets did without a network and the house could not follow, the newest first: each
    request with `.person` (None when nobody carries the code) and its `answer`.

    Reported, not hidden: people sort out what no database can.
    """
    asked = list(
        DeskRequest.objects.filter(desk__event=event, answer__conflict=True)
        .select_related("desk")
        .order_by("-at")
    )
    people = Participant.objects.present().in_bulk(
        [request.answer["participant"] for request in asked if request.answer["participant"]]
    )
    for request in asked:
        request.person = people.get(request.answer["participant"])
    return asked


def told(check_in):
    return _told(check_in.at, check_in.desk_name, check_in.operator, check_in.method)


@answered_once
def undo(*, request, reason, participant_id=None, code=None, check_in=None, operator=""):
    """Void a check-in, with a reason; the row stays and says why.

    Name the person, or with `check_in` the client id of the very request to take back: a tablet
    that was offline must not undo what another desk did meanwhile. Result UNDONE, or
    NOTHING_TO_UNDO when there is no such check-in in force. Raises Refused("reason", 400) when
    nobody could read one.
    """
    reason = clean_text(reason, max_length=200)
    if not reason:
        raise Refused("reason", _("请写明撤销的理由。"), status=400)
    if answer := earlier_answer(request):
        return answer
    row, person = _to_undo(request.desk, participant_id, code, check_in)
    if row is None:
        return keep_answer(request, Answer(NOTHING_TO_UNDO, person))
    row.voided_at = clock.now()
    row.void_reason = reason
    row.save(update_fields=["voided_at", "void_reason"])
    audit.record("undo_check_in", row, by=request.desk, fields=["voided_at", "void_reason"])
    live.publish(request.desk.event, "tags", "arrivals")
    return keep_answer(request, Answer(UNDONE, person, told(row)))


def _to_undo(desk, participant_id, code, client_id):
    rows = CheckIn.objects.filter(event=desk.event, voided_at=None)
    people = Participant.objects.present().filter(event=desk.event).select_related("category")
    if client_id is not None:
        asked = DeskRequest.objects.filter(pk=client_id, desk__event=desk.event).first()
        kept = asked.answer if asked else {}
        person = people.filter(pk=kept.get("participant")).first()
        rows = rows.filter(pk=kept.get("check_in"))
    else:
        whom = {"pk": participant_id} if code is None else {"code": code}
        person = people.filter(**whom).first()
        rows = rows.filter(participant=person)
    return rows.select_for_update().first(), person


# ---- without a desk --------------------------------------------------------------------------


def can_check_in_self(event, now):
    """May people check in with the venue's QR now? Only when switched on, and only in the window:
    from an hour before the start to the end."""
    return (
        event.self_check_in
        and event.starts_at - SELF_BEFORE_START <= now
        and not event.is_over(now)
    )


def came(person):
    """The person's check-in in force as {"at", "desk", "by"}, or None."""
    here = at_the_door(person.event_id, pk=person.pk)
    return here and first_of(here)


def check_in_self(*, person):
    """A confirmed on-site participant says "I am here" from their own session.

    Raises Refused("self_closed") outside the window, Refused("not_confirmed") for others.
    Checked in already is no error. Returns {"at", "desk", "by"}.
    """
    with transaction.atomic():
        here = at_the_door(person.event_id, pk=person.pk)
        if here is None:
            raise standing.gone()
        if first := first_of(here):
            return first
        if not can_check_in_self(person.event, here.looked_at):
            raise Refused("self_closed", _("现在不能自助签到，请到签到台。"))
        now = here.looked_at
        row = admit(
            person=here,
            event=person.event,
            desk=None,
            method=CheckIn.Method.SELF,
            at=now,
            scanned_at=None,
        )
        if row is None:
            if first := came(here):
                return first
            raise Refused("not_confirmed", _("您还没有确认现场席位，请到签到台，我们当面处理。"))
        live.publish(person.event, "tags", "arrivals")
        return _told(now, "", "", CheckIn.Method.SELF)


def switch_self(*, event, on, by):
    """Open or close self check-in with the venue's QR."""
    with transaction.atomic():
        Event.objects.filter(pk=event.pk).update(self_check_in=on)
        audit.record(
            "switch_self_check_in", event, by=by, event_id=event.pk, fields=["self_check_in"]
        )


def parse_time(text, *, zone):
    """An aware datetime from ISO text; a time without a zone is the event's. ValueError if none."""
    moment = datetime.fromisoformat(text)
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    except OverflowError:
        raise ValueError("out of range") from None
