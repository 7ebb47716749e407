"""The figures of one report are of one instant, however much is written meanwhile."""

import threading
import uuid

import pytest
from django.db import connection, connections, transaction

from metrics import evaluation
from participants import own_data
from participants.tests.door import make_salon
from salon import clock
from salon.meeting import one_instant
from tests.races.test_held_people import somebody
from workshops import pains
from workshops.models import PainCard, Solution

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def salon():
    return make_salon(on_site_capacity=50)


def from_elsewhere(verb):
    """Run `verb` on a connection of its own, committed when this returns."""

    def run():
        try:
            verb()
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(30)


def a_solution_comes_between(monkeypatch, salon):
    lin = somebody(salon)
    card = pains.post_pain(person=lin, text="新人不说话", client_id=uuid.uuid4())
    measure = evaluation.measure

    def written_meanwhile(event):
        from_elsewhere(
            lambda: Solution.objects.create(
                card=PainCard.objects.get(pk=card.pk),
                participant=lin,
                text="每周一问",
                client_id=uuid.uuid4(),
            )
        )
        return measure(event)

    monkeypatch.setattr(evaluation, "measure", written_meanwhile)


def figures(salon):
    made = evaluation.evaluate(event=salon)
    metric = next(metric for metric in made.metrics if metric["key"] == "solutions")
    return made.facts["solutions"], metric["numerator"] or 0


def test_what_the_facts_say_the_metrics_say(salon, monkeypatch):
    a_solution_comes_between(monkeypatch, salon)
    facts, metric = figures(salon)
    assert facts == metric == 0


def test_each_statement_of_its_own_instant_says_two_things(salon, monkeypatch):
    """The unlocked twin: READ COMMITTED counts the solution in one place and not in the other."""
    a_solution_comes_between(monkeypatch, salon)
    monkeypatch.setattr(evaluation, "one_instant", transaction.atomic)
    assert figures(salon) == (0, 1)


def test_own_data_is_of_one_instant(salon, monkeypatch):
    lin = somebody(salon)
    seen = []

    def look(participant):
        from_elsewhere(
            lambda: PainCard.objects.create(
                event=salon, participant=lin, text="刚写的", client_id=uuid.uuid4()
            )
        )
        seen.append(PainCard.objects.filter(participant=participant).count())
        return seen[-1]

    monkeypatch.setitem(own_data._parts, "looked", look)
    assert own_data.of(lin)["looked"] == 0
    assert PainCard.objects.count() == 1


def test_inside_another_transaction_it_sees_what_that_one_sees(salon):
    with transaction.atomic():
        clock.now()
        with one_instant(), connection.cursor() as cursor:
            cursor.execute("SHOW transaction_isolation")
            assert cursor.fetchone() == ("read committed",)
