"""The survey: on the phone, for the organiser before and after, and the question a month later."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from events.access import organiser
from metrics import follow_ups, surveys
from metrics.forms import (
    FollowUpForm,
    QuestionFormSet,
    SurveyForm,
    question_rows,
)
from metrics.models import FollowUp, Survey
from participants.access import person
from salon import asking, clock
from salon.errors import Refused
from salon.seen import compared_with
from salon.text import rate_text


@person
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def me_survey(request, slug):
    survey = surveys.may_answer(person=request.person)
    questions = list(survey.questions.all()) if survey else []
    given, refusal = {}, None
    if request.method == "POST":
        given = {question.pk: request.POST.get(f"q{question.pk}") for question in questions}
        try:
            surveys.answer(person=request.person, answers=given)
        except Refused as error:
            refusal = error
        else:
            messages.success(request, _("收到了，谢谢！您的回答会让下一场更好。"))
            return redirect("me_survey", slug)
    return render(
        request,
        "metrics/me_survey.html",
        {
            "event": request.event,
            "survey": survey,
            "questions": [(question, given.get(question.pk)) for question in questions],
            "refusal": refusal,
            "answered": survey is None and surveys.has_answered(person=request.person),
            "may_open": survey is None and not surveys.is_closed(event=request.event),
        },
        status=refusal.status if refusal else 200,
    )


@person
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def me_followup(request, slug):
    given = FollowUp.objects.filter(participant=request.person).first()
    initial = {"active_rate": rate_text(given.active_rate), "note": given.note} if given else None
    form = FollowUpForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        follow_ups.answer(person=request.person, **form.cleaned_data)
        messages.success(request, _("收到了，谢谢您还记得我们。"))
        return redirect("me_followup", slug)
    return render(
        request,
        "metrics/me_followup.html",
        {
            "event": request.event,
            "person": request.person,
            "form": form,
            "given": given,
            "open": follow_ups.may_answer(person=request.person, now=clock.now()),
            "opens_at": follow_ups.opens_at(request.event),
        },
        status=422 if form.errors else 200,
    )


@organiser
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request, slug):
    survey = get_object_or_404(Survey, event=request.event)
    form = SurveyForm(
        request.POST or None,
        initial={"version": survey.version, "title": survey.title, "intro": survey.intro},
    )
    questions = QuestionFormSet(
        request.POST or None, initial=question_rows(survey), prefix="question"
    )
    refusal = None
    if request.method == "POST" and form.is_valid() and questions.is_valid():
        try:
            surveys.save(
                event=request.event,
                questions=questions.rows(),
                by=request.user,
                **form.cleaned_data,
            )
        except Refused as refused:
            refusal = refused
            survey.refresh_from_db()
            compared_with(form, survey.version, name="version")
        else:
            messages.success(request, _("问卷已保存，活动结束时自动开放。"))
            return redirect("survey_edit", slug)
    asked, answered = surveys.turnout(survey)
    return render(
        request,
        "metrics/survey_edit.html",
        {
            "event": request.event,
            "survey": survey,
            "form": form,
            "questions": questions,
            "refusal": refusal,
            # What was typed stays, even when the clock has opened the survey meanwhile.
            "editing": request.method == "POST" or survey.opened_at is None,
            "over": request.event.is_over(clock.now()),
            "asked": asked,
            "answered": answered,
            "results": surveys.results(survey) if survey.opened_at else [],
            "fewest": surveys.fewest_shown(event=request.event),
        },
        status=422 if request.method == "POST" else 200,
    )


@organiser
@require_POST
def open_now(request, slug):
    """At once after the end; the clock does the same within a minute."""
    if request.event.is_over(clock.now()):
        asking.many_letters(request, surveys.how_many_to_ask(request.event))
    newly_asked = surveys.open_survey(event=request.event, by=request.user)
    messages.success(
        request, _("问卷已开放，新发给 %(count)d 位到场的朋友。") % {"count": newly_asked}
    )
    return redirect("survey_edit", slug)
