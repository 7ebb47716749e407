"""The survey on the phone."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from metrics import surveys
from participants.access import person
from salon.errors import Refused


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
            messages.success(request, _("收到了,谢谢!您的回答会让下一场更好。"))
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
