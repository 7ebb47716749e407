"""What visitors, desks and the crew see of an event."""

from datetime import timedelta

import pytest
from django.urls import reverse
from icalendar import Calendar

from events import agenda
from events.access import desk_cookie, issue_desk_pass, revoke_desk_pass
from events.models import Crew, Event
from events.tests.scenes import DAY, a_salon, at, crew, somebody
from salon.models import AuditEntry

pytestmark = pytest.mark.django_db


def text(response):
    return response.content.decode()


def test_the_list_shows_what_comes_and_what_was_but_no_draft(client, travel):
    travel(at("09:00", DAY - timedelta(days=10)))
    a_salon("spring", title="第三期")
    a_salon("winter", title="第二期", starts_at=DAY - timedelta(days=90))
    a_salon("summer", title="第四期", starts_at=DAY + timedelta(days=90), status="draft")
    page = text(client.get("/"))
    assert "第三期" in page
    assert "报名中" in page
    assert "12月16日 20:00 截止" in page
    assert page.index("往期") < page.index("第二期")
    assert "第四期" not in page


def test_an_empty_house_says_so(client):
    assert "暂时没有开放的沙龙" in text(client.get("/"))


def test_the_list_costs_the_same_with_ten_salons_as_with_one(client, django_assert_num_queries):
    for number in range(10):
        a_salon(f"spring-{number}", starts_at=DAY + timedelta(days=number))
    with django_assert_num_queries(3):
        client.get("/")


@pytest.mark.parametrize(
    ("days_before", "words", "button"),
    [
        (40, "即将开放报名", None),
        (10, "报名中", "我要报名"),
        (1, "报名已截止", "加入候补"),
        (-1, "已结束", None),
    ],
)
def test_the_event_page_says_how_applying_stands(client, travel, days_before, words, button):
    a_salon()
    travel(at("12:00", DAY - timedelta(days=days_before)))
    page = text(client.get("/e/spring/"))
    assert words in page
    for other in ("我要报名", "加入候补"):
        assert (other in page) == (other == button)


@pytest.mark.parametrize(
    ("hour", "words"), [("13:30", "正在进行"), ("15:00", "正在进行"), ("19:00", "已结束")]
)
def test_a_salon_that_has_begun_no_longer_explains_how_to_apply(client, travel, hour, words):
    a_salon()
    travel(at("12:00", DAY))
    assert "怎么报名" in text(client.get("/e/spring/"))
    travel(at(hour, DAY))
    page = text(client.get("/e/spring/"))
    assert words in page
    assert "加入候补" not in page  # the form behind that button takes nobody any more
    assert "怎么报名" not in page
    assert ("签到台" in page) == (words == "正在进行")


def test_the_list_says_which_salon_is_going_on(client, travel):
    a_salon()
    travel(at("15:00", DAY))
    page = text(client.get("/"))
    assert "正在进行" in page
    assert "报名已截止" not in page


def test_the_event_page_shows_agenda_and_interactive_share(client, django_assert_num_queries):
    a_salon()
    with django_assert_num_queries(3):
        page = text(client.get("/e/spring/"))
    assert "主题分享一：用户分层互动策略" in page
    assert "70%" in page
    assert "270 分钟里的 190 分钟" in page
    assert 'data-live-url="/live/spring/?topics=agenda"' in page


def test_hours_are_those_of_the_event_s_own_zone(client):
    a_salon("tokyo", timezone="Asia/Tokyo")
    page = text(client.get("/e/tokyo/"))
    assert "14:30–19:00" in page
    assert '<span class="at">15:20' in page
    assert "Asia/Tokyo" in page


def test_a_draft_is_a_404_to_strangers_and_a_page_to_its_crew(client):
    event = a_salon(status="draft")
    assert client.get("/e/spring/").status_code == 404
    client.force_login(somebody("stranger"))
    assert client.get("/e/spring/").status_code == 404
    client.force_login(crew(event, "hejing", Crew.Role.HOST))
    page = client.get("/e/spring/")
    assert page.status_code == 200
    assert "这一页还没有公开" in text(page)


def test_a_cancelled_event_keeps_its_page_and_takes_nobody(client):
    a_salon(status="cancelled")
    page = text(client.get("/e/spring/"))
    assert "本场活动已取消" in page
    assert "我要报名" not in page


def entries(client):
    answer = client.get("/e/spring/event.ics")
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    calendar = Calendar.from_ical(answer.content)
    return calendar, {str(entry["uid"]): entry for entry in calendar.walk("VEVENT")}


def test_the_calendar_file_carries_every_item_in_the_event_s_own_zone(client):
    a_salon()
    calendar, found = entries(client)
    assert len(found) == 8
    talk = next(e for e in found.values() if str(e["summary"]).startswith("主题分享一"))
    assert talk["dtstart"].dt == at("14:20")
    assert talk["dtend"].dt == at("15:20")
    assert talk["dtstart"].params["TZID"] == "Asia/Shanghai"
    assert [str(zone["tzid"]) for zone in calendar.walk("VTIMEZONE")] == ["Asia/Shanghai"]


def test_a_newer_calendar_file_moves_the_old_entries_instead_of_doubling_them(client):
    event = a_salon()
    _calendar, before = entries(client)
    agenda.extend(
        event=event,
        item_id=event.agenda.first().pk,
        minutes=10,
        how="along",
        seen=0,
        by=None,
    )
    _calendar, after = entries(client)
    assert after.keys() == before.keys()
    assert all(after[uid]["sequence"] > before[uid]["sequence"] for uid in before)
    assert max(e["dtend"].dt for e in after.values()) == at("18:10")


def test_a_cancelled_event_cancels_its_calendar_entries(client):
    a_salon(status="cancelled")
    _calendar, found = entries(client)
    assert {str(entry["status"]) for entry in found.values()} == {"CANCELLED"}


# --- the desk's link ----------------------------------------------------------------------------


def test_the_desk_link_asks_for_the_pin_and_opening_it_changes_nothing(client):
    _desk, token, _pin = issue_desk_pass(event=a_salon(), desk="一号台", by=None)
    noted = AuditEntry.objects.count()
    page = client.get(f"/d/{token}")
    assert page.status_code == 200
    assert 'name="pin"' in text(page)
    assert desk_cookie("spring") not in page.cookies
    assert AuditEntry.objects.count() == noted


def test_the_right_pin_opens_the_desk_and_a_wrong_one_says_so_beside_the_field(client):
    _desk, token, pin = issue_desk_pass(event=a_salon(), desk="一号台", by=None)
    wrong = client.post(f"/d/{token}", {"pin": "000000" if pin != "000000" else "111111"})
    assert wrong.status_code == 403
    assert "PIN 不对" in text(wrong)
    right = client.post(f"/d/{token}", {"pin": f" {pin} "})
    assert right.status_code == 302
    assert right["Location"] == "/e/spring/desk/"
    cookie = right.cookies[desk_cookie("spring")]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Strict"


def test_a_pin_typed_in_groups_or_full_width_digits_is_the_same_pin(client):
    _desk, token, pin = issue_desk_pass(event=a_salon(), desk="一号台", by=None)
    full_width = "".join(chr(ord(digit) + 0xFEE0) for digit in pin)
    for typed in (f"{pin[:3]} {pin[3:]}", full_width, f"　{full_width}"):
        assert client.post(f"/d/{token}", {"pin": typed}).status_code == 302


def test_guessing_pins_is_stopped(client):
    _desk, token, pin = issue_desk_pass(event=a_salon(), desk="一号台", by=None)
    for guess in range(10):
        client.post(f"/d/{token}", {"pin": f"x{guess}"})
    assert client.post(f"/d/{token}", {"pin": pin}).status_code == 429


@pytest.mark.parametrize("pin", ["", "\0", "\ud800", "９" * 9000, "🙂"])
def test_nonsense_pins_are_wrong_pins(client, pin):
    _desk, token, _pin = issue_desk_pass(event=a_salon(), desk="一号台", by=None)
    assert client.post(
        f"/d/{token}", {"pin": pin.encode("utf-8", "surrogatepass")}
    ).status_code in {
        403,
        400,
    }


def test_a_revoked_or_invented_link_is_a_404(client):
    desk_pass, token, _pin = issue_desk_pass(event=a_salon(), desk="一号台", by=None)
    revoke_desk_pass(desk_pass=desk_pass, by=None)
    assert client.get(f"/d/{token}").status_code == 404
    assert client.get("/d/invented").status_code == 404


# --- after logging in ---------------------------------------------------------------------------


def test_my_events_by_role(client, django_assert_num_queries):
    spring, autumn = a_salon("spring", title="春场"), a_salon("autumn", title="秋场")
    a_salon("other", title="别人的场")
    he = crew(spring, "hejing", Crew.Role.HOST)
    crew(autumn, "hejing", Crew.Role.ORGANISER)
    crew(autumn, "somebody-else", Crew.Role.MENTOR)
    client.force_login(he)
    with django_assert_num_queries(4):
        page = text(client.get(reverse("crew_home")))
    assert "春场" in page
    assert "秋场" in page
    assert "别人的场" not in page
    assert reverse("host", args=["spring"]) in page
    assert reverse("control", args=["spring"]) not in page
    assert reverse("control", args=["autumn"]) in page


def test_a_superuser_sees_every_event(client):
    a_salon()
    client.force_login(somebody("root", is_superuser=True))
    assert reverse("control", args=["spring"]) in text(client.get(reverse("crew_home")))


def test_without_an_account_the_way_leads_to_the_login(client):
    answer = client.get(reverse("crew_home"))
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("login"))


def test_the_walls_and_pages_stand_without_an_agenda(client):
    event = a_salon()
    event.agenda.all().delete()
    Event.objects.update(theme="", description="", route="", stream_link="")
    for path in ("/e/spring/", "/e/spring/wall/agenda/", "/e/spring/event.ics"):
        assert client.get(path).status_code == 200
