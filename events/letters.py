"""Reminders to the crew: what they say, composed from the rows as they are when they go."""

from datetime import date

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events import preparation
from events.models import Crew, Event, Milestone
from salon import outbox
from salon.channels import Letter
from salon.errors import Refused


@outbox.letter(preparation.OWNER, gettext_lazy("筹备提醒·负责人"))
def milestone_due(message):
    """To the owner, else the lead, else an organiser; nothing once the milestone is done."""
    milestone = (
        Milestone.objects.select_related("event", "group", "owner")
        .filter(pk=int(message.context["about"]), done_at=None)
        .first()
    )
    if milestone is None or milestone.event.status == Event.Status.CANCELLED:
        return None
    event, member = milestone.event, preparation.answerable(milestone)
    values = {
        "name": member.name if member else _("各位"),
        "title": milestone.title,
        "day": milestone.due_on,
        "t": f"T-{milestone.days_before}",
        "event": event.title,
        "url": settings.PUBLIC_URL + reverse("preparation", args=[event.slug]),
    }
    return Letter(
        to=(member and member.email) or _an_organiser(event),
        subject=_("%(t)s %(title)s，%(day)s 前完成") % values,
        text=_(
            "%(name)s，您好：\n\n“%(event)s”的“%(title)s”要在 %(day)s 前完成。\n"
            "做完后请在筹备页打勾：%(url)s\n"
        )
        % values,
    )


def _an_organiser(event):
    organisers = event.crew.filter(role=Crew.Role.ORGANISER).exclude(user__email="")
    first = organisers.select_related("user").order_by("pk").first()
    if first is None:
        raise Refused("no_address", _("没有负责人，也没有留邮箱的主办方。"))
    return first.user.email


@outbox.letter(preparation.DAY, gettext_lazy("筹备提醒·工作群"))
def milestones_of_day(message):
    """To the crew's group: what is due today and what is overdue."""
    event = Event.objects.filter(pk=message.event_id).first()
    if event is None or event.status == Event.Status.CANCELLED:
        return None
    day = date.fromisoformat(message.context["about"])
    open_ = event.milestones.not_done().select_related("group", "owner")
    due = [milestone for milestone in open_ if milestone.due_on == day]
    overdue = [milestone for milestone in open_ if milestone.due_on < day]
    if not due:
        return None
    lines = [_("%(event)s：今天要完成 %(count)s 件事") % {"event": event.title, "count": len(due)}]
    lines += [_line(milestone) for milestone in due]
    if overdue:
        lines += ["", _("已逾期：")] + [_line(milestone) for milestone in overdue]
    lines += ["", settings.PUBLIC_URL + reverse("preparation", args=[event.slug])]
    return Letter(to="", subject=lines[0], text="\n".join(lines))


def _line(milestone):
    who = milestone.owner.name if milestone.owner else milestone.group and milestone.group.name
    return f"· {milestone.title}（{who or _('无人负责')}）"
