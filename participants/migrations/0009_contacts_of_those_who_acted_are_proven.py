"""Who opened their own page, confirmed or came, was reached: their contacts are proven.

Only what is on record: a step of their own in the audit trail or in the history of their status,
that they stand as confirmed and no organiser did it for them, or a check-in. Having applied is
none, anybody may type anybody's address.
"""

from django.db import migrations

PROVE = """
    WITH shown AS (
        SELECT substr(actor, 13)::bigint AS person, min(at) AS at
        FROM salon_auditentry
        WHERE actor ~ '^participant:[0-9]{1,18}$' AND verb <> 'apply'
        GROUP BY 1
        UNION ALL
        SELECT participant_id, min(at) FROM participants_statuschange
        WHERE actor = 'participant:' || participant_id GROUP BY 1
        UNION ALL
        SELECT participant_id, min(at) FROM participants_checkin
        WHERE voided_at IS NULL GROUP BY 1
        UNION ALL
        SELECT id, status_changed_at FROM participants_participant p
        WHERE status = 'confirmed' AND NOT EXISTS (
            SELECT FROM participants_statuschange
            WHERE participant_id = p.id AND after = 'confirmed' AND actor LIKE 'user:%'
        )
    ), first AS (
        SELECT person, min(at) AS at FROM shown GROUP BY 1
    )
    UPDATE participants_participant p
    SET mobile_proven_at = CASE WHEN p.mobile <> '' THEN coalesce(p.mobile_proven_at, first.at) END,
        email_proven_at = CASE WHEN p.email <> '' THEN coalesce(p.email_proven_at, first.at) END
    FROM first
    WHERE p.id = first.person AND p.erased_at IS NULL
"""

# Keys were not marked then: whoever has no e-mail can only have had them by SMS.
BY_SMS = """
    UPDATE participants_personallink link SET channel = 'sms'
    FROM participants_participant p
    WHERE p.id = link.participant_id AND p.email = '' AND p.mobile <> '' AND channel = 'email'
"""


class Migration(migrations.Migration):
    dependencies = [
        ("participants", "0008_a_contact_in_question"),
        ("salon", "0001_initial"),
    ]

    operations = [
        migrations.RunSQL(PROVE, migrations.RunSQL.noop),
        migrations.RunSQL(BY_SMS, migrations.RunSQL.noop),
    ]
