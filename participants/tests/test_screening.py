import pytest
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext

from events.models import Event
from participants import mailings, screening, waitlist
from participants.models import FreedSeat, Participant, ScreeningBatch
from participants.standing import told_status
from participants.tests import scenes
from participants.tests.test_applications import at_once
from salon import clock, outbox
from salon.errors import Refused
from salon.models import Message
from tests.unguarded import without

pytestmark = pytest.mark.django_db
Status = Participant.Status


def accept(person, by, **more):
    return screening.decide(participant=person, to_status=Status.ACCEPTED, by=by, **more)


def test_an_accepted_person_hears_nothing_before_the_release():
    event = scenes.a_salon()
    chen, lin = scenes.an_organiser(event), scenes.an_applicant(event)
    batch = accept(lin, chen)
    letter = Message.objects.get(kind="accepted")
    assert letter in Message.objects.held()
    lin.refresh_from_db()
    assert (lin.status, lin.confirm_by) == ("accepted", None)
    assert screening.release_batch(batch=batch, by=chen) == 1
    lin.refresh_from_db()
    assert lin.confirm_by is None
    scenes.hears(lin)
    hours = (lin.confirm_by - clock.now()).total_seconds() / 3600
    assert 71.9 < hours <= 72
    assert not Message.objects.held().exists()


def test_taking_somebody_against_a_criterion_needs_the_reason():
    event = scenes.a_salon()
    chen, lin = scenes.an_organiser(event), scenes.an_applicant(event, community_size=300)
    with pytest.raises(Refused) as refused:
        accept(lin, chen)
    assert refused.value.code == "reason_needed"
    assert "社群规模" in str(refused.value)
    accept(lin, chen, reason="从零做起的案例,值得分享")
    assert lin.status_changes.get().reason == "从零做起的案例,值得分享"


def test_new_rules_wait_for_whoever_is_deciding():
    event = scenes.a_salon()
    scenes.applicants(event, 3)
    with CaptureQueriesContext(connection) as captured:
        screening.rescore(category=event.categories.get(key="core"), by=scenes.an_organiser(event))
    locks = [query["sql"] for query in captured if "FOR " in query["sql"]]
    assert "events_event" in locks[0]
    assert 'ORDER BY "participants_participant"."id"' in locks[1]


def test_who_is_not_selected_is_told_why():
    event = scenes.a_salon()
    chen, lin = scenes.an_organiser(event), scenes.an_applicant(event)
    with pytest.raises(Refused):
        screening.decide(participant=lin, to_status=Status.NOT_SELECTED, by=chen)
    screening.decide(
        participant=lin,
        to_status=Status.NOT_SELECTED,
        by=chen,
        told_reason="这一场名额先给了运营者",
    )
    letter = outbox.preview(Message.objects.get(kind="not_selected"))
    assert "这一场名额先给了运营者" in letter.text
    assert "（个人链接）" in letter.text


def test_a_decision_on_many_names_those_it_could_not_take():
    event = scenes.a_salon(on_site_capacity=3)
    chen = scenes.an_organiser(event)
    people = scenes.applicants(event, 4)
    best = scenes.an_applicant(event, "欧阳慕白", 50, community_size=90000, active_rate=90)
    weak = scenes.an_applicant(event, "周晓", 51, community_size=10)
    batch, refused = screening.decide_many(
        event=event,
        people=[*(person.pk for person in people), best.pk, weak.pk],
        to_status=Status.ACCEPTED,
        by=chen,
    )
    assert {str(refusal.code) for refusal in refused.values()} == {"room_full", "reason_needed"}
    assert refused[weak.pk].code == "reason_needed"
    assert batch.changes.count() == 3
    best.refresh_from_db()
    assert best.status == "accepted"


def test_a_batch_is_undone_once():
    event = scenes.a_salon()
    chen, people = scenes.an_organiser(event), scenes.applicants(event, 3)
    batch, _refused = screening.decide_many(
        event=event, people=[p.pk for p in people], to_status=Status.ACCEPTED, by=chen
    )
    assert screening.undo_batch(batch=batch, by=chen) == (3, 0)
    assert set(Participant.objects.values_list("status", flat=True)) == {"submitted"}
    assert not Message.objects.held().exists()
    with pytest.raises(Refused) as refused:
        screening.undo_batch(batch=batch, by=chen)
    assert refused.value.code == "undone"


def test_what_is_released_cannot_be_undone():
    event = scenes.a_salon()
    chen, lin = scenes.an_organiser(event), scenes.an_applicant(event)
    batch = accept(lin, chen)
    screening.release_batch(batch=batch, by=chen)
    with pytest.raises(Refused) as refused:
        screening.undo_batch(batch=batch, by=chen)
    assert refused.value.code == "released"


def test_undoing_a_second_thought_brings_back_the_first_decision_and_its_letter():
    event = scenes.a_salon()
    chen, lin = scenes.an_organiser(event), scenes.an_applicant(event)
    first = accept(lin, chen)
    second = screening.decide(participant=lin, to_status=Status.WAITLISTED, by=chen)
    assert Message.objects.held().get().kind == "waitlisted"
    screening.undo_batch(batch=second, by=chen)
    lin.refresh_from_db()
    assert lin.status == "accepted"
    assert Message.objects.held().get().kind == "accepted"
    screening.release_batch(batch=first, by=chen)
    assert screening.confirm(participant=lin, by=lin).status == "confirmed"


def test_undo_leaves_alone_who_has_moved_on():
    event = scenes.a_salon()
    chen, people = scenes.an_organiser(event), scenes.applicants(event, 2)
    batch, _refused = screening.decide_many(
        event=event, people=[p.pk for p in people], to_status=Status.ACCEPTED, by=chen
    )
    screening.withdraw(participant=people[0], by=people[0])
    assert screening.undo_batch(batch=batch, by=chen) == (1, 1)


def test_a_held_back_batch_keeps_its_seats():
    event = scenes.a_salon()
    chen, lin = scenes.an_organiser(event), scenes.an_applicant(event)
    batch = accept(lin, chen)
    screening.release_batch(batch=batch, by=chen)
    assert screening.hold_batch(batch=batch, by=chen) == 1
    lin.refresh_from_db()
    assert lin.confirm_by is None
    screening.release_batch(batch=batch, by=chen)


def test_lin_confirms_and_her_reminders_are_planned():
    event = scenes.a_salon()
    lin = scenes.confirmed(event, by=scenes.an_organiser(event))
    assert (lin.status, lin.confirm_by) == ("confirmed", None)
    planned = dict(Message.objects.open().values_list("kind", "due_at"))
    assert set(planned) >= {"confirmed", "t7", "t1", "morning"}
    assert (event.starts_at - planned["t7"]).days in (6, 7)
    assert event.local(planned["t1"]).hour == 18


def test_confirming_twice_is_confirming_once():
    event = scenes.a_salon()
    lin = scenes.confirmed(event, by=scenes.an_organiser(event))
    screening.confirm(participant=lin, by=lin)
    assert Message.objects.filter(kind="confirmed").count() == 1


def test_after_the_deadline_the_seat_is_gone(travel):
    event = scenes.a_salon()
    lin = scenes.accepted(event, by=scenes.an_organiser(event))
    travel(lin.confirm_by)
    with pytest.raises(Refused) as refused:
        screening.confirm(participant=lin, by=lin)
    assert refused.value.code == "too_late"


def test_who_was_never_told_of_a_seat_is_not_reproached_for_leaving_it(travel):
    event = scenes.a_salon()
    chen, lin = scenes.an_organiser(event), scenes.an_applicant(event, "林知夏")
    accept(lin, chen)  # and nobody releases the batch
    travel(event.starts_at)
    assert waitlist.expire_due() == 1
    lin.refresh_from_db()
    assert lin.status == "not_selected"
    assert "抱歉" in lin.told_reason
    assert not Message.objects.filter(kind="seat_passed_on").exists()
    assert Message.objects.get(kind="accepted").state == "cancelled"
    assert waitlist.expire_due() == 0


def test_an_unconfirmed_seat_passes_on_inside_the_category(travel):
    event = scenes.a_salon(on_site_capacity=10)
    chen = scenes.an_organiser(event)
    lin = scenes.accepted(event, "林知夏", 1, by=chen)
    for number in range(2, 8):
        scenes.accepted(event, f"占座{number}", number, by=chen)
    first = scenes.waitlisted(event, "第一候补", 21, by=chen, community_size=60000)
    second = scenes.waitlisted(event, "第二候补", 22, by=chen)
    for person in Participant.objects.filter(name__startswith="占座"):
        screening.confirm(participant=person, by=person)
    travel(lin.confirm_by)
    assert waitlist.expire_due() == 1
    letter = outbox.preview(Message.objects.get(kind="offered"))
    scenes.hears(lin, first, second)
    assert (lin.status, first.status, second.status) == ("withdrawn", "offered", "waitlisted")
    assert "名额已经顺延" in lin.told_reason
    assert (first.confirm_by - clock.now()).total_seconds() <= 24 * 3600
    freed = FreedSeat.objects.get()
    assert (freed.promoted, freed.code) == (first, "promoted")
    assert "第 1 位递补" in freed.sentence
    assert "轮到您了" in letter.subject
    assert waitlist.expire_due() == 0


def test_nobody_is_moved_up_from_another_category_and_the_page_says_why():
    event = scenes.a_salon()
    chen = scenes.an_organiser(event)
    lin = scenes.confirmed(event, "林知夏", 1, by=chen)
    brand = scenes.an_applicant(event, "品牌", 2, category="brand", pain_points=["预算少"])
    screening.decide(participant=brand, to_status=Status.WAITLISTED, by=chen)
    screening.withdraw(participant=lin, by=lin)
    freed = FreedSeat.objects.get()
    assert (freed.promoted, freed.code) == (None, "only_other_categories")
    assert "没有人递补，因为" in freed.sentence


def test_nobody_whom_a_rule_speaks_against_moves_up_by_themselves():
    event = scenes.a_salon(on_site_capacity=1)
    chen = scenes.an_organiser(event)
    lin = scenes.confirmed(event, "林知夏", 1, by=chen)
    small = scenes.an_applicant(event, "小群", 2, community_size=60, active_rate=5)
    assert small.status == "waitlisted"  # the room is full: nobody has looked at it yet
    screening.withdraw(participant=lin, by=lin)
    freed = FreedSeat.objects.get()
    assert (freed.promoted, freed.code) == (None, "against_rules")
    assert not Message.objects.filter(kind="offered").exists()
    accept(small, chen, reason="群虽小，方法新")
    small.refresh_from_db()
    assert small.status == "accepted"


def test_a_seat_given_up_waits_until_the_waiting_list_is_told():
    event = scenes.a_salon()
    chen = scenes.an_organiser(event)
    lin = scenes.confirmed(event, "林知夏", 1, by=chen)
    later = scenes.an_applicant(event, "后来", 2)
    best = scenes.an_applicant(event, "最好", 3, community_size=60000)
    for person in (later, best):
        screening.decide(participant=person, to_status=Status.WAITLISTED, by=chen)
    screening.withdraw(participant=lin, by=lin)
    freed = FreedSeat.objects.get()
    assert (freed.promoted, freed.code) == (None, "awaits_release")
    assert "发送后自动递补" in freed.sentence
    assert not Message.objects.filter(kind="offered").exists()

    mailings.release_all(event=event, by=chen)  # both batches: the better one moves up
    freed.refresh_from_db()
    assert (freed.promoted, freed.code) == (best, "promoted")
    letters = Message.objects.open().filter(person_id__in=[best.pk, later.pk])
    assert set(letters.exclude(kind="received").values_list("person_id", "kind")) == {
        (best.pk, "offered"),
        (later.pk, "waitlisted"),
    }


def test_nobody_is_moved_up_into_the_seat_a_decision_took_from_them():
    event = scenes.a_salon()
    chen = scenes.an_organiser(event)
    lin = scenes.accepted(event, "林知夏", 1, by=chen)
    batch = screening.decide(participant=lin, to_status=Status.WAITLISTED, by=chen)
    assert FreedSeat.objects.get().code == "not_released"
    screening.release_batch(batch=batch, by=chen)
    lin.refresh_from_db()
    assert (lin.status, FreedSeat.objects.get().code) == ("waitlisted", "not_released")


def test_a_decision_taken_back_before_its_release_moves_nobody_up():
    event = scenes.a_salon()
    chen, lin = scenes.an_organiser(event), scenes.an_applicant(event, "林知夏", 1)
    waiting = scenes.an_applicant(event, "候补", 2)
    screening.decide(participant=waiting, to_status=Status.WAITLISTED, by=chen)
    accept(lin, chen)
    screening.decide(participant=lin, to_status=Status.WAITLISTED, by=chen)
    assert not FreedSeat.objects.exists()
    waiting.refresh_from_db()
    assert waiting.status == "waitlisted"


def test_withdrawing_cancels_what_was_planned_and_frees_the_seat():
    event = scenes.a_salon()
    lin = scenes.confirmed(event, by=scenes.an_organiser(event))
    screening.withdraw(participant=lin, by=lin, reason="出差")
    lin.refresh_from_db()
    assert lin.status == "withdrawn"
    letters = Message.objects.open().filter(person_id=lin.pk)
    assert set(letters.values_list("kind", flat=True)) == {"received", "withdrawn"}
    assert FreedSeat.objects.get().code == "nobody_waiting"
    assert screening.come_back(participant=lin, by=lin).status == "submitted"


def test_an_offer_that_expires_goes_to_the_next(travel):
    event = scenes.a_salon()
    chen = scenes.an_organiser(event)
    lin = scenes.confirmed(event, "林知夏", 1, by=chen)
    waiting = [scenes.waitlisted(event, f"候补{n}", 10 + n, by=chen) for n in (1, 2)]
    screening.withdraw(participant=lin, by=lin)
    scenes.hears(waiting[0])
    travel(waiting[0].confirm_by)
    waitlist.expire_due()
    assert [Participant.objects.get(pk=person.pk).status for person in waiting] == [
        "withdrawn",
        "offered",
    ]


def test_the_page_tells_only_what_was_released():
    event = scenes.a_salon()
    chen, lin = scenes.an_organiser(event), scenes.an_applicant(event)
    batch = accept(lin, chen)
    lin.refresh_from_db()
    assert told_status(lin) == "submitted"
    screening.release_batch(batch=batch, by=chen)
    assert told_status(lin) == "accepted"


@pytest.mark.race
@pytest.mark.timeout(400)  # twelve hundred decisions, one after the other
@pytest.mark.django_db(transaction=True)
def test_sixty_accepts_for_fifty_seats_are_exactly_fifty():
    assert {_sixty_accepts() for _round in range(20)} == {50}


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_without_the_lock_of_the_event_and_the_rule_more_are_accepted_than_sit(monkeypatch):
    monkeypatch.setattr(screening, "lock_event", lambda pk: Event.objects.get(pk=pk))
    with without("participant_moves_within_the_room__update"):
        assert max(_sixty_accepts() for _round in range(3)) > 50


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_where_python_forgets_the_lock_the_table_still_counts(monkeypatch):
    monkeypatch.setattr(screening, "lock_event", lambda pk: Event.objects.get(pk=pk))
    assert [_sixty_accepts() for _round in range(3)] == [50] * 3


def _sixty_accepts():
    """Sixty people, twelve organisers' clicks at a time; how many were accepted."""
    event = scenes.a_salon(f"rush-{ScreeningBatch.objects.count()}-{clock.now():%H%M%S%f}")
    by = scenes.events.somebody(f"chen{event.pk}", is_superuser=True)
    template = scenes.an_applicant(event, "报名者", 0)
    people = [template]
    for number in range(1, 60):
        person = Participant.objects.get(pk=template.pk)
        person.pk, person.client_id = None, None
        person.mobile, person.email = f"+86139{number:08}", ""
        person.code = f"{number:06}".translate(str.maketrans("01", "AB"))
        person.save(force_insert=True)
        people.append(person)

    def click(worker):
        for person in people[worker::12]:
            try:
                accept(person, by, reason="现场")
            except Refused as refused:
                if refused.code != "room_full":
                    raise
            except IntegrityError as error:
                if error.__cause__.diag.constraint_name != "participant_within_the_room":
                    raise

    at_once(12, click)
    return Participant.objects.filter(event=event).holding_a_seat().count()
