"""Room and stream read their own sentences, and nothing is promised that is not there."""

from datetime import timedelta

import pytest

from participants import applications, out_of_reach, screening
from participants.models import Participant
from participants.own_steps import standing_of
from participants.tests import scenes
from salon import clock, outbox
from salon.models import Message

pytestmark = pytest.mark.django_db
Status = Participant.Status


@pytest.fixture
def event():
    return scenes.a_salon(in_days=30, stream_link="")


@pytest.fixture
def chen(event):
    return scenes.an_organiser(event)


def shown(person, kind):
    return outbox.preview(Message.objects.of_person(person.pk).of_kind(kind).latest("pk"))


def attached(letter):
    return {name.rpartition(".")[2] for name, *_rest in letter.attachments}


@pytest.mark.parametrize("kind", ["confirmed", "t1"])
@pytest.mark.parametrize("online", [False, True], ids=["room", "stream"])
def test_what_is_named_as_attached_is_attached(event, chen, kind, online):
    event.stream_link = "https://live.example/1"
    event.save()
    person = scenes.confirmed(event, by=chen, online=online)
    letter = shown(person, kind)
    assert ("二维码" in letter.text) == ("png" in attached(letter)) == (not online)
    assert ("日历文件" in letter.text) == ("ics" in attached(letter))
    assert ("签到码" in letter.text) == (not online)


def test_an_sms_names_no_attachment(event, chen):
    person = scenes.confirmed(event, by=chen, email="")
    for kind in ("confirmed", "t1", "morning"):
        assert "附件" not in shown(person, kind).text
        assert person.code in shown(person, kind).text


def test_without_the_stream_link_the_reminder_waits_and_goes_once_it_is_filled_in(
    event, chen, travel
):
    online = scenes.confirmed(event, "林知夏", 1, by=chen, online=True)
    room = scenes.confirmed(event, "周子昂", 2, by=chen)
    assert "活动前一天" not in shown(online, "confirmed").text
    letter = Message.objects.of_person(online.pk).get(kind="t1")
    travel(letter.due_at + timedelta(minutes=1))
    for _look in range(3):
        outbox.deliver_due()
        letter.refresh_from_db()
        assert (letter.state, letter.failure) == ("planned", "直播链接还没有填，填好马上发。")
        assert letter.attempts == 0
        travel(clock.now() + timedelta(minutes=6))
    assert Message.objects.of_person(room.pk).get(kind="t1").state == "handed_over"
    event.stream_link = "https://live.example/1"
    event.save()
    outbox.deliver_due()
    letter.refresh_from_db()
    assert letter.state == "handed_over"
    assert "https://live.example/1" in letter.body


def again(person):
    applications.send_link_again(participant=person, now=clock.now())
    return shown(person, "link_again").text


def test_who_applies_again_is_told_where_they_stand_and_how_to_come_back(event, chen):
    standing = scenes.an_applicant(event, "林知夏", 1)
    assert "原来的报名还在" in again(standing)
    withdrew = scenes.confirmed(event, "周子昂", 2, by=chen)
    screening.withdraw(participant=withdrew, by=withdrew)
    assert "取消了这份报名。还想来，打开下面的链接，点“重新报名”就好。" in again(withdrew)
    for number, status in ((3, Status.NOT_SELECTED), (4, Status.CANCELLED)):
        person = scenes.an_applicant(event, f"报名者{number}", number)
        batch = screening.decide(
            participant=person, to_status=status, by=chen, told_reason="这一场名额有限。"
        )
        assert "原来的报名还在" in again(person)  # not told yet
        screening.release_batch(batch=batch, by=chen)
        Message.objects.filter(kind="link_again").delete()
        assert "请直接联系主办方" in again(person)
        assert "原来的报名还在" not in again(person)


def test_whose_seat_was_given_away_unreached_comes_back_with_one_press(event, chen):
    lin = scenes.an_applicant(event, "林知夏", 1, email="")
    batch = screening.decide(participant=lin, to_status=Status.ACCEPTED, by=chen)
    screening.release_batch(batch=batch, by=chen)
    outbox.deliver_due()
    out_of_reach.give_away(event=event, people=[lin.pk], by=chen)
    lin.refresh_from_db()
    assert "come_back" in standing_of(lin, now=clock.now()).may
    assert "没能联系上您" in again(lin)
    assert screening.come_back(participant=lin, by=lin).status == "submitted"
