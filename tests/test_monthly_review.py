"""The monthly online review: one a month of a series, founded by a button, its alumni invited."""

import threading
from datetime import date, time, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from events import announcing
from events.models import AgendaItem, Crew, Event, Series
from metrics.tests.scenes import ORGANISER, a_past_salon, came
from participants import mailings
from participants.consents import set_consent
from salon import clock, monthly_review, outbox
from salon.errors import Refused
from salon.models import Message

pytestmark = pytest.mark.django_db


@pytest.fixture
def series():
    return Series.objects.create(slug="growth", title="增长沙龙")


@pytest.fixture
def event(series):
    return a_past_salon(hours_ago=48, series=series)


@pytest.fixture
def gu(event):
    return ORGANISER(event, "gu")


@pytest.fixture
def lin(event):
    lin = came(event, "林知夏", 1)
    set_consent(participant=lin, purpose="invite_again", given=True, by=lin)
    return lin


def at(client, user):
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    return client


def address(event):
    return reverse("next_review", args=[event.slug])


def test_gu_is_offered_the_month_after_and_founds_the_review(client, event, gu, series):
    page = at(client, gu).get(address(event))
    proposed = page.context["form"].initial["date"]
    assert proposed > clock.now().date()
    assert proposed.weekday() == event.date.weekday()
    assert (proposed.year, proposed.month) != (event.date.year, event.date.month)
    answer = client.post(address(event), {"date": proposed.isoformat(), "time": "20:00"})
    review = Event.objects.get(series=series, review_month__isnull=False)
    assert answer.url == reverse("control", args=[review.slug])
    assert review.local(review.starts_at).time() == time(20)
    assert review.date == proposed
    assert (review.status, review.on_site_capacity) == (Event.Status.DRAFT, 0)
    assert review.agenda.count() == AgendaItem.objects.filter(event=review).count() == 3
    assert Crew.objects.get(event=review).user == gu
    assert client.get(address(event)).context["form"].initial["date"].month != proposed.month


def test_a_second_one_in_the_month_is_refused_with_a_link_to_the_first(client, event, gu, series):
    first = monthly_review.new_review(series=series, date=date(2031, 5, 6), by=gu)
    answer = at(client, gu).post(address(event), {"date": "2031-05-28", "time": "19:30"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "2031-05 已经有一场线上复盘" in page
    assert reverse("control", args=[first.slug]) in page
    assert 'value="2031-05-28"' in page
    assert Event.objects.reviews().count() == 1
    with pytest.raises(CommandError, match="2031-05 已经有一场线上复盘"):
        call_command("new_review", "growth", "--date", "2031-05-20")


def test_called_off_the_month_is_free_again(series, event, gu):
    first = monthly_review.new_review(series=series, date=date(2031, 5, 6), by=gu)
    announcing.call_off(event=first, by=gu)
    again = monthly_review.new_review(series=series, date=date(2031, 5, 20), by=gu)
    assert again.slug != first.slug


def test_the_hour_is_of_the_events_own_zone(client, series, gu, event):
    Event.objects.filter(pk=event.pk).update(timezone="Asia/Tokyo")
    at(client, gu).post(address(event), {"date": "2031-05-20", "time": "20:30"})
    review = Event.objects.reviews().get()
    assert review.timezone == "Asia/Tokyo"
    assert (review.starts_at.hour, review.starts_at.minute) == (11, 30)


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"date": "2020-01-01", "time": "20:00"}, "date"),
        ({"date": "someday", "time": "20:00"}, "date"),
        ({"date": "2031-05-20", "time": "late"}, "time"),
        ({}, "date"),
    ],
)
def test_a_wrong_hour_is_a_sentence_beside_its_field(client, event, gu, typed, field):
    answer = at(client, gu).post(address(event), typed)
    assert answer.status_code == 422
    assert answer.context["form"].errors[field]
    assert not Event.objects.reviews().exists()


def test_without_a_series_the_page_says_what_to_do(client, event, gu):
    Event.objects.update(series=None)
    page = at(client, gu).get(address(event)).content.decode()
    assert "还不属于任何系列" in page


def test_the_colleagues_of_the_salon_organise_its_review_too(series, event, gu):
    chen = ORGANISER(event, "chen")
    review = monthly_review.new_review(series=series, date=date(2031, 5, 6), by=gu)
    assert set(review.crew.values_list("user", flat=True)) == {gu.pk, chen.pk}


# --- inviting -------------------------------------------------------------------------------------


def founded(series, by):
    return monthly_review.new_review_with_invitations(series=series, date=date(2031, 5, 6), by=by)


def test_alumni_who_want_to_be_invited_are_invited_once_each(series, event, gu, lin):
    he = came(event, "何敏", 2)
    set_consent(participant=he, purpose="share_contact", given=True, by=he)  # and nothing else
    earlier = a_past_salon("summer", hours_ago=24 * 90, series=series)
    Crew.objects.create(event=earlier, user=gu, role=Crew.Role.ORGANISER)
    again = came(earlier, "林知夏", 1)
    set_consent(participant=again, purpose="invite_again", given=True, by=again)
    review, letters = founded(series, gu)
    assert letters == 1
    message = Message.objects.of_kind("review_invite").get()
    assert (message.event_id, message.person_id) == (review.pk, lin.pk)
    letter = outbox.preview(message)
    assert letter.to == lin.email
    assert review.title in letter.subject
    assert f"/e/{review.slug}/" in letter.text
    assert "2031年5月6日" in letter.text
    assert not set(letter.subject + letter.text) & set("{}")


def test_people_of_salons_that_gu_does_not_run_are_not_shown_to_gu(series, event, gu, lin):
    other = a_past_salon("summer", hours_ago=24 * 90, series=series)
    xu = came(other, "徐来", 9)
    set_consent(participant=xu, purpose="invite_again", given=True, by=xu)
    assert founded(series, gu)[1] == 1


def test_invitations_wait_for_the_page_and_for_the_release(client, series, event, gu, lin):
    review, _letters = founded(series, gu)
    batch = f"invite:{review.pk}"
    with pytest.raises(Refused) as refused:
        mailings.release(event=review, batch=batch, by=gu)
    assert refused.value.code == "draft"
    review = announcing.publish(event=review, by=gu)
    assert mailings.release(event=review, batch=batch, by=gu) == 1
    assert "邀请参加线上复盘" in at(client, gu).get(reverse("messages", args=[review.slug])).text


def test_a_review_called_off_leaves_no_invitation_to_release(series, event, gu, lin):
    review, _letters = founded(series, gu)
    announcing.call_off(event=review, by=gu)
    assert not Message.objects.of_event(review).open().exists()


@pytest.mark.parametrize("why", ["withdrawn", "applied", "erased"])
def test_whoever_withdraws_or_is_in_already_is_not_written_to(series, event, gu, lin, why):
    review, _letters = founded(series, gu)
    message = Message.objects.of_kind("review_invite").get()
    if why == "withdrawn":
        set_consent(participant=lin, purpose="invite_again", given=False, by=lin)
    elif why == "applied":
        came(review, "林知夏", 1, online=True)
    else:
        lin.erased_at = clock.now()
        lin.save()
    assert outbox.preview(message) is None


# --- two at once ----------------------------------------------------------------------------------


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_two_who_press_at_once_found_one_review():
    series = Series.objects.create(slug="growth", title="增长沙龙")
    start, said = threading.Barrier(4), []

    def press(day):
        start.wait()
        try:
            monthly_review.new_review(series=series, date=date(2031, 5, 6) + timedelta(days=day))
            said.append("founded")
        except Refused as refused:
            said.append(refused.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=press, args=[day]) for day in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(said) == ["founded", "month", "month", "month"]
    assert Event.objects.reviews().count() == 1


def test_the_table_itself_refuses_a_second_one(series, event):
    months = {"series": series, "review_month": date(2031, 5, 1)}
    Event.objects.filter(pk=event.pk).update(**months)
    other = a_past_salon("summer")
    with pytest.raises(IntegrityError), transaction.atomic():
        Event.objects.filter(pk=other.pk).update(**months)
