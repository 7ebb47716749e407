"""Addresses of the room: `urlpatterns` below /e/<slug>/, `organiser_urlpatterns` below
/admin/e/<slug>/."""

from django.urls import path

from metrics.views import evaluation, report, survey

urlpatterns = [
    path("me/survey/", survey.me_survey, name="me_survey"),
    path("report/", report.public_report, name="report"),
]
organiser_urlpatterns = [
    path("evaluation/", evaluation.page, name="evaluation"),
    path("evaluation/now/", evaluation.now, name="evaluate_now"),
    path("evaluation/settings/", evaluation.settings, name="evaluation_settings"),
    path("evaluation/rows.xlsx", evaluation.download, name="evaluation_xlsx"),
    path("evaluation/rows/<slug:key>/", evaluation.drill_down, name="evaluation_rows"),
    path("report/", report.edit, name="report_edit"),
    path("report/publish/", report.publish, name="report_publish"),
]
