"""A desk's request that may come twice, or a thousand times: one effect, one answer.

What a desk was answered is kept under the request's `client_id`, written in the same transaction
as the effect. So there is no moment in which a lost answer, a killed process or an impatient
tablet could make a second effect, and no key that is stuck half-way.
"""

import hashlib
import json
from dataclasses import dataclass

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from participants.models import DeskRequest, Participant
from salon.errors import Refused


@dataclass(frozen=True)
class Request:
    """What makes a desk's request itself: its id, the digest of its body, the desk it came from."""

    client_id: object  # uuid.UUID
    digest: str
    desk: object  # events.models.DeskPass

    @classmethod
    def of(cls, *, verb, body, client_id, desk):
        """`body` is the parsed JSON object; its keys' order and white space do not matter."""
        text = json.dumps([verb, desk.event_id, body], sort_keys=True, separators=(",", ":"))
        return cls(client_id, hashlib.sha256(text.encode()).hexdigest(), desk)


@dataclass(frozen=True)
class Answer:
    """`first` is the check-in in force: {"at": ISO time, "desk", "by"}, or None."""

    result: str
    participant: Participant | None = None
    first: dict | None = None
    replayed: bool = False


class AskedAtOnceTwice(Exception):
    """The same request is being answered by another process: roll back, then read its answer."""


def earlier_answer(request):
    """The answer kept for this request, or None. Refused("other_body", 422) if it was another."""
    kept = DeskRequest.objects.filter(pk=request.client_id).first()
    return kept and replay(request, kept.body_digest, kept.answer)


def replay(request, digest, kept):
    """What was kept, told again. The person is read anew: no name is kept beside the answer."""
    if digest != request.digest:
        raise Refused(
            "other_body",
            _("同一个编号已用于另一次操作，请换一个新编号。"),
            status=422,
        )
    person = None
    if kept.get("participant"):
        person = (
            Participant.objects.filter(pk=kept["participant"], event=request.desk.event_id)
            .select_related("category")
            .first()
        )
    return Answer(kept["result"], person, kept.get("first"), replayed=True)


_KEEP = """
    INSERT INTO participants_deskrequest (client_id, desk_id, body_digest, answer, at)
    VALUES (%s, %s, decode(%s, 'hex'), %s, clock_timestamp())
    ON CONFLICT (client_id) DO NOTHING
"""


def keep_answer(request, answer, **more):
    """Write the answer beside its effect, as ids, words and times; returns the answer."""
    kept = {
        "result": answer.result,
        "participant": answer.participant and answer.participant.pk,
        "first": answer.first,
        **more,
    }
    with connection.cursor() as cursor:
        # Without a look before: a twin that came in between is told apart by the key itself.
        cursor.execute(
            _KEEP, [request.client_id, request.desk.pk, request.digest, json.dumps(kept)]
        )
        if not cursor.rowcount:
            raise AskedAtOnceTwice
    return answer


def answered_once(act):
    """Run `act(request, …)` in one transaction; a twin that came first lends its answer."""

    def once(*, request, **arguments):
        try:
            with transaction.atomic():
                return act(request=request, **arguments)
        except AskedAtOnceTwice:
            if answer := earlier_answer(request):
                return answer
            raise

    once.__doc__ = act.__doc__
    return once
