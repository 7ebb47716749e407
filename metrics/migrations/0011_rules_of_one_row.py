import django.db.models.deletion
from django.db import migrations, models


# What old rows may hold against the rules, put right where that is safe.
MEND = """
UPDATE metrics_survey SET closes_at = NULL WHERE opened_at IS NULL;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('events', '0007_rules_of_one_row'),
        ('metrics', '0010_sweeps_are_the_houses'),
    ]

    operations = [
        migrations.RunSQL(MEND, migrations.RunSQL.noop),
        migrations.AlterField(
            model_name='evaluation',
            name='event',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='evaluations', to='events.event', verbose_name='活动'),
        ),
        migrations.AddConstraint(
            model_name='survey',
            constraint=models.CheckConstraint(condition=models.Q(('closes_at', None), ('opened_at__isnull', False), _connector='OR'), name='survey_that_closes_was_opened'),
        ),
    ]
