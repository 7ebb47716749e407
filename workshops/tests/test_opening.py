"""The blind box can be shown to be fair, and the icebreaker knows who was first."""

import pytest
from django.urls import reverse

from participants.models import InterestGroup, PainPoint, TagCard
from salon.errors import Refused
from workshops import blind_box, fair_draw, icebreaker, pains
from workshops.models import BlindBox, Draw, PainCard, Tip
from workshops.tests import scenes
from workshops.tests.scenes import new_id
from workshops.tests.test_pains import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def salon():
    return scenes.a_salon()


def in_groups(salon, count=9, groups=3):
    """People with tag cards in interest groups, each with a pain from the sign-up."""
    rows = [
        InterestGroup.objects.create(event=salon, name=f"兴趣组 {number}")
        for number in range(groups)
    ]
    people = scenes.people(salon, count)
    TagCard.objects.bulk_create(
        TagCard(participant=person, industry=person.industry, interest_group=rows[number % groups])
        for number, person in enumerate(people)
    )
    PainPoint.objects.bulk_create(
        PainPoint(participant=person, position=1, text=f"第 {number} 位的痛点：没人参与")
        for number, person in enumerate(people)
    )
    return people, rows


def draw(salon):
    return blind_box.draw(event=salon, drawn=Draw.objects.count(), by=None)


def test_sign_up_pains_of_those_who_came_and_phone_pains_go_in(salon):
    people, groups = in_groups(salon)
    absent = scenes.person(salon, "没来的曹砚秋", came=False)
    PainPoint.objects.create(participant=absent, position=1, text="没来的痛点")
    pains.post_pain(person=people[0], text="手机上刚写的", client_id=new_id())
    box = blind_box.seal(event=salon, by=None)
    assert len(box.slip_ids) == 10
    assert {group for _card, group in box.slip_ids} == {group.pk for group in groups}
    assert not PainCard.objects.filter(text="没来的痛点").exists()
    blind_box.seal(event=salon, by=None)
    assert PainCard.objects.count() == 10, "sealing again brings nothing in twice"


def test_five_draws_are_five_slips_spread_over_the_groups(salon):
    in_groups(salon)
    blind_box.seal(event=salon, by=None)
    drawn = [draw(salon) for _five in range(5)]
    assert len({each.card_id for each in drawn}) == 5
    per_group = [
        sum(d.card.interest_group_id == g.pk for d in drawn) for g in salon.interest_groups.all()
    ]
    assert sorted(per_group) == [1, 2, 2]
    assert drawn[0].topic == "low_participation"
    with pytest.raises(Refused) as refused:
        draw(salon)
    assert refused.value.code == "empty"


def test_the_commitment_is_public_before_and_the_seed_only_after(salon):
    in_groups(salon)
    box = blind_box.seal(event=salon, by=None)
    assert blind_box.standing(salon).seed == ""
    assert blind_box.proof(salon) is None
    draw(salon)
    with pytest.raises(Refused):
        blind_box.reveal(event=salon, by=None)
    draw(salon)
    draw(salon)
    blind_box.reveal(event=salon, by=None)
    proof = blind_box.proof(salon)
    assert proof["commitment"] == box.commitment
    assert proof["holds"]
    order = fair_draw.draw_order([fair_draw.Slip(*slip) for slip in proof["slips"]], proof["seed"])
    assert [slip.id for slip in order[:3]] == proof["drawn"], "anybody can reckon it again"
    with pytest.raises(Refused):
        draw(salon)


def test_a_second_press_of_the_same_moment_draws_nothing_more(salon):
    in_groups(salon)
    blind_box.seal(event=salon, by=None)
    first = blind_box.draw(event=salon, drawn=0, by=None)
    again = blind_box.draw(event=salon, drawn=0, by=None)
    assert (again, Draw.objects.count()) == (first, 1)


def test_sealed_anew_the_slips_are_spread_over_the_groups_as_they_stand_by_then(salon):
    people, (first, second, third) = in_groups(salon)
    pains.post_pain(person=people[1], text="手机上刚写的", client_id=new_id())
    blind_box.seal(event=salon, by=None)
    TagCard.objects.filter(interest_group=second).update(interest_group=first)
    InterestGroup.objects.filter(pk=second.pk).update(merged_into=first)
    nobodys = PainCard.objects.create(event=salon, text="谁写的不知道了", interest_group=second)
    box = blind_box.seal(event=salon, by=None)
    assert {group for _card, group in box.slip_ids} == {first.pk, third.pk}
    nobodys.refresh_from_db()
    assert nobodys.interest_group == first
    assert PainCard.objects.get(text="手机上刚写的").interest_group == first


def test_a_box_whose_other_slips_were_hidden_is_closed_with_what_was_drawn(client, salon):
    in_groups(salon, count=3)
    blind_box.seal(event=salon, by=None)
    drawn = draw(salon)
    client.force_login(scenes.host(salon))
    hand = reverse("opening_host", args=[salon.slug])
    assert 'value="reveal"' not in client.get(hand).text
    for card in salon.pain_cards.exclude(pk=drawn.card_id):
        pains.hide(event=salon, row=card, by=None)
    page = client.get(hand).text
    assert 'value="draw"' not in page
    assert 'value="reveal"' in page
    client.post(reverse("opening_press", args=[salon.slug]), {"act": "reveal"})
    assert blind_box.proof(salon)["drawn"] == [drawn.card_id]


def test_once_drawn_the_box_is_not_sealed_anew(salon):
    in_groups(salon)
    blind_box.seal(event=salon, by=None)
    draw(salon)
    with pytest.raises(Refused) as refused:
        blind_box.seal(event=salon, by=None)
    assert refused.value.code == "drawn"


def test_what_was_hidden_since_is_passed_over(salon):
    in_groups(salon)
    box = blind_box.seal(event=salon, by=None)
    next_one = fair_draw.draw_order([fair_draw.Slip(*s) for s in box.slip_ids], box.seed)[0]
    card = PainCard.objects.get(pk=next_one.id)
    pains.hide(event=salon, row=card, by=None)
    assert draw(salon).card_id != card.pk


def test_two_pains_are_no_draw(salon):
    in_groups(salon, count=2)
    with pytest.raises(Refused) as refused:
        blind_box.seal(event=salon, by=None)
    assert refused.value.code == "too_few"


def test_the_host_draws_files_and_reveals_and_the_wall_shows_it(client, salon):
    in_groups(salon)
    client.force_login(scenes.host(salon))
    press = reverse("opening_press", args=[salon.slug])
    wall = reverse("wall_box", args=[salon.slug])
    client.post(press, {"act": "seal"})
    commitment = BlindBox.objects.get().commitment
    assert commitment in client.get(wall).text
    assert BlindBox.objects.get().seed not in client.get(wall).text
    for drawn in range(3):
        client.post(press, {"act": "draw", "drawn": drawn})
    last = Draw.objects.last()
    client.post(press, {"act": "file", "draw": last.pk, "topic": "sameness"})
    assert "内容同质化" in client.get(wall).text
    assert client.get(reverse("box_proof", args=[salon.slug])).status_code == 404
    client.post(press, {"act": "reveal"})
    assert BlindBox.objects.get().seed in client.get(wall).text
    assert client.get(reverse("box_proof", args=[salon.slug])).json()["holds"]


# --- icebreaker -------------------------------------------------------------------------------


def test_the_order_of_finishing_is_kept_and_the_first_three_win(salon):
    people, _groups = in_groups(salon, count=8, groups=4)
    icebreaker.start(event=salon, by=None)
    for person in (people[2], people[0], people[3], people[1]):
        icebreaker.finish(person=person, text=f"{person.name} 的小技巧")
    standing = icebreaker.standing(salon)
    assert [(tip.interest_group.name, tip.wins) for tip in standing.placed] == [
        ("兴趣组 2", True),
        ("兴趣组 0", True),
        ("兴趣组 3", True),
        ("兴趣组 1", False),
    ]


def test_one_tip_a_group_and_the_sender_may_send_it_again(salon):
    people, _groups = in_groups(salon)
    icebreaker.start(event=salon, by=None)
    icebreaker.finish(person=people[0], text="先问名字")
    icebreaker.finish(person=people[0], text="先问名字")
    with pytest.raises(Refused) as refused:
        icebreaker.finish(person=people[3], text="我们组的另一条")
    assert (refused.value.code, Tip.objects.count()) == ("taken", 1)


def test_before_the_start_and_after_the_minute_it_is_refused(salon, travel):
    people, _groups = in_groups(salon)
    with pytest.raises(Refused):
        icebreaker.finish(person=people[0], text="太早")
    row = icebreaker.start(event=salon, by=None)
    travel(row.ends_at)
    with pytest.raises(Refused) as refused:
        icebreaker.finish(person=people[0], text="太晚")
    assert refused.value.code == "closed"


def test_a_phone_hands_in_and_the_wall_shows_the_places(client, salon):
    people, _groups = in_groups(salon)
    icebreaker.start(event=salon, by=None)
    phone = scenes.phone_of(client, people[0])
    url = reverse("me_icebreaker", args=[salon.slug])
    assert "我们组的小技巧" in phone.get(url).text
    assert phone.post(url, {"text": "先问名字"}).status_code == 302
    assert "第 1 名交卷" in phone.get(url).text
    assert "先问名字" in phone.get(reverse("wall_icebreaker", args=[salon.slug])).text


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_groups_that_finish_in_the_same_instant_get_different_places():
    salon = scenes.a_salon()
    people, _groups = in_groups(salon, count=8, groups=8)
    icebreaker.start(event=salon, by=None)
    raised = at_once(*[lambda p=p: icebreaker.finish(person=p, text=p.name) for p in people])
    assert raised == [None] * 8
    assert sorted(Tip.objects.values_list("place", flat=True)) == list(range(1, 9))
