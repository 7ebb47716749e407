"""What the event does with people's information: the notice for everybody, its terms for those who
organise."""

from django.conf import settings
from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from events.access import event_page, organiser
from participants import notices
from participants.privacy_form import PrivacyForm
from salon import keeping
from salon.errors import Refused
from salon.seen import compared_with


@event_page
@require_safe
def notice(request, slug, version=None):
    """The newest version, or an older one as it was."""
    event = request.event
    found = (
        notices.newest(event)
        if version is None
        else get_object_or_404(event.notices, version=version)
    )
    versions = list(event.notices.defer("text"))
    context = {
        "event": event,
        "notice": found,
        "sections": found.text.get(get_language()) or found.text[settings.LANGUAGE_CODE],
        "versions": versions,
        "newest": versions[0].version if versions else found.version,
    }
    return render(request, "participants/privacy.html", context)


@organiser
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request, slug):
    event, problem = request.event, ""
    terms = notices.terms_of(event)
    form = PrivacyForm(request.POST or None, terms=terms)
    if request.method == "POST" and form.is_valid():
        try:
            published = notices.save_terms(
                event=event,
                values=form.values(),
                seen=form.cleaned_data["version"],
                by=request.user,
            )
        except Refused as refused:
            problem = str(refused)
            # What was typed stays: sent again, it replaces the version that is told of here.
            compared_with(form, notices.terms_of(event).version, name="version")
        else:
            said = _("保存好了。")
            if published:
                said = _("保存好了，公布为第 %(version)d 版。") % {"version": published.version}
            messages.success(request, said)
            return redirect("privacy_edit", slug)
    context = {
        "event": event,
        "form": form,
        "problem": problem,
        "versions": list(event.notices.defer("text")),
    }
    return render(request, "participants/privacy_edit.html", context)


@organiser
@never_cache
@require_safe
def kept(request, slug):
    """What is kept of the event's people, how long, why, and how many rows there are now."""
    event = request.event
    lines = keeping.lines(event, whole_house=request.user.is_superuser)
    return render(request, "participants/kept.html", {"event": event, "lines": lines})
