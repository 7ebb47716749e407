"""Two tablets, a network that comes and goes, answers that get lost: the books stay right.

Hypothesis invents the afternoons; the model is a few sets in Python, the truth is PostgreSQL.
"""

import uuid

from django.test import Client
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from participants.models import CheckIn, Participant
from participants.tests.door import Tablet, make_person, make_salon, scan_body

PEOPLE, SEATS = 3, 5
tablets, guests = st.integers(0, 1), st.integers(0, PEOPLE - 1)


class Afternoon(RuleBasedStateMachine):
    """`sent` are requests the server has seen, with their answer; `queued` those it has not."""

    queued = Bundle("queued")
    sent = Bundle("sent")

    @initialize()
    def open_the_doors(self):
        # Each example in one test's transaction, and in a salon of its own.
        self.salon = make_salon(f"s{uuid.uuid4().hex[:8]}", on_site_capacity=SEATS)
        self.people = [make_person(self.salon, f"客{n}") for n in range(PEOPLE)]
        self.tablets = [Tablet(Client(), self.salon, f"{n}号台") for n in (1, 2)]
        self.here, self.walk_ins = {}, 0  # person -> the request that brought them in

    def answer(self, asked):
        tablet, path, body = asked
        response = self.tablets[tablet].post(path, body)
        assert response.status_code == 200
        return response.json()

    # ---- what a tablet asks: kept for later without a network, else sent at once

    def send(self, asked):
        answer = self.answer(asked)
        self.judge(asked, answer)
        return (asked, answer)

    @rule(target=sent, tablet=tablets, n=guests)
    def scan(self, tablet, n):
        return self.send((tablet, "check-ins", scan_body(participant=self.people[n].pk)))

    @rule(target=queued, tablet=tablets, n=guests)
    def scan_in_the_dark(self, tablet, n):
        return (tablet, "check-ins", scan_body(participant=self.people[n].pk, admitted=True))

    @rule(target=sent, tablet=tablets)
    def scan_a_stranger(self, tablet):
        return self.send((tablet, "check-ins", scan_body(code="ZZZZZZ")))

    @rule(target=queued, tablet=tablets)
    def walk_in(self, tablet):
        body = scan_body(name="来宾")
        del body["method"]
        return (tablet, "walk-ins", body)

    @rule(target=sent, tablet=tablets, earlier=sent)
    def take_back(self, tablet, earlier):
        (_tablet, _path, body), _answer = earlier
        undo = {"client_id": str(uuid.uuid4()), "check_in": body["client_id"], "reason": "错"}
        return self.send((tablet, "check-ins/undo", undo))

    # ---- what the network does

    @rule(target=sent, asked=consumes(queued))
    def arrive(self, asked):
        return self.send(asked)

    @rule(target=sent, asked=consumes(queued))
    def arrive_and_lose_the_answer(self, asked):
        asked, first = self.send(asked)
        self.send_again((asked, first))
        return (asked, first)

    @rule(earlier=sent)
    def send_again(self, earlier):
        asked, first = earlier
        again = self.answer(asked)
        assert again == first | {"replayed": True} | self.seats_now(again)

    @rule(earlier=sent)
    def use_its_number_for_something_else(self, earlier):
        (tablet, path, body), _answer = earlier
        other = (
            body | {"operator": "somebody else"}
            if path != "check-ins/undo"
            else body | {"reason": "something else"}
        )
        assert self.tablets[tablet].post(path, other).status_code == 422

    def seats_now(self, answer):
        # How many seats are left is told as of now, not as of then.
        return {"seats": answer["seats"]} if "seats" in answer else {}

    # ---- the model

    def judge(self, asked, answer):
        _tablet, path, body = asked
        person = answer["participant"] and answer["participant"]["id"]
        assert answer["replayed"] is False
        if path == "check-ins" and "code" in body:
            assert answer["result"] == "unknown"
        elif path == "check-ins":
            assert answer["result"] == ("already" if person in self.here else "checked_in")
            self.here.setdefault(person, body["client_id"])
        elif path == "walk-ins":
            fits = PEOPLE + self.walk_ins < SEATS
            assert answer["result"] == ("checked_in" if fits else "full")
            if fits:
                self.walk_ins += 1
                self.here[person] = body["client_id"]
        else:
            # Only the very request that brought somebody in can be taken back by its number.
            in_force = [who for who, by in self.here.items() if by == body["check_in"]]
            assert answer["result"] == ("undone" if in_force else "nothing")
            for who in in_force:
                assert who == person
                del self.here[who]

    @invariant()
    def the_books_are_right(self):
        if not hasattr(self, "salon"):
            return
        rows = CheckIn.objects.filter(event=self.salon, voided_at=None)
        assert sorted(rows.values_list("participant", flat=True)) == sorted(self.here)
        held = Participant.objects.filter(event=self.salon).holding_a_seat().count()
        assert held == PEOPLE + self.walk_ins <= SEATS


class TestAfternoons(TestCase):
    def test_two_tablets_and_a_bad_network_keep_the_books_right(self):
        run_state_machine_as_test(
            Afternoon,
            settings=settings(
                max_examples=12,
                stateful_step_count=30,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
