"""The demo's passwords: known to everybody on this machine alone, random for a network."""

import pytest

from salon import demo_accounts, embedded

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def home(monkeypatch, tmp_path):
    monkeypatch.setattr(embedded, "HOME", tmp_path)
    return tmp_path


def test_on_this_machine_alone_the_password_is_the_one_in_the_manual():
    assert demo_accounts.lines() == []
    assert demo_accounts.account("admin", "管理员").check_password("salon-demo")
    assert demo_accounts.lines() == ["admin / salon-demo"]


def test_for_a_network_each_account_gets_its_own_and_keeps_it(home):
    for name in ("admin", "host"):
        demo_accounts.account(name, name)
    demo_accounts.close_to_strangers()
    first = demo_accounts.kept()
    assert first.keys() == {"admin", "host"}
    assert first["admin"] != first["host"]
    assert demo_accounts.account("admin", "").check_password(first["admin"])
    assert (home / "demo_passwords").stat().st_mode & 0o077 == 0
    # A later start finds one more account, and one that its owner took over.
    demo_accounts.account("mentor", "陆清和")
    own = demo_accounts.account("organiser", "顾景行")
    own.set_password("my own")
    own.save()
    demo_accounts.close_to_strangers()
    later = demo_accounts.kept()
    assert later.keys() == {"admin", "host", "mentor"}
    assert later.items() > first.items()
    own.refresh_from_db()
    assert own.check_password("my own")
    assert f"admin / {first['admin']}" in demo_accounts.lines()
