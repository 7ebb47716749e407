"""What letters to people show beside their words: the day, one button, the QR, whom a reply reaches.

Rooms above add what their kinds of letter show to BUTTONS and NEWS.
"""

import re

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events.models import Crew, Event
from participants import consents, notices
from participants.models import Participant
from salon import clock, news
from salon.letter_face import Day, Face

# What the one button says; the others open the own page.
OWN_PAGE = gettext_lazy("打开我的页面")
BUTTONS = {
    "accepted": gettext_lazy("去确认参加"),
    "offered": gettext_lazy("去确认参加"),
    "not_selected": gettext_lazy("看我的报名"),
    "seat_passed_on": gettext_lazy("重新报名"),
}
# Letters of somebody who is to come, or may.
WITH_DAY = {
    *("received", "accepted", "offered", "confirmed", "room_changed", "event_moved"),
    *("t7", "t1", "morning", "agenda_changed"),
}
WITH_QR = {"confirmed", "t1", "morning"}
# Not about a seat: which sort of news each is, for the click that ends it.
INVITATIONS, QUESTIONS = "invitations", "questions"
NEWS = {}


def face_of(person: Participant, kind: str, *, attached=()) -> Face:
    """`attached` are the letter's attachments: a QR among them is shown."""
    event, code = person.event, f"{person.code}.png"
    shows_qr = any(name == code for name, *_rest in attached)
    return Face(
        title=event.title,
        day=day_of(person) if kind in WITH_DAY else None,
        button=str(BUTTONS.get(kind, OWN_PAGE)),
        shown=code if shows_qr else "",
        caption=_("签到码 %(code)s") % {"code": person.code} if shows_qr else "",
        stop=news.address(NEWS[kind], person.pk) if kind in NEWS and person.pk else "",
    )


def day_of(person: Participant) -> Day:
    event = person.event
    starts = event.local(event.starts_at)
    return Day(
        number=f"{starts.day}",
        month=date_format(starts, "F"),
        weekday=date_format(starts, "l"),
        time=f"{starts:%H:%M}",
        place=_("线上") if person.online else event.venue,
    )


def reply_to(event: Event) -> str:
    """Whom an answer to a letter reaches: the address that the notice of the event names, else an
    organiser of its crew; "" when nobody can be reached."""
    for written in (notices.terms_of(event).contact, settings.HANDLER_CONTACT):
        if found := _address_in(written):
            return found
    organisers = event.crew.filter(role=Crew.Role.ORGANISER, user__is_active=True)
    first = organisers.exclude(user__email="").select_related("user").order_by("pk").first()
    return first.user.email if first else ""


def _address_in(text: str) -> str:
    """The mail address in a line like 邮箱 hi@example.com，电话 021-…"""
    for word in re.split(r"[\s<>，。；：、,;:（）()]+", text):
        try:
            validate_email(word)
        except ValidationError:
            continue
        return word
    return ""


@news.stopped_by(INVITATIONS, gettext_lazy("新一期活动的邀请，和供需板上来了新人的提醒。"))
def stop_invitations(person_id: int) -> None:
    """Withdraws the consent that they go by."""
    person = Participant.objects.present().filter(pk=person_id).first()
    if person is not None:
        purpose = consents.purpose_of_invitations(person)
        consents.set_consent(participant=person, purpose=purpose, given=False, by=person)


@news.stopped_by(QUESTIONS, gettext_lazy("会后的问卷、提醒和回访。"))
def stop_questions(person_id: int) -> None:
    """The survey, its reminder and the question thirty days later."""
    people = Participant.objects.present().filter(pk=person_id, questions_stopped_at=None)
    people.update(questions_stopped_at=clock.database_now())
