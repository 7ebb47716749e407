"""Cases: somebody applies under a contact that another application has, and something differs.

An assistant with the boss's number, a typo, two people in one office, a squatter: only an organiser
can tell. Until then the answers lie apart (model Case); the one who has the contact is not changed,
not written to and not told, and the sender reads what everybody reads. Deciding them is
case_decisions.py.

`answers` is JSON: name, mobile and email always; of an application also what `FIELDS` names,
`pain_points`, the category's key and `consents`, what was agreed to as Consent keeps it.
"""

import json
from decimal import Decimal

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection
from django.db.models import Q

from participants.models import Case, Consent, Participant
from participants.same_person import CONTACTS, Known, Likeness, compare
from salon import audit, clock, identity
from salon.text import name_key, national_mobile

# What each answer is; a number may be unknown.
KINDS = {
    **dict.fromkeys(("name", *CONTACTS, "organisation", "job_title", "industry"), (str,)),
    **dict.fromkeys(("creator_field", "can_bring", "cooperation_need"), (str,)),
    **dict.fromkeys(("resource_offer", "expectation", "category"), (str,)),
    **dict.fromkeys(("community_size", "followers"), (int, type(None))),
    "active_rate": (str, type(None)),
    "online": (bool,),
    **dict.fromkeys(("expertise", "pain_points", "consents"), (list,)),
}
_NOT_ITS_OWN = {"id", "participant_id", "withdrawn_at"}
CONSENT_KEEPS = tuple(
    field.attname for field in Consent._meta.concrete_fields if field.attname not in _NOT_ITS_OWN
)

identity.keep(
    "participants.Case",
    "answers_digest",
    purpose="case",
    of=lambda case: _canonical(case.answers) if case.answers else None,
)


# ---- what a case holds -------------------------------------------------------------------


def as_answers(row, *, category="", pains=(), consents=()):
    """The JSON of an application: `row` as applications.read_answers cleans it, `consents` unsaved
    Consent rows."""
    answers = {name: row[name] for name in KINDS if name in row}
    if answers.get("active_rate") is not None:
        answers["active_rate"] = str(answers["active_rate"])
    answers |= {
        "category": category,
        "pain_points": list(pains),
        "consents": [
            {name: getattr(consent, name) for name in CONSENT_KEEPS} for consent in consents
        ],
    }
    return plain(answers)


def plain(values):
    """Values as JSON keeps them: a rate is a text, an hour ISO."""
    return json.loads(json.dumps(values, cls=DjangoJSONEncoder))


def check(answers):
    """ValueError unless these are answers: known keys, each of its kind."""
    missing = {"name", *CONTACTS} - answers.keys()
    wrong = [
        name
        for name, value in answers.items()
        if name not in KINDS or not isinstance(value, KINDS[name])
    ]
    if missing or wrong:
        raise ValueError(f"not the answers of a case: {sorted([*missing, *wrong])}")
    return answers


def row_of(case):
    """The answers as columns of a Participant, those that were given."""
    row = {
        name: value
        for name, value in case.answers.items()
        if name not in ("category", "pain_points", "consents")
    }
    if row.get("active_rate") is not None:
        row["active_rate"] = Decimal(row["active_rate"])
    return row


def _canonical(answers):
    """What makes two posts the same: everything but the hour of agreeing."""
    agreed = sorted(consent["purpose"] for consent in answers.get("consents", ()))
    return json.dumps(answers | {"consents": agreed}, sort_keys=True, ensure_ascii=False)


# ---- opening one -------------------------------------------------------------------------

_FIELDS = [field for field in Case._meta.concrete_fields if not field.primary_key]
_OPEN = """
    INSERT INTO participants_case ({columns}) VALUES ({values}) ON CONFLICT DO NOTHING RETURNING id
""".format(  # noqa: S608  names of our own columns
    columns=", ".join(f'"{field.column}"' for field in _FIELDS),
    values=", ".join(f"%({field.attname})s" for field in _FIELDS),
)


def open_case(*, event, person: Participant, likeness: Likeness, answers: dict, **more) -> bool:
    """Keep answers apart for an organiser; False when the same ones are kept already.

    `person` has the contact; `more` are columns of Case. Part of a verb: call it in its
    transaction. Costs two statements.
    """
    case = Case(
        event=event,
        person=person,
        shared=list(likeness.shared),
        differs=list(likeness.differs),
        answers=check(answers),
        answers_digest=identity.contact_digest(_canonical(answers), "case"),
        **more,
    )
    values = {
        field.attname: field.get_db_prep_save(getattr(case, field.attname), connection)
        for field in _FIELDS
    }
    with connection.cursor() as cursor:
        cursor.execute(_OPEN, values)
        opened = cursor.fetchone()
    if opened is None:
        return False
    (case.pk,) = opened
    audit.record("open_case", case, by=case.asker, event_id=event.pk)
    return True


def whose(people, comer: Known):
    """`(person, Likeness)` of the one among people with a contact of the newcomer whom the case is
    with: of the same name before another, then the one who has the mobile."""
    found = [(person, compare(Known.of(person), comer)) for person in people]
    return min(
        found,
        key=lambda one: ("name" in one[1].differs, "mobile" not in one[1].shared, one[0].pk),
    )


def as_json(case):
    """The documented answer of the command (DESIGN §4)."""
    return {
        "id": case.pk,
        "person": case.person_id,
        "differs": case.differs,
        "state": case.state,
    }


def of(person):
    """What the person sent a second time, once an organiser has said that it was theirs; before that
    it may be anybody's."""
    theirs = Case.objects.filter(
        Q(made=person) | Q(person=person, state=Case.State.JOINED)
    ).exclude(answers={})
    return list(theirs.order_by("pk").values("submitted_at", "state", "answers"))


# ---- forgetting --------------------------------------------------------------------------


def forget(person):
    """Take the values of somebody who is erased out of every case.

    What they sent themselves goes whole. Of another's answers go the contact that was theirs as
    well and every mention; the rest is the other's, and stays to be decided.
    """
    for case in Case.objects.about(person).select_for_update().order_by("pk"):
        own = person.pk in (case.made_id, case.asker_id) or (
            case.person_id == person.pk
            and (
                case.state == Case.State.JOINED
                or name_key(case.answers.get("name", "")) == name_key(person.name)
            )
        )
        case.answers = {} if own else _without(person, case.answers)
        case.before, case.answers_digest = {}, ""
        if own and case.state == Case.State.OPEN:
            case.state, case.decided_at = Case.State.DROPPED, clock.now()
        case.save()


def _without(person, answers):
    values = filter(
        None, (person.name, person.mobile, national_mobile(person.mobile), person.email)
    )
    words = sorted((value for value in values if len(value) > 1), key=len, reverse=True)

    def blanked(value):
        if isinstance(value, str):
            for word in words:
                value = value.replace(word, "")
            return value
        if isinstance(value, list):
            return [blanked(each) for each in value]
        return value

    return {
        name: value if name == "consents" else blanked(value) for name, value in answers.items()
    }
