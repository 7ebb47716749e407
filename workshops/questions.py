"""Questions and danmaku: from any phone, looked at before they show or after, as the host wants.

SALON §5. They pass the gate as everything does (events/gate.py). The host picks a question for the
stage, marks it answered, pins what everybody shall see first.
"""

from django.db import transaction
from django.db.models import BooleanField, Count, Exists, ExpressionWrapper, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from events import gate
from events.models import Event, Gate
from events.models import Kind as Kept
from salon import audit, clock, live
from salon.errors import Refused
from salon.meeting import goes_again
from workshops.models import Question, QuestionVote
from workshops.taking_part import require_part, require_presence, said, sent_once

Kind = Question.Kind
LENGTHS = {Kind.QUESTION: 200, Kind.DANMAKU: 40}
# (times, seconds): a question needs a thought, danmaku is a call across the room.
PACES = {Kind.QUESTION: (5, 60), Kind.DANMAKU: (10, 20)}
# What nobody else has done anything with yet; its author may still add to it. What flew has flown.
AT_REST = Q(gate=Gate.WAITING) | Q(
    kind=Kind.QUESTION,
    gate=Gate.SHOWN,
    votes=None,
    picked_at=None,
    pinned_at=None,
    answered_at=None,
)
# What flies is young; older ones have flown.
FLYING = 60
HIDDEN_LISTED = 60
# So many at once on a page: a hall of phones reads them over one network.
ASKED_LISTED = 100
WAITING_LISTED = 60


# --- reading ----------------------------------------------------------------------------------


def asked(event, *, person=None):
    """Questions on show as a queryset, pinned first, then by upvotes, answered ones last; each with
    `.upvotes`, and with a `person` `.mine`."""
    questions = event.questions.on_show().filter(kind=Kind.QUESTION)
    questions = questions.annotate(upvotes=Count("votes"))
    if person is not None:
        mine = QuestionVote.objects.filter(question=OuterRef("pk"), participant=person)
        questions = questions.annotate(mine=Exists(mine))
    over = ExpressionWrapper(Q(answered_at__isnull=False), BooleanField())
    unpinned = ExpressionWrapper(Q(pinned_at=None), BooleanField())
    return questions.order_by(over, unpinned, "-upvotes", "pk")


def own(person):
    """What the person sent and nobody else sees, the newest first."""
    return person.questions.exclude(gate=Gate.SHOWN).order_by("-pk")[:10]


def picked(event):
    """The question on stage, or None."""
    return (
        event.questions.on_show()
        .filter(picked_at__isnull=False, answered_at=None)
        .annotate(upvotes=Count("votes"))
        .order_by("-picked_at")
        .first()
    )


def flying(event):
    """The youngest danmaku on show, the oldest first."""
    rows = event.questions.on_show().filter(kind=Kind.DANMAKU)
    return list(reversed(rows.order_by("-shown_at", "-pk")[:FLYING]))


def taken_off(event):
    """Danmaku that were on show and are not to be seen any more, the youngest."""
    rows = event.questions.exclude(gate=Gate.SHOWN).filter(
        kind=Kind.DANMAKU, shown_at__isnull=False
    )
    return list(rows.order_by("-shown_at", "-pk")[:FLYING])


def hidden(event):
    """What the host took off or kept off, the newest first, to be put back."""
    rows = event.questions.hidden().select_related("participant")
    return list(rows.order_by("-pk")[:HIDDEN_LISTED])


def waiting(event):
    """What waits for the host's eye as a queryset, the oldest first; `gate_word` is the word that
    it says."""
    return event.questions.waiting().select_related("participant").order_by("pk")


def counts(event):
    """{"waiting", "questions", "danmaku", "online"}: numbers for the host and the control room."""
    return event.questions.aggregate(
        waiting=Count("pk", filter=Q(gate=Gate.WAITING)),
        questions=Count("pk", filter=Q(gate=Gate.SHOWN, kind=Kind.QUESTION)),
        danmaku=Count("pk", filter=Q(gate=Gate.SHOWN, kind=Kind.DANMAKU)),
        online=Count("pk", filter=Q(online=True) & ~Q(gate=Gate.HIDDEN)),
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
    stand = gate.pass_gate(event, kind, text)
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
        shown_at=stand["gate_at"] if stand["gate"] == Gate.SHOWN else None,
        online=person.online,
        **stand,
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
    if question.event_id != event_id or not question.is_shown:
        raise Refused("gone", _("这个提问已经不在墙上了。"), status=404)


# --- the host's hand --------------------------------------------------------------------------


def show(*, question, by):
    """Let it up on the wall."""
    return gate.show(event=question.event, row=question, by=by)


@goes_again
def show_seen(*, event, seen, by):
    """Let up what waits and was looked at, by the ids in `seen`; what came since goes on waiting,
    and so does what says a word of the list. Returns how many went up."""
    rows = event.questions.filter(pk__in=seen, gate=Gate.WAITING)
    seen = [(gate.ref_of(row), gate.stamp_of(row)) for row in rows]
    return gate.show_clean(event=event, seen=seen, by=by)


def hide(*, question, by):
    """Take it off, or keep it off; `show` puts it back."""
    return gate.hide(event=question.event, row=question, by=by)


def pick(*, question, by):
    """Bring a question on stage; the one before goes back to the list."""
    with transaction.atomic():
        Event.objects.select_for_update(no_key=True).get(pk=question.event_id)
        Question.objects.filter(event=question.event_id, picked_at__isnull=False).exclude(
            pk=question.pk
        ).update(picked_at=None)
        now = clock.now()
        if not question.is_shown:
            show(question=question, by=by)
        return _change(question, by=by, verb="pick", picked_at=now, answered_at=None)


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
        for name, value in values.items():
            setattr(question, name, value)
        question.save(update_fields=list(values))
        audit.record(f"{verb}_question", question, by=by, fields=list(values))
        live.publish(question.event, *_topics(question.kind))
    return question


def _topics(kind):
    wall = "danmaku" if kind == Kind.DANMAKU else "questions"
    return wall, "questions-bell", gate.BELL, "control"


def switch_moderation(*, event, mode, by):
    """Look at questions and danmaku before they show, or after."""
    gate.switch(event=event, kinds=(Kept.QUESTION, Kept.DANMAKU), mode=mode, by=by)


def moderation(event):
    """The mode of both, "" when each has its own."""
    modes = {event.mode_of(kind) for kind in (Kept.QUESTION, Kept.DANMAKU)}
    return modes.pop() if len(modes) == 1 else ""
