"""The host presses start, finish, extend and undo; the clock is the database's."""

import threading
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from events import agenda
from events.models import AgendaItem, AgendaStep, Event
from events.tests.scenes import DAY, a_salon, at, crew, times
from events.timetable import How
from salon.errors import Refused
from salon.models import AuditEntry


@pytest.fixture
def salon(db):
    return a_salon()


def titled(salon, start):
    return salon.agenda.get(title__startswith=start)


def press(salon, verb, **given):
    return verb(event=salon, seen=agenda.seen_of(salon), by=None, **given)


def test_one_button_walks_through_the_afternoon_and_ends_the_event(salon, travel):
    expected = [item.title for item in salon.agenda.all()]
    ran = []
    for number in range(7):
        travel(at("13:30") + timedelta(minutes=30 * number))
        ran.append(press(salon, agenda.advance).item.title)
    assert ran == expected
    travel(at("18:03"), tick=False)
    press(salon, agenda.advance)
    salon.refresh_from_db()
    assert salon.ended_at == at("18:03")
    assert not salon.agenda.running().exists()
    with pytest.raises(Refused) as refused:
        press(salon, agenda.advance)
    assert refused.value.code == "over"


def test_planned_and_real_times_are_both_kept(salon, travel):
    travel(at("13:42"), tick=False)
    press(salon, agenda.advance)
    travel(at("14:05"), tick=False)
    press(salon, agenda.advance)
    check_in = titled(salon, "签到")
    assert (check_in.planned_starts_at, check_in.planned_ends_at) == (at("13:30"), at("14:00"))
    assert (check_in.started_at, check_in.finished_at) == (at("13:42"), at("14:05"))


def test_starting_an_item_out_of_order_finishes_what_runs_and_skips_what_lies_between(salon):
    press(salon, agenda.advance)
    press(salon, agenda.start, item_id=titled(salon, "茶歇").pk)
    programme = agenda.programme(salon)
    assert [item.state for item in programme.items] == [
        "past", "skipped", "skipped", "now", "next", "coming", "coming",
    ]  # fmt: skip
    assert programme.following.title.startswith("主题分享二")


def test_an_extension_is_previewed_exactly_as_it_is_applied(salon):
    press(salon, agenda.advance)
    given = {"item_id": titled(salon, "签到").pk, "minutes": 10, "how": How.BREAK}
    preview = agenda.preview_extend(event=salon, **given)
    assert times(salon)[0] == ("签到入场", "13:30", "14:00"), "a preview changes nothing"
    press(salon, agenda.extend, **given)
    now = {item.title: (item.starts_at, item.ends_at) for item in salon.agenda.all()}
    assert {s.title: (s.becomes.starts_at, s.becomes.ends_at) for s in preview} == {
        title: span for title, span in now.items() if title in {s.title for s in preview}
    }
    assert [s.title[:4] for s in preview if s.shortened] == ["茶歇与资"]
    assert times(salon)[3:5] == [
        ("茶歇与资源对接", "15:30", "15:50"),
        ("主题分享二：数据驱动的互动优化", "15:50", "16:50"),
    ]


def test_moving_along_makes_the_event_itself_longer(salon):
    press(salon, agenda.extend, item_id=titled(salon, "共创").pk, minutes=20, how=How.ALONG)
    salon.refresh_from_db()
    assert salon.ends_at == at("18:20")
    press(salon, agenda.undo)
    salon.refresh_from_db()
    assert salon.ends_at == at("18:00")


@pytest.mark.parametrize("minutes", [0, -5, 121])
def test_nonsense_minutes_are_refused_with_a_sentence(salon, minutes):
    with pytest.raises(Refused) as refused:
        press(salon, agenda.extend, item_id=salon.agenda.first().pk, minutes=minutes, how="along")
    assert refused.value.code == "minutes"


def test_undo_goes_back_step_by_step_to_the_morning(salon):
    before = list(salon.agenda.values())
    press(salon, agenda.advance)
    press(salon, agenda.extend, item_id=titled(salon, "签到").pk, minutes=10, how=How.ALONG)
    press(salon, agenda.advance)
    for _step in range(3):
        press(salon, agenda.undo)
    assert list(salon.agenda.values()) == before
    with pytest.raises(Refused) as refused:
        press(salon, agenda.undo)
    assert refused.value.code == "nothing_to_undo"


def test_undo_of_the_last_finish_opens_the_event_again(salon):
    press(salon, agenda.start, item_id=titled(salon, "圆桌").pk)
    press(salon, agenda.finish)
    press(salon, agenda.undo)
    salon.refresh_from_db()
    assert salon.ended_at is None
    assert salon.agenda.running().get().title.startswith("圆桌")


def edit(salon, *, without=(), extra=(), **changes):
    """Save the editor with `changes` {title's beginning: {field: value}}."""
    salon.refresh_from_db()
    drafts = []
    for item in salon.agenda.all():
        fields = {name: getattr(item, name) for name in agenda.Draft.FIELDS}
        for start, change in changes.items():
            if item.title.startswith(start):
                fields |= change
        if not item.title.startswith(tuple(without)):
            drafts.append(agenda.Draft(id=item.pk, **fields))
    agenda.save_agenda(event=salon, drafts=[*drafts, *extra], version=salon.version, by=None)


def encore(start, end):
    return agenda.Draft(
        id=None, kind="roundtable", title="抽奖", starts_at=at(start), ends_at=at(end)
    )


def test_undoing_a_start_leaves_the_schedule_that_was_edited_since(salon):
    press(salon, agenda.advance)
    edit(
        salon,
        extra=[encore("15:20", "15:30")],
        茶歇={"starts_at": at("15:30"), "ends_at": at("15:50"), "title": "短茶歇"},
    )
    edited = times(salon)
    press(salon, agenda.undo)
    judge_at_once()
    assert times(salon) == edited
    assert not agenda.programme(salon).begun


def test_an_extension_that_was_edited_over_is_no_longer_to_be_undone(salon):
    press(salon, agenda.advance)
    press(salon, agenda.extend, item_id=titled(salon, "签到").pk, minutes=10, how=How.ALONG)
    edit(salon, without=["开场"], extra=[encore("14:10", "14:30")])
    edited = times(salon)
    step = press(salon, agenda.undo)
    judge_at_once()
    assert step.verb == "start", "the step before it is next"
    assert times(salon) == edited


def test_an_extension_outlives_an_edit_of_words(salon):
    press(salon, agenda.extend, item_id=titled(salon, "签到").pk, minutes=10, how=How.ALONG)
    edit(salon, 开场={"title": "开场"})
    press(salon, agenda.undo)
    assert times(salon)[:2] == [("签到入场", "13:30", "14:00"), ("开场", "14:00", "14:20")]


def test_what_was_tried_before_the_salon_moved_is_not_brought_back(salon, travel):
    travel(DAY - timedelta(days=40))
    press(salon, agenda.extend, item_id=titled(salon, "共创").pk, minutes=5, how=How.ALONG)
    agenda.move_event(event=salon, starts_at=DAY + timedelta(days=31), by=None)
    moved = times(salon)
    with pytest.raises(Refused) as refused:
        press(salon, agenda.undo)
    assert refused.value.code == "nothing_to_undo"
    assert times(salon) == moved


def play_through(salon):
    for _press in range(8):
        press(salon, agenda.advance)


def test_a_rehearsal_played_to_the_end_does_not_make_the_salon_over(salon, travel):
    travel(at("18:00") - timedelta(days=20))
    play_through(salon)
    salon.refresh_from_db()
    for later in ("13:29", "17:59"):
        assert not salon.is_over(at(later))
        assert salon not in Event.objects.ended(at(later)), "nobody took the rehearsal back"
    assert salon.is_over(at("18:00"))
    assert salon in Event.objects.ended(at("18:00"))
    assert salon.over_at == at("18:00")


def test_a_salon_that_ran_quicker_than_planned_is_over_when_the_host_says_so(salon, travel):
    travel(at("17:20"), tick=False)
    play_through(salon)
    salon.refresh_from_db()
    assert salon.is_over(at("17:21"))
    assert salon in Event.objects.ended(at("17:21"))
    assert salon.over_at == at("17:20")


def test_every_press_leaves_a_record_without_values(salon):
    he = crew(salon, "hejing", "host")
    agenda.advance(event=salon, seen=0, by=he)
    entry = AuditEntry.objects.get(verb="agenda_start")
    assert (entry.actor, entry.event_id) == (f"user:{he.pk}", salon.pk)


def test_a_late_press_is_told_that_somebody_was_quicker(salon):
    agenda.advance(event=salon, seen=0, by=None)
    with pytest.raises(Refused) as refused:
        agenda.advance(event=salon, seen=0, by=None)
    assert refused.value.code == "already_done"
    assert salon.agenda.running().get().title == "签到入场"


def test_a_cancelled_salon_does_not_run(salon):
    Event.objects.filter(pk=salon.pk).update(status=Event.Status.CANCELLED)
    with pytest.raises(Refused) as refused:
        agenda.advance(event=salon, seen=0, by=None)
    assert refused.value.code == "cancelled"


def judge_at_once():
    """Let the table judge now what it would judge at the end of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_the_table_itself_refuses_an_overlap(salon):
    AgendaItem.objects.create(
        event=salon, kind="talk", title="加场", starts_at=at("14:10"), ends_at=at("14:15")
    )
    with pytest.raises(IntegrityError, match="agenda_items_never_overlap"):
        judge_at_once()


def test_a_whole_afternoon_may_cross_itself_while_it_moves(salon):
    """The exclusion constraint waits for the end of the transaction."""
    press(salon, agenda.extend, item_id=salon.agenda.first().pk, minutes=45, how=How.ALONG)
    judge_at_once()


def test_two_salons_may_run_at_the_same_hour(salon):
    other = a_salon("autumn")
    press(salon, agenda.advance)
    press(other, agenda.advance)
    assert AgendaItem.objects.running().count() == 2


# --- two hosts press at once ---------------------------------------------------------------------


def press_together(*presses):
    """Run each in a thread of its own; all stand at the line before any goes."""
    line = threading.Barrier(len(presses))
    outcomes = []

    def run(act):
        try:
            line.wait(10)
            act()
            outcomes.append("done")
        except Refused as refused:
            outcomes.append(refused.code)
        except IntegrityError:
            outcomes.append("table")
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[act]) for act in presses]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return sorted(outcomes)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_two_hosts_pressing_at_once_do_one_step():
    salon = a_salon()
    for step in range(7):
        seen = agenda.seen_of(salon)
        outcomes = press_together(
            *[lambda seen=seen: agenda.advance(event=salon, seen=seen, by=None)] * 4
        )
        assert outcomes == ["already_done"] * 3 + ["done"]
        assert AgendaStep.objects.count() == step + 1
    assert salon.agenda.running().get().title == "圆桌对话与总结"


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_without_the_lock_two_presses_do_two_steps():
    """The same step, read and written without the event's lock: both hosts get through."""
    salon = a_salon()
    read = threading.Barrier(2)

    def unlocked_press():
        with transaction.atomic():
            items = list(salon.agenda.all())
            seen = agenda.seen_of(salon)
            read.wait(10)
            assert seen == 0
            AgendaStep.objects.create(
                event=salon, verb="start", item=items[0], at=DAY, before={"items": {}, "event": {}}
            )

    assert press_together(unlocked_press, unlocked_press) == ["done", "done"]
    assert AgendaStep.objects.count() == 2
