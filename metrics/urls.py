"""Addresses of the room: `urlpatterns` below /e/<slug>/, `organiser_urlpatterns` below
/admin/e/<slug>/."""

urlpatterns = []
organiser_urlpatterns = []
