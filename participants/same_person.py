"""Whether two sets of name, mobile and e-mail are one human: the same, to be asked, different.

Inside one event a human is a Participant, across a series somebody known by a proven contact, across
series nobody: there is no row for "the person". So whoever has to decide asks here, on plain
values: sign-up, importer, erasing, streams, the boards of a series, claims.

A contact that was only typed in proves nothing, or a stranger's form would find, merge, hide or
erase somebody else. What is shared then is asked: the contact itself, by a letter that goes there,
when nothing differs; an organiser, when something does.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from salon.text import name_key

SAME, ASK, DIFFERENT = "same", "ask", "different"
CONTACTS = ("mobile", "email")


@dataclass(frozen=True, slots=True)
class Known:
    """What one side says of itself. `mobile` in E.164, `email` in lower case, "" when unknown."""

    name: str = ""
    mobile: str = ""
    email: str = ""
    mobile_proven: bool = False
    email_proven: bool = False

    @classmethod
    def of(cls, person) -> "Known":
        """Of a Participant, or of anything else with the three; without a mark of proof, unproven."""
        return cls(
            person.name,
            person.mobile,
            person.email,
            getattr(person, "mobile_proven_at", None) is not None,
            getattr(person, "email_proven_at", None) is not None,
        )

    def proven(self) -> list[str]:
        return [
            value
            for value, is_proven in (
                (self.mobile, self.mobile_proven),
                (self.email, self.email_proven),
            )
            if value and is_proven
        ]


@dataclass(frozen=True, slots=True)
class Likeness:
    """`answer`: SAME, ASK or DIFFERENT. `shared`: the contacts ("mobile", "email") both have.
    `differs`: what the newcomer says otherwise ("name", "mobile", "email"), empty when they share
    no contact."""

    answer: str
    shared: tuple = ()
    differs: tuple = ()


def compare(known: Known, comer: Known) -> Likeness:
    """How two are alike.

    SAME: a contact that both have proven, under one name; another contact may have changed since.
    ASK: a contact in common, but not proven on one side, or under another name.
    """
    shared = tuple(name for name in CONTACTS if getattr(known, name) and _agree(known, comer, name))
    if not shared:
        return Likeness(DIFFERENT)
    differs = [name for name in CONTACTS if getattr(comer, name) and not _agree(known, comer, name)]
    if name_key(known.name) != name_key(comer.name):
        differs.insert(0, "name")
    answer = SAME if marks(known) & marks(comer) else ASK
    return Likeness(answer, shared, tuple(differs))


def _agree(known, comer, name):
    return getattr(known, name) == getattr(comer, name)


def marks(known: Known) -> frozenset:
    """What somebody is recognised by: two are SAME when they have a mark in common. For whoever
    compares many with many."""
    return frozenset((value, name_key(known.name)) for value in known.proven())


class HasContacts(Protocol):
    mobile: str
    email: str


class Directory:
    """Finds among people of one event who has a contact."""

    def __init__(self, people: Iterable[HasContacts]):
        self._by_contact = {}
        for person in people:
            for name in CONTACTS:
                if value := getattr(person, name):
                    self._by_contact[value] = person, name

    def find(self, entry: HasContacts):
        """The person who has the entry's mobile or e-mail, or None. Where it is two people, the
        one who has proven it, then the mobile's."""
        found = [
            self._by_contact[value]
            for value in (entry.mobile, entry.email)
            if value and value in self._by_contact
        ]
        found.sort(key=lambda one: not getattr(Known.of(one[0]), f"{one[1]}_proven"))
        return found[0][0] if found else None
