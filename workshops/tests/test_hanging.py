"""What hangs on the projector fits there."""

from types import SimpleNamespace

from hypothesis import given
from hypothesis import strategies as st

from workshops import hanging


def card(text, solutions=()):
    return SimpleNamespace(text=text, shown=[SimpleNamespace(text=each) for each in solutions])


TEXTS = st.text(st.sampled_from("新人进群不说话abc 12，。"), min_size=1, max_size=200)
CARDS = st.lists(st.builds(card, TEXTS, st.lists(TEXTS, max_size=4)), max_size=60)


@given(CARDS)
def test_no_column_is_higher_than_the_wall_and_no_card_is_lost(cards):
    hung = hanging.hang(cards)
    density = next(each for each in hanging.DENSITIES if each.word == hung.density)
    for column in hung.columns:
        assert sum(hanging.height_of(each, density) for each in column) <= hanging.HEIGHT
    assert sum(map(len, hung.columns)) + hung.more == len(cards)


@given(CARDS)
def test_only_the_smallest_letters_leave_cards_to_the_phones(cards):
    hung = hanging.hang(cards)
    assert hung.more == 0 or hung.density == hanging.DENSITIES[-1].word


def test_few_cards_hang_large_and_many_small():
    assert hanging.hang([card("没人打卡")]).density == "roomy"
    assert hanging.hang([card("没人打卡", ["破冰"])] * 12).density == "full"


def test_an_empty_wall_is_no_trouble():
    assert hanging.hang([]).more == 0
