import django.db.models.deletion
from django.db import migrations, models

from salon.tables import indexes


class Migration(migrations.Migration):

    dependencies = [
        ('events', '0008_leaner_tables'),
        ('participants', '0023_leaner_tables'),
        ('workshops', '0009_rules_of_one_row'),
    ]

    operations = [
        indexes.WithoutIndex(
            model_name='award',
            name='event',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='awards', to='events.event', verbose_name='活动'),
        ),
        indexes.WithoutIndex(
            model_name='award',
            name='key',
            field=models.SlugField(db_index=False, max_length=20, verbose_name='代号'),
        ),
        indexes.WithoutIndex(
            model_name='draw',
            name='box',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='draws', to='workshops.blindbox'),
        ),
        indexes.WithoutIndex(
            model_name='latedraft',
            name='plan',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='late_drafts', to='workshops.plan'),
        ),
        indexes.WithoutIndex(
            model_name='match',
            name='first',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='participants.participant'),
        ),
        indexes.WithoutIndex(
            model_name='mentorreview',
            name='group',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='reviews', to='workshops.workgroup', verbose_name='小组'),
        ),
        indexes.WithoutIndex(
            model_name='phase',
            name='event',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='phases', to='events.event', verbose_name='活动'),
        ),
        indexes.WithoutIndex(
            model_name='planedit',
            name='plan',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='edits', to='workshops.plan'),
        ),
        indexes.WithoutIndex(
            model_name='planrow',
            name='plan',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='rows', to='workshops.plan'),
        ),
        indexes.WithoutIndex(
            model_name='questionvote',
            name='question',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='votes', to='workshops.question'),
        ),
        indexes.WithoutIndex(
            model_name='solutionlike',
            name='solution',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='likes', to='workshops.solution'),
        ),
        indexes.WithoutIndex(
            model_name='taskelement',
            name='event',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='task_elements', to='events.event', verbose_name='活动'),
        ),
        indexes.WithoutIndex(
            model_name='taskelement',
            name='key',
            field=models.SlugField(db_index=False, max_length=30, verbose_name='代号'),
        ),
        indexes.WithoutIndex(
            model_name='themetable',
            name='event',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='theme_tables', to='events.event', verbose_name='活动'),
        ),
        indexes.WithoutIndex(
            model_name='themetable',
            name='key',
            field=models.SlugField(db_index=False, max_length=20, verbose_name='代号'),
        ),
        indexes.WithoutIndex(
            model_name='tip',
            name='icebreaker',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='tips', to='workshops.icebreaker'),
        ),
        indexes.WithoutIndex(
            model_name='votecount',
            name='award',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='counts', to='workshops.award'),
        ),
        indexes.WithoutIndex(
            model_name='voteticket',
            name='award',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='tickets', to='workshops.award'),
        ),
        indexes.WithoutIndex(
            model_name='workgroup',
            name='event',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='work_groups', to='events.event', verbose_name='活动'),
        ),
    ]
