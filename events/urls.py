"""Addresses of the room: `urlpatterns` below /e/<slug>/, `organiser_urlpatterns` below
/admin/e/<slug>/."""

from django.urls import path

from events.views import agenda_editor, control, desk_link, plan_b, preparing, public, queue, stage

urlpatterns = [
    path("", public.event, name="event"),
    path("event.ics", public.event_ics, name="event_ics"),
    path("wall/agenda/", stage.wall_agenda, name="wall_agenda"),
    path("wall/screen/", stage.screen, name="screen"),
    path("host/", stage.host_page, name="host"),
    path("host/stage/", stage.host_stage, name="host_stage"),
    path("host/press/", stage.host_press, name="host_press"),
    path("host/preview/", stage.host_preview, name="host_preview"),
    path("host/queue/", queue.page, name="gate"),
    path("host/queue/now/", queue.now, name="gate_now"),
    path("host/queue/press/", queue.press, name="gate_press"),
    path("host/plan-b/", plan_b.host_plan_b, name="host_plan_b"),
    path("host/plan-b/<int:pk>/", plan_b.plan_b_change, name="plan_b_change"),
    path("host/plan-b/undo/<int:pk>/", plan_b.plan_b_undo, name="plan_b_undo"),
    path("host/checklists/", plan_b.checklists, name="checklists"),
    path("host/checklists/worker.js", plan_b.checklists_worker, name="checklists_worker"),
]
organiser_urlpatterns = [
    path("", control.control, name="control"),
    path("panels/", control.control_panels, name="control_panels"),
    path("announce/", control.announce, name="announce"),
    path("agenda/", agenda_editor.agenda_edit, name="agenda_edit"),
    path("preparation/", preparing.preparation_page, name="preparation"),
    path("preparation/add/", preparing.milestone_add, name="milestone_add"),
    path("preparation/ready/", preparing.readiness_page, name="readiness"),
    path("preparation/groups/", preparing.groups_edit, name="groups_edit"),
    path("preparation/crew/invite/", preparing.crew_invite, name="crew_invite"),
    path("preparation/groups/<int:group_pk>/", preparing.member_add, name="member_add"),
    path("preparation/members/<int:pk>/", preparing.member_change, name="member_change"),
    path("preparation/roles/<int:pk>/", preparing.role_change, name="role_change"),
    path("preparation/<int:pk>/", preparing.milestone_change, name="milestone_change"),
    path("materials/", preparing.materials_page, name="materials"),
    path("materials/packing/", preparing.packing, name="packing"),
    path("materials/list.xlsx", preparing.materials_xlsx, name="materials_xlsx"),
    path("materials/<int:pk>/", preparing.material_count, name="material_count"),
    path("risks/", plan_b.risks, name="risks"),
    path("run-sheet/", plan_b.run_sheet, name="run_sheet"),
    path("move/", agenda_editor.move_event, name="move_event"),
]
house_urlpatterns = [  # outside any one event
    path("", public.home, name="home"),
    path("crew/", public.crew_home, name="crew_home"),
    path("d/<str:token>", desk_link.desk_link, name="desk_link"),
]
