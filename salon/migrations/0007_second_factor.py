from django.db import migrations, models

# Wrong passwords are counted in the house's own allowances now, without addresses and browsers of
# the crew; what axes had written of them goes.
FORGET_AXES = """
    DROP TABLE IF EXISTS axes_accessattemptexpiration, axes_accessattempt, axes_accessfailurelog,
        axes_accesslog;
    DELETE FROM django_migrations WHERE app = 'axes';
"""


class Migration(migrations.Migration):

    dependencies = [
        ('salon', '0006_allowances_under_a_key'),
    ]

    operations = [
        migrations.AddField(
            model_name='user',
            name='second_factor_at',
            field=models.DateTimeField(editable=False, null=True, verbose_name='第二步验证启用于'),
        ),
        migrations.RunSQL(FORGET_AXES, migrations.RunSQL.noop),
    ]
