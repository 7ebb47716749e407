"""Who may contribute, and what was typed: shared by everything that comes from a phone."""

from django.utils.translation import gettext_lazy as _

from participants.models import Participant
from salon.errors import Refused
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


def same_author(row, person):
    """A client id belongs to the person who first sent it. Raises Refused("foreign", 422)."""
    if row.participant_id != person.pk:
        raise Refused("foreign", _("这次提交的编号已被用过，请刷新页面再发。"), status=422)
    return row
