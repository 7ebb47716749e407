"""Deciding a case: a person of its own, joined to the one who has the contact, or dropped.

An organiser decides, having seen both side by side. What is joined or dropped can be taken back;
a person who was made has been written to, and is withdrawn or erased like anybody.
"""

from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from participants import applications, cases
from participants.categories import asked_categories
from participants.models import Case, Consent, Participant
from participants.same_person import CONTACTS
from participants.standing import lock_event, lock_people
from salon import audit, clock
from salon.errors import Refused
from salon.text import clean_text, normalize_email, normalize_mobile

State = Case.State
# What may be taken over; category, room and consents have verbs of their own.
MAY_JOIN = (
    *("name", "mobile", "email", "industry", "expertise", "pain_points"),
    *applications.TEXT_FIELDS,
    *applications.NUMBER_FIELDS,
)


@dataclass(frozen=True)
class _Given:
    mobile: str
    email: str


def holders(case):
    """{contact: who has it besides the first}, of what the newcomer gives."""
    given = {name: case.answers.get(name, "") for name in CONTACTS}
    people = Participant.objects.filter(event=case.event_id).with_contact_of(_Given(**given))
    return {
        name: person
        for person in people
        for name in CONTACTS
        if given[name] and getattr(person, name) == given[name] and person.pk != case.person_id
    }


def answers_of(person):
    """A person's answers as `applications.edit` takes them."""
    answers = {key: getattr(person, key) for key in MAY_JOIN if key != "pain_points"}
    return answers | {"pain_points": [point.text for point in person.pain_points.all()]}


def answer(case, key):
    """One answer of the newcomer, as `applications.edit` takes it."""
    value = case.answers[key]
    return Decimal(value) if key == "active_rate" and value is not None else value


# ---- the verbs ---------------------------------------------------------------------------


def make(*, case, by, mobile="", email=""):
    """A person of its own, in the queue as of the hour they applied, written to like anybody.

    They get the contacts that nobody else has; where that is none, an organiser types one first.
    Raises Refused: decided, not_an_application, erased, phone, email, no_contact, contact_taken,
    category.
    """
    typed = {
        "mobile": _read(mobile, normalize_mobile, "phone", _("手机号码不对，请检查位数。")),
        "email": _read(email, normalize_email, "email", _("邮箱地址不对，请检查一下。")),
    }
    with transaction.atomic():
        case = _lock(case)
        if case.source == Case.Source.OWN_PAGE:
            raise Refused("not_an_application", _("这不是一份报名，不能另立。"))
        if not case.answers:
            raise Refused("erased", _("这份报名的内容已经删除。"))
        row = cases.row_of(case) | _free_contacts(case, typed)
        category = next(
            (one for one in asked_categories(case.event) if one.key == case.answers["category"]),
            None,
        )
        if category is None:
            raise Refused("category", _("这份报名选的类别已经没有了。"))
        person = applications.add(
            event=case.event,
            category=category,
            row=row,
            pains=case.answers["pain_points"],
            agreed=[Consent(**kept) for kept in case.answers["consents"]],
            client_id=None if _is_used(case.client_id) else case.client_id,
            channel_id=case.channel_id,
            source=Participant.Source.IMPORT
            if case.source == Case.Source.IMPORT
            else Participant.Source.FORM,
            waits=case.would_wait,
            submitted_at=case.submitted_at,
            now=clock.now(),
        )
        if person is None:
            raise Refused("busy", _("系统正忙，请稍等几秒再试。您填的内容不会丢。"), status=503)
        case.made = person
        _settle(case, State.MADE, by, "make_case")
    return person


def _read(value, normalize, code, sentence):
    if not clean_text(value):
        return ""
    try:
        return normalize(value)
    except ValueError:
        raise Refused(code, sentence, status=422) from None


def _free_contacts(case, typed):
    wanted = {name: typed[name] or case.answers[name] for name in CONTACTS}
    people = Participant.objects.filter(event=case.event).with_contact_of(_Given(**wanted))
    for name in CONTACTS:
        if any(wanted[name] and getattr(person, name) == wanted[name] for person in people):
            if typed[name]:
                raise Refused(
                    "contact_taken", _("这个手机或邮箱也有人用了，请换一个。"), status=422
                )
            wanted[name] = ""
    if not any(wanted.values()):
        raise Refused(
            "no_contact", _("填的手机和邮箱都是别人的，请先补一个能找到本人的。"), status=422
        )
    return wanted


def _is_used(client_id):
    return client_id and Participant.objects.filter(client_id=client_id).exists()


def join(*, case, by, fields):
    """Write the chosen answers into the person who has the contact: it was them.

    A contact that is new to them is not proven, and the keys that went to the one it replaces are
    switched off; their own link goes to the new one. Raises Refused: decided, gone, nothing_chosen,
    contact_taken.
    """
    with transaction.atomic():
        case, person = _lock_both(case)
        chosen = [key for key in MAY_JOIN if key in fields and key in case.answers]
        if case.source == Case.Source.OWN_PAGE:
            raise Refused("not_an_application", _("这不是一份报名，没有可以并入的内容。"))
        was = answers_of(person)
        case.before = cases.plain(
            {key: was[key] for key in chosen}
            | {
                f"{name}_proven_at": getattr(person, f"{name}_proven_at")
                for name in CONTACTS
                if name in chosen
            }
        )
        taken_over = {key: answer(case, key) for key in chosen}
        changed = applications.edit(
            participant=person, answers=was | taken_over, version=person.version, by=by
        )
        _settle(case, State.JOINED, by, "join_case", fields=sorted(changed))
    return case


def drop(*, case, by):
    """Nothing comes of it. Raises Refused("decided")."""
    with transaction.atomic():
        _settle(_lock(case), State.DROPPED, by, "drop_case")


def undo(*, case, by):
    """Open a case again: what joining wrote over is put back where nobody has changed it since.

    Raises Refused: open, made, gone, contact_taken.
    """
    with transaction.atomic():
        case = Case.objects.select_related("person__event").get(pk=case.pk)
        if case.state == State.MADE:
            raise Refused("made", _("已经另立成一份报名，请在筛选页取消或删除那一份。"))
        if case.state == State.JOINED:
            _case, person = _lock_both(case, decided=True)
            _put_back(case, person, by)
        case = _lock(case, decided=True)
        case.state, case.decided_at, case.decided_by = State.OPEN, None, None
        case.before = {}
        case.save()
        audit.record("undo_case", case, by=by, event_id=case.event_id, fields=["state"])


def _put_back(case, person, by):
    now_is = answers_of(person)
    joined = [key for key in MAY_JOIN if key in case.before and key in case.answers]
    same = [key for key in joined if now_is[key] == answer(case, key)]
    before = {key: case.before[key] for key in same}
    if before.get("active_rate") is not None:
        before["active_rate"] = Decimal(before["active_rate"])
    changed = applications.edit(
        participant=person, answers=now_is | before, version=person.version, by=by
    )
    for name in CONTACTS:
        if name in changed and (since := case.before.get(f"{name}_proven_at")):
            Participant.objects.filter(pk=person.pk).update(**{f"{name}_proven_at": since})


def _lock(case, *, decided=False):
    """The case, its event locked before it; Refused when another organiser was first."""
    event = lock_event(case.event_id)
    case = Case.objects.select_for_update(of=("self",)).select_related("person").get(pk=case.pk)
    case.event = event
    if decided and case.state == State.OPEN:
        raise Refused("open", _("这份报名还没有处理。"))
    if not decided and case.state != State.OPEN:
        raise Refused("decided", _("这份报名刚刚有人处理过了。"))
    return case


def _lock_both(case, *, decided=False):
    event = lock_event(case.event_id)
    people = lock_people(event, [case.person_id])
    if not people:
        raise Refused("gone", _("这份报名已经不在了。"), status=404)
    return _lock(case, decided=decided), people[0]


def _settle(case, state, by, verb, fields=("state",)):
    case.state, case.decided_at, case.decided_by = state, clock.now(), by
    case.save()
    audit.record(verb, case, by=by, event_id=case.event_id, fields=fields)
