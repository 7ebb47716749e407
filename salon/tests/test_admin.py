"""What superusers see in the admin, and nobody else."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from salon import outbox
from salon.errors import Refused
from salon.models import AuditEntry, Message, User
from tests.asked import press_and_say_yes

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 12, 12, 4, 0, tzinfo=UTC)


@outbox.letter("test_admin")
def letter(message):
    if message.context.get("refuse"):
        raise Refused("no_address", "这位报名者没有留下邮箱。")
    if message.context.get("unneeded"):
        return None
    return outbox.Letter(
        to="lin@example.com",
        subject="明天见",
        text="<b>林晓</b>,请打开 {{link}}",
        secret={"link": "https://salon.example/l/very-secret"},
        attachments=[("event.ics", "BEGIN:VCALENDAR", "text/calendar")],
    )


def planned(key="one", *, released=True, **context):
    return outbox.plan(
        dedup_key=key, kind="test_admin", event_id=1, due_at=NOON, context=context,
        released=released,
    )  # fmt: skip


@pytest.fixture
def chen(travel):
    """The superuser, signed in, at noon."""
    travel(NOON)
    client = Client()
    client.user = User.objects.create_superuser("chen", password="in a drawer")
    client.force_login(client.user)
    return client


def page(client, message):
    answer = client.get(reverse("admin:salon_message_change", args=[message.pk]))
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_letter_is_read_before_it_goes_with_its_link_masked(chen):
    text = page(chen, planned(released=False))
    assert "&lt;b&gt;林晓&lt;/b&gt;,请打开 （个人链接）" in text
    assert "very-secret" not in text
    assert "event.ics" in text
    assert "待您确认发送" in text


def test_the_mailbox_holds_the_letter_after_it_went(chen):
    message = planned()
    outbox.deliver_due()
    message.refresh_from_db()
    text = page(chen, message)
    assert "lin@example.com" in text
    assert "已送出" in text


@pytest.mark.parametrize(
    ("context", "words"),
    [
        ({"refuse": True}, "这位报名者没有留下邮箱。"),
        ({"unneeded": True}, "这条通知已不需要发送"),
    ],
)
def test_a_letter_that_cannot_or_need_not_go_says_so(chen, context, words):
    assert words in page(chen, planned(**context))


def test_what_an_erased_person_was_sent_is_gone(chen):
    message = planned()
    outbox.deliver_due()
    Message.objects.update(person_id=12)
    outbox.forget(12)
    assert "清空" in page(chen, message)


def test_the_list_is_searched_filtered_and_constant(chen, django_assert_max_num_queries):
    for number in range(30):
        planned(f"letter {number}")
    outbox.deliver_due()
    address = reverse("admin:salon_message_changelist")
    with django_assert_max_num_queries(8):
        answer = chen.get(address, {"q": "明天见", "state__exact": "handed_over"})
    assert answer.context["cl"].result_count == 30
    assert chen.get(address, {"q": "没有的"}).context["cl"].result_count == 0


@pytest.mark.parametrize(
    ("action", "before", "after"),
    [
        ("release", {"released_at": None}, {"state": "planned"}),
        ("hold", {}, {"released_at": None}),
        ("cancel", {}, {"state": "cancelled"}),
        ("try_again", {"state": "not_delivered"}, {"state": "planned", "attempts": 0}),
    ],
)
def test_the_buttons_call_the_verbs_in_the_name_of_who_pressed(chen, action, before, after):
    message = planned()
    Message.objects.update(**before)
    data = {"action": action, "_selected_action": [message.pk]}
    press = press_and_say_yes if action == "cancel" else type(chen).post
    press(chen, reverse("admin:salon_message_changelist"), data)
    message.refresh_from_db()
    assert {name: getattr(message, name) for name in after} == after
    assert AuditEntry.objects.get().actor == f"user:{chen.user.pk}"
    assert (message.released_at is None) == (action == "hold")


def test_nobody_edits_a_message_or_the_record(chen):
    message = planned()
    entry = AuditEntry.objects.create(actor="system", verb="test", subject="event:1")
    for name, row in (("message", message), ("auditentry", entry)):
        change = reverse(f"admin:salon_{name}_change", args=[row.pk])
        assert chen.post(change, {"subject": "anders"}).status_code == 403
        assert chen.get(reverse(f"admin:salon_{name}_add")).status_code == 403
        assert chen.post(reverse(f"admin:salon_{name}_delete", args=[row.pk])).status_code == 403
        assert chen.get(reverse(f"admin:salon_{name}_changelist")).status_code == 200


def test_staff_who_are_no_superusers_see_none_of_it():
    client = Client()
    client.force_login(User.objects.create_user("lu", is_staff=True))
    for name in ("message", "auditentry", "user"):
        assert client.get(reverse(f"admin:salon_{name}_changelist")).status_code == 403


def test_an_account_is_made_and_its_password_set(chen):
    data = {
        "username": "lu",
        "first_name": "陆遥",
        "email": "lu@example.com",
        "is_staff": "on",
        "usable_password": "true",
        "password1": "kept-in-a-drawer",
        "password2": "kept-in-a-drawer",
    }
    answer = chen.post(reverse("admin:salon_user_add"), data)
    assert answer.status_code == 302
    lu = User.objects.get(username="lu")
    assert lu.is_staff
    assert lu.check_password("kept-in-a-drawer")
    assert chen.get(reverse("admin:salon_user_change", args=[lu.pk])).status_code == 200


def test_a_letter_due_later_is_previewed_as_of_now(chen):
    message = planned()
    outbox.redate(Message.objects.all(), delta=timedelta(days=7))
    message.refresh_from_db()
    assert "明天见" in page(chen, message)
