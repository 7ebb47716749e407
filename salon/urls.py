"""The house's addresses, composed from the rooms. DESIGN: `/e/<slug>/…` for everybody who comes,
`/admin/e/<slug>/…` for those who organise."""

from django.contrib import admin
from django.urls import include, path

from events import urls as events
from metrics import urls as metrics
from participants import urls as participants
from salon import founding, views
from workshops import urls as workshops

ROOMS = (events, participants, workshops, metrics)

handler500 = views.broken

urlpatterns = [
    path("healthz", views.healthz, name="healthz"),
    path("login/", views.login, name="login"),
    path("logout/", views.logout, name="logout"),
    path("language/", views.set_language, name="set_language"),
    *events.house_urlpatterns,
    *participants.house_urlpatterns,
    *metrics.house_urlpatterns,
    *[path("e/<slug:slug>/", include(room.urlpatterns)) for room in ROOMS],
    *[path("admin/e/<slug:slug>/", include(room.organiser_urlpatterns)) for room in ROOMS],
    path("admin/new-salon/", founding.new_salon, name="new_salon"),
    path("admin/e/<slug:slug>/blueprint/", founding.save_blueprint, name="save_blueprint"),
    path("admin/e/<slug:slug>/next-review/", founding.next_review, name="next_review"),
    path("admin/", admin.site.urls),
]
