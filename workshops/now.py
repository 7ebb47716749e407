"""What is on now for one person: the running part of the agenda, and what they can do in it."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from events import agenda
from events.models import AgendaItem
from events.upstairs import gather
from salon import clock
from workshops import exchange, groups, icebreaker, judging, phases, upstairs
from workshops.models import Phase

Kind = AgendaItem.Kind


@dataclass(frozen=True)
class Door:
    """One tap. `name` is a URL name; `note` a few words of state; `urgent` asks for a hand."""

    name: str
    label: str
    note: str = ""
    urgent: bool = False


# What belongs to a part of the agenda, first thing first.
FITTING = {
    Kind.CHECK_IN: ("me_card", "me_icebreaker", "me_pains"),
    Kind.OPENING: ("me_questions", "me_pains"),
    Kind.TALK: ("me_questions", "me_pains"),
    Kind.BREAK: ("me_exchange", "me_pains"),
    Kind.WORKSHOP: ("me_group", "me_vote"),
    Kind.ROUNDTABLE: ("me_questions", "me_vote"),
}


@dataclass(frozen=True)
class Now:
    """`first` is the door that fits best at this moment, `doors` all of them."""

    programme: object
    at: object
    first: Door
    doors: tuple


def now_for(person):
    """The person's way into everything, with what waits for them on top."""
    event, at = person.event, clock.now()
    programme = agenda.programme(event)
    board = phases.board(event)
    running = {phase.kind for phase in board if phase.state == "running"}
    doors = {door.name: door for door in _doors(person, running)}
    over = event.is_over(at)
    urgent = next((door for door in doors.values() if door.urgent), None)
    if urgent is None and over:
        urgent = next(iter(gather(upstairs.afterwards, person)), doors["me_given"])
    item = programme.current
    fitting = FITTING.get(item.kind, ()) if item else ("me_card",)
    first = urgent or next(doors[name] for name in (*fitting, "me_pains") if name in doors)
    return Now(programme, at, first, tuple(doors.values()))


def _doors(person, running):
    event = person.event
    group = groups.group_of(person)
    ice = icebreaker.standing(event)
    if ice and ice.running:
        mine = icebreaker.group_of(person)
        taken = mine and any(tip.interest_group_id == mine.pk for tip in ice.placed)
        yield Door("me_icebreaker", _("一分钟破冰"), _("计时中"), urgent=bool(mine and not taken))
    voting = Phase.Kind.VOTE in running
    if voting:
        left = sum(not ballot.voted for ballot in judging.ballots(person))
        note = _("还有 %(left)d 票没投") % {"left": left} if left else _("已投完")
        yield Door("me_vote", _("投票"), note, urgent=left > 0)
    designing = Phase.Kind.DESIGN in running
    name = group.name if group else _("等公布")
    yield Door("me_group", _("我的小组"), name, urgent=bool(group and designing))
    asked = sum(contact.state == "asked" for contact in exchange.contacts_of(person))
    note = _("%(asked)d 人想和您对接") % {"asked": asked} if asked else ""
    yield Door("me_exchange", _("资源对接"), note)
    yield Door("me_pains", _("痛点墙"))
    yield Door("me_questions", _("提问与弹幕"))
    yield Door("me_card", _("标签卡"))
    if not voting:
        yield Door("me_vote", _("投票"))
    yield Door("me_survey", _("问卷"))
    yield Door("me_given", _("我的贡献"))
