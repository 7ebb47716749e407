"""What the charts show, as counts: frozen with each evaluation, naming nobody.

Drawn by templates/metrics/_chart_*.html as SVG on the server; the numbers stand beside the bars.
"""

from collections import Counter, defaultdict
from datetime import timedelta

from django.utils.translation import pgettext_lazy

from metrics.contributions import ATTENDEES, CONTRIBUTIONS, KINDS, rows
from participants.models import Category

# Applied → … → answered: how many of those who applied came so far (walk-ins apart).
STEPS = (
    ("applied", pgettext_lazy("漏斗", "报名")),
    ("accepted", pgettext_lazy("漏斗", "通过")),
    ("confirmed", pgettext_lazy("漏斗", "确认")),
    ("came", pgettext_lazy("漏斗", "到场")),
    ("active", pgettext_lazy("漏斗", "互动")),
    ("answered", pgettext_lazy("漏斗", "答问卷")),
)
ARRIVAL_STEP = timedelta(minutes=5)
MOST_ARRIVAL_STEPS = 48


def draw_up(event):
    """All charts of an event as one JSON-able dict."""
    people = _people(event)
    return {
        "by_category": _funnel(people, "category", _category_order(event)),
        "by_channel": _funnel(people, "channel", None),
        "arrivals": arrivals(event),
        "agenda": over_the_agenda(event),
        "rooms": room_and_stream(event),
    }


_PEOPLE = (
    ATTENDEES
    + """
    SELECT coalesce(k.key, ''), coalesce(k.name, ''), coalesce(ch.label, ''),
           count(*) AS applied,
           count(*) FILTER (WHERE p.status IN ('accepted', 'offered', 'confirmed') OR EXISTS (
               SELECT FROM participants_statuschange s WHERE s.participant_id = p.id
                  AND s.after IN ('accepted', 'offered', 'confirmed'))) AS accepted,
           count(*) FILTER (WHERE p.status = 'confirmed' OR EXISTS (
               SELECT FROM participants_statuschange s WHERE s.participant_id = p.id
                  AND s.after = 'confirmed')) AS confirmed,
           count(*) FILTER (WHERE p.id IN (SELECT id FROM attendee)) AS came,
           count(*) FILTER (WHERE p.id IN (SELECT id FROM attendee)
                AND p.id IN (SELECT participant_id FROM contribution)) AS active,
           count(*) FILTER (WHERE EXISTS (
               SELECT FROM metrics_surveyticket t WHERE t.participant_id = p.id AND t.answered))
               AS answered
      FROM participants_participant p
      LEFT JOIN participants_category k ON k.id = p.category_id
      LEFT JOIN participants_channel ch ON ch.id = p.channel_id
     WHERE p.event_id = %(event)s AND p.source <> 'walk_in'
     GROUP BY 1, 2, 3
    """
)


def _people(event):
    return [
        {"category": (key, name), "channel": ("", channel), "counts": counts}
        for key, name, channel, *counts in rows(_PEOPLE, event)
    ]


def _category_order(event):
    return list(Category.objects.filter(event=event).values_list("key", flat=True))


def _funnel(people, by, order):
    """[{"label", "cat", "counts": [applied, …, answered]}, …], the largest first unless ordered."""
    sums = defaultdict(lambda: [0] * len(STEPS))
    for group in people:
        sums[group[by]] = [a + b for a, b in zip(sums[group[by]], group["counts"], strict=True)]
    found = [{"label": name, "cat": key, "counts": counts} for (key, name), counts in sums.items()]
    if order is not None:
        return sorted(found, key=lambda line: order.index(line["cat"]))
    return sorted(found, key=lambda line: (-line["counts"][0], line["label"]))


def arrivals(event):
    """Check-ins per five minutes, from the first to the last: {"from": ISO, "minutes": 5,
    "counts": […]}; no counts when nobody was checked in."""
    times = [
        at
        for (at,) in rows(
            "SELECT at FROM participants_checkin"
            " WHERE event_id = %(event)s AND voided_at IS NULL ORDER BY at",
            event,
        )
    ]
    if not times:
        return {"from": None, "minutes": 5, "counts": []}
    first = times[0].replace(second=0, microsecond=0)
    first -= timedelta(minutes=first.minute % 5)
    # A single straggler in the evening must not squeeze the half hour that matters.
    counts = Counter(min((at - first) // ARRIVAL_STEP, MOST_ARRIVAL_STEPS - 1) for at in times)
    return {
        "from": first.isoformat(),
        "minutes": 5,
        "counts": [counts[step] for step in range(max(counts) + 1)],
    }


def over_the_agenda(event):
    """Contributions during each item, from room and stream: [{"title", "at": ISO, "interactive",
    "room", "stream"}, …]; what carries no time (votes) is not among them."""
    found = rows(
        f"""
        WITH contribution AS ({CONTRIBUTIONS})
        SELECT a.title, a.from_at, a.interactive,
               count(c.at) FILTER (WHERE k.id IS NOT NULL),
               count(c.at) FILTER (WHERE k.id IS NULL)
          FROM (SELECT id, title, interactive, coalesce(started_at, starts_at) AS from_at,
                       lead(coalesce(started_at, starts_at))
                           OVER (ORDER BY coalesce(started_at, starts_at), id) AS until
                  FROM events_agendaitem WHERE event_id = %(event)s) a
          LEFT JOIN contribution c ON c.at >= a.from_at AND (a.until IS NULL OR c.at < a.until)
          LEFT JOIN participants_checkin k
            ON k.participant_id = c.participant_id AND k.voided_at IS NULL
         GROUP BY a.id, a.title, a.from_at, a.interactive ORDER BY a.from_at, a.id
        """,
        event,
    )
    return [
        {
            "title": title,
            "at": at.isoformat(),
            "interactive": interactive,
            "room": room,
            "stream": stream,
        }
        for title, at, interactive, room, stream in found
    ]


def room_and_stream(event):
    """Who came and what they did, room beside stream: {"came": [room, stream], "active": […],
    "kinds": [[kind, room, stream], …]}. In the room is who was checked in; guests of the stream
    count as stream."""
    ((room, stream, active_room, active_stream),) = rows(
        ATTENDEES
        + """
        SELECT count(*) FILTER (WHERE in_room), count(*) FILTER (WHERE NOT in_room),
               count(*) FILTER (WHERE in_room AND active),
               count(*) FILTER (WHERE NOT in_room AND active)
          FROM (SELECT in_room, id IN (SELECT participant_id FROM contribution) AS active
                  FROM attendee) a
        """,
        event,
    )
    kinds = {
        what: [in_room, on_stream]
        for what, in_room, on_stream in rows(
            f"""
            WITH contribution AS ({CONTRIBUTIONS})
            SELECT c.what, count(k.id), count(*) - count(k.id)
              FROM contribution c LEFT JOIN participants_checkin k
                ON k.participant_id = c.participant_id AND k.voided_at IS NULL
             GROUP BY c.what
            """,
            event,
        )
    }
    return {
        "came": [room, stream],
        "active": [active_room, active_stream],
        "kinds": [[kind, *kinds[kind]] for kind in KINDS if kind in kinds],
    }
