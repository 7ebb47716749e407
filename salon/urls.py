"""The house's addresses, composed from the rooms. DESIGN: `/e/<slug>/…` for everybody who comes,
`/admin/e/<slug>/…` for those who organise."""

from django.contrib import admin
from django.urls import include, path

from events import urls as events
from metrics import urls as metrics
from participants import urls as participants
from salon import founding, news, own_account, signing_in, views
from workshops import urls as workshops

ROOMS = (events, participants, workshops, metrics)

handler500 = views.broken

urlpatterns = [
    path("healthz", views.healthz, name="healthz"),
    path("login/", signing_in.login, name="login"),
    path("login/code/", signing_in.code, name="sign_in_code"),
    path("login/second-factor/", signing_in.set_up, name="sign_in_second_factor"),
    path("login/forgot/", signing_in.forgot, name="forgot"),
    path(
        "login/new-password/<str:uidb64>/<str:token>/", signing_in.new_password, name="new_password"
    ),
    path("logout/", signing_in.logout, name="logout"),
    path("account/", own_account.account, name="account"),
    path("account/password/", own_account.password, name="account_password"),
    path("account/second-factor/", own_account.add_second_factor, name="second_factor"),
    path(
        "account/second-factor/change/",
        own_account.change_second_factor,
        name="second_factor_change",
    ),
    path("u/<str:token>", news.one_click, name="news"),
    path("language/", views.set_language, name="set_language"),
    *events.house_urlpatterns,
    *participants.house_urlpatterns,
    *metrics.house_urlpatterns,
    *[path("e/<slug:slug>/", include(room.urlpatterns)) for room in ROOMS],
    *[path("admin/e/<slug:slug>/", include(room.organiser_urlpatterns)) for room in ROOMS],
    path("admin/new-salon/", founding.new_salon, name="new_salon"),
    path("admin/e/<slug:slug>/blueprint/", founding.save_blueprint, name="save_blueprint"),
    path("admin/e/<slug:slug>/next-review/", founding.next_review, name="next_review"),
    path("admin/kept/", views.kept, name="kept_house"),
    # One way in, with one count of failures.
    path("admin/login/", signing_in.login),
    path("admin/", admin.site.urls),
]
