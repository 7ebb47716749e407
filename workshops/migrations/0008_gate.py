from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('events', '0006_gate'),
        ('participants', '0014_gate'),
        ('workshops', '0007_who_asked_for_a_match'),
    ]

    operations = [
        migrations.AddField(
            model_name='latedraft',
            name='gate',
            field=models.CharField(choices=[('waiting', '待审核'), ('shown', '已上墙'), ('hidden', '已隐藏')], db_default='shown', default='shown', max_length=8, verbose_name='状态'),
        ),
        migrations.AddField(
            model_name='latedraft',
            name='gate_at',
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name='latedraft',
            name='gate_seen_at',
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name='latedraft',
            name='gate_word',
            field=models.CharField(blank=True, db_default='', default='', editable=False, max_length=40),
        ),
        migrations.AddField(
            model_name='listing',
            name='gate',
            field=models.CharField(choices=[('waiting', '待审核'), ('shown', '已上墙'), ('hidden', '已隐藏')], db_default='shown', default='shown', max_length=8, verbose_name='状态'),
        ),
        migrations.AddField(
            model_name='listing',
            name='gate_at',
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name='listing',
            name='gate_seen_at',
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name='listing',
            name='gate_word',
            field=models.CharField(blank=True, db_default='', default='', editable=False, max_length=40),
        ),
        migrations.AddField(
            model_name='paincard',
            name='gate',
            field=models.CharField(choices=[('waiting', '待审核'), ('shown', '已上墙'), ('hidden', '已隐藏')], db_default='shown', default='shown', max_length=8, verbose_name='状态'),
        ),
        migrations.AddField(
            model_name='paincard',
            name='gate_at',
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name='paincard',
            name='gate_seen_at',
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name='paincard',
            name='gate_word',
            field=models.CharField(blank=True, db_default='', default='', editable=False, max_length=40),
        ),
        migrations.AddField(
            model_name='plan',
            name='gate',
            field=models.CharField(choices=[('waiting', '待审核'), ('shown', '已上墙'), ('hidden', '已隐藏')], db_default='shown', default='shown', max_length=8, verbose_name='状态'),
        ),
        migrations.AddField(
            model_name='plan',
            name='gate_at',
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name='plan',
            name='gate_seen_at',
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name='plan',
            name='gate_word',
            field=models.CharField(blank=True, db_default='', default='', editable=False, max_length=40),
        ),
        migrations.AddField(
            model_name='planphoto',
            name='gate',
            field=models.CharField(choices=[('waiting', '待审核'), ('shown', '已上墙'), ('hidden', '已隐藏')], db_default='shown', default='shown', max_length=8, verbose_name='状态'),
        ),
        migrations.AddField(
            model_name='planphoto',
            name='gate_at',
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name='planphoto',
            name='gate_seen_at',
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name='planphoto',
            name='gate_word',
            field=models.CharField(blank=True, db_default='', default='', editable=False, max_length=40),
        ),
        migrations.RenameField(model_name='question', old_name='state', new_name='gate'),
        migrations.AlterField(
            model_name='question',
            name='gate',
            field=models.CharField(choices=[('waiting', '待审核'), ('shown', '已上墙'), ('hidden', '已隐藏')], db_default='shown', default='shown', max_length=8, verbose_name='状态'),
        ),
        migrations.AddField(
            model_name='question',
            name='gate_at',
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name='question',
            name='gate_seen_at',
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name='question',
            name='gate_word',
            field=models.CharField(blank=True, db_default='', default='', editable=False, max_length=40),
        ),
        migrations.AddField(
            model_name='solution',
            name='gate',
            field=models.CharField(choices=[('waiting', '待审核'), ('shown', '已上墙'), ('hidden', '已隐藏')], db_default='shown', default='shown', max_length=8, verbose_name='状态'),
        ),
        migrations.AddField(
            model_name='solution',
            name='gate_at',
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name='solution',
            name='gate_seen_at',
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name='solution',
            name='gate_word',
            field=models.CharField(blank=True, db_default='', default='', editable=False, max_length=40),
        ),
        migrations.AddField(
            model_name='tip',
            name='gate',
            field=models.CharField(choices=[('waiting', '待审核'), ('shown', '已上墙'), ('hidden', '已隐藏')], db_default='shown', default='shown', max_length=8, verbose_name='状态'),
        ),
        migrations.AddField(
            model_name='tip',
            name='gate_at',
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name='tip',
            name='gate_seen_at',
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name='tip',
            name='gate_word',
            field=models.CharField(blank=True, db_default='', default='', editable=False, max_length=40),
        ),
        migrations.RunSQL(
            """
            SET CONSTRAINTS ALL IMMEDIATE;
            UPDATE events_event e SET blocked_words = w.words
              FROM (SELECT event_id, array_agg(word ORDER BY id) AS words
                      FROM workshops_blockedword GROUP BY event_id) w
             WHERE w.event_id = e.id;
            UPDATE workshops_paincard SET gate_at = created_at, gate_seen_at = hidden_at,
                   gate = CASE WHEN hidden_at IS NULL THEN 'shown' ELSE 'hidden' END;
            UPDATE workshops_solution SET gate_at = created_at, gate_seen_at = hidden_at,
                   gate = CASE WHEN hidden_at IS NULL THEN 'shown' ELSE 'hidden' END;
            UPDATE workshops_question SET gate_at = created_at,
                   gate_seen_at = CASE gate WHEN 'shown' THEN shown_at
                                            WHEN 'hidden' THEN created_at END;
            UPDATE workshops_tip SET gate_at = finished_at;
            UPDATE workshops_listing SET gate_at = updated_at;
            UPDATE workshops_plan SET gate_at = updated_at;
            UPDATE workshops_latedraft SET gate_at = at;
            UPDATE workshops_planphoto SET gate_at = added_at;
            """,
            migrations.RunSQL.noop,
        ),
        migrations.RemoveField(
            model_name='paincard',
            name='hidden_at',
        ),
        migrations.RemoveField(
            model_name='solution',
            name='hidden_at',
        ),
        migrations.DeleteModel(
            name='BlockedWord',
        ),
    ]
