"""A digest is hexadecimal for whoever asks, and bytes in the table."""

import pytest
from django.db import connection

from events.tests.scenes import a_salon
from participants.models import ErasedContact
from salon import clock, identity
from salon.access import digest

pytestmark = pytest.mark.django_db


@pytest.fixture
def contacts():
    event = a_salon()
    for name in ("林知夏", "顾景行"):
        ErasedContact.objects.create(event=event, digest=digest(name), kept_until=clock.now())
    return ErasedContact.objects.order_by("pk")


def test_it_is_read_looked_for_and_replaced_as_it_was_written(contacts):
    lin, gu = contacts
    assert (lin.digest, gu.digest) == (digest("林知夏"), digest("顾景行"))
    assert contacts.get(digest=digest("顾景行")) == gu
    assert list(contacts.filter(digest__in=[digest("林知夏"), digest("x")])) == [lin]
    assert contacts.exclude(digest=digest("林知夏")).get() == gu
    contacts.filter(pk=lin.pk).update(digest="")
    assert contacts.get(digest="").pk == lin.pk
    assert list(contacts.values_list("digest", flat=True)) == ["", digest("顾景行")]


def test_those_are_found_that_begin_with_the_name_of_a_key(contacts):
    lin, gu = contacts
    begins = digest("林知夏")[: identity.NAME_LENGTH]
    assert list(contacts.filter(digest__startswith=begins)) == [lin]
    assert list(contacts.exclude(digest__startswith=begins)) == [gu]
    assert not contacts.filter(digest__startswith="00" * 40).exists()


def test_it_takes_a_byte_for_two_digits(contacts):
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT octet_length(digest) FROM participants_erasedcontact")
        assert cursor.fetchall() == [(32,)]
