from itertools import permutations

import pytest

from events.models import Event
from participants import fill, notes, screening, seats, waitlist
from participants.models import FreedSeat, Participant
from participants.tests import scenes
from salon.errors import Refused
from salon.models import Message

pytestmark = pytest.mark.django_db
Status = Participant.Status


def test_seats_follow_the_shares_by_largest_remainder():
    event = scenes.a_salon()
    room = seats.room_seats(event, online=False)
    assert [row.seats for row in room.rows] == [35, 5, 10]
    assert "70" in room.rows[0].share.sentence


def test_the_preview_takes_the_best_of_each_category_and_explains_itself():
    event = scenes.a_salon(on_site_capacity=10)  # 7 / 1 / 2
    people = scenes.applicants(event, 9)
    best = scenes.an_applicant(event, "欧阳慕白", 50, community_size=90000, active_rate=95)
    weak = scenes.an_applicant(event, "周晓", 51, community_size=10)
    preview = fill.preview(event=event, online=False)
    accepted = [pick.candidate.id for pick in preview.plan.accept]
    assert accepted[0] == best.pk
    assert len(accepted) == 7
    assert [pick.candidate.id for pick in preview.plan.waitlist] == [p.pk for p in people[6:]]
    assert [pick.candidate.id for pick in preview.plan.by_hand] == [weak.pk]
    assert {empty.category for empty in preview.plan.unfilled} == {"brand", "creator"}


def test_an_edited_preview_is_applied_at_once_and_undone_once():
    event = scenes.a_salon(on_site_capacity=10)
    chen = scenes.an_organiser(event)
    people = scenes.applicants(event, 9)
    plan = fill.preview(event=event, online=False).plan
    accept = [pick.candidate.id for pick in plan.accept]
    left_out, added = accept.pop(), plan.waitlist[-1].candidate.id
    batch, refused = fill.apply(event=event, accept=[*accept, added], waitlist=[left_out], by=chen)
    assert not refused
    assert batch.kind == "fill"
    assert Participant.objects.holding_a_seat().count() == 7
    assert Participant.objects.get(pk=left_out).status == "waitlisted"
    assert screening.undo_batch(batch=batch, by=chen) == (8, 0)
    assert Participant.objects.with_status(Status.SUBMITTED).count() == len(people)


def test_who_moved_on_since_the_preview_is_left_alone_and_named():
    event = scenes.a_salon()
    chen = scenes.an_organiser(event)
    lin, zhou = scenes.applicants(event, 2)
    screening.withdraw(participant=lin, by=lin)
    _batch, refused = fill.apply(event=event, accept=[lin.pk, zhou.pk], waitlist=[], by=chen)
    assert set(refused) == {lin.pk}
    assert Participant.objects.get(pk=zhou.pk).status == "accepted"


def test_never_more_than_the_room_whatever_the_preview_said():
    event = scenes.a_salon(on_site_capacity=3)
    people = scenes.applicants(event, 3, online=False)
    event.on_site_capacity = 2
    event.save()
    _batch, refused = fill.apply(
        event=event, accept=[p.pk for p in people], waitlist=[], by=scenes.an_organiser(event)
    )
    assert [refusal.code for refusal in refused.values()] == ["room_full"]


def test_seats_a_category_cannot_fill_go_to_another_on_record():
    event = scenes.a_salon(on_site_capacity=10)
    chen = scenes.an_organiser(event)
    brand, core = event.categories.get(key="brand"), event.categories.get(key="core")
    waitlist.release_seats(
        event=event, source=brand, target=core, seats=1, reason="品牌方只来了零位", by=chen
    )
    room = seats.room_seats(event, online=False)
    assert (room.of(core).seats, room.of(brand).seats) == (8, 0)
    with pytest.raises(Refused) as refused:
        waitlist.release_seats(
            event=event, source=brand, target=core, seats=1, reason="再来", by=chen
        )
    assert refused.value.code == "not_free"
    online = seats.room_seats(event, online=True)
    assert online.of(core).seats == 70


def test_seats_given_over_that_a_smaller_room_has_not_are_said_and_can_be_given_back(client):
    event = scenes.a_salon()
    chen = scenes.an_organiser(event)
    core, brand = event.categories.get(key="core"), event.categories.get(key="brand")
    for person in scenes.applicants(event, 16):
        screening.decide(participant=person, to_status="accepted", by=chen)
    waitlist.release_seats(
        event=event, source=brand, target=core, seats=3, reason="品牌方只来了两位", by=chen
    )
    event.on_site_capacity = 20
    event.save()
    room = seats.room_seats(event, online=False)
    assert "品牌方代表调剂给别的类别的名额比现有的多出 1 席" in room.problem
    assert room.of(brand).seats == 0
    with pytest.raises(Refused):
        fill.preview(event=event, online=False)
    client.force_login(chen)
    for page in ("screening/", "screening/fill/"):
        told = client.get(f"/admin/e/spring/{page}", follow=True)
        assert told.status_code == 200
        assert room.problem in told.content.decode()
    # Core has all its seats taken; the one that is not there goes back all the same.
    waitlist.release_seats(
        event=event, source=core, target=brand, seats=1, reason="场地换小了", by=chen
    )
    assert fill.preview(event=event, online=False).seats.of(core).over == 0


def test_seats_given_on_count_whatever_the_order_in_which_they_were_given():
    event = scenes.a_salon(on_site_capacity=10)
    core, brand, creator = (event.categories.get(key=key) for key in ("core", "brand", "creator"))
    for source, target, number in ((core, brand, 4), (brand, creator, 5), (creator, brand, 2)):
        waitlist.release_seats(
            event=event, source=source, target=target, seats=number, reason="调剂", by=None
        )
    for releases in permutations(event.seat_releases.all()):
        room = seats.room_seats(event, online=False, releases=releases)
        assert [room.of(category).seats for category in (core, brand, creator)] == [3, 2, 5]


@pytest.fixture
def full():
    """Ten seats: seven for core, all taken and confirmed; three more of core wait."""
    event = scenes.a_salon(on_site_capacity=10)
    chen = scenes.an_organiser(event)
    for number in range(7):
        scenes.confirmed(event, f"在座{number}", number, by=chen)
    for number in range(3):
        waiting = scenes.an_applicant(event, f"候补{number}", 20 + number)
        batch = screening.decide(participant=waiting, to_status=Status.WAITLISTED, by=chen)
        screening.release_batch(batch=batch, by=chen)
    return event


def statuses(event):
    """Of those who waited, in the order in which they applied."""
    people = event.participants.filter(name__startswith="候补").order_by("pk")
    return list(people.values_list("status", flat=True))


def test_who_waits_moves_up_into_seats_given_over(full):
    core, creator = full.categories.get(key="core"), full.categories.get(key="creator")
    chen = full.crew.get().user
    waitlist.release_seats(
        event=full, source=creator, target=core, seats=2, reason="创作者没有来", by=chen
    )
    assert statuses(full) == ["offered", "offered", "waitlisted"]
    assert Message.objects.of_kind("offered").count() == 2


def test_seats_given_over_in_the_middle_of_deciding_write_to_nobody():
    event = scenes.a_salon(on_site_capacity=10)
    chen = scenes.an_organiser(event)
    people = scenes.applicants(event, 9)
    fill.apply(
        event=event,
        accept=[person.pk for person in people[:7]],
        waitlist=[person.pk for person in people[7:]],
        by=chen,
    )
    core, creator = event.categories.get(key="core"), event.categories.get(key="creator")
    waitlist.release_seats(
        event=event, source=creator, target=core, seats=2, reason="创作者没有来", by=chen
    )
    assert not Message.objects.of_kind("accepted", "waitlisted", "offered").released().exists()
    assert "用“按名额补满”来排" in FreedSeat.objects.get().sentence


def test_seats_given_over_that_nobody_takes_say_why(full):
    brand, creator = full.categories.get(key="brand"), full.categories.get(key="creator")
    waitlist.release_seats(
        event=full, source=creator, target=brand, seats=2, reason="再找品牌", by=None
    )
    assert statuses(full) == ["waitlisted"] * 3
    assert FreedSeat.objects.get().code == "only_other_categories"


def test_a_larger_room_lets_in_who_waits(full):
    """Of 12 seats core has 9, of 10 it had 7; the other categories gain none."""
    Event.objects.update(on_site_capacity=12)
    waitlist.room_grew(event=full, online=False, was=10, by=full.crew.get().user)
    assert statuses(full) == ["offered", "offered", "waitlisted"]
    assert [freed.code for freed in FreedSeat.objects.all()] == ["promoted", "promoted"]


def test_a_larger_room_where_nobody_waits_is_not_worth_a_word():
    event = scenes.a_salon(on_site_capacity=12)
    waitlist.room_grew(event=event, online=False, was=10, by=None)
    assert not FreedSeat.objects.exists()


def test_who_changes_category_leaves_the_seat_to_those_who_wait_there(full):
    lin = full.participants.get(name="在座0")
    creator = full.categories.get(key="creator")
    notes.recategorise(participant=lin, category=creator, by=None)
    assert statuses(full) == ["offered", "waitlisted", "waitlisted"]


def test_a_seat_nobody_knows_of_yet_moves_nobody_up_by_a_change_of_category(full):
    chen = full.crew.get().user
    creator = full.categories.get(key="creator")
    scenes.now_stand(full.participants.with_status("confirmed", "waitlisted"), "withdrawn")
    su, he = scenes.an_applicant(full, "苏禾", 30), scenes.an_applicant(full, "何悦", 31)
    screening.decide(participant=su, to_status=Status.ACCEPTED, by=chen)
    screening.decide(participant=he, to_status=Status.WAITLISTED, by=chen)
    notes.recategorise(participant=su, category=creator, by=chen)
    he.refresh_from_db()
    assert he.status == "waitlisted"
    assert not FreedSeat.objects.exists()


def test_shares_that_do_not_add_up_are_said_before_anybody_is_chosen():
    event = scenes.a_salon()
    event.categories.filter(key="core").update(share_percent=60)
    with pytest.raises(Refused) as refused:
        fill.preview(event=event, online=False)
    assert "还差 10" in str(refused.value)
