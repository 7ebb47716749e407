"""The person's own page: where they stand, what comes next, and everything they may do."""

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from participants import (
    applications,
    keys,
    own_data,
    own_steps,
    rooms,
    screening,
    taking_back,
    waiting_steps,
)
from participants.access import person, person_cookie
from participants.consents import set_consent
from participants.forms import OwnAnswersForm
from participants.letters import qr_text
from participants.models import Consent
from salon import clock
from salon.errors import Refused
from salon.qr import qr_svg


@person
@never_cache
@require_GET
def me(request, slug):
    now = clock.now()
    own = own_steps.standing_of(request.person, now=now)
    context = {
        "event": request.event,
        "person": request.person,
        "own": own,
        "asks": keys.must_answer(request.person, now=now),
        "qr": qr_svg(qr_text(request.person)) if own.shows_code else None,
        "agenda": request.event.agenda.all(),
        "consents": own_steps.consents_of(request.person),
        "pain_points": request.person.pain_points.all(),
        "waits": waiting_steps.waiting_of(request.person),
    }
    return render(request, "participants/me.html", context)


@person
@require_POST
def opened(request, slug):
    """The page says by itself that a reader has it before them; the door has noted it."""
    return HttpResponse(status=204)


@person
@never_cache
@require_http_methods(["GET", "POST"])
def edit(request, slug):
    asks = keys.must_answer(request.person, now=clock.now())
    form = OwnAnswersForm(request.POST or None, person=request.person, shows_contacts=not asks)
    problem, at_variance = "", []
    if request.method == "POST" and form.is_valid():
        try:
            return _edited(request, form)
        except Refused as refused:
            problem = str(refused)
            if refused.code == "edited_elsewhere":
                form = _of_now(request, shows_contacts=not asks)
                at_variance = form.at_variance() if form.is_valid() else []
    now = clock.now()
    own = own_steps.standing_of(request.person, now=now)
    context = {
        "event": request.event,
        "person": request.person,
        "form": form,
        "problem": problem,
        "at_variance": at_variance,
        "reviewed_again": own.status in request.person.SEATED
        and not (own.came or own.in_question)
        and now < request.event.starts_at,
        "criteria_labels": [rule.label for rule in request.person.category.criteria.all()],
    }
    return render(request, "participants/me_edit.html", context)


def _edited(request, form):
    changed = applications.edit(
        participant=request.person,
        answers=form.answers(),
        version=form.cleaned_data["version"],
        by=request.person,
    )
    if changed & {"mobile", "email"}:
        messages.success(
            request,
            _("记下了。我们往新的手机或邮箱发了一条带链接的消息，打开它才算数，请去看一眼。"),
        )
    elif changed:
        messages.success(request, _("改好了。"))
    return redirect("me", request.event.slug)


def _of_now(request, **options):
    """What was typed, over the answers as they are now: saving it again is saving it over them."""
    request.person.refresh_from_db()
    typed = request.POST.copy()
    typed["version"] = request.person.version
    return OwnAnswersForm(typed, person=request.person, **options)


def _step(verb, sentence):
    """A view that does one step of the person's own and goes back to their page."""

    @person
    @require_POST
    def view(request, slug):
        try:
            waits = verb(request)
        except Refused as refused:
            messages.error(request, str(refused))
        else:
            messages.success(request, sentence(waits) if verb is _withdraw else sentence())
        return redirect("me", slug)

    return view


confirm = _step(
    lambda request: screening.confirm(participant=request.person, by=request.person),
    lambda: _("已确认，到时见！"),
)


def _withdraw(request):
    keys.require_owner(person=request.person, answer=request.POST.get("answer", ""))
    return waiting_steps.withdraw(participant=request.person, reason=request.POST.get("reason", ""))


def _withdrawn(waits=None):
    if waits is None:
        return _("已取消，名额会让给候补的朋友。")
    return waiting_steps.sentence(waits)


withdraw = _step(_withdraw, _withdrawn)
call_off_step = _step(
    lambda request: waiting_steps.call_off(participant=request.person, by=request.person),
    lambda: _("不办了，一切照旧。"),
)
take_back = _step(
    lambda request: taking_back.take_back_withdrawal(participant=request.person, by=request.person),
    lambda: _("取消收回了，您又在名单上。"),
)
come_back = _step(
    lambda request: screening.come_back(participant=request.person, by=request.person),
    lambda: _("又报上名了。"),
)
change_room = _step(
    lambda request: rooms.move_room(
        participant=request.person, online=request.POST.get("to") == "online", by=request.person
    ),
    lambda: _("参加方式改好了。"),
)


def _set_consents(request):
    given = set(request.POST.getlist("consents"))
    for purpose in Consent.Purpose.values:
        if purpose != Consent.Purpose.PROCESSING:
            set_consent(
                participant=request.person,
                purpose=purpose,
                given=purpose in given,
                by=request.person,
            )


change_consents = _step(_set_consents, lambda: _("授权改好了。"))


@person
@never_cache
@require_GET
def data(request, slug):
    """Everything the house knows of the person, for themselves; by an old key without contacts."""
    found = own_data.of(request.person)
    if keys.must_answer(request.person, now=clock.now()):
        found = own_data.without_contacts(found, request.person)
    response = JsonResponse(found, json_dumps_params={"ensure_ascii": False, "indent": 1})
    response["Content-Disposition"] = f'attachment; filename="{request.event.slug}-my-data.json"'
    return response


@person
@never_cache
@require_http_methods(["GET", "POST"])
def erase_me(request, slug):
    problem, status = "", 200
    if request.method == "POST" and request.POST.get("sure") == "yes":
        try:
            keys.require_owner(person=request.person, answer=request.POST.get("answer", ""))
        except Refused as refused:
            problem, status = str(refused), refused.status
        else:
            waits = waiting_steps.erase_person(participant=request.person)
            if waits:
                messages.success(request, waiting_steps.sentence(waits))
                return redirect("me", slug)
            response = render(request, "participants/erased.html", {"event": request.event})
            response.delete_cookie(person_cookie(slug))
            return response
    context = {
        "event": request.event,
        "asks": keys.must_answer(request.person, now=clock.now()),
        "person": request.person,
        "problem": problem,
    }
    return render(request, "participants/me_erase.html", context, status=status)
