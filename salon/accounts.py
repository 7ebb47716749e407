"""Accounts and their letters: an invitation for somebody new, a new password for who forgot it.

The link in both is Django's for a new password: it knows the account's number, password and last
sign-in, so it is good once and for three days, and nothing is kept of it.
"""

from datetime import timedelta

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.tokens import default_token_generator
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from salon import audit, clock, outbox
from salon.channels import Letter
from salon.letter_face import Face
from salon.letter_kinds import Urgency
from salon.models import User

NEW_PASSWORD = "new_password"  # noqa: S105  the kind of a letter
AGAIN_AFTER = timedelta(minutes=10)
MOST_AT_ONE_ADDRESS = 5


def at_address(email: str) -> QuerySet[User]:
    """Accounts that may sign in and have this e-mail address, whatever its letters' case."""
    return User.objects.filter(email__iexact=email, is_active=True).order_by("pk")


def account_for(*, email: str, name: str, by: User) -> tuple[User, bool]:
    """The account at this address, made if there is none: `(account, is_new)`.

    A new one is called by its address and has no password: its owner sets one by the link.
    """
    found = at_address(email).first()
    if found is not None:
        return found, False
    with transaction.atomic():
        user, is_new = User.objects.get_or_create(
            username=User.normalize_username(email.lower()),
            defaults={"email": email, "first_name": name, "password": make_password(None)},
        )
        if is_new:
            audit.record("add_account", user, by=by, fields=["email", "first_name"])
    return user, is_new


def new_password_link(user: User) -> str:
    """Where the owner of the account sets a new password; the key in it is a key to the account."""
    number = urlsafe_base64_encode(force_bytes(user.pk))
    path = reverse("new_password", args=[number, default_token_generator.make_token(user)])
    return settings.PUBLIC_URL + path


def forgot(*, email: str) -> None:
    """Write to every account at this address, and tell the asker nothing: neither whether there is
    one, nor whether a letter went a few minutes ago already."""
    now = clock.now()
    asked_in = int(now.timestamp() // AGAIN_AFTER.total_seconds())
    with transaction.atomic():
        for user in at_address(email)[:MOST_AT_ONE_ADDRESS]:
            outbox.plan(
                dedup_key=f"{NEW_PASSWORD}:{user.pk}:{asked_in}",
                kind=NEW_PASSWORD,
                event_id=None,
                due_at=now,
                context={"account": user.pk},
            )


@outbox.letter(NEW_PASSWORD, gettext_lazy("设新密码"), urgency=Urgency.ASKED_FOR)
def new_password_letter(message) -> Letter | None:
    user = User.objects.filter(pk=message.context["account"], is_active=True).first()
    if user is None or not user.email:
        return None
    return Letter(
        to=user.email,
        subject=_("设一个新密码"),
        text=_(
            "您好：\n\n有人在登录页为账号“%(account)s”要了一个新密码。"
            "请用下面的链接设置，三天之内、一次有效：\n{{key}}\n\n"
            "不是您要的？不用管这封信，密码没有变。\n"
        )
        % {"account": user.username},
        secret={"key": lambda: new_password_link(user)},
        face=Face(button=_("设置密码")),
    )
