"""Addresses of the room: `urlpatterns` below /e/<slug>/, `organiser_urlpatterns` below
/admin/e/<slug>/."""

from django.urls import path

from metrics.views import evaluation, going_on, report, stream, survey, whitepaper

urlpatterns = [
    path("me/survey/", survey.me_survey, name="me_survey"),
    path("me/followup/", survey.me_followup, name="me_followup"),
    path("me/series/", going_on.me_series, name="me_series"),
    path("report/", report.public_report, name="report"),
    path("whitepaper/", whitepaper.claim, name="whitepaper"),
    path("whitepaper/read/", whitepaper.read, name="whitepaper_read"),
    path("whitepaper/whitepaper.docx", whitepaper.download, name="whitepaper_docx"),
    path("whitepaper/photos/<int:pk>/", whitepaper.photo, name="whitepaper_photo"),
    path("whitepaper/no-news/", whitepaper.stop_news, name="whitepaper_no_news"),
    path("whitepaper/opened/", whitepaper.opened, name="whitepaper_opened"),
    path("whitepaper/key/<str:key>/", whitepaper.key, name="whitepaper_key"),
]
organiser_urlpatterns = [
    path("evaluation/", evaluation.page, name="evaluation"),
    path("evaluation/now/", evaluation.now, name="evaluate_now"),
    path("evaluation/settings/", evaluation.settings, name="evaluation_settings"),
    path("evaluation/rows.xlsx", evaluation.download, name="evaluation_xlsx"),
    path("evaluation/rows/<slug:key>/", evaluation.drill_down, name="evaluation_rows"),
    path("report/", report.edit, name="report_edit"),
    path("whitepaper/", whitepaper.edit, name="whitepaper_edit"),
    path("whitepaper/draft/", whitepaper.draft, name="whitepaper_draft"),
    path("whitepaper/preview/", whitepaper.preview, name="whitepaper_preview"),
    path("whitepaper/publish/", whitepaper.publish, name="whitepaper_publish"),
    path("whitepaper/compare/", whitepaper.compare, name="whitepaper_compare"),
    path("survey/", survey.edit, name="survey_edit"),
    path("survey/open/", survey.open_now, name="survey_open"),
    path("stream/", stream.page, name="stream_import"),
    path("stream/commit/", stream.commit, name="stream_commit"),
    path("stream/<int:pk>/undo/", stream.undo, name="stream_undo"),
    path("report/publish/", report.publish, name="report_publish"),
]
house_urlpatterns = [  # outside any one event
    path("s/<slug:slug>/", going_on.series, name="series"),
    path("s/<slug:slug>/ask/", going_on.ask, name="series_ask"),
    path("s/<slug:slug>/matches/<int:pk>/", going_on.answer, name="series_match"),
]
