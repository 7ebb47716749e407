"""The second factor of an account: six digits of an authenticator app, or a recovery code.

Whoever organises may switch it on; a superuser must, where SUPERUSER_SECOND_FACTOR says so (it does
in production). `User.second_factor_at` is part of what a session is signed with: switching on or
off ends every other session of the account, and a session without the factor cannot outlive it.
"""

import unicodedata
from base64 import b32encode

from django.core import signing
from django.db import transaction
from django.utils.translation import gettext_lazy as _
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from salon import audit, clock
from salon.errors import Refused
from salon.models import User
from salon.text import clean_text

RECOVERY_CODES = 10
OFFER_SECONDS = 3600
_offers = signing.TimestampSigner(salt="second factor")


# --- switching on and off -------------------------------------------------------------------------


def offer(user: User) -> str:
    """A fresh key for the user's app, signed for the way through the page; nothing is written."""
    return _offers.sign_object([user.pk, TOTPDevice(user=user).key])


def device_of(user: User, offered: str) -> TOTPDevice:
    """The device, not yet saved, that an `offer` to this user is for. Refused when it is none, or
    older than an hour."""
    try:
        pk, key = _offers.unsign_object(offered, max_age=OFFER_SECONDS)
    except (signing.BadSignature, ValueError):
        pk, key = None, None
    if pk != user.pk:
        raise Refused("offer_expired", _("这个二维码已经过期，请重新打开这一页。"))
    return TOTPDevice(user=user, name="app", key=key)


def typed_key(device: TOTPDevice) -> str:
    """The key as somebody types it whose phone cannot read the picture."""
    letters = b32encode(device.bin_key).decode()
    return " ".join(letters[start : start + 4] for start in range(0, len(letters), 4))


def switch_on(*, user: User, offered: str, code: str, by: User) -> list[str]:
    """Take the app whose key was `offered` as the account's, if it shows `code` now.

    Returns the recovery codes, which are shown once. An app that was there before is replaced.
    """
    with transaction.atomic():
        user = _locked(user)
        device = device_of(user, offered)
        TOTPDevice.objects.filter(user=user).delete()
        device.save()
        if not device.verify_token(_digits(code)):
            raise Refused("wrong_code", _WRONG, status=403)
        _set(user, clock.now())
        audit.record("switch_on_second_factor", user, by=by, fields=["second_factor_at"])
        return _codes_for(user)


def new_codes(*, user: User, by: User) -> list[str]:
    """Fresh recovery codes; those from before are void."""
    with transaction.atomic():
        user = _locked(user)
        audit.record("new_recovery_codes", user, by=by)
        return _codes_for(user)


def switch_off(*, user: User, by: User) -> None:
    """Refused to the owner of an account that must have one; another superuser may, for a lost
    phone: the account's next sign-in sets up a new one."""
    if by == user and user.must_have_second_factor:
        raise Refused("second_factor_stays", _("管理员账号不能没有第二步验证。"))
    with transaction.atomic():
        user = _locked(user)
        TOTPDevice.objects.filter(user=user).delete()
        StaticDevice.objects.filter(user=user).delete()
        _set(user, None)
        audit.record("switch_off_second_factor", user, by=by, fields=["second_factor_at"])


def _locked(user: User) -> User:
    return User.objects.select_for_update().get(pk=user.pk)


def _set(user: User, at) -> None:
    user.second_factor_at = at
    user.save(update_fields=["second_factor_at"])


def _codes_for(user: User) -> list[str]:
    StaticDevice.objects.filter(user=user).delete()
    device = StaticDevice.objects.create(user=user, name="recovery codes")
    codes = {StaticToken.random_token() for _number in range(RECOVERY_CODES)}
    StaticToken.objects.bulk_create(StaticToken(device=device, token=code) for code in codes)
    return [f"{code[:4]}-{code[4:]}" for code in sorted(codes)]


def codes_left(user: User) -> int:
    return StaticToken.objects.filter(device__user=user).count()


# --- at the sign-in -------------------------------------------------------------------------------

_WRONG = _("验证码不对。请看一眼应用里现在的六位数字，它每半分钟换一次。")


def require(*, user: User, code: str) -> None:
    """Refused unless `code` is what the app shows, or a recovery code, which then is used up.

    A code that was accepted is not accepted again. How often may be tried the caller counts.
    """
    typed = _digits(code)
    with transaction.atomic():
        _locked(user)
        devices = [
            *TOTPDevice.objects.filter(user=user, confirmed=True),
            *StaticDevice.objects.filter(user=user, confirmed=True),
        ]
        if not any(device.verify_token(typed) for device in devices):
            raise Refused("wrong_code", _WRONG, status=403)


def _digits(code: str) -> str:
    """As it is compared: full-width digits, spaces and hyphens are no other code."""
    typed = unicodedata.normalize("NFKC", clean_text(code[:99]))
    return "".join(typed.replace("-", "").split()).lower()
