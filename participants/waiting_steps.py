"""Withdrawing and erasing by whoever has just changed a contact: it waits until nobody can say any
more that it was not them, or until an organiser has looked."""

from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from participants import contacts, erase, screening
from participants.models import ContactChange
from participants.models.contact_changes import DAYS
from salon import audit, clock
from salon.text import clean_text

Step = ContactChange.Step


def what_holds(person):
    """The ContactChange because of which a loss asked for by this key waits, or None. A key that
    went to another contact, proven before the change, is the person's beyond doubt."""
    now = clock.now()
    for change in person.contact_changes.may_be_put_back(now).order_by("-pk"):
        shown = contacts.shown_by(person, person.link.channel)
        other = shown and shown != change.contact and contacts.is_proven(person, shown)
        if not (other and getattr(person, f"{shown}_proven_at") < change.effective_at):
            return change
    return None


def withdraw(*, participant, reason=""):
    """The person withdraws by their own page; the ContactChange it waits for, or None when it is
    done. Raises like screening.withdraw."""
    if change := what_holds(participant):
        return _wait(change, Step.WITHDRAW, participant, reason)
    screening.withdraw(participant=participant, by=participant, reason=reason)
    return None


def erase_person(*, participant):
    """The person erases themselves; the ContactChange it waits for, or None when it is done."""
    if change := what_holds(participant):
        return _wait(change, Step.ERASE, participant, "")
    erase.erase_person(participant=participant, by=participant)
    return None


def _wait(change, step, person, reason):
    with transaction.atomic():
        change = ContactChange.objects.select_for_update().get(pk=change.pk)
        change.waits_for, change.waits_since = step, clock.now()
        change.reason = clean_text(reason, max_length=200)
        change.save(update_fields=["waits_for", "waits_since", "reason"])
        audit.record(f"ask_to_{step}", person, by=person)
    return change


def waiting_of(person):
    """The ContactChange with the step that waits, or None."""
    return person.contact_changes.waiting().order_by("-pk").first()


def sentence(change):
    """What the person is told of a step that waits."""
    until = date_format(change.participant.event.local(change.until), "SHORT_DATETIME_FORMAT")
    if change.waits_for == Step.ERASE:
        return _("记下了。您刚换过联系方式，%(until)s 才删除；要马上删，请联系主办方。") % {
            "until": until
        }
    return _("记下了。您刚换过联系方式，%(until)s 才取消；要马上取消，请联系主办方。") % {
        "until": until
    }


def call_off(*, participant, by):
    """The person, or an organiser for them, does not want it after all."""
    with transaction.atomic():
        if participant.contact_changes.waiting().update(waits_for="", reason=""):
            audit.record("call_off_step", participant, by=by)


def carry_out(*, participant, by):
    """An organiser has looked: what waits is done now. Raises like the step."""
    with transaction.atomic():
        change = waiting_of(participant)
        if change is None:
            return
        step, reason = change.waits_for, change.reason
        participant.contact_changes.update(waits_for="", reason="")
        if step == Step.WITHDRAW:
            screening.withdraw(participant=participant, by=by or participant, reason=reason)
        else:
            erase.erase_person(participant=participant, by=by or participant)


def sweep():
    """What has waited its days is done. Rung with the other deadlines."""
    over = ContactChange.objects.waiting().filter(effective_at__lte=clock.database_now() - DAYS)
    for change in over.select_related("participant__event"):
        carry_out(participant=change.participant, by=None)
