"""The phases of the workshop: design, review, vote. The database's clock opens and closes them."""

from datetime import timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from salon import audit, clock, live
from salon.errors import Refused
from workshops.models import Award, Phase, VoteCount

MOST_MINUTES = 180


def phase_of(event, kind):
    return event.phases.filter(kind=kind).first()


def open_phase(event, kind):
    """A queryset of the phase if it is open by the database's clock, else empty."""
    return event.phases.filter(
        kind=kind,
        started_at__lte=clock.database_now(),
        ends_at__gt=clock.database_now(),
    )


def has_begun(event, kind):
    return event.phases.filter(kind=kind, started_at__isnull=False).exists()


def is_open(event, kind):
    return open_phase(event, kind).exists()


def board(event):
    """All phases in order with `.state`: "todo", "running" or "over", and `.now`."""
    now = clock.now()
    phases = list(event.phases.all())
    for phase in phases:
        phase.now = now
        if phase.started_at is None:
            phase.state = "todo"
        else:
            phase.state = "running" if phase.ends_at > now else "over"
    return phases


def start_phase(*, phase, by, minutes=None):
    """Start the countdown of a phase; one that runs already goes on unchanged.

    A phase that is over starts again, with its full time. Raises Refused("counted") for a vote
    whose result is out, Refused("no_groups") for one without published groups.
    """
    with transaction.atomic():
        phase = _lock(phase)
        now = clock.now()
        if phase.started_at and phase.ends_at > now:
            return phase
        if phase.kind == Phase.Kind.VOTE:
            _set_up_counters(phase.event)
        phase.started_at = now
        phase.ends_at = now + timedelta(minutes=_minutes(minutes or phase.minutes))
        phase.save(update_fields=["started_at", "ends_at"])
        audit.record("start_phase", phase, by=by, fields=["started_at", "ends_at"])
        _tell(phase.event)
    return phase


def extend_phase(*, phase, minutes, by):
    """Add minutes to a running phase. Raises Refused("not_running")."""
    with transaction.atomic():
        phase = _lock(phase)
        if not (phase.started_at and phase.ends_at > clock.now()):
            raise Refused("not_running", _("这个阶段没有在进行。"))
        phase.ends_at += timedelta(minutes=_minutes(minutes))
        phase.save(update_fields=["ends_at"])
        audit.record("extend_phase", phase, by=by, fields=["ends_at"])
        _tell(phase.event)
    return phase


def end_phase(*, phase, by):
    """0:00 now. One that does not run stays as it is."""
    with transaction.atomic():
        phase = _lock(phase)
        now = clock.now()
        if phase.started_at and phase.ends_at > now:
            phase.ends_at = now
            phase.save(update_fields=["ends_at"])
            audit.record("end_phase", phase, by=by, fields=["ends_at"])
            _tell(phase.event)
    return phase


def _lock(phase):
    return Phase.objects.select_for_update(of=("self",)).select_related("event").get(pk=phase.pk)


def _tell(event):
    live.publish(event, "workshop", "plans", "control")


def _minutes(minutes):
    if not 1 <= minutes <= MOST_MINUTES:
        raise Refused("minutes", _("分钟数请填 1 到 180。"), status=400)
    return minutes


def _set_up_counters(event):
    """One counter for each group and award, made before anybody votes: rows made by the votes
    themselves would tell by their order who voted first for whom."""
    if event.awards.filter(closed_at__isnull=False).exists():
        raise Refused("counted", _("投票结果已经公布，不能再开一次。"))
    groups = list(event.work_groups.filter(published_at__isnull=False))
    if not groups:
        raise Refused("no_groups", _("还没有公布分组，没有可投的方案。"))
    VoteCount.objects.bulk_create(
        (
            VoteCount(award=award, group=group)
            for award in Award.objects.filter(event=event)
            for group in groups
        ),
        ignore_conflicts=True,
    )
