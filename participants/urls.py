"""Addresses of the room: `urlpatterns` below /e/<slug>/, `organiser_urlpatterns` below
/admin/e/<slug>/."""

from django.urls import path

from participants.views import applying, door, own_page

urlpatterns = [
    *door.urlpatterns,
    path("apply/", applying.apply, name="apply"),
    path("apply/done/", applying.applied, name="applied"),
    path("me/", own_page.me, name="me"),
    path("me/edit/", own_page.edit, name="me_edit"),
    path("me/confirm/", own_page.confirm, name="me_confirm"),
    path("me/withdraw/", own_page.withdraw, name="me_withdraw"),
    path("me/return/", own_page.come_back, name="me_return"),
    path("me/room/", own_page.change_room, name="me_room"),
    path("me/consents/", own_page.change_consents, name="me_consents"),
    path("me/data.json", own_page.data, name="me_data"),
    path("me/erase/", own_page.erase_me, name="me_erase"),
]
organiser_urlpatterns = [*door.organiser_urlpatterns]
house_urlpatterns = [  # outside any one event
    *door.house_urlpatterns,
    path("l/<str:token>", own_page.open_link, name="personal_link"),
]
