"""Who may contribute, and what was typed: shared by everything that comes from a phone.

Whoever confirmed may prepare: pains, solutions, questions, what they offer and need. What counts
heads or moves the room (likes, upvotes, danmaku, tips, votes) is for those who came.
"""

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from participants.models import Participant
from participants.standing import hold
from salon import limits, live
from salon.errors import Refused, refusal_of
from salon.text import clean_text


def can_take_part(person):
    """Confirmed people do, in the room and on the stream alike; also after the event."""
    return person.status == Participant.Status.CONFIRMED


def require_part(person):
    if not can_take_part(person):
        raise Refused(
            "not_taking_part",
            _("这里给已确认参加的人用。请先在您的页面上确认参加。"),
            status=403,
        )


def has_come(person):
    """In the room: checked in. On the stream taking part is coming, there is no door to pass."""
    return person.online or person.check_ins.filter(voided_at=None).exists()


def require_presence(person):
    """Raises Refused("not_taking_part" | "not_here", 403)."""
    require_part(person)
    if not has_come(person):
        raise Refused(
            "not_here",
            _("您还没有签到。先到签到台签到，就能点赞、发弹幕、投票。"),
            status=403,
        )


def standing_of(person):
    """What every phone page of this room asks first, for its template."""
    part = can_take_part(person)
    return {"can_take_part": part, "is_here": part and has_come(person)}


def said(text, length, *, multiline=False):
    """The cleaned text. Raises Refused("empty" | "too_long", 400)."""
    text = clean_text(text, multiline=multiline)
    if not text:
        raise Refused("empty", _("还没有写内容。"), status=400)
    if len(text) > length:
        raise Refused(
            "too_long",
            _("最多 %(length)d 个字，现在 %(now)d 个字，请再精简一些。")
            % {"length": length, "now": len(text)},
            status=400,
        )
    return text


def sent_once(model, *, person, client_id, pace, topics, at_rest, **fields):
    """The row that a phone's post makes; the same `client_id` again answers with that row.

    With other words it is its author who added something while the first answer was lost: the row
    says it from now on, as long as nobody else has done anything with it. `at_rest` is the Q of
    such rows. `pace` is (name, times, seconds), counted only for what is new; `topics` are rung.
    The unique index decides, so a post is one insert and not a look before it. Raises
    Refused("too_often" | "foreign"), Refused("answered", 422) for other words too late.
    """
    name, times, seconds = pace

    def count():
        limits.require(f"{name}:{person.pk}", times=times, seconds=seconds)
        live.publish(person.event, *topics)

    try:
        with transaction.atomic():
            row = model.objects.create(participant=person, client_id=client_id, **fields)
            count()
    except IntegrityError as error:
        if refusal := refusal_of(error):
            raise refusal from None
        with transaction.atomic():
            hold(person)
            # The lock keeps a like or an answer from coming in between the look and the change.
            row = model.objects.select_for_update(no_key=True).filter(client_id=client_id).first()
            if row is None:
                raise
            _require_same_author(row, person)
            if not _says(row, fields):
                _bring_up_to_date(row, at_rest, fields)
                count()
    return row


def _says(row, fields):
    """Text and kind are the person's; the rest follows from them or from the hour."""
    return all(getattr(row, name) == fields[name] for name in ("text", "kind") if name in fields)


def _bring_up_to_date(row, at_rest, fields):
    if not type(row).objects.filter(at_rest, pk=row.pk).exists():
        raise Refused(
            "answered",
            _("前面那条已经发出，也有人回应了，不再改动。您写的字还在，再发一次会成为新的一条。"),
            status=422,
        )
    for name, value in fields.items():
        setattr(row, name, value)
    row.save(update_fields=list(fields))


def _require_same_author(row, person):
    """A client id belongs to the person who first sent it."""
    if row.participant_id != person.pk:
        raise Refused("foreign", _("这次提交的编号已被用过，请刷新页面再发。"), status=422)
