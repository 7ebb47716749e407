"""Who came and what they contributed: the two sets nearly every metric is counted from.

SQL fragments with `%(event)s`, so that a hundred thousand contributions never leave the database.
"""

from django.db import connection
from django.utils.translation import gettext_lazy as _

# SALON §7: what counts as a contribution.
KINDS = {
    "solution": _("解决方案"),
    "like": _("点赞"),
    "question": _("提问"),
    "danmaku": _("弹幕"),
    "tip": _("破冰技巧"),
    "offer": _("资源供给"),
    "plan": _("编写方案"),
    "vote": _("投票"),
}

# One row per thing that a person contributed: (participant, what, at).
CONTRIBUTIONS = """
    SELECT s.participant_id, 'solution' AS what, s.created_at AS at
      FROM workshops_solution s JOIN workshops_paincard c ON c.id = s.card_id
     WHERE c.event_id = %(event)s AND s.gate <> 'hidden'
    UNION ALL
    SELECT l.participant_id, 'like', l.at
      FROM workshops_solutionlike l JOIN workshops_solution s ON s.id = l.solution_id
      JOIN workshops_paincard c ON c.id = s.card_id WHERE c.event_id = %(event)s
    UNION ALL
    SELECT participant_id, kind, created_at FROM workshops_question
     WHERE event_id = %(event)s AND gate <> 'hidden'
    UNION ALL
    SELECT l.participant_id, 'danmaku', l.at
      FROM metrics_chatline l JOIN metrics_streamimport i ON i.id = l.source_id
     WHERE i.event_id = %(event)s AND i.undone_at IS NULL AND NOT l.repeated
    UNION ALL
    SELECT t.participant_id, 'tip', t.finished_at
      FROM workshops_tip t JOIN workshops_icebreaker i ON i.id = t.icebreaker_id
     WHERE i.event_id = %(event)s
    UNION ALL
    SELECT o.participant_id, 'offer', o.updated_at
      FROM workshops_listing o JOIN participants_participant p ON p.id = o.participant_id
     WHERE p.event_id = %(event)s AND o.offer <> ''
    UNION ALL
    SELECT e.participant_id, 'plan', e.at
      FROM workshops_planedit e JOIN workshops_plan n ON n.id = e.plan_id
      JOIN workshops_workgroup g ON g.id = n.group_id WHERE g.event_id = %(event)s
    UNION ALL
    SELECT v.participant_id, 'vote', NULL
      FROM workshops_voteticket v JOIN workshops_award a ON a.id = v.award_id
     WHERE a.event_id = %(event)s
"""

# One row per solution with whether it hangs on the wall: it and its card are on show, and so is the
# card which that one was merged into (workshops.pains says the same).
SOLUTIONS = """
    SELECT s.id, s.text, s.participant_id, s.featured_at, s.created_at, c.text AS pain,
           s.gate = 'shown' AND c.gate = 'shown'
               AND coalesce(top.gate, 'shown') = 'shown' AS shown
      FROM workshops_solution s JOIN workshops_paincard c ON c.id = s.card_id
      LEFT JOIN workshops_paincard top ON top.id = c.merged_into_id
     WHERE c.event_id = %(event)s
"""

# Whether p was given their seat at the door, newcomer or applicant: they are counted apart.
WALKED_IN = """
    (p.source = 'walk_in' OR EXISTS (SELECT FROM participants_checkin w
                                      WHERE w.participant_id = p.id AND w.method = 'walk_in'))
"""

# Whether claim w of the whitepaper counts: its address was reached, or the participant whose own page
# it was claimed on (WhitepaperClaimQuerySet.proven says the same).
CLAIM_IS_PROVEN = """
    (w.proven_at IS NOT NULL OR EXISTS (
        SELECT FROM participants_participant c WHERE c.id = w.participant_id
           AND (c.mobile_proven_at IS NOT NULL OR c.email_proven_at IS NOT NULL)))
"""
# Whether it is that of participant a, who may have proven the address only afterwards.
CLAIM_IS_THEIRS = f"""
    (w.event_id = a.event_id AND {CLAIM_IS_PROVEN} AND (w.participant_id = a.id
        OR w.participant_id IS NULL AND w.email <> '' AND w.email = a.email
           AND a.email_proven_at IS NOT NULL))
"""

# Who came: checked in at the door, seen on the stream, or an online person who contributed.
# `in_room` were those who were checked in, whatever they had signed up for.
ATTENDEES = f"""
    WITH contribution AS ({CONTRIBUTIONS}),
    visit AS (
        SELECT v.participant_id FROM metrics_streamvisit v
          JOIN metrics_streamimport i ON i.id = v.source_id
          JOIN events_event e ON e.id = i.event_id
         WHERE i.event_id = %(event)s AND i.undone_at IS NULL
           AND v.joined_at < e.ends_at AND v.left_at > e.starts_at AND v.left_at > v.joined_at
    ),
    attendee AS (
        SELECT p.*, c.id IS NOT NULL AS in_room
          FROM participants_participant p
          LEFT JOIN participants_checkin c ON c.participant_id = p.id AND c.voided_at IS NULL
         WHERE p.event_id = %(event)s AND (c.id IS NOT NULL OR p.id IN (SELECT participant_id FROM visit)
            OR p.online AND p.id IN (SELECT participant_id FROM contribution))
    )
"""


def attendee_ids(event):
    """Ids of everyone who came, room and stream alike."""
    with connection.cursor() as cursor:
        cursor.execute(ATTENDEES + "SELECT id FROM attendee ORDER BY id", {"event": event.pk})
        return [pk for (pk,) in cursor.fetchall()]


def row(sql, event, **given):
    """The one row of a statement about an event."""
    with connection.cursor() as cursor:
        cursor.execute(sql, {"event": event.pk, **given})
        return cursor.fetchone()


def rows(sql, event, **given):
    """All rows of a statement about an event."""
    with connection.cursor() as cursor:
        cursor.execute(sql, {"event": event.pk, **given})
        return cursor.fetchall()
