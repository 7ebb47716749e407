"""Mentors' marks and the secret vote."""

import random
import threading

import pytest
from django.db import connection, transaction
from django.db.models import F, Sum
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase as HypothesisCase

from salon.errors import Refused
from tests.unguarded import without
from workshops import judging, plans, stage
from workshops.models import Award, MentorReview, VoteCount, VoteTicket
from workshops.tests import scenes
from workshops.tests.test_pains import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def salon():
    return scenes.a_salon()


@pytest.fixture
def groups(salon):
    _room, groups = scenes.two_groups(salon, people_in_room=18)
    return groups


def refused(act, *args, **given):
    with pytest.raises(Refused) as raised:
        act(*args, **given)
    return raised.value.code


def best(salon):
    return salon.awards.get(key="best")


def mark(group, mentor, marks=(4, 4, 4), suggestion="把第一天写细"):
    names = dict(zip(judging.MARKS, marks, strict=True))
    return judging.review(group=group, mentor=mentor, suggestion=suggestion, **names)


# --- reviews ----------------------------------------------------------------------------------


def test_a_mentor_marks_once_and_may_think_again(salon, groups):
    gu = scenes.mentor(salon)
    mark(groups[0], gu)
    mark(groups[0], gu, (5, 4, 3))
    assert MentorReview.objects.count() == 1
    assert judging.mentor_means(salon)[groups[0].pk] == 4


def test_the_mean_is_told_in_hundredths(salon, groups):
    mark(groups[0], scenes.mentor(salon), (5, 4, 5))
    mark(groups[0], scenes.mentor(salon, "bai"), (4, 4, 4))
    mark(groups[1], scenes.mentor(salon, "hu"), (5, 4, 5))
    told = judging.reviewed(salon)
    assert [str(told[group.pk][1]) for group in groups[:2]] == ["4.33", "4.67"]


def test_a_tie_goes_to_the_better_marks_even_where_both_are_told_as_4_13(salon, groups):
    mentors = [scenes.mentor(salon, f"mentor{number}") for number in range(8)]
    for number, mentor in enumerate(mentors):
        mark(groups[0], mentor, (4, 4, 4 + (number < 3)))  # 99 ÷ 24 = 4.125
    for number, mentor in enumerate(mentors[:5]):
        mark(groups[1], mentor, (4, 4, 4 + (number < 2)))  # 62 ÷ 15 = 4.1333
    scenes.start(salon, scenes.VOTE)
    for voter, group in zip(scenes.members(groups[2]), groups[:2], strict=False):
        judging.vote(person=voter, award=best(salon), group=group)
    judging.close_vote(event=salon, by=None)
    award = best(salon)
    assert (award.winner, award.result["broken_by"]) == (groups[1], "mentor_mean")
    assert judging.result_of(award).winner == groups[1].pk
    assert "4.13" in judging.result_of(award).sentence


def test_a_review_without_marks_or_words_is_refused(salon, groups):
    gu = scenes.mentor(salon)
    assert refused(mark, groups[0], gu, (0, 4, 4)) == "mark"
    assert refused(mark, groups[0], gu, suggestion=" ") == "empty"


def test_once_the_awards_are_out_marks_stand(salon, groups):
    scenes.start(salon, scenes.VOTE)
    judging.close_vote(event=salon, by=None)
    assert refused(mark, groups[0], scenes.mentor(salon)) == "closed"


# --- the vote ---------------------------------------------------------------------------------


def test_once_the_vote_has_begun_its_awards_stand(salon, groups, client):
    client.force_login(scenes.an_organiser(salon))
    add = reverse("admin:workshops_award_add")
    delete = reverse("admin:workshops_award_delete", args=[best(salon).pk])
    new = {"event": salon.pk, "key": "warm", "name": "最暖心方案"}
    assert client.post(add, new).status_code == 302
    scenes.start(salon, "vote")
    answer = client.post(add, new | {"key": "late"})
    assert "投票已经开始，不能再加奖项。" in answer.text
    assert client.post(delete, {"post": "yes"}).status_code == 403
    phase = salon.phases.get(kind="vote")
    address = reverse("admin:workshops_phase_delete", args=[phase.pk])
    assert client.post(address, {"post": "yes"}).status_code == 403
    assert set(salon.awards.values_list("key", flat=True)) == {"best", "creative", "warm"}


def test_one_vote_an_award_and_none_for_the_own_group(salon, groups):
    lin = scenes.members(groups[0])[0]
    scenes.start(salon, scenes.VOTE)
    assert refused(judging.vote, person=lin, award=best(salon), group=groups[0]) == "own_group"
    judging.vote(person=lin, award=best(salon), group=groups[1])
    assert refused(judging.vote, person=lin, award=best(salon), group=groups[2]) == "voted"
    judging.vote(person=lin, award=salon.awards.get(key="creative"), group=groups[2])
    assert VoteTicket.objects.count() == 2
    assert VoteCount.objects.aggregate(n=Sum("votes"))["n"] == 2


def test_the_stream_votes_like_the_room(salon, groups):
    online = scenes.person(salon, "线上的尤嘉树", online=True)
    scenes.start(salon, scenes.VOTE)
    judging.vote(person=online, award=best(salon), group=groups[0])
    assert VoteTicket.objects.filter(participant=online).exists()


def test_no_vote_before_it_opens_nor_after_the_close(salon, groups):
    lin, wang = scenes.members(groups[0])[:2]
    assert refused(judging.vote, person=lin, award=best(salon), group=groups[1]) == "closed"
    scenes.start(salon, scenes.VOTE)
    judging.vote(person=lin, award=best(salon), group=groups[1])
    judging.close_vote(event=salon, by=None)
    assert refused(judging.vote, person=wang, award=best(salon), group=groups[1]) == "closed"
    assert VoteCount.objects.aggregate(n=Sum("votes"))["n"] == 1


def test_a_closed_vote_is_not_opened_again(salon, groups):
    scenes.start(salon, scenes.VOTE)
    judging.close_vote(event=salon, by=None)
    assert refused(scenes.start, salon, scenes.VOTE) == "counted"


def test_without_groups_there_is_nothing_to_vote_for(salon):
    assert refused(scenes.start, salon, scenes.VOTE) == "no_groups"


def test_somebody_elses_award_is_not_found(salon, groups):
    other = scenes.a_salon("autumn")
    scenes.start(salon, scenes.VOTE)
    lin = scenes.members(groups[0])[0]
    assert refused(judging.vote, person=lin, award=best(other), group=groups[1]) == "foreign"


def test_no_table_joins_person_and_choice(salon, groups):
    """What the database holds is the same whoever of two voted for which group."""
    one, two = scenes.members(groups[0])[:2]
    scenes.start(salon, scenes.VOTE)
    before = list(VoteCount.objects.order_by("pk").values_list("pk", "award", "group"))
    judging.vote(person=one, award=best(salon), group=groups[1])
    judging.vote(person=two, award=best(salon), group=groups[2])
    assert list(VoteCount.objects.order_by("pk").values_list("pk", "award", "group")) == before
    fields = {f.name for f in (*VoteTicket._meta.fields, *VoteCount._meta.fields)}
    assert fields == {"id", "award", "participant", "group", "votes"}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM salon_auditentry WHERE verb ILIKE '%vote%' AND actor LIKE 'part%'"
        )
        assert cursor.fetchone() == (0,)


def as_it_lies(award):
    """What an insider sees of the counters: the hands that wrote them, and the groups as they lie."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT xmin::text || ':' || cmin::text, group_id FROM workshops_votecount"
            " WHERE award_id = %s ORDER BY ctid",
            [award.pk],
        )
        hands, groups = zip(*cursor.fetchall(), strict=True)
    return set(hands), groups


def test_no_counter_tells_by_its_place_or_its_hand_whom_the_last_vote_was_for(salon, groups):
    scenes.start(salon, scenes.VOTE)
    one, two = scenes.members(groups[0])[:2]
    _before, lay = as_it_lies(best(salon))
    for voter, group in ((one, groups[2]), (two, groups[1])):
        judging.vote(person=voter, award=best(salon), group=group)
        hands, lies = as_it_lies(best(salon))
        assert len(hands) == 1
        assert lies == lay
    judging.close_vote(event=salon, by=None)
    hands, lies = as_it_lies(best(salon))
    assert (len(hands), lies) == (1, lay)


def test_tickets_and_counters_cannot_be_paired_by_their_transactions(transactional_db):
    """Seven votes, each committed by itself, as an insider's join sees them afterwards."""
    salon = scenes.a_salon()
    room, groups = scenes.two_groups(salon)
    scenes.start(salon, scenes.VOTE)
    for voter in room[:7]:
        other = next(g for g in groups if g.pk != voter.membership.group_id)
        judging.vote(person=voter, award=best(salon), group=other)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT t.participant_id, count(c.id) FROM workshops_voteticket t"
            " JOIN workshops_votecount c ON c.xmin = t.xmin AND c.award_id = t.award_id GROUP BY 1"
        )
        # The last voter's ticket bears the number of every counter, the others' of none.
        assert cursor.fetchall() == [(room[6].pk, len(groups))]


def test_nothing_is_shown_before_the_close(client, salon, groups):
    lin = scenes.members(groups[0])[0]
    scenes.start(salon, scenes.VOTE)
    judging.vote(person=lin, award=best(salon), group=groups[1])
    assert judging.results(salon) == []
    phone = scenes.phone_of(client, lin)
    wall = phone.get(reverse("wall_plans", args=[salon.slug]))
    assert wall.context["awards"] == []
    judging.close_vote(event=salon, by=None)
    wall = phone.get(reverse("wall_plans", args=[salon.slug]))
    assert "得 1 票，票数最高" in wall.text


def test_a_tie_goes_to_the_higher_mentor_mean(salon, groups):
    gu = scenes.mentor(salon)
    mark(groups[1], gu, (5, 5, 5))
    mark(groups[2], gu, (3, 3, 3))
    one, two = scenes.members(groups[0])[:2]
    scenes.start(salon, scenes.VOTE)
    judging.vote(person=one, award=best(salon), group=groups[2])
    judging.vote(person=two, award=best(salon), group=groups[1])
    judging.close_vote(event=salon, by=None)
    award = best(salon)
    assert (award.winner, award.result["broken_by"]) == (groups[1], "mentor_mean")


def test_a_tie_of_marks_too_goes_to_a_lot_that_is_kept(salon, groups):
    one, two = scenes.members(groups[0])[:2]
    scenes.start(salon, scenes.VOTE)
    judging.vote(person=one, award=best(salon), group=groups[2])
    judging.vote(person=two, award=best(salon), group=groups[1])
    judging.close_vote(event=salon, by=None)
    award = best(salon)
    assert award.result["broken_by"] == "lot"
    assert judging.result_of(award).winner == award.winner_id, "anybody can draw it again"
    first = award.winner_id
    judging.close_vote(event=salon, by=None)
    assert best(salon).winner_id == first


def test_nobody_voted_nobody_wins(salon, groups):
    scenes.start(salon, scenes.VOTE)
    judging.close_vote(event=salon, by=None)
    assert best(salon).winner is None


class AnyVotes(HypothesisCase):
    """Whatever people press: at most one vote each, none for the own group, all counted."""

    @settings(max_examples=15, deadline=None)
    @given(presses=st.lists(st.tuples(st.integers(0, 11), st.integers(0, 1), st.integers(0, 1))))
    def test_tickets_and_counters_agree(self, presses):
        salon = scenes.a_salon(f"s{random.getrandbits(40)}")
        room, groups = scenes.two_groups(salon)
        scenes.start(salon, scenes.VOTE)
        awards = list(salon.awards.order_by("pk"))
        wanted = set()
        for voter, award, group in presses:
            own = room[voter].membership.group_id == groups[group].pk
            why = scenes.why_not(
                judging.vote, person=room[voter], award=awards[award], group=groups[group]
            )
            again = (voter, award) in wanted
            assert why == ("own_group" if own else "voted" if again else None)
            if why is None:
                wanted.add((voter, award))
        tickets = VoteTicket.objects.filter(award__event=salon)
        assert tickets.count() == len(wanted)
        counted = VoteCount.objects.filter(award__event=salon).aggregate(n=Sum("votes"))["n"]
        assert counted == len(wanted)


# --- faces ------------------------------------------------------------------------------------


def test_a_mentor_reviews_on_a_phone(client, salon, groups):
    client.force_login(scenes.mentor(salon))
    url = reverse("review", args=[salon.slug])
    assert groups[0].name in client.get(url).text
    form = {"group": groups[0].pk, "need_fit": 5, "feasibility": 4, "follow_up": 3}
    answer = client.post(url, form | {"suggestion": ""})
    assert answer.status_code == 400
    assert "还没有写内容" in answer.text
    assert client.post(url, form | {"suggestion": "门槛再低一点"}).status_code == 302
    assert MentorReview.objects.get().suggestion == "门槛再低一点"


def test_a_phone_votes_without_scripts(client, salon, groups):
    lin = scenes.members(groups[0])[0]
    scenes.start(salon, scenes.VOTE)
    phone = scenes.phone_of(client, lin)
    url = reverse("me_vote", args=[salon.slug])
    page = phone.get(url)
    assert groups[1].name in page.text
    assert f'value="{groups[0].pk}" required' not in page.text
    form = {"award": best(salon).pk, "group": groups[1].pk}
    assert phone.post(url, form).status_code == 302
    assert "已投" in phone.get(url).text
    again = phone.post(url, form)
    assert (again.status_code, "已经投过了" in again.text) == (409, True)


def test_the_host_runs_the_phases_and_closes_the_vote(client, salon, groups):
    client.force_login(scenes.host(salon))
    press = reverse("workshop_press", args=[salon.slug])
    for kind in ("design", "review", "vote"):
        phase = salon.phases.get(kind=kind)
        client.post(press, {"act": "start", "phase": phase.pk})
        client.post(press, {"act": "extend", "phase": phase.pk, "minutes": 5})
        if kind != "vote":
            client.post(press, {"act": "end", "phase": phase.pk})
    vote = salon.phases.get(kind="vote")
    assert (vote.ends_at - vote.started_at).total_seconds() == 15 * 60
    client.post(press, {"act": "show", "group": groups[0].pk})
    assert stage.context(salon)["shown"] == groups[0]
    client.post(press, {"act": "close_vote"})
    assert not salon.awards.filter(closed_at=None).exists()
    assert client.get(reverse("workshop_host", args=[salon.slug])).status_code == 200
    assert client.get(reverse("judging", args=[salon.slug])).status_code == 403


@pytest.mark.parametrize(
    "press", ["opening_press", "questions_press", "workshop_press", "pains_press"]
)
def test_a_press_that_no_page_of_the_host_knows_is_told_so(client, salon, press):
    client.force_login(scenes.host(salon))
    asks = {"Accept": "application/json"}
    for act in ("", "dance"):
        answer = client.post(reverse(press, args=[salon.slug]), {"act": act}, headers=asks)
        assert (answer.status_code, answer.json()["error"]) == (400, "unreadable")


def test_the_projector_costs_the_same_for_two_groups_and_for_twenty(
    client, salon, django_assert_max_num_queries
):
    scenes.two_groups(salon, people_in_room=100)
    scenes.start(salon, scenes.DESIGN)
    for group in salon.work_groups.all():
        plans.save_plan(
            group=group,
            person=scenes.members(group)[0],
            version=0,
            elements={"content": "欢迎语"},
            rows=[("第 1 天", "", "")],
        )
    client.force_login(scenes.an_organiser(salon))
    with django_assert_max_num_queries(14):
        client.get(reverse("wall_plans", args=[salon.slug]))


# --- stuffing ---------------------------------------------------------------------------------


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_ten_people_who_vote_two_hundred_times_have_ten_votes():
    salon = scenes.a_salon()
    room, groups = scenes.two_groups(salon)
    scenes.start(salon, scenes.VOTE)
    award = best(salon)
    ten = room[:10]

    def stuff(number):
        draw = random.Random(number)
        for _press in range(25):
            why = scenes.why_not(
                judging.vote, person=draw.choice(ten), award=award, group=draw.choice(groups)
            )
            assert why in {None, "voted", "own_group"}

    assert at_once(*[lambda n=n: stuff(n) for n in range(8)]) == [None] * 8
    for person in ten:
        other = next(g for g in groups if g.pk != person.membership.group_id)
        why = scenes.why_not(judging.vote, person=person, award=award, group=other)
        assert why in {None, "voted"}
    assert VoteTicket.objects.count() == 10
    assert VoteCount.objects.aggregate(n=Sum("votes"))["n"] == 10


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_votes_counted_after_a_look_are_more_than_people():
    """The unlocked twin: "has she voted?" asked before, no unique ticket."""
    salon = scenes.a_salon()
    room, groups = scenes.two_groups(salon)
    scenes.start(salon, scenes.VOTE)
    award, lin = best(salon), room[0]
    looked = threading.Barrier(2)

    def look_then_vote():
        with transaction.atomic():
            seen = VoteTicket.objects.filter(award=award, participant=lin).exists()
            looked.wait()
            if not seen:
                VoteTicket.objects.create(award=award, participant=lin)
                VoteCount.objects.filter(award=award, group=groups[1]).update(votes=F("votes") + 1)

    with without("one_vote_per_award"):
        at_once(look_then_vote, look_then_vote)
        assert VoteCount.objects.aggregate(n=Sum("votes"))["n"] == 2


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_no_vote_slips_in_behind_the_count():
    salon = scenes.a_salon()
    room, groups = scenes.two_groups(salon)
    scenes.start(salon, scenes.VOTE)
    award = best(salon)

    def vote(person):
        other = next(g for g in groups if g.pk != person.membership.group_id)
        why = scenes.why_not(judging.vote, person=person, award=award, group=other)
        assert why in {None, "closed"}

    close = lambda: judging.close_vote(event=salon, by=None)  # noqa: E731
    raised = at_once(*[lambda p=p: vote(p) for p in room], close)
    assert raised == [None] * (len(room) + 1)
    kept = Award.objects.get(pk=award.pk).result["votes"]
    now = {str(c.group_id): c.votes for c in VoteCount.objects.filter(award=award)}
    assert kept == now
    assert sum(kept.values()) == VoteTicket.objects.filter(award=award).count()
