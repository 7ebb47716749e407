"""Whoever writes about a person holds the person: a decision and a scan never both happen.

Each race meets at a certain instant, told apart from luck: one side stands in the middle of its
transaction while the other begins.
"""

import threading
import uuid

import pytest
from django.db import IntegrityError, connection, connections, transaction

from events.access import issue_desk_pass
from participants import checkin, consents, erase, screening, tags
from participants.models import CheckIn, Consent, Participant, TagCard
from participants.tests.door import make_salon
from participants.tests.scenes import now_stand
from salon import clock
from salon.errors import Refused, refusal_of
from tests.house import somebody_waits_for_us, until
from tests.races.test_two_desks import at_once
from workshops import exchange, pains
from workshops.models import Listing, PainCard, ThemeTable

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

Status = Participant.Status
ROUNDS = 40
CANARY = "金丝雀养殖 13800000000"


@pytest.fixture
def salon():
    return make_salon(on_site_capacity=200)


@pytest.fixture
def desk(salon):
    return issue_desk_pass(event=salon, desk="一号台", by=None)[0]


def somebody(salon, number=0):
    return Participant.objects.create(
        event=salon,
        category=salon.categories.first(),
        name="林知夏",
        email=f"lin{number}@example.com",
        industry="internet",
        status=Status.CONFIRMED,
        expertise=[CANARY],
        code=f"{number:06}".translate(str.maketrans("01", "XY")),
        submitted_at=clock.now(),
    )


def scan(desk, person):
    request = checkin_request(desk)
    return checkin.check_in(
        request=request, participant_id=person.pk, scanned_at=clock.now(), method="qr"
    ).result


def checkin_request(desk):
    from participants.desk_requests import Request

    return Request.of(verb="check-in", body={}, client_id=uuid.uuid4(), desk=desk)


def refused(verb):
    try:
        return verb()
    except Refused as refusal:
        return refusal.code


def in_the_middle_of(deciding, then):
    """Run `then` in a thread while `deciding` has decided and not committed; its result."""
    found = []

    def run():
        try:
            found.append(refused(then))
        finally:
            connections.close_all()

    with transaction.atomic():
        deciding()
        thread = threading.Thread(target=run)
        thread.start()
        until(lambda: found or somebody_waits_for_us())
    thread.join(30)
    return found[0]


def withdrawn_and_inside():
    return CheckIn.objects.filter(voided_at=None, participant__status=Status.WITHDRAWN).count()


def test_a_scan_in_the_middle_of_a_withdrawal_waits_and_is_told_not_confirmed(salon, desk):
    lin = somebody(salon)
    answer = in_the_middle_of(
        lambda: screening.withdraw(participant=lin, by=lin), lambda: scan(desk, lin)
    )
    assert answer == "not_confirmed"
    assert withdrawn_and_inside() == 0


def test_without_the_hold_somebody_is_withdrawn_and_inside(salon, desk, monkeypatch):
    monkeypatch.setattr(checkin, "_CHECK_IN", checkin._CHECK_IN.replace("FOR SHARE", ""))
    lin = somebody(salon)
    answer = in_the_middle_of(
        lambda: screening.withdraw(participant=lin, by=lin), lambda: scan(desk, lin)
    )
    assert answer == "checked_in"
    assert withdrawn_and_inside() == 1


def test_withdrawals_and_scans_at_the_same_instant_leave_nobody_both(salon, desk):
    people = [somebody(salon, number) for number in range(ROUNDS)]
    for lin in people:
        at_once(
            [
                lambda lin=lin: refused(lambda: screening.withdraw(participant=lin, by=lin)),
                lambda lin=lin: scan(desk, lin),
            ]
        )
    assert withdrawn_and_inside() == 0
    inside = CheckIn.objects.filter(voided_at=None).count()
    gone = Participant.objects.with_status(Status.WITHDRAWN).count()
    assert inside + gone == ROUNDS


def what_is_left():
    rows = [
        *TagCard.objects.values_list("expertise", "pain"),
        *Listing.objects.values_list("offer", "need"),
        *PainCard.objects.values_list("text"),
    ]
    return [row for row in rows if any(CANARY in text for text in row)]


def the_phone(salon, lin):
    table = ThemeTable.objects.get_or_create(
        event=salon, key="content", defaults={"name": "内容共创"}
    )[0]
    return {
        "tag card": lambda: tags.save_card(
            person=lin, by=lin, industry="internet", size_band="", expertise=CANARY[:40], pain=""
        ),
        "pain card": lambda: pains.post_pain(person=lin, text=CANARY, client_id=uuid.uuid4()),
        "listing": lambda: exchange.save_listing(person=lin, table=table, offer=CANARY, need=""),
        "consent": lambda: consents.set_consent(
            participant=lin, purpose=Consent.Purpose.PHOTO, given=True, by=lin
        ),
    }


@pytest.mark.parametrize("what", ["tag card", "pain card", "listing", "consent"])
def test_what_a_phone_sends_in_the_middle_of_an_erasing_is_refused(salon, what):
    lin = somebody(salon)
    verb = the_phone(salon, lin)[what]
    answer = in_the_middle_of(lambda: erase.erase_person(participant=lin, by=lin), verb)
    assert answer == "gone"
    assert what_is_left() == []
    assert not Consent.objects.filter(withdrawn_at=None).exists()


def test_a_scan_in_the_middle_of_an_erasing_leaves_no_card(salon, desk):
    lin = somebody(salon)
    answer = in_the_middle_of(
        lambda: erase.erase_person(participant=lin, by=lin), lambda: scan(desk, lin)
    )
    assert answer == "unknown"
    assert what_is_left() == []


def test_erasings_and_phones_at_the_same_instant_leave_no_word(salon, desk):
    for number in range(ROUNDS // 2):
        lin = somebody(salon, number)
        at_once(
            [
                lambda lin=lin: erase.erase_person(participant=lin, by=lin),
                lambda lin=lin: scan(desk, lin),
                *(lambda verb=verb: refused(verb) for verb in the_phone(salon, lin).values()),
            ]
        )
    assert what_is_left() == []


def test_the_phone_saves_its_card_in_the_second_in_which_the_desk_makes_one(salon, desk):
    for number in range(ROUNDS // 2):
        lin = somebody(salon, number)
        results = at_once(
            [
                lambda lin=lin: scan(desk, lin),
                lambda lin=lin: refused(
                    lambda: tags.save_card(
                        person=lin,
                        by=lin,
                        industry="education",
                        size_band="",
                        expertise="我自己写的",
                        pain="",
                    )
                ),
            ]
        )
        assert results[0] == "checked_in"
        assert TagCard.objects.get(participant=lin).expertise == "我自己写的"


def test_a_chair_left_by_a_withdrawal_is_not_sat_on_twice(salon):
    table = ThemeTable.objects.create(event=salon, key="two", name="两人桌", seats=2)
    lin, zhou, ma = (somebody(salon, number) for number in range(3))
    for person in (lin, zhou, ma):
        exchange.save_listing(person=person, table=table, offer="场地", need="")
    exchange.sit(person=lin)
    exchange.sit(person=zhou)
    now_stand(salon.participants.filter(pk=lin.pk), Status.WITHDRAWN)
    exchange.sit(person=ma)
    now_stand(salon.participants.filter(pk=lin.pk), Status.CONFIRMED)
    assert Listing.objects.standing().filter(table=table, seated=True).count() == 2
    assert refused(lambda: exchange.sit(person=lin)) == "full"


def test_a_deadlock_goes_again_and_both_verbs_happen(salon):
    """Two transactions lock two people in opposite order; the one that was ended goes again."""
    from salon.meeting import goes_again

    lin, zhou = somebody(salon, 1), somebody(salon, 2)
    met, calls = threading.Barrier(2), []

    @goes_again
    def lock_both(first, second):
        calls.append(first)
        with transaction.atomic():
            Participant.objects.select_for_update().get(pk=first)
            if len(calls) <= 2:
                met.wait(30)
            Participant.objects.select_for_update().get(pk=second)
        return first

    assert at_once([lambda: lock_both(lin.pk, zhou.pk), lambda: lock_both(zhou.pk, lin.pk)]) == [
        lin.pk,
        zhou.pk,
    ]
    assert len(calls) == 3


def test_a_lock_that_is_waited_for_too_long_is_told_as_somebody_else_at_it(salon, client):
    lin = somebody(salon)
    from participants.access import issue_link

    client.get(issue_link(participant=lin))
    held, over = threading.Event(), threading.Event()

    def hold():
        with transaction.atomic():
            Participant.objects.select_for_update().get(pk=lin.pk)
            held.set()
            over.wait(30)
        connections.close_all()

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(30)
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '100ms'")
    try:
        answer = client.post(f"/e/{salon.slug}/me/withdraw/")
    finally:
        over.set()
        thread.join(30)
        with connection.cursor() as cursor:
            cursor.execute("RESET lock_timeout")
    assert answer.status_code == 409
    assert "别人正好在改同一处" in answer.content.decode()


def tables_with_people():
    from participants import held
    from salon import tables

    return [model for model in tables.our_models() if any(held.held(model))]


def test_every_table_that_points_to_a_person_refuses_a_row_about_somebody_erased(salon):
    """Also a table that nobody had thought of: the rule follows from the foreign key."""
    from participants.models import PainPoint, StatusChange

    assert {PainCard, Listing, TagCard, Consent, CheckIn, StatusChange} <= set(tables_with_people())
    lin = somebody(salon)
    erase.erase_person(participant=lin, by=lin)
    with pytest.raises(IntegrityError) as refusal:
        PainPoint.objects.create(participant=lin, position=1, text=CANARY)
    assert refusal_of(refusal.value).code == "gone"
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conrelid::regclass::text FROM pg_constraint"
            " WHERE contype = 'f' AND confrelid = 'participants_participant'::regclass"
            " EXCEPT SELECT tgrelid::regclass::text FROM pg_trigger"
            " WHERE tgname LIKE '%%holds_its_people%%'"
        )
        assert cursor.fetchall() == []
