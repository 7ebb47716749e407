"""Two files of the same people at the same instant: each person once, and neither file fails."""

import pytest

from participants import import_runs
from participants.models import Participant
from participants.tests import scenes
from participants.tests.test_importing import LIN, changed, read
from tests.races.test_two_desks import at_once

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

PEOPLE, ROUNDS = 150, 4


def file_of(first, *, backwards):
    rows = [
        changed(LIN, 姓名=f"导入{n}", 手机=f"139{n:08}", 邮箱=f"i{n}@example.com")
        for n in range(first, first + PEOPLE)
    ]
    return read(*(reversed(rows) if backwards else rows))


def test_two_files_in_opposite_order_make_everybody_once():
    salon = scenes.a_salon()
    for number in range(ROUNDS):
        first = number * PEOPLE
        files = [file_of(first, backwards=backwards) for backwards in (False, True)]
        made = at_once(
            [
                lambda file=file: import_runs.take(event=salon, reading=file, by=None)
                for file in files
            ]
        )
        assert sum(made) == PEOPLE
    assert Participant.objects.count() == PEOPLE * ROUNDS
