"""The application form, and the answer that is the same for everybody."""

from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from events.access import event_page
from participants import applications, notices
from participants.access import person_of
from participants.categories import asked_categories
from participants.forms import ApplicationForm
from salon.errors import Refused
from salon.signing_in import address_of
from salon.text import clean_text

# Refusals that belong beside a field; the others stand above the form.
BESIDE = {"name": "name", "phone": "mobile", "email": "email", "consent": "consents"}


@event_page
@never_cache
@require_http_methods(["GET", "POST"])
def apply(request, slug):
    categories = asked_categories(request.event)
    channel_code, problem = clean_text(request.GET.get("c"), max_length=40), ""
    if request.method == "POST":
        form = ApplicationForm(request.POST, categories=categories)
        if form.is_a_trap_sprung:
            return redirect("applied", slug)
        if form.is_valid():
            problem = _problem(request, form, channel_code)
            if not (problem or form.errors):
                return redirect("applied", slug)
    else:
        get_token(request)  # the browser's own number, for the limit per device
        shown = notices.newest(request.event).version
        form = ApplicationForm(categories=categories, initial={"notice": shown})
    sign_up = applications.registration(request.event)
    context = {
        "event": request.event,
        "form": form,
        "problem": problem,
        "sign_up": sign_up,
        "why_not": None
        if sign_up.takes_applications
        else applications.why_not_open(request.event, sign_up),
        "has_own_page": person_of(request, slug) is not None,
    }
    return render(request, "participants/apply.html", context)


def _problem(request, form, channel_code):
    """Hand the application in. The sentence for above the form; what belongs beside a field is
    put there."""
    try:
        applications.apply(
            event=request.event,
            answers=form.answers(),
            client_id=form.cleaned_data["client_id"],
            channel_code=channel_code,
            device=request.META.get("CSRF_COOKIE", ""),
            network=address_of(request),
            notice=form.cleaned_data["notice"],
        )
    except Refused as refused:
        if refused.code not in BESIDE:
            return str(refused)
        form.add_error(BESIDE[refused.code], str(refused))
    return ""


@event_page
@require_safe
def applied(request, slug):
    """Says the same to everybody, so that nobody learns who has applied before."""
    return render(request, "participants/applied.html", {"event": request.event})
