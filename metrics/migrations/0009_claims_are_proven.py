"""A claim counts once its address is proven; those of before stay counted."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("metrics", "0008_days_of_keeping_are_the_peoples")]

    operations = [
        migrations.AddField(
            model_name="whitepaperclaim",
            name="proven_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.RunSQL(
            "UPDATE metrics_whitepaperclaim SET proven_at = at", migrations.RunSQL.noop
        ),
    ]
