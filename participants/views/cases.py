"""Cases for the organiser: the list, and one with both applications side by side."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from events.access import organiser
from participants import case_decisions
from participants.case_decisions import MAY_JOIN, answer, answers_of, holders
from participants.forms import AnswersForm, in_words
from participants.models import Case, Participant
from participants.same_person import CONTACTS
from salon.errors import Refused

State = Case.State
WORDS = {
    "name": gettext_lazy("姓名不同"),
    "mobile": gettext_lazy("手机不同"),
    "email": gettext_lazy("邮箱不同"),
}
SHARED = {"mobile": gettext_lazy("手机相同"), "email": gettext_lazy("邮箱相同")}


@dataclass(frozen=True)
class Line:
    """One question in both applications. `taken_over`: ticked beforehand; `held_by` has the contact
    that the newcomer gives, when it is somebody else than the first."""

    key: str
    label: str
    first: str
    second: str
    held_by: Participant | None
    taken_over: bool

    @property
    def differs(self):
        return self.first != self.second


@organiser
@never_cache
@require_safe
def page(request, slug):
    found = list(
        Case.objects.of_event(request.event).select_related("person", "made", "decided_by")
    )
    context = {
        "event": request.event,
        "open": [_read(case) for case in found if case.state == State.OPEN],
        "decided": [_read(case) for case in reversed(found) if case.state != State.OPEN],
    }
    return render(request, "participants/cases/page.html", context)


def _read(case):
    case.who = case.answers.get("name") or _("（已删除）")
    case.alike = [SHARED[name] for name in case.shared]
    case.unlike = [WORDS[name] for name in case.differs]
    return case


@organiser
@never_cache
@require_safe
def case(request, slug, pk):
    return _case(request, _find(request, pk))


def _find(request, pk):
    found = Case.objects.of_event(request.event).select_related(
        "person__category", "made", "asker", "channel", "decided_by"
    )
    return get_object_or_404(found, pk=pk)


def _case(request, found, problem=""):
    held = holders(found)
    free = any(
        found.answers.get(name) and name not in held and name not in found.shared
        for name in CONTACTS
    )
    context = {
        "event": request.event,
        "case": _read(found),
        "lines": _lines(found, held),
        "is_application": found.source != Case.Source.OWN_PAGE and found.answers,
        # Gone from the house, the first keeps nobody's contact any more.
        "needs_contact": not free and found.person.erased_at is None,
        "typed": request.POST,
        "problem": problem,
    }
    return render(request, "participants/cases/case.html", context)


def _lines(found, held):
    """The Lines of a case, empty ones left out."""
    theirs, lines = answers_of(found.person), []
    same_name = "name" not in found.differs
    for key in sorted(MAY_JOIN, key=list(AnswersForm.base_fields).index):
        first = in_words(key, theirs[key])
        second = in_words(key, answer(found, key)) if key in found.answers else ""
        if first or second:
            offered = bool(second) and first != second and key not in held
            taken = offered and same_name and (key in CONTACTS or not first)
            label = AnswersForm.base_fields[key].label
            lines.append(Line(key, label, first, second, held.get(key), taken))
    return lines


@organiser
@require_POST
def step(request, slug, pk, step):
    """One of the decisions, or taking one back."""
    found = _find(request, pk)
    if step not in STEPS:
        raise Http404
    try:
        sentence = STEPS[step](request, found)
    except Refused as refused:
        found.refresh_from_db()
        return _case(request, found, problem=str(refused))
    messages.success(request, sentence)
    return redirect("case", slug, pk) if step == "undo" else redirect("cases", slug)


def _make(request, found):
    case_decisions.make(
        case=found,
        by=request.user,
        mobile=request.POST.get("mobile", ""),
        email=request.POST.get("email", ""),
    )
    return _("另立了一份报名，按提交时间排队，已经写信告诉本人收到了。")


def _join(request, found):
    case_decisions.join(case=found, by=request.user, fields=request.POST.getlist("fields"))
    return _("并入了。要撤回，在下面打开这一条。")


def _drop(request, found):
    case_decisions.drop(case=found, by=request.user)
    return _("没有采用。要撤回，在下面打开这一条。")


def _undo(request, found):
    case_decisions.undo(case=found, by=request.user)
    return _("撤回了，重新待核对。")


STEPS = {"make": _make, "join": _join, "drop": _drop, "undo": _undo}
