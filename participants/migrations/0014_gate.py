from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('events', '0006_gate'),
        ('participants', '0013_contacts_of_erased_people'),
    ]

    operations = [
        migrations.AddField(
            model_name='participant',
            name='gate',
            field=models.CharField(choices=[('waiting', '待审核'), ('shown', '已上墙'), ('hidden', '已隐藏')], db_default='shown', default='shown', max_length=8, verbose_name='状态'),
        ),
        migrations.AddField(
            model_name='participant',
            name='gate_at',
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name='participant',
            name='gate_seen_at',
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name='participant',
            name='gate_word',
            field=models.CharField(blank=True, db_default='', default='', editable=False, max_length=40),
        ),
        migrations.AddField(
            model_name='participant',
            name='name_before',
            field=models.CharField(blank=True, db_default='', default='', editable=False, max_length=80),
        ),
        migrations.AddField(
            model_name='tagcard',
            name='gate',
            field=models.CharField(choices=[('waiting', '待审核'), ('shown', '已上墙'), ('hidden', '已隐藏')], db_default='shown', default='shown', max_length=8, verbose_name='状态'),
        ),
        migrations.AddField(
            model_name='tagcard',
            name='gate_at',
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name='tagcard',
            name='gate_seen_at',
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name='tagcard',
            name='gate_word',
            field=models.CharField(blank=True, db_default='', default='', editable=False, max_length=40),
        ),
        # Whom an organiser decided on, brought in or found at the door has been looked at.
        migrations.RunSQL(
            """
            UPDATE participants_participant p
               SET gate_at = submitted_at,
                   gate_seen_at = CASE
                       WHEN status NOT IN ('submitted', 'phone_screening')
                         OR source IN ('import', 'walk_in')
                         OR EXISTS (SELECT FROM participants_checkin c
                                     WHERE c.participant_id = p.id AND c.voided_at IS NULL)
                       THEN status_changed_at END
            """,
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL(
            "UPDATE participants_tagcard SET gate_at = updated_at", migrations.RunSQL.noop
        ),
    ]
