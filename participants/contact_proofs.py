"""A contact that was asked for comes into force, and whoever had the one before puts it back.

Both by a link that went to a contact, opened and answered: contact_changes.py.
"""

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from participants import contacts
from participants.applications import channel_of, send_own_link
from participants.contact_changes import come_into_force, holder_of, set_apart, tell
from participants.keys import issue_link, revoke_links
from participants.models import ContactChange, Participant, PersonalLink
from participants.models.contact_changes import DAYS
from participants.standing import lock_person
from salon import audit, clock, outbox
from salon.errors import Refused
from salon.models import Message


def prove_change(*, change):
    """The link that went to the new contact was opened and answered: it is in force from now on.
    Again is harmless. Raises Refused: ended, not_free."""
    with transaction.atomic():
        event, person = lock_person(change.participant)
        change = _lock(change)
        if change.effective_at:
            return change
        now = clock.now()
        if change.ended_at or change.asked_at <= now - DAYS:
            raise Refused("ended", _("这条链接已经失效，请在您的页面上再改一次。"))
        if not _put_in_place(person, change.contact, change.new, proven_at=now, change=change):
            _refuse_taken(change, person, now)
        else:
            come_into_force(change, person.was, now=now)
            change.save()
            tell(change, now=now)
            send_own_link(participant=person, contact=change.contact, now=now)
            audit.record(
                "change_contact", person, by=person, event_id=event.pk, fields=[change.contact]
            )
            return change
    raise Refused("not_free", _("这个联系方式现在换不过去，主办方会看一眼，再联系您。"))


def _refuse_taken(change, person, now):
    holder = holder_of(person, change.contact, change.new)
    if holder is not None:
        set_apart(change, person, holder, now=now)


def _put_in_place(person, contact, value, *, proven_at, change):
    """Write a contact of a locked person; False when somebody else has it. `.was` is the row as it
    was. What went to the one before opens nothing any more."""
    was = Participant.objects.get(pk=person.pk)
    setattr(person, contact, value)
    contacts.unprove(person, {contact})
    setattr(person, f"{contact}_proven_at", proven_at)
    person.version += 1
    try:
        with transaction.atomic():
            person.save()
    except IntegrityError:
        return False
    person.was = was
    keep = PersonalLink.objects.filter(pk=change.link_id).first() if change.link_id else None
    contacts.switch_off_keys(person, {contact}, keep=keep)
    outbox.readdress(Message.objects.of_person(person.pk), channel=channel_of(person))
    return True


def take_back(*, change):
    """Whoever was told says that it was not them: the old contact is in force again, every key is
    switched off, and what the new one asked for is called off. The path of a fresh key for them.

    Raises Refused: gone, too_late, not_free.
    """
    with transaction.atomic():
        event, person = lock_person(change.participant)
        change, now = _lock(change), clock.now()
        if not ContactChange.objects.filter(pk=change.pk).may_be_put_back(now).exists():
            raise Refused("too_late", _("已经过了七天，或者已经改回来了。还有问题请联系主办方。"))
        # Whoever replaced it may have replaced it once more.
        later = person.contact_changes.filter(contact=change.contact, pk__gte=change.pk)
        change.link_id = None
        if not _put_in_place(
            person, change.contact, change.old, proven_at=change.old_proven_at, change=change
        ):
            raise Refused("not_free", _("原来的联系方式现在换不回来，请联系主办方。"))
        later.filter(effective_at__isnull=False).update(taken_back_at=now)
        later.filter(effective_at=None, ended_at=None).update(ended_at=now)
        person.contact_changes.update(waits_for="", reason="")
        revoke_links(participant=person)
        audit.record(
            "take_back_contact", person, by=person, event_id=event.pk, fields=[change.contact]
        )
        channel = PersonalLink.Channel(contacts.CHANNEL_TO[change.told])
        return issue_link(participant=person, channel=channel)


def _lock(change):
    return ContactChange.objects.select_for_update().get(pk=change.pk)
