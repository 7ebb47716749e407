"""Keyed digests: a contact is recognised again where the contact itself may not be kept.

A plain hash of a mobile number is a mobile number: all of them are tried in a minute. With a key
that is not in the database, a copy of the database tells nothing. The key is IDENTITY_KEY, or comes
from SECRET_KEY; each digest begins with the name of its key, so that a change of keys loses nobody:
look up under all keys (`contact_digests`), write under the newest, and `manage.py rekey` writes
again what can be written again.
"""

import functools
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.apps import apps
from django.conf import settings
from django.db.models import Max, Model, Q, QuerySet

NAME_LENGTH = 8
# What a column for a digest must hold: the key's name and 256 bits, in hexadecimal digits.
DIGEST_LENGTH = NAME_LENGTH + 64


@dataclass(frozen=True)
class Key:
    name: str
    secret: bytes


def _mac(secret: bytes, text: str) -> str:
    # Lone surrogates come in with cookies and forms; they are some value like any other.
    return hmac.digest(secret, text.encode("utf-8", "surrogatepass"), "sha256").hex()


@functools.lru_cache(maxsize=8)
def _keys(*materials: str) -> tuple[Key, ...]:
    keys = {}
    for material in materials:
        # From SECRET_KEY or from the environment alike: so a SECRET_KEY that is to be replaced may
        # go on as IDENTITY_KEY.
        secret = hmac.digest(material.encode(), b"salon identity key", "sha256")
        name = _mac(secret, "name")[:NAME_LENGTH]
        keys[name] = Key(name, secret)
    return tuple(keys.values())


def keys() -> tuple[Key, ...]:
    """The key in use, then those it has replaced."""
    given = [settings.IDENTITY_KEY] if settings.IDENTITY_KEY else []
    derived = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    # Without IDENTITY_KEY the first of them is the one that SECRET_KEY gives.
    return _keys(*(given or derived), *settings.IDENTITY_KEY_OLD, *derived)


def contact_digest(value: str, purpose: str) -> str:
    """The digest under which `value` is written now: DIGEST_LENGTH characters.

    `value` as the house keeps it, read by `salon.text`; `purpose` is the table or rule it is for:
    the same contact for two purposes gives two digests that nobody can connect.
    """
    return _digest(keys()[0], value, purpose)


def contact_digests(value: str, purpose: str) -> list[str]:
    """What `value` may have been written under, the newest first: `filter(column__in=…)`."""
    return [_digest(key, value, purpose) for key in keys()]


def _digest(key: Key, value: str, purpose: str) -> str:
    return key.name + _mac(key.secret, f"{purpose}\0{value}")


# --- a change of keys -----------------------------------------------------------------------------

Source = Callable[[Model], str | None]


@dataclass(frozen=True)
class Column:
    """Where digests are kept, as `keep` was told."""

    label: str
    name: str
    purpose: str | Source
    of: str | Source | None
    until: str | None

    @property
    def model(self) -> type[Model]:
        return apps.get_model(self.label)

    def under_older_keys(self) -> QuerySet:
        newest = Q(**{f"{self.name}__startswith": keys()[0].name})
        return self.model._base_manager.exclude(newest).exclude(
            Q(**{self.name: ""}) | Q(**{self.name: None})
        )


@dataclass(frozen=True)
class Rekeyed:
    """What became of one column. `left` rows stay under an older key until `until` (None: for
    good); `lost` of them under a key that is not among ours any more."""

    column: Column
    written: int
    left: int
    lost: int
    until: datetime | None


_columns: list[Column] = []


def keep(
    label: str,
    name: str,
    *,
    purpose: str | Source,
    of: str | Source | None = None,
    until: str | None = None,
) -> None:
    """Say that column `name` of the model `label` ("app.Model") holds digests for `purpose`.

    `of` is the column with the plain value, or a function of the row; without one a digest cannot
    be written again and is recognised by the older keys `until` (a column) its row goes.
    """
    _columns.append(Column(label, name, purpose, of, until))


def columns() -> list[Column]:
    return list(_columns)


def rekey(column: Column, *, dry_run: bool = False) -> Rekeyed:
    """Write the digests of one column again under the newest key, where the plain value is known.

    Row by row and only over the digest that was read: a house at work may go on meanwhile.
    """
    written = 0 if column.of is None else _write_again(column, dry_run)
    older = column.under_older_keys()
    left = older.count() - (written if dry_run else 0)
    known = Q()
    for key in keys():
        known |= Q(**{f"{column.name}__startswith": key.name})
    until = older.aggregate(at=Max(column.until))["at"] if left and column.until else None
    return Rekeyed(column, written, left, older.exclude(known).count(), until)


def _write_again(column: Column, dry_run: bool) -> int:
    written = 0
    for row in column.under_older_keys().order_by("pk").iterator(1000):
        value, purpose = _read(column.of, row), column.purpose
        if not value:
            continue
        fresh = contact_digest(value, purpose if isinstance(purpose, str) else purpose(row))
        same = column.model._base_manager.filter(
            pk=row.pk, **{column.name: getattr(row, column.name)}
        )
        written += same.exists() if dry_run else same.update(**{column.name: fresh})
    return written


def _read(source: str | Source, row: Model) -> str | None:
    return getattr(row, source) if isinstance(source, str) else source(row)
