"""Applying: one form, one row, whatever the network does; and the person's own later edits.

The same post again finds its own row (`client_id`); the same mobile or e-mail changes nothing,
its owner is sent their own link, and whoever asked gets the same neutral answer (SALON §3).
"""

import uuid
from copy import copy
from dataclasses import dataclass
from datetime import timedelta

from django.db import IntegrityError, connection, transaction
from django.db.models import Q
from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from events.gate import BELL
from events.models import Event
from participants import (
    cases,
    codes,
    contact_changes,
    contacts,
    criteria,
    known_as,
    mended,
    notices,
)
from participants.categories import AskedCategory, asked, asked_categories, rules_of
from participants.consents import NAMED_ON, new_consents
from participants.models import Consent, Notice, PainPoint, Participant, StatusChange
from participants.names import read_name
from participants.same_person import Known, compare
from salon import audit, clock, floods, limits, live, outbox
from salon.errors import Refused
from salon.meeting import met_somebody
from salon.models import Message
from salon.text import clean_text, normalize_email, normalize_mobile, pinyin_for_search

MOST_PAIN_POINTS = 5
MOST_EXPERTISE = 20
# A colleague may sign up the whole team on one phone; a script may not sign up a city.
NEW_PER_DEVICE = {"times": 30, "seconds": 3600}
# Letters that answer the person and not a decision: a later decision leaves them alone.
ANSWERS = ("received", "link_again", "address_changed")
# Pressing "send" again is not asking for the link again.
SAME_PRESS = timedelta(minutes=10)
# Whoever keeps asking for somebody's link fills their mailbox, not their own.
LINKS_A_DAY = 6

TEXT_FIELDS = (
    "organisation",
    "job_title",
    "creator_field",
    "can_bring",
    "cooperation_need",
    "resource_offer",
    "expectation",
)
# Written over several lines, in the form and in a sheet alike.
LONG_FIELDS = ("can_bring", "cooperation_need", "resource_offer", "expectation")
NUMBER_FIELDS = ("community_size", "active_rate", "followers")
# Asked only of the categories whose criteria name them.
CATEGORY_FIELDS = (
    "community_size",
    "active_rate",
    "followers",
    "creator_field",
    "can_bring",
    "cooperation_need",
    "resource_offer",
)


# ---- what may be done now ----------------------------------------------------------------


@dataclass(frozen=True)
class Registration:
    """How sign-up stands: `state` is open, closed (the waiting list is), not_yet, over or
    cancelled; `full` names the rooms without a free seat ("on_site", "online")."""

    state: str
    now: object
    full: frozenset

    @property
    def takes_applications(self):
        return self.state in ("open", "closed")

    def waits(self, *, online):
        """Whether an application for this room goes to the waiting list."""
        return self.state == "closed" or ("online" if online else "on_site") in self.full


_LOOK = """
    SELECT clock_timestamp(),
        count(*) FILTER (WHERE NOT online),
        count(*) FILTER (WHERE online),
        (SELECT id FROM participants_channel WHERE event_id = %(event)s AND code = %(code)s),
        (SELECT ARRAY[id, version] FROM participants_notice WHERE event_id = %(event)s
            ORDER BY version = %(shown)s DESC, version DESC LIMIT 1)
    FROM participants_participant
    WHERE event_id = %(event)s AND status IN %(seated)s
"""


def registration(event):
    """How sign-up of the event stands by the database's clock, in one statement."""
    return _look(event)[0]


def _look(event, *, channel_code="", shown=None):
    """`(Registration, the channel's id or None, the Notice)`: the one whose version was `shown`,
    else the newest; None while none is published.

    One statement, and not one that the ORM has to put together: every sign-up passes here.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _LOOK,
            {
                "event": event.pk,
                "seated": tuple(str(status) for status in Participant.SEATED),
                "code": channel_code,
                "shown": shown,
            },
        )
        now, on_site, online, channel_id, notice = cursor.fetchone()
    full = set()
    if on_site >= event.on_site_capacity:
        full.add("on_site")
    if online >= event.online_capacity:
        full.add("online")
    if notice:
        notice = Notice(pk=notice[0], version=notice[1], event_id=event.pk)
    return Registration(_state(event, now), now, frozenset(full)), channel_id, notice


def _state(event, now):
    if event.status == Event.Status.CANCELLED:
        return "cancelled"
    if event.starts_at <= now:
        return "over"
    if event.registration_opens_at and now < event.registration_opens_at:
        return "not_yet"
    return "open" if event.registration_is_open(now) else "closed"


def why_not_open(event, sign_up):
    """The sentence for a `Registration` that takes no applications."""
    if sign_up.state == "cancelled":
        return _("这场活动已取消，不再接受报名。")
    if sign_up.state == "not_yet":
        opens = date_format(event.local(event.registration_opens_at), "SHORT_DATETIME_FORMAT")
        return _("报名还没有开始，%(opens)s 开放，到时再来。") % {"opens": opens}
    if event.is_over(sign_up.now):
        return _("这场活动已经结束，谢谢您想来。")
    return _("这场活动已经开始，不再接受报名。想临时参加请到现场签到台问一声。")


# ---- answers -----------------------------------------------------------------------------


def read_answers(answers, *, reachable=True):
    """Clean one person's answers for the table; Refused with the field's code when one is bad.

    `answers`: Participant's field names; `expertise` and `pain_points` lists of str, `online`
    bool, `consents` an iterable of Consent.Purpose values. Texts longer than their column are
    cut: the form has said so before, and an import must not stop for it.
    """
    row = {"name": read_name(answers.get("name", ""))[:80]}
    row["mobile"] = _contact(
        answers.get("mobile"), normalize_mobile, "phone", _("手机号码不对，请检查位数。")
    )
    row["email"] = _contact(
        answers.get("email"), normalize_email, "email", _("邮箱地址不对，请检查一下。")
    )
    if reachable and not (row["mobile"] or row["email"]):
        raise Refused("phone", _("手机和邮箱至少填一项，我们才能联系到您。"), status=422)
    for name in TEXT_FIELDS:
        limit = Participant._meta.get_field(name).max_length
        row[name] = clean_text(answers.get(name), max_length=limit, multiline=name in LONG_FIELDS)
    for name in NUMBER_FIELDS:
        row[name] = answers.get(name)
    row["industry"] = answers.get("industry") or Participant.Industry.OTHER
    if row["industry"] not in Participant.Industry.values:
        raise Refused("industry", _("请选择行业。"), status=422)
    expertise = (clean_text(word, max_length=40) for word in answers.get("expertise") or ())
    row["expertise"] = list(dict.fromkeys(filter(None, expertise)))[:MOST_EXPERTISE]
    row["online"] = bool(answers.get("online"))
    row["pinyin"] = pinyin_for_search(row["name"])
    return row


def _contact(value, normalize, code, sentence):
    if not clean_text(value):
        return ""
    try:
        return normalize(value)
    except ValueError:
        raise Refused(code, sentence, status=422) from None


def read_pain_points(texts):
    cleaned = (clean_text(text, max_length=200) for text in texts or ())
    return list(dict.fromkeys(filter(None, cleaned)))[:MOST_PAIN_POINTS]


def judge_person(person, *, rules=None, pain_points=None):
    """criteria.Judgement of a person by the rules of their category.

    Whoever judges many gives `rules_of(category)` once for all; with them and the pain points,
    anything will do that holds the answers.
    """
    rules = rules_of(person.category) if rules is None else rules
    if pain_points is None:
        pain_points = [point.text for point in person.pain_points.all()]
    answers = {
        "pain_points": pain_points,
        "expertise": person.expertise,
        "expectation": person.expectation,
        "organisation": person.organisation,
        "job_title": person.job_title,
        **{name: getattr(person, name) for name in CATEGORY_FIELDS},
    }
    return criteria.judge(rules, answers)


def judge_people(people):
    """{pk: criteria.Judgement} of people with their categories, the pain points read at once."""
    pains = {}
    points = PainPoint.objects.filter(participant__in=[person.pk for person in people])
    for pk, text in points.order_by("position").values_list("participant_id", "text"):
        pains.setdefault(pk, []).append(text)
    kinds = {person.category_id: person.category for person in people}
    rules = {pk: rules_of(category) for pk, category in kinds.items()}
    return {
        person.pk: judge_person(
            person, rules=rules[person.category_id], pain_points=pains.get(person.pk, [])
        )
        for person in people
    }


# ---- apply -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Outcome:
    """`kind`: new, replayed (this very post was taken before) or known (the person was). Faces
    answer all three alike, so that nobody learns who has applied."""

    kind: str
    participant: Participant


def apply(*, event, answers, client_id, channel_code="", device="", network="", notice=None):
    """Take one application, once.

    `answers` as in `read_answers`, with `category` (its key, or the AskedCategory) and `consents`
    (an iterable of Consent.Purpose values). An unknown channel code is no reason to send anybody
    away. `device` names the browser for the rate limit, `network` the address it asks
    from, for the ceiling of letters to strangers, `notice` the version of the event's notice
    that the form showed. Raises Refused: name, phone, email,
    industry, category, consent, closed, too_often.
    """
    row = read_answers(answers)
    category = _category(event, answers.get("category"))
    pains = read_pain_points(answers.get("pain_points"))
    consents = set(answers.get("consents") or ())
    if Consent.Purpose.PROCESSING not in consents:
        raise Refused("consent", _("需要您同意处理个人信息，才能受理报名。"), status=422)
    sign_up, channel_id, notice = _look(event, channel_code=channel_code, shown=notice)
    comer = Known(row["name"], row["mobile"], row["email"])
    if not sign_up.takes_applications:
        # Only to whoever has the very post: the sentence below tells nobody who has applied.
        if earlier := _replayed(event, _known(event, client_id, row), client_id, comer):
            return Outcome("replayed", earlier)
        raise Refused("closed", why_not_open(event, sign_up))
    agreed_under = notice or notices.first(event)
    post = {
        "event": event,
        "category": category,
        "row": row,
        "pains": pains,
        "agreed": new_consents(None, consents, notice=agreed_under, now=sign_up.now),
        "channel_id": channel_id,
        "waits": sign_up.waits(online=row["online"]),
        "submitted_at": sign_up.now,
    }
    for _attempt in range(3):
        try:
            with transaction.atomic():
                person = add(**post, client_id=client_id, now=sign_up.now, network=network)
                # Counted after the writing: who presses twice is not asking for two.
                if person is not None and device:
                    limits.require(f"apply:{event.pk}:{device}", **NEW_PER_DEVICE)
        except IntegrityError as error:
            if connection.in_atomic_block or not met_somebody(error):
                raise
            # Their poster, or category, was deleted in this second.
            post["channel_id"] = _look(event, channel_code=channel_code)[1]
            post["category"] = _category(event, answers.get("category"))
            continue
        if person is not None:
            return Outcome("new", person)
        known = _known(event, client_id, row)
        if earlier := _replayed(event, known, client_id, comer):
            return Outcome("replayed", earlier)
        if sharing := _sharing(event, known, comer):
            _ask(sharing, comer, post, client_id=client_id, device=device, network=network)
            return Outcome("known", sharing[0])
        # A form left open and filled in for a colleague: another person, another number.
        client_id = uuid.uuid4()
    raise Refused("busy", _("系统正忙，请稍等几秒再试。您填的内容不会丢。"), status=503)


def _known(event, client_id, row):
    same = Q(client_id=client_id)
    if row["mobile"]:
        same |= Q(event=event, mobile=row["mobile"])
    if row["email"]:
        same |= Q(event=event, email=row["email"])
    return list(Participant.objects.filter(same).order_by("pk")[:3])


def _replayed(event, known, client_id, comer):
    """Whom this very post made, or somebody erased since; None for a form filled in anew."""
    for person in known:
        if person.client_id != client_id or person.event_id != event.pk:
            continue
        likeness = compare(Known.of(person), comer)
        if person.erased_at or (likeness.shared and not likeness.differs):
            return person
    return None


def _sharing(event, known, comer):
    return [
        person
        for person in known
        if person.event_id == event.pk and compare(Known.of(person), comer).shared
    ]


def _ask(people, comer, post, *, client_id, device, network):
    """Ask who the newcomer is under a contact that somebody has: the contact itself, by their own
    link again, where the name is the same; an organiser, by a case, where anything differs."""
    now, row = post["submitted_at"], post["row"]
    likely = [(person, compare(Known.of(person), comer)) for person in people]
    with transaction.atomic():
        for person, likeness in likely:
            if "name" not in likeness.differs and not _is_same_press(person, row, now):
                shared = likeness.shared
                contact = shared[0] if len(shared) == 1 else None
                send_link_again(participant=person, now=now, contact=contact, network=network)
        if not all(likeness.differs for _person, likeness in likely):
            return
        person, likeness = cases.whose(people, comer)
        opened = cases.open_case(
            event=post["event"],
            person=person,
            likeness=likeness,
            answers=cases.as_answers(
                row,
                category=post["category"].key,
                pains=post["pains"],
                consents=post["agreed"],
            ),
            channel_id=post["channel_id"],
            client_id=client_id,
            would_wait=post["waits"],
            submitted_at=now,
        )
        if opened and device:
            limits.require(f"apply:{post['event'].pk}:{device}", **NEW_PER_DEVICE)


def _is_same_press(person, row, now):
    same = all(getattr(person, name) == value for name, value in row.items())
    return same and now - person.submitted_at < SAME_PRESS


def send_link_again(*, participant, now, contact=None, network=""):
    """Send the person a fresh link to their own page, to the `contact` ("mobile", "email") that was
    asked by, else where their letters go; at most one in ten minutes and a few a day."""
    channel = contacts.CHANNEL_TO.get(contact) or channel_of(participant)
    recent = Message.objects.of_person(participant.pk).of_kind("link_again")
    if recent.filter(created_at__gt=now - timedelta(days=1)).count() >= LINKS_A_DAY:
        return None
    window = int(now.timestamp()) // int(SAME_PRESS.total_seconds())
    known = contacts.is_proven(participant, contacts.contact_of(channel))
    return outbox.plan(
        dedup_key=f"link_again:{participant.pk}:{channel}:{window}",
        kind="link_again",
        event_id=participant.event_id,
        person_id=participant.pk,
        channel=channel,
        **({"due_at": now} if known else floods.turn(network, now=now)),
    )


def send_own_link(*, participant, contact, now):
    """Send a link of their own to a contact that has just become theirs."""
    if not getattr(participant, contact):
        return
    outbox.plan(
        dedup_key=f"address_changed:{participant.pk}:{contact}:{participant.version}",
        kind="address_changed",
        event_id=participant.event_id,
        person_id=participant.pk,
        due_at=now,
        channel=contacts.CHANNEL_TO[contact],
    )


def channel_of(participant):
    """By which way the person is written to."""
    return "email" if participant.email else "sms"


def _category(event, value):
    if isinstance(value, AskedCategory):
        return value
    key = clean_text(value)
    for category in asked_categories(event):
        if category.key == key:
            return category
    raise Refused("category", _("请选择您的身份。"), status=422)


def add(
    *,
    event,
    category,
    row,
    pains,
    agreed,
    client_id,
    channel_id,
    waits,
    submitted_at,
    now,
    source=Participant.Source.FORM,
    by=None,
    network="",
):
    """Put somebody new into the queue and promise them a letter; None when a row has their post or
    their contact already. Part of a verb: call it in its transaction.

    `row` and `pains` as read_answers and read_pain_points clean them, `agreed` unsaved Consents,
    `waits`: on the waiting list from the start. `by` is an organiser, or else they themselves.
    """
    person = Participant(
        event=event,
        category_id=category.pk,
        channel_id=channel_id,
        source=source,
        client_id=client_id,
        code=codes.random_code(),
        submitted_at=submitted_at,
        status_changed_at=now,
        status=Participant.Status.WAITLISTED if waits else Participant.Status.SUBMITTED,
        language=_language_of_the_page(by),
        **row,
        **known_as.at_the_gate(event, row, seen=by is not None, now=now),
    )
    person.score = judge_person(person, rules=category.rules, pain_points=pains).score
    if not _write(person, pains, agreed):
        return None
    audit.record("apply", person, by=by or person, event_id=event.pk)
    outbox.plan(
        dedup_key=f"received:{person.pk}",
        kind="received",
        event_id=event.pk,
        person_id=person.pk,
        channel=channel_of(person),
        **({"due_at": now} if by else floods.turn(network, now=now)),
    )
    return person


def _language_of_the_page(by):
    """Of the page that they themselves filled in; an organiser's page says nothing of theirs."""
    language = get_language()
    chosen = by is None and language in Participant.Language
    return language if chosen else Participant.Language.CHINESE


_NEW_PERSON = [field for field in Participant._meta.concrete_fields if not field.primary_key]
_WRITE = """
    WITH person AS (
        INSERT INTO participants_participant ({columns}) VALUES ({values})
        ON CONFLICT DO NOTHING
        RETURNING id
    ), pains AS (
        INSERT INTO participants_painpoint (participant_id, position, text)
        SELECT id, position, text
        FROM person, unnest(%(its_pains)s::text[]) WITH ORDINALITY AS pains (text, position)
    ), consents AS (
        INSERT INTO participants_consent
            (participant_id, purpose, wording, given_at, kept_as, notice_id)
        SELECT id, purpose, wording, %(submitted_at)s, kept_as, notice
        FROM person,
            unnest(%(its_purposes)s::text[], %(its_wordings)s::text[], %(its_kept_as)s::text[],
                %(its_notices)s::bigint[]) AS given (purpose, wording, kept_as, notice)
    )
    SELECT id FROM person
""".format(  # noqa: S608
    columns=", ".join(f'"{field.column}"' for field in _NEW_PERSON),
    values=", ".join(f"%({field.attname})s" for field in _NEW_PERSON),
)


def _write(person, pains, agreed):
    """Write the person with pains and Consents; False when a row has their number, mobile, e-mail
    or code already. A twin that is being written is waited for."""
    values = {field.attname: getattr(person, field.attname) for field in _NEW_PERSON}
    with connection.cursor() as cursor:
        cursor.execute(
            _WRITE,
            values
            | {
                "its_pains": pains,
                "its_purposes": [str(consent.purpose) for consent in agreed],
                "its_wordings": [consent.wording for consent in agreed],
                "its_kept_as": [str(consent.kept_as) for consent in agreed],
                "its_notices": [consent.notice_id for consent in agreed],
            },
        )
        written = cursor.fetchone()
    if written is None:
        return False
    (person.pk,) = written
    person._state.adding = False
    return True


# ---- the person's own edits --------------------------------------------------------------


def edit(*, participant, answers, version, by):
    """The person, or an organiser for them, changes answers; returns the names that changed.

    A criteria field that the person changed while a seat is held sends the application back to
    review, until the event begins: the seat is let go until an organiser decides again, and nobody
    is moved up meanwhile. An organiser's correction leaves what organisers decided. Raises
    Refused("edited_elsewhere") when `version` is not the row's any more, and what `read_answers`
    raises; but whoever could not be reached before, a walk-in, need not be now.
    """
    row = read_answers(answers, reachable=bool(participant.mobile or participant.email))
    pains = read_pain_points(answers.get("pain_points"))
    with transaction.atomic():
        Event.objects.select_for_update(no_key=True).get(pk=participant.event_id)
        person = (
            Participant.objects.select_for_update(of=("self",))
            .select_related("category", "event")
            .get(pk=participant.pk)
        )
        if person.version != version:
            raise Refused(
                "edited_elsewhere",
                _("这份资料刚刚在别处改过。请看一眼最新内容，再保存一次。"),
            )
        old_pains = [point.text for point in person.pain_points.all()]
        wishes = contact_changes.take_out(person, row) if by == person else []
        row["online"] = person.online  # another room is a move of its own, with its own seats
        changed = {name for name, value in row.items() if getattr(person, name) != value}
        if pains != old_pains:
            changed.add("pain_points")
        changed.discard("pinyin")
        was, now = copy(person), clock.now()
        wanted = {wish.contact for wish in wishes}
        if not changed:
            _note_wishes(person, wishes, was=was, by=by, now=now)
            return wanted
        for name, value in row.items():
            setattr(person, name, value)
        contacts.unprove(person, changed)
        known_as.after_edit(person, was=was, changed=changed, by_crew=by != person, now=now)
        person.score = judge_person(person, pain_points=pains).score
        person.version += 1
        if by == person and _is_judged_by(person, changed):
            _back_to_review(person, by)
        try:
            with transaction.atomic():
                person.save()
        except IntegrityError:
            if by == person:  # taken by somebody in this very moment, which is not theirs to know
                raise Refused("busy", _("系统正忙，请再保存一次。"), status=503) from None
            raise Refused(
                "contact_taken", _("这个手机或邮箱已经用在另一份报名上了。"), status=422
            ) from None
        if "pain_points" in changed:
            person.pain_points.all().delete()
            PainPoint.objects.bulk_create(
                PainPoint(participant=person, position=position, text=text)
                for position, text in enumerate(pains, 1)
            )
        if changed & contacts.CHANNEL_TO.keys():
            _contacts_replaced(person, was, changed, by=by, now=now)
        contact_changes.ask(person, wishes, was=was, link=getattr(by, "link", None), now=now)
        audit.record("edit_answers", person, by=by, fields=sorted(changed))
        if changed & {"name", "organisation"}:
            live.publish(person.event, *NAMED_ON, BELL)
    return changed | wanted


def _note_wishes(person, wishes, *, was, by, now):
    contact_changes.ask(person, wishes, was=was, link=getattr(by, "link", None), now=now)
    if any(wish.freely for wish in wishes):
        # As it would be if the contact were nobody's and theirs at once.
        person.version += 1
        person.save(update_fields=["version"])


def _contacts_replaced(person, was, changed, *, by, now):
    contacts.switch_off_keys(person, changed, keep=getattr(by, "link", None))
    if by != person:
        contact_changes.overtake(person, changed, now=now)
    # Also reminders that were planned when they could only be reached the other way.
    theirs = Message.objects.of_person(person.pk)
    outbox.readdress(theirs, channel=channel_of(person), by=by)
    if by != person:
        mended.send_again(person, was, changed, channel=channel_of(person), by=by, now=now)
    for contact in changed & contacts.CHANNEL_TO.keys():
        send_own_link(participant=person, contact=contact, now=now)


def _is_judged_by(person, changed):
    """Whether these changes undo the decision that gave the seat: not any more once the event
    began, nor for somebody who is inside."""
    return (
        person.status in Participant.SEATED
        and bool(changed & asked(person.category).fields)
        and clock.now() < person.event.starts_at
        and not person.check_ins.in_force().exists()
    )


def _back_to_review(person, by):
    StatusChange.objects.create(
        participant=person,
        before=person.status,
        after=Participant.Status.SUBMITTED,
        actor=audit.actor_name(by),
        reason=_("改了筛选条件相关的答案，回到待审核"),
    )
    person.status = Participant.Status.SUBMITTED
    person.confirm_by = None
    person.status_changed_at = clock.now()
    cancel_letters([person.pk])


def cancel_letters(person_ids):
    """Call off what was to be said to these people; answers to them stay."""
    outbox.cancel(
        Message.objects.unsaid().filter(person_id__any_of=set(person_ids)).exclude(kind__in=ANSWERS)
    )
