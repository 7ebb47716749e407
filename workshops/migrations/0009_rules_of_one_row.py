import django.db.models.deletion
from django.db import migrations, models


# What old rows may hold against the rules, put right where that is safe.
MEND = """
UPDATE workshops_match SET declined_at = NULL
    WHERE first_confirmed_at IS NOT NULL AND second_confirmed_at IS NOT NULL;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('events', '0007_rules_of_one_row'),
        ('participants', '0019_rules_of_one_row'),
        ('workshops', '0008_gate'),
    ]

    operations = [
        migrations.RunSQL(MEND, migrations.RunSQL.noop),
        migrations.AlterField(
            model_name='blindbox',
            name='event',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='blind_box', to='events.event'),
        ),
        migrations.AlterField(
            model_name='draw',
            name='box',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='draws', to='workshops.blindbox'),
        ),
        migrations.AlterField(
            model_name='draw',
            name='card',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='workshops.paincard'),
        ),
        migrations.AlterField(
            model_name='voteticket',
            name='award',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='tickets', to='workshops.award'),
        ),
        migrations.AlterField(
            model_name='voteticket',
            name='participant',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='participants.participant'),
        ),
        migrations.AddConstraint(
            model_name='award',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('closed_at', None), ('result', None), ('winner', None)), models.Q(('closed_at__isnull', False), ('result__isnull', False)), _connector='OR'), name='award_closed_with_its_result'),
        ),
        migrations.AddConstraint(
            model_name='blindbox',
            constraint=models.CheckConstraint(condition=models.Q(('commitment__regex', '^[0-9a-f]{64}$'), ('seed__regex', '^[0-9a-f]{32}$')), name='blind_box_can_be_reckoned'),
        ),
        migrations.AddConstraint(
            model_name='draw',
            constraint=models.CheckConstraint(condition=models.Q(('position__gte', 1)), name='draw_position_from_one'),
        ),
        migrations.AddConstraint(
            model_name='icebreaker',
            constraint=models.CheckConstraint(condition=models.Q(('ends_at__gt', models.F('started_at'))), name='icebreaker_ends_after_it_starts'),
        ),
        migrations.AddConstraint(
            model_name='match',
            constraint=models.CheckConstraint(condition=models.Q(('declined_at', None), ('first_confirmed_at', None), ('second_confirmed_at', None), _connector='OR'), name='match_declined_or_confirmed'),
        ),
        migrations.AddConstraint(
            model_name='tip',
            constraint=models.CheckConstraint(condition=models.Q(('place__gte', 1)), name='tip_place_from_one'),
        ),
    ]
