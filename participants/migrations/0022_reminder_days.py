import django.core.validators
import django.db.models.deletion
from django.db import migrations, models


# What is planned knows now until when it is true.
UNTIL = """
UPDATE salon_message AS message
SET until = CASE message.kind
    WHEN 't7' THEN (date_trunc('day', message.due_at AT TIME ZONE event.timezone)
        + interval '4 days') AT TIME ZONE event.timezone
    WHEN 't1' THEN (date_trunc('day', message.due_at AT TIME ZONE event.timezone)
        + interval '1 day') AT TIME ZONE event.timezone
    ELSE event.starts_at END
FROM events_event AS event
WHERE event.id = message.event_id AND message.state = 'planned'
    AND message.kind IN ('t7', 't1', 'morning', 'event_moved')
"""


class Migration(migrations.Migration):

    dependencies = [
        ('events', '0007_rules_of_one_row'),
        ('participants', '0021_the_language_and_the_questions_of_a_person'),
        ('salon', '0011_rules_of_one_row'),
    ]

    operations = [
        migrations.RunSQL(UNTIL, migrations.RunSQL.noop),
        migrations.CreateModel(
            name='ReminderDays',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('first', models.PositiveSmallIntegerField(blank=True, default=7, null=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(60)], verbose_name='第一次提醒（提前几天）')),
                ('second', models.PositiveSmallIntegerField(blank=True, default=1, null=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(60)], verbose_name='第二次提醒（提前几天）')),
                ('on_the_day', models.BooleanField(db_default=True, default=True, verbose_name='当天早上提醒')),
                ('event', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='reminder_days', to='events.event', verbose_name='活动')),
            ],
            options={
                'verbose_name': '提醒日',
                'verbose_name_plural': '提醒日',
                'constraints': [models.CheckConstraint(condition=models.Q(('first', None), ('second', None), ('first__gt', models.F('second')), _connector='OR'), name='reminder_days_in_order'), models.CheckConstraint(condition=models.Q(models.Q(('first', None), models.Q(('first__gte', 1), ('first__lte', 60)), _connector='OR'), models.Q(('second', None), models.Q(('second__gte', 1), ('second__lte', 60)), _connector='OR')), name='reminder_days_within_two_months')],
            },
        ),
    ]
