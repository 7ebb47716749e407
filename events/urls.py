"""Addresses of the room: `urlpatterns` below /e/<slug>/, `organiser_urlpatterns` below
/admin/e/<slug>/."""

from django.urls import path

from events.views import agenda_editor, control, desk_link, public, stage

urlpatterns = [
    path("", public.event, name="event"),
    path("event.ics", public.event_ics, name="event_ics"),
    path("wall/agenda/", stage.wall_agenda, name="wall_agenda"),
    path("host/", stage.host_page, name="host"),
    path("host/stage/", stage.host_stage, name="host_stage"),
    path("host/press/", stage.host_press, name="host_press"),
    path("host/preview/", stage.host_preview, name="host_preview"),
]
organiser_urlpatterns = [
    path("", control.control, name="control"),
    path("panels/", control.control_panels, name="control_panels"),
    path("agenda/", agenda_editor.agenda_edit, name="agenda_edit"),
    path("move/", agenda_editor.move_event, name="move_event"),
]
house_urlpatterns = [  # outside any one event
    path("", public.home, name="home"),
    path("crew/", public.crew_home, name="crew_home"),
    path("d/<str:token>", desk_link.desk_link, name="desk_link"),
]
