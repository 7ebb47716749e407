"""Moving an afternoon about, without a database."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events import timetable
from events.timetable import How, Slot
from salon.errors import Refused

NOON = datetime(2026, 12, 19, 12, tzinfo=UTC)


def afternoon(*rows):
    """`afternoon(("talk", 0, 60), …)`: kind, start and end in minutes after noon."""
    return [
        Slot(
            id=number,
            title=f"{kind} {number}",
            kind=kind,
            starts_at=NOON + timedelta(minutes=start),
            ends_at=NOON + timedelta(minutes=end),
        )
        for number, (kind, start, end) in enumerate(rows, 1)
    ]


def minutes(slots):
    return [
        tuple((t - NOON) // timedelta(minutes=1) for t in (slot.starts_at, slot.ends_at))
        for slot in slots
    ]


def test_what_follows_moves_along_and_a_gap_is_used_up_first():
    slots = afternoon(("opening", 0, 20), ("talk", 20, 80), ("break", 85, 115), ("talk", 115, 175))
    later = timetable.extend(slots, which=1, minutes=15, how=How.ALONG)
    assert minutes(later) == [(0, 35), (35, 95), (95, 125), (125, 185)]


def test_the_next_break_gives_way_and_what_comes_after_it_stays():
    slots = afternoon(("opening", 0, 20), ("talk", 20, 80), ("break", 80, 110), ("talk", 110, 170))
    later = timetable.extend(slots, which=1, minutes=10, how=How.BREAK)
    assert minutes(later) == [(0, 30), (30, 90), (90, 110), (110, 170)]


def test_a_break_is_never_squeezed_below_five_minutes():
    slots = afternoon(("talk", 0, 60), ("break", 60, 90))
    assert minutes(timetable.extend(slots, which=1, minutes=25, how=How.BREAK))[1] == (85, 90)
    with pytest.raises(Refused) as refused:
        timetable.extend(slots, which=1, minutes=26, how=How.BREAK)
    assert refused.value.code == "break_too_short"
    assert "25" in str(refused.value)


def test_without_a_break_ahead_nothing_can_be_shortened():
    slots = afternoon(("break", 0, 30), ("talk", 30, 90))
    with pytest.raises(Refused) as refused:
        timetable.extend(slots, which=2, minutes=5, how=How.BREAK)
    assert refused.value.code == "no_break"


def test_gaps_and_overlaps_are_named():
    slots = afternoon(("talk", 0, 60), ("break", 70, 90), ("talk", 85, 120))
    assert [gap.minutes for gap in timetable.gaps(slots)] == [10]
    assert [(a.id, b.id) for a, b in timetable.overlaps(slots)] == [(2, 3)]


def test_the_share_is_met_exactly_at_its_target_and_unknown_without_an_agenda():
    slots = afternoon(("talk", 0, 40), ("workshop", 40, 100))
    slots = [replace(slot, interactive=slot.kind == "workshop") for slot in slots]
    share = timetable.interactive_share(slots, target_percent=60)
    assert (share.interactive, share.total, share.percent, share.met) == (60, 100, 60, True)
    assert timetable.interactive_share(slots, target_percent=61).met is False
    nothing = timetable.interactive_share([], target_percent=60)
    assert (nothing.percent, nothing.met) == (None, None)


@given(
    lengths=st.lists(
        st.tuples(st.sampled_from(["talk", "break"]), st.integers(0, 30), st.integers(5, 90)),
        min_size=1,
        max_size=12,
    ),
    data=st.data(),
)
def test_an_extension_never_overlaps_never_reorders_and_keeps_every_length(lengths, data):
    rows, end = [], 0
    for kind, gap, length in lengths:
        rows.append((kind, end + gap, end + gap + length))
        end += gap + length
    slots = afternoon(*rows)
    which = data.draw(st.integers(1, len(slots)))
    by = data.draw(st.integers(1, 120))
    how = data.draw(st.sampled_from(How.values))
    try:
        later = timetable.extend(slots, which=which, minutes=by, how=how)
    except Refused:
        assert how == How.BREAK
        return
    assert timetable.overlaps(later) == []
    assert [slot.id for slot in later] == [slot.id for slot in slots]
    assert later[: which - 1] == slots[: which - 1]
    changed = [(a, b) for a, b in zip(slots, later, strict=True) if a.length != b.length]
    longer = [(a, b) for a, b in changed if b.length > a.length]
    assert [(a.id, b.minutes - a.minutes) for a, b in longer] == [(which, by)]
    shorter = [(a, b) for a, b in changed if b.length < a.length]
    assert len(shorter) <= 1
    for old, new in shorter:
        assert how == How.BREAK
        assert (new.kind, new.ends_at) == ("break", old.ends_at)
        assert new.length >= timetable.SHORTEST_BREAK
