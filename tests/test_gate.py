"""What waits or is hidden is shown to its author alone: every live topic, every address of a guest.

The texts are found through what the rooms keep at the gate, the addresses through the URLconf, the
topics through the stream's own list: a new wall, page or kind of text is tested by being there.
"""

import contextlib
import logging
from datetime import timedelta

import pytest
from django.apps import apps
from django.core.files.base import ContentFile
from django.db import DatabaseError, models, transaction
from django.db.models import Q

from events import gate
from events.models import Event, Gate
from metrics import letters, whitepaper
from participants.models import Consent, InterestGroup, Participant, TagCard
from salon import clock, live
from tests import test_doors as doors
from workshops.models import (
    BlindBox,
    Draw,
    Icebreaker,
    LateDraft,
    Listing,
    Match,
    PainCard,
    Plan,
    PlanRow,
    Tip,
    VoteCount,
)

# Behind these stand guests and whoever passes by; behind all others the crew.
OPEN_TO_GUESTS = ("public", "event_page", "in_the_house", "guest", "person", "alumni")
# 林知夏 is in the group of her who wrote it all, and asked for a match by her; the other is not.
MATE, OTHER, PASSER_BY, AUTHOR = "person", "who_came", "nobody", "author"


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker):
    """The salon of test_doors, where 秦望舒 has written everything that there is to write."""
    logging.disable(logging.ERROR)
    with django_db_blocker.unblock(), transaction.atomic():
        world = doors.populate()
        write_everything(world)
        yield world
        transaction.set_rollback(True)
    logging.disable(logging.NOTSET)


@pytest.fixture(autouse=True)
def _may_ask(django_db_blocker):
    with django_db_blocker.unblock():
        yield


def write_everything(world):
    event, now = world.here, clock.now()
    qin = Participant.objects.get(event=event, name=doors.WORDS[0])
    lin = Participant.objects.get(pk=world.rows["person"])
    world.clients[AUTHOR], _token = doors.with_personal_link(qin)
    Participant.objects.filter(pk=qin.pk).update(organisation="拾光教育", expertise=["拉新"])
    for each in (qin, lin):
        for purpose in Consent.Purpose.values:
            each.consents.get_or_create(purpose=purpose, defaults={"given_at": now})
    group = InterestGroup.objects.create(event=event, name="教育·促活组")
    doors.checks_in(lin)
    TagCard.objects.filter(participant=qin).update(pain="没人说话", interest_group=group)
    pain = PainCard.objects.get(pk=world.rows["pain"])
    pain.solutions.update(featured_at=now)
    pain.solutions.get().likes.create(participant=lin)
    pain.solutions.create(participant=lin, text="我也遇到过")
    box = BlindBox.objects.create(
        event=event, slip_ids=[[pain.pk, None]], seed="ab" * 16, commitment="cd" * 32
    )
    Draw.objects.create(box=box, card=pain, position=1)
    ice = Icebreaker.objects.create(event=event, started_at=now, ends_at=now + timedelta(minutes=1))
    Tip.objects.create(
        icebreaker=ice,
        interest_group=group,
        participant=qin,
        text="先夸后问",
        finished_at=now,
        place=1,
    )
    other = Participant.objects.get(event=event, name="who came")
    Participant.objects.filter(pk=other.pk).update(status="confirmed")
    table = event.theme_tables.first()
    for each in (lin, other):
        Listing.objects.create(participant=each, table=table, offer="嘉宾", need="会议室")
    Match.objects.update_or_create(
        first=min(qin, other, key=lambda each: each.pk),
        second=max(qin, other, key=lambda each: each.pk),
        defaults={
            "reason": f"对方能提供：{doors.WORDS[4]}",
            "first_confirmed_at": now,
            "second_confirmed_at": now,
        },
    )
    event.questions.update(answered_at=None)
    event.questions.filter(kind="question").update(picked_at=now)
    plan = Plan.objects.get(group__event=event)
    plan.title, plan.submitted_at, plan.version = "七天不冷场", now, 3
    plan.elements = {each.key: "第一天先打招呼" for each in event.task_elements.all()}
    plan.save()
    PlanRow.objects.create(plan=plan, position=1, time_node="第一天", owner="组长", resources="卡")
    photo = plan.photos.get()
    photo.image.save("a.jpg", ContentFile(b"a picture"), save=False)
    photo.added_by = qin
    photo.save()
    LateDraft.objects.create(plan=plan, participant=qin, text={"title": "迟到的题目"}, at=now)
    for award in event.awards.all():
        VoteCount.objects.create(award=award, group=plan.group)
    # Its sections quote what the editor let stand; the names and pictures beside them are looked up.
    section = {"module": "cases", "title": "一", "text": "二", "source": "s"}
    section |= {"authors": [qin.pk], "photos": [photo.pk]}
    event.whitepapers.update(sections=[section])
    world.author, world.other, world.plan = qin, other, plan


class Canaries(dict):
    """{what is looked for in a page: the model it stands for}"""

    def put(self, model):
        word = f"金丝雀{len(self):03}号"
        self[word] = model
        return word


@contextlib.contextmanager
def at_the_gate(world, stand):
    """Everything that 秦望舒 wrote says a word of its own and stands like this at the gate."""
    canaries = Canaries()
    with doors.undone():
        for kept in gate.everything():
            for row in kept.rows(world.here):
                if kept.author(row) in (world.author, world.plan.group):
                    say(row, kept, canaries)
                    type(row).objects.filter(pk=row.pk).update(gate=stand)
        Match.objects.filter(Q(first=world.author) | Q(second=world.author)).update(
            reason=canaries.put(Match)
        )
        yield canaries


def say(row, kept, canaries):
    model, texts = type(row), {*kept.said(row), *kept.named(row)} - {""}
    lines = row.rows.all() if hasattr(row, "rows") else ()
    for each in (row, *lines):
        for field in each._meta.concrete_fields:
            value = getattr(each, field.attname)
            if isinstance(value, str) and value in texts:
                setattr(each, field.attname, canaries.put(model))
            elif isinstance(value, dict):
                said = {key: canaries.put(model) for key, text in value.items() if text in texts}
                setattr(each, field.attname, value | said)
        each.save()
    if picture := kept.picture(row):
        canaries[picture] = model
    assert not texts & {*kept.said(row), *kept.named(row)}, f"{row!r} keeps a text elsewhere"


def pages_of(world, role):
    """Every address of a guest as this one sees it: `[(route, text)]`; of a picture its address."""
    found = []
    for route, _door in doors.addresses(*OPEN_TO_GUESTS):
        path = world.path(route)
        response = doors.knock(world, role, path)
        kind = response.get("Content-Type", "")
        if kind.startswith(("text/", "application/json")):
            # Not the page's own address, which its choice of language comes back to.
            found.append((route, response.content.decode().replace(path, "")))
        elif kind.startswith("image/"):
            found.append((route, path))
    return found


def topics_of(world):
    return [
        (name, topic.render(world.here.slug))
        for name, topic in live._topics.items()
        if not name.startswith("test_")  # those that the tests of the stream itself show
    ]


def letters_to(person):
    """What a letter tells of those on the board."""
    everybody = list(Participant.objects.values_list("pk", flat=True))
    return [("digest", letters._new_people(person, everybody))]


def told(canaries, texts):
    return {(where, word) for where, text in texts for word in canaries if word in text}


@contextlib.contextmanager
def on_the_projector(world, *, plan=False, awards=False):
    """The plan itself on stage, or the awards, or neither: then all groups."""
    with doors.undone():
        world.plan.group.on_stage = plan
        world.plan.group.save()
        if awards:
            result = {"votes": {str(world.plan.group_id): 3}, "tied": [], "broken_by": ""}
            result |= {"mentor_means": {}, "lot_seed": None}
            world.here.awards.update(winner=world.plan.group, closed_at=clock.now(), result=result)
        yield


@pytest.mark.parametrize("stand", [Gate.WAITING, Gate.HIDDEN])
@pytest.mark.parametrize("shown", [{"plan": True}, {"awards": True}, {}], ids=str)
def test_what_waits_or_is_hidden_is_on_no_wall_and_on_nobody_elses_phone(world, stand, shown):
    with at_the_gate(world, stand) as canaries, on_the_projector(world, **shown):
        assert told(canaries, topics_of(world)) == set()
        for role in (OTHER, PASSER_BY):
            assert told(canaries, pages_of(world, role)) == set(), role
        assert told(canaries, letters_to(world.other)) == set()
        # Who writes the plan together reads it together, but not what came late from another hand.
        seen = {canaries[word] for _where, word in told(canaries, pages_of(world, MATE))}
        assert {model._meta.model_name for model in seen} <= {"plan", "planphoto"}


@pytest.mark.parametrize("stand", [Gate.WAITING, Gate.HIDDEN])
def test_its_author_goes_on_seeing_it(world, stand):
    with at_the_gate(world, stand) as canaries:
        seen = {word for _where, word in told(canaries, pages_of(world, AUTHOR))}
        unseen = {canaries[word]._meta.model_name for word in canaries if word not in seen}
        # A match's reason is quoted once both may be read.
        assert unseen <= {"match"}


def test_what_is_on_show_is_seen_or_the_tests_above_would_find_nothing(world):
    with at_the_gate(world, Gate.SHOWN) as canaries:
        seen = set()
        for shown in ({"plan": True}, {"awards": True}, {}):
            with on_the_projector(world, **shown):
                seen |= told(canaries, topics_of(world))
        for role in (OTHER, MATE):
            seen |= told(canaries, pages_of(world, role))
        seen |= told(canaries, letters_to(world.other))
        unseen = {canaries[word]._meta.model_name for word in canaries} - {
            canaries[word]._meta.model_name for _where, word in seen
        }
        assert unseen == set()


def test_every_kind_that_an_event_decides_about_is_kept_at_the_gate(world):
    with at_the_gate(world, Gate.WAITING) as canaries:
        waiting = gate.waiting(world.here)
        assert {entry.kept.kind for entry in waiting} == set(gate.Kind)
        said = " ".join(text for entry in waiting for text in (*entry.texts, entry.picture))
        assert {word for word in canaries if word not in said} <= {
            word for word, model in canaries.items() if model is Match
        }


def test_a_draft_of_the_whitepaper_quotes_only_what_is_on_show(world):
    for stand, quoted in ((Gate.WAITING, False), (Gate.HIDDEN, False), (Gate.SHOWN, True)):
        with at_the_gate(world, stand) as canaries:
            world.here.questions.update(answered_at=clock.now())
            event = Event.objects.get(pk=world.here.pk)
            sections = [source.as_section() for source in whitepaper.gather(event)]
            assert bool(told(canaries, [("draft", str(sections))])) is quoted, stand


# What others may read of a guest without anybody's eye on it, and why.
NOT_AT_THE_GATE = {
    ("workshops.WorkGroup", "name"): "given by the crew",
    ("participants.Participant", "mobile"): "to who both agreed with, by consent",
    ("participants.Participant", "email"): "to who both agreed with, by consent",
}


def texts_of(model):
    """The columns of a model that hold what somebody wrote: not what is chosen, nor a key."""
    for field in model._meta.concrete_fields:
        of = getattr(field, "base_field", field)
        is_text = isinstance(of, (models.CharField, models.TextField, models.JSONField))
        if is_text and not of.choices and not field.unique and not isinstance(of, models.SlugField):
            yield field


def rows_by(author):
    """Every row of the house that names this person as who wrote it, and the person."""
    yield author
    for model in apps.get_models():
        if model._meta.app_label not in ("events", "participants", "workshops", "metrics"):
            continue
        for field in model._meta.concrete_fields:
            if field.related_model is Participant:
                yield from model.objects.filter(**{field.name: author})


def with_a_canary(value, canaries, name):
    """The value with every text in it exchanged for a canary; None where there is none."""
    if isinstance(value, str):
        return canaries.put(name) if value else None
    if isinstance(value, list):
        return [with_a_canary(each, canaries, name) or each for each in value]
    if isinstance(value, dict):
        return {key: with_a_canary(each, canaries, name) or each for key, each in value.items()}
    return None


def test_no_column_that_a_guest_fills_reaches_others_but_by_the_gate(world):
    """Every column, whether it is kept at the gate or not: what waits is nowhere, so a text that is
    somewhere has come by another way."""
    canaries, filled = Canaries(), set()
    with doors.undone():
        for kept in gate.everything():
            kept.rows(world.here).update(gate=Gate.WAITING)
        for row in list(rows_by(world.author)):
            for field in texts_of(type(row)):
                name = (row._meta.label, field.name)
                value = with_a_canary(getattr(row, field.attname), canaries, name)
                if not value or name in NOT_AT_THE_GATE:
                    continue
                with contextlib.suppress(DatabaseError), transaction.atomic():
                    type(row).objects.filter(pk=row.pk).update(**{field.attname: value})
                    filled.add(name)
        seen = set()
        for shown in ({"plan": True}, {"awards": True}, {}):
            with on_the_projector(world, **shown):
                seen |= told(canaries, topics_of(world))
        for role in (OTHER, PASSER_BY):
            seen |= told(canaries, pages_of(world, role))
        seen |= told(canaries, letters_to(world.other))
    assert {(where, canaries[word]) for where, word in seen} == set()
    # Not vacuous: what everybody writes was among it.
    wrote = {
        (f"workshops.{model}", "text") for model in ("PainCard", "Solution", "Question", "Tip")
    }
    wrote |= {("participants.TagCard", "expertise"), ("workshops.Listing", "offer")}
    assert {("participants.Participant", "name"), *wrote} <= filled
