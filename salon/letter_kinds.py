"""What the house says: one entry for each kind of letter, registered by the room that writes it.

Whoever asks how letters of a kind behave asks here; nobody keeps a list of kinds beside it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from salon.channels import Letter, tidy
from salon.errors import Refused
from salon.models import Message


class Urgency(IntEnum):
    """Who goes first when not all letters can go at once."""

    ASKED_FOR = 1  # a link or a code that somebody sits and waits for
    TODAY = 2
    SEAT = 3
    REMINDER = 4
    NEWS = 5


class NotYet(Refused):
    """Raised by `compose`: something that the letter tells of is not there yet. It waits, and goes
    once it is."""

    def __init__(self, sentence: str):
        super().__init__("not_yet", sentence)


def _nothing(message: Message, at: datetime) -> None:
    pass


@dataclass(frozen=True)
class Kind:
    """How the letters of one kind behave.

    `compose(message)` is called when a letter goes, in Chinese, outside any transaction. It answers
    None when nobody needs to hear this any more (they have answered, withdrawn, been erased): the
    letter is cancelled. Refused means that it cannot go, with the reason; NotYet, that it waits.

    `about_a_seat`: somebody's seat hangs on hearing this. Where the house has no channel to them,
    such a letter is to be told by hand (`by_hand`, until somebody says that it was); any other is
    news, which ends as `no_channel`.

    `when_handed_over(message, at)` starts what runs from the moment that they have been told, in
    the transaction that notes it, before the message's own row is written; `when_undone` takes that
    back, after a bounce.
    """

    key: str
    label: str  # lazy or plain: what organisers call it
    compose: Callable[[Message], Letter | None]
    about_a_seat: bool = False
    urgency: Urgency = Urgency.NEWS
    when_handed_over: Callable[[Message, datetime], None] = _nothing
    when_undone: Callable[[Message, datetime], None] = _nothing


KINDS: dict[str, Kind] = {}


def register(kind: Kind) -> None:
    """A module that registers kinds is imported in its AppConfig.ready."""
    if kind.key in KINDS:
        raise ValueError(f"two composers for {kind.key!r}")
    KINDS[kind.key] = kind


def letter(key: str, label: str = "", **columns):
    """Register the decorated function as `compose` of a kind; `columns` as those of Kind."""

    def registered(compose):
        register(Kind(key, label, compose, **columns))
        return compose

    return registered


def of(key: str) -> Kind | None:
    """None for a kind that nobody writes any more, of which there may be old rows."""
    return KINDS.get(key)


def label_of(key: str) -> str:
    kind = KINDS.get(key)
    return str((kind and kind.label) or key)


def about_a_seat() -> list[str]:
    """The keys of the kinds on which seats hang."""
    return [kind.key for kind in KINDS.values() if kind.about_a_seat]


def compose(message: Message) -> Letter | None:
    """The letter as it would go now, tidied. Raises Refused like its kind."""
    kind = KINDS.get(message.kind)
    if kind is None:
        raise Refused("no_composer", _("这类消息已不再使用。"))
    # The worker's language, not that of whoever happens to look.
    with translation.override(settings.LANGUAGE_CODE):
        draft = kind.compose(message)
        return None if draft is None else tidy(draft, message.kind)
