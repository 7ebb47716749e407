"""What everybody may see: the list, an event's page, its calendar file."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from events import agenda, calendar_file
from events.access import event_page, roles_of
from events.models import Crew, Event
from salon import clock
from salon.access import public, signed_in

PAST_SHOWN = 24


@dataclass(frozen=True)
class Registration:
    """How things stand with applying: `state` is one of draft, cancelled, over, running, not_yet,
    open, closed; `until` is the moment at which an open or not yet open one changes."""

    state: str
    until: datetime | None = None


def registration_of(event, now):
    if event.status != Event.Status.PUBLISHED:
        return Registration(event.status)
    if event.is_over(now):
        return Registration("over")
    if event.starts_at <= now:  # from here on people come by the desk, not by the form
        return Registration("running")
    if event.registration_is_open(now):
        return Registration("open", event.registration_closes_at or event.starts_at)
    if event.registration_opens_at and now < event.registration_opens_at:
        return Registration("not_yet", event.registration_opens_at)
    return Registration("closed")


@public
@require_safe
def home(request):
    now = clock.now()
    upcoming = list(Event.objects.upcoming(now))
    for event in upcoming:
        event.registration = registration_of(event, now)
    return render(
        request,
        "events/home.html",
        {"upcoming": upcoming, "past": Event.objects.past(now)[:PAST_SHOWN]},
    )


@event_page
@require_safe
def event(request, slug):
    now = clock.now()
    return render(
        request,
        "events/event.html",
        {
            "event": request.event,
            "programme": agenda.programme(request.event),
            "now": now,
            "registration": registration_of(request.event, now),
            "roles": roles_of(request.user, request.event),
        },
    )


@event_page
@require_safe
def event_ics(request, slug):
    url = settings.PUBLIC_URL + request.event.get_absolute_url()
    return HttpResponse(
        calendar_file.calendar_of(request.event, url=url, now=clock.now()),
        content_type="text/calendar; charset=utf-8",
        headers={"Content-Disposition": f'inline; filename="{request.event.slug}.ics"'},
    )


@signed_in
@require_safe
def crew_home(request):
    """After logging in: my events, and at each what I do there."""
    now = clock.now()
    events = Event.objects.worked_at_by(request.user)
    for event in events:
        event.roles = event.roles_of_crew
        if request.user.is_superuser:
            event.roles = Crew.Role.values
        event.over = event.is_over(now)
    return render(
        request,
        "events/crew_home.html",
        {
            "ahead": [event for event in reversed(events) if not event.over],
            "behind": [event for event in events if event.over],
        },
    )
