"""A salon with many contributions, evaluated once; prints seconds as JSON. Run by
bench_evaluation in a process and a database of its own."""

import json
import os
import sys
import time

import django


def fill(contributions):
    """Five thousand people, half of them online; solutions, likes, questions, danmaku, visits."""
    from django.db import connection

    from events.models import Event
    from metrics import blueprint as metrics
    from salon import clock
    from workshops import blueprint as workshops

    now = clock.now()
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO events_event (slug, title, theme, description, venue, route, stream_link,
                timezone, starts_at, ends_at, on_site_capacity, online_capacity,
                confirmation_hours, offer_hours, interactive_target_percent, status, tag_regions,
                self_check_in, version, created_at)
            VALUES ('bench', 'bench', '', '', '', '', '', 'Asia/Shanghai', %s - interval '6 hours',
                %s - interval '90 minutes', 2500, 2500, 72, 24, 60, 'published', 'industry',
                false, 1, %s)
            """,
            [now, now, now],
        )
        event = Event.objects.get()
        for room in (workshops, metrics):
            room.build(event, room.DEFAULT, now=now)
        event.categories.create(key="core", name="core", share_percent=100)
        contribute(cursor, event, people=5000, contributions=contributions)
        cursor.execute("ANALYZE")
    return event


def contribute(cursor, event, *, people, contributions):
    """Fill an event that is alone in the house."""
    category = event.categories.order_by("pk").first()
    given = {"event": event.pk, "category": category.pk, "n": contributions, "people": people}
    for statement in STATEMENTS:
        cursor.execute(statement, given)


STATEMENTS = (
    """
    INSERT INTO participants_participant (event_id, category_id, source, name, pinyin, mobile,
        email, organisation, job_title, industry, active_rate, creator_field, can_bring,
        cooperation_need, resource_offer, expertise, expectation, online, status, told_reason,
        status_changed_at, score, code, source_key, note, submitted_at, version)
    SELECT %(event)s, %(category)s, 'form', 'p' || i, 'p' || i, '', 'p' || i || '@example.com', '',
        '', 'internet', 40, '', '', '', '', '{}', '', i %% 2 = 0, 'confirmed', '', now(), 0,
        translate((100000 + i)::text, '01', 'XY'), '', '', now() - interval '20 days', 1
      FROM generate_series(1, %(people)s) i
    """,
    """
    INSERT INTO participants_checkin (event_id, participant_id, desk_name, operator, method, at,
        received_at, void_reason)
    SELECT %(event)s, id, '', '', 'qr', now() - interval '6 hours', now(), ''
      FROM participants_participant WHERE NOT online AND id %% 10 <> 0
    """,
    """
    INSERT INTO workshops_paincard (event_id, participant_id, text, topic, created_at)
    SELECT %(event)s, id, 'pain', '', now() - interval '4 hours'
      FROM participants_participant WHERE id %% (%(people)s / 500) = 1
    """,
    """
    INSERT INTO workshops_solution (card_id, participant_id, text, created_at)
    SELECT (SELECT min(id) FROM workshops_paincard) + i %% 500,
           (SELECT min(id) FROM participants_participant) + i %% %(people)s, 'solution',
           now() - interval '5 hours' + i * interval '0.1 seconds'
      FROM generate_series(1, %(n)s / 5) i
    """,
    """
    INSERT INTO workshops_solutionlike (solution_id, participant_id, at)
    SELECT (SELECT min(id) FROM workshops_solution) + i %% (%(n)s / 5),
           (SELECT min(id) FROM participants_participant) + (i * 7 + i / (%(n)s / 5)) %% %(people)s,
           now() - interval '4 hours' + i * interval '0.1 seconds'
      FROM generate_series(1, %(n)s * 2 / 5) i
    ON CONFLICT DO NOTHING
    """,
    """
    INSERT INTO workshops_question (event_id, participant_id, kind, text, gate, online, created_at)
    SELECT %(event)s, (SELECT min(id) FROM participants_participant) + i %% %(people)s,
           CASE WHEN i %% 5 = 0 THEN 'question' ELSE 'danmaku' END, '?', 'shown', i %% 3 = 0,
           now() - interval '5 hours' + i * interval '0.1 seconds'
      FROM generate_series(1, %(n)s * 2 / 5) i
    """,
    """
    INSERT INTO metrics_streamimport (event_id, kind, filename, file_digest, counts, at)
    VALUES (%(event)s, 'visits', '', 'bench', '{}', now())
    """,
    """
    INSERT INTO metrics_streamvisit (source_id, participant_id, viewer, joined_at, left_at)
    SELECT (SELECT max(id) FROM metrics_streamimport), p.id, int8send(p.id),
           now() - interval '6 hours' + i * interval '40 minutes',
           now() - interval '5 hours' + i * interval '40 minutes'
      FROM participants_participant p, generate_series(0, 3) i WHERE p.online
    """,
)


def main(contributions):
    from django.core.management import call_command

    from metrics import evaluation

    call_command("migrate", verbosity=0)
    event = fill(contributions)
    start = time.perf_counter()
    evaluation.measure(event)
    figures = time.perf_counter() - start
    start = time.perf_counter()
    made = evaluation.evaluate(event=event)
    seconds = time.perf_counter() - start
    counted = made.facts["contributions"]
    if counted < contributions * 0.99:
        raise RuntimeError(f"only {counted} contributions")
    print(json.dumps({"contributions": counted, "figures": figures, "evaluation": seconds}))


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "salon.settings")
    django.setup()
    main(int(sys.argv[1]))
