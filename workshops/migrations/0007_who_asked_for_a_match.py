from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('participants', '0009_contacts_of_those_who_acted_are_proven'),
        ('workshops', '0006_admin_labels'),
    ]

    operations = [
        migrations.RunSQL(
            "UPDATE workshops_match SET requested_by_id = NULL"
            " WHERE requested_by_id NOT IN (first_id, second_id)",
            migrations.RunSQL.noop,
        ),
        migrations.AddConstraint(
            model_name='match',
            constraint=models.CheckConstraint(condition=models.Q(('requested_by', None), ('requested_by', models.F('first')), ('requested_by', models.F('second')), _connector='OR'), name='match_requested_by_one_of_the_two'),
        ),
    ]
