"""A hundred and fifty phones at once: what one post may cost, and that it counts once."""

import uuid

import pytest
from django.urls import reverse

from participants.access import issue_link, person_of
from participants.models import Participant, PersonalLink
from salon.errors import Refused
from workshops import groups, pains, questions
from workshops.models import PainCard
from workshops.tests import scenes
from workshops.tests.scenes import new_id

pytestmark = pytest.mark.django_db
JSON = {"accept": "application/json"}


@pytest.fixture
def salon():
    return scenes.a_salon()


@pytest.fixture
def lin(salon):
    return scenes.person(salon)


def a_solution(lin):
    card = pains.post_pain(person=lin, text="新人不说话", client_id=new_id())
    return pains.post_solution(person=lin, card=card, text="点名", client_id=new_id())


def a_question(lin):
    question = questions.send(person=lin, kind="question", text="怎么定？", client_id=new_id())
    questions.show(question=question, by=None)
    return question


# The door, SAVEPOINT and RELEASE (here for BEGIN and COMMIT) are in these numbers.
@pytest.mark.parametrize(
    "case",
    [
        (5, lambda lin: ("me_pains", [], {"text": "没人打卡"})),
        (6, lambda lin: ("me_solve", [a_solution(lin).card_id], {"text": "先约一对一"})),
        (7, lambda lin: ("me_like", [a_solution(lin).pk], {"on": "1"})),
        (5, lambda lin: ("me_questions", [], {"text": "预算多少？", "kind": "question"})),
        (6, lambda lin: ("me_questions", [], {"text": "来了", "kind": "danmaku"})),
        (7, lambda lin: ("me_upvote", [a_question(lin).pk], {"on": "1"})),
    ],
)
def test_a_post_costs_few_statements_and_rings_once(
    client, lin, case, django_assert_num_queries, django_capture_on_commit_callbacks
):
    statements, post = case
    name, args, form = post(lin)
    phone = scenes.phone_of(client, lin)
    url = reverse(name, args=[lin.event.slug, *args])
    with (
        django_capture_on_commit_callbacks() as bells,
        django_assert_num_queries(statements),
    ):
        answer = phone.post(url, {"client_id": uuid.uuid4(), **form}, headers=JSON)
    assert answer.status_code == 200
    assert len(bells) == 1


def test_an_autosave_costs_no_more_however_long_the_plan(
    client, salon, django_assert_num_queries, django_capture_on_commit_callbacks
):
    room, _groups = scenes.two_groups(salon)
    scenes.start(salon, scenes.DESIGN)
    phone = scenes.phone_of(client, room[0])
    form = {"group": groups.group_of(room[0]).pk, "version": 0, "title": "一", "need_fit": 3}
    form |= {"node": ["第 1 天"] * 30, "owner": ["组长"] * 30, "resources": ["卡"] * 30}
    url = reverse("me_group_save", args=[salon.slug])
    assert phone.post(url, form, headers=JSON).status_code == 200
    form |= {"version": 1, "title": "二"}
    with django_capture_on_commit_callbacks() as bells, django_assert_num_queries(13):
        assert phone.post(url, form, headers=JSON).status_code == 200
    assert len(bells) == 1
    assert groups.group_of(room[0]).plan.rows.count() == 30


def test_what_is_sent_again_is_not_counted_against_the_person(lin):
    """The twentieth card's answer is lost five times; the phone gets its card each time."""
    for number in range(19):
        pains.post_pain(person=lin, text=f"痛点 {number}", client_id=new_id())
    press = new_id()
    cards = {
        pains.post_pain(person=lin, text="第二十张", client_id=press).pk for _again in range(6)
    }
    assert len(cards) == 1
    with pytest.raises(Refused, match="太频繁"):
        pains.post_pain(person=lin, text="第二十一张", client_id=new_id())
    assert PainCard.objects.filter(participant=lin).count() == 20


def test_the_hand_written_door_knows_a_person_as_the_orm_does(rf, client, lin):
    client.get(issue_link(participant=lin))
    request = rf.get("/")
    request.COOKIES = {name: morsel.value for name, morsel in client.cookies.items()}
    found = person_of(request, lin.event.slug)
    known = Participant.objects.select_related("event", "category").get(pk=lin.pk)
    for mine, theirs in (
        (found, known),
        (found.event, known.event),
        (found.category, known.category),
        (found.link, PersonalLink.objects.get()),
    ):
        for field in theirs._meta.concrete_fields:
            value = getattr(theirs, field.attname)
            assert getattr(mine, field.attname) == value, field
            assert type(getattr(mine, field.attname)) is type(value), field
