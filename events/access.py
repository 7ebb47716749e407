"""Doors of an event: its crew, and its desks.

`request.event` is set by each door. An event that the asker may not see answers like one that
does not exist.
"""

import secrets
import unicodedata
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.views import redirect_to_login
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404
from django.utils.translation import gettext_lazy as _

from events.models import Crew, DeskPass, Event
from salon import audit, by_hand, clock, limits
from salon.access import digest, door, new_token
from salon.errors import Refused
from salon.text import clean_text

_desk_signer = signing.TimestampSigner(salt="desk")


# Two statements by hand, because they stand before every page and every scan: composed by the ORM
# they take four times as long.
_EVENT = f"SELECT {by_hand.columns(Event)} FROM events_event WHERE slug = %s"  # noqa: S608
_DESK = f"""
    SELECT {by_hand.columns(DeskPass, Event)}
    FROM events_deskpass JOIN events_event ON events_event.id = events_deskpass.event_id
    WHERE events_deskpass.id = %s AND slug = %s
        AND revoked_at IS NULL AND expires_at > clock_timestamp()
"""  # noqa: S608  names of our own columns


def find_event(slug):
    """The event at this address, or Http404."""
    found = by_hand.first(_EVENT, [slug], Event)
    if found is None:
        raise Http404
    return found[0]


def roles_of(user, event):
    """The user's roles at the event; a superuser has every role."""
    if not user.is_authenticated or not user.is_active:
        return frozenset()
    if user.is_superuser:
        return frozenset(Crew.Role.values)
    return frozenset(Crew.objects.filter(event=event, user=user).values_list("role", flat=True))


def require_in_sight(request, event):
    """Http404 for a draft: to all but its crew and its desks it is an event that does not exist."""
    if event.status == Event.Status.DRAFT and not (
        desk_of(request, event.slug) or roles_of(request.user, event)
    ):
        raise Http404


def _published(request, slug, **kwargs):
    request.event = find_event(slug)
    require_in_sight(request, request.event)
    return None


def _crew(*roles):
    def enter(request, slug, **kwargs):
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        request.event = find_event(slug)
        request.roles = roles_of(request.user, request.event)
        if not request.roles:
            raise Http404
        if not request.roles & {Crew.Role.ORGANISER, *roles}:
            raise PermissionDenied
        return None

    return enter


event_page = door("event_page", _published, for_anybody=True)
organiser = door("organiser", _crew())
# 场务: what waits for the walls, the desk, and keys for guests; nothing else.
floor = door("floor", _crew(Crew.Role.HOST, Crew.Role.FLOOR))
keys = door("keys", _crew(Crew.Role.FLOOR))
host = door("host", _crew(Crew.Role.HOST))
mentor = door("mentor", _crew(Crew.Role.MENTOR))


# --- the desk ---------------------------------------------------------------------------------


def issue_desk_pass(*, event, desk, by):
    """Make a link and a PIN for one desk: `(pass, token, pin)`. Shown once, kept hashed.

    The pass lives until six hours after the event ends.
    """
    token, token_digest = new_token()
    pin = f"{secrets.randbelow(10**6):06}"
    with transaction.atomic():
        desk_pass = DeskPass.objects.create(
            event=event,
            desk=desk,
            token_digest=token_digest,
            pin_digest=make_password(pin),
            expires_at=max(event.ends_at, clock.now()) + timedelta(hours=6),
        )
        audit.record("issue_desk_pass", desk_pass, by=by, event_id=event.pk)
    return desk_pass, token, pin


def open_desk_as_crew(*, event, by):
    """The desk of somebody with an account: a pass under their name, without link or PIN. Returns
    `(pass, value of the desk's cookie)`; pressed again, the same pass."""
    name = clean_text(str(by), max_length=40)
    with transaction.atomic():
        Event.objects.select_for_update(no_key=True).get(pk=event.pk)
        living = DeskPass.objects.filter(event=event, revoked_at=None, expires_at__gt=clock.now())
        desk_pass = living.filter(desk=name).first()
        if desk_pass is None:
            desk_pass, _token, _pin = issue_desk_pass(event=event, desk=name, by=by)
        audit.record("open_desk", desk_pass, by=by)
    desk_pass.event = event
    return desk_pass, _desk_signer.sign(str(desk_pass.pk))


def revoke_desk_pass(*, desk_pass, by):
    with transaction.atomic():
        desk_pass.revoked_at = clock.now()
        desk_pass.save(update_fields=["revoked_at"])
        audit.record("revoke_desk_pass", desk_pass, by=by)


def find_desk_pass(token):
    """The living pass behind a desk link, or Http404."""
    desk_pass = (
        DeskPass.objects.select_related("event")
        .filter(token_digest=digest(token), revoked_at=None, expires_at__gt=clock.now())
        .first()
    )
    if desk_pass is None:
        raise Http404
    return desk_pass


def open_desk(*, desk_pass, pin, browser=None):
    """Exchange the PIN for the value of the desk's cookie. Ten wrong ones in a quarter of an hour.

    Spaces and the full-width digits of a Chinese keyboard are no other PIN. `browser` is the number
    of one that has been a desk of this event before: it is counted by itself, whoever else guesses.
    """
    typed = "".join(unicodedata.normalize("NFKC", pin[:99]).split())
    key = f"desk-pin:{desk_pass.pk}" + (f":browser:{browser}" if browser else "")
    with limits.only_failures(limits.Limit(key, times=10, seconds=900)):
        if not check_password(typed, desk_pass.pin_digest):
            raise Refused("wrong_pin", _("PIN 不对，请再看一眼交接单。"), status=403)
    return _desk_signer.sign(str(desk_pass.pk))


def desks_of(event):
    """As whom known browsers keep that they have been a desk of this event."""
    return f"desks:{event.pk}"


def desk_cookie(slug):
    return f"desk-{slug}"


def set_desk_cookie(response, desk_pass, value):
    """One cookie an event, so that one tablet may serve two."""
    response.set_cookie(
        desk_cookie(desk_pass.event.slug),
        value,
        expires=desk_pass.expires_at,
        httponly=True,
        samesite="Strict",
        secure=settings.SESSION_COOKIE_SECURE,
    )


def desk_of(request, slug):
    """The desk pass of this request, with its event, in one statement; None without one."""
    try:
        pk = int(_desk_signer.unsign(request.COOKIES.get(desk_cookie(slug), "")))
    except (signing.BadSignature, ValueError):
        return None
    found = by_hand.first(_DESK, [pk, slug], DeskPass, Event)
    if found is None:
        return None
    desk_pass, desk_pass.event = found
    return desk_pass


def _desk(request, slug, **kwargs):
    request.desk = desk_of(request, slug)
    if request.desk is None:
        raise Refused(
            "no_desk", _("签到台未登录或已失效。请打开签到台链接，重新输入 PIN。"), status=401
        )
    request.event = request.desk.event
    return None


desk = door("desk", _desk, camera=True)
