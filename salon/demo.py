"""The demo: three believable salons, told through the same verbs that run a real one.

Five weeks ago one took place and was evaluated; one runs today; one is being prepared. Nothing is
inserted behind the verbs' back: the house stands on a rehearsal clock and lives through the days.
"""

import random
import uuid
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from events import agenda, announcing
from events.access import issue_desk_pass
from events.models import Event
from metrics import claims, evaluation, follow_ups, report, stream_import, surveys, whitepaper
from participants import applications, checkin, contacts, interest_groups, screening
from participants.desk_requests import Request
from participants.keys import issue_link
from participants.models import Participant
from salon import broker, demo_accounts, demo_cast, outbox, roles
from salon.blueprint import new_salon
from salon.models import User
from salon.rehearsal import rehearsal
from workshops import (
    blind_box,
    exchange,
    groups,
    icebreaker,
    judging,
    pains,
    phases,
    plans,
    questions,
)
from workshops.models import Award, Phase

Status = Participant.Status
NEXT, TODAY, PAST = "salon-next", "salon-today", "salon-past"


@dataclass(frozen=True)
class Crowd:
    """How many apply, and how many of them end up confirmed in the room and on the stream."""

    people: int
    on_site: int
    online: int


def crowd(people):
    """A crowd in the proportions of 180 applications for 50 + 100 seats."""
    return Crowd(people, min(50, people * 50 // 180), min(100, people * 100 // 180))


# --- the three salons -----------------------------------------------------------------------------


def tell(*, people=180, only_past=False):
    """Create the demo's salons; those that exist already stay as they are. Returns new slugs."""
    demo_accounts.account("admin", "管理员", is_staff=True, is_superuser=True)
    organiser = demo_accounts.account("organiser", "顾景行", is_staff=True)
    now = timezone.now().replace(second=0, microsecond=0)
    stories = {PAST: past_salon, TODAY: todays_salon, NEXT: next_salon}
    told = []
    for slug, story in stories.items():
        if (only_past and slug != PAST) or Event.objects.filter(slug=slug).exists():
            continue
        # As the owner: a rehearsal needs a clock of its own in the database.
        with roles.as_owner(), broker.left_alone(), rehearsal() as play:
            story(Stage(play, now, organiser), people)
        told.append(slug)
    return told


@dataclass
class Stage:
    """Who plays, and which hour it is in the house."""

    clock: object
    now: datetime
    organiser: User

    def at(self, moment):
        return self.clock.at(moment)

    @property
    def host(self):
        return User.objects.get(username="host")

    @property
    def mentor(self):
        return User.objects.get(username="mentor")


def past_salon(stage, people):
    size = crowd(max(people // 3, 24))
    start = half_past_one(stage.now - timedelta(days=35))
    event = opened(stage, PAST, "社群互动沙龙·让沉默的用户开口", start)
    guests = applied(stage, event, demo_cast.cast(size.people, seed=7))
    confirmed(stage, event, guests, size)
    deliver(stage, start - timedelta(hours=3))
    doors(stage, event, share=0.94)
    afternoon(stage, event)
    afterwards(stage, event)
    deliver(stage, stage.now)


def todays_salon(stage, people):
    size = crowd(people)
    start = stage.now - timedelta(minutes=125)
    event = opened(stage, TODAY, "社群互动沙龙·七天激活新用户", start)
    guests = applied(stage, event, demo_cast.cast(size.people, seed=8))
    confirmed(stage, event, guests, size)
    deliver(stage, start - timedelta(hours=3))
    doors(stage, event, share=0.8)
    until_the_break(stage, event)
    deliver(stage, stage.now)


def next_salon(stage, people):
    start = half_past_one(stage.now + timedelta(days=21))
    event = opened(stage, NEXT, "社群互动沙龙·数据驱动的互动", start)
    guests = applied(stage, event, demo_cast.cast(max(people // 4, 12), seed=9))
    stage.at(stage.now - timedelta(hours=3))
    screening.decide_many(
        event=event,
        people=[guest.pk for guest in guests[:4]],
        to_status=Status.PHONE_SCREENING,
        by=stage.organiser,
    )
    deliver(stage, stage.now)


def half_past_one(moment):
    return datetime.combine(
        timezone.localdate(moment), time(13, 30), timezone.get_current_timezone()
    )


# --- chapters -------------------------------------------------------------------------------------


def opened(stage, slug, title, start):
    """Set up sixty days before from the default blueprint, moved to its hour, and published."""
    stage.at(min(start, stage.now) - timedelta(days=60))
    event = new_salon(
        slug=slug,
        title=title,
        date=timezone.localdate(start),
        venue="上海市徐汇区龙腾大道 2350 号",
        by=stage.organiser,
    )
    demo_accounts.crew(event)
    if event.starts_at != start:
        event = agenda.move_event(event=event, starts_at=start, by=stage.organiser)
    return announcing.publish(event=event, by=stage.organiser)


def applied(stage, event, people):
    """Applications come in over three weeks, through the channels of the blueprint."""
    opens = event.registration_opens_at
    step = (min(event.starts_at - timedelta(days=20), stage.now) - opens) / len(people)
    channels = list(event.channels.values_list("code", flat=True))
    guests = []
    for number, answers in enumerate(people):
        stage.at(opens + step * number)
        guests.append(
            applications.apply(
                event=event,
                answers=answers,
                client_id=uuid.uuid4(),
                channel_code=channels[number % len(channels)],
                device=f"demo:{event.slug}:{number}",
            ).participant
        )
    return guests


def confirmed(stage, event, guests, size):
    """One evening of screening, released the next morning; nearly all confirm, the rest wait."""
    evening = event.starts_at - timedelta(days=16)
    stage.at(evening)
    chosen, batches = [], []
    for online, seats in ((False, size.on_site), (True, size.online)):
        room = sorted(
            (guest for guest in guests if guest.online == online),
            key=lambda guest: (-guest.score, guest.submitted_at),
        )
        chosen += room[:seats]
        late = [guest.pk for guest in room[seats:]]
        batches += decide(stage, event, late[::2], Status.WAITLISTED)
        batches += decide(
            stage, event, late[1::2], Status.NOT_SELECTED, told="名额有限，这次没能安排上。"
        )
    batches += decide(
        stage, event, [guest.pk for guest in chosen], Status.ACCEPTED, reason="经验对本场有价值"
    )
    stage.at(evening + timedelta(hours=12))
    for batch in batches:
        screening.release_batch(batch=batch, by=stage.organiser)
    outbox.deliver_due()
    for number, guest in enumerate(chosen):
        stage.at(evening + timedelta(hours=13, minutes=7 * number))
        # By the link in the letter, which shows that it reached them.
        way = "email" if guest.email else "mobile"
        contacts.prove(participant=guest, contacts=[way], by=guest)
        screening.confirm(participant=guest, by=guest)


def decide(stage, event, people, status, *, reason="", told=""):
    """The batch, in a list; an empty one when there is nobody to decide on."""
    if not people:
        return []
    batch, refused = screening.decide_many(
        event=event,
        people=people,
        to_status=status,
        by=stage.organiser,
        reason=reason,
        told_reason=told,
    )
    for refusal in refused.values():
        raise refusal
    return [batch]


def deliver(stage, moment):
    """What is due by then has gone."""
    stage.at(moment)
    outbox.deliver_due()


def doors(stage, event, *, share):
    """Two desks in half an hour; a few of those confirmed do not come."""
    dice = random.Random(event.slug)  # noqa: S311  invented people, not secrets
    expected = list(Participant.objects.filter(event=event).confirmed().on_site().order_by("pk"))
    dice.shuffle(expected)
    coming = expected[: round(len(expected) * share)]
    stage.at(event.starts_at - timedelta(minutes=40))
    desks = [
        issue_desk_pass(event=event, desk=name, by=stage.organiser)[0]
        for name in ("一号台", "二号台")
    ]
    for number, guest in enumerate(coming):
        moment = stage.at(event.starts_at + timedelta(seconds=35 * number))
        body = {"participant": guest.pk, "at": moment.isoformat()}
        client_id = uuid.uuid4()
        checkin.check_in(
            request=Request.of(
                verb="check_in", body=body, client_id=client_id, desk=desks[number % 2]
            ),
            participant_id=guest.pk,
            scanned_at=moment,
            method="search",
        )
    interest_groups.settle(event=event, by=stage.organiser)
    warm_up(stage, event)


def warm_up(stage, event):
    """Three slips from the blind box, then one tip a group in a minute."""
    stage.at(event.starts_at + timedelta(minutes=26))
    blind_box.seal(event=event, by=stage.host)
    for drawn in range(3):
        blind_box.draw(event=event, drawn=drawn, by=stage.host)
    blind_box.reveal(event=event, by=stage.host)
    icebreaker.start(event=event, by=stage.host)
    done = set()
    guests = Participant.objects.filter(event=event).checked_in().select_related("event")
    for guest in guests.order_by("pk"):
        group = icebreaker.group_of(guest)
        if group is not None and group.pk not in done:
            stage.at(event.starts_at + timedelta(minutes=26, seconds=15 + 6 * len(done)))
            icebreaker.finish(person=guest, text=demo_cast.TIPS[len(done) % len(demo_cast.TIPS)])
            done.add(group.pk)
        if len(done) == len(demo_cast.TIPS):
            break


def step(stage, event, moment):
    """The host presses "next"."""
    stage.at(moment)
    agenda.advance(event=event, seen=agenda.seen_of(event), by=stage.host)


def until_the_break(stage, event):
    items = list(event.agenda.all())
    for item in items[:3]:
        step(stage, event, item.starts_at)
    talk(stage, event, items[2].starts_at + timedelta(minutes=5))
    step(stage, event, items[3].starts_at)
    wall(stage, event, items[3].starts_at + timedelta(minutes=1), minutes=9)
    corner(stage, event, items[3].starts_at + timedelta(minutes=11))


def those_here(event):
    """The stream, then the room."""
    people = Participant.objects.filter(event=event).select_related("event")
    return [*people.confirmed().online(), *people.checked_in()]


def talk(stage, event, start):
    """Questions from room and stream, danmaku from the stream; the host lets them pass."""
    people = those_here(event)
    online = [person for person in people if person.online]
    asked = [
        (person, "question", text)
        for person, text in zip(people[::7], demo_cast.QUESTIONS, strict=False)
    ] + [
        (person, "danmaku", demo_cast.DANMAKU[number % len(demo_cast.DANMAKU)])
        for number, person in enumerate(online)
    ]
    shown = []
    for number, (person, kind, text) in enumerate(asked):
        stage.at(start + timedelta(seconds=20 * number))
        row = questions.send(person=person, kind=kind, text=text, client_id=uuid.uuid4())
        row = questions.show(question=row, by=stage.host)
        if kind == "question":
            shown.append(row)
    for fan in people[::4]:
        questions.upvote(person=fan, question=shown[fan.pk % len(shown)])
    questions.pick(question=shown[0], by=stage.host)
    questions.answered(question=shown[0], by=stage.host)


def corner(stage, event, start):
    """Twenty people say what they offer and need; every third suggestion becomes a match."""
    stage.at(start)
    tables = list(event.theme_tables.all())
    guests = list(Participant.objects.filter(event=event).checked_in().select_related("event")[:20])
    for number, guest in enumerate(guests):
        exchange.save_listing(
            person=guest,
            table=tables[number % len(tables)],
            offer=demo_cast.OFFERS[number % len(demo_cast.OFFERS)],
            need=demo_cast.NEEDS[number // 2 % len(demo_cast.NEEDS)],
        )
    for number, (one, other) in enumerate(zip(guests[::2], guests[1::2], strict=False)):
        stage.at(start + timedelta(seconds=30 * (number + 1)))
        match = exchange.request_match(person=one, other=other, reason="供需对得上")
        if number % 3 != 2:
            exchange.confirm(match=match, person=other)


def wall(stage, event, start, *, minutes):
    """Pain cards from the applications, solutions from room and stream, likes."""
    dice = random.Random(event.slug)  # noqa: S311
    here = those_here(event)
    cards, solutions = [], []
    steps = len(demo_cast.SOLUTIONS) * 5
    for number in range(steps):
        stage.at(start + timedelta(minutes=minutes) * number / steps)
        person = dice.choice(here)
        if number % 6 == 0:
            text = demo_cast.PAINS[number // 6 % len(demo_cast.PAINS)]
            cards.append(pains.post_pain(person=person, text=text, client_id=uuid.uuid4()))
        solution = pains.post_solution(
            person=person,
            card=dice.choice(cards),
            text=demo_cast.SOLUTIONS[number % len(demo_cast.SOLUTIONS)],
            client_id=uuid.uuid4(),
        )
        solutions.append(solution)
        for fan in dice.sample(here, 3):
            pains.like(person=fan, solution=dice.choice(solutions))
    for solution in solutions[:6]:
        pains.feature(solution=solution, by=stage.host)


def afternoon(stage, event):
    """The whole afternoon as planned, a few minutes late towards the end."""
    until_the_break(stage, event)
    items = list(event.agenda.all())
    step(stage, event, items[4].starts_at)
    step(stage, event, items[5].starts_at + timedelta(minutes=3))
    workshop(stage, event, items[5].starts_at + timedelta(minutes=3))
    step(stage, event, items[6].starts_at + timedelta(minutes=4))
    step(stage, event, items[6].ends_at + timedelta(minutes=2))


def workshop(stage, event, start):
    """Groups, plans in twenty minutes, a mentor's marks, the vote of room and stream."""
    groups.form(event=event, by=stage.host)
    groups.publish(event=event, by=stage.host)
    formed = list(event.work_groups.select_related("event", "recorder__event"))
    phase = {phase.kind: phase for phase in event.phases.all()}
    phases.start_phase(phase=phase[Phase.Kind.DESIGN], by=stage.host)
    for number, group in enumerate(formed):
        stage.at(start + timedelta(minutes=10, seconds=20 * number))
        written = plans.save_plan(
            group=group, person=group.recorder, version=0, **demo_cast.plan(number)
        )
        # One group talks to the last second and does not hand in.
        if number != 1:
            plans.submit(group=group, person=written.writer)
    stage.at(start + timedelta(minutes=20))
    phases.start_phase(phase=phase[Phase.Kind.REVIEW], by=stage.host)
    for number, group in enumerate(formed):
        stage.at(start + timedelta(minutes=21, seconds=60 * number))
        judging.review(
            group=group,
            mentor=stage.mentor,
            need_fit=3 + number % 3,
            feasibility=5 - number % 3,
            follow_up=3 + number % 2,
            suggestion=demo_cast.SUGGESTIONS[number % len(demo_cast.SUGGESTIONS)],
        )
    stage.at(start + timedelta(minutes=40))
    phases.start_phase(phase=phase[Phase.Kind.VOTE], by=stage.host)
    everyone_votes(stage, event, formed, start + timedelta(minutes=41))
    stage.at(start + timedelta(minutes=49))
    judging.close_vote(event=event, by=stage.host)


def everyone_votes(stage, event, formed, start):
    dice = random.Random(event.slug + "vote")  # noqa: S311
    awards = list(Award.objects.filter(event=event))
    own = {
        member.participant_id: group.pk for group in formed for member in group.memberships.all()
    }
    voters = Participant.objects.filter(pk__in=own).select_related("event").order_by("pk")
    for number, voter in enumerate(voters):
        stage.at(start + timedelta(seconds=3 * number))
        for award in awards:
            choice = dice.choice([group for group in formed if group.pk != own[voter.pk]])
            judging.vote(person=voter, award=award, group=choice)


def afterwards(stage, event):
    """The survey is answered by most; the evaluation is computed the next morning."""
    event.refresh_from_db()
    dice = random.Random(event.slug + "survey")  # noqa: S311
    stage.at(event.ended_at + timedelta(minutes=5))
    surveys.open_survey(event=event)
    deliver(stage, event.ended_at + timedelta(hours=1))
    questions = list(event.survey.questions.all())
    came = Participant.objects.filter(pk__in=evaluation.attendee_ids(event)).select_related("event")
    for number, guest in enumerate(came):
        if number % 5 == 4:
            continue
        stage.at(event.ended_at + timedelta(hours=1, minutes=4 * number))
        surveys.answer(person=guest, answers=demo_cast.sheet(dice, questions))
    stage.at(event.ended_at + timedelta(hours=15))
    the_stream(stage, event, dice)
    stage.at(event.ended_at + timedelta(hours=16))
    evaluation.evaluate(event=event, by=stage.organiser)
    the_whitepaper(stage, event)
    thirty_days_later(stage, event, dice)


def the_stream(stage, event, dice):
    """The platform's export of the next morning, read like anybody's."""
    lines = ["用户昵称（入会昵称）,手机号,入会时间,退会时间"]
    online = Participant.objects.filter(event=event).online().confirmed()
    for person in online.order_by("pk"):
        joined = event.local(event.starts_at) + timedelta(minutes=dice.randrange(-10, 70))
        left = joined + timedelta(minutes=dice.randrange(20, 200))
        lines.append(f"{person.name},{person.mobile[3:]},{joined:%F %T},{left:%F %T}")
    content = "\n".join(lines).encode("utf-8-sig")
    look = stream_import.look(event=event, content=content, name="stream.csv")
    stream_import.commit(event=event, look=look, by=stage.organiser)


def the_whitepaper(stage, event):
    """Drafted a week later, without what nobody has written yet; claimed by forty."""
    stage.at(event.ended_at + timedelta(days=7))
    paper, _gone, _come = whitepaper.draft(event=event, by=stage.organiser)
    paper = whitepaper.save(
        paper=paper,
        edit_version=paper.edit_version,
        title=paper.title,
        sections=[
            {"module": part["module"], "title": part["title"], "text": part["text"], "was": place}
            for place, part in enumerate(paper.sections)
            if whitepaper.TO_BE_WRITTEN not in part["text"]
        ],
        by=stage.organiser,
    )
    whitepaper.publish(paper=paper, by=stage.organiser)
    readers = Participant.objects.filter(event=event).order_by("pk")[:40]
    for number, reader in enumerate(readers):
        stage.at(event.ended_at + timedelta(days=7, hours=number))
        found = claims.claim(
            event=event,
            email=reader.email,
            wants_news=number % 2 == 0,
            device=f"demo:{number}",
            person=reader if reader.email_proven_at else None,
        )
        if number % 5:  # the others have not opened their letter yet
            claims.prove(found)
    outbox.deliver_due()


def thirty_days_later(stage, event, dice):
    answered = Participant.objects.filter(event=event, active_rate__isnull=False).checked_in()
    for number, guest in enumerate(answered.select_related("event").order_by("pk")[:20]):
        stage.at(event.ended_at + timedelta(days=30, hours=1, minutes=number))
        rate = min(100, guest.active_rate + dice.choice([4, 8, 12, 15, 18]))
        follow_ups.answer(person=guest, active_rate=rate, note="")
    stage.at(event.ended_at + timedelta(days=31))
    evaluation.evaluate(event=event)
    report.publish(event=event, by=stage.organiser)


def accounts():
    """`[(label, value), …]` for the terminal; a fresh desk pass and fresh personal links each time."""
    lines = [(_("账号"), line) for line in demo_accounts.lines()]
    event = Event.objects.filter(slug=TODAY).first()
    if event is None:
        return lines
    _pass, token, pin = issue_desk_pass(event=event, desk=_("示例签到台"), by=None)
    lines += [(_("签到台链接"), f"{settings.PUBLIC_URL}/d/{token}"), (_("签到台 PIN"), pin)]
    people = Participant.objects.filter(event=event).confirmed()
    for label, room in (
        (_("个人链接·现场"), people.on_site()),
        (_("个人链接·线上"), people.online()),
    ):
        person = room.order_by("pk").first()
        if person:
            lines.append((label, settings.PUBLIC_URL + issue_link(participant=person)))
    return lines
