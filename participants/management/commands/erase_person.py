"""Erase one person from every event they applied for."""

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Q
from django.utils.translation import gettext as _

from participants.erase import erase_person
from participants.models import Participant
from salon.text import name_key, normalize_email, normalize_mobile


class Command(BaseCommand):
    help = "Take a person's name, mobile, e-mail and texts out of the house. Cannot be undone."

    def add_arguments(self, parser):
        parser.add_argument("contact", help="a mobile or e-mail address, or a participant's number")
        parser.add_argument("--event", help="only at the event with this slug")

    def handle(self, *, contact, event, **options):
        people = Participant.objects.present().filter(_who(contact))
        if event:
            people = people.filter(event__slug=event)
        people = list(people)
        if not people:
            raise CommandError(_("没有找到这个人。"))
        if not event and not _is_number(contact):
            people += _elsewhere(people)
        for person in people:
            erase_person(participant=person, by=None)
        self.stdout.write(_("已删除 %(count)s 份报名的个人信息。") % {"count": len(people)})


def _elsewhere(people):
    """The same people where they gave their other address alone: it and the name are the same.
    Somebody else behind an office's e-mail has another name and stays."""
    known = {each for person in people for each in _known_by(person)}
    addresses = [address for address, _name in known]
    others = (
        Participant.objects.present()
        .filter(Q(mobile__in=addresses) | Q(email__in=addresses))
        .exclude(pk__in=[person.pk for person in people])
    )
    return [other for other in others if known & _known_by(other)]


def _known_by(person):
    return {
        (address, name_key(person.name)) for address in (person.mobile, person.email) if address
    }


def _is_number(contact):
    return contact.isdecimal() and len(contact) < 10


def _who(contact):
    if _is_number(contact):
        return Q(pk=int(contact))
    try:
        return Q(email=normalize_email(contact))
    except ValueError:
        pass
    try:
        return Q(mobile=normalize_mobile(contact))
    except ValueError:
        raise CommandError(_("请给出手机、邮箱或参与者编号。")) from None
