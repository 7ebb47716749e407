"""The screening page: the queue, one person's answers, decisions, filling, releasing seats."""

import re

from django.conf import settings
from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from events.access import organiser
from participants import (
    applications,
    case_decisions,
    contacts,
    fill,
    keys,
    notes,
    queue,
    rooms,
    screening,
    seats,
    taking_back,
    waiting_steps,
    waitlist,
    what_is_at_stake,
)
from participants.models import Category, Participant
from participants.same_person import CONTACTS
from salon import asking, audit, clock, seen
from salon.errors import Refused
from salon.text import clean_text

Status = Participant.Status

# The reasons an organiser gives most; each can be changed before it is told.
TOLD_REASONS = (
    gettext_lazy("这一场名额有限，优先给了更符合条件的朋友。"),
    gettext_lazy("报名条件和这一场的方向不太一致。"),
    gettext_lazy("几次联系您都没有接通，名额先给了其他朋友。"),
)


@organiser
@never_cache
@require_GET
def page(request, slug):
    return _queue(request, request.GET)


def _queue(request, params, notices=()):
    """The whole page, or only its changing part when htmx asks."""
    event, part = request.event, request.headers.get("HX-Request") == "true"
    categories = list(event.categories.prefetch_related("criteria"))
    asked = queue.Asked.of(params, categories)
    people, of_all = queue.page_of(queue.found(event, asked), asked)
    counts, by_status = seats.count_and_see(event)
    releases = list(event.seat_releases.all())
    open_cases, in_doubt, unreached, held_back = queue.to_settle(event)
    context = {
        "event": event,
        "asked": asked,
        "categories": categories,
        "people": queue.judged(people, categories),
        "of_all": of_all,
        "pages": range(1, -(-of_all // queue.PAGE) + 1),
        "statuses": [(value, label, by_status[value]) for value, label in Status.choices],
        "everybody": sum(by_status.values()),
        "rooms": [
            seats.room_seats(
                event, online=online, categories=categories, counts=counts, releases=releases
            )
            for online in (False, True)
        ],
        "freed": list(event.freed_seats.select_related("category")[:5]),
        "last": screening.last_batch(event, request.user),
        "sorts": [(key, label) for key, (label, _order) in queue.SORTS.items()],
        "notices": notices,
        "told_reasons": TOLD_REASONS,
        "open_cases": open_cases,
        "in_doubt": in_doubt,
        "unreached": unreached,
        "held_back": held_back,
        "part": part,
    }
    return render(
        request,
        "participants/screening/_queue.html" if part else "participants/screening/page.html",
        context,
    )


@organiser
@never_cache
@require_GET
def person(request, slug, pk):
    """One person's answers beside the list, or as a page of its own on a phone."""
    return _person_page(request, pk)


def _person_page(request, pk, *, status=200, typed=None):
    """`typed` is what was posted for the person and could not be kept: it stays in its field."""
    found = get_object_or_404(
        Participant.objects.present()
        .filter(event=request.event)
        .select_related("category", "channel", "event")
        .prefetch_related("category__criteria", "pain_points"),
        pk=pk,
    )
    context = {
        "typed": typed,
        "event": request.event,
        "person": queue.judge(found),
        "changes": _in_words(found.status_changes.select_related("batch")[:8]),
        "calls": found.calls.exclude(finished_at=None).select_related("caller")[:5],
        "keys": keys.keys_of(found),
        "may_take_back": taking_back.may_take_back(found, now=clock.now()),
        "waits": waiting_steps.waiting_of(found),
        "categories": request.event.categories.all(),
        "told_reasons": TOLD_REASONS,
    }
    part = request.headers.get("HX-Request") == "true"
    return render(
        request,
        "participants/screening/_person.html" if part else "participants/screening/person.html",
        context,
        status=status,
    )


REASON_WORDS = {
    "undo": gettext_lazy("撤销"),
    "no_answer": gettext_lazy("逾期没有确认"),
    "unreached": gettext_lazy("没能联系上"),
    "never_told": gettext_lazy("没来得及发通知"),
    "taken_back": gettext_lazy("收回取消"),
}


def _in_words(changes):
    """The changes with what they say on the page: from where, to where, why and by whom."""
    changes = list(changes)
    who = audit.names_of({change.actor for change in changes})
    for change in changes:
        change.before_word = Status(change.before).label if change.before else _("新报名")
        change.after_word = Status(change.after).label
        change.reason_word = REASON_WORDS.get(change.reason, change.reason)
        change.by_word = who[change.actor]
    return changes


@organiser
@require_POST
def decide(request, slug):
    """The chosen people get one decision; answers with the queue as it is then."""
    to_status = request.POST.get("to", "")
    people = _numbers(request.POST.getlist("people"))
    if to_status not in screening.MAY_BECOME or not people:
        return _back(request, [("warn", _("请先选人，再选决定。"))])
    try:
        batch, refused = screening.decide_many(
            event=request.event,
            people=people,
            to_status=to_status,
            by=request.user,
            reason=request.POST.get("reason", ""),
            told_reason=request.POST.get("told_reason", ""),
            kind="bulk" if len(people) > 1 else "single",
        )
    except Refused as refusal:
        return _back(request, [("stop", str(refusal))])
    return _back(request, _told(batch, refused, Status(to_status).label))


def _told(batch, refused, word):
    notices = [("stop", str(refusal)) for refusal in list(refused.values())[:5]]
    if len(refused) > 5:
        notices.append(("stop", _("另有 %(n)s 人没有改。") % {"n": len(refused) - 5}))
    if batch:
        done = batch.changes.count()
        notices.insert(
            0,
            (
                "ok",
                ngettext("%(n)s 人 → %(word)s", "%(n)s 人 → %(word)s", done)
                % {"n": done, "word": word},
            ),
        )
    return notices


def _back(request, notices):
    """The queue fragment for htmx; for a plain form the page, with the notices as messages."""
    if request.headers.get("HX-Request") == "true":
        return _queue(request, request.POST, notices)
    for tone, sentence in notices:
        messages.add_message(
            request, messages.SUCCESS if tone == "ok" else messages.ERROR, sentence
        )
    slug = request.event.slug
    if decided_on := _numbers([request.POST.get("back_to", "")]):
        return redirect("screening_person", slug, decided_on[0])
    return redirect("screening", slug)


def _numbers(values):
    return [int(value) for value in values if re.fullmatch(r"\d{1,15}", value)]


@organiser
@require_POST
def undo(request, slug):
    """Take back this organiser's last batch that is not released."""
    batch = screening.last_batch(request.event, request.user)
    if batch is None:
        return _back(request, [("warn", _("没有可以撤销的决定。"))])
    try:
        restored, left = screening.undo_batch(batch=batch, by=request.user)
    except Refused as refusal:
        return _back(request, [("stop", str(refusal))])
    sentence = _("已撤销，%(n)s 人回到原来的状态。") % {"n": restored}
    if left:
        sentence += _("%(n)s 人后来又有变化，没有动。") % {"n": left}
    return _back(request, [("ok", sentence)])


@organiser
@never_cache
@require_GET
def fill_preview(request, slug):
    online = request.GET.get("room") == "online"
    try:
        preview = fill.preview(event=request.event, online=online)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("screening", slug)
    context = {
        "event": request.event,
        "online": online,
        "preview": preview,
        "groups": _groups(preview),
    }
    return render(request, "participants/screening/fill.html", context)


def _groups(preview):
    """The plan by category for the page: seats, picks with their people, what stays empty."""
    empty = {unfilled.category: unfilled for unfilled in preview.plan.unfilled}
    return [
        {
            "seats": row,
            "unfilled": empty.get(row.category.key),
            "lists": [
                (name, [(pick, preview.people[pick.candidate.id]) for pick in picks])
                for name, picks in (
                    ("accept", _of(preview.plan.accept, row)),
                    ("waitlist", _of(preview.plan.waitlist, row)),
                    ("by_hand", _of(preview.plan.by_hand, row)),
                )
            ],
        }
        for row in preview.seats.rows
    ]


def _of(picks, row):
    return [pick for pick in picks if pick.candidate.category == row.category.key]


@organiser
@require_POST
def fill_apply(request, slug):
    """Carry out the edited preview as one batch."""
    choices = {
        int(name.removeprefix("to-")): value
        for name, value in request.POST.items()
        if re.fullmatch(r"to-\d{1,15}", name)
    }
    try:
        batch, refused = fill.apply(
            event=request.event,
            accept=[pk for pk, to in choices.items() if to == "accept"],
            waitlist=[pk for pk, to in choices.items() if to == "waitlist"],
            reasons={pk: request.POST.get(f"reason-{pk}", "") for pk in choices},
            by=request.user,
        )
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect(f"{reverse('screening_fill', args=[slug])}?room={_room(request)}")
    for tone, sentence in _told(batch, refused, _("按名额录取与候补")):
        messages.add_message(
            request, messages.SUCCESS if tone == "ok" else messages.WARNING, sentence
        )
    return redirect(f"{reverse('screening', args=[slug])}?status=accepted&room={_room(request)}")


def _room(request):
    return "online" if request.POST.get("room") == "online" else "on_site"


@organiser
@require_POST
def release_seats(request, slug):
    """Give seats of one category to another, on record."""
    of_event = Category.objects.filter(event=request.event)
    source = get_object_or_404(of_event, key=clean_text(request.POST.get("source")))
    target = get_object_or_404(of_event, key=clean_text(request.POST.get("target")))
    number = (_numbers([request.POST.get("seats", "")]) or [0])[0]
    try:
        waitlist.release_seats(
            event=request.event,
            source=source,
            target=target,
            seats=number,
            reason=request.POST.get("reason", ""),
            online=request.POST.get("room") == "online",
            by=request.user,
        )
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("名额调剂好了，已留记录。"))
    return redirect("screening", slug)


@organiser
@require_POST
def person_step(request, slug, pk, step):
    """What an organiser does for one person besides deciding: note, room, link, category,
    confirming or withdrawing on their word."""
    found = get_object_or_404(Participant.objects.present(), event=request.event, pk=pk)
    if step not in STEPS:
        raise Http404
    try:
        sentence = STEPS[step](request, found)
    except Refused as refusal:
        messages.error(request, str(refusal))
        if step in TYPED:
            return _person_page(request, pk, status=refusal.status, typed=request.POST)
    else:
        messages.success(request, sentence)
    return redirect("screening_person", slug, pk)


def _save_note(request, found):
    note, was = request.POST.get("note", ""), request.POST.get("seen")
    notes.save_note(participant=found, note=note, was=was, by=request.user)
    return _("备注保存了。")


def _move(request, found):
    to = request.POST.get("to")  # what the button said, however often it is pressed
    online = to == "online" if to else not found.online
    rooms.move_room(participant=found, online=online, by=request.user)
    return _("参加方式改好了。")


def _link(request, found):
    link = notes.hand_out_link(participant=found, by=request.user)
    return _("个人链接（只给本人）：%(link)s") % {"link": link}


def _renew(request, found):
    link = settings.PUBLIC_URL + keys.renew_link(participant=found, by=request.user)
    return _("以前的链接都停用了。新的个人链接（只给本人）：%(link)s") % {"link": link}


def _settle_doubt(request, found):
    keys.settle_doubt(participant=found, by=request.user)
    return _("记下了：联系方式没有错。")


def _take_back(request, found):
    taking_back.take_back_withdrawal(participant=found, by=request.user)
    return _("取消收回了。")


def _recategorise(request, found):
    category = get_object_or_404(
        Category, event=request.event, key=clean_text(request.POST.get("category"))
    )
    was = request.POST.get("seen")
    notes.recategorise(participant=found, category=category, was=was, by=request.user)
    return _("类别改好了，得分已重算。")


def _confirm(request, found):
    screening.confirm(participant=found, by=request.user)
    return _("已代为确认。")


def _withdraw(request, found):
    screening.withdraw(participant=found, by=request.user, reason=_("本人告知主办方"))
    return _("已代为取消。")


def _reached(request, found):
    contacts.note_reached(participant=found, by=request.user)
    return _("记下了：在这个号码上找到了本人。")


def _correct(request, found):
    """Mobile and e-mail put right on somebody's word; what went to the ones before opens nothing."""
    typed = {name: request.POST.get(name, "") for name in CONTACTS}
    # Whoever comes between this look and the lock changes the version.
    seen.require_unchanged(request.POST.get("seen"), found.mobile, found.email)
    changed = applications.edit(
        participant=found,
        answers=case_decisions.answers_of(found) | typed,
        version=found.version,
        by=request.user,
    )
    if not changed:
        return _("联系方式没有变。")
    return _("联系方式改好了，原来寄去的链接已停用，新的个人链接马上寄到新地址。")


def _step_now(request, found):
    change = waiting_steps.waiting_of(found)
    if change and change.waits_for == change.Step.ERASE:
        asking.sure(request, what_is_at_stake.of_one(found))
    waiting_steps.carry_out(participant=found, by=request.user)
    return _("办好了。")


def _step_off(request, found):
    waiting_steps.call_off(participant=found, by=request.user)
    return _("不办了，一切照旧。")


# Whose words stay on the page when they could not be kept.
TYPED = ("contact", "note")
STEPS = {
    "contact": _correct,
    "waiting-now": _step_now,
    "waiting-off": _step_off,
    "reached": _reached,
    "note": _save_note,
    "room": _move,
    "link": _link,
    "renew": _renew,
    "contacts-are-right": _settle_doubt,
    "take-back": _take_back,
    "category": _recategorise,
    "confirm": _confirm,
    "withdraw": _withdraw,
}
