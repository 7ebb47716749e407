"""The agenda as organisers edit it, and the event's move to another day."""

from django.contrib import messages
from django.http import HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from events import agenda, upstairs
from events.access import organiser
from events.forms import AgendaLines, MoveForm, dawn_of, lines_of
from salon import asking
from salon.errors import Refused


@organiser
@require_http_methods(["GET", "HEAD", "POST"])
def agenda_edit(request, slug):
    event, refusal = request.event, None
    options = {"prefix": "line", "form_kwargs": {"event": event}}
    if request.method == "POST":
        lines = AgendaLines(request.POST, initial=lines_of(event), **options)
        if lines.is_valid():
            drafts = lines.drafts()
            if min((draft.starts_at for draft in drafts), default=None) != event.starts_at:
                asking.many_letters(request, _to_tell(event))
            try:
                agenda.save_agenda(
                    event=event,
                    drafts=drafts,
                    version=_number(request.POST.get("version")),
                    by=request.user,
                )
            except Refused as refused:
                refusal = refused
            else:
                messages.success(request, _("流程已保存，活动页、墙和手机都已更新。"))
                return HttpResponseRedirect(reverse("agenda_edit", args=[slug]))
    else:
        lines = AgendaLines(initial=lines_of(event), **options)
    context = {
        "event": event,
        "lines": lines,
        "dawn": dawn_of(event),
        "refusal": refusal,
        "version": request.POST.get("version") or event.version,
        "programme": agenda.programme(event),
        "to_tell": _to_tell(event),
    }
    failed = refusal is not None or lines.is_bound
    return render(request, "events/agenda_edit.html", context, status=422 if failed else 200)


def _number(value):
    """A version typed by nobody: nonsense is simply an old one."""
    return int(value) if value and value.isdecimal() and len(value) < 10 else -1


def _to_tell(event):
    return sum(upstairs.gather(upstairs.who_hears_of_a_move, event))


@organiser
@require_http_methods(["GET", "HEAD", "POST"])
def move_event(request, slug):
    event = request.event
    with timezone.override(event.zone):
        form = MoveForm(request.POST or None, initial={"starts_at": event.starts_at})
        if form.is_valid():
            if form.cleaned_data["starts_at"] != event.starts_at:
                asking.many_letters(request, _to_tell(event))
            try:
                moved = agenda.move_event(
                    event=event,
                    starts_at=form.cleaned_data["starts_at"],
                    was=request.POST.get("seen"),
                    by=request.user,
                )
            except Refused as refused:
                form.add_error("starts_at", refused.message)
                event.refresh_from_db(fields=["starts_at"])
            else:
                day = moved.local(moved.starts_at)
                messages.success(
                    request,
                    _("活动已改到 %(day)s，流程、里程碑、报名时间和提醒都跟着走了。")
                    % {"day": f"{day:%Y-%m-%d %H:%M}"},
                )
                return HttpResponseRedirect(reverse("control", args=[slug]))
        status = 422 if form.is_bound else 200
        return render(
            request,
            "events/move_event.html",
            {
                "event": event,
                "form": form,
                "open_milestones": event.milestones.not_done().count(),
                "done_milestones": event.milestones.done().count(),
                "to_tell": _to_tell(event),
            },
            status=status,
        )
