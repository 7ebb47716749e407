"""Erase one person from every event they applied for."""

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Q
from django.utils.translation import gettext as _

from participants import erasing_many
from participants.erase import erase_person
from participants.models import Participant
from participants.same_person import ASK, SAME, Known, compare
from salon.text import normalize_email, normalize_mobile


class Command(BaseCommand):
    help = "Take a person's name, mobile, e-mail and texts out of the house. Cannot be undone."

    def add_arguments(self, parser):
        parser.add_argument("contact", help="a mobile or e-mail address, or a participant's number")
        parser.add_argument("--event", help="only at the event with this slug")

    def handle(self, *, contact, event, **options):
        column, value = _read(contact)
        people = list(Participant.objects.present().filter(**{column: value}))
        aside = (
            list(Participant.objects.set_aside().filter(pk=value))
            if column == "pk"
            else erasing_many.aside_with(value)
        )
        if event:
            people, aside = (
                [one for one in each if one.event.slug == event] for each in (people, aside)
            )
        if not (people or aside):
            raise CommandError(_("没有找到这个人。"))
        perhaps = []
        if not event and column != "pk":
            same, perhaps = _elsewhere(people)
            people += same
        people += aside
        for person in people:
            erase_person(participant=person, by=None)
        self.stdout.write(_("已删除 %(count)s 份报名的个人信息。") % {"count": len(people)})
        if perhaps:
            numbers = _("、").join(str(person.pk) for person in perhaps)
            self.stdout.write(
                _(
                    "还有 %(count)s 份可能也是这个人，但联系方式没有核实过，没有动。"
                    "看过是本人，请按编号再删：%(numbers)s"
                )
                % {"count": len(perhaps), "numbers": numbers}
            )


def _elsewhere(people):
    """`(same, perhaps)`: the same people where they gave their other address alone, and those who
    have the name and an address in common that one of them never proved. Somebody else behind an
    office's e-mail has another name and stays."""
    addresses = {address for one in people for address in (one.mobile, one.email) if address}
    others = (
        Participant.objects.present()
        .filter(Q(mobile__in=addresses) | Q(email__in=addresses))
        .exclude(pk__in=[person.pk for person in people])
        .order_by("pk")
    )
    known, same, perhaps = [Known.of(person) for person in people], [], []
    for other in others:
        likely = [compare(one, Known.of(other)) for one in known]
        if any(each.answer == SAME for each in likely):
            same.append(other)
        elif any(each.answer == ASK and "name" not in each.differs for each in likely):
            perhaps.append(other)
    return same, perhaps


def _read(contact):
    """`(column, value)` by which somebody is looked for. Raises CommandError."""
    if contact.isdecimal() and len(contact) < 10:
        return "pk", int(contact)
    for column, normalize in (("email", normalize_email), ("mobile", normalize_mobile)):
        try:
            return column, normalize(contact)
        except ValueError:
            continue
    raise CommandError(_("请给出手机、邮箱或参与者编号。"))
