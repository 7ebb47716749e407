import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


# What old rows may hold against the rules, put right where that is safe.
MEND = """
UPDATE events_agendaitem SET finished_at = started_at WHERE finished_at < started_at;
UPDATE events_agendaitem SET planned_starts_at = NULL, planned_ends_at = NULL
    WHERE planned_ends_at <= planned_starts_at
        OR (planned_starts_at IS NULL) <> (planned_ends_at IS NULL);
UPDATE events_agendastep SET undone_at = at WHERE undone_at < at;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('events', '0006_gate'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunSQL(MEND, migrations.RunSQL.noop),
        migrations.AlterField(
            model_name='agendastep',
            name='event',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='agenda_steps', to='events.event', verbose_name='活动'),
        ),
        migrations.AlterField(
            model_name='risktrigger',
            name='plan',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='triggers', to='events.riskplan'),
        ),
        migrations.AddConstraint(
            model_name='agendaitem',
            constraint=models.CheckConstraint(condition=models.Q(('finished_at', None), ('finished_at__gte', models.F('started_at')), _connector='OR'), name='agenda_item_finishes_after_it_started', violation_error_message='环节的实际结束不能早于实际开始。'),
        ),
        migrations.AddConstraint(
            model_name='agendaitem',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('planned_ends_at', None), ('planned_starts_at', None)), ('planned_ends_at__gt', models.F('planned_starts_at')), _connector='OR'), name='agenda_item_planned_end_after_start'),
        ),
        migrations.AddConstraint(
            model_name='agendastep',
            constraint=models.CheckConstraint(condition=models.Q(('undone_at', None), ('undone_at__gte', models.F('at')), _connector='OR'), name='agenda_step_undone_after_it_was_done'),
        ),
    ]
