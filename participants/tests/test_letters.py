from datetime import timedelta

import pytest

from events import agenda, announcing, preparation, upstairs
from participants import applications, contacts, mailings, reminders, screening, wording
from participants.models import Participant
from participants.tests import scenes
from salon import clock, outbox
from salon.errors import Refused
from salon.models import Message

pytestmark = pytest.mark.django_db
Status = Participant.Status

LETTERS = [*scenes.HOUSE_LETTERS]


@pytest.mark.parametrize("kind", LETTERS)
def test_every_letter_reads_whole(kind):
    event = scenes.a_salon(stream_link="https://live.example.com/a", route="地铁 11 号线云锦路站")
    lin = scenes.confirmed(event, by=scenes.an_organiser(event))
    speaks_of = {"received": (Status.SUBMITTED,)} | scenes.letters.SPEAKS_OF
    scenes.now_stand(
        event.participants,
        speaks_of.get(kind, (Status.CONFIRMED,))[0],
        told_reason="名额有限",
        confirm_by=clock.now() + timedelta(days=1),
    )
    message = outbox.plan(
        dedup_key=f"look:{kind}",
        kind=kind,
        event_id=event.pk,
        person_id=lin.pk,
        due_at=clock.now(),
        context={"change": "主题分享二改为圆桌"},
    )
    letter = outbox.preview(message)
    assert letter.to == lin.email
    assert event.title in letter.subject
    assert "林知夏" in letter.text
    assert not set(letter.subject + letter.text) & set("{}")
    assert "（个人链接）" in letter.text


def test_the_confirmation_brings_qr_and_calendar():
    event = scenes.a_salon()
    lin = scenes.confirmed(event, by=scenes.an_organiser(event))
    letter = outbox.preview(Message.objects.get(kind="confirmed"))
    files = {name: content for name, content, _type in letter.packed().attachments}
    assert files[f"{lin.code}.png"].startswith(b"\x89PNG")
    assert b"BEGIN:VCALENDAR" in files["salon.ics"]
    assert lin.code in letter.text


def test_the_link_to_the_stream_goes_to_those_who_watch_and_to_nobody_else(client):
    event = scenes.a_salon(stream_link="https://live.example.com/a")
    chen = scenes.an_organiser(event)
    lin = scenes.confirmed(event, "林知夏", 1, by=chen)
    ma = scenes.confirmed(event, "马远", 2, online=True, by=chen)
    files = {}
    for person in (lin, ma):
        letter = outbox.preview(Message.objects.get(kind="confirmed", person_id=person.pk))
        files[person.name] = next(
            content for name, content, _type in letter.packed().attachments if name == "salon.ics"
        )
    assert b"live.example.com" in files["马远"]
    assert b"live.example.com" not in files["林知夏"]
    for page in ("", "event.ics"):
        assert b"live.example.com" not in client.get(f"/e/spring/{page}").content


def test_a_letter_that_was_overtaken_does_not_go():
    event = scenes.a_salon()
    chen, lin = scenes.an_organiser(event), scenes.an_applicant(event)
    screening.decide(participant=lin, to_status=Status.ACCEPTED, by=chen)
    held = Message.objects.get(kind="accepted")
    scenes.now_stand(event.participants, "withdrawn", confirm_by=None)
    assert outbox.preview(held) is None


@pytest.mark.parametrize(
    ("to_status", "told_reason"),
    [(Status.NOT_SELECTED, "这一场名额有限"), (Status.WAITLISTED, ""), (Status.ACCEPTED, "")],
)
def test_the_receipt_tells_nothing_of_a_decision_that_waits_and_not_after_it_was_told(
    to_status, told_reason
):
    event = scenes.a_salon()
    chen, lin = scenes.an_organiser(event), scenes.an_applicant(event)
    receipt = Message.objects.get(kind="received")
    batch = screening.decide(participant=lin, to_status=to_status, by=chen, told_reason=told_reason)
    text = scenes.letters.compose(receipt).text
    assert "我们会尽快审核" in text
    assert "名额有限" not in text
    screening.release_batch(batch=batch, by=chen)
    after = scenes.letters.compose(receipt)
    assert "候补名单" in after.text if to_status == Status.WAITLISTED else after is None


def test_the_receipt_of_somebody_who_came_to_a_full_room_says_so():
    event = scenes.a_salon(on_site_capacity=0)
    scenes.an_applicant(event)
    receipt = Message.objects.get(kind="received")
    assert "您先排在候补名单上" in scenes.letters.compose(receipt).text


def test_a_wrong_field_name_is_refused_and_a_right_one_is_filled():
    event = scenes.a_salon()
    chen = scenes.an_organiser(event)
    for body in ("您好 {名字}", "您好 {姓名.__class__}", "您好 {姓名"):
        with pytest.raises(Refused) as refused:
            wording.save_wording(event=event, kind="accepted", subject="好", body=body, by=chen)
        assert refused.value.code == "unknown_field"
    wording.save_wording(
        event=event, kind="accepted", subject="{姓名}，来吧", body="{截止时间}\n{个人链接}", by=chen
    )
    lin = scenes.an_applicant(event)
    screening.decide(participant=lin, to_status=Status.ACCEPTED, by=chen)
    letter = outbox.preview(Message.objects.get(kind="accepted"))
    assert letter.subject == "您，来吧"
    contacts.prove(participant=lin, contacts=["email"], by=lin)
    assert outbox.preview(Message.objects.get(kind="accepted")).subject == "林知夏，来吧"
    wording.drop_wording(event=event, kind="accepted", by=chen)
    assert "请确认" in outbox.preview(Message.objects.get(kind="accepted")).subject


def test_a_wording_too_long_is_said_and_not_cut():
    event = scenes.a_salon()
    chen = scenes.an_organiser(event)
    body = "很长的路线说明。" * 650 + "\n{个人链接}"
    with pytest.raises(Refused) as refused:
        wording.save_wording(event=event, kind="t1", subject="明天见", body=body, by=chen)
    assert str(refused.value) == f"最多 5000 字，现在有 {len(body)} 字。"
    assert not event.wordings.exists()


def test_a_name_with_braces_stays_a_name():
    event = scenes.a_salon()
    scenes.an_applicant(event, "林{个人链接}{{link}}")
    letter = outbox.preview(Message.objects.get(kind="received"))
    assert letter.text.count("（个人链接）") <= 3


def test_moving_the_event_moves_the_reminders_and_tells_people():
    event = scenes.a_salon(in_days=30)
    chen = scenes.an_organiser(event)
    lin = scenes.confirmed(event, by=chen)
    before = scenes.span_of(event)
    event.starts_at += timedelta(days=7)
    event.ends_at += timedelta(days=7)
    event.save()
    for tell in upstairs.when_moved:
        tell(event, before=before, by=chen)
    planned = dict(Message.objects.open().filter(person_id=lin.pk).values_list("kind", "due_at"))
    for kind, due_at in reminders.due_times(event).items():
        assert planned[kind] == due_at
    assert "新的时间" in outbox.preview(Message.objects.get(kind="event_moved")).text


@pytest.mark.parametrize(
    ("first", "then", "channel", "to"),
    [
        ({}, {"email": ""}, "sms", "+8613800000000"),
        ({"email": ""}, {"email": "neu@example.com"}, "email", "neu@example.com"),
    ],
)
def test_reminders_go_by_the_way_that_is_left_when_lin_changes_how_she_is_reached(
    first, then, channel, to
):
    event = scenes.a_salon()
    chen = scenes.an_organiser(event)
    lin = scenes.confirmed(event, by=chen, **first)
    Message.objects.of_kind("confirmed").update(state=Message.State.NOT_DELIVERED)
    applications.edit(
        participant=lin,
        answers=scenes.answers("林知夏", **first | then),
        version=lin.version,
        by=chen,
    )
    letters = {row.kind: row for row in Message.objects.of_person(lin.pk)}
    for kind in ("confirmed", "t7", "t1", "morning"):
        assert letters[kind].channel == channel
        assert scenes.letters.compose(letters[kind]).to == to


def test_who_was_told_of_a_seat_is_told_of_the_new_date_and_nobody_else():
    event = scenes.a_salon(in_days=30)
    chen = scenes.an_organiser(event)
    lin = scenes.confirmed(event, "林知夏", 1, by=chen)
    zhou = scenes.accepted(event, "周晓", 2, by=chen)
    he = scenes.an_applicant(event, "何悦", 3)
    screening.decide(participant=he, to_status=Status.ACCEPTED, by=chen)
    scenes.an_applicant(event, "马远", 4)
    agenda.move_event(event=event, starts_at=event.starts_at + timedelta(days=7), by=chen)
    told = Message.objects.filter(kind="event_moved").values_list("person_id", flat=True)
    assert set(told) == {lin.pk, zhou.pk}


def test_a_reminder_that_has_gone_is_planned_anew_for_the_new_date(travel):
    event = scenes.a_salon(in_days=30)
    chen = scenes.an_organiser(event)
    scenes.confirmed(event, by=chen)
    t7 = Message.objects.get(kind="t7")
    t7.state, t7.handed_over_at = "handed_over", clock.now()
    t7.save()
    before = scenes.span_of(event)
    event.starts_at += timedelta(days=60)
    event.ends_at += timedelta(days=60)
    event.save()
    for tell in upstairs.when_moved:
        tell(event, before=before, by=chen)
    assert Message.objects.filter(kind="t7").count() == 2


def test_calling_the_event_off_tells_everybody_once_and_cancels_the_rest():
    event = scenes.a_salon()
    chen = scenes.an_organiser(event)
    lin = scenes.confirmed(event, "林知夏", 1, by=chen)
    waiting = scenes.an_applicant(event, "周晓", 2)
    event.status = "cancelled"
    event.save()
    for tell in upstairs.when_called_off:
        tell(event, by=chen)
    assert set(Participant.objects.values_list("status", flat=True)) == {"cancelled"}
    open_kinds = Message.objects.open().filter(person_id__in=[lin.pk, waiting.pk])
    assert set(open_kinds.values_list("kind", flat=True)) == {"cancelled", "received"}
    assert "整场活动取消了" in outbox.preview(Message.objects.filter(kind="cancelled")[0]).text


def test_who_gets_what_when_is_known_beforehand():
    event = scenes.a_salon()
    scenes.confirmed(event, by=scenes.an_organiser(event))
    coming = reminders.who_gets_what(event)
    kinds = [kind for kind, _at, _people in coming]
    assert kinds.index("t7") < kinds.index("t1") < kinds.index("morning")
    assert {kind: people for kind, _at, people in coming}["t7"] == 1


def test_each_reminder_to_the_crew_stands_under_its_own_hour():
    event = scenes.a_salon()
    preparation.plan_reminders(event)
    rows = Message.objects.of_event(event).order_by("due_at")
    hours = dict.fromkeys(rows.values_list("due_at", flat=True))
    assert len(hours) > 2
    letters = [
        (at, people)
        for kind, at, people in reminders.who_gets_what(event)
        if kind.startswith("milestone")
    ]
    assert sum(people for _at, people in letters) == rows.count()
    assert list(dict.fromkeys(at for at, _people in letters)) == list(hours)


def test_of_a_salon_that_was_called_off_nothing_is_expected():
    event = scenes.a_salon()
    event = announcing.call_off(event=event, by=scenes.an_organiser(event))
    assert not reminders.who_gets_what(event)


def test_mailings_group_what_waits_and_release_lets_it_go():
    event = scenes.a_salon()
    chen = scenes.an_organiser(event)
    people = scenes.applicants(event, 3)
    screening.decide_many(
        event=event, people=[p.pk for p in people], to_status=Status.ACCEPTED, by=chen
    )
    [held] = [row for row in mailings.mailings(event) if row.held]
    assert (held.title, held.held) == ("通过，请确认", 3)
    assert mailings.release(event=event, batch=held.batch, by=chen) == 3
    assert mailings.hold(event=event, batch=held.batch, by=chen) == 3
    assert mailings.release_all(event=event, by=chen) == 3
