"""Addresses of the room: `urlpatterns` below /e/<slug>/, `organiser_urlpatterns` below
/admin/e/<slug>/."""

from participants.views import door

urlpatterns = [*door.urlpatterns]
organiser_urlpatterns = [*door.organiser_urlpatterns]
house_urlpatterns = [*door.house_urlpatterns]  # outside any one event
