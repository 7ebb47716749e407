"""Walk-ins: somebody stands at the door without a confirmed seat.

Whether there is one is decided under the lock of the event's row, like every other seat.
"""

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from participants import checkin, codes, notices, seats, standing
from participants.consents import new_consents
from participants.desk_requests import Answer, answered_once, earlier_answer, keep_answer
from participants.models import (
    CheckIn,
    Consent,
    PainPoint,
    Participant,
    StatusChange,
)
from participants.names import read_name
from salon import audit, clock, live
from salon.errors import Refused
from salon.text import clean_text, normalize_email, normalize_mobile, pinyin_for_search

FULL = "full"
WHY = Participant.Source.WALK_IN.label  # the reason on record


def seats_on_site(event):
    """{"taken", "capacity", "left"}: seats that somebody holds, walk-ins among them."""
    left = seats.free_seats(event, online=False)
    capacity = event.on_site_capacity
    return {"taken": capacity - left, "capacity": capacity, "left": max(0, left)}


def details_of(event, form):
    """Check what the desk typed about a newcomer; returns fields for `walk_in`.

    `form` holds "name" and, all optional, "mobile", "email", "organisation", "category" (a key of
    the event), "industry", "pain" and "consents" (purposes). Raises Refused with the field's name
    as code and status 400.
    """
    name = read_name(form.get("name"), status=400)[:80]
    categories = {category.key: category for category in event.categories.all()}
    key = form.get("category") or next(iter(categories), None)
    if key not in categories:
        raise Refused("category", _("请从列表里选择类别。"), status=400)
    industry = form.get("industry") or Participant.Industry.OTHER
    if industry not in Participant.Industry.values:
        raise Refused("industry", _("请从列表里选择行业。"), status=400)
    consents = form.get("consents") or []
    if not isinstance(consents, list) or not set(map(str, consents)) <= set(Consent.Purpose.values):
        raise Refused("consents", _("请从列表里选择同意事项。"), status=400)
    return {
        "name": name,
        "mobile": _reached(normalize_mobile, form, "mobile", _("这个手机号不对，请再核对一遍。")),
        "email": _reached(normalize_email, form, "email", _("这个邮箱不对，请再核对一遍。")),
        "organisation": clean_text(form.get("organisation"), max_length=120),
        "category": categories[key],
        "industry": industry,
        "pain": clean_text(form.get("pain"), max_length=200),
        "consents": sorted(set(consents)),
    }


def _reached(normalize, form, field, sentence):
    value = clean_text(form.get(field))
    if not value:
        return ""
    try:
        return normalize(value)
    except ValueError:
        raise Refused(field, sentence, status=400) from None


@answered_once
def walk_in(*, request, person_id=None, details=None, scanned_at, offset_ms=0, operator=""):
    """Give a seat on site to somebody at the door and check them in, in one transaction.

    `details` comes from `details_of`; or `person_id` names somebody on the list who has not
    confirmed. A mobile or e-mail that is known finds its person: nobody is on the list twice.
    Result CHECKED_IN, ALREADY, UNKNOWN, or FULL when every seat is held; then nothing but the
    answer is written.
    """
    if answer := earlier_answer(request):
        return answer
    desk = request.desk
    event = standing.lock_event(desk.event_id)
    person = _known(event, person_id, details)
    if person is None and details is None:
        return keep_answer(request, Answer(checkin.UNKNOWN))
    first = person and checkin.first_of(person)
    if first:
        return keep_answer(request, Answer(checkin.ALREADY, person, first))
    if not _holds_a_seat(person) and seats.free_seats(event, online=False) < 1:
        return keep_answer(request, Answer(FULL, person))
    expected = _is_expected(person)
    if person is None:
        person = _add(event, details, by=desk)
    if not _is_expected(person):
        person = _confirm(event, person, by=desk)
    at = checkin.corrected(scanned_at, offset_ms=offset_ms, person=person, event=event)
    row = checkin.admit(
        person=person,
        event=event,
        desk=desk,
        method=CheckIn.Method.SEARCH if expected else CheckIn.Method.WALK_IN,
        at=at,
        scanned_at=scanned_at,
        operator=operator,
    )
    if row is None:
        winner = CheckIn.objects.get(participant=person, voided_at=None)
        answer = Answer(checkin.ALREADY, person, checkin.told(winner))
        return keep_answer(request, answer)
    live.publish(event, "tags", "arrivals")
    answer = Answer(checkin.CHECKED_IN, person, checkin.told(CheckIn.objects.get(pk=row)))
    return keep_answer(request, answer, check_in=row)


def _known(event, person_id, details):
    if person_id is not None:
        return checkin.at_the_door(event.pk, pk=person_id)
    by_mobile = checkin.at_the_door(event.pk, mobile=details["mobile"])
    return by_mobile or checkin.at_the_door(event.pk, email=details["email"])


def _is_expected(person):
    return (
        person is not None and not person.online and person.status == Participant.Status.CONFIRMED
    )


def _holds_a_seat(person):
    return person is not None and not person.online and person.status in Participant.SEATED


def _add(event, details, *, by):
    try:
        with transaction.atomic():
            return _write(event, details, by)
    except IntegrityError:
        # Sign-up takes no lock: they have just applied on their own phone.
        if person := _known(event, None, details):
            return person
        raise


def _write(event, details, by):
    now = clock.now()
    consents, pain = details["consents"], details["pain"]
    person = Participant.objects.create(
        event=event,
        source=Participant.Source.WALK_IN,
        status=Participant.Status.CONFIRMED,
        status_changed_at=now,
        submitted_at=now,
        pinyin=pinyin_for_search(details["name"]),
        gate_seen_at=now,
        code=codes.new_code(event),
        **{key: value for key, value in details.items() if key not in ("consents", "pain")},
    )
    if pain:
        PainPoint.objects.create(participant=person, position=1, text=pain)
    if consents:
        notice = notices.agreed_to(event)
        Consent.objects.bulk_create(new_consents(person, consents, notice=notice, now=now))
    StatusChange.objects.create(
        participant=person, after=person.status, actor=audit.actor_name(by), reason=str(WHY)
    )
    audit.record("walk_in", person, by=by, fields=["status"])
    return checkin.at_the_door(event.pk, pk=person.pk)


def _confirm(event, person, *, by):
    """Somebody on the list takes a seat at the door; from online they change the room."""
    [locked] = standing.lock_people(event, [person.pk])
    if locked.online:
        locked.online = False
        locked.save(update_fields=["online"])
    standing.stand(
        [locked],
        Participant.Status.CONFIRMED,
        now=person.looked_at,
        by=by,
        reason=str(WHY),
        seen=True,
    )
    audit.record("walk_in", locked, by=by, fields=["status", "online"])
    return checkin.at_the_door(event.pk, pk=person.pk)
