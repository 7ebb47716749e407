"""Another mobile or e-mail: asked for on the own page, in force once it is proven.

The answer is the same whether somebody else has the contact or not: it is noted, and a link goes to
it. If it is somebody's, no link goes, and an organiser finds a case. When it comes into force the
old contact is told, with a link that puts it back within seven days and switches every other key
off: contact_proofs.py. Whoever never proved any contact changes theirs freely: there is nothing to
protect yet.

`take_out` and `ask` are parts of applications.edit, which holds the person.
"""

from dataclasses import dataclass

from django.core import signing
from django.http import Http404
from django.utils.translation import gettext as _

from participants import cases, contacts
from participants.models import Case, ContactChange, Participant
from participants.same_person import CONTACTS, Known, compare
from salon import clock, limits, outbox
from salon.errors import Refused

_signer = signing.Signer(salt="contact change")
PER_PERSON = {"times": 5, "seconds": 24 * 3600}
PROOF, BACK = "proof", "back"


# ---- asking ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Wish:
    """A contact that the person wants: `at_once` it is in force, else it has to be proven."""

    contact: str
    new: str
    at_once: bool
    freely: bool


def shown_of(person):
    """{contact: value} as the person's own page shows them: with what they asked for."""
    asked = ContactChange.objects.filter(participant=person).pending(clock.now())
    return {name: getattr(person, name) for name in CONTACTS} | {
        change.contact: change.new for change in asked
    }


def own_of(person):
    """{contact: value} as the person may take them to be: freely changed ones are in force, also
    where somebody else has them."""
    asked = ContactChange.objects.filter(participant=person, freely=True).pending(clock.now())
    return {change.contact: change.new for change in asked}


def take_out(person, row):
    """Of the answers of a locked person that they are about to save, the Wishes for other contacts;
    in `row` stays what is in force after the saving. Raises Refused: too_often, last_contact."""
    shown, wishes = shown_of(person), []
    freely = not any(contacts.is_proven(person, name) for name in CONTACTS)
    for name in CONTACTS:
        new, row[name] = row[name], getattr(person, name)
        if new == shown[name]:
            continue
        limits.require(f"contact-change:{person.pk}", **PER_PERSON)
        if new:
            at_once = freely and not holder_of(person, name, new)
        else:
            at_once = _may_be_dropped(person, name)
        wishes.append(Wish(name, new, at_once=at_once, freely=freely))
        if at_once:
            row[name] = new
    return wishes


def _may_be_dropped(person, name):
    if contacts.is_proven(person, name):
        other = next(each for each in CONTACTS if each != name)
        if not contacts.is_proven(person, other):
            raise Refused(
                "last_contact",
                _("这是目前唯一核实过的联系方式，不能直接删。请换成另一个。"),
                status=422,
            )
    return True


def holder_of(person, name, value):
    """Who else at the event has this contact, or None."""
    return (
        Participant.objects.present()
        .filter(event=person.event_id, **{name: value})
        .exclude(pk=person.pk)
        .first()
    )


def ask(person, wishes, *, was, link=None, now):
    """Note the Wishes of a locked and saved person. `was` is the row as it was; `link` the key of
    the browser, which stays in."""
    for wish in wishes:
        earlier = person.contact_changes.filter(contact=wish.contact, effective_at=None)
        earlier.filter(ended_at=None).update(ended_at=now)
        if wish.new == getattr(was, wish.contact):
            continue  # thought better of it
        change = ContactChange(
            participant=person,
            contact=wish.contact,
            old=getattr(was, wish.contact),
            new=wish.new,
            asked_at=now,
            freely=wish.freely,
            link_id=link and link.pk,
        )
        if wish.at_once:
            come_into_force(change, was, now=now)
        change.save()
        if wish.freely:
            # They say that the one before is wrong: also where the new one is not theirs to have.
            contacts.switch_off_keys(person, {wish.contact}, keep=link)
        if wish.at_once:
            tell(change, now=now)
        else:
            _send_or_set_apart(change, person, now=now)


def overtake(person, changed, *, now):
    """An organiser has put these contacts right: what the person asked for about them before is
    settled, and no link of that time puts anything back."""
    person.contact_changes.filter(contact__in=changed, ended_at=None).update(ended_at=now)


def _send_or_set_apart(change, person, *, now):
    holder = holder_of(person, change.contact, change.new)
    if holder is None:
        _plan(change, "contact_change", channel=contacts.CHANNEL_TO[change.contact], now=now)
    else:
        set_apart(change, person, holder, now=now)


def set_apart(change, person, holder, *, now):
    """A case for the organiser; nobody else hears of it."""
    answers = {"name": person.name, "mobile": person.mobile, "email": person.email}
    answers[change.contact] = change.new
    cases.open_case(
        event=person.event,
        person=holder,
        asker=person,
        likeness=compare(Known.of(holder), Known(**answers)),
        answers=answers,
        source=Case.Source.OWN_PAGE,
        submitted_at=now,
    )


def _plan(change, kind, *, channel, now):
    return outbox.plan(
        dedup_key=f"{kind}:{change.pk}",
        kind=kind,
        event_id=change.participant.event_id,
        person_id=change.participant_id,
        due_at=now,
        channel=channel,
        context={"change": change.pk},
    )


# ---- coming into force -------------------------------------------------------------------


def come_into_force(change, was, *, now):
    """Note that a change is in force, and who is told: the contact that is replaced, else the other
    one, if it is proven. That one is given up which nobody has proven is no news."""
    change.effective_at = now
    change.old_proven_at = getattr(was, f"{change.contact}_proven_at")
    if not (change.new or change.old_proven_at):
        return
    for name in sorted(CONTACTS, key=lambda each: each != change.contact):
        if getattr(was, name) and contacts.is_proven(was, name):
            change.told, change.told_to = name, getattr(was, name)
            break


def tell(change, *, now):
    if change.told:
        _plan(change, "contact_changed", channel=contacts.CHANNEL_TO[change.told], now=now)


# ---- links, data, forgetting -------------------------------------------------------------


def path_of(change, kind):
    """The path of the link that proves (PROOF) or puts back (BACK)."""
    token = _signer.sign(f"{kind}-{change.pk}").replace(":", ".")
    return f"/c/{token}"


def find(token):
    """`(kind, change)` behind a token, or Http404."""
    try:
        kind, _dash, pk = _signer.unsign(token.replace(".", ":")).partition("-")
    except signing.BadSignature:
        raise Http404 from None
    change = (
        ContactChange.objects.select_related("participant__event")
        .filter(pk=pk, participant__erased_at=None)
        .first()
    )
    if change is None:
        raise Http404
    return kind, change


def of(person):
    """What the person asked for, for their own data; not what became of it."""
    return list(person.contact_changes.values("contact", "new", "asked_at"))


def forget(person):
    """Nothing waits any more; the words are taken by their columns."""
    person.contact_changes.update(waits_for="", ended_at=clock.now())
