"""Questions and danmaku: from any phone, looked at before they show or after, as the host wants.

SALON §5. A text that says a word of the list waits for a person's eye in either case. The host
picks a question for the stage, marks it answered, pins what everybody shall see first.
"""

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from events.models import Event
from salon import audit, clock, live
from salon.errors import Refused
from salon.meeting import goes_again
from salon.text import clean_text
from workshops import wordlist
from workshops.models import BlockedWord, Moderated, Question, QuestionVote
from workshops.taking_part import require_part, require_presence, said, sent_once

Kind = Question.Kind
LENGTHS = {Kind.QUESTION: 200, Kind.DANMAKU: 40}
# (times, seconds): a question needs a thought, danmaku is a call across the room.
PACES = {Kind.QUESTION: (5, 60), Kind.DANMAKU: (10, 20)}
# What nobody else has done anything with yet; its author may still add to it. What flew has flown.
AT_REST = Q(state=Moderated.WAITING) | Q(
    kind=Kind.QUESTION,
    state=Moderated.SHOWN,
    votes=None,
    picked_at=None,
    pinned_at=None,
    answered_at=None,
)
# What flies is young; older ones have flown.
FLYING = 60
HIDDEN_LISTED = 60


# --- reading ----------------------------------------------------------------------------------


def asked(event, *, person=None):
    """Questions on show, pinned first, then by upvotes; each with `.upvotes` and `.mine`."""
    questions = event.questions.filter(kind=Kind.QUESTION, state=Moderated.SHOWN).annotate(
        upvotes=Count("votes")
    )
    if person is not None:
        mine = QuestionVote.objects.filter(question=OuterRef("pk"), participant=person)
        questions = questions.annotate(mine=Exists(mine))
    return sorted(
        questions,
        key=lambda q: (q.answered_at is not None, q.pinned_at is None, -q.upvotes, q.pk),
    )


def own(person):
    """What the person sent and nobody else sees yet, the newest first."""
    return person.questions.filter(state=Moderated.WAITING).order_by("-pk")[:10]


def picked(event):
    """The question on stage, or None."""
    return (
        event.questions.filter(picked_at__isnull=False, answered_at=None, state=Moderated.SHOWN)
        .annotate(upvotes=Count("votes"))
        .order_by("-picked_at")
        .first()
    )


def flying(event):
    """The youngest danmaku on show, the oldest first."""
    rows = event.questions.filter(kind=Kind.DANMAKU, state=Moderated.SHOWN)
    return list(reversed(rows.order_by("-shown_at", "-pk")[:FLYING]))


def taken_off(event):
    """Danmaku that were on show and are not to be seen any more, the youngest."""
    rows = event.questions.filter(kind=Kind.DANMAKU, state=Moderated.HIDDEN, shown_at__isnull=False)
    return list(rows.order_by("-shown_at", "-pk")[:FLYING])


def hidden(event):
    """What the host took off or kept off, the newest first, to be put back."""
    rows = event.questions.filter(state=Moderated.HIDDEN).select_related("participant")
    return list(rows.order_by("-pk")[:HIDDEN_LISTED])


def waiting(event):
    """What waits for the host's eye, the oldest first, each with `.word` when it says one."""
    words = words_of(event)
    rows = list(
        event.questions.filter(state=Moderated.WAITING).select_related("participant").order_by("pk")
    )
    for row in rows:
        row.word = wordlist.hit(row.text, words)
    return rows


def words_of(event):
    return list(event.blocked_words.order_by("pk").values_list("word", flat=True))


def counts(event):
    """{"waiting", "questions", "danmaku", "online"}: numbers for the host and the control room."""
    return event.questions.aggregate(
        waiting=Count("pk", filter=Q(state=Moderated.WAITING)),
        questions=Count("pk", filter=Q(state=Moderated.SHOWN, kind=Kind.QUESTION)),
        danmaku=Count("pk", filter=Q(state=Moderated.SHOWN, kind=Kind.DANMAKU)),
        online=Count("pk", filter=Q(online=True) & ~Q(state=Moderated.HIDDEN)),
    )


# --- from the phones --------------------------------------------------------------------------


def send(*, person, kind, text, client_id):
    """Ask, or let a danmaku fly. The same `client_id` again answers with the same row.

    A question may be sent ahead, danmaku fly from those who came. Raises Refused:
    "not_taking_part", "not_here", "kind", "empty", "too_long", and as `sent_once`.
    """
    if kind not in Kind.values:
        raise Refused("kind", _("请选择提问或弹幕。"), status=400)
    if kind == Kind.DANMAKU:
        require_presence(person)
    else:
        require_part(person)
    text = said(text, LENGTHS[kind])
    event = person.event
    shown = event.moderation == Event.Moderation.AFTER and not wordlist.hit(text, words_of(event))
    return sent_once(
        Question,
        person=person,
        client_id=client_id,
        pace=(kind, *PACES[kind]),
        topics=_topics(kind),
        at_rest=AT_REST,
        event=event,
        kind=kind,
        text=text,
        state=Moderated.SHOWN if shown else Moderated.WAITING,
        shown_at=clock.now() if shown else None,
        online=person.online,
    )


def upvote(*, person, question):
    """One upvote per person; a second tap changes nothing. Returns the number of upvotes.

    Raises Refused("not_taking_part" | "not_here" | "gone")."""
    require_presence(person)
    _require_shown(question, person.event_id)
    with transaction.atomic():
        QuestionVote.objects.bulk_create(
            [QuestionVote(question=question, participant=person)], ignore_conflicts=True
        )
        live.publish(person.event, "questions", "questions-bell")
    return question.votes.count()


def take_back_upvote(*, person, question):
    with transaction.atomic():
        QuestionVote.objects.filter(question=question, participant=person).delete()
        live.publish(person.event, "questions", "questions-bell")
    return question.votes.count()


def _require_shown(question, event_id):
    if question.event_id != event_id or question.state != Moderated.SHOWN:
        raise Refused("gone", _("这个提问已经不在墙上了。"), status=404)


# --- the host's hand --------------------------------------------------------------------------


def show(*, question, by):
    """Let it up on the wall."""
    return _change(question, by=by, verb="show", state=Moderated.SHOWN, shown_at=clock.now())


@goes_again
def show_seen(*, event, seen, by):
    """Let up what waits and was looked at, by the ids in `seen`; what came since goes on waiting,
    and so does what says a word of the list. Returns how many went up."""
    with transaction.atomic():
        words = words_of(event)
        rows = event.questions.filter(pk__in=seen, state=Moderated.WAITING).select_for_update()
        clean = [row for row in rows.order_by("pk") if wordlist.hit(row.text, words) is None]
        for row in clean:
            show(question=row, by=by)
    return len(clean)


def hide(*, question, by):
    """Take it off, or keep it off; `show` puts it back."""
    return _change(question, by=by, verb="hide", state=Moderated.HIDDEN, picked_at=None)


def pick(*, question, by):
    """Bring a question on stage; the one before goes back to the list."""
    with transaction.atomic():
        Event.objects.select_for_update(no_key=True).get(pk=question.event_id)
        Question.objects.filter(event=question.event_id, picked_at__isnull=False).exclude(
            pk=question.pk
        ).update(picked_at=None)
        now = clock.now()
        values = {"picked_at": now, "answered_at": None}
        if question.state != Moderated.SHOWN:
            values |= {"state": Moderated.SHOWN, "shown_at": now}
        return _change(question, by=by, verb="pick", **values)


def put_back(*, question, by):
    return _change(question, by=by, verb="put_back", picked_at=None)


def answered(*, question, by, on=True):
    """Mark as answered; it leaves the stage."""
    at = clock.now() if on else None
    return _change(question, by=by, verb="answered", answered_at=at, picked_at=None)


def pin(*, question, by, on=True):
    return _change(question, by=by, verb="pin", pinned_at=clock.now() if on else None)


def _change(question, *, by, verb, **values):
    with transaction.atomic():
        question = (
            Question.objects.select_for_update(of=("self",))
            .select_related("event")
            .get(pk=question.pk)
        )
        if question.shown_at:
            values.pop("shown_at", None)
        for name, value in values.items():
            setattr(question, name, value)
        question.save(update_fields=list(values))
        audit.record(f"{verb}_question", question, by=by, fields=list(values))
        live.publish(question.event, *_topics(question.kind))
    return question


def _topics(kind):
    return "danmaku" if kind == Kind.DANMAKU else "questions", "questions-bell", "control"


def switch_moderation(*, event, mode, by):
    """Look before they show, or after; what waits goes on waiting."""
    if mode not in Event.Moderation.values:
        raise Refused("mode", _("没有这种审核方式。"), status=400)
    with transaction.atomic():
        Event.objects.filter(pk=event.pk).update(moderation=mode)
        audit.record("switch_moderation", event, by=by, event_id=event.pk, fields=["moderation"])
        live.publish(event, "questions-bell")


def set_words(*, event, text, by):
    """Replace the word list by the words of `text`, one a line."""
    words = dict.fromkeys(
        word for line in text.splitlines()[:500] if (word := clean_text(line, max_length=40))
    )
    with transaction.atomic():
        event.blocked_words.exclude(word__in=words).delete()
        BlockedWord.objects.bulk_create(
            [BlockedWord(event=event, word=word) for word in words], ignore_conflicts=True
        )
        audit.record("set_words", event, by=by, event_id=event.pk, fields=["blocked_words"])
        live.publish(event, "questions-bell")
