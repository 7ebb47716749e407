"""Thirty days later: what became of the communities of those who came."""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from metrics.models import FollowUp, SurveyTicket
from metrics.surveys import FOLLOW_UP
from participants.standing import hold
from salon import audit, clock
from salon.errors import Refused


def opens_at(event):
    return event.over_at + FOLLOW_UP


def was_asked(person):
    return SurveyTicket.objects.filter(survey__event=person.event, participant=person).exists()


def may_answer(*, person, now):
    """Those who came and were asked, from the thirtieth day on; they may correct it later."""
    return now >= opens_at(person.event) and was_asked(person)


def answer(*, person, active_rate, note):
    """Keep the person's answer: `active_rate` in percent. The same person again corrects it.

    Raises Refused("not_yet").
    """
    with transaction.atomic():
        hold(person)
        now = clock.now()
        if not may_answer(person=person, now=now):
            raise Refused("not_yet", _("回访在活动结束 30 天后开放给到场的朋友。"))
        given, _made = FollowUp.objects.update_or_create(
            participant=person,
            defaults={"active_rate": active_rate, "note": note, "answered_at": now},
        )
        audit.record(
            "answer_follow_up",
            given,
            by=person,
            event_id=person.event_id,
            fields=["active_rate", "note"],
        )
    return given
