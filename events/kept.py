"""What this room keeps of people: those who prepare the day and those who speak on it."""

from datetime import timedelta

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events.models import Event, PrepMember, RiskPlan, Speaker, StaffRole
from salon import keeping

CONTACTS = timedelta(days=365)


def _clear_contacts(now):
    over = Event.objects.over_before(now - CONTACTS)
    members = PrepMember.objects.filter(group__event__in=over).exclude(email="").update(email="")
    speakers = Speaker.objects.filter(event__in=over).exclude(mobile="", email="")
    return members + speakers.update(mobile="", email="")


keeping.keep(
    keeping.Kept(
        key="crew_contacts",
        what=gettext_lazy("筹备组成员的邮箱、嘉宾的手机和邮箱"),
        why=gettext_lazy("筹备和当天联络。"),
        until=lambda event: _("活动结束后 %(days)d 天") % {"days": CONTACTS.days},
        columns=("events.PrepMember.email", "events.Speaker.mobile", "events.Speaker.email"),
        count=keeping.together(
            keeping.counting(lambda: PrepMember.objects.exclude(email=""), "group__event_id"),
            keeping.counting(lambda: Speaker.objects.exclude(mobile="", email=""), "event_id"),
        ),
        clear=_clear_contacts,
    )
)
keeping.keep(
    keeping.Kept(
        key="crew_names",
        what=gettext_lazy("嘉宾、筹备组、岗位上的姓名"),
        why=gettext_lazy("节目单和分工的一部分，下一场照着排。"),
        until=lambda event: _("到主办方删掉"),
        columns=(
            *("events.Speaker.name", "events.Speaker.title", "events.PrepMember.name"),
            *("events.StaffRole.people", "events.RiskPlan.owner"),
        ),
        count=keeping.together(
            keeping.counting(Speaker.objects.all, "event_id"),
            keeping.counting(PrepMember.objects.all, "group__event_id"),
            keeping.counting(lambda: StaffRole.objects.exclude(people=""), "event_id"),
            keeping.counting(lambda: RiskPlan.objects.exclude(owner=""), "event_id"),
        ),
    )
)
keeping.names_nobody(
    {
        "events.Series": "the organisers' own",
        "events.Event": "what everybody reads",
        "events.AgendaItem": "what everybody reads",
        "events.AgendaStep": "times and titles of the agenda",
        "events.Blueprint": "a salon without its people",
        "events.DeskPass": "a desk's name, digests of its link and PIN",
        "events.Material": "what is bought and packed",
        "events.Milestone": "what is to be done",
        "events.PrepGroup": "groups and their duties",
        "events.RiskTrigger": "what went wrong on the day",
        "events.RiskPlan.title": "what may go wrong",
        "events.RiskPlan.prevention": "what may go wrong",
        "events.RiskPlan.response": "what may go wrong",
        "events.StaffRole.name": "a role",
    }
)
