"""The default salon, and the way from an event to a document and back."""

from datetime import date, timedelta

import pytest
from django.core.serializers.json import DjangoJSONEncoder

from events import agenda, blueprint
from events.models import Event, PrepMember
from events.tests.scenes import DAY, SHANGHAI, a_salon, at, times
from salon import clock

pytestmark = pytest.mark.django_db


def test_a_new_salon_has_the_afternoon_of_the_plan():
    event = a_salon()
    assert times(event) == [
        ("签到入场", "13:30", "14:00"),
        ("开场致辞", "14:00", "14:20"),
        ("主题分享一：用户分层互动策略", "14:20", "15:20"),
        ("茶歇与资源对接", "15:20", "15:50"),
        ("主题分享二：数据驱动的互动优化", "15:50", "16:50"),
        ("共创工作坊", "16:50", "17:40"),
        ("圆桌对话与总结", "17:40", "18:00"),
    ]
    share = agenda.programme(event).share
    assert (share.interactive, share.total, share.percent, share.met) == (190, 270, 70, True)
    assert all(item.cue and item.form for item in event.agenda.all())


def test_its_preparation_is_dated_from_the_day():
    event = a_salon()
    due = {(m.days_before, m.due_on) for m in event.milestones.all()}
    assert due == {
        (60, date(2026, 10, 20)),
        (30, date(2026, 11, 19)),
        (14, date(2026, 12, 5)),
        (7, date(2026, 12, 12)),
        (1, date(2026, 12, 18)),
    }
    assert event.milestones.count() == 16
    assert dict(event.prep_groups.values_list("name", "size")) == {
        "策划组": 2,
        "执行组": 3,
        "宣传组": 2,
        "物料组": 2,
        "技术组": 2,
    }
    assert dict(event.staff_roles.values_list("name", "count")) == {
        "主持人": 1,
        "场务": 2,
        "摄影": 1,
        "技术": 2,
    }
    risks = event.risk_plans.values_list("risk", flat=True)
    assert set(risks) == {
        "speaker_absent", "projector", "stream", "network", "too_many", "too_few",
    }  # fmt: skip
    assert all(p.prevention and p.response and p.owner for p in event.risk_plans.all())


def test_what_is_needed_follows_from_people_and_groups():
    event = a_salon()
    needed = {m.name: m.needed(heads=48, groups=9) for m in event.materials.all()}
    assert needed["标签卡"] == needed["运营工具包"] == needed["活动手册"] == 48
    assert needed["白板"] == 9
    assert needed["彩色马克笔"] == 54
    assert needed["签到墙"] == needed["备用 4G 路由器"] == 1


def test_registration_opens_a_month_before_and_closes_three_days_before():
    event = a_salon()
    assert event.registration_opens_at == at("10:00", DAY - timedelta(days=30))
    assert event.registration_closes_at == at("20:00", DAY - timedelta(days=3))


def test_a_salon_made_the_evening_before_takes_applications_until_the_doors_open():
    event = a_salon()
    tonight = DAY - timedelta(hours=18)
    blueprint.build(Event.objects.get(pk=event.pk), frame_only(), now=tonight)
    event.refresh_from_db()
    assert event.registration_closes_at is None
    assert event.registration_is_open(tonight)
    assert not event.registration_is_open(DAY)


def frame_only():
    lists = ("agenda", "prep_groups", "milestones", "materials", "staff_roles", "risk_plans")
    return blueprint.DEFAULT | {name: [] for name in lists}


def test_recording_what_was_built_gives_the_document_back():
    event = a_salon(route="地铁 11 号线云锦路站 2 号口")
    part = blueprint.record(event)
    DjangoJSONEncoder().encode(part)
    for name in ("agenda", "prep_groups", "milestones", "materials", "staff_roles", "risk_plans"):
        assert part[name] == blueprint.DEFAULT[name], name
    frame = part["event"]
    assert {name: frame[name] for name in blueprint.DEFAULT["event"]} == blueprint.DEFAULT["event"]
    assert frame["route"] == "地铁 11 号线云锦路站 2 号口"


def test_people_and_the_day_s_delays_stay_behind():
    event = a_salon()
    PrepMember.objects.create(group=event.prep_groups.get(name="策划组"), name="沈曼青")
    event.risk_plans.filter(risk="network").update(owner="周予安")
    first = event.agenda.first()
    agenda.start(event=event, item_id=first.pk, seen=0, by=None)
    agenda.extend(
        event=event, item_id=first.pk, minutes=15, how="along", seen=agenda.seen_of(event), by=None
    )
    part = blueprint.record(Event.objects.get(pk=event.pk))
    assert part["agenda"] == blueprint.DEFAULT["agenda"]
    assert part["event"]["minutes"] == 270
    assert "沈曼青" not in str(part)
    assert "周予安" not in str(part)


def test_what_was_put_in_on_the_day_goes_along_and_the_rest_makes_way():
    event = a_salon()
    agenda.start(event=event, item_id=event.agenda.first().pk, seen=0, by=None)
    event.refresh_from_db()
    rest = event.agenda.get(kind="break")
    drafts = [
        agenda.Draft(id=item.pk, **{name: getattr(item, name) for name in agenda.Draft.FIELDS})
        for item in event.agenda.exclude(pk=rest.pk)
    ]
    for pk, title, start, end in (
        (rest.pk, rest.title, "15:30", "15:50"),
        (None, "抽奖", "15:20", "15:30"),
    ):
        drafts.append(
            agenda.Draft(id=pk, kind="break", title=title, starts_at=at(start), ends_at=at(end))
        )
    agenda.save_agenda(event=event, drafts=drafts, version=event.version, by=None)
    event.refresh_from_db()
    part = blueprint.record(event)
    assert [(row["title"][:2], row["at"], row["minutes"]) for row in part["agenda"]][2:6] == [
        ("主题", 50, 60), ("抽奖", 110, 10), ("茶歇", 120, 30), ("主题", 150, 60),
    ]  # fmt: skip
    assert part["event"]["minutes"] == 280
    later = DAY + timedelta(days=60)
    clone = Event.objects.create(
        slug="summer", title="续", starts_at=later, ends_at=later + timedelta(minutes=280)
    )
    blueprint.build(clone, part, now=clock.now())
    assert [title for title, _start, _end in times(clone)][3:5] == ["抽奖", "茶歇与资源对接"]


def test_the_route_goes_along_only_to_the_same_venue():
    part = blueprint.record(a_salon(route="云锦路站 2 号口")) | {
        name: []
        for name in (
            "agenda",
            "prep_groups",
            "milestones",
            "materials",
            "staff_roles",
            "risk_plans",
        )
    }
    later = DAY.astimezone(SHANGHAI) + timedelta(days=60)
    for slug, venue, route in [
        ("same", "徐汇滨江 · 西岸艺术中心", "云锦路站 2 号口"),
        ("other", "杨浦滨江", ""),
    ]:
        event = Event.objects.create(
            slug=slug, title="续", venue=venue, starts_at=later, ends_at=later + timedelta(hours=1)
        )
        blueprint.build(event, part, now=clock.now())
        assert event.route == route
