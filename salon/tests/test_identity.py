"""A contact is recognised by its digest, before and after a change of keys, and never read off it."""

from datetime import timedelta

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection

from salon import clock, identity, limits
from salon.digests import Digest
from salon.models import Allowance, Message

OLD, NEW = "the key of last year " * 3, "the key of this year " * 3
LIN = "+8613800001111"


@pytest.fixture
def columns(monkeypatch):
    """A column with its plain value beside it, and one without; `keep` fills the list."""
    monkeypatch.setattr(identity, "_columns", [])
    identity.keep("salon.Message", "batch", purpose="letters", of="recipient", until="due_at")
    identity.keep("salon.Allowance", "key", purpose="allowance", until="window_ends_at")


def letter(number, recipient):
    return Message.objects.create(
        dedup_key=f"letter {number}",
        kind="received",
        due_at=clock.now() + timedelta(days=number),
        recipient=recipient,
        batch=identity.contact_digest(recipient or LIN, "letters"),
    )


def rekey(capsys, *arguments):
    call_command("rekey", *arguments)
    return capsys.readouterr().out


def test_a_digest_depends_on_contact_purpose_and_key(settings):
    digests = {identity.contact_digest(*said) for said in [(LIN, "a"), (LIN, "b"), ("x", "a")]}
    settings.IDENTITY_KEY = NEW
    digests.add(identity.contact_digest(LIN, "a"))
    assert len(digests) == 4
    assert {len(one) for one in digests} == {identity.DIGEST_LENGTH}
    assert not any("1380000" in one for one in digests)
    assert identity.contact_digest(LIN, "a") == identity.contact_digest(LIN, "a")


@pytest.mark.parametrize("odd", ["", "\x00", "\udcff", "名" * 10_000, "a\x00b"])
def test_odd_values_are_values_like_any_other(odd):
    assert identity.contact_digest(odd, "a") != identity.contact_digest(odd + "x", "a")


def test_without_its_own_key_it_hangs_on_the_secret_key_and_that_may_go_on_as_one(settings):
    before = identity.contact_digest(LIN, "erased")
    settings.SECRET_KEY, former = NEW, settings.SECRET_KEY
    assert before not in identity.contact_digests(LIN, "erased")
    settings.SECRET_KEY_FALLBACKS = [former]
    assert identity.contact_digests(LIN, "erased")[1:] == [before]
    settings.SECRET_KEY_FALLBACKS, settings.IDENTITY_KEY = [], former
    assert identity.contact_digest(LIN, "erased") == before


def test_a_new_key_finds_what_was_written_under_the_old_one(settings):
    settings.IDENTITY_KEY = OLD
    before = identity.contact_digest(LIN, "erased")
    settings.IDENTITY_KEY, settings.IDENTITY_KEY_OLD = NEW, [OLD]
    assert before in identity.contact_digests(LIN, "erased")
    assert identity.contact_digest(LIN, "erased") == identity.contact_digests(LIN, "erased")[0]
    assert before != identity.contact_digest(LIN, "erased")


def test_setting_a_key_for_the_first_time_loses_nobody(settings):
    before = identity.contact_digest(LIN, "erased")
    settings.IDENTITY_KEY = NEW
    assert before in identity.contact_digests(LIN, "erased")


@pytest.mark.django_db
def test_rekey_writes_what_it_can_and_says_what_is_left_and_until_when(settings, columns, capsys):
    settings.IDENTITY_KEY = OLD
    lin, gone = letter(1, LIN), letter(2, "")
    limits.allow("desk:7", times=9, seconds=3600)
    settings.IDENTITY_KEY, settings.IDENTITY_KEY_OLD = NEW, [OLD]
    fresh = letter(3, "lu@example.com")

    counted = rekey(capsys, "--dry-run")
    assert "salon.Message.batch：要重算 1 条，还有 1 条用旧密钥" in counted
    assert Message.objects.get(pk=lin.pk).batch == lin.batch

    said = rekey(capsys)
    assert "salon.Message.batch：重算了 1 条，还有 1 条用旧密钥，最晚的到" in said
    assert "salon.Allowance.key：重算了 0 条，还有 1 条用旧密钥，最晚的到" in said
    assert "旧密钥请留到" in said
    batches = dict(Message.objects.values_list("pk", "batch"))
    assert batches == {
        lin.pk: identity.contact_digest(LIN, "letters"),
        gone.pk: gone.batch,
        fresh.pk: fresh.batch,
    }

    Message.objects.filter(pk=gone.pk).delete()
    Allowance.objects.all().delete()
    assert "旧密钥现在可以拿掉了" in rekey(capsys)


@pytest.mark.django_db
def test_rekey_tells_of_digests_whose_key_is_lost(settings, columns, capsys):
    settings.IDENTITY_KEY = OLD
    letter(1, "")
    settings.IDENTITY_KEY, settings.IDENTITY_KEY_OLD = NEW, ["a third key " * 4]
    said = rekey(capsys)
    assert "其中 1 条的密钥已经不在" in said
    assert "现在可以拿掉" in said


@pytest.mark.django_db
def test_rekey_writes_over_nothing_that_changed_meanwhile(settings, columns, monkeypatch):
    settings.IDENTITY_KEY = OLD
    lin = letter(1, LIN)
    settings.IDENTITY_KEY, settings.IDENTITY_KEY_OLD = NEW, [OLD]

    def somebody_else_writes(value, purpose):
        Message.objects.filter(pk=lin.pk).update(batch="theirs")
        return "ours"

    monkeypatch.setattr(identity, "contact_digest", somebody_else_writes)
    (column, _allowances) = identity.columns()
    assert identity.rekey(column).written == 0
    assert Message.objects.get(pk=lin.pk).batch == "theirs"


@pytest.mark.django_db
def test_rekey_with_one_key_only_has_nothing_to_do_and_says_so():
    with pytest.raises(CommandError, match="IDENTITY_KEY_OLD"):
        call_command("rekey")


@pytest.mark.django_db
def test_every_column_that_is_kept_exists_and_holds_a_whole_digest():
    for column in identity.columns():
        field = apps.get_model(column.label)._meta.get_field(column.name)
        assert isinstance(field, Digest) or field.max_length >= identity.DIGEST_LENGTH, column
        for name in (column.of, column.until):
            assert name is None or callable(name) or column.model._meta.get_field(name), column


@pytest.mark.django_db
def test_an_allowance_names_neither_device_nor_contact():
    limits.allow(f"code:{LIN}", times=1, seconds=60)
    with connection.cursor() as cursor:
        cursor.execute("SELECT key FROM salon_allowance")
        assert cursor.fetchall() == [(identity.contact_digest(f"code:{LIN}", "allowance"),)]
