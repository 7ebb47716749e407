"""The monthly online review of a series: an hour on the stream, light to set up, one a month.

Composition: it is founded like a salon, belongs to the series, and invites its alumni.
"""

from copy import deepcopy
from datetime import time, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from events.models import Crew, Event, Series
from metrics import going_on
from salon import blueprint, clock
from salon.errors import Refused

STARTS = time(20)
SEATS = 200
# What the default salon has and an hour online does not need.
LEFT_OUT = ("prep_groups", "milestones", "materials", "staff_roles", "risk_plans")
AGENDA = (
    (0, 10, "opening", "开场：上月回顾", "主持人", False),
    (10, 30, "roundtable", "案例复盘：用了白皮书里的哪一招", "轮流分享与提问", True),
    (40, 20, "break", "供需对接", "在线写供需、发起对接", True),
)


def reviews_of(series):
    """The series' reviews that stand, the newest month first."""
    return Event.objects.reviews().filter(series=series).order_by("-review_month")


def proposed_date(event):
    """The event's weekday, four weeks on or later: the first that is neither past nor in the
    event's own month nor in a month that has its review."""
    taken = {month_of(event.date), *reviews_of(event.series).values_list("review_month", flat=True)}
    today = event.local(clock.now()).date()
    day = event.date + timedelta(weeks=4)
    while day <= today or month_of(day) in taken:
        day += timedelta(weeks=1)
    return day


def month_of(day):
    return day.replace(day=1)


def new_review(*, series, date, starts=STARTS, timezone="Asia/Shanghai", slug="", by=None):
    """Create the series' online review of that month as a draft, ready to edit; `by` and the
    organisers of the series' newest salon organise it. Date and time are those of `timezone`; without a slug one is made.

    Raises Refused("month") when the month has its review, Refused("slug") for a taken address.
    """
    month = month_of(date)
    with transaction.atomic():
        # The series' row decides between two who press at once.
        series = Series.objects.select_for_update().get(pk=series.pk)
        if known := reviews_of(series).filter(review_month=month).first():
            raise Refused(
                "month",
                _("%(month)s 已经有一场线上复盘：%(title)s。一个月一场就够了。")
                % {"month": f"{month:%Y-%m}", "title": known.title},
            )
        event = blueprint.new_salon(
            slug=slug or _free_slug(series, month),
            title=_("%(series)s·线上复盘 %(month)s")
            % {"series": series.title[:90], "month": f"{month:%Y-%m}"},
            date=date,
            venue=_("线上"),
            document=short_document(starts=starts, timezone=timezone),
            by=by,
        )
        _bring_organisers(event, series)
        event.series, event.review_month = series, month
        event.save(update_fields=["series", "review_month"])
    return event


def new_review_with_invitations(*, series, by, **given):
    """`new_review`, and its invitations prepared; they wait for the organiser's release.

    Returns the event and how many letters.
    """
    with transaction.atomic():
        event = new_review(series=series, by=by, **given)
        return event, going_on.invite_alumni(event=event, by=by)


def _bring_organisers(event, series):
    newest = series.event_set.first()
    if newest is None:
        return
    organisers = newest.crew.filter(role=Crew.Role.ORGANISER).values_list("user", flat=True)
    Crew.objects.bulk_create(
        [Crew(event=event, user_id=pk, role=Crew.Role.ORGANISER) for pk in organisers],
        ignore_conflicts=True,
    )


def _free_slug(series, month):
    stem = f"{series.slug[:44]}-{month:%Y-%m}"
    taken = set(Event.objects.filter(slug__startswith=stem).values_list("slug", flat=True))
    slug, number = stem, 1
    while slug in taken:
        number += 1
        slug = f"{stem}-{number}"
    return slug


def short_document(*, starts, timezone):
    """The default salon cut down to an hour online."""
    document = deepcopy(blueprint.default_document())
    events = document["events"]
    events["event"] |= {
        "starts": f"{starts:%H:%M}",
        "minutes": 60,
        "timezone": timezone,
        "theme": "一个月一次，看看用上了什么",
        "description": "一小时线上复盘：上月做了什么，哪一招有用，下月一起试什么。",
        "on_site_capacity": 0,
        "online_capacity": SEATS,
    }
    events["agenda"] = [
        {
            "at": at,
            "minutes": minutes,
            "kind": kind,
            "title": title,
            "form": form,
            "interactive": interactive,
            "cue": "",
        }
        for at, minutes, kind, title, form, interactive in AGENDA
    ]
    for name in LEFT_OUT:
        events[name] = []
    return document
