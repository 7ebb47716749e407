"""Reminders to the crew: what they say, composed from the rows as they are when they go."""

from datetime import date

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events import crew, preparation
from events.models import Crew, Event, Milestone
from salon import accounts, outbox
from salon.channels import Letter
from salon.errors import Refused
from salon.letter_face import Face
from salon.letter_kinds import Urgency


@outbox.letter(preparation.OWNER, gettext_lazy("筹备提醒·负责人"), urgency=Urgency.REMINDER)
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


@outbox.letter(preparation.DAY, gettext_lazy("筹备提醒·工作群"), urgency=Urgency.REMINDER)
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


@outbox.letter(crew.INVITATION, gettext_lazy("班底邀请"), urgency=Urgency.ASKED_FOR)
def crew_invitation(message):
    """To somebody who was put on the crew; with a way to a password for who has none yet."""
    invited = (
        Crew.objects.select_related("event", "user").filter(pk=message.context["crew"]).first()
    )
    if invited is None or not invited.user.is_active:
        return None
    user, event = invited.user, invited.event
    values = {
        "name": user,
        "event": event.title,
        "day": event.local(event.starts_at).date(),
        "role": invited.get_role_display(),
        "account": user.username,
        "url": settings.PUBLIC_URL + reverse("crew_home"),
    }
    greeting = _("%(name)s，您好：\n\n%(day)s 的“%(event)s”请您担任%(role)s。\n\n") % values
    if user.has_usable_password():
        return Letter(
            to=user.email,
            subject=_("请您担任%(role)s：%(event)s") % values,
            text=greeting + _("用您的账号 %(account)s 登录：%(url)s\n") % values,
        )
    first_steps = _(
        "请先用下面的链接设一个密码，三天之内、一次有效：\n{{key}}\n\n"
        "您的账号是 %(account)s，以后在这里登录：%(url)s\n"
        "链接过期了，就在登录页点“忘了密码”，再要一封信。\n"
    )  # {{key}} is filled on the wire
    return Letter(
        to=user.email,
        subject=_("请您担任%(role)s：%(event)s") % values,
        text=greeting + first_steps % values,
        secret={"key": lambda: accounts.new_password_link(user)},
        face=Face(title=event.title, button=_("设置密码")),
    )
