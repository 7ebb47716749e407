"""The outbox of one event: batches by decision, reminders by date, each letter as it will read."""

import re

from django.contrib import messages
from django.db.models import Count
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from events.access import organiser
from participants import mailings, out_of_reach, reminders, wording
from participants.models import Participant
from participants.views import pace
from salon import asking, outbox
from salon.errors import Refused
from salon.models import Message
from salon.text import clean_text

SHOWN = 200

GONE_SHOWN = 20


@organiser
@never_cache
@require_GET
def page(request, slug):
    rows = mailings.mailings(request.event)
    # What went astray asks for somebody, then what went last.
    gone = sorted((row for row in reversed(rows) if row.endings), key=lambda row: not row.astray)
    decided = [row for row in rows if row.held and row.decided]
    context = {
        "event": request.event,
        "held": _batches([row for row in rows if row.held]),
        "decisions": len({row.batch for row in decided}),
        "decided_letters": sum(row.held for row in decided),
        "coming": [
            (outbox.label_of(kind), at, people, kind in reminders.SCHEDULE)
            for kind, at, people in reminders.who_gets_what(request.event)
        ],
        "going": [row for row in rows if row.waiting and not row.held],
        "gone": gone[:GONE_SHOWN],
        "earlier": gone[GONE_SHOWN:],
        "astray": mailings.counted(rows, mailings.ASTRAY),
        "many": asking.MANY_LETTERS,
        "to_tell": out_of_reach.of_event(request.event).count(),
        "wordings": _wordings(request.event),
        "days": reminders.days_of(request.event),
        **pace.of_event(request.event),
    }
    return render(request, "participants/mailing/page.html", context)


def _batches(rows):
    """[(batch, its mailings, letters held)]: what is released together stands together."""
    batches = {}
    for row in rows:
        batches.setdefault(row.batch, []).append(row)
    return [(batch, found, sum(row.held for row in found)) for batch, found in batches.items()]


def _wordings(event):
    own = set(event.wordings.values_list("kind", flat=True))
    return [(kind, text.label, kind in own) for kind, text in wording.DEFAULT.items()]


@organiser
@never_cache
@require_GET
def batch(request, slug):
    """The letters of one batch, with the first that is not gone opened."""
    name, kind = clean_text(request.GET.get("batch")), clean_text(request.GET.get("kind"))
    found = Message.objects.of_event(request.event).in_sight().in_batch(name).order_by("pk")
    if kind:
        found = found.of_kind(kind)
    letters = list(found[:SHOWN])
    if not letters:
        raise Http404
    people = Participant.objects.in_bulk([letter.person_id for letter in letters])
    context = {
        "event": request.event,
        "batch": name,
        "title": outbox.label_of(letters[0].kind),
        "kinds": _kinds(found),
        "letters": [
            (letter, people.get(letter.person_id), outbox.label_of(letter.kind))
            for letter in letters
        ],
        "more": max(0, found.count() - SHOWN),
        "held": any(letter.shown_state == "held" for letter in letters),
        "number": found.held().count(),
        "many": asking.MANY_LETTERS,
        **_read(letters[0]),
    }
    return render(request, "participants/mailing/batch.html", context)


def _kinds(letters):
    """[(what organisers call a kind, how many letters of it)], the most first."""
    counted = letters.order_by().values_list("kind").annotate(n=Count("pk")).order_by("-n", "kind")
    return [(outbox.label_of(kind), number) for kind, number in counted]


@organiser
@never_cache
@require_GET
def letter(request, slug, pk):
    """One letter as its reader will see it."""
    message = get_object_or_404(Message.objects.of_event(request.event).in_sight(), pk=pk)
    context = {
        "event": request.event,
        "title": outbox.label_of(message.kind),
        **_read(message),
    }
    return render(request, "participants/mailing/letter.html", context)


def _read(message):
    try:
        shown, why_not = outbox.preview(message), ""
    except Refused as refused:
        shown, why_not = None, str(refused)
    return {"message": message, "letter": shown, "why_not": why_not}


@organiser
@require_POST
def release(request, slug):
    held = Message.objects.of_event(request.event).in_sight().held()
    asking.many_letters(request, held.in_batch(_batch(request)).count())
    return _act(request, mailings.release, _("%(n)s 条通知马上发出。"))


@organiser
@require_POST
def hold(request, slug):
    return _act(request, mailings.hold, _("%(n)s 条还没发出的通知先不发了。"))


@organiser
@require_POST
def release_all(request, slug):
    """An evening of single decisions is released at once."""
    held = [row.held for row in mailings.mailings(request.event) if row.held and row.decided]
    asking.many_letters(request, sum(held))
    number = mailings.release_all(event=request.event, by=request.user)
    messages.success(request, _("%(n)s 条通知马上发出。") % {"n": number})
    return redirect("messages", slug)


def _batch(request):
    return clean_text(request.POST.get("batch"))


def _act(request, verb, sentence):
    try:
        number = verb(event=request.event, batch=_batch(request), by=request.user)
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, sentence % {"n": number})
    return redirect("messages", request.event.slug)


@organiser
@require_POST
def try_again(request, slug):
    """Send what went astray once more."""
    letters = Message.objects.of_event(request.event).in_sight()
    asking.many_letters(request, letters.astray().count())
    number = outbox.try_again(letters, by=request.user)
    messages.success(request, _("%(n)s 条通知会再发一次。") % {"n": number})
    return redirect("messages", slug)


@organiser
@require_POST
def set_reminder_days(request, slug):
    """How many days before; empty is not at all."""
    typed = {name: clean_text(request.POST.get(name)) for name in ("first", "second")}
    try:
        reminders.set_days(
            event=request.event,
            **{name: _days(text) for name, text in typed.items()},
            on_the_day="on_the_day" in request.POST,
            by=request.user,
            was=request.POST.get("seen"),
        )
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("提醒的日子改好了，排好的通知跟着改了。"))
    return redirect("messages", slug)


def _days(text):
    if not text:
        return None
    return int(text) if re.fullmatch(r"[0-9]{1,4}", text) else 0


@organiser
@never_cache
@require_http_methods(["GET", "POST"])
def edit_wording(request, slug, kind):
    """The organiser's own wording of one kind, previewed with a letter of the event's own."""
    if kind not in wording.DEFAULT:
        raise Http404
    text, problem = wording.of_event(request.event.pk, kind), None
    typed = {"subject": text.subject, "body": text.body}
    if request.method == "POST":
        typed = {name: request.POST.get(name, "") for name in typed}
        given = {"kind": kind, "by": request.user, "was": request.POST.get("seen")}
        try:
            if "reset" in request.POST:
                wording.drop_wording(event=request.event, **given)
            else:
                wording.save_wording(event=request.event, **typed, **given)
        except Refused as refused:
            problem = refused
        else:
            messages.success(request, _("通知文字保存了。"))
            return redirect("messages_wording", slug, kind)
    context = {
        "event": request.event,
        "kind": kind,
        "kind_label": text.label,
        "saved": text,
        **typed,
        "problem": problem,
        "fields": wording.FIELDS,
        "is_own": request.event.wordings.filter(kind=kind).exists(),
    }
    return render(request, "participants/mailing/wording.html", context)
