"""Letters to people as mail readers show them: the day, the QR, whom a reply reaches, a way out."""

from email import message_from_bytes, policy

import icalendar
import pytest
from django.core import mail
from django.test import Client

from events import announcing
from participants import letter_faces, letter_samples, letters, screening, wording
from participants.models import Participant
from participants.tests import scenes
from salon import clock, outbox
from salon.errors import Refused
from salon.models import Message

pytestmark = pytest.mark.django_db


@pytest.fixture
def event():
    return scenes.a_salon(venue="徐汇滨江 · 西岸艺术中心", stream_link="https://live.example.com/a")


@pytest.fixture
def chen(event):
    chen = scenes.an_organiser(event)
    chen.email = "chen@example.com"
    chen.save()
    return chen


@pytest.fixture
def by_mail(settings):
    settings.EMAIL_IS_CONFIGURED = True


def went(kind):
    """The one mail of this kind, as it is on the wire."""
    outbox.deliver_due()
    label = str(wording.DEFAULT[kind].subject).partition("：")[0]
    found = [each for each in mail.outbox if label in each.subject]
    assert len(found) == 1, [each.subject for each in mail.outbox]
    return found[0], message_from_bytes(found[0].message().as_bytes(), policy=policy.default)


def html_of(wire):
    return wire.get_body(("html",)).get_content()


def told_of_a_seat(event, chen):
    """Somebody accepted whose letter waits for the worker."""
    lin = scenes.an_applicant(event)
    batch = screening.decide(participant=lin, to_status="accepted", by=chen)
    screening.release_batch(batch=batch, by=chen)
    return lin


def test_the_confirmation_shows_the_day_the_qr_and_one_button(event, chen, by_mail):
    lin = scenes.confirmed(event, by=chen)
    _sent, wire = went("confirmed")
    html = html_of(wire)
    starts = event.local(event.starts_at)
    assert f"{starts.month}月" in html
    assert f"{starts:%H:%M}" in html
    assert "西岸艺术中心" in html
    assert html.count(">打开我的页面</a>") == 1
    picture = next(part for part in wire.walk() if part.get_content_type() == "image/png")
    assert picture["Content-ID"] == f"<{lin.code}.png@salon>"
    assert picture["Content-Disposition"].startswith("inline")
    assert f'src="cid:{lin.code}.png@salon"' in html
    assert lin.code in wire.get_body(("plain",)).get_content()


def test_who_watches_the_stream_is_shown_no_qr(event, chen, by_mail):
    scenes.confirmed(event, online=True, by=chen)
    _sent, wire = went("confirmed")
    assert "cid:" not in html_of(wire)
    assert not [part for part in wire.walk() if part.get_content_maintype() == "image"]


def test_the_two_faces_say_the_same_and_both_hold_the_one_key(event, chen, by_mail):
    told_of_a_seat(event, chen)
    _sent, wire = went("accepted")
    text, html = wire.get_body(("plain",)).get_content(), html_of(wire)
    key = next(word for word in text.split() if "/l/" in word)
    assert html.count(f'href="{key}"') == 2  # the button, and the address below it
    assert html.count(">去确认参加</a>") == 1
    assert Message.objects.get(kind="accepted").body.count("/l/") == 0


def test_a_reply_reaches_the_address_of_the_notice_else_an_organiser(event, chen, by_mail):
    assert letter_faces.reply_to(event) == "chen@example.com"
    terms = letter_faces.notices.terms_of(event)
    terms.contact = "找我们：hi@salon.example，电话 021-1234"
    terms.save()
    assert letter_faces.reply_to(event) == "hi@salon.example"
    told_of_a_seat(event, chen)
    sent, _wire = went("accepted")
    assert sent.reply_to == ["hi@salon.example"]


def test_a_letter_about_a_seat_has_no_way_out(event, chen, by_mail):
    scenes.confirmed(event, by=chen)
    _sent, wire = went("confirmed")
    assert wire["List-Unsubscribe"] is None


# ---- the calendar ------------------------------------------------------------------------


def calendar_in(kind, person):
    letter = letters.compose(Message.objects.filter(kind=kind, person_id=person.pk).last()).packed()
    files = [content for name, content, _type in letter.attachments if name == "salon.ics"]
    return icalendar.Calendar.from_ical(files[0]) if files else None


def entry_of(calendar):
    return calendar.walk("VEVENT")[0]


def test_who_withdraws_gets_the_file_that_takes_it_out_of_the_calendar(event, chen):
    lin = scenes.confirmed(event, by=chen)
    put_in = calendar_in("confirmed", lin)
    screening.withdraw(participant=lin, by=lin)
    taken_out = calendar_in("withdrawn", lin)
    assert (put_in["method"], taken_out["method"]) == ("PUBLISH", "CANCEL")
    before, after = entry_of(put_in), entry_of(taken_out)
    assert before["uid"] == after["uid"]
    assert after["sequence"] > before["sequence"]
    assert after["status"] == "CANCELLED"
    assert after["organizer"] == "mailto:chen@example.com"
    assert not after.walk("VALARM")


def test_who_comes_back_gets_a_newer_file_than_the_one_that_took_it_out(event, chen):
    lin = scenes.confirmed(event, by=chen)
    screening.withdraw(participant=lin, by=lin)
    out = entry_of(calendar_in("withdrawn", lin))["sequence"]
    screening.come_back(participant=lin, by=lin)
    batch = screening.decide(participant=lin, to_status="accepted", by=chen)
    screening.release_batch(batch=batch, by=chen)
    lin.refresh_from_db()
    screening.confirm(participant=lin, by=lin)
    assert entry_of(calendar_in("confirmed", lin))["sequence"] > out


def test_a_salon_called_off_is_taken_out_of_the_calendars_it_is_in(event, chen):
    lin = scenes.confirmed(event, "林知夏", 1, by=chen)
    ma = scenes.an_applicant(event, "马远", 2)
    announcing.call_off(event=event, by=chen)
    assert calendar_in("cancelled", lin)["method"] == "CANCEL"
    assert calendar_in("cancelled", ma) is None


# ---- before there is a letter ------------------------------------------------------------


def test_every_kind_is_looked_at_before_the_first_letter_exists(event, chen, client):
    client.force_login(chen)
    for kind in wording.DEFAULT:
        for room in ("", "?room=online"):
            page = client.get(f"/admin/e/spring/messages/wording/{kind}/face/{room}")
            assert page.status_code == 200, kind
            html = page.content.decode()
            assert event.title in html
            assert "{" not in html.partition("</style>")[2], kind
            assert "default-src 'none'" in page["Content-Security-Policy"]
            assert page["X-Frame-Options"] == "SAMEORIGIN"
    assert not Message.objects.filter(kind__in=wording.DEFAULT).exists()
    assert not Participant.objects.exists()


def test_chen_has_it_sent_to_herself_first(event, chen, client, by_mail):
    client.force_login(chen)
    answer = client.post("/admin/e/spring/messages/wording/accepted/send/", follow=True)
    assert "chen@example.com" in answer.content.decode()
    outbox.deliver_due()
    (sent,) = mail.outbox
    assert sent.to == ["chen@example.com"]
    assert "林知夏" in sent.body
    assert "/l/" not in sent.body


def test_who_has_no_address_is_told(event):
    zhou = scenes.an_organiser(event, "zhou")
    zhou.email = ""
    zhou.save()
    with pytest.raises(Refused) as refused:
        letter_samples.send_sample(event=event, kind="accepted", by=zhou)
    assert refused.value.code == "no_address"


def test_a_letter_on_the_page_is_framed_and_opens_nothing(event, chen, client):
    scenes.accepted(event, by=chen)
    message = Message.objects.get(kind="accepted")
    client.force_login(chen)
    framed = client.get(f"/admin/e/spring/messages/{message.pk}/face/")
    assert "sandbox" in framed["Content-Security-Policy"]
    assert "/l/" not in framed.content.decode()
    page = client.get(f"/admin/e/spring/messages/{message.pk}/").content.decode()
    assert f'src="/admin/e/spring/messages/{message.pk}/face/"' in page


# ---- one click -----------------------------------------------------------------------------


def test_one_click_ends_what_is_not_about_a_seat(event, chen):
    lin = scenes.confirmed(event, by=chen)
    lin.consents.create(purpose="invite_again", wording="再邀请", given_at=clock.now())
    address = letter_faces.news.address(letter_faces.INVITATIONS, lin.pk)
    path = "/u/" + address.rpartition("/u/")[2]
    strict = Client(enforce_csrf_checks=True)
    looked = strict.get(path)
    assert "<button" in looked.content.decode()
    assert Participant.objects.to_be_invited().count() == 1  # looking changes nothing
    clicked = strict.post(path, {"List-Unsubscribe": "One-Click"})
    assert clicked.status_code == 200
    assert not Participant.objects.to_be_invited().exists()
    assert strict.post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200


def test_a_made_up_address_ends_nothing(client):
    assert client.get("/u/invitations-1.abc").status_code == 404
    assert client.post("/u/invitations-1.abc").status_code == 404


def test_the_click_is_not_a_key_and_stands_in_no_copy(event, chen):
    lin = scenes.confirmed(event, by=chen)
    address = letter_faces.news.address(letter_faces.QUESTIONS, lin.pk)
    assert Client().get(address.replace("/u/", "/l/")).status_code == 404
    letter_faces.stop_questions(lin.pk)
    lin.refresh_from_db()
    assert lin.questions_stopped_at is not None
    letter_faces.stop_questions(10**9)  # somebody gone
