"""Pages that belong to the house and to no room: health, language, the account's home."""

from contextlib import suppress

from django.conf import settings
from django.contrib.auth import views as auth_views
from django.db import DatabaseError, connection
from django.http import JsonResponse
from django.utils.translation import gettext as _
from django.views import i18n as language_views
from django.views.decorators.cache import never_cache
from redis import Redis, RedisError

from salon import clock
from salon.access import public
from salon.errors import say
from salon.models import Heartbeat, Message

STALE_SECONDS = 180

login = public(auth_views.LoginView.as_view(template_name="login.html"))
logout = public(auth_views.LogoutView.as_view())
set_language = public(language_views.set_language)


def locked_out(request, response=None, credentials=None):
    """What axes answers after too many wrong passwords for one account from one address."""
    return say(
        request,
        status=429,
        code="locked_out",
        message=_("密码错了太多次。请等 15 分钟再试,或请另一位主办方为您重设密码。"),
    )


@public
@never_cache
def healthz(request):
    """200 when all is well, else 503: `{"database", "redis", "worker", "beat_age", "outbox_age"}`.

    Ages are seconds: of the beat's last sign, and of the oldest message that is due and unsent.
    """
    report = {
        "database": False,
        "redis": False,
        "worker": False,
        "beat_age": None,
        "outbox_age": None,
    }
    try:
        now = clock.now()
        beats = dict(Heartbeat.objects.values_list("name", "at"))
        report["database"] = True
        report["worker"] = (
            "worker" in beats and (now - beats["worker"]).total_seconds() < STALE_SECONDS
        )
        if "beat" in beats:
            report["beat_age"] = round((now - beats["beat"]).total_seconds(), 1)
        oldest = Message.objects.due(now).values_list("due_at", flat=True).first()
        report["outbox_age"] = round((now - oldest).total_seconds(), 1) if oldest else 0
    except DatabaseError:
        connection.close()
    with suppress(RedisError):
        report["redis"] = Redis.from_url(
            settings.REDIS_URL, socket_connect_timeout=1, socket_timeout=1
        ).ping()
    well = (
        report["database"]
        and report["redis"]
        and report["worker"]
        and report["beat_age"] is not None
        and report["beat_age"] < STALE_SECONDS
        and report["outbox_age"] < STALE_SECONDS
    )
    answer = JsonResponse(report, status=200 if well else 503)
    # Django logs every 5xx; whoever watches asks every second, and the answer says it all.
    answer._has_been_logged = True
    return answer
