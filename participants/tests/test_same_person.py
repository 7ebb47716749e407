"""Two sets of name, mobile and e-mail: the same human, to be asked, different. No database."""

import itertools
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from participants.same_person import ASK, DIFFERENT, SAME, Directory, Known, compare, marks

LIN, MAIL = "+8613800138000", "lin@example.com"
lin = Known("林知夏", LIN, MAIL, mobile_proven=True, email_proven=True)


@pytest.mark.parametrize(
    ("comer", "answer", "shared", "differs"),
    [
        (Known("林知夏", LIN, MAIL, True, True), SAME, ("mobile", "email"), ()),
        # The other address has changed since: the proven mobile is hers all the same.
        (Known("林知夏", LIN, "new@example.com", True, True), SAME, ("mobile",), ("email",)),
        (Known(" 林知夏🌱", "", MAIL, email_proven=True), SAME, ("email",), ()),
        # Typed only: the contact is asked, by a letter that goes there.
        (Known("林知夏", LIN, ""), ASK, ("mobile",), ()),
        (Known("林知夏", LIN, "other@example.com"), ASK, ("mobile",), ("email",)),
        # A colleague behind the office's address, a stranger, an assistant with the boss's number.
        (Known("周晓", "", MAIL, email_proven=True), ASK, ("email",), ("name",)),
        (Known("周晓", LIN, "zhou@example.com"), ASK, ("mobile",), ("name", "email")),
        (Known("林知夏", "+8613900000000", "l@example.com", True, True), DIFFERENT, (), ()),
        (Known("林知夏"), DIFFERENT, (), ()),
    ],
)
def test_who_is_who(comer, answer, shared, differs):
    likeness = compare(lin, comer)
    assert (likeness.answer, likeness.shared, likeness.differs) == (answer, shared, differs)


def test_a_contact_that_only_one_of_them_has_proven_makes_nobody_the_same():
    squatter = Known("林知夏", LIN, "squatter@example.com", email_proven=True)
    assert compare(squatter, lin).answer == compare(lin, squatter).answer == ASK
    assert not marks(squatter) & marks(lin)


people = st.builds(
    Known,
    name=st.sampled_from(["林知夏", "周晓", ""]),
    mobile=st.sampled_from(["", LIN, "+8613900000000"]),
    email=st.sampled_from(["", MAIL, "zhou@example.com"]),
    mobile_proven=st.booleans(),
    email_proven=st.booleans(),
)


@given(people, people)
def test_the_answer_does_not_depend_on_who_is_asked_first(one, other):
    assert compare(one, other).answer == compare(other, one).answer
    assert set(compare(one, other).shared) == set(compare(other, one).shared)


@given(people, people)
def test_same_is_to_have_a_mark_in_common(one, other):
    assert (compare(one, other).answer == SAME) == bool(marks(one) & marks(other))


def test_without_any_proof_nobody_is_ever_the_same():
    typed = [
        Known(name, mobile, email)
        for name, mobile, email in itertools.product(["林", "周"], ["", LIN], ["", MAIL])
    ]
    assert all(compare(a, b).answer != SAME for a, b in itertools.product(typed, typed))


def test_of_two_people_whom_one_entry_names_the_one_who_has_proven_it_is_found():
    squatter = SimpleNamespace(name="冒名者", mobile=LIN, email="")
    owner = SimpleNamespace(name="林知夏", mobile="", email=MAIL)
    directory = Directory([squatter, owner])
    assert directory.find(Known("", LIN, MAIL)) is squatter
    owner.email_proven_at = "2026-11-01"
    assert directory.find(Known("", LIN, MAIL)) is owner
    assert directory.find(Known("林知夏", "", "")) is None
