"""Ready for T-7? One page that is honest about what is missing.

Each `Check` is one sentence that is so or not so; what is not so lists what exactly is missing.
"""

from dataclasses import dataclass
from datetime import timedelta

from django.urls import reverse
from django.utils.translation import gettext as _

from events import agenda, materials, preparation, upstairs
from events.models import AgendaItem, Crew, Event, RiskPlan

DAYS_BEFORE = 7


@dataclass(frozen=True)
class Check:
    """`sentence` says what ought to be so; `missing` names what is not, and is empty when all is
    well; `url` is where to mend it."""

    sentence: str
    missing: tuple = ()
    url: str = ""

    @property
    def ok(self):
        return not self.missing


def checks(event):
    """Every check of the event, the rooms above included, what is missing first."""
    found = [
        _announced(event),
        _place(event),
        _milestones(event),
        _owners(event),
        _groups(event),
        *_agenda(event),
        _backups(event),
        _risks(event),
        _roles(event),
        _crew(event),
        _materials(event),
        *upstairs.gather(upstairs.readiness, event),
    ]
    return sorted(found, key=lambda check: check.ok)


def _page(event, name):
    return reverse(name, args=[event.slug])


def _announced(event):
    missing = () if event.status == Event.Status.PUBLISHED else (event.get_status_display(),)
    return Check(_("活动页已公开"), missing, _page(event, "control"))


def _place(event):
    wanted = [(_("场地"), event.venue), (_("到达路线"), event.route)]
    if event.online_capacity:
        wanted.append((_("直播链接"), event.stream_link))
    missing = tuple(label for label, value in wanted if not value)
    return Check(_("场地、路线、直播链接都填好了"), missing, _page(event, "control"))


def _milestones(event):
    open_ = event.milestones.not_done().filter(days_before__gte=DAYS_BEFORE)
    missing = tuple(f"T-{m.days_before} {m.title}" for m in open_)
    return Check(_("T-7 之前的事都做完了"), missing, _page(event, "preparation"))


def _owners(event):
    open_ = event.milestones.not_done().filter(owner=None)
    missing = tuple(f"T-{m.days_before} {m.title}" for m in open_)
    return Check(_("剩下的每件事都有负责人"), missing, _page(event, "preparation"))


def _groups(event):
    missing = []
    for group in preparation.groups_with_members(event):
        members = group.members.all()
        if len(members) < group.size:
            short = group.size - len(members)
            missing.append(_("%(group)s还差 %(short)s 人") % {"group": group.name, "short": short})
        if not any(member.is_lead for member in members):
            missing.append(_("%(group)s没有组长") % {"group": group.name})
    return Check(_("筹备组人齐，各有组长"), tuple(missing), _page(event, "groups_edit"))


def _agenda(event):
    programme, page = agenda.programme(event), _page(event, "agenda_edit")
    share = programme.share
    short = ()
    if not share.met:
        values = {"percent": share.percent or 0, "target": share.target_percent}
        short = (_("现在 %(percent)s%%，目标 %(target)s%%") % values,)
    yield Check(_("互动时间达到目标"), short, page)
    minute = timedelta(minutes=1)
    gaps = tuple(
        f"{event.local(gap.starts_at):%H:%M}–{event.local(gap.ends_at):%H:%M}"
        for gap in programme.gaps
        if gap.ends_at - gap.starts_at >= minute
    )
    yield Check(_("流程没有空档"), gaps, page)
    talks = [item for item in programme.items if item.kind == AgendaItem.Kind.TALK]
    silent = tuple(item.title for item in talks if item.speaker is None)
    yield Check(_("每场分享都有嘉宾"), silent, page)


def _backups(event):
    enough = event.speakers.filter(is_backup=True).exists()
    missing = () if enough else (_("一位备选嘉宾也没有"),)
    return Check(_("有备选嘉宾"), missing, _page(event, "risks"))


def _risks(event):
    missing = [plan.title for plan in event.risk_plans.all() if not plan.owner]
    present = set(event.risk_plans.values_list("risk", flat=True))
    usual = [risk for risk in RiskPlan.Risk if risk != RiskPlan.Risk.OTHER]
    missing += [_("缺“%(risk)s”预案") % {"risk": r.label} for r in usual if r not in present]
    return Check(_("每种风险都有预案和负责人"), tuple(missing), _page(event, "risks"))


def _roles(event):
    missing = tuple(role.name for role in event.staff_roles.order_by("pk") if not role.people)
    return Check(_("当天岗位都排了人"), missing, _page(event, "groups_edit"))


def _crew(event):
    has_host = event.crew.filter(role=Crew.Role.HOST).exists()
    missing = () if has_host else (_("还没有主持人的账号"),)
    return Check(_("主持人能登录主持页"), missing, _page(event, "groups_edit"))


def _materials(event):
    _counted, supplies = materials.supplies(event)
    missing = tuple(
        _("%(name)s还差 %(count)s") % {"name": row.material.name, "count": row.to_procure}
        for row in supplies
        if row.to_procure
    )
    return Check(_("物料备齐"), missing, _page(event, "materials"))
