"""Addresses of the door: desk, walls and cards. urls.py adds them to the room's."""

from django.urls import path

from participants.views import desk, desk_api, desks, keys, tags

urlpatterns = [
    path("desk/", desk.page, name="desk"),
    path("desk/sw.js", desk.service_worker, name="desk_sw"),
    path("desk/app.webmanifest", desk.manifest, name="desk_manifest"),
    path("desk/list/", desk.printed_list, name="desk_list"),
    path("desk/api/roster", desk_api.roster_json, name="desk_roster"),
    path("desk/api/check-ins", desk_api.check_ins, name="desk_check_ins"),
    path("desk/api/check-ins/undo", desk_api.undo, name="desk_undo"),
    path("desk/api/walk-ins", desk_api.walk_ins, name="desk_walk_ins"),
    path("desk/api/cards", desk_api.cards, name="desk_cards"),
    path("desk/api/cards/<int:pk>", desk_api.card, name="desk_card"),
    path("host/desk/", keys.open_desk, name="desk_of_crew"),
    path("host/keys/", keys.page, name="keys"),
    path("here/", desk.here, name="here"),
    path("me/card/", tags.card, name="me_card"),
    path("wall/tags/", tags.wall, name="wall_tags"),
    path("host/tags/", tags.host_page, name="tags_host"),
    path("host/tags/regions/", tags.regions, name="tags_regions"),
    path("host/tags/settle/", tags.settle, name="interest_settle"),
    path("host/tags/groups/<int:pk>/", tags.change_group, name="interest_group"),
]
organiser_urlpatterns = [
    path("desks/", desks.page, name="desks"),
    path("desks/<int:pk>/revoke/", desks.revoke, name="desk_revoke"),
    path("desks/self-check-in/", desks.switch_self_check_in, name="desk_self"),
    path("desks/poster/", desks.poster, name="desk_poster"),
    path("desks/list/", desks.printed_list, name="desks_list"),
]
