"""Letters to people: each kind composed from the rows as they are when it goes."""

import io
from dataclasses import replace
from functools import partial

import segno
from django.conf import settings
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from events import agenda, calendar_file, plan_b
from events.models import Event
from participants import consents, contacts, deadlines, letter_faces, notices, wording
from participants.keys import issue_link
from participants.models import Participant
from participants.standing import may_come_back, told_status
from salon import clock, outbox
from salon.channels import Letter
from salon.letter_kinds import NotYet, Urgency
from salon.models import Message

Status = Participant.Status

# Of which standing a letter speaks; gone on to another, nobody needs to hear it any more.
SPEAKS_OF = {
    "accepted": (Status.ACCEPTED,),
    "waitlisted": (Status.WAITLISTED,),
    "not_selected": (Status.NOT_SELECTED,),
    "offered": (Status.OFFERED,),
    "confirmed": (Status.CONFIRMED,),
    "seat_passed_on": (Status.WITHDRAWN,),
    "withdrawn": (Status.WITHDRAWN,),
    "cancelled": (Status.CANCELLED,),
    "unreached": (Status.CANCELLED,),
    "room_changed": Participant.SEATED,
    "t7": (Status.CONFIRMED,),
    "t1": (Status.CONFIRMED,),
    "morning": (Status.CONFIRMED,),
    "agenda_changed": (Status.CONFIRMED,),
    "event_moved": Participant.SEATED,
}
# On which a seat hangs: who cannot be written to is told by hand.
ABOUT_A_SEAT = {
    *("accepted", "offered", "waitlisted", "not_selected"),
    *("cancelled", "seat_passed_on", "event_moved"),
}
THE_CLOCK = {"when_handed_over": deadlines.start, "when_undone": deadlines.stop}
URGENCY = {
    "received": Urgency.ASKED_FOR,
    "link_again": Urgency.ASKED_FOR,
    "address_changed": Urgency.ASKED_FOR,
    "t7": Urgency.REMINDER,
    "t1": Urgency.REMINDER,
    "morning": Urgency.TODAY,
    "agenda_changed": Urgency.TODAY,
}
WITH_CALENDAR = ("confirmed", "event_moved")
TAKES_OUT_OF_THE_CALENDAR = ("withdrawn", "cancelled")
WITHOUT_FILES = (Message.Channel.SMS, Message.Channel.HAND)
# Wait for the link to the stream, where their reader watches it.
TELLS_OF_THE_STREAM = ("t1", "morning")
BEFORE_IT_BEGINS = ("t7", "t1", "morning", "event_moved")
# What a person typed, in a letter to a contact that nobody has shown to be theirs.
TO_A_STRANGER = {
    "姓名": wording.YOU,
    "称呼": wording.YOU,
    "痛点": "（写在您的个人页面上）",
}
AFTER_CALLED_OFF = ("cancelled", "withdrawn", "link_again", "address_changed")


def qr_text(person):
    """What the person's QR holds: their page with the six characters that the desk reads. It
    opens nothing without the person's own cookie, and opening it checks nobody in."""
    path = reverse("me", args=[person.event.slug])
    return f"{settings.PUBLIC_URL}{path}?k={person.code}"


def qr_png(person):
    out = io.BytesIO()
    segno.make(qr_text(person), error="m").save(out, kind="png", scale=8, border=3)
    return out.getvalue()


def compose(message):
    """The Letter of a message to a person; None when it has been overtaken."""
    person = (
        Participant.objects.present()
        .select_related("event", "category")
        .filter(pk=message.person_id)
        .first()
    )
    if person is None or person.status not in SPEAKS_OF.get(message.kind, Status.values):
        return None
    # A killed worker's letter comes up again, perhaps after the change it tells was undone.
    told = message.context.get("stands")
    if told and told != plan_b.stands(message.context["item"]):
        return None
    if message.kind == "received" and told_status(person) not in Participant.UNDECIDED:
        return None  # held so long that the answer came first
    called_off = person.event.status == Event.Status.CANCELLED
    if called_off and message.kind not in AFTER_CALLED_OFF:
        return None
    if message.kind in BEFORE_IT_BEGINS and agenda.has_begun(person.event, now=clock.now()):
        return None
    if message.kind in TELLS_OF_THE_STREAM and person.online and not person.event.stream_link:
        raise NotYet(_("直播链接还没有填，填好马上发。"))
    values = values_of(person, message)
    return written(
        person,
        message,
        values,
        link=lambda: settings.PUBLIC_URL + issue_link(participant=person, message=message),
    )


def written(person, message, values, *, link):
    """The Letter of a message to a person in the wording that is in force; `link` is what stands
    for their personal link, or makes it."""
    text = wording.of_event(person.event_id, message.kind)
    letter = Letter(
        to=person.mobile if message.channel == Message.Channel.SMS else person.email,
        subject=wording.fill(text.subject, values),
        text=wording.fill(text.body, values),
        values=values,
        attachments=_attachments(person, message.kind),
        secret={"link": link},
    )
    return with_a_face(letter, person, message)


def with_a_face(letter, person, message):
    """A letter to a person as a mail reader shows it, with the way to the event's notice below it,
    and out of this sort of news; neither an SMS nor a chat has room for any of it."""
    if message.channel in WITHOUT_FILES:
        return replace(letter, attachments=())
    face = letter_faces.face_of(person, message.kind, attached=letter.attachments)
    foot, secret = f"个人信息怎么处理：{notices.link(person.event)}", letter.secret
    if face.stop:
        foot, secret = f"不想再收到这类通知：{{{{stop}}}}\n{foot}", secret | {"stop": face.stop}
    return replace(
        letter,
        text=f"{letter.text}\n\n{foot}",
        secret=secret,
        reply_to=letter_faces.reply_to(person.event),
        face=face,
    )


for _kind in wording.DEFAULT:
    outbox.letter(
        _kind,
        wording.DEFAULT[_kind].label,
        about_a_seat=_kind in ABOUT_A_SEAT,
        **(THE_CLOCK if _kind in deadlines.ANSWERED_BY_CONFIRMING else {}),
        urgency=URGENCY.get(_kind, Urgency.SEAT),
    )(compose)


def values_of(person, message):
    """What each field of a wording holds for this person and message; what takes a query of its own
    is a callable, for the wordings that ask for it.

    To a contact that is not proven nothing goes that the person typed: anybody may type anybody's
    address, and words for them beside it.
    """
    event = person.event
    starts = event.local(event.starts_at)
    deadline = deadlines.shown(person, clock.now())
    until = date_format(event.local(deadline), "n月j日 H:i") if deadline else ""
    values = {
        "姓名": person.name,
        "称呼": person.name,
        "活动": event.title,
        "日期": date_format(starts, "Y年n月j日"),
        "星期": date_format(starts, "l"),
        "时间": f"{starts:%H:%M}",
        "倒计时": how_far(event, clock.now()),
        "地点": event.venue,
        "路线": "" if person.online else event.route,
        "参加方式": "线上参加" if person.online else "现场参加",
        "怎么参加": how_to_come(person),
        "流程": partial(agenda_text, event),
        "痛点": partial(pains_text, person),
        "签到码": person.code,
        "入场": partial(how_to_get_in, person, message),
        "现状": partial(where_they_stand, person),
        "截止时间": until,
        "理由": partial(_reason, person, message),
        "变化": _change(event, message, until),
        "个人链接": "{{link}}",
        "授权": partial(consents.invited_under, person),
        "活动页": settings.PUBLIC_URL + event.get_absolute_url(),
    }
    known = contacts.is_proven(person, contacts.contact_of(message.channel))
    return values if known else values | TO_A_STRANGER


NEAR = {0: "今天", 1: "明天", 2: "后天", 7: "还有一周"}


def how_far(event, now):
    """How far off the event is, as one says it on the day the letter goes."""
    days = (event.local(event.starts_at).date() - event.local(now).date()).days
    return NEAR.get(max(days, 0), f"还有 {days} 天")


def how_to_come(person):
    event = person.event
    if not person.online:
        return f"地点：{event.venue}" if event.venue else "地点：另行通知"
    return f"直播：{event.stream_link}" if event.stream_link else "直播链接会放在您的个人页面上。"


def how_to_get_in(person, message):
    """What opens the door, or the stream, to this reader of this letter: nothing is named that is
    not attached."""
    attached = () if message.channel in WITHOUT_FILES else _attachments(person, message.kind)
    names = {filename for filename, _content, _mimetype in attached}
    if person.online:
        words = "开播时间一到，打开上面的链接，或在个人页面点进直播。"
        return words + ("附件里有日历文件。" if "salon.ics" in names else "")
    if f"{person.code}.png" not in names:
        return f"签到码：{person.code}\n进门时念这六位就行，二维码在您的个人页面上。"
    files = "二维码和日历文件" if "salon.ics" in names else "二维码"
    return f"签到码：{person.code}\n附件里有{files}；进门时出示二维码，或念这六位就行。"


def where_they_stand(person):
    """For who fills in the form once more: what became of the first time, and how to come back."""
    told, event = told_status(person), person.event
    again = "还想来，打开下面的链接，点“重新报名”就好。"
    if told == Status.WITHDRAWN and person.told_reason:
        return f"{person.told_reason}{again}"
    if told == Status.WITHDRAWN:
        day = date_format(event.local(person.status_changed_at), "n月j日")
        return f"您在{day}取消了这份报名。{again}"
    if told == Status.CANCELLED and may_come_back(person):
        return f"{person.told_reason}{again}"
    if told == Status.CANCELLED:
        return "这份报名由主办方取消了，打开下面的链接能看到原因；还想来，请直接联系主办方。"
    if told == Status.NOT_SELECTED:
        return "这份报名这一次没能入选，打开下面的链接能看到原因；想再争取，请直接联系主办方。"
    return "不用重填，原来的报名还在，用下面的链接就能查看和修改。"


def agenda_text(event):
    return "\n".join(
        f"{event.local(item.starts_at):%H:%M} {item.title}" for item in event.agenda.all()
    )


def pains_text(person):
    return "\n".join(f"· {point.text}" for point in person.pain_points.all()) or "（还没有写）"


def _reason(person, message):
    """The reason that the person is told, in the letter that tells of it and after; until then what
    comes next."""
    told = person.status if message.kind in SPEAKS_OF else told_status(person)
    if told == person.status and person.told_reason:
        return person.told_reason
    if told == Status.WAITLISTED:
        return "现在名额已满或报名已截止，您先排在候补名单上，有人让出名额时我们马上写信告诉您。"
    return "我们会尽快审核，有结果写信告诉您，也可能先给您打个电话聊几分钟。"


def _change(event, message, until):
    if message.kind == "event_moved":
        starts = event.local(event.starts_at)
        change = f"新的时间：{date_format(starts, 'Y年n月j日 l')} {starts:%H:%M}"
        if until:
            change += f"\n\n您还没有确认：请在 {until} 前打开个人页面点“确认参加”，逾期名额会让给候补的朋友。"
        return change
    return message.context.get("change", "")


def _attachments(person, kind):
    found = []
    if kind in letter_faces.WITH_QR and not person.online:
        found.append((f"{person.code}.png", partial(qr_png, person), "image/png"))
    off = kind in TAKES_OUT_OF_THE_CALENDAR and _had_a_calendar(person)
    if kind in WITH_CALENDAR or off:
        url = settings.PUBLIC_URL + person.event.get_absolute_url()
        calendar = partial(
            calendar_file.calendar_of,
            person.event,
            url=url,
            now=clock.now(),
            watches=person.online and person.status == Status.CONFIRMED,
            step=person.status_changes.count() if person.pk else 0,
            off=off,
            organiser=letter_faces.reply_to(person.event) if off else "",
        )
        kind_of_file = "text/calendar; method=CANCEL" if off else "text/calendar"
        found.append(("salon.ics", calendar, kind_of_file))
    return tuple(found)


def _had_a_calendar(person):
    """Whether the letter that confirms, with the file in it, has been theirs."""
    confirmed = Status.CONFIRMED
    return person.pk is not None and person.status_changes.filter(after=confirmed).exists()
