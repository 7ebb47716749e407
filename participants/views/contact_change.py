"""What a link about another contact opens: one question, answered by one press."""

from django.http import HttpRequest
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from events.access import require_in_sight
from participants import contact_changes, contact_proofs
from participants.access import set_person_cookie
from participants.keys import link_at
from participants.models import ContactChange
from salon import clock
from salon.access import public
from salon.errors import Refused


@public
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def answer(request: HttpRequest, token: str):
    """The question by GET, which changes nothing: mail scanners open every link."""
    kind, change = contact_changes.find(token)
    require_in_sight(request, change.participant.event)
    problem, status = "", 200
    if request.method == "POST":
        try:
            if kind == contact_changes.BACK:
                return _taken_back(change)
            contact_proofs.prove_change(change=change)
        except Refused as refused:
            problem, status = str(refused), refused.status
        change.refresh_from_db()
    context = {
        "event": change.participant.event,
        "change": change,
        "kind": kind,
        "asks": not problem and _asks(kind, change),
        "problem": problem,
    }
    return render(request, "participants/contact_change.html", context, status=status)


def _asks(kind, change):
    now, rows = clock.now(), ContactChange.objects.filter(pk=change.pk)
    if kind == contact_changes.BACK:
        return rows.may_be_put_back(now).exists()
    return rows.pending(now).exists()


def _taken_back(change):
    link = link_at(contact_proofs.take_back(change=change))
    response = redirect("me", link.participant.event.slug)
    set_person_cookie(response, link)
    return response
