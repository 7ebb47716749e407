"""Somebody is erased while others write: nothing that was on its way brings their name back, nothing
that somebody saved is undone, and nobody waits for each other for ever."""

import threading

import pytest
from django.db import OperationalError, connections, transaction

from metrics import whitepaper
from participants import erase
from participants.models import Participant
from salon.errors import Refused
from salon.meeting import DEADLOCK, sqlstate
from tests.house import somebody_waits_for_us, until
from tests.races.test_two_desks import at_once
from workshops import plans, questions
from workshops.models import LateDraft, Plan, PlanRow, Question
from workshops.tests import scenes
from workshops.tests.scenes import new_id

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
ROUNDS = 50


@pytest.fixture
def salon():
    return scenes.a_salon(on_site_capacity=200)


@pytest.fixture
def group(salon):
    scenes.two_groups(salon)
    scenes.start(salon, scenes.DESIGN)
    return salon.work_groups.order_by("number").first()


def joined(group, number):
    """One more member, of a name that nobody else has."""
    [person] = scenes.people(group.event, 1)
    Participant.objects.filter(pk=person.pk).update(name=f"金丝雀{number}号")
    group.memberships.create(participant=person)
    person.refresh_from_db()
    return person


def save(group, mate, text):
    """As a phone does that has just read the plan; what it was told when it was refused."""
    version = plans.plan_of(group).version
    try:
        return plans.save_plan(
            group=group,
            person=mate,
            version=version,
            title=text[:40],
            elements={"content": text},
            rows=[("第 1 天", text[:40], text)],
        )
    except Refused as refused:
        return refused.code


def in_plans():
    said = [*Plan.objects.values_list("title", "elements"), *LateDraft.objects.values_list("text")]
    return f"{said}{list(PlanRow.objects.values_list('time_node', 'owner', 'resources'))}"


def meanwhile(doing, then):
    """`then` begins while `doing` has written and not committed; what it answers or raises."""
    found = []

    def run():
        try:
            found.append(then())
        except Exception as error:
            found.append(error)
        finally:
            connections.close_all()

    with transaction.atomic():
        doing()
        thread = threading.Thread(target=run)
        thread.start()
        until(lambda: found or somebody_waits_for_us())
    thread.join(30)
    return found[0]


def test_a_plan_that_is_being_saved_is_waited_for_and_struck(group):
    lin = joined(group, 1)
    mate = scenes.members(group)[0]
    meanwhile(
        lambda: save(group, mate, f"请{lin.name}来写"),
        lambda: erase.erase_person(participant=lin, by=None),
    )
    assert "金丝雀" not in in_plans()
    assert "请×来写" in in_plans()


def test_without_waiting_the_name_is_saved_again(group, monkeypatch):
    monkeypatch.setattr(Plan, "erase_waits", False)
    lin = joined(group, 1)
    mate = scenes.members(group)[0]
    meanwhile(
        lambda: save(group, mate, f"请{lin.name}来写"),
        lambda: erase.erase_person(participant=lin, by=None),
    )
    assert "金丝雀" in in_plans()


def test_what_a_mate_has_on_the_screen_is_stale_once_somebody_is_gone(group):
    lin = joined(group, 1)
    mate = scenes.members(group)[0]
    answer = meanwhile(
        lambda: erase.erase_person(participant=lin, by=None),
        lambda: save(group, mate, f"请{lin.name}来写"),
    )
    assert answer == "stale"
    assert "金丝雀" not in in_plans()


def test_fifty_times_a_mate_saves_while_somebody_is_erased(group):
    """What was answered as saved stands, less the name; no name is left."""
    mate, lost = scenes.members(group)[0], []
    for number in range(ROUNDS):
        lin = joined(group, number)
        text = f"第{number}稿，{lin.name}写"
        saved, _erased = at_once(
            [
                lambda text=text: save(group, mate, text),
                lambda lin=lin: erase.erase_person(participant=lin, by=None),
            ]
        )
        now = plans.plan_of(group)
        if saved != "stale" and f"第{number}稿" not in now.elements["content"]:
            lost.append(number)
        assert "金丝雀" not in in_plans(), number
    assert lost == []


def outcome_of(verb):
    try:
        verb()
    except OperationalError as error:
        return sqlstate(error)
    return "done"


def test_erasing_and_the_hosts_queue_lock_questions_in_one_order(salon, monkeypatch):
    monkeypatch.setattr("salon.meeting.REPEATS", 0)
    outcomes = []
    for number in range(ROUNDS // 4):
        lin, other = scenes.people(salon, 2)
        Participant.objects.filter(pk=lin.pk).update(name=f"金丝雀{number}号")
        lin.refresh_from_db()
        rows = [
            questions.send(
                person=who, kind="question", text=f"{lin.name}怎么看{n}", client_id=new_id()
            )
            for n, who in enumerate([other, lin] * 3)
        ]
        outcomes += at_once(
            [
                lambda rows=rows: outcome_of(
                    lambda: questions.show_seen(event=salon, seen=[row.pk for row in rows], by=None)
                ),
                lambda lin=lin: outcome_of(lambda: erase.erase_person(participant=lin, by=None)),
            ]
        )
    assert DEADLOCK not in outcomes
    assert set(outcomes) == {"done"}
    assert not Question.objects.filter(text__contains="金丝雀").exists()


def test_erasing_and_an_editor_of_the_whitepaper_do_not_meet_head_on(salon, monkeypatch):
    monkeypatch.setattr("salon.meeting.REPEATS", 0)
    editor = scenes.an_organiser(salon)
    paper, *_news = whitepaper.draft(event=salon, by=editor)
    outcomes = []
    for _round in range(ROUNDS // 4):
        [lin] = scenes.people(salon, 1)
        paper.refresh_from_db()
        outcomes += at_once(
            [
                lambda: outcome_of(
                    lambda: whitepaper.save(
                        paper=paper,
                        title="实录",
                        sections=[{"module": "cases", "title": "案例", "text": "大家说的"}],
                        edit_version=paper.edit_version,
                        by=editor,
                    )
                ),
                lambda lin=lin: outcome_of(lambda: erase.erase_person(participant=lin, by=None)),
            ]
        )
    assert set(outcomes) == {"done"}
