"""Addresses of the room: `urlpatterns` below /e/<slug>/, `organiser_urlpatterns` below
/admin/e/<slug>/."""

from django.urls import path

from participants.views import (
    applying,
    calls,
    cases,
    door,
    importing,
    mailing,
    own_page,
    privacy,
    screening,
)

urlpatterns = [
    *door.urlpatterns,
    path("apply/", applying.apply, name="apply"),
    path("apply/done/", applying.applied, name="applied"),
    path("privacy/", privacy.notice, name="privacy"),
    path("privacy/<int:version>/", privacy.notice, name="privacy_version"),
    path("me/", own_page.me, name="me"),
    path("me/opened/", own_page.opened, name="me_opened"),
    path("me/edit/", own_page.edit, name="me_edit"),
    path("me/confirm/", own_page.confirm, name="me_confirm"),
    path("me/withdraw/", own_page.withdraw, name="me_withdraw"),
    path("me/return/", own_page.come_back, name="me_return"),
    path("me/room/", own_page.change_room, name="me_room"),
    path("me/consents/", own_page.change_consents, name="me_consents"),
    path("me/data.json", own_page.data, name="me_data"),
    path("me/erase/", own_page.erase_me, name="me_erase"),
]
organiser_urlpatterns = [
    *door.organiser_urlpatterns,
    path("screening/", screening.page, name="screening"),
    path("screening/decide/", screening.decide, name="screening_decide"),
    path("screening/undo/", screening.undo, name="screening_undo"),
    path("screening/fill/", screening.fill_preview, name="screening_fill"),
    path("screening/fill/apply/", screening.fill_apply, name="screening_fill_apply"),
    path("screening/seats/", screening.release_seats, name="screening_release"),
    path("screening/export.xlsx", importing.export, name="applications_export"),
    path("screening/<int:pk>/", screening.person, name="screening_person"),
    path("screening/<int:pk>/<slug:step>/", screening.person_step, name="screening_step"),
    path("privacy/", privacy.edit, name="privacy_edit"),
    path("cases/", cases.page, name="cases"),
    path("cases/<int:pk>/", cases.case, name="case"),
    path("cases/<int:pk>/<slug:step>/", cases.step, name="case_step"),
    path("calls/", calls.page, name="calls"),
    path("calls/next/", calls.claim, name="calls_claim"),
    path("calls/<int:pk>/finish/", calls.finish, name="calls_finish"),
    path("calls/<int:pk>/back/", calls.give_back, name="calls_give_back"),
    path("messages/", mailing.page, name="messages"),
    path("messages/batch/", mailing.batch, name="messages_batch"),
    path("messages/release/", mailing.release, name="messages_release"),
    path("messages/release/all/", mailing.release_all, name="messages_release_all"),
    path("messages/hold/", mailing.hold, name="messages_hold"),
    path("messages/again/", mailing.try_again, name="messages_try_again"),
    path("messages/<int:pk>/", mailing.letter, name="messages_letter"),
    path("messages/wording/<slug:kind>/", mailing.edit_wording, name="messages_wording"),
    path("import/", importing.page, name="applications_import"),
    path("import/template.xlsx", importing.template, name="applications_template"),
    path("import/<int:pk>/", importing.file, name="applications_import_file"),
    path("import/<int:pk>/start/", importing.start, name="applications_import_start"),
]
house_urlpatterns = [  # outside any one event
    path("l/<str:token>", own_page.open_link, name="personal_link"),
]
