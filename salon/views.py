"""Pages that belong to the house and to no room: health, language, our own mistakes, what is kept."""

import contextlib

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import Error, connection, transaction
from django.http import HttpResponseServerError, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views import i18n as language_views
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

from salon import clock, keeping, logs, pace
from salon.access import public, staff
from salon.errors import wants_json
from salon.models import Heartbeat, Sweep

STALE_SECONDS = 180

set_language = public(language_views.set_language)


def broken(request):
    """The page about a mistake of ours, with the id under which the log tells of it."""
    if wants_json(request):
        sentence = _("是我们这边的错，请稍后再试。")
        answer = {"error": "broken", "message": sentence, "id": logs.current_id()}
        return JsonResponse(answer, status=500)
    return HttpResponseServerError(render_to_string("500.html", {"id": logs.current_id()}))


@public
@never_cache
def healthz(request):
    """200 when all is well, else 503: `{"database", "redis", "worker", "beat_age", "outbox_age"}`.

    Ages are seconds, null where the database cannot tell: of the beat's last sign, and of the
    oldest message that should have gone, however often it was tried. Answers within a few seconds, whatever is away.
    """
    report = {"database": False, "redis": _redis_answers(), "worker": False}
    report |= {"beat_age": None, "outbox_age": None}
    try:
        report |= {"database": True, **_signs_in_the_database()}
    except Error:
        connection.close()
    ages = (report["beat_age"], report["outbox_age"])
    well = (
        report["database"]
        and report["redis"]
        and report["worker"]
        and all(age is not None and age < STALE_SECONDS for age in ages)
    )
    answer = JsonResponse(report, status=200 if well else 503)
    # Django logs every 5xx; whoever watches asks every second, and the answer says it all.
    answer._has_been_logged = True
    return answer


def _signs_in_the_database():
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '2s'")
        now = clock.now()
        beats = dict(Heartbeat.objects.values_list("name", "at"))
        oldest = pace.overdue(now).values_list("due_at", flat=True).first()

    def age(moment):
        return None if moment is None else round((now - moment).total_seconds(), 1)

    worker_age = age(beats.get("worker"))
    return {
        "worker": worker_age is not None and worker_age < STALE_SECONDS,
        "beat_age": age(beats.get("beat")),
        "outbox_age": age(oldest or now),
    }


def _redis_answers():
    redis = Redis.from_url(
        settings.REDIS_URL,
        socket_connect_timeout=1,
        socket_timeout=1,
        retry=Retry(NoBackoff(), 0),  # by itself it would ask again for half a minute
    )
    with contextlib.closing(redis):
        try:
            return redis.ping()
        except RedisError:
            return False


@staff
@never_cache
@require_safe
def kept(request):
    """What the whole house keeps of people, how long and why; for superusers."""
    if not request.user.is_superuser:
        raise PermissionDenied
    context = {"lines": keeping.lines(whole_house=True), "last": Sweep.objects.first()}
    return render(request, "salon/kept.html", context)
