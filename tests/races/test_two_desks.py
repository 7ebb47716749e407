"""Two desks, one person, the same instant: one check-in (DESIGN §5)."""

import threading
import uuid
from collections import Counter

import pytest
from django.db import connections, transaction
from django.test import Client
from django.utils import timezone

from events.access import _desk_signer as signer
from events.access import desk_cookie, issue_desk_pass
from events.models import Event
from participants import checkin, desk_requests, standing
from participants.models import CheckIn, DeskRequest, Participant, TagCard
from participants.tests.door import make_salon, scan_body
from salon import clock
from tests.house import somebody_waits_for_us, until
from tests.unguarded import without

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

PEOPLE, DESKS = 200, 4


def at_once(jobs):
    """Run every job in a thread with a connection of its own, all from one barrier; results in
    order, the first exception raised."""
    barrier, results = threading.Barrier(len(jobs)), [None] * len(jobs)

    def run(place, job):
        try:
            barrier.wait(30)
            results[place] = job()
        except BaseException as error:
            results[place] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=item) for item in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(110)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return results


@pytest.fixture
def salon():
    return make_salon(on_site_capacity=PEOPLE)


@pytest.fixture
def desks(salon):
    return [issue_desk_pass(event=salon, desk=f"{n}号台", by=None)[0] for n in range(DESKS)]


@pytest.fixture
def people(salon):
    """Two hundred confirmed people."""
    now, category = clock.now(), salon.categories.first()
    return Participant.objects.bulk_create(
        Participant(
            event=salon,
            category=category,
            name=f"客人{n}",
            email=f"g{n}@example.com",
            industry="internet",
            status="confirmed",
            code=f"{n:06}".translate(str.maketrans("01", "XY")),
            submitted_at=now,
        )
        for n in range(PEOPLE)
    )


def post_each(salon, desk, people):
    """One desk's tablet scans everybody, over HTTP; the answers' results in order."""
    client = Client()
    client.cookies[desk_cookie(salon.slug)] = signer.sign(str(desk.pk))
    return [
        client.post(
            f"/e/{salon.slug}/desk/api/check-ins",
            scan_body(participant=person.pk),
            content_type="application/json",
        ).json()
        for person in people
    ]


def test_four_desks_scan_the_same_two_hundred_people_and_each_comes_once(salon, desks, people):
    answers = at_once([lambda desk=desk: post_each(salon, desk, people) for desk in desks])
    assert CheckIn.objects.filter(voided_at=None).count() == PEOPLE
    assert TagCard.objects.count() == PEOPLE
    assert DeskRequest.objects.count() == PEOPLE * DESKS
    for told in zip(*answers, strict=True):
        assert Counter(answer["result"] for answer in told) == {
            "checked_in": 1,
            "already": DESKS - 1,
        }
        # Whoever lost has read the winner's time, not nobody's.
        assert len({tuple(answer["first"].items()) for answer in told}) == 1


def test_without_the_index_and_only_looking_first_people_come_twice(salon, desks, people):
    """The unlocked twin: "is there one already? no, insert" is not enough."""
    with without("check_in_once_per_person"):
        # Both look before either writes: the unlucky instant, made certain.
        met = threading.Barrier(2)

        def look_then_write(desk, person):
            here = checkin.at_the_door(salon.pk, pk=person.pk)
            met.wait(30)
            if checkin.first_of(here) is None:
                CheckIn.objects.create(
                    event=salon,
                    participant=person,
                    desk=desk,
                    method="search",
                    at=here.looked_at,
                    received_at=here.looked_at,
                )

        at_once([lambda d=d: look_then_write(d, people[0]) for d in desks[:2]])
        assert CheckIn.objects.filter(participant=people[0], voided_at=None).count() == 2


def let_the_first_two_look_together(monkeypatch):
    """Both look before either writes; whoever looks again afterwards does so alone."""
    met, look, looks = threading.Barrier(2), checkin.at_the_door, []

    def look_together(*asked, **whom):
        person = look(*asked, **whom)
        looks.append(person)
        if len(looks) <= 2:
            met.wait(30)
        return person

    monkeypatch.setattr(checkin, "at_the_door", look_together)


def test_the_loser_of_the_instant_reads_the_winners_time(salon, desks, people, monkeypatch):
    """Both desks look, see nobody, and write: the index decides, the loser looks once more."""
    let_the_first_two_look_together(monkeypatch)
    lin = people[0]
    one, other = at_once([lambda d=d: post_each(salon, d, [lin])[0] for d in desks[:2]])
    assert {one["result"], other["result"]} == {"checked_in", "already"}
    assert one["first"] == other["first"]
    assert CheckIn.objects.count() == 1


def ask(salon, desk, body, person):
    request = desk_requests.Request.of(
        verb="check_in", body=body, client_id=uuid.UUID(body["client_id"]), desk=desk
    )
    return checkin.check_in(
        request=request, participant_id=person.pk, scanned_at=timezone.now(), method="search"
    )


def test_a_thousand_replays_are_one_effect_and_one_answer(salon, desks, people):
    body, lin = scan_body(participant=people[0].pk), people[0]

    def replay():
        return [ask(salon, desks[0], body, lin) for _ in range(250)]

    answers = [answer for batch in at_once([replay] * 4) for answer in batch]
    assert len(answers) == 1000
    assert CheckIn.objects.count() == DeskRequest.objects.count() == 1
    assert {(a.result, a.first["at"]) for a in answers} == {("checked_in", answers[0].first["at"])}
    assert [a.replayed for a in answers].count(False) == 1


def test_twins_of_one_request_in_the_same_instant_have_one_effect(
    salon, desks, people, monkeypatch
):
    """Neither twin sees the other's answer; the client id's own key tells them apart."""
    let_the_first_two_look_together(monkeypatch)
    body, lin = scan_body(participant=people[0].pk), people[0]
    twins = at_once([lambda: ask(salon, desks[0], body, lin)] * 2)
    assert [twin.result for twin in twins] == ["checked_in"] * 2
    assert sorted(twin.replayed for twin in twins) == [False, True]
    assert twins[0].first == twins[1].first
    assert CheckIn.objects.count() == DeskRequest.objects.count() == 1


@pytest.mark.parametrize("_round", range(5))
def test_sixty_walk_ins_at_two_desks_fill_fifty_seats(salon, desks, _round):
    salon.on_site_capacity = 50
    salon.save()

    def walk_in(desk, n):
        client = Client()
        client.cookies[desk_cookie(salon.slug)] = signer.sign(str(desk.pk))
        body = {
            "client_id": str(uuid.uuid4()),
            "scanned_at": timezone.now().isoformat(),
            "name": f"来宾{n}",
        }
        return client.post(
            f"/e/{salon.slug}/desk/api/walk-ins", body, content_type="application/json"
        ).json()["result"]

    def line(place):
        return [walk_in(desks[place], n) for n in range(place * 15, place * 15 + 15)]

    results = Counter(
        r for batch in at_once([lambda p=p: line(p) for p in range(4)]) for r in batch
    )
    assert results == {"checked_in": 50, "full": 10}
    assert CheckIn.objects.count() == Participant.objects.confirmed().count() == 50


def test_without_the_events_lock_the_last_seat_is_given_twice(salon, desks, monkeypatch):
    """The unlocked twin: counting without the lock sells the last seat to both desks, where the
    table does not count as well."""
    from participants import seats, walkins

    salon.on_site_capacity = 1
    salon.save()
    met, free = threading.Barrier(2), seats.free_seats
    monkeypatch.setattr(standing, "lock_event", lambda pk: type(salon).objects.get(pk=pk))

    def count_together(event, *, online):
        left = free(event, online=online)
        met.wait(30)
        return left

    monkeypatch.setattr(seats, "free_seats", count_together)

    def walk_in(desk, n):
        body = {"client_id": str(uuid.uuid4()), "name": f"来宾{n}"}
        request = desk_requests.Request.of(
            verb="walk_in", body=body, client_id=uuid.UUID(body["client_id"]), desk=desk
        )
        details = walkins.details_of(salon, {"name": f"来宾{n}"})
        return walkins.walk_in(request=request, details=details, scanned_at=timezone.now()).result

    with without("participant_comes_within_the_room__insert"):
        assert at_once([lambda n=n: walk_in(desks[n], n) for n in range(2)]) == ["checked_in"] * 2
        assert Participant.objects.confirmed().count() == 2 > salon.on_site_capacity


@pytest.fixture
def scan(salon, desks, people):
    """A scan in a thread of its own; `.result` once it is answered."""

    class Scan(threading.Thread):
        result = None

        def run(self):
            try:
                [answer] = post_each(salon, desks[0], people[:1])
                self.result = answer["result"]
            finally:
                connections.close_all()

    return Scan()


def test_a_decision_in_progress_holds_nobody_up_at_the_door(salon, scan):
    with transaction.atomic():
        standing.lock_event(salon.pk)
        scan.start()
        scan.join(30)
        assert scan.result == "checked_in"


def test_a_lock_of_the_whole_row_would_hold_them_up(salon, scan):
    """The twin: FOR UPDATE also waits for the foreign keys of those who come in."""
    with transaction.atomic():
        Event.objects.select_for_update().get(pk=salon.pk)
        scan.start()
        until(somebody_waits_for_us, what="the scan's waiting")
        assert scan.result is None
    scan.join(30)
    assert scan.result == "checked_in"
