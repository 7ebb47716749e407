"""How others know a person: the name, and beside it the organisation, at the gate.

Whom an organiser decided on, who was imported, and who was written down at the desk has been looked
at. Whoever changes their name after that is called as before until somebody has looked.
"""

from events.gate import pass_gate
from events.models import Gate, Kind
from participants.models import Participant

Status = Participant.Status
NOT_DECIDED = (Status.SUBMITTED, Status.PHONE_SCREENING)
# What of somebody's answers others may come to see.
SEEN_BY_OTHERS = frozenset({"name", "organisation", "expertise", "pain_points"})


def at_the_gate(event, row, *, seen, now):
    """The gate's columns for a new application with these answers."""
    names = [row["name"]]
    return pass_gate(event, Kind.NAME, row["organisation"], names=names, seen=seen, now=now)


def after_edit(person, *, was, changed, by_crew, now):
    """Let a person whose answers have changed stand at the gate as they may. `was` is the row as
    it was, `changed` the names of the answers; `person` is not saved here."""
    if by_crew:
        if person.gate != Gate.HIDDEN:
            person.settle(Gate.SHOWN, now=now)
            person.gate_word = ""
    elif changed & {"name", "organisation"}:
        _come_anew(person, was, now)
    elif changed & SEEN_BY_OTHERS:
        # The name is the one that was read; the other answers are not.
        person.gate_seen_at = None


def _come_anew(person, was, now):
    known = was.shown_name
    stand = pass_gate(
        person.event, Kind.NAME, person.organisation, names=[person.name], was=was, now=now
    )
    if person.name != known and _is_known(was):
        stand["gate"] = Gate.WAITING
    stand["name_before"] = known if stand["gate"] == Gate.WAITING else ""
    for name, value in stand.items():
        setattr(person, name, value)


def _is_known(person):
    return person.gate_seen_at is not None or person.status not in NOT_DECIDED


def has_been_read(person, *texts):
    """Whether the texts are answers of theirs, as somebody of the crew has looked at them."""
    if person.gate_seen_at is None:
        return False
    answers = {"", *person.expertise, *person.pain_points.values_list("text", flat=True)}
    return answers.issuperset(texts)
