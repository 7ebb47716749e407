"""Signing in: what is counted and by whom, the second step, and the way in without a password."""

import re
import time

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.urls import reverse
from django_otp.oath import TOTP
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from salon import accounts, limits, outbox, second_factor
from salon.errors import Refused
from salon.models import AuditEntry, Message, User

PASSWORD = "kept-in-a-drawer"
VENUE, ELSEWHERE = "198.51.100.4", "192.0.2.7"


@pytest.fixture(autouse=True)
def quick_hashes(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def chen(db):
    return User.objects.create_user("chen", "chen@example.com", PASSWORD, is_staff=True)


@pytest.fixture
def lu(db):
    return User.objects.create_user("lu", "lu@example.com", PASSWORD)


def try_in(client, username="chen", password="wrong", at=VENUE, **extra):
    data = {"username": username, "password": password}
    return client.post(reverse("login"), data, REMOTE_ADDR=at, **extra)


def comes_in(client, *arguments, **extra):
    return try_in(client, *arguments, **extra).status_code == 302


# --- what is counted ------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["login", "admin:login"])
def test_ten_wrong_passwords_lock_with_a_sentence_and_not_for_others(chen, lu, where):
    data = {"username": "chen", "password": "wrong"}
    answers = [
        Client().post(reverse(where), data, REMOTE_ADDR=VENUE).status_code for _ in range(11)
    ]
    assert answers == [200] * 10 + [429]
    locked = try_in(Client(), password=PASSWORD)
    assert locked.status_code == 429
    assert "密码错了太多次" in locked.text
    # The whole crew sits behind one address; and the owner may be elsewhere.
    assert comes_in(Client(), "lu", PASSWORD)
    assert comes_in(Client(), "chen", PASSWORD, at=ELSEWHERE)


def test_the_lock_opens_by_itself(chen, travel, salon_clock):
    for _ in range(11):
        try_in(Client())
    travel(salon_clock() + 901)
    assert comes_in(Client(), "chen", PASSWORD)


@pytest.fixture
def salon_clock():
    from datetime import UTC, datetime, timedelta

    class Moment:
        def __init__(self, at):
            self.at = at

        def __add__(self, seconds):
            return self.at + timedelta(seconds=seconds)

    return lambda: Moment(datetime.now(UTC))


def test_who_is_right_uses_up_no_try(chen):
    for _ in range(30):
        assert comes_in(Client(), "chen", PASSWORD)
    for _ in range(9):
        try_in(Client())
    for _ in range(3):
        assert comes_in(Client(), "chen", PASSWORD)


def test_a_browser_that_was_in_before_is_not_locked_by_others_at_its_table(chen):
    own = Client()
    assert comes_in(own, "chen", PASSWORD)
    own.post(reverse("logout"))
    for _ in range(40):
        try_in(Client())
    assert not comes_in(Client(), "chen", PASSWORD)
    assert comes_in(own, "chen", PASSWORD)


def test_it_has_ten_tries_of_its_own_and_is_then_locked_alone(chen):
    own, other = Client(), Client()
    for client in (own, other):
        assert comes_in(client, "chen", PASSWORD)
        client.post(reverse("logout"))
    answers = [try_in(own).status_code for _ in range(11)]
    assert answers == [200] * 10 + [429]
    assert not comes_in(own, "chen", PASSWORD)
    assert comes_in(other, "chen", PASSWORD)
    assert comes_in(Client(), "chen", PASSWORD)


def test_a_browser_is_known_for_the_accounts_it_was_in_and_for_no_other(chen, lu):
    lus = Client()
    assert comes_in(lus, "lu", PASSWORD)
    lus.post(reverse("logout"))
    for _ in range(10):
        try_in(lus)
    assert try_in(Client()).status_code == 429  # counted as anybody's
    stolen, forged = Client(), Client()
    stolen.cookies["known"] = lus.cookies["known"].value
    forged.cookies["known"] = lus.cookies["known"].value[:-3] + "abc"
    for client in (stolen, forged):
        assert try_in(client, password=PASSWORD).status_code == 429


def test_the_cookie_names_nobody_and_opens_nothing(chen):
    own = Client()
    comes_in(own, "chen", PASSWORD)
    cookie = own.cookies["known"]
    assert cookie["httponly"]
    assert "chen" not in cookie.value
    stranger = Client()
    stranger.cookies["known"] = cookie.value
    assert stranger.get(reverse("crew_home")).status_code == 302


def test_guessing_across_many_accounts_from_one_place_is_braked_and_the_crew_stays_in(chen, lu):
    own = Client()
    comes_in(own, "chen", PASSWORD)
    own.post(reverse("logout"))
    answers = [try_in(Client(), f"account{number}").status_code for number in range(40)]
    assert answers[:20] == [200] * 20
    assert set(answers[20:]) == {429}
    braked = try_in(Client(), "lu", PASSWORD)
    assert "一分钟后" in braked.text
    assert comes_in(own, "chen", PASSWORD)
    assert comes_in(Client(), "lu", PASSWORD, at=ELSEWHERE)


def test_the_brake_lasts_a_minute(lu, travel, salon_clock):
    for number in range(40):
        try_in(Client(), f"account{number}")
    travel(salon_clock() + 61)
    assert comes_in(Client(), "lu", PASSWORD)


def test_fifty_guesses_at_once_are_fifty(chen):
    """Counted before the look and not after it: else all of them would look first."""
    limit = limits.Limit("x", times=3, seconds=60)
    with limits.only_failures(limit), limits.only_failures(limit), limits.only_failures(limit):
        fourth = limits.only_failures(limit)
        with pytest.raises(Refused):
            fourth.__enter__()


def test_a_forged_address_header_unlocks_nothing(chen):
    for _ in range(10):
        try_in(Client())
    forged = try_in(Client(), password=PASSWORD, HTTP_X_FORWARDED_FOR="192.0.2.9")
    assert forged.status_code == 429


def test_behind_a_proxy_a_stranger_locks_nobody_out(chen, settings):
    settings.BEHIND_PROXY = True
    for _ in range(10):
        try_in(Client(), HTTP_X_FORWARDED_FOR=VENUE)
    forged = f"203.0.113.8, {VENUE}"
    assert not comes_in(Client(), "chen", PASSWORD, HTTP_X_FORWARDED_FOR=forged)
    assert comes_in(Client(), "chen", PASSWORD, HTTP_X_FORWARDED_FOR="203.0.113.8")


@pytest.mark.parametrize("written", ["", "nonsense", "\x00", ",,,", "1.2.3.4:80"])
def test_a_proxy_that_writes_nonsense_is_itself_the_address(chen, settings, written):
    settings.BEHIND_PROXY = True
    for _ in range(10):
        try_in(Client(), HTTP_X_FORWARDED_FOR=written)
    assert not comes_in(Client(), "chen", PASSWORD, HTTP_X_FORWARDED_FOR=written)


def test_the_address_of_an_account_is_as_good_as_its_name(chen, lu):
    assert comes_in(Client(), "Chen@Example.com", PASSWORD)
    User.objects.create_user("twin", "chen@example.com", "another")
    assert not comes_in(Client(), "chen@example.com", PASSWORD)


# --- the second step ------------------------------------------------------------------------------


def shown_by(device, *, steps=0):
    clock = TOTP(device.bin_key, device.step, device.t0, device.digits, device.drift)
    clock.time = time.time() + steps * 30
    return f"{clock.token():06}"


def protected(user):
    """The account with a second factor, as its page does it: `(client, device, recovery codes)`."""
    client = Client()
    client.force_login(user)
    page = client.get(reverse("second_factor"))
    offered = re.search(r'name="offered" value="([^"]+)"', page.text)[1]
    device = second_factor.device_of(user, offered)
    answer = client.post(
        reverse("second_factor"), {"offered": offered, "code": shown_by(device, steps=-1)}
    )
    assert answer.status_code == 200
    user.refresh_from_db()
    return client, device, re.findall(r'<li class="code">([^<]+)</li>', answer.text)


def step_two(client, code, at=VENUE):
    return client.post(reverse("sign_in_code"), {"code": code}, REMOTE_ADDR=at)


def test_with_a_second_factor_the_password_alone_opens_nothing(chen):
    _own, device, codes = protected(chen)
    assert len(set(codes)) == second_factor.RECOVERY_CODES
    client = Client()
    answer = try_in(client, password=PASSWORD)
    assert answer.url == reverse("sign_in_code")
    assert client.get(reverse("crew_home")).status_code == 302
    wrong = step_two(client, "000000")
    assert wrong.status_code == 403
    assert "验证码不对" in wrong.text
    assert step_two(client, shown_by(device)).url == reverse("crew_home")
    assert client.get(reverse("crew_home")).status_code == 200


def test_the_way_on_is_kept_across_both_steps_and_leads_nowhere_else(chen):
    _own, device, _codes = protected(chen)
    ways = [("/admin/", "/admin/"), ("https://evil.example/", reverse("crew_home"))]
    for later, (asked, led) in enumerate(ways):
        client = Client()
        client.post(f"/login/?next={asked}", {"username": "chen", "password": PASSWORD})
        with time_machine.travel(time.time() + 30 * later):
            assert step_two(client, shown_by(device)).url == led


@pytest.mark.parametrize("typed", ["{}", " {} ", "{:.3} {}", "full-width"])
def test_the_digits_are_read_however_they_are_typed(chen, typed):
    _own, device, _codes = protected(chen)
    code = shown_by(device)
    typed = {
        "{:.3} {}": f"{code[:3]} {code[3:]}",
        "full-width": code.translate({ord("0") + n: ord("０") + n for n in range(10)}),
    }.get(typed, typed.format(code, ""))
    client = Client()
    try_in(client, password=PASSWORD)
    assert step_two(client, typed).status_code == 302


@pytest.mark.parametrize("typed", ["", "\x00", "9" * 100_000, "林知夏", "\udcff", "-" * 99, "1e5"])
def test_odd_codes_are_only_wrong(chen, typed):
    protected(chen)
    client = Client()
    try_in(client, password=PASSWORD)
    answer = client.post(
        reverse("sign_in_code"), {"code": typed.encode("utf-8", "replace").decode()}
    )
    assert answer.status_code == 403


def test_a_code_opens_once(chen):
    _own, device, codes = protected(chen)
    for code in (shown_by(device), codes[0], codes[1].upper().replace("-", "")):
        first, second = Client(), Client()
        try_in(first, password=PASSWORD)
        try_in(second, password=PASSWORD)
        assert step_two(first, code).status_code == 302
        assert step_two(second, code).status_code == 403
    assert second_factor.codes_left(chen) == second_factor.RECOVERY_CODES - 2


def test_codes_cannot_be_guessed_and_the_guesser_locks_no_known_browser(chen):
    own, device, _codes = protected(chen)
    own.post(reverse("logout"))
    guesser = Client()
    try_in(guesser, password=PASSWORD)
    answers = [step_two(guesser, f"{number:06}").status_code for number in range(11)]
    assert answers == [403] * 10 + [429]
    assert step_two(guesser, shown_by(device)).status_code == 429
    try_in(own, password=PASSWORD)
    assert step_two(own, shown_by(device)).status_code == 302


def test_halfway_in_is_forgotten_after_a_quarter_of_an_hour_and_with_the_password(
    chen, travel, salon_clock
):
    protected(chen)
    late, changed = Client(), Client()
    for client in (late, changed):
        try_in(client, password=PASSWORD)
        assert client.get(reverse("sign_in_code")).status_code == 200
    travel(salon_clock() + 901)
    assert late.get(reverse("sign_in_code")).status_code == 302
    try_in(changed, password=PASSWORD)
    chen.set_password("another one")
    chen.save()
    assert changed.get(reverse("sign_in_code")).status_code == 302


def test_nobody_comes_to_the_second_step_without_the_first(chen):
    protected(chen)
    assert Client().get(reverse("sign_in_code")).url == reverse("login")
    assert Client().get(reverse("sign_in_second_factor")).url == reverse("login")


def test_switching_on_and_off_ends_the_other_sessions(chen):
    other = Client()
    other.force_login(chen)
    own, _device, _codes = protected(chen)
    assert own.get(reverse("account")).status_code == 200
    assert other.get(reverse("account")).status_code == 302
    third = Client()
    third.force_login(chen)
    change = {"password": "wrong", "act": "off"}
    assert own.post(reverse("second_factor_change"), change).status_code == 403
    own.post(reverse("second_factor_change"), change | {"password": PASSWORD})
    chen.refresh_from_db()
    assert chen.second_factor_at is None
    assert not TOTPDevice.objects.exists()
    assert not StaticToken.objects.exists()
    assert own.get(reverse("account")).status_code == 200
    assert third.get(reverse("account")).status_code == 302
    assert comes_in(Client(), "chen", PASSWORD)
    verbs = AuditEntry.objects.order_by("pk").values_list("verb", flat=True)
    assert list(verbs) == ["switch_on_second_factor", "switch_off_second_factor"]


def test_new_recovery_codes_make_the_old_ones_void(chen):
    own, _device, codes = protected(chen)
    change = {"password": PASSWORD, "act": "codes"}
    answer = own.post(reverse("second_factor_change"), change)
    fresh = re.findall(r'<li class="code">([^<]+)</li>', answer.text)
    assert not set(fresh) & set(codes)
    client = Client()
    try_in(client, password=PASSWORD)
    assert step_two(client, codes[0]).status_code == 403
    assert step_two(client, fresh[0]).status_code == 302


def test_looking_at_the_page_changes_nothing_and_an_offer_is_for_one_account_and_an_hour(
    chen, lu, travel, salon_clock
):
    offered = second_factor.offer(chen)
    assert not TOTPDevice.objects.exists()
    code = shown_by(second_factor.device_of(chen, offered))
    for user, text in ((lu, offered), (chen, offered[:-2] + "xx"), (chen, "")):
        with pytest.raises(Refused, match="过期"):
            second_factor.switch_on(user=user, offered=text, code=code, by=user)
    with pytest.raises(Refused, match="验证码不对"):
        second_factor.switch_on(user=chen, offered=offered, code="000000", by=chen)
    travel(salon_clock() + 3601)
    with pytest.raises(Refused, match="过期"):
        second_factor.switch_on(user=chen, offered=offered, code=code, by=chen)
    assert not TOTPDevice.objects.exists()


# --- superusers -----------------------------------------------------------------------------------


@pytest.fixture
def boss(db, settings):
    settings.SUPERUSER_SECOND_FACTOR = True
    return User.objects.create_superuser("boss", "boss@example.com", PASSWORD)


def test_a_superuser_is_led_to_a_second_factor_at_the_first_sign_in(boss):
    client = Client()
    assert try_in(client, "boss", PASSWORD).url == reverse("sign_in_second_factor")
    assert client.get("/admin/").status_code == 302
    page = client.get(reverse("sign_in_second_factor"))
    assert "data:image/svg+xml" in page.text
    offered = re.search(r'name="offered" value="([^"]+)"', page.text)[1]
    device = second_factor.device_of(boss, offered)
    wrong = client.post(reverse("sign_in_second_factor"), {"offered": offered, "code": "000000"})
    assert wrong.status_code == 403
    assert f'value="{offered}"' in wrong.text  # the picture that was scanned stays good
    answer = client.post(
        reverse("sign_in_second_factor"), {"offered": offered, "code": shown_by(device)}
    )
    assert answer.text.count('<li class="code">') == second_factor.RECOVERY_CODES
    assert client.get("/admin/").status_code == 200


def test_a_superuser_s_session_from_before_is_none(boss):
    client = Client()
    client.force_login(boss)
    assert client.get("/admin/").status_code == 302


def test_a_superuser_cannot_do_without_and_another_one_helps_with_a_lost_phone(boss):
    boss.second_factor_at = boss.date_joined
    boss.save()
    own, _device, _codes = protected(boss)
    page = own.post(reverse("second_factor_change"), {"password": PASSWORD, "act": "off"})
    assert page.status_code == 409
    assert "管理员账号不能没有第二步验证" in page.text
    second = User.objects.create_superuser("second", password=PASSWORD)
    second_factor.switch_off(user=boss, by=second)
    assert try_in(Client(), "boss", PASSWORD).url == reverse("sign_in_second_factor")


def test_where_it_is_not_asked_a_superuser_signs_in_as_before(boss, settings):
    settings.SUPERUSER_SECOND_FACTOR = False
    assert comes_in(Client(), "boss", PASSWORD)


# --- without a password ---------------------------------------------------------------------------


@pytest.fixture
def by_mail(settings):
    settings.EMAIL_IS_CONFIGURED = True
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


def ask(email, client=None, **extra):
    return (client or Client()).post(reverse("forgot"), {"email": email}, **extra)


def link_in(letter):
    return re.search(r"https?://[^/]+(/login/new-password/\S+)", letter.body)[1]


@pytest.mark.django_db(transaction=True)
def test_a_letter_leads_to_a_new_password_and_is_good_once(by_mail):
    User.objects.create_user("chen", "chen@example.com", PASSWORD)
    for _ in range(40):
        try_in(Client())
    ask("CHEN@example.com")
    outbox.deliver_due()
    (letter,) = mail.outbox
    assert letter.to == ["chen@example.com"]
    kept = Message.objects.get()
    assert link_in(letter).split("/")[-2] not in kept.body
    assert "（已隐去）" in kept.body

    client = Client()
    page = client.get(link_in(letter))
    assert page.url.endswith("/set-password/")  # the key is out of the address
    typed = {"new_password1": "a-fresh-one-42", "new_password2": "a-fresh-one-42"}
    assert client.post(page.url, {**typed, "new_password2": "other"}).status_code == 200
    assert client.post(page.url, typed).url == reverse("login")
    # The account is locked for unknown browsers here; whose mailbox it is comes in all the same.
    assert not comes_in(Client(), "chen", "a-fresh-one-42")
    assert comes_in(client, "chen", "a-fresh-one-42")
    assert "已经失效" in Client().get(link_in(letter)).text


def test_an_unknown_address_is_answered_like_a_known_one(chen, by_mail):
    inactive = User.objects.create_user("gone", "gone@example.com", PASSWORD, is_active=False)
    pages = [
        ask(email).text.replace(email, "…")
        for email in (chen.email, inactive.email, "nobody@example.com")
    ]
    without_keys = {re.sub(r'(token"? value=)"[^"]+"', r"\1", page) for page in pages}
    assert len(without_keys) == 1
    assert Message.objects.count() == 1


def test_a_letter_goes_once_in_ten_minutes_and_to_every_account_of_the_address(chen, by_mail):
    User.objects.create_user("chen2", "Chen@example.com", PASSWORD)
    with time_machine.travel("2026-12-01T04:00:01Z"):
        for _ in range(3):
            ask("chen@example.com")
    assert Message.objects.count() == 2


@pytest.mark.parametrize("typed", ["", "nobody", "a@b", "\x00", "x" * 100_000, "a@" + "b" * 400])
def test_what_is_no_address_is_said(db, by_mail, typed):
    assert ask(typed).status_code == 400
    assert not Message.objects.exists()


def test_one_place_asks_for_thirty_letters_in_ten_minutes(chen, by_mail):
    answers = [ask(f"p{number}@example.com").status_code for number in range(31)]
    assert answers == [200] * 30 + [429]


def test_without_a_mail_server_the_page_says_who_can_help(chen, settings):
    settings.EMAIL_IS_CONFIGURED = False
    assert "请管理员" in Client().get(reverse("forgot")).text
    ask(chen.email)
    assert not Message.objects.exists()


@pytest.mark.parametrize("key", ["MQ/abc-def", "!/x", "OTk5OTk5OTk5OTk5OTk5/x-y", "%00/%00"])
def test_a_link_that_is_none_says_so(db, key):
    assert "已经失效" in Client().get(f"/login/new-password/{key}/").text


def test_the_letter_for_an_account_that_is_gone_is_called_off(chen, by_mail):
    accounts.forgot(email=chen.email)
    chen.is_active = False
    chen.save()
    assert outbox.preview(Message.objects.get()) is None


# --- the account's own page -----------------------------------------------------------------------


def test_a_new_password_is_set_with_the_old_one_and_ends_other_sessions(chen):
    own, other = Client(), Client()
    for client in (own, other):
        client.force_login(chen)
    typed = {"new_password1": "a-fresh-one-42", "new_password2": "a-fresh-one-42"}
    assert (
        own.post(reverse("account_password"), typed | {"old_password": "wrong"}).status_code == 200
    )
    assert (
        own.post(reverse("account_password"), typed | {"old_password": PASSWORD}).status_code == 302
    )
    assert own.get(reverse("account")).status_code == 200
    assert other.get(reverse("account")).status_code == 302
