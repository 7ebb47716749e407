"""The icebreaker: one minute, one tip a group, the first three groups win the toolkit. SALON §4."""

from datetime import timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from events.gate import BELL, pass_gate
from events.models import Event, Kind
from participants.models import TagCard
from salon import audit, clock, live
from salon.errors import Refused
from workshops.models import Icebreaker, Tip
from workshops.taking_part import require_presence, said

TEXT_LENGTH = 200
SECONDS = 60


def standing(event):
    """The icebreaker with `.now`, `.running` and `.placed` (tips in order, each with `.wins` and
    `.said`, its text if others may read it: a place stays won), or None before the host has
    started it."""
    row = Icebreaker.objects.filter(event=event).first()
    if row is not None:
        row.now = clock.now()
        row.running = row.ends_at > row.now
        row.placed = list(row.tips.select_related("interest_group").order_by("place"))
        for tip in row.placed:
            tip.wins = tip.place <= row.winners
            tip.said = tip.text if tip.is_shown else ""
    return row


def group_of(person):
    """The interest group the person types for, or None."""
    card = TagCard.objects.filter(participant=person).select_related("interest_group").first()
    group = card and card.interest_group
    return (group.merged_into or group) if group else None


def start(*, event, by, seconds=SECONDS):
    """Start the minute. Again while nobody has finished begins anew; with tips it is refused."""
    if not 10 <= seconds <= 600:
        raise Refused("seconds", _("时长请填 10 到 600 秒。"), status=400)
    with transaction.atomic():
        Event.objects.select_for_update(no_key=True).get(pk=event.pk)
        row = Icebreaker.objects.select_for_update().filter(event=event).first()
        if row and row.tips.exists():
            raise Refused("done", _("这一轮已经有小组交卷，名次已记下。"))
        now = clock.now()
        row, _created = Icebreaker.objects.update_or_create(
            event=event,
            defaults={"started_at": now, "ends_at": now + timedelta(seconds=seconds)},
        )
        audit.record("start_icebreaker", row, by=by)
        live.publish(event, "icebreaker", "icebreaker-bell")
    return row


def finish(*, person, text):
    """Hand in the group's tip; the order of arrival at the database is the order of finishing.

    Raises Refused: "not_taking_part", "not_here", "no_group", "closed", "taken" (somebody of the
    group was quicker), "empty", "too_long".
    """
    require_presence(person)
    text = said(text, TEXT_LENGTH)
    group = group_of(person)
    if group is None:
        raise Refused("no_group", _("您还没有兴趣小组，请先填好标签卡。"))
    with transaction.atomic():
        # Locked: two groups that finish in the same instant get two places.
        row = Icebreaker.objects.select_for_update().filter(event=person.event_id).first()
        now = clock.now()
        if row is None or now >= row.ends_at:
            raise Refused("closed", _("还没有开始，或者时间到了。您写的还在输入框里。"))
        earlier = row.tips.filter(interest_group=group).first()
        if earlier is not None:
            if earlier.participant_id == person.pk and earlier.text == text:
                return earlier
            raise Refused("taken", _taken(earlier))
        tip = Tip.objects.create(
            icebreaker=row,
            interest_group=group,
            participant=person,
            text=text,
            finished_at=now,
            place=row.tips.count() + 1,
            **pass_gate(person.event, Kind.TIP, text),
        )
        live.publish(person.event, "icebreaker", "icebreaker-bell", BELL)
    return tip


def _taken(tip):
    if not tip.is_shown:
        return _("你们组已经交卷了。")
    return _("你们组已经交卷了：“%(text)s”") % {"text": tip.text}
