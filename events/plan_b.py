"""Plan B: a risk has come true, and its plan is put into force in one action; undone in one too.

An absent speaker changes an item of the agenda: a backup speaker stands in, or the item becomes
"roundtable and case clinic". The times stay, so that a delay in between is kept when it is undone.
Every other plan is noted as in force until it is settled, with its checklist on the host's page.
"""

from dataclasses import dataclass

from django.db import transaction
from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from events import agenda, upstairs
from events.models import AgendaItem, Event, RiskPlan, RiskTrigger
from salon import audit, clock, live
from salon.errors import Refused

REPLACED = ("kind", "title", "form", "cue", "interactive", "speaker_id")
LANGUAGE = "zh-hans"  # what is written into the agenda is content


class Instead(TextChoices):
    BACKUP = "backup", gettext_lazy("请备选嘉宾上场")
    CLINIC = "clinic", gettext_lazy("改为圆桌与案例门诊")


AS_PLANNED = "as_planned"


@dataclass(frozen=True)
class Change:
    """What the rooms above tell people: `str(change)` is the sentence, without anybody's name;
    the same `key` is the same telling. `stands` is how the item is now, see stands()."""

    key: str
    sentence: str
    item_id: int
    stands: str

    def __str__(self):
        return self.sentence


def in_force(event):
    """Triggers that hold now, newest first. A replacement has had its hour when its item is
    finished, or the event over: then there is nothing left to settle."""
    over = Event.objects.ended(clock.database_now())
    return (
        log_of(event)
        .filter(undone_at=None)
        .exclude(item__finished_at__isnull=False)
        .exclude(item__isnull=False, plan__event__in=over)
    )


def _replaced(event):
    return RiskTrigger.objects.filter(plan__event=event, undone_at=None).exclude(item=None)


def stands(item_id):
    """How an item is now, as far as people are told: AS_PLANNED, or an Instead."""
    trigger = (
        RiskTrigger.objects.filter(item=item_id, undone_at=None).select_related("item").first()
    )
    if trigger is None:
        return AS_PLANNED
    is_clinic = trigger.item.kind == AgendaItem.Kind.ROUNDTABLE
    return str(Instead.CLINIC if is_clinic else Instead.BACKUP)


def log_of(event):
    return (
        RiskTrigger.objects.filter(plan__event=event)
        .select_related("plan", "item__speaker", "by")
        .order_by("-at", "-pk")
    )


def replaceable(event):
    """Items an absent speaker may leave empty: not finished, and not replaced already."""
    return event.agenda.filter(
        finished_at=None, kind__in=(AgendaItem.Kind.TALK, AgendaItem.Kind.OPENING)
    ).exclude(pk__in=_replaced(event).values("item"))


def _take(event, plan_id):
    event = Event.objects.select_for_update(no_key=True).get(pk=event.pk)
    plan = event.risk_plans.filter(pk=plan_id).first()
    if plan is None:
        raise Refused("gone", _("这份预案已经不在了，请刷新后再看。"), status=404)
    return event, plan


def replace_speaker(*, event, plan_id, item_id, instead, backup_id=None, note="", by):
    """Put another speaker, or the clinic, in the place of an item. Returns the RiskTrigger.

    `instead` is an Instead; the backup must be one of the event's backup speakers. Refused with
    "in_force" when the item has been replaced already (two hosts pressing: one replacement).
    """
    with transaction.atomic():
        event, plan = _take(event, plan_id)
        if plan.risk != RiskPlan.Risk.SPEAKER_ABSENT:
            raise Refused("other_risk", _("这份预案不换环节，请按“启动”。"))
        item = event.agenda.filter(pk=item_id).first()
        if item is None or item.finished_at:
            raise Refused("no_item", _("请选择一个还没结束的环节。"))
        if _replaced(event).filter(item=item).exists():
            raise Refused("in_force", _("“%(title)s”已经启用过预案了。") % {"title": item.title})
        was = {name: getattr(item, name) for name in REPLACED}
        _replace(event, plan, item, instead, backup_id)
        item.save(update_fields=REPLACED)
        before = {name: value for name, value in was.items() if getattr(item, name) != value}
        trigger = RiskTrigger.objects.create(plan=plan, by=by, note=note, item=item, before=before)
        audit.record("plan_b", trigger, by=by, event_id=event.pk, fields=REPLACED)
        with override(LANGUAGE):
            sentence = _sentence(was["title"], item.title, instead)
        _tell(event, Change(f"plan-b-{trigger.pk}", sentence, item.pk, str(instead)), by)
        return trigger


def _replace(event, plan, item, instead, backup_id):
    if instead == Instead.BACKUP:
        backup = event.speakers.filter(pk=backup_id, is_backup=True).first()
        if backup is None:
            raise Refused("no_backup", _("请选择一位备选嘉宾，或改为圆桌与案例门诊。"))
        item.speaker = backup
        return
    with override(LANGUAGE):
        item.kind = AgendaItem.Kind.ROUNDTABLE
        item.title = _("圆桌与案例门诊")
        item.form = _("从痛点墙挑三个案例，嘉宾与运营者现场会诊")
        item.cue = plan.response
        item.interactive = True
        item.speaker = None


def _sentence(was, becomes, instead):
    if instead == Instead.BACKUP:
        return _("“%(was)s”改由备选嘉宾分享，时间不变。") % {"was": was}
    return _("“%(was)s”改为“%(becomes)s”，时间不变。") % {"was": was, "becomes": becomes}


def _tell(event, change, by):
    agenda.changed(event)
    for tell in upstairs.when_agenda_changes:
        tell(event, change=change, by=by)


def put_in_force(*, event, plan_id, note="", by):
    """Note that a plan is in force; the same plan twice is once. Returns the RiskTrigger."""
    with transaction.atomic():
        event, plan = _take(event, plan_id)
        if plan.risk == RiskPlan.Risk.SPEAKER_ABSENT:
            raise Refused("choose", _("请先选环节，再选谁来顶上。"))
        known = in_force(event).filter(plan=plan).first()
        if known:
            return known
        made = RiskTrigger.objects.create(plan=plan, by=by, note=note)
        audit.record("plan_b", made, by=by, event_id=event.pk)
        live.publish(event, "control")
        return made


def undo(*, event, trigger_id, by):
    """Settle a plan; a replaced item becomes what it was, at the times it has now.

    What the replacement left alone stays as somebody may have edited it since. Refused with
    "over" when the item is finished or the event over: what happened is not rewritten.
    """
    with transaction.atomic():
        event = Event.objects.select_for_update(no_key=True).get(pk=event.pk)
        trigger = log_of(event).filter(pk=trigger_id).first()
        if trigger is None:
            raise Refused("gone", _("这份预案已经不在了，请刷新后再看。"), status=404)
        if trigger.undone_at:
            return trigger
        now = clock.now()
        if trigger.item and (trigger.item.finished_at or event.is_over(now)):
            title = trigger.item.title
            raise Refused("over", _("“%(title)s”已经结束，不再改回。") % {"title": title})
        trigger.undone_at = now
        trigger.save(update_fields=["undone_at"])
        audit.record("undo_plan_b", trigger, by=by, event_id=event.pk)
        if trigger.item:
            _restore(event, trigger, by)
        live.publish(event, "control")
        return trigger


def _restore(event, trigger, by):
    item = trigger.item
    became = item.title
    for name, value in trigger.before.items():
        setattr(item, name, value)
    if item.speaker_id and not event.speakers.filter(pk=item.speaker_id).exists():
        item.speaker_id = None
    item.save(update_fields=list(trigger.before))
    with override(LANGUAGE):
        sentence = _("流程恢复原样：“%(title)s”照常进行。") % {"title": item.title}
        if became != item.title:
            sentence = _("“%(became)s”改回“%(title)s”，时间不变。") % {
                "became": became,
                "title": item.title,
            }
    _tell(event, Change(f"plan-b-{trigger.pk}-undone", sentence, item.pk, AS_PLANNED), by)
