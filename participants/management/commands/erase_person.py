"""Erase one person from every event they applied for."""

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Q
from django.utils.translation import gettext as _

from participants.erase import erase_person
from participants.models import Participant
from salon.text import normalize_email, normalize_mobile


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
        for person in people:
            erase_person(participant=person, by=None)
        self.stdout.write(_("已删除 %(count)s 份报名的个人信息。") % {"count": len(people)})


def _who(contact):
    if contact.isdecimal() and len(contact) < 10:
        return Q(pk=int(contact))
    try:
        return Q(email=normalize_email(contact))
    except ValueError:
        pass
    try:
        return Q(mobile=normalize_mobile(contact))
    except ValueError:
        raise CommandError(_("请给出手机、邮箱或参与者编号。")) from None
