from django.db import migrations, models

# Of a survey that is open what has been told already stays told, down to a multiple of five.
COUNT = """
UPDATE metrics_surveyresponse sheet SET counted = true
FROM (
    SELECT id, row_number() OVER mine AS place, count(*) OVER (PARTITION BY survey_id) AS all_of_them
    FROM metrics_surveyresponse WINDOW mine AS (PARTITION BY survey_id ORDER BY id)
) AS placed
WHERE placed.id = sheet.id AND place <= all_of_them - all_of_them % 5
"""


class Migration(migrations.Migration):

    dependencies = [
        ('metrics', '0011_rules_of_one_row'),
    ]

    operations = [
        migrations.AddField(
            model_name='surveyresponse',
            name='counted',
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.RunSQL(COUNT, migrations.RunSQL.noop),
    ]
