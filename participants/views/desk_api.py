"""The desk's JSON doors (DESIGN §4). Everything here may be repeated by a tablet for ever.

CSRF: these views are exempt from Django's token, because a tablet that was offline for an hour
has no fresh one and must not lose a scan over it. What stands instead, each enough alone:
the desk's cookie is SameSite=Strict, so no other site's page makes a browser send it; only
`Content-Type: application/json` is read, which no form of another site can send and which a
script of another site may only send after a preflight that nobody here answers; and an `Origin`
or `Sec-Fetch-Site` header that names another site is refused. A checker without a browser sends
neither and needs the cookie alone.
"""

import json
from functools import wraps
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.http import JsonResponse
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from events.access import desk
from participants import checkin, codes, desk_requests, roster, tags, walkins
from participants.models import CheckIn, Participant
from salon.errors import Refused
from salon.text import clean_text

METHODS = {CheckIn.Method.QR, CheckIn.Method.CODE, CheckIn.Method.SEARCH}
MOST_BYTES = 20_000


def json_door(view):
    """A POST of JSON from a desk: csrf_exempt with what stands instead, see above."""

    @csrf_exempt
    @require_POST
    @desk
    @wraps(view)
    def guarded(request, slug):
        _refuse_other_sites(request)
        response = JsonResponse(view(request, _body(request)))
        patch_cache_control(response, no_store=True)
        return response

    return guarded


def _refuse_other_sites(request):
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    if site not in {"same-origin", "none"} or not _is_own(request, request.headers.get("Origin")):
        raise Refused("other_site", _("这个请求来自别的网站。"), status=403)


def _is_own(request, origin):
    if origin is None or origin in settings.CSRF_TRUSTED_ORIGINS:
        return True
    try:
        return urlsplit(origin).netloc == request.get_host()
    except ValueError:
        return False


def _body(request):
    if request.content_type != "application/json" or len(request.body) > MOST_BYTES:
        raise _malformed()
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError):
        raise _malformed() from None
    if not isinstance(body, dict):
        raise _malformed()
    return body


def _malformed():
    return Refused("malformed", _("请求格式不对。"), status=400)


def _text(body, key, default=""):
    value = body.get(key, default)
    if not isinstance(value, str):
        raise _malformed()
    return value


def _number(body, key, default):
    value = body.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool):
        raise _malformed()
    return value


def _uuid(body, key):
    try:
        return UUID(_text(body, key))
    except ValueError:
        raise _malformed() from None


def _request(verb, request, body):
    client_id = _uuid(body, "client_id")
    try:
        return desk_requests.Request.of(
            verb=verb, body=body, client_id=client_id, desk=request.desk
        )
    except RecursionError:  # nested just as deep as can be read, and too deep to be written
        raise _malformed() from None


def _whom(request, body):
    """`code=` or `participant_id=`, exactly one; a text without a code in it is nobody's code."""
    if ("code" in body) == ("participant" in body):
        raise _malformed()
    if "code" in body:
        text = _text(body, "code")
        if not text.strip():
            raise _malformed()
        return {"code": codes.code_in(text, slug=request.event.slug)}
    return {"participant_id": _number(body, "participant", None)}


def _when(request, body):
    try:
        scanned_at = checkin.parse_time(_text(body, "scanned_at"), zone=request.event.zone)
    except ValueError:
        raise _malformed() from None
    return {
        "scanned_at": scanned_at,
        "offset_ms": _number(body, "offset_ms", 0),
        "operator": clean_text(_text(body, "operator"), max_length=20),
    }


def person_json(person):
    """What a desk may know of a person; the code stays on the person's own phone."""
    if person is None:
        return None
    return {
        "id": person.pk,
        "name": person.name,
        "category": {"key": person.category.key, "name": person.category.name},
        "status": person.status,
        "status_text": str(Participant.Status(person.status).label),
        "online": person.online,
    }


def _answer_json(request, answer, **more):
    return {
        "result": answer.result,
        "participant": person_json(answer.participant),
        "first": answer.first,
        "replayed": answer.replayed,
        "client_id": str(request.client_id),
        **more,
    }


@json_door
def check_ins(request, body):
    method = _text(body, "method")
    if method not in METHODS:
        raise _malformed()
    admitted = body.get("admitted", False)
    if not isinstance(admitted, bool):
        raise _malformed()
    asked = _request("check_in", request, body)
    answer = checkin.check_in(
        request=asked,
        method=method,
        admitted=admitted,
        **_whom(request, body),
        **_when(request, body),
    )
    return _answer_json(asked, answer)


@json_door
def undo(request, body):
    """`{"client_id", "reason"}` and whom: "participant", "code", or "check_in", the client id of
    the scan to take back."""
    asked = _request("undo", request, body)
    reason = _text(body, "reason")
    whom = {"check_in": _uuid(body, "check_in")} if "check_in" in body else _whom(request, body)
    return _answer_json(asked, checkin.undo(request=asked, reason=reason, **whom))


@json_door
def walk_ins(request, body):
    """`{"client_id", "scanned_at", "name", "mobile", "category", …}`, see walkins.details_of; or
    "participant" instead of a name, for somebody on the list without a confirmed seat."""
    asked = _request("walk_in", request, body)
    if "participant" in body:
        who = {"person_id": _number(body, "participant", None)}
    else:
        fields = ("name", "mobile", "email", "organisation", "category", "industry", "pain")
        form = {field: _text(body, field) for field in fields}
        who = {
            "details": walkins.details_of(request.event, form | {"consents": body.get("consents")})
        }
    answer = walkins.walk_in(request=asked, **who, **_when(request, body))
    return _answer_json(asked, answer, seats=walkins.seats_on_site(request.event))


@json_door
def cards(request, body):
    """`{"client_id", "participant", "industry", "size_band", "expertise", "pain"}`: a tag card,
    changed by a tap or typed in from paper."""
    asked = _request("card", request, body)
    fields = {f: _text(body, f) for f in ("industry", "size_band", "expertise", "pain")}
    answer = tags.save_card_at_desk(
        request=asked, participant_id=_number(body, "participant", None), **fields
    )
    return _answer_json(asked, answer)


@require_GET
@desk
def card(request, slug, pk):
    """The card of one person, as it is or as the application fills it, for the desk's form."""
    person = roster.on_the_list(request.event).filter(pk=pk).first()
    if person is None:
        raise Refused("unknown", _("名单里没有这个人。"), status=404)
    card = tags.card_of(person)
    return JsonResponse(
        {f: getattr(card, f) for f in ("industry", "size_band", "expertise", "pain")}
    )


@require_GET
@desk
def roster_json(request, slug):
    response = JsonResponse(roster.for_desk(request.desk))
    patch_cache_control(response, no_store=True)
    return response
